"""What happens to a work account, whoever does it: people.py for the organisation's own administrators,
licences/customer_users.py for partners with its consent. They have asked before whether the actor may.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from toiya.audit.actions import AuditAction
from toiya.audit.record import Where, record
from toiya.core.actor import Actor
from toiya.core.permissions import Role
from toiya.directory.errors import (
    DomainNotVerified,
    EmailTaken,
    LastGlobalAdministrator,
    UserNameNotPossible,
    UserNameTaken,
)
from toiya.directory.models import Person, Tenant
from toiya.directory.sign_in import set_temporary_password
from toiya.directory.tenants import hold_role

LOCAL_PART = r"^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$"
LONGEST_LOCAL_PART, LONGEST_USER_NAME = 64, 254


@dataclass(frozen=True, slots=True)
class SignInInformation:
    """What the administrator hands over, once (S-053, S-054)."""

    person: Person
    password: str


def open_account(
    actor: Actor,
    tenant: Tenant,
    *,
    where: Where,
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
    """A new work account with a temporary password, a random one unless it was chosen.

    Raises DomainNotVerified, UserNameNotPossible, UserNameTaken, EmailTaken, WeakPassword.
    """
    user_name = _user_name(tenant, local_part, domain)
    must_be_free(tenant, contact_email)
    person = Person(
        tenant=tenant,
        user_name=user_name,
        name=name,
        first_name=first_name,
        last_name=last_name,
        contact_email=contact_email,
        language=language,
        usage_country=usage_country,
        created_at=actor.now,
    )
    temporary = set_temporary_password(person, chosen=password)
    person.save(force_insert=True)
    for role in roles:
        hold_role(person, role, actor)
    after = {"user_name": user_name, "name": name, "contact_email": contact_email, "roles": roles}
    record(actor, AuditAction.CREATE_USER, person, after=after, **where)
    return SignInInformation(person, temporary)


def _user_name(tenant: Tenant, local_part: str, domain: str) -> str:
    if not tenant.domains.filter(name=domain.lower()).exists():
        verified = ", ".join(tenant.domains.values_list("name", flat=True))
        raise DomainNotVerified(
            _(
                "User names lie in a verified domain of your organization."
                " “%(found)s” is none; these are: %(expected)s."
            )
            % {"found": domain, "expected": verified},
            field="domain",
        )
    user_name = f"{local_part}@{domain}".lower()
    is_possible = re.fullmatch(LOCAL_PART, local_part) and len(local_part) <= LONGEST_LOCAL_PART
    if not is_possible or len(user_name) > LONGEST_USER_NAME:
        raise UserNameNotPossible(found=user_name)
    namesake: Person | None = Person.objects.filter(user_name=user_name).first()
    if namesake is not None and namesake.deleted_at is not None:
        raise UserNameTaken(
            _("“%(found)s” is the user name of a deleted user. Restore that user, or choose another name.")
            % {"found": user_name},
            field="local_part",
        )
    if namesake is not None:
        raise UserNameTaken(
            _("The user name “%(found)s” is taken. Choose another one.") % {"found": user_name},
            field="local_part",
        )
    return user_name


def must_be_free(tenant: Tenant, address: str, *, of: Person | None = None) -> None:
    """A contact address belongs to one user of an organisation (S-049). Raises EmailTaken."""
    present = tenant.people.filter(deleted_at__isnull=True)
    others = present.exclude(pk=of.pk) if of else present
    if others.filter(contact_email__iexact=address).exists():
        raise EmailTaken(
            _(
                "“%(found)s” belongs to another user of your organization."
                " Each user needs an address of their own."
            )
            % {"found": address},
            field="contact_email",
        )


def change_account(actor: Actor, person: Person, *, where: Where, wanted: Mapping[str, str]) -> Person:
    """Names, contact address, language and country of use. Raises EmailTaken."""
    if "contact_email" in wanted:
        must_be_free(person.tenant, wanted["contact_email"], of=person)
    before = {key: getattr(person, key) for key in wanted if getattr(person, key) != wanted[key]}
    if not before:
        return person
    for key in before:
        setattr(person, key, wanted[key])
    person.save(update_fields=list(before))
    after = {key: wanted[key] for key in before}
    record(actor, AuditAction.UPDATE_USER, person, before=before, after=after, **where)
    return person


def rename_account(actor: Actor, person: Person, *, where: Where, local_part: str, domain: str) -> Person:
    """The person signs in with another user name from now on; a contact address that was the user name goes along.

    Raises DomainNotVerified, UserNameNotPossible, UserNameTaken, EmailTaken.
    """
    before = person.user_name
    if f"{local_part}@{domain}".lower() == before:
        return person
    person.user_name = _user_name(person.tenant, local_part, domain)
    if person.contact_email.lower() == before:
        must_be_free(person.tenant, person.user_name, of=person)
        person.contact_email = person.user_name
    person.save(update_fields=["user_name", "contact_email"])
    after = {"user_name": person.user_name}
    record(actor, AuditAction.UPDATE_USER, person, before={"user_name": before}, after=after, **where)
    return person


def keep_an_administrator(leaving: Person) -> None:
    """The organisation keeps an active global administrator (I-08); the caller holds the tenant's row.

    Raises LastGlobalAdministrator.
    """
    if Role.GLOBAL_ADMIN not in leaving.roles:
        return
    others = Person.objects.filter(tenant_id=leaving.tenant_id).active().with_role(Role.GLOBAL_ADMIN)
    if not others.exclude(pk=leaving.pk).exists():
        raise LastGlobalAdministrator


def disable_account(actor: Actor, person: Person, *, where: Where) -> Person:
    """The person can no longer sign in; their sessions end at once. Raises LastGlobalAdministrator."""
    if person.disabled_at is None:
        keep_an_administrator(person)
        person.disabled_at = actor.now
        _end_sessions(person, "disabled_at")
        record(actor, AuditAction.DISABLE_USER, person, **where)
    return person


def enable_account(actor: Actor, person: Person, *, where: Where) -> Person:
    """A disabled person may sign in again, with the roles held before; old sessions stay dead."""
    if person.disabled_at is not None:
        person.disabled_at = None
        _end_sessions(person, "disabled_at")
        record(actor, AuditAction.ENABLE_USER, person, **where)
    return person


def delete_account(actor: Actor, person: Person, *, where: Where) -> Person:
    """The person is gone from every list; for 30 days the account can be restored (N-24).

    Raises LastGlobalAdministrator.
    """
    keep_an_administrator(person)
    person.deleted_at = actor.now
    _end_sessions(person, "deleted_at")
    before = {"user_name": person.user_name, "name": person.name, "roles": person.roles}
    record(actor, AuditAction.DELETE_USER, person, before=before, **where)
    return person


def restore_account(actor: Actor, person: Person, *, where: Where) -> Person:
    """A deleted person is back as before, with roles and password. Raises EmailTaken."""
    must_be_free(person.tenant, person.contact_email, of=person)
    person.deleted_at = None
    _end_sessions(person, "deleted_at")
    after = {"user_name": person.user_name, "name": person.name}
    record(actor, AuditAction.RESTORE_USER, person, after=after, **where)
    return person


def _end_sessions(person: Person, column: str) -> None:
    person.session_version += 1
    person.save(update_fields=[column, "session_version"])
