"""Administrator access bites only while it lives, and never further than it was lent."""

import datetime as dt
import itertools
import re
from collections.abc import Callable

import pytest

from tests.cast import Cast, actor_of, browser_of, hire, partner, relate
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Capacity, DirectoryAction, DirectoryRole, Role
from toiya.directory.models import Person, RoleAssignment, Suspension, TenantCapacity
from toiya.mail.models import OutgoingMail
from toiya.relations.grants import grant_administration
from toiya.relations.models import AccessAssignment, AdministrationGrant, GrantRole, Partnership
from toiya.relations.rights import may_trade, reaches, rights_in

pytestmark = pytest.mark.django_db
HELPDESK = DirectoryRole.HELPDESK_ADMINISTRATOR
Revocation = Callable[[Cast, AdministrationGrant], object]


def lend(cast: Cast, *roles: DirectoryRole, days: int = 365) -> AdministrationGrant:
    """Kawase's Kai lends these roles in Kawase to Hinode."""
    kai = actor_of(cast.kai)
    return grant_administration(
        kai,
        tenant=cast.kawase,
        grantee=cast.hinode,
        capacity=Capacity.PROVIDER,
        roles=roles or (HELPDESK,),
        expires_at=kai.now + dt.timedelta(days=days),
        consented_by_id=cast.kai.pk,
        invitation_id=None,
    )


def _users(cast: Cast) -> str:
    return f"/dashboard/administer/{cast.kawase.pk}/users/"


def _reset(cast: Cast, person: Person) -> str:
    return f"{_users(cast)}{person.pk}/reset-password/"


@pytest.mark.requirement("S-070")
def test_with_the_grant_an_agent_resets_a_password_and_the_reseller_s_log_says_so(cast: Cast) -> None:
    """Planted fault: the log entry does not name the grant."""
    mei = browser_of(cast.mei)
    assert mei.get(_users(cast)).status_code == 404
    assert mei.post(_reset(cast, cast.riku)).status_code == 404
    grant = lend(cast)
    before = cast.riku.password
    assert cast.riku.user_name in mei.get(_users(cast)).content.decode()
    answer = mei.post(_reset(cast, cast.riku))
    assert answer.status_code == 200
    cast.riku.refresh_from_db()
    assert cast.riku.password != before
    assert cast.riku.must_change_password
    shown = answer.context["password"]
    assert shown in answer.content.decode()
    assert cast.riku.check_password(shown)
    entry = AuditRecord.objects.get(action=AuditAction.RESET_USER_PASSWORD)
    assert (entry.tenant_id, entry.counterparty_id, entry.actor_id, entry.grant_id) == (
        cast.kawase.pk,
        cast.hinode.pk,
        cast.mei.pk,
        grant.pk,
    )
    mail = OutgoingMail.objects.get(message="relations/password_reset")
    assert mail.to == cast.riku.contact_email
    assert shown not in str(mail.context)
    assert shown not in mei.get(_users(cast)).content.decode()


@pytest.mark.requirement("S-070")
def test_without_a_grant_the_organisation_does_not_exist(cast: Cast) -> None:
    """G-07. Planted fault: an organisation without a grant answers 403."""
    partner(cast.hinode, cast.kawase)
    relate(cast.hinode, cast.aoba)
    mei = browser_of(cast.mei)
    nowhere = f"/dashboard/administer/{cast.ren.pk}/users/"
    assert mei.get(nowhere).status_code == 404
    expected = _without_noise(mei.get(nowhere).content.decode(), str(cast.ren.pk))
    for tenant in (cast.kawase, cast.aoba, cast.hinode):
        answer = mei.get(f"/dashboard/administer/{tenant.pk}/users/")
        assert answer.status_code == 404
        assert _without_noise(answer.content.decode(), str(tenant.pk)) == expected


def _without_noise(page: str, asked_for: str) -> str:
    """The page without what is new in every answer, and without the address that the reader typed."""
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page).replace(asked_for, "")


# ---------------------------------------------------------------- G-03
def _suspend(cast: Cast) -> object:
    return Suspension.objects.create(
        tenant=cast.hinode,
        capacity=Capacity.PROVIDER,
        reason="—",
        at=cast.hinode.created_at,
        by_id=cast.ren.pk,
    )


def _suspend_one_of_two(cast: Cast) -> object:
    TenantCapacity.objects.create(
        tenant=cast.hinode, capacity=Capacity.RESELLER, since=cast.hinode.created_at
    )
    return _suspend(cast)


def _remove(person: Person, grant: AdministrationGrant) -> int:
    return browser_of(person).post(f"/organization/partners/access/{grant.pk}/remove/").status_code


def _end_with_access(cast: Cast) -> int:
    partnership = Partnership.objects.get()
    form = {"reason": "x", "removes_access": "on"}
    return browser_of(cast.kai).post(f"/dashboard/partnerships/{partnership.pk}/remove/", form).status_code


REVOCATIONS: dict[str, tuple[Revocation, set[int]]] = {
    "taken back by the reseller": (lambda cast, grant: _remove(cast.kai, grant), {404}),
    "given up by the provider": (lambda cast, grant: _remove(cast.mei, grant), {404}),
    "ended with the partnership": (lambda cast, _grant: _end_with_access(cast), {404}),
    "provider suspended": (lambda cast, _grant: _suspend(cast), {403}),
    "suspended as provider, live as reseller": (lambda cast, _grant: _suspend_one_of_two(cast), {404}),
    "provider no longer vetted": (
        lambda cast, _grant: TenantCapacity.objects.filter(tenant=cast.hinode).delete(),
        {302, 403},  # led to enrolment, and refused
    ),
    "agent disabled": (
        lambda cast, _grant: Person.objects.filter(pk=cast.mei.pk).update(disabled_at=cast.mei.created_at),
        {302},
    ),
    "agent moved to another group": (
        lambda cast, _grant: RoleAssignment.objects.filter(person=cast.mei, category="agent").update(
            role=Role.SALES_AGENT
        ),
        {403},
    ),
    "access assigned to nobody": (lambda _cast, grant: grant.assignments.all().delete(), {403}),
    "role taken out of the grant": (lambda _cast, grant: grant.roles.all().delete(), {403}),
    "expired": (
        lambda _cast, grant: AdministrationGrant.objects.filter(pk=grant.pk).update(
            expires_at=grant.starts_at + dt.timedelta(microseconds=1)
        ),
        {404},
    ),
}


@pytest.mark.goal("G-03")
@pytest.mark.requirement("S-071")
@pytest.mark.parametrize("name", REVOCATIONS)
def test_a_revocation_bites_on_the_very_next_request(cast: Cast, name: str) -> None:
    """Open page, open form, second browser. Planted fault: removal or capacity is left out."""
    partner(cast.hinode, cast.kawase)
    grant = lend(cast)
    mei, second = browser_of(cast.mei), browser_of(cast.mei)
    assert mei.get(_users(cast)).status_code == 200
    assert second.post(_reset(cast, cast.riku)).status_code == 200
    revoke, refusals = REVOCATIONS[name]
    revoke(cast, grant)
    password = Person.objects.get(pk=cast.riku.pk).password
    answers = {
        mei.get(_users(cast)).status_code,
        mei.post(_reset(cast, cast.riku)).status_code,
        second.get(_users(cast)).status_code,
        second.post(_reset(cast, cast.riku)).status_code,
    }
    assert answers == refusals
    assert Person.objects.get(pk=cast.riku.pk).password == password
    assert AuditRecord.objects.filter(action=AuditAction.RESET_USER_PASSWORD).count() == 1


@pytest.mark.goal("G-04")
@pytest.mark.requirement("S-070")
def test_the_last_second_counts_and_the_next_one_does_not(cast: Cast) -> None:
    """No job runs. Planted fault: a grant lives through the instant in which it expires."""
    grant = lend(cast)
    mei = browser_of(cast.mei)
    cast.family.clock_stopped_at = grant.expires_at - dt.timedelta(seconds=1)
    cast.family.save()
    assert mei.get(_users(cast)).status_code == 200
    cast.family.clock_stopped_at = grant.expires_at
    cast.family.save()
    assert mei.get(_users(cast)).status_code == 404
    assert mei.post(_reset(cast, cast.riku)).status_code == 404


# ---------------------------------------------------------------- whom it reaches
TOUCHABLE = frozenset(
    {Role.INCENTIVES_ADMIN, Role.INCENTIVES_USER, Role.REFERRAL_ADMIN, Role.BUSINESS_PROFILE_ADMIN}
)


@pytest.mark.requirement("S-070")
def test_a_delegated_role_reaches_only_people_who_may_do_less(cast: Cast) -> None:
    """T-13, T-14. Planted fault: the top role reaches native global administrators."""
    hire(cast.kawase, "Uma", Role.USER_ADMIN)
    hire(cast.kawase, "Ino", Role.INCENTIVES_USER)
    lend(cast, *DirectoryRole)
    mei = browser_of(cast.mei)
    people = {person.name: person for person in Person.objects.filter(tenant=cast.kawase)}
    answers = {name: mei.post(_reset(cast, person)).status_code for name, person in people.items()}
    assert answers == {"Kai": 403, "Nao": 403, "Riku": 200, "Uma": 200, "Ino": 200}
    GrantRole.objects.exclude(role=HELPDESK).delete()
    answers = {name: mei.post(_reset(cast, person)).status_code for name, person in people.items()}
    assert answers == {"Kai": 403, "Nao": 403, "Riku": 200, "Uma": 403, "Ino": 200}


def test_the_reach_of_every_set_of_delegated_roles_is_the_one_that_was_written_down() -> None:
    """Every set of directory roles x every native role. Planted fault: reading counts as managing."""
    lesser = [role for role in DirectoryRole if role is not DirectoryRole.GLOBAL_ADMINISTRATOR]
    sets = [set(chosen) for size in range(5) for chosen in itertools.combinations(lesser, size)]
    for lent in sets:
        assert reaches(lent, [])
        reached = {role for role in Role if reaches(lent, [role])}
        assert reached == TOUCHABLE, lent
        top = lent | {DirectoryRole.GLOBAL_ADMINISTRATOR}
        assert not reaches(top, [Role.GLOBAL_ADMIN])
        assert not reaches(top, [Role.ADMIN_AGENT])
        assert reaches(top, [Role.USER_ADMIN])


def test_a_stale_second_factor_resets_nobody_s_password(cast: Cast) -> None:
    """Planted fault: the freshness is not asked for."""
    lend(cast)
    answer = browser_of(cast.mei, age=dt.timedelta(minutes=16)).post(_reset(cast, cast.riku))
    assert answer.status_code == 403
    assert not AuditRecord.objects.filter(action=AuditAction.RESET_USER_PASSWORD).exists()


# ---------------------------------------------------------------- relation 4
@pytest.mark.requirement("S-070")
def test_the_provider_chooses_which_group_uses_which_role(cast: Cast) -> None:
    """Planted fault: every agent may use every role of the grant."""
    helper = hire(cast.hinode, "Hana", Role.HELPDESK_AGENT)
    grant = lend(cast, HELPDESK, DirectoryRole.USER_ADMINISTRATOR)
    hana, mei = browser_of(helper), browser_of(cast.mei)
    assert hana.get(_users(cast)).status_code == 200
    assert rights_in(actor_of(helper), cast.kawase.pk) == {
        DirectoryAction.READ_PEOPLE,
        DirectoryAction.RESET_PASSWORD,
    }
    assign = f"/dashboard/administrator-access/{grant.pk}/"
    assert mei.post(assign, {"admin_agent": [HELPDESK]}).status_code == 302
    assert hana.get(_users(cast)).status_code == 403
    assert rights_in(actor_of(cast.mei), cast.kawase.pk) == {
        DirectoryAction.READ_PEOPLE,
        DirectoryAction.RESET_PASSWORD,
    }
    assert mei.post(assign, {"admin_agent": ["global_administrator"]}).status_code == 400
    assert browser_of(cast.kai).post(assign, {"admin_agent": [HELPDESK]}).status_code == 404
    assert browser_of(cast.jun).post(assign, {"admin_agent": [HELPDESK]}).status_code == 404
    assert set(AccessAssignment.objects.values_list("group", "role")) == {("admin_agent", HELPDESK.value)}


def test_relations_give_no_right_that_is_not_theirs(cast: Cast) -> None:
    """Rules (a) and (b), S-076. Planted fault: a partnership alone allows commerce."""
    partner(cast.hinode, cast.kawase)
    relate(cast.kawase, cast.aoba)
    mei, kai = actor_of(cast.mei), actor_of(cast.kai)
    assert not may_trade(mei, cast.aoba.pk)
    assert may_trade(kai, cast.aoba.pk, provider_id=cast.hinode.pk)
    assert not may_trade(kai, cast.aoba.pk, provider_id=cast.midori.pk)
    assert rights_in(kai, cast.aoba.pk) == frozenset()
    relate(cast.hinode, cast.aoba)
    lend(cast)
    assert may_trade(mei, cast.aoba.pk)
    assert rights_in(mei, cast.aoba.pk) == frozenset()
    assert not may_trade(mei, cast.kawase.pk)
