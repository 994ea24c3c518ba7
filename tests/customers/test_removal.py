"""The end of a reseller relationship: what it takes away, and what it leaves (rules (a) and (b))."""

from django.urls import reverse

from tests.cast import Cast, browser_of, partner
from tests.customers.story import accepted, customers_seen_by, invited_for_both
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.directory.models import Person
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, ResellerRelationship


def served(cast: Cast) -> str:
    """Kawase and Hinode serve Aoba, Kawase with access; the page on which Kawase ends it."""
    partner(cast.hinode, cast.kawase)
    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode))
    OutgoingMail.objects.all().delete()
    return reverse("customers:remove", args=[cast.aoba.pk])


def recipients(*people: Person) -> list[str]:
    return sorted(person.contact_email for person in people)


def test_the_end_of_a_relationship_leaves_access_and_other_partners_alone(cast: Cast) -> None:
    """Planted faults: every grant is removed with it; the provider's relationship ends too."""
    page = served(cast)
    browser = browser_of(cast.kai)
    preview = browser.get(page).content.decode()
    assert "Administrator access stays until it expires or is removed" in preview
    assert "One partner of yours serves this customer too" in preview

    answer = browser.post(page, {"reason": "Contract ended", "agree": "on"})

    assert answer.headers["Location"] == reverse("customers:list")
    assert (customers_seen_by(cast.kai), customers_seen_by(cast.mei)) == ([], ["アオバ工業"])
    assert browser.get(reverse("customers:account", args=[cast.aoba.pk])).status_code == 404
    ended = ResellerRelationship.objects.get(partner=cast.kawase)
    assert (ended.end_reason, ended.ended_by_tenant_id) == ("Contract ended", cast.kawase.pk)
    assert AdministrationGrant.objects.get().removed_at is None
    told = OutgoingMail.objects.filter(message="customers/relationship_removed")
    assert sorted(told.values_list("to", flat=True)) == recipients(cast.kai, cast.emi)
    assert AuditRecord.objects.filter(action=AuditAction.REMOVE_RESELLER_RELATIONSHIP).count() == 1


def test_access_is_given_up_where_it_is_ticked(cast: Cast) -> None:
    page = served(cast)
    grant = AdministrationGrant.objects.get()

    browser_of(cast.kai).post(page, {"reason": "Contract ended", "agree": "on", "give_up": [str(grant.pk)]})

    grant.refresh_from_db()
    assert grant.removed_by_tenant_id == cast.kawase.pk


def test_without_reason_or_tick_or_role_nothing_ends(cast: Cast) -> None:
    """Planted fault: ``remove_relationship`` without ``must`` and the route open to agents."""
    page = served(cast)

    for form in ({"agree": "on"}, {"reason": "Contract ended"}):
        assert browser_of(cast.kai).post(page, form).status_code == 400
    whole = {"reason": "Contract ended", "agree": "on"}
    assert browser_of(cast.nao).post(page, whole).status_code == 403
    assert browser_of(cast.yui).post(page, whole).status_code == 404

    assert not ResellerRelationship.objects.filter(ended_at__isnull=False).exists()
    assert browser_of(cast.kai).post(page, whole).status_code == 302


def test_the_same_customer_can_be_won_again(cast: Cast) -> None:
    page = served(cast)
    browser_of(cast.kai).post(page, {"reason": "Contract ended", "agree": "on"})

    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode))

    assert customers_seen_by(cast.kai) == ["アオバ工業"]
    assert ResellerRelationship.objects.filter(partner=cast.kawase).count() == 2
