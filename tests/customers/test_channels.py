"""With several channels only one administers a customer, where the operator has set it so (N-18)."""

import datetime as dt
import html
import re
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.cast import Cast, actor_of, browser_of, build_cast, partner
from tests.crowd import CROWDS
from tests.customers.story import (
    USUAL,
    accepted,
    consent_to,
    customers_seen_by,
    invited,
    invited_for_both,
    link_path,
    wish,
)
from tests.partnerships import story as partnerships
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person, Tenant
from toiya.partnerships.models import InvitationState
from toiya.programme.models import Programme
from toiya.programme.words import LIMITS, WORDS
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship

SETTINGS = "/operator/programme/"
RULE = "In this programme only one channel administers a customer"
ANOTHER = "Another channel administers your organization"
BARRED = "which cannot be given to it now: another channel administers your organization"


def set_rule(cast: Cast, *, on: bool = True) -> None:
    """Ren ticks the rule in the programme settings, or unticks it."""
    present = Programme.objects.get()
    settings = {name: getattr(present, name) for name in (*WORDS, *LIMITS)}
    ticked = {"orders_need_agreement": "on", **({"one_channel_administers": "on"} if on else {})}
    assert browser_of(cast.ren).post(SETTINGS, {**settings, **ticked}).status_code == 302


def text_of(browser: Client, path: str) -> str:
    """What the page says."""
    return html.unescape(browser.get(path).content.decode())


def administering(customer: Tenant) -> set[Tenant]:
    """The organisations that have administrator access to the customer."""
    live = AdministrationGrant.objects.filter(tenant=customer, removed_at__isnull=True)
    return {grant.grantee for grant in live.select_related("grantee")}


def take_back(by: Person, grantee: Tenant) -> None:
    """The customer's administrator removes the access in the organisation portal."""
    grant = AdministrationGrant.objects.get(grantee=grantee, removed_at__isnull=True)
    path = reverse("organization:remove_access", args=[grant.pk])
    assert browser_of(by).post(path).status_code == 302


@pytest.mark.requirement("N-18")
def test_another_channel_gets_the_relationship_and_no_administration(cast: Cast) -> None:
    """Planted faults: ``_with_fields`` bars nobody (the ticks are offered), ``_agreement`` does not look at it, and
    ``administration_elsewhere`` finds nothing.
    """
    set_rule(cast)
    partner(cast.hinode, cast.kawase)
    accepted(cast.emi, invited(cast.kai))
    invitation = invited(cast.jun)

    page = text_of(browser_of(cast.emi), link_path(invitation))

    for words in (
        ANOTHER,
        "Administrator access to your organization is held by:",
        "カワセシステムズ",
        "the reseller relationship with ミドリ流通 begins without administrator access",
        "as our reseller of record, without administrator access.",
        BARRED,
        f'href="{reverse("organization:partners")}"',
    ):
        assert words in page
    assert 'name="roles_' not in page
    assert "ticked above" not in page
    japanese = text_of(browser_of(cast.emi, language="ja"), link_path(invitation))
    assert "別の販売チャネルが貴社を管理しています" in japanese

    answer = browser_of(cast.emi).post(link_path(invitation), {"agree": "on"})

    assert answer.status_code == 302
    assert customers_seen_by(cast.jun) == customers_seen_by(cast.kai) == ["アオバ工業"]
    assert administering(cast.aoba) == {cast.kawase}
    assert AdministrationGrant.objects.get().directory_roles == USUAL


@pytest.mark.requirement("N-18")
def test_what_was_ticked_on_an_older_page_is_refused_and_nothing_comes_of_it(cast: Cast) -> None:
    """Planted fault: ``_accept`` does not ask for the channel, or grants silently nothing."""
    set_rule(cast)
    invitation = invited(cast.jun)
    emi = browser_of(cast.emi)
    assert 'name="roles_' in text_of(emi, link_path(invitation))
    accepted(cast.emi, invited(cast.kai))

    answer = emi.post(link_path(invitation), consent_to(invitation))

    page = html.unescape(answer.content.decode())
    assert answer.status_code == 409
    assert f"{RULE}. Your organization is administered by カワセシステムズ" in page
    assert "remove the access of カワセシステムズ under “Partner relationships”" in page
    assert not re.search(r'name="agree"[^>]*checked', page)
    assert 'name="roles_' not in page
    assert customers_seen_by(cast.jun) == []
    invitation.refresh_from_db()
    assert invitation.state == InvitationState.OPEN
    assert administering(cast.aoba) == {cast.kawase}

    take_back(cast.emi, cast.kawase)
    assert ANOTHER not in text_of(emi, link_path(invitation))
    accepted(cast.emi, invitation)
    assert administering(cast.aoba) == {cast.midori}


@pytest.mark.requirement("N-18")
def test_a_provider_and_its_resellers_are_one_channel(cast: Cast) -> None:
    """Planted faults: ``_channels`` does not look at partnerships; it looks at ended ones too."""
    set_rule(cast)
    partner(cast.hinode, cast.kawase)
    with_yamabuki = partner(cast.hinode, cast.yamabuki)

    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode, roles_provider=["helpdesk_administrator"]))
    accepted(cast.emi, invited(cast.kai))
    accepted(cast.emi, invited(cast.yui))

    assert administering(cast.aoba) == {cast.kawase, cast.hinode, cast.yamabuki}
    assert AdministrationGrant.objects.filter(grantee=cast.kawase).count() == 2
    take_back(cast.emi, cast.yamabuki)
    Partnership.objects.filter(pk=with_yamabuki.pk).update(ended_at=actor_of(cast.mei).now)
    again = invited(cast.yui)
    assert browser_of(cast.emi).post(link_path(again), consent_to(again)).status_code == 409
    assert administering(cast.aoba) == {cast.kawase, cast.hinode}


@pytest.mark.requirement("N-18")
def test_of_two_providers_only_the_one_whose_reseller_administers_may_too(cast: Cast) -> None:
    """A combined invitation is judged party by party. Planted fault: the page bars the parties together."""
    set_rule(cast)
    partner(cast.hinode, cast.kawase)
    partner(cast.midori, cast.kawase)
    accepted(cast.emi, invited(cast.mei))
    invitation = invited_for_both(cast.kai, cast.midori, roles_provider=["helpdesk_administrator"])

    page = text_of(browser_of(cast.emi), link_path(invitation))

    assert f'name="roles_{cast.kawase.pk.hex}"' in page
    assert f'name="roles_{cast.midori.pk.hex}"' not in page
    assert "the reseller relationship with ミドリ流通 begins without administrator access" in page
    accepted(cast.emi, invitation, **{f"roles_{cast.midori.pk.hex}": []})
    assert administering(cast.aoba) == {cast.hinode, cast.kawase}
    assert customers_seen_by(cast.jun) == ["アオバ工業"]


@pytest.mark.requirement("N-18")
def test_a_joint_request_of_another_channel_makes_both_relationships(cast: Cast) -> None:
    """Planted fault: ``_without_access`` names the first party only."""
    set_rule(cast)
    accepted(cast.emi, invited(cast.kai))
    partner(cast.midori, cast.yamabuki)
    invitation = invited_for_both(cast.yui, cast.midori, roles_provider=["helpdesk_administrator"])

    page = text_of(browser_of(cast.emi), link_path(invitation))

    assert "ヤマブキ情報 and ミドリ流通 as our resellers of record, without administrator access." in page
    assert "you agree to both or to neither.</p>" in page
    assert page.count(BARRED) == 2
    assert browser_of(cast.emi).post(link_path(invitation), {"agree": "on"}).status_code == 302
    assert customers_seen_by(cast.yui) == customers_seen_by(cast.jun) == ["アオバ工業"]
    assert administering(cast.aoba) == {cast.kawase}


@pytest.mark.requirement("N-18")
def test_a_partner_of_another_channel_cannot_ask_for_roles_and_learns_no_name(cast: Cast) -> None:
    """Planted faults: ``request_relationship`` does not ask for the channel; its refusal is the customer's."""
    accepted(cast.emi, invited(cast.jun))
    take_back(cast.emi, cast.midori)
    accepted(cast.emi, invited(cast.kai))
    set_rule(cast)
    jun, path = browser_of(cast.jun), f"{reverse('customers:request')}?customer={cast.aoba.pk}"

    refused = jun.post(path, wish())

    page = html.unescape(refused.content.decode())
    assert refused.status_code == 409
    assert f"{RULE}, and another partner administers this one. Ask without administrator access" in page
    assert "カワセ" not in page
    asked = RelationshipInvitation.objects.filter(named_customer=cast.aoba)
    assert not asked.exists()
    for name in ("account", "users"):
        about = text_of(jun, reverse(f"customers:{name}", args=[cast.aoba.pk]))
        assert "another partner administers this one" in about
        assert "Ask the customer for access" not in about
        assert "カワセ" not in about

    assert jun.post(path, wish(roles=[])).status_code == 302
    assert browser_of(cast.kai).post(path, wish()).status_code == 302
    assert asked.count() == 2


@pytest.mark.requirement("N-18", "N-17")
def test_the_rule_changes_no_access_that_exists_and_the_operator_sees_how_many_there_are(cast: Cast) -> None:
    """Planted faults: ``administered_from_several`` counts every customer that several partners administer; the rule
    is on from the beginning; a renewal is asked only about the own channel.
    """
    partner(cast.hinode, cast.kawase)
    accepted(cast.emi, invited_for_both(cast.kai, cast.hinode, roles_provider=["helpdesk_administrator"]))
    ren = browser_of(cast.ren)
    assert "No customer is administered from several channels now." in text_of(ren, SETTINGS)
    accepted(cast.emi, invited(cast.jun))
    before = list(AdministrationGrant.objects.order_by("pk").values())
    assert administering(cast.aoba) == {cast.kawase, cast.hinode, cast.midori}
    assert "1 customer is administered from several channels now." in text_of(ren, SETTINGS)

    set_rule(cast)

    assert list(AdministrationGrant.objects.order_by("pk").values()) == before
    page = text_of(ren, SETTINGS)
    assert re.search(r'name="one_channel_administers"[^>]*checked', page)
    assert "A channel is an indirect provider together with its indirect resellers." in page
    assert "1 customer is administered from several channels now." in page
    entry = AuditRecord.objects.get(action=AuditAction.UPDATE_PROGRAMME)
    assert (entry.before, entry.after) == (
        {"one_channel_administers": False},
        {"one_channel_administers": True},
    )
    for renewal in (invited(cast.kai), invited(cast.jun)):
        assert ANOTHER in text_of(browser_of(cast.emi), link_path(renewal))
    take_back(cast.emi, cast.midori)
    assert "No customer is administered from several channels now." in text_of(ren, SETTINGS)
    accepted(cast.emi, invited(cast.kai))

    set_rule(cast, on=False)
    accepted(cast.emi, invited(cast.jun))
    assert cast.midori in administering(cast.aoba)


@pytest.mark.requirement("N-18")
def test_access_that_has_expired_administers_nothing(cast: Cast) -> None:
    """Planted fault: ``_of_customers`` does not look at the end of the access."""
    set_rule(cast)
    accepted(cast.emi, invited(cast.kai, grant_days=1))
    grant, later = AdministrationGrant.objects.get(), invited(cast.jun)

    cast.family.clock_stopped_at = grant.expires_at - dt.timedelta(seconds=1)
    cast.family.save()
    assert ANOTHER in text_of(browser_of(cast.emi), link_path(later))
    cast.family.clock_stopped_at = grant.expires_at
    cast.family.save()

    accepted(cast.emi, later)
    assert administering(cast.aoba) == {cast.kawase, cast.midori}
    assert "No customer is administered from several channels now." in text_of(browser_of(cast.ren), SETTINGS)


@pytest.mark.requirement("N-18")
def test_a_request_that_had_to_wait_sees_what_was_given_meanwhile(cast: Cast) -> None:
    """Its time is from before that. Planted fault: ``_of_customers`` takes only what is ``live(now)``."""
    set_rule(cast)
    accepted(cast.emi, invited(cast.kai))
    cast.family.clock_stopped_at = AdministrationGrant.objects.get().starts_at - dt.timedelta(seconds=1)
    cast.family.save()
    late = invited(cast.jun)

    assert browser_of(cast.emi).post(link_path(late), consent_to(late)).status_code == 409

    assert administering(cast.aoba) == {cast.kawase}


@pytest.mark.requirement("N-18")
def test_what_a_reseller_lends_its_providers_is_another_matter(cast: Cast) -> None:
    """Planted fault: ``_of_customers`` takes the access of partnerships for that of customers."""
    set_rule(cast)
    kai = browser_of(cast.kai)
    for by in (cast.mei, cast.jun):
        asked = partnerships.invite(cast, browser_of(by))
        assert partnerships.accept(kai, asked).status_code == 302

    assert administering(cast.kawase) == {cast.hinode, cast.midori}
    assert "No customer is administered from several channels now." in text_of(browser_of(cast.ren), SETTINGS)


@pytest.mark.requirement("N-18")
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("crowd_size", CROWDS)
def test_of_two_channels_accepted_at_the_same_moment_one_administers(crowd_size: int) -> None:
    """Planted faults: ``_lock`` without the row of the actor's organisation (PostgreSQL), ``_of_customers`` with
    ``live(now)`` (SQLite).
    """
    cast = build_cast()
    set_rule(cast)
    invitations = [invited(cast.kai), invited(cast.jun)]
    sent = [
        (link_path(row), consent_to(row), browser_of(cast.emi)) for row in invitations * (crowd_size // 2)
    ]
    ready = threading.Barrier(len(sent))

    def accept(link: str, consent: dict[str, object], browser: Client) -> int:
        try:
            ready.wait()
            return browser.post(link, consent).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(len(sent)) as pool:
        answers = Counter(pool.map(accept, *zip(*sent, strict=True)))

    assert answers == {302: 1, 409: len(sent) - 1}
    grant, relationship = AdministrationGrant.objects.get(), ResellerRelationship.objects.get()
    assert grant.grantee_id == relationship.partner_id
    states = Counter(RelationshipInvitation.objects.values_list("state", flat=True))
    assert states == {InvitationState.ACCEPTED: 1, InvitationState.OPEN: 1}
    written = Counter(AuditRecord.objects.values_list("action", flat=True))
    assert written[AuditAction.CREATE_ADMINISTRATION_GRANT] == 1
