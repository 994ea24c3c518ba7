"""What changes between sending and accepting is examined again, and nothing is half made (T-09)."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from tests.cast import Cast, actor_of, browser_of, hire, partner
from tests.customers.story import accepted, consent_to, invited_for_both, link_path
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.models import RelationshipInvitation
from toiya.customers.relationship_requests import revoke
from toiya.directory.models import RoleAssignment, TenantCapacity
from toiya.directory.tenants import suspend_partner
from toiya.mail.models import OutgoingMail
from toiya.programme.models import Country
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship

Change = Callable[[Cast, RelationshipInvitation], Client | None]


def provider_suspended(cast: Cast, _invitation: RelationshipInvitation) -> None:
    suspend_partner(actor_of(cast.ren), tenant=cast.hinode, capacity=Capacity.PROVIDER, reason="Unpaid")


def reseller_suspended(cast: Cast, _invitation: RelationshipInvitation) -> None:
    suspend_partner(actor_of(cast.ren), tenant=cast.kawase, capacity=Capacity.RESELLER, reason="Unpaid")


def partner_no_longer_approved(cast: Cast, _invitation: RelationshipInvitation) -> None:
    TenantCapacity.objects.filter(tenant=cast.hinode).delete()


def partnership_ended(cast: Cast, _invitation: RelationshipInvitation) -> None:
    Partnership.objects.update(ended_at=actor_of(cast.kai).now, ended_by_tenant_id=cast.kawase.pk)


def inviter_disabled(cast: Cast, _invitation: RelationshipInvitation) -> None:
    cast.kai.disabled_at = actor_of(cast.kai).now
    cast.kai.save()


def inviter_demoted(cast: Cast, _invitation: RelationshipInvitation) -> None:
    RoleAssignment.objects.filter(person=cast.kai).delete()


def offer_revoked(cast: Cast, invitation: RelationshipInvitation) -> None:
    revoke(actor_of(cast.kai), invitation=invitation)


def offer_expired(cast: Cast, invitation: RelationshipInvitation) -> None:
    cast.family.clock_stopped_at = invitation.expires_at
    cast.family.save()


def offer_used(cast: Cast, invitation: RelationshipInvitation) -> None:
    accepted(cast.yui, invitation)


def country_closed(_cast: Cast, _invitation: RelationshipInvitation) -> None:
    Country.objects.filter(code="JP").update(is_open=False)


def second_factor_stale(cast: Cast, _invitation: RelationshipInvitation) -> Client:
    return browser_of(cast.emi, age=dt.timedelta(minutes=16))


def tenant_of_a_party(cast: Cast, _invitation: RelationshipInvitation) -> Client:
    return browser_of(hire(cast.hinode, "Owner", Role.GLOBAL_ADMIN))


CHANGES: dict[Change, int] = {
    provider_suspended: 409,
    reseller_suspended: 409,
    partner_no_longer_approved: 409,
    partnership_ended: 409,
    inviter_disabled: 409,
    inviter_demoted: 409,
    offer_revoked: 409,
    offer_expired: 410,
    offer_used: 409,
    country_closed: 409,
    second_factor_stale: 403,
    tenant_of_a_party: 409,
}


def counts(cast: Cast) -> dict[str, int]:
    """All that an acceptance by Aoba could have left."""
    return {
        "relationships": ResellerRelationship.objects.filter(customer=cast.aoba).count(),
        "grants": AdministrationGrant.objects.filter(tenant=cast.aoba).count(),
        "log": AuditRecord.objects.count(),
        "mails": OutgoingMail.objects.count(),
    }


@pytest.mark.goal("G-12")
@pytest.mark.parametrize("change", [None, *CHANGES], ids=lambda change: getattr(change, "__name__", "none"))
def test_a_joint_invitation_is_refused_after_each_change(cast: Cast, change: Change | None) -> None:
    """The first case is the success that shares the set-up: without a change the same form is accepted.

    Planted faults, each found by its case: ``is_live`` true for all parties; ``are_partners`` not asked;
    the inviter not examined; ``_obstacle`` and ``_settle`` without the state, ``_obstacle`` without the
    clock; ``country.is_open`` not asked; no ``must_be_fresh``; no OwnInvitation. (``_settle`` alone catches
    a forgotten state in ``_obstacle``, and the other way round.)
    """
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode, roles_provider=["directory_reader"])
    link, consent = link_path(invitation), consent_to(invitation)
    if change is None:
        assert browser_of(cast.emi).post(link, consent).status_code == 302
        assert counts(cast)["relationships"] == counts(cast)["grants"] == 2
        return
    browser = change(cast, invitation) or browser_of(cast.emi)
    before = counts(cast)

    answer = browser.post(link, consent)

    assert (answer.status_code, counts(cast)) == (CHANGES[change], before)
    assert (before["relationships"], before["grants"]) == (0, 0)
    invitation.refresh_from_db()
    assert invitation.answered_by_tenant_id != cast.aoba.pk


@pytest.mark.goal("G-12")
def test_roles_that_were_not_offered_are_refused(cast: Cast) -> None:
    """Planted fault: ``_narrowed`` returns what was posted; the form offers every role."""
    partner(cast.hinode, cast.kawase)
    invitation = invited_for_both(cast.kai, cast.hinode)
    before = counts(cast)

    more = consent_to(invitation, **{f"roles_{cast.kawase.pk.hex}": [DirectoryRole.GLOBAL_ADMINISTRATOR]})
    assert browser_of(cast.emi).post(link_path(invitation), more).status_code == 400
    assert counts(cast) == before

    for_provider = consent_to(invitation, **{f"roles_{cast.hinode.pk.hex}": [DirectoryRole.DIRECTORY_READER]})
    assert browser_of(cast.emi).post(link_path(invitation), for_provider).status_code == 302
    assert not AdministrationGrant.objects.filter(grantee=cast.hinode).exists()


@pytest.mark.goal("G-12")
def test_an_organisation_of_an_open_invitation_cannot_be_deleted(cast: Cast) -> None:
    """The thirteenth change cannot happen: the database holds every party of an invitation."""
    partner(cast.hinode, cast.kawase)
    invited_for_both(cast.kai, cast.hinode)

    for party in (cast.hinode, cast.kawase):
        with pytest.raises(Exception, match="protected foreign keys"):
            party.delete()
