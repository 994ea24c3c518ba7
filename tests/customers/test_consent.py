"""The customer's consent: what the page names, who may give it, and what comes of it."""

import datetime as dt
import html
import re

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, found, hire, partner, relate, stranger
from tests.customers.story import (
    USUAL,
    accepted,
    consent_to,
    customers_seen_by,
    invited,
    invited_for_both,
    link_path,
)
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import DirectoryRole, Role
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Tenant
from toiya.mail.models import OutgoingMail
from toiya.partnerships.models import InvitationState
from toiya.relations.models import AdministrationGrant, ResellerRelationship

PAGES = ("account", "services", "users", "licences")


def nothing_agreed() -> bool:
    """No relationship and no access came of it."""
    return not ResellerRelationship.objects.exists() and not AdministrationGrant.objects.exists()


@pytest.mark.requirement("S-089")
def test_the_link_names_the_inviting_partner_and_works_for_no_other(cast: Cast) -> None:
    """Planted fault: ``_relate`` gives the relationship to every reseller."""
    invitation = invited(cast.kai)

    landing = stranger().get(link_path(invitation)).content.decode()
    assert "カワセシステムズ asks for a reseller relationship" in landing
    assert "ヒノデ商事" not in landing
    assert nothing_agreed()

    accepted(cast.emi, invitation)

    assert [(row.partner, row.customer) for row in ResellerRelationship.objects.all()] == [
        (cast.kawase, cast.aoba)
    ]
    assert customers_seen_by(cast.yui) == []


@pytest.mark.requirement("S-092", "S-077", "S-095")
def test_a_customer_is_there_at_once_with_its_consent_and_not_before(cast: Cast) -> None:
    invitation = invited(cast.kai)
    pages = [reverse(f"customers:{name}", args=[cast.aoba.pk]) for name in PAGES]
    browser = browser_of(cast.kai)
    assert customers_seen_by(cast.kai) == []
    assert {browser.get(page).status_code for page in pages} == {404}

    accepted(cast.emi, invitation)

    assert customers_seen_by(cast.kai) == ["アオバ工業"]
    assert {browser.get(page).status_code for page in pages} == {200}
    account = browser.get(pages[0]).content.decode()
    assert "License administrator, User administrator" in account
    assert "Emi, global administrator of the customer" in account
    assert "Invitation (Own marketing)" in account
    grant = AdministrationGrant.objects.get()
    assert (grant.tenant, grant.grantee, grant.directory_roles) == (cast.aoba, cast.kawase, USUAL)
    assert grant.expires_at - grant.starts_at == dt.timedelta(days=365)


@pytest.mark.requirement("S-001", "S-100", "S-102")
def test_the_joint_link_names_both_parties_and_powers_and_makes_both_relationships(cast: Cast) -> None:
    """Planted fault: ``_accept`` relates only the first party."""
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode, roles_provider=["helpdesk_administrator"])

    landing = stranger().get(link_path(invitation)).content.decode()
    page = browser_of(cast.emi).get(link_path(invitation)).content.decode()
    for words in (
        "カワセシステムズ",
        "ヒノデ商事",
        "manage subscriptions and services for you",
        "submit orders for you when you buy new subscriptions or add licenses to existing ones",
        "create, change and disable users without administrator roles",
        "reset passwords of users without administrator roles",
    ):
        assert words in landing
        assert words in page
    assert page.count("this access ends by itself on") == 2

    accepted(cast.emi, invitation)

    assert {row.partner for row in ResellerRelationship.objects.filter(customer=cast.aoba)} == {
        cast.kawase,
        cast.hinode,
    }
    assert len({row.since for row in ResellerRelationship.objects.all()}) == 1
    assert customers_seen_by(cast.kai) == customers_seen_by(cast.mei) == ["アオバ工業"]
    assert {grant.grantee: grant.directory_roles for grant in AdministrationGrant.objects.all()} == {
        cast.kawase: USUAL,
        cast.hinode: [DirectoryRole.HELPDESK_ADMINISTRATOR],
    }


@pytest.mark.requirement("S-076", "S-078", "S-096", "S-103", "S-104")
def test_the_reseller_administers_and_the_provider_serves_only_with_its_own_relationship(cast: Cast) -> None:
    """Planted fault: the roles asked for the reseller are granted to each party."""
    partner(cast.hinode, cast.kawase)
    accepted(cast.emi, invited(cast.kai))
    account = reverse("customers:account", args=[cast.aoba.pk])
    assert browser_of(cast.mei).get(account).status_code == 404

    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode))

    assert browser_of(cast.mei).get(account).status_code == 200
    users = reverse("customers:users", args=[cast.aoba.pk])
    assert "taro@aoba.example" in browser_of(cast.kai).get(users).content.decode()
    of_provider = browser_of(cast.mei).get(users).content.decode()
    assert "Administrator access is missing" in of_provider
    assert "taro@aoba.example" not in of_provider
    assert not AdministrationGrant.objects.filter(grantee=cast.hinode).exists()


def test_reading_the_link_changes_nothing_and_consent_needs_the_tick(cast: Cast) -> None:
    """T-29. Planted fault: ``_accept`` does not ask for the tick, and the form's box is not required."""
    invitation = invited(cast.kai)
    browser = browser_of(cast.emi)
    for reader in (stranger(), browser):
        assert reader.get(link_path(invitation)).status_code == 200
        assert reader.head(link_path(invitation)).status_code == 200
    page = browser.get(link_path(invitation)).content.decode()
    assert re.search(r'<input type="checkbox" name="agree"[^>]*required', page)
    assert "Authorize as reseller</button>" in page

    consent = consent_to(invitation)
    del consent["agree"]
    refused = browser.post(link_path(invitation), consent)

    assert refused.status_code == 400
    assert "Tick the box" in refused.content.decode()
    assert nothing_agreed()
    accepted(cast.emi, invitation)


def test_each_role_may_be_left_out_and_none_added(cast: Cast) -> None:
    """T-07. Planted fault: ``_narrowed`` returns what was posted; the form offers every role."""
    invitation = invited(cast.kai)
    field = f"roles_{cast.kawase.pk.hex}"

    added = consent_to(invitation, **{field: [*USUAL, DirectoryRole.GLOBAL_ADMINISTRATOR]})
    assert browser_of(cast.emi).post(link_path(invitation), added).status_code == 400
    assert nothing_agreed()

    accepted(cast.emi, invitation, **{field: [DirectoryRole.LICENSE_ADMINISTRATOR]})
    assert AdministrationGrant.objects.get().directory_roles == [DirectoryRole.LICENSE_ADMINISTRATOR]


def test_a_relationship_stands_without_any_access(cast: Cast) -> None:
    invitation = invited(cast.kai)

    accepted(cast.emi, invitation, **{f"roles_{cast.kawase.pk.hex}": []})

    assert customers_seen_by(cast.kai) == ["アオバ工業"]
    assert not AdministrationGrant.objects.exists()


def test_the_top_role_is_never_ticked_beforehand(cast: Cast) -> None:
    invitation = invited(cast.kai, roles=[*USUAL, DirectoryRole.GLOBAL_ADMINISTRATOR])

    page = browser_of(cast.emi).get(link_path(invitation)).content.decode()

    assert re.findall(r'value="(\w+_administrator)"[^>]*checked', page) == [role.value for role in USUAL]
    assert 'value="global_administrator"' in page


def test_only_a_native_global_administrator_with_a_fresh_second_factor_accepts(cast: Cast) -> None:
    """T-10. Planted faults: no ``must`` in ``_accept`` and PERSON in the access table; no
    ``must_be_fresh``.
    """
    invitation = invited(cast.kai)
    consent, link = consent_to(invitation), link_path(invitation)
    delegate = hire(cast.aoba, "Uma", Role.USER_ADMIN)
    expected = {
        browser_of(cast.taro): 403,
        browser_of(delegate): 403,
        browser_of(cast.nao): 403,
        browser_of(cast.riku): 403,
        browser_of(cast.sora): 403,
        browser_of(cast.aki): 403,
        browser_of(cast.kai): 409,
        browser_of(cast.emi, age=dt.timedelta(minutes=16)): 403,
        browser_of(cast.emi, second_factor=False): 302,
        stranger(): 302,
    }

    assert [browser.post(link, consent).status_code for browser in expected] == list(expected.values())
    assert nothing_agreed()
    accepted(cast.emi, invitation)


def test_the_signed_out_customer_comes_back_to_the_same_invitation(cast: Cast) -> None:
    invitation = invited(cast.kai)
    landing = stranger().get(link_path(invitation)).content.decode()
    found_link = re.search(r'href="(/invitations/customer/[^"]+/continue/)"', landing)
    assert found_link

    away = stranger().get(found_link[1])
    assert away.headers["Location"] == f"{reverse('account_login')}?next={found_link[1].replace('/', '%2F')}"
    back = browser_of(cast.emi).get(found_link[1])
    assert back.headers["Location"] == link_path(invitation)


def test_a_customer_without_work_account_makes_one_and_signs_in_with_it(cast: Cast) -> None:
    invitation = invited(cast.kai, named_domain="minato.example")
    form = {
        "name": "ミナト物流",
        "reading": "みなとぶつりゅう",
        "latin_name": "Minato Logistics",
        "country": "JP",
        "domain": "minato.example",
        "administrator": "湊 花",
        "user_name": "hana",
        "contact_email": "hana@minato.example",
        "password": "mikan and yuzu in winter",
        "again": "mikan and yuzu in winter",
    }
    browser, path = stranger(), f"{link_path(invitation)}work-account/"

    taken = browser.post(path, {**form, "domain": "aoba.example"})
    assert taken.status_code == 409
    assert "ミナト物流" in taken.content.decode()
    differing = browser.post(path, {**form, "again": "something else entirely"})
    assert differing.status_code == 400
    assert not Tenant.objects.filter(name="ミナト物流").exists()

    made = browser.post(path, form)

    assert made.headers["Location"].startswith(reverse("account_login"))
    assert browser.get(link_path(invitation)).wsgi_request.user.is_anonymous
    hana = Tenant.objects.get(name="ミナト物流").people.get()
    assert hana.roles == {Role.GLOBAL_ADMIN}
    assert nothing_agreed()
    accepted(hana, invitation)
    assert customers_seen_by(cast.kai) == ["Minato Logistics"]


def test_a_bound_invitation_is_refused_to_others_and_its_sender_told(cast: Cast) -> None:
    """T-06. Planted fault: ``_is_meant`` is always true."""
    invitation = invited(cast.kai, named_domain="aoba.example")
    other = hire(found(cast.family, "フジ建設", "fuji.example"), "Fumi", Role.GLOBAL_ADMIN)

    for _ in range(2):
        refused = browser_of(other).post(link_path(invitation), consent_to(invitation))
        assert refused.status_code == 409
        assert "made for another organization" in refused.content.decode()
        assert "aoba" not in refused.content.decode()

    assert nothing_agreed()
    assert [(mail.message, mail.to) for mail in OutgoingMail.objects.all()] == [
        ("customers/wrong_customer", cast.kai.contact_email)
    ]
    accepted(cast.emi, invitation)


def test_everybody_concerned_is_told_and_the_log_has_each_change_once(cast: Cast) -> None:
    """Planted fault: ``tell_accepted`` forgets the party that did not invite."""
    partner(cast.hinode, cast.kawase)

    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode))

    assert sorted((mail.message, mail.to) for mail in OutgoingMail.objects.all()) == sorted(
        [
            ("customers/accepted", cast.kai.contact_email),
            ("customers/accepted", cast.mei.contact_email),
            ("customers/consent_given", cast.emi.contact_email),
        ]
    )
    actions = AuditRecord.objects.order_by("id").values_list("action", "tenant_id", "counterparty_id")
    assert list(actions) == [
        (AuditAction.CREATE_RELATIONSHIP_INVITATION, cast.kawase.pk, None),
        (AuditAction.CREATE_RESELLER_RELATIONSHIP, cast.kawase.pk, cast.aoba.pk),
        (AuditAction.CREATE_RESELLER_RELATIONSHIP, cast.hinode.pk, cast.aoba.pk),
        (AuditAction.CREATE_ADMINISTRATION_GRANT, cast.aoba.pk, cast.kawase.pk),
    ]


def test_a_live_relationship_keeps_its_older_date(cast: Cast) -> None:
    """N-17: another partner's coming changes nothing that is there."""
    partner(cast.hinode, cast.kawase)
    older = relate(cast.kawase, cast.aoba)

    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode))

    kept = ResellerRelationship.objects.get(partner=cast.kawase)
    assert (kept.pk, kept.since, kept.invitation_id) == (older.pk, older.since, None)
    assert ResellerRelationship.objects.count() == 2


def test_no_is_an_answer_and_its_reason_reaches_the_sender(cast: Cast) -> None:
    """Planted fault: ``decline_invitation`` leaves the state open."""
    invitation = invited(cast.kai)
    link = link_path(invitation)
    assert browser_of(cast.taro).post(f"{link}decline/", {"reason": "no"}).status_code == 403

    answer = browser_of(cast.emi).post(f"{link}decline/", {"reason": "We have a partner.", "act": "decline"})

    assert answer.status_code == 302
    invitation.refresh_from_db()
    assert (invitation.state, invitation.decline_reason) == (InvitationState.DECLINED, "We have a partner.")
    assert browser_of(cast.emi).post(link, consent_to(invitation)).status_code == 409
    assert nothing_agreed()
    mail = OutgoingMail.objects.get()
    assert (mail.message, mail.to, mail.context["reason"]) == (
        "customers/declined",
        cast.kai.contact_email,
        "We have a partner.",
    )
    timeline = browser_of(cast.kai).get(reverse("customers:draft", args=[invitation.pk])).content.decode()
    assert "We have a partner." in html.unescape(timeline)


@pytest.mark.parametrize("inviter", ["reseller", "provider"])
def test_the_reseller_alone_is_a_new_request_and_no_half_consent(cast: Cast, inviter: str) -> None:
    """Q-18. Planted fault: ``_for_reseller_alone`` keeps the provider as a party."""
    partner(cast.hinode, cast.kawase)
    from_provider = inviter == "provider"
    by, other = (cast.mei, cast.kawase) if from_provider else (cast.kai, cast.hinode)
    joint = invited_for_both(by, other, from_provider=from_provider)
    browser = browser_of(cast.emi)

    answer = browser.post(f"{link_path(joint)}decline/", {"reason": "", "act": "reseller_only"})

    assert nothing_agreed()
    single = RelationshipInvitation.objects.get(state=InvitationState.OPEN)
    assert answer.headers["Location"].endswith(link_path(single))
    assert (single.parties, single.roles_for(cast.kawase)) == ([cast.kawase], USUAL)
    accepted(cast.emi, single)
    assert [row.partner for row in ResellerRelationship.objects.all()] == [cast.kawase]
