"""Organisations come into being, and are suspended and restored."""

import uuid
from dataclasses import dataclass

from django.db import IntegrityError, transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By, Bystander
from toiya.core.permissions import CATEGORY_OF, Capacity, Permission, Role
from toiya.core.text import search_key, sort_key
from toiya.directory.errors import AlreadySuspended, DomainTaken, NotAPartner, NotSuspended
from toiya.directory.models import Domain, Family, Person, RoleAssignment, Suspension, Tenant, TenantCapacity
from toiya.directory.room import make_room, must_have_room_for_partner
from toiya.mail import outbox


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """Who will run a new organisation: user name (with domain), full name, contact address, password."""

    user_name: str
    name: str
    contact_email: str
    password: str


@transaction.atomic
def create_tenant(
    *,
    family: Family,
    name: str,
    domain: str,
    country: str,
    language: str,
    administrator: FirstAdministrator,
    reading: str = "",
    latin_name: str = "",
) -> Tenant:
    """A new organisation with its domain and its first global administrator (S-025).

    Raises DomainTaken, SandboxFull.
    """
    make_room(family, domain)
    now = family.clock.now()
    tenant = Tenant.objects.create(
        family=family,
        name=name,
        reading=reading,
        latin_name=latin_name,
        country_id=country,
        language=language,
        search_key=search_key(name, reading, latin_name, domain),
        sort_key=sort_key(name, reading),
        created_at=now,
    )
    try:
        with transaction.atomic():
            Domain.objects.create(tenant=tenant, name=domain.lower(), is_primary=True, verified_at=now)
    except IntegrityError as error:  # somebody else took it at the same moment
        raise DomainTaken(field="domain") from error
    by = Bystander(kind="self_service", tenant_id=tenant.pk, family_id=family.pk, now=now, language=language)
    record(
        by,
        AuditAction.CREATE_TENANT,
        tenant,
        tenant_id=tenant.pk,
        after={"country": country, "domain": domain},
    )
    person = Person(
        tenant=tenant,
        user_name=administrator.user_name.lower(),
        name=administrator.name,
        contact_email=administrator.contact_email,
        language=language,
        created_at=now,
    )
    person.set_password(administrator.password)
    person.save(force_insert=True)
    hold_role(person, Role.GLOBAL_ADMIN, by)
    record(
        by,
        AuditAction.CREATE_USER,
        person,
        tenant_id=tenant.pk,
        after={"user_name": person.user_name, "name": person.name, "roles": [Role.GLOBAL_ADMIN.value]},
    )
    return tenant


def hold_role(person: Person, role: Role, by: By) -> None:
    """The person holds the role from now on; the caller has checked that it may be given, and records it."""
    RoleAssignment.objects.update_or_create(
        person=person,
        category=CATEGORY_OF[role],
        defaults={"tenant_id": person.tenant_id, "role": role, "since": by.now},
    )


def vet(tenant: Tenant, capacity: Capacity, by: By) -> TenantCapacity:
    """The organisation may act in this capacity from now on; the caller records why. Raises SandboxFull."""
    must_have_room_for_partner(tenant, capacity)
    held, _created = TenantCapacity.objects.get_or_create(
        tenant=tenant, capacity=capacity, defaults={"since": by.now}
    )
    return held


@transaction.atomic
def suspend_partner(actor: Actor, *, tenant: Tenant, capacity: Capacity, reason: str) -> Suspension:
    """The operator stops a partner: from its next request on it starts nothing new.

    Raises NotAPartner, AlreadySuspended.
    """
    actor.must(Permission.PARTNERS_MANAGE)
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    _must_be_partner(tenant, capacity)
    if tenant.suspensions.filter(capacity=capacity, lifted_at__isnull=True).exists():
        raise AlreadySuspended
    suspension = Suspension.objects.create(
        tenant=tenant, capacity=capacity, reason=reason, at=actor.now, by_id=actor.person_id
    )
    record(
        actor,
        AuditAction.SUSPEND_PARTNER,
        suspension,
        tenant_id=tenant.pk,
        counterparty_id=actor.tenant_id,
        after={"capacity": capacity, "reason": reason},
    )
    _tell_administrators(actor, suspension, "programme/partner_suspended")
    return suspension


@transaction.atomic
def restore_partner(actor: Actor, *, tenant: Tenant, capacity: Capacity) -> Suspension:
    """The operator lets a suspended partner work again. Raises NotSuspended."""
    actor.must(Permission.PARTNERS_MANAGE)
    lifted = tenant.suspensions.filter(capacity=capacity, lifted_at__isnull=True)
    suspension = lifted.first()
    if suspension is None or not lifted.update(lifted_at=actor.now, lifted_by_id=actor.person_id):
        raise NotSuspended
    record(
        actor,
        AuditAction.RESTORE_PARTNER,
        suspension,
        tenant_id=tenant.pk,
        counterparty_id=actor.tenant_id,
        before={"capacity": capacity, "reason": suspension.reason},
    )
    _tell_administrators(actor, suspension, "programme/partner_restored")
    return suspension


def _must_be_partner(tenant: Tenant, capacity: Capacity) -> None:
    """The operator is not its own partner, and nobody is stopped in what they never were."""
    held = tenant.tenant_capacities.filter(capacity=capacity).exists()
    if capacity == Capacity.OPERATOR or not held:
        raise NotAPartner


def _tell_administrators(actor: Actor, suspension: Suspension, message: str) -> None:
    tenant = suspension.tenant
    for person in Person.objects.filter(tenant=tenant).active().with_role(Role.GLOBAL_ADMIN):
        outbox.post(
            actor,
            message,
            to=person.contact_email,
            language=person.language,
            subject_id=suspension.pk,
            context={
                "person_name": person.name,
                "partner_name": tenant.name_in(person.language),
                "capacity": str(suspension.capacity),
                "reason": suspension.reason,
                "happened_at": actor.now.isoformat(),
                "dashboard_link": {"path": "/dashboard/"},
            },
        )


def tenant_in_family(tenant_id: uuid.UUID, family_id: uuid.UUID) -> Tenant | None:
    """The organisation of that id, if it shares this family's clock; whoever asks tells no more than it may."""
    found = Tenant.objects.select_related("country").filter(pk=tenant_id, family_id=family_id)
    return found.first()
