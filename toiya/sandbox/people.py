"""The people of a sandbox: made up, but signing in like everybody."""

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Prefetch

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission, Role
from toiya.directory.actors import actor_for, person_for_request
from toiya.directory.factors import forget_factors
from toiya.directory.models import Person, Tenant
from toiya.directory.people import assign_roles
from toiya.directory.setup import finish_setup
from toiya.directory.sign_in import set_temporary_password
from toiya.sandbox.models import Sandbox
from toiya.tokens.applications import add_secret, register_application
from toiya.tokens.models import Flow, Kind

PROGRAM = "Sandbox"


@dataclass(frozen=True, slots=True)
class OpenedAccount:
    """A person of the sandbox and the password that opens the account once; it is shown once (G-13)."""

    person: Person
    password: str


@dataclass(frozen=True, slots=True)
class OpenedApplication:
    """A program of a partner in the sandbox and its secret; it is shown once (G-13)."""

    tenant: Tenant
    client_id: uuid.UUID
    secret: str


def acting(person: Person) -> Actor:
    """The person, doing what the maker of the sandbox wants done: every step is one of the real ones."""
    fresh = person_for_request(person.pk)
    if fresh is None:
        raise LookupError(person.user_name)
    return actor_for(fresh, language=fresh.language, second_factor_at=real_now())


def first_account(tenant: Tenant) -> OpenedAccount:
    """A one-time password for the only person of a new organisation."""
    person = tenant.people.get()
    password = set_temporary_password(person)
    person.save()
    return OpenedAccount(person, password)


@dataclass(frozen=True, slots=True)
class Members:
    """An organisation of the sandbox with its people."""

    tenant: Tenant
    people: tuple[Person, ...]


def people_of(actor: Actor, sandbox: Sandbox) -> list[Members]:
    """Who is in the sandbox of the actor's organisation: partners first, as they were made. Raises NotVisible."""
    if sandbox.tenant_id != actor.tenant_id:
        raise NotVisible
    people = Person.objects.active().prefetch_related("role_assignments").order_by("created_at", "user_name")
    tenants = Tenant.objects.filter(family_id=sandbox.family_id).prefetch_related(
        "tenant_capacities", "domains", Prefetch("people", people)
    )
    return sorted(
        (
            Members(tenant, tuple(tenant.people.all()))
            for tenant in tenants.order_by("created_at", "sort_key")
        ),
        key=lambda members: not members.tenant.tenant_capacities.all(),
    )


@transaction.atomic
def new_password(actor: Actor, *, person_id: uuid.UUID) -> OpenedAccount:
    """A one-time password for somebody of the sandbox, who also sets up the second factor anew. Raises NotVisible."""
    actor.must(Permission.SANDBOX_MAKE)
    actor.must_be_fresh()
    own = Sandbox.objects.live().filter(tenant_id=actor.tenant_id).values("family_id")
    found = (
        Person.objects.active().select_for_update(no_key=True, of=("self",)).filter(tenant__family_id__in=own)
    )
    person: Person | None = found.filter(pk=person_id).first()
    if person is None:
        raise NotVisible
    password = set_temporary_password(person)
    person.session_version += 1
    person.save()
    forget_factors(person)
    record(
        actor,
        AuditAction.OPEN_SANDBOX_ACCOUNT,
        person,
        tenant_id=actor.tenant_id,
        after={"user_name": person.user_name},
    )
    return OpenedAccount(person, password)


def open_application(administrator: Person) -> OpenedApplication:
    """A program of the administrator's organisation that may do what the administrator may."""
    application = register_application(
        acting(administrator),
        name=PROGRAM,
        kind=Kind.CONFIDENTIAL,
        flows=(Flow.CLIENT_CREDENTIALS, Flow.DEVICE_CODE),
        roles=Person.objects.get(pk=administrator.pk).roles,
    )
    issued = add_secret(acting(administrator), application=application)
    return OpenedApplication(administrator.tenant, application.pk, issued.text)


def become_agent(person: Person) -> None:
    """The administrator of a partner sells too, and its set-up is done."""
    actor = acting(person)
    assign_roles(actor, person=person, roles=person.roles | {Role.ADMIN_AGENT})
    finish_setup(acting(person))
