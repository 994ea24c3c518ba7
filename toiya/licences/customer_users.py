"""An organisation's users with their licences: kept by its own administrators, or by a partner to which it lends the
right (N-24). A disabled or deleted user holds no licence (I-10).
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils import translation

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import (
    DIRECTORY_ACTIONS,
    DirectoryAction,
    DirectoryRole,
    Role,
    RoleCategory,
    roles_in,
)
from toiya.directory import people
from toiya.directory.accounts import (
    SignInInformation,
    change_account,
    delete_account,
    disable_account,
    enable_account,
    open_account,
    rename_account,
    restore_account,
)
from toiya.directory.models import RESTORABLE, Person, RoleAssignment, Tenant
from toiya.directory.people import add_person, assign_roles, rename_person, reset_password, update_person
from toiya.directory.tenants import hold_role
from toiya.licences.access import Authority, must_act
from toiya.licences.assignment import give_licence, take_licences
from toiya.licences.errors import (
    CountryNotOpen,
    NameMissing,
    NameTooLong,
    NoSeatFree,
    RoleHeld,
    RoleNotLent,
)
from toiya.licences.models import FormerLicence, Licence, SeatPool
from toiya.licences.pools import hold_pools
from toiya.mail import outbox
from toiya.programme.models import Country
from toiya.relations.administration import reset_password_for
from toiya.relations.errors import BeyondReach
from toiya.relations.grants import administrators_of
from toiya.relations.rights import reaches
from toiya.relations.rights import roles_in as roles_lent
from toiya.relations.watch import watched

NAME_LENGTH = 50
LONGEST = {"name": NAME_LENGTH, "first_name": 64, "last_name": 64}
DIRECTORY_ROLES = (Role.GLOBAL_ADMIN, Role.USER_ADMIN, Role.BILLING_ADMIN)


@dataclass(frozen=True, slots=True)
class Returned:
    """A user is back: the products whose licence was given back, and those without a free seat."""

    person: Person
    given: list[str]
    missing: list[str]


@watched
@transaction.atomic
def add_user(
    actor: Actor,
    *,
    tenant_id: uuid.UUID,
    name: str,
    contact_email: str,
    local_part: str,
    domain: str,
    language: str,
    role: Role | None = None,
    usage_country: str = "",
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
) -> SignInInformation:
    """A new work account in the organisation, with a temporary password that is shown once (N-24, N-25).

    The password is a random one unless ``password`` was chosen. Raises NotVisible, RoleMissing, SecondFactorStale,
    NameMissing, NameTooLong, CountryNotOpen, DomainNotVerified, UserNameNotPossible, UserNameTaken, EmailTaken,
    WeakPassword, and RoleNotLent for a role that a partner cannot give.
    """
    wanted = {"name": name, "first_name": first_name, "last_name": last_name, "usage_country": usage_country}
    _must_be_possible(wanted)
    roles = frozenset({role} if role else ())
    wanted |= {
        "contact_email": contact_email,
        "local_part": local_part,
        "domain": domain,
        "language": language,
    }
    if tenant_id == actor.tenant_id:
        return add_person(actor, **wanted, roles=roles, password=password)
    actor.must_be_fresh()
    authority = must_act(actor, tenant_id, DirectoryAction.MANAGE_PEOPLE)
    _must_be_lent(actor, tenant_id, roles)
    tenant = Tenant.objects.get(pk=tenant_id)
    added = open_account(actor, tenant, where=authority.where, roles=roles, password=password, **wanted)
    if role:
        _tell(authority, added.person, "licences/administrator_made", role=role)
    return added


@watched
@transaction.atomic
def update_user(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, wanted: Mapping[str, str]
) -> Person:
    """Names, contact address, language and country of use, as far as ``wanted`` has them.

    Raises NotVisible, RoleMissing, BeyondReach, NameMissing, NameTooLong, CountryNotOpen, EmailTaken.
    """
    if tenant_id == actor.tenant_id:
        own = _own(actor, person_id)
        _must_be_possible(_changed(own, wanted))
        return update_person(actor, person=own, **wanted)
    authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
    _must_be_possible(_changed(person, wanted))
    return change_account(actor, person, where=authority.where, wanted=wanted)


def _changed(person: Person, wanted: Mapping[str, str]) -> dict[str, str]:
    """What is new: what has always been there is nobody's fault now."""
    return {key: value for key, value in wanted.items() if getattr(person, key) != value}


def _must_be_possible(wanted: Mapping[str, str]) -> None:
    if wanted.get("name", "–").strip() == "":
        raise NameMissing(field="name")
    for key, limit in LONGEST.items():
        if len(wanted.get(key, "")) > limit:
            raise NameTooLong(found=len(wanted[key]), limit=limit, field=key)
    country = wanted.get("usage_country", "")
    if country and not Country.objects.filter(code=country, is_open=True).exists():
        raise CountryNotOpen(found=country)


@watched
@transaction.atomic
def rename_user(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, local_part: str, domain: str
) -> Person:
    """The user signs in with another name from now on, and is told by mail.

    Raises NotVisible, RoleMissing, SecondFactorStale, BeyondReach, DomainNotVerified, UserNameNotPossible,
    UserNameTaken, EmailTaken.
    """
    if tenant_id == actor.tenant_id:
        own = _own(actor, person_id)
        before = own.user_name
        person = rename_person(actor, person=own, local_part=local_part, domain=domain)
    else:
        actor.must_be_fresh()
        authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
        before = person.user_name
        rename_account(actor, person, where=authority.where, local_part=local_part, domain=domain)
    if person.user_name != before:
        by = Tenant.objects.get(pk=actor.tenant_id)
        outbox.post(
            actor,
            "licences/user_renamed",
            to=person.contact_email,
            language=person.language,
            subject_id=person.pk,
            context={
                "recipient": person.name,
                "before": before,
                "user_name": person.user_name,
                "agent": actor.name,
                "agent_tenant": by.name_in(person.language),
                "happened_at": actor.now.isoformat(),
            },
        )
    return person


@watched
@transaction.atomic
def assign_directory_role(
    actor: Actor,
    *,
    tenant_id: uuid.UUID,
    person_id: uuid.UUID,
    role: Role | None,
    instead_of: Collection[Role] | None = None,
) -> Person:
    """The user holds this administrator role, or none, from the next request on; the customer is told when a partner
    did it (T-14).

    ``instead_of``: the roles of which this act may take one away; None: any. A partner never makes or unmakes a global
    administrator, and makes the others only with the top role. Raises NotVisible, RoleMissing, SecondFactorStale,
    BeyondReach, RoleNotLent, RoleHeld, LastGlobalAdministrator.
    """
    administrators = frozenset(roles_in(RoleCategory.ADMIN))
    chosen = frozenset({role} if role else ())
    if tenant_id == actor.tenant_id:
        own = _own(actor, person_id)
        _must_be_spare(own, administrators - chosen, instead_of)
        return assign_roles(actor, person=own, roles=own.roles - administrators | chosen)
    actor.must_be_fresh()
    authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
    before = person.roles & administrators
    if chosen == before:
        return person
    _must_be_spare(person, administrators - chosen, instead_of)
    _must_be_lent(actor, tenant_id, chosen | before)
    RoleAssignment.objects.filter(person=person, category=RoleCategory.ADMIN).delete()
    for given in chosen:
        hold_role(person, given, actor)
    record(
        actor,
        AuditAction.ASSIGN_ROLES,
        person,
        before={"roles": before},
        after={"roles": chosen},
        **authority.where,
    )
    message = "licences/administrator_made" if role else "licences/administrator_unmade"
    _tell(authority, person, message, role=role or next(iter(before)))
    fresh: Person = Person.objects.get(pk=person.pk)
    return fresh


def _must_be_spare(person: Person, taken: frozenset[Role], instead_of: Collection[Role] | None) -> None:
    held = next(
        (role for role in person.roles & taken if instead_of is not None and role not in instead_of), None
    )
    if held is not None:
        raise RoleHeld(name=person.name, role=held.label)


@watched
@transaction.atomic
def disable_user(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Person:
    """The user can no longer sign in, and their licences are free for others; what they had is remembered.

    Raises NotVisible, RoleMissing, SecondFactorStale, BeyondReach, LastGlobalAdministrator.
    """
    if tenant_id == actor.tenant_id:
        person = people.disable_person(actor, person=_own(actor, person_id))
        authority = Authority(actor, tenant_id, None)
    else:
        actor.must_be_fresh()
        authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
        was_active = person.is_active
        disable_account(actor, person, where=authority.where)
        if was_active:
            _tell(authority, person, "licences/user_disabled")
    _put_aside(authority, person)
    return person


@watched
@transaction.atomic
def enable_user(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, give_back: bool = True
) -> Returned:
    """The user may sign in again, with the licences of before as far as seats are free (and ``give_back``).

    Who was never disabled stays as they are. Raises NotVisible, RoleMissing, SecondFactorStale, BeyondReach.
    """
    if tenant_id == actor.tenant_id:
        own = _own(actor, person_id)
        was_disabled = not own.is_active
        person = people.enable_person(actor, person=own)
        authority = Authority(actor, tenant_id, None)
    else:
        actor.must_be_fresh()
        authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
        was_disabled = not person.is_active
        enable_account(actor, person, where=authority.where)
    return _give_back(authority, person, give_back=give_back) if was_disabled else Returned(person, [], [])


@watched
@transaction.atomic
def delete_user(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Person:
    """The user is gone, and their licences are free; for 30 days both can be brought back (N-24).

    Raises NotVisible, RoleMissing, SecondFactorStale, BeyondReach, LastGlobalAdministrator.
    """
    if tenant_id == actor.tenant_id:
        person = people.delete_person(actor, person=_own(actor, person_id))
        authority = Authority(actor, tenant_id, None)
    else:
        actor.must_be_fresh()
        authority, person = _reach(actor, tenant_id, person_id, DirectoryAction.MANAGE_PEOPLE)
        delete_account(actor, person, where=authority.where)
        until = actor.now + RESTORABLE
        _tell(authority, person, "licences/user_deleted", restorable_at=until.isoformat())
    _put_aside(authority, person)
    return person


@watched
@transaction.atomic
def restore_user(actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID) -> Returned:
    """A user who was deleted less than 30 days ago is back, with the licences of before as far as seats are free.

    Who was disabled stays so, and gets the licences back when enabled. Raises NotVisible, RoleMissing,
    SecondFactorStale, BeyondReach, EmailTaken.
    """
    deleted = Person.objects.deleted_of(tenant_id, actor.now)
    person: Person | None
    if tenant_id == actor.tenant_id:
        person = deleted.filter(pk=person_id).first()
        if person is None:
            raise NotVisible
        person = people.restore_person(actor, person=person)
        authority = Authority(actor, tenant_id, None)
    else:
        actor.must_be_fresh()
        authority = must_act(actor, tenant_id, DirectoryAction.MANAGE_PEOPLE)
        person = deleted.select_for_update(no_key=True).filter(pk=person_id).first()
        if person is None:
            raise NotVisible
        _must_reach(actor, person)
        restore_account(actor, person, where=authority.where)
    return _give_back(authority, person, give_back=True) if person.is_active else Returned(person, [], [])


@transaction.atomic
def reset_user_password(
    actor: Actor, *, tenant_id: uuid.UUID, person_id: uuid.UUID, password: str | None = None
) -> SignInInformation:
    """A temporary password instead of a forgotten one, shown once; never above one's own rights (T-13).

    A random one unless ``password`` was chosen. Raises NotVisible, RoleMissing, SecondFactorStale, BeyondReach,
    WeakPassword.
    """
    if tenant_id == actor.tenant_id:
        return reset_password(actor, person=_own(actor, person_id), password=password)
    temporary = reset_password_for(actor, tenant_id=tenant_id, person_id=person_id, password=password)
    return SignInInformation(Person.objects.get(pk=person_id), temporary)


def may_change(person: Person, lent: frozenset[DirectoryRole]) -> dict[str, bool]:
    """What the page about another organisation's user offers with the roles that are lent, as far as they reach."""
    within = reaches(lent, person.roles)
    actions = frozenset[DirectoryAction]().union(*(DIRECTORY_ACTIONS[role] for role in lent))
    return {
        "manage": within and DirectoryAction.MANAGE_PEOPLE in actions,
        "reset_password": within and DirectoryAction.RESET_PASSWORD in actions,
        "assign_licences": DirectoryAction.ASSIGN_LICENCES in actions and person.is_active,
    }


def roles_to_give(actor: Actor, tenant_id: uuid.UUID) -> list[Role]:
    """The administrator roles that the partner's agent may give there."""
    lent = roles_lent(actor, tenant_id)
    return [role for role in DIRECTORY_ROLES if reaches(lent, {role})]


def _own(actor: Actor, person_id: uuid.UUID) -> Person:
    person: Person | None = Person.objects.visible_to(actor).filter(pk=person_id).first()
    if person is None:
        raise NotVisible
    return person


def _reach(
    actor: Actor, tenant_id: uuid.UUID, person_id: uuid.UUID, action: DirectoryAction
) -> tuple[Authority, Person]:
    """The right to act, and the user as they are now, held until the transaction ends."""
    authority = must_act(actor, tenant_id, action)
    present = Person.objects.present().select_for_update(no_key=True).filter(tenant_id=tenant_id)
    person: Person | None = present.filter(pk=person_id).first()
    if person is None:
        raise NotVisible
    _must_reach(actor, person)
    return authority, person


def _must_reach(actor: Actor, person: Person) -> None:
    """Rule (d): nobody is touched whose rights go beyond what is lent."""
    if not reaches(roles_lent(actor, person.tenant_id), person.roles):
        raise BeyondReach


def _must_be_lent(actor: Actor, tenant_id: uuid.UUID, roles: frozenset[Role]) -> None:
    lent = roles_lent(actor, tenant_id)
    beyond = [
        role for role in Role if role in roles and (role not in DIRECTORY_ROLES or not reaches(lent, {role}))
    ]
    if beyond:
        raise RoleNotLent(role=beyond[0].label)


def _put_aside(authority: Authority, person: Person) -> None:
    """The user's licences are free; what they had is remembered."""
    hold_pools(person.tenant_id)
    held = Licence.objects.filter(person=person).select_related("pool")
    for licence in take_licences(authority, person, held):
        FormerLicence.objects.update_or_create(
            person=person,
            sku_id=licence.pool.sku_id,
            defaults={"tenant_id": person.tenant_id, "disabled_plans": licence.disabled_plans},
        )


def _give_back(authority: Authority, person: Person, *, give_back: bool) -> Returned:
    """What the user had before, where seats are free; then it is forgotten."""
    former = {row.sku_id: row for row in FormerLicence.objects.filter(person=person).select_related("sku")}
    pools = SeatPool.objects.filter(tenant_id=person.tenant_id, sku_id__in=former).select_related("sku")
    given = []
    if former and give_back:
        hold_pools(person.tenant_id)
    for pool in pools.order_by("pk") if give_back else ():
        try:
            with transaction.atomic():
                give_licence(authority, person, pool, former[pool.sku_id].disabled_plans)
        except NoSeatFree:
            continue
        given.append(pool.sku_id)
    if former:
        FormerLicence.objects.filter(person=person).delete()
    names = {sku_id: str(row.sku) for sku_id, row in former.items()}
    missing = sorted(set(former) - set(given)) if give_back else []
    return Returned(person, [names[sku_id] for sku_id in given], [names[sku_id] for sku_id in missing])


def _tell(
    authority: Authority, person: Person, message: str, *, role: Role | None = None, **context: str
) -> None:
    """The customer's global administrators learn what a partner did in their organisation (T-14)."""
    actor, tenant = authority.actor, person.tenant
    grantee = Tenant.objects.get(pk=actor.tenant_id)
    for administrator in administrators_of(tenant):
        outbox.post(
            actor,
            message,
            to=administrator.contact_email,
            language=administrator.language,
            subject_id=person.pk,
            context={
                "recipient": administrator.name,
                "person_name": person.name,
                "user_name": person.user_name,
                "agent": actor.name,
                "grantee": grantee.name_in(administrator.language),
                "tenant": tenant.name_in(administrator.language),
                "happened_at": actor.now.isoformat(),
                "partners_link": {"path": "/organization/partners/"},
                "role": _label(role, administrator.language),
                **context,
            },
        )


def _label(role: Role | None, language: str) -> str:
    with translation.override(language):
        return str(role.label) if role else ""
