"""People of an organisation: added, changed, given roles, disabled, helped back in."""

from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import at_home, record
from toiya.core.actor import Actor
from toiya.core.errors import NotVisible, Refusal, RoleMissing
from toiya.core.permissions import CATEGORY_OF, Permission, Role, RoleCategory
from toiya.directory.accounts import (
    SignInInformation,
    change_account,
    delete_account,
    disable_account,
    enable_account,
    keep_an_administrator,
    open_account,
    rename_account,
    restore_account,
)
from toiya.directory.factors import forget_factors
from toiya.directory.models import Person, RoleAssignment, Tenant
from toiya.directory.roles import (
    PersonAct,
    giveable,
    may_change,
    may_reassign,
    offered_categories,
    one_per_category,
    rule_label,
    who_acts,
)
from toiya.directory.setup import is_set_up, must_be_able_to_set_up
from toiya.directory.sign_in import set_temporary_password
from toiya.directory.tenants import hold_role
from toiya.mail import outbox


class RolesNotPossible(Refusal):
    """None, two of a category, or a category that this kind of organisation has not."""

    code = "roles_not_possible"


class RoleNotYours(Refusal):
    """The actor changes people, but not this one or not these roles."""

    code = "role_not_yours"
    status = 403


class OwnAccount(Refusal):
    """Some acts are for others to do."""

    code = "own_account"


@transaction.atomic
def add_person(
    actor: Actor,
    *,
    name: str,
    contact_email: str,
    local_part: str,
    domain: str,
    roles: frozenset[Role],
    language: str,
    usage_country: str = "",
    first_name: str = "",
    last_name: str = "",
    password: str | None = None,
) -> SignInInformation:
    """A new work account with a temporary password (S-049, S-050, S-053).

    Raises RoleMissing, RoleNotYours, RolesNotPossible, DomainNotVerified, UserNameTaken, EmailTaken.
    """
    actor.must_be_fresh()
    tenant = _lock(actor)
    must_be_able_to_add(actor, tenant)
    _check_roles(actor, roles)
    if not roles <= giveable(actor.roles):
        raise _not_yours(roles - giveable(actor.roles))
    return open_account(
        actor,
        tenant,
        where=at_home(tenant.pk),
        name=name,
        contact_email=contact_email,
        local_part=local_part,
        domain=domain,
        roles=roles,
        language=language,
        usage_country=usage_country,
        first_name=first_name,
        last_name=last_name,
        password=password,
    )


def _lock(actor: Actor) -> Tenant:
    """One change at a time per organisation: that is what keeps its last administrator (I-08)."""
    return Tenant.objects.select_for_update(no_key=True).get(pk=actor.tenant_id)


def must_be_able_to_add(actor: Actor, tenant: Tenant) -> None:
    """Who adds users: admin agents during the set-up; after it administrators, and agents if let (Q-07)."""
    _must_act(actor, tenant, PersonAct.ADD)
    if not is_set_up(tenant):
        must_be_able_to_set_up(actor)


def _must_act(actor: Actor, tenant: Tenant, act: PersonAct) -> None:
    actor.must(Permission.PEOPLE_MANAGE)
    able = set(who_acts(act)) & actor.roles
    if able == {Role.ADMIN_AGENT} and not tenant.agents_add_people:
        able = set()
    if not able:
        roles = [role for role in who_acts(act) if role is not Role.ADMIN_AGENT or tenant.agents_add_people]
        raise RoleMissing(act=rule_label(Permission.PEOPLE_MANAGE), roles=[role.label for role in roles])


def _check_roles(actor: Actor, roles: frozenset[Role]) -> None:
    offered = offered_categories(actor.capacities | actor.suspended)
    foreign = [role for role in roles if CATEGORY_OF[role] not in offered]
    if foreign:
        raise RolesNotPossible(
            _("Your organization cannot give the role “%(role)s”: it is not enrolled for it.")
            % {"role": foreign[0].label}
        )
    if not one_per_category(roles):
        raise RolesNotPossible(_("A user has at most one role of each category."))
    if not roles and RoleCategory.AGENT in offered:
        raise RolesNotPossible(
            _("Choose at least one role; a user without any role can use nothing."), field="admin"
        )


def _not_yours(roles: frozenset[Role]) -> RoleNotYours:
    labels = ", ".join(str(role.label) for role in Role if role in roles)
    return RoleNotYours(
        _("Your roles do not let you give or take: %(roles)s. A global administrator can.")
        % {"roles": labels}
    )


def _other(actor: Actor, person: Person, act: PersonAct) -> Person:
    """The person as they are now. Raises NotVisible, RoleMissing, RoleNotYours."""
    _must_act(actor, _lock(actor), act)
    target: Person | None = (
        Person.objects.select_for_update(no_key=True).visible_to(actor).filter(pk=person.pk).first()
    )
    if target is None:
        raise NotVisible
    if not may_change(actor.roles, target.roles, act):
        raise _not_yours(target.roles - giveable(actor.roles))
    return target


def _somebody_else(actor: Actor, person: Person, act: PersonAct) -> Person:
    if person.pk == actor.person_id:
        raise OwnAccount(_("This is your own account. Another administrator has to do this."))
    return _other(actor, person, act)


@transaction.atomic
def update_person(actor: Actor, *, person: Person, **wanted: str) -> Person:
    """Names, contact address, language and country of use, as far as they are given; by an administrator or by the
    person (own profile).
    """
    is_own = person.pk == actor.person_id
    if is_own:
        _lock(actor)
    target = Person.objects.get(pk=person.pk) if is_own else _other(actor, person, PersonAct.UPDATE)
    return change_account(actor, target, where=at_home(target.tenant_id), wanted=wanted)


@transaction.atomic
def rename_person(actor: Actor, *, person: Person, local_part: str, domain: str) -> Person:
    """Another user name to sign in with. Raises DomainNotVerified, UserNameNotPossible, UserNameTaken, EmailTaken."""
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.UPDATE)
    return rename_account(
        actor, target, where=at_home(target.tenant_id), local_part=local_part, domain=domain
    )


@transaction.atomic
def assign_roles(actor: Actor, *, person: Person, roles: frozenset[Role]) -> Person:
    """The person holds exactly these roles from the next request on (S-047, S-057).

    Raises RoleMissing, RoleNotYours, RolesNotPossible, LastGlobalAdministrator.
    """
    actor.must_be_fresh()
    target = _other(actor, person, PersonAct.ASSIGN_ROLES)
    before = target.roles
    if roles == before:
        return target
    if not may_reassign(actor.roles, before, roles, own=target.pk == actor.person_id):
        raise _not_yours((before ^ roles) - giveable(actor.roles) or before ^ roles)
    _check_roles(actor, roles)
    if Role.GLOBAL_ADMIN not in roles:
        keep_an_administrator(target)
    RoleAssignment.objects.filter(person=target, role__in=before - roles).delete()
    for role in roles - before:
        hold_role(target, role, actor)
    record(
        actor,
        AuditAction.ASSIGN_ROLES,
        target,
        tenant_id=target.tenant_id,
        before={"roles": before},
        after={"roles": roles},
    )
    fresh: Person = Person.objects.get(pk=target.pk)
    return fresh


@transaction.atomic
def disable_person(actor: Actor, *, person: Person) -> Person:
    """The person can no longer sign in; their sessions end at once. Raises LastGlobalAdministrator.

    Licences are the business of licences/customer_users.py, which calls this.
    """
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.DISABLE)
    return disable_account(actor, target, where=at_home(target.tenant_id))


@transaction.atomic
def enable_person(actor: Actor, *, person: Person) -> Person:
    """A disabled person may sign in again, with the roles held before; old sessions stay dead."""
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.ENABLE)
    return enable_account(actor, target, where=at_home(target.tenant_id))


@transaction.atomic
def delete_person(actor: Actor, *, person: Person) -> Person:
    """The person is gone from every list; for 30 days the account can be restored (N-24).

    Raises LastGlobalAdministrator.
    """
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.DELETE)
    return delete_account(actor, target, where=at_home(target.tenant_id))


@transaction.atomic
def restore_person(actor: Actor, *, person: Person) -> Person:
    """A person who was deleted less than 30 days ago is back as before. Raises NotVisible, EmailTaken."""
    actor.must_be_fresh()
    _must_act(actor, _lock(actor), PersonAct.RESTORE)
    deleted = Person.objects.deleted_of(actor.tenant_id, actor.now).select_for_update(no_key=True)
    target: Person | None = deleted.filter(pk=person.pk).first()
    if target is None:
        raise NotVisible
    if not may_change(actor.roles, target.roles, PersonAct.RESTORE):
        raise _not_yours(target.roles - giveable(actor.roles))
    return restore_account(actor, target, where=at_home(target.tenant_id))


@transaction.atomic
def reset_password(actor: Actor, *, person: Person, password: str | None = None) -> SignInInformation:
    """A temporary password instead of a forgotten one (N-05); a global administrator’s only by another."""
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.RESET_PASSWORD)
    temporary = set_temporary_password(target, chosen=password)
    target.session_version += 1
    target.save(
        update_fields=[
            "password",
            "temporary_password_until",
            "temporary_password_used_at",
            "session_version",
        ]
    )
    record(actor, AuditAction.RESET_USER_PASSWORD, target, tenant_id=target.tenant_id)
    _tell(actor, target, "directory/password_reset")
    return SignInInformation(target, temporary)


@transaction.atomic
def reset_factors(actor: Actor, *, person: Person) -> Person:
    """The phone is lost: the person enrols a new second factor at the next sign-in."""
    actor.must_be_fresh()
    target = _somebody_else(actor, person, PersonAct.RESET_FACTORS)
    kinds = forget_factors(target)
    target.session_version += 1
    target.save(update_fields=["session_version"])
    record(
        actor, AuditAction.REMOVE_SECOND_FACTOR, target, tenant_id=target.tenant_id, before={"kinds": kinds}
    )
    _tell(actor, target, "directory/factors_reset")
    return target


def _tell(actor: Actor, person: Person, message: str) -> None:
    context: dict[str, Any] = {"name": person.name, "user_name": person.user_name, "by": actor.name}
    outbox.post(
        actor,
        message,
        to=person.contact_email,
        language=person.language,
        subject_id=person.pk,
        context=context,
    )
