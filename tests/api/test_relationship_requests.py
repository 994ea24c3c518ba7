"""The standing link that a partner shows to its customers, from the API to the consent."""

import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, api_of, api_of_application
from tests.cast import Cast, browser_of, build_cast, found, hire, partner, stranger
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.customers.drafts import link_of
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person
from toiya.mail.models import OutgoingMail
from toiya.relations.models import AdministrationGrant, ResellerRelationship

pytestmark = pytest.mark.operation("relationship_requests.get")
ADDRESS = "/v1/customers/relationshiprequests"


def link(person: Person, query: str = "") -> str:
    told = api_of(person).get(ADDRESS + query)
    assert told.status == 200, told.body
    return str(urlsplit(told.body["url"]).path)


def live() -> set[tuple[object, object]]:
    return set(ResellerRelationship.objects.live().values_list("partner_id", "customer_id"))


def test_one_link_for_all_customers_until_it_is_revoked(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The same for each colleague and each call; customers consent on the page, one after the other.

    Plant: the standing link is settled like an invitation, and the second customer finds it used; ``standing_link``
    that calls ``kept``, and asking makes a row.
    """
    kai = api_of(cast.kai)
    told = kai.get(ADDRESS)

    assert (told.status, told.body["attributes"]) == (200, {"objectType": "RelationshipRequest"})
    path = urlsplit(told.body["url"]).path
    assert path.startswith("/invitations/customer/")
    sales = hire(cast.kawase, "Sae", Role.SALES_AGENT)
    Person.accounts.filter(pk=sales.pk).update(created_at=real_now())
    assert link(sales) == path
    with django_assert_num_queries(TOKEN + 2):
        kai.get(ADDRESS)

    assert "カワセシステムズ invites every organization that has this link." in (
        stranger().get(path).content.decode()
    )
    beni = found(cast.family, "Beni", "beni.example")
    bea = hire(beni, "Bea", Role.GLOBAL_ADMIN)
    assert not RelationshipInvitation.objects.exists()
    for person in (cast.emi, bea, bea):
        answer = browser_of(person).post(path, {"agree": "on"})
        assert answer.status_code == 302, answer.content.decode()
    assert live() == {(cast.kawase.pk, cast.aoba.pk), (cast.kawase.pk, beni.pk)}
    assert not AdministrationGrant.objects.exists()
    assert RelationshipInvitation.objects.count() == 1
    assert link(sales) == path
    assert {row["id"] for row in kai.get("/v1/customers").body["items"]} == {str(cast.aoba.pk), str(beni.pk)}
    assert OutgoingMail.objects.filter(message="customers/accepted", to=cast.kai.contact_email).count() == 3


def test_a_refusal_leaves_the_link_open_and_the_pages_tell_what_it_is(cast: Cast) -> None:
    """One organisation's no is its own; the partner sees the link among its invitations and revokes it there."""
    path = link(cast.kai)
    declined = browser_of(cast.jun).post(f"{path}decline/", {"reason": "no", "act": "decline"})
    assert declined.status_code == 302
    assert stranger().get(path).status_code == 200

    invitation = RelationshipInvitation.objects.get()
    page = browser_of(cast.kai).get(reverse("customers:draft", args=[invitation.pk])).content.decode()
    assert "a standing link: every customer can accept it" in page
    assert (
        "Never: a standing link"
        in browser_of(cast.kai).get(reverse("customers:invitations")).content.decode()
    )
    assert "Standing link" in browser_of(cast.kai).get(reverse("customers:list")).content.decode()
    browser_of(cast.kai).post(reverse("customers:revoke", args=[invitation.pk]))
    assert stranger().get(path).status_code == 409
    assert browser_of(cast.emi).post(path, {"agree": "on"}).status_code == 409
    assert link(cast.kai) != path
    assert browser_of(cast.emi).post(link(cast.kai), {"agree": "on"}).status_code == 302
    assert RelationshipInvitation.objects.filter(state="open").count() == 1


def test_all_links_are_replaced_at_once_also_those_that_nobody_answered(cast: Cast) -> None:
    """The page shows the link and replaces it, with those for both and what answers to them were kept with.

    Plant: ``replace_standing_links`` without the generation, and a link that nobody answered lives on.
    """
    partner(cast.hinode, cast.kawase)
    alone, both = link(cast.kai), link(cast.kai, f"?IndirectCloudSolutionProviderId={cast.hinode.pk}")
    other = link(cast.yui)
    assert browser_of(cast.emi).post(alone, {"agree": "on"}).status_code == 302
    kept = urlsplit(link_of(RelationshipInvitation.objects.get())).path
    assert stranger().get(kept).status_code == 200
    shown, replace = reverse("customers:invitations"), reverse("customers:replace_links")
    assert alone in browser_of(cast.kai).get(shown).content.decode()

    assert browser_of(hire(cast.kawase, "Sae", Role.SALES_AGENT)).post(replace).status_code == 403
    assert browser_of(cast.kai).post(replace).status_code == 302

    for path in (alone, both, kept):
        assert stranger().get(path).status_code == 409
        assert browser_of(cast.jun).post(path, {"agree": "on"}).status_code == 409
    fresh = link(cast.kai)
    assert fresh in browser_of(cast.kai).get(shown).content.decode()
    assert stranger().get(fresh).status_code == stranger().get(other).status_code == 200
    entry = AuditRecord.objects.get(action="replace_standing_links")
    assert (entry.actor_id, entry.tenant_id) == (cast.kai.pk, cast.kawase.pk)


def test_a_link_for_reseller_and_provider_together(cast: Cast) -> None:
    """Either may ask for it with the other's id, each has its own; the customer authorises both at once, or neither.

    Plant: without the question for the partnership Kai asks in the name of Midori.
    """
    partner(cast.hinode, cast.kawase)
    from_reseller = link(cast.kai, f"?IndirectCloudSolutionProviderId={cast.hinode.pk}")
    from_provider = link(cast.mei, f"?indirectResellerId={cast.kawase.pk}")
    both = f"?indirectResellerId={cast.kawase.pk}&indirectCloudSolutionProviderId={cast.hinode.pk}"

    assert link(cast.mei, both + "&dualRoleIndirectRelationship=True") == from_provider
    assert link(cast.kai, both) == from_reseller
    assert len({from_reseller, from_provider, link(cast.kai), link(cast.mei)}) == 4
    assert browser_of(cast.emi).post(from_reseller, {"agree": "on"}).status_code == 302
    assert live() == {(cast.kawase.pk, cast.aoba.pk), (cast.hinode.pk, cast.aoba.pk)}

    for person, query in (
        (cast.kai, f"?indirectCloudSolutionProviderId={cast.midori.pk}"),
        (cast.mei, f"?indirectResellerId={cast.yamabuki.pk}"),
        (cast.yui, both),
        (cast.kai, f"?indirectCloudSolutionProviderId={cast.emi.pk}"),
    ):
        told = api_of(person).get(ADDRESS + query)
        assert (told.status, told.body["code"]) == (404, 1000)
    wrong = api_of(cast.kai).get(f"{ADDRESS}?indirectResellerId=kawase")
    assert (wrong.status, wrong.body["code"]) == (400, 800002)


def test_the_link_lives_as_long_as_somebody_stands_behind_it(cast: Cast) -> None:
    """When the colleague who was told of answers leaves, another one is; when nobody may ask any more, it is dead.

    Plant: the inviter stays, and the mail goes to somebody who has left.
    """
    path, sae = link(cast.kai), hire(cast.kawase, "Sae", Role.SALES_AGENT)
    Person.accounts.filter(pk=sae.pk).update(created_at=real_now())
    assert browser_of(cast.jun).post(f"{path}decline/", {"reason": "no", "act": "decline"}).status_code == 302
    told = OutgoingMail.objects.filter(message="customers/accepted", to=sae.contact_email)

    Person.accounts.filter(pk=cast.kai.pk).update(disabled_at=sae.created_at)
    assert browser_of(cast.emi).post(path, {"agree": "on"}).status_code == 302
    assert (live(), told.count()) == ({(cast.kawase.pk, cast.aoba.pk)}, 1)
    Person.accounts.filter(pk=sae.pk).update(disabled_at=sae.created_at)
    assert browser_of(cast.emi).post(path, {"agree": "on"}).status_code == 409


def test_who_may_have_the_link(cast: Cast) -> None:
    """Whoever may ask customers on the page: no helpdesk agent, no application alone, nobody but partners."""
    helpdesk = api_of(cast.nao).get(ADDRESS)
    robot = api_of_application(cast.kawase, Role.ADMIN_AGENT).get(ADDRESS)
    customer = api_of(cast.emi).get(ADDRESS)
    sales = api_of(cast.sora).get(f"{ADDRESS}?indirectResellerId={cast.kawase.pk}")
    partner(cast.hinode, cast.kawase)
    sales_of_partner = api_of(cast.sora).get(f"{ADDRESS}?indirectResellerId={cast.kawase.pk}")

    assert (helpdesk.status, helpdesk.body["code"]) == (403, 900150)
    assert (robot.status, robot.body["code"]) == (403, 900329)
    assert (customer.status, customer.body["code"]) == (403, 800039)
    assert (sales.status, sales.body["code"]) == (404, 1000)
    assert (sales_of_partner.status, sales_of_partner.body["code"]) == (403, 900150)
    as_other = api_of(cast.mei).get(f"{ADDRESS}?indirectResellerId={cast.hinode.pk}")
    assert (as_other.status, as_other.body["code"]) == (403, 800039)
    assert not RelationshipInvitation.objects.exists()
    assert Capacity.RESELLER not in {row.capacity for row in cast.hinode.tenant_capacities.all()}


@pytest.mark.django_db(transaction=True)
def test_first_answers_at_the_same_moment_are_kept_together() -> None:
    """Eight customers accept a link that nobody has answered yet: eight relationships, one invitation, no error.

    Plant: ``kept`` without its savepoint, and all answers but the first break.
    """
    cast = build_cast()
    path = link(cast.kai)
    names = [f"c{number}" for number in range(8)]
    people = [
        hire(found(cast.family, name, f"{name}.example.com"), name, Role.GLOBAL_ADMIN) for name in names
    ]
    browsers, ready = [browser_of(person) for person in people], threading.Barrier(len(people))

    def accept(browser: Client) -> int:
        try:
            ready.wait()
            return browser.post(path, {"agree": "on"}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as pool:
        assert set(pool.map(accept, browsers)) == {302}

    assert live() == {(cast.kawase.pk, person.tenant_id) for person in people}
    assert RelationshipInvitation.objects.count() == 1
