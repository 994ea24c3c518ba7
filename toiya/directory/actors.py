"""Who is acting, read from the database at each request."""

import datetime as dt

from toiya.core.actor import Actor, Bystander
from toiya.core.permissions import Capacity
from toiya.directory.models import Person, Tenant


def actor_for(person: Person, *, language: str, second_factor_at: dt.datetime | None) -> Actor:
    """The person with the roles and the organisation's capacities of this moment (reliability.md section 3)."""
    tenant = person.tenant
    held = {Capacity(row.capacity) for row in tenant.tenant_capacities.all()}
    suspended = {Capacity(row.capacity) for row in tenant.suspensions.all() if row.lifted_at is None}
    return Actor(
        person_id=person.pk,
        name=person.name,
        user_name=person.user_name,
        tenant_id=tenant.pk,
        tenant_name=tenant.name,
        family_id=tenant.family_id,
        roles=person.roles if person.is_active else frozenset(),
        capacities=frozenset(held - suspended),
        suspended=frozenset(held & suspended),
        now=tenant.family.clock.now(),
        language=language,
        second_factor_at=second_factor_at,
        tenant_latin_name=tenant.latin_name,
    )


def person_for_request(person_id: object) -> Person | None:
    """The signed-in person with everything that an actor needs, in a constant number of statements."""
    person: Person | None = (
        Person.objects.filter(pk=person_id)
        .select_related("tenant__family")
        .prefetch_related("role_assignments", "tenant__tenant_capacities", "tenant__suspensions")
        .first()
    )
    return person


def bystander_for(tenant: Tenant, *, kind: str, language: str = "") -> Bystander:
    """The holder of a mailed link, the worker or the command line, acting on this tenant's objects."""
    return Bystander(
        kind=kind,
        tenant_id=tenant.pk,
        family_id=tenant.family_id,
        now=tenant.family.clock.now(),
        language=language or tenant.language,
    )
