"""Who is acting, read from the database at each request."""

import datetime as dt
import uuid

from django.db import connection
from django.db.models import QuerySet

from toiya.core.actor import Actor, Bystander
from toiya.core.permissions import Capacity, Role
from toiya.core.prepared import prepared
from toiya.directory.models import Person, Rights, Tenant


def actor_for(person: Person, *, language: str, second_factor_at: dt.datetime | None) -> Actor:
    """The person with the roles and the organisation's capacities of this moment (reliability.md section 3)."""
    tenant, rights = person.tenant, person.rights or rights_of(person)
    return Actor(
        person_id=person.pk,
        name=person.name,
        user_name=person.user_name,
        tenant_id=tenant.pk,
        tenant_name=tenant.name,
        family_id=tenant.family_id,
        roles=rights.roles if person.is_active else frozenset(),
        capacities=rights.capacities - rights.suspended,
        suspended=rights.capacities & rights.suspended,
        now=tenant.family.clock.now(),
        language=language,
        second_factor_at=second_factor_at,
        tenant_latin_name=tenant.latin_name,
        in_sandbox=tenant.family.is_sandbox,
    )


@prepared
def _persons(person_id: uuid.UUID) -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.objects.filter(pk=person_id)
    return rows.select_related("tenant__family")


def person_for_request(person_id: uuid.UUID) -> Person | None:
    """The signed-in person with everything that an actor needs, in two statements: every request begins with them."""
    found = _persons(person_id)
    if not found:
        return None
    person = found[0]
    person.rights = rights_of(person)
    return person


RIGHTS = """
SELECT 'role', role FROM directory_roleassignment WHERE person_id = %s
UNION ALL SELECT 'capacity', capacity FROM directory_tenantcapacity WHERE tenant_id = %s
UNION ALL SELECT 'suspended', capacity FROM directory_suspension WHERE tenant_id = %s AND lifted_at IS NULL
"""


def rights_of(person: Person) -> Rights:
    """The roles of the person and the capacities of the organisation, as they are now."""
    own, tenant = (
        Person._meta.pk.get_db_prep_value(key, connection) for key in (person.pk, person.tenant_id)
    )
    found: dict[str, set[str]] = {"role": set(), "capacity": set(), "suspended": set()}
    with connection.cursor() as cursor:
        cursor.execute(RIGHTS, [own, tenant, tenant])
        for kind, value in cursor.fetchall():
            found[kind].add(value)
    return Rights(
        roles=frozenset(map(Role, found["role"])),
        capacities=frozenset(map(Capacity, found["capacity"])),
        suspended=frozenset(map(Capacity, found["suspended"])),
    )


def bystander_for(tenant: Tenant, *, kind: str, language: str = "") -> Bystander:
    """The holder of a mailed link, the worker or the command line, acting on this tenant's objects."""
    return Bystander(
        kind=kind,
        tenant_id=tenant.pk,
        family_id=tenant.family_id,
        now=tenant.family.clock.now(),
        language=language or tenant.language,
    )
