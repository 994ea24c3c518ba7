"""The organisation portal: who can touch us."""

import datetime as dt

import pytest

from tests.cast import Cast, actor_of, browser_of, hire, partner, relate
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.errors import Refusal
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.directory.models import Tenant
from toiya.mail.models import OutgoingMail
from toiya.relations.grants import grant_administration
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship

pytestmark = pytest.mark.django_db
PARTNERS = "/organization/partners/"


def lend(cast: Cast, grantee: Tenant, capacity: Capacity) -> AdministrationGrant:
    """Kawase lends the helpdesk role to another organisation, for thirty days."""
    kai = actor_of(cast.kai)
    return grant_administration(
        kai,
        tenant=cast.kawase,
        grantee=grantee,
        capacity=capacity,
        roles=[DirectoryRole.HELPDESK_ADMINISTRATOR],
        expires_at=kai.now + dt.timedelta(days=30),
        consented_by_id=cast.kai.pk,
        invitation_id=None,
    )


def _removal(grant: AdministrationGrant) -> str:
    return f"{PARTNERS}access/{grant.pk}/remove/"


@pytest.mark.requirement("S-071", "S-070")
def test_the_reseller_removes_the_access_and_the_partnership_stays(cast: Cast) -> None:
    """Rule (b): the access of others stays too. Planted fault: the partnership ends with the access."""
    partner(cast.hinode, cast.kawase)
    relate(cast.hinode, cast.aoba)
    grant, other = lend(cast, cast.hinode, Capacity.PROVIDER), lend(cast, cast.midori, Capacity.PROVIDER)
    kai, mei = browser_of(cast.kai), browser_of(cast.mei)
    users = f"/dashboard/administer/{cast.kawase.pk}/users/"
    assert mei.get(users).status_code == 200
    page = kai.get(PARTNERS).content.decode()
    for words in ("ヒノデ商事", "Helpdesk administrator", "Consent: Kai", "In force"):
        assert words in page
    assert kai.get(_removal(grant)).status_code == 200
    assert kai.post(_removal(grant)).status_code == 302
    assert mei.get(users).status_code == 404
    assert browser_of(cast.jun).get(users).status_code == 200
    assert Partnership.objects.live().count() == 1
    assert ResellerRelationship.objects.live().count() == 1
    other.refresh_from_db()
    assert other.removed_at is None
    assert "removed by your organization" in kai.get(PARTNERS).content.decode()
    assert "removed by the other side" in mei.get(PARTNERS).content.decode()
    mail = OutgoingMail.objects.get(message="relations/access_removed")
    assert mail.to == cast.mei.contact_email
    entry = AuditRecord.objects.get(action=AuditAction.REMOVE_ADMINISTRATION_GRANT)
    assert (entry.tenant_id, entry.counterparty_id) == (cast.kawase.pk, cast.hinode.pk)
    assert kai.post(_removal(grant)).status_code == 409


@pytest.mark.requirement("S-071")
def test_only_global_administrators_of_the_two_sides_remove_access(cast: Cast) -> None:
    """Planted fault: neither page nor use case asks whose access it is."""
    grant = lend(cast, cast.hinode, Capacity.PROVIDER)
    uma = hire(cast.kawase, "Uma", Role.USER_ADMIN)
    assert browser_of(uma).get(PARTNERS).status_code == 200
    for person, status in ((uma, 403), (cast.nao, 403), (cast.sora, 403), (cast.jun, 404), (cast.emi, 404)):
        assert browser_of(person).post(_removal(grant)).status_code == status, person.name
    grant.refresh_from_db()
    assert grant.removed_at is None
    assert browser_of(cast.mei).post(_removal(grant)).status_code == 302
    assert OutgoingMail.objects.get(message="relations/access_removed").to == cast.kai.contact_email


@pytest.mark.requirement("S-071")
def test_the_portal_shows_past_and_present_of_the_own_organisation_only(cast: Cast) -> None:
    """Q-11, C-07. Planted fault: ended relationships disappear."""
    relate(cast.hinode, cast.aoba)
    past = relate(cast.kawase, cast.aoba)
    ResellerRelationship.objects.filter(pk=past.pk).update(ended_at=past.since)
    relate(cast.midori, cast.kawase)
    emi = browser_of(cast.emi)
    page = emi.get(PARTNERS).content.decode()
    assert "ヒノデ商事" in page
    assert "カワセシステムズ" in page
    assert page.count("Ended") == 1
    assert "ミドリ流通" not in page
    assert emi.get("/organization/").status_code == 200
    assert browser_of(cast.taro).get("/organization/").status_code == 200
    assert browser_of(cast.taro).get(PARTNERS).status_code == 403


@pytest.mark.requirement("S-070")
def test_nobody_consents_without_being_a_global_administrator(cast: Cast) -> None:
    """I-05, I-07. Planted fault: the consenting person is taken as told."""
    kai = actor_of(cast.kai)
    for consenting, days in ((cast.nao, 30), (cast.mei, 30), (cast.kai, 731)):
        with pytest.raises(Refusal):
            grant_administration(
                kai,
                tenant=cast.kawase,
                grantee=cast.hinode,
                capacity=Capacity.PROVIDER,
                roles=[DirectoryRole.HELPDESK_ADMINISTRATOR],
                expires_at=kai.now + dt.timedelta(days=days),
                consented_by_id=consenting.pk,
                invitation_id=None,
            )
    assert not AdministrationGrant.objects.exists()
