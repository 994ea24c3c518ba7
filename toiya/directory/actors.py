"""Who is acting, read from the database at each request."""

import datetime as dt
import uuid
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Func, OuterRef, QuerySet, Subquery, TextField
from django.db.models.sql.compiler import SQLCompiler

from toiya.core.actor import Actor, Bystander
from toiya.core.permissions import Capacity, Role
from toiya.core.prepared import prepared
from toiya.directory.models import Person, Rights, RoleAssignment, Suspension, Tenant, TenantCapacity


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


class _Joined(Func):
    """The words of all rows in one text, with spaces between; null where there are no rows."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ' ')"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        """SQLite has another name for it."""
        return self.as_sql(compiler, connection, function="GROUP_CONCAT", **context)


def _words(rows: QuerySet[Any], column: str) -> Subquery:
    return Subquery(rows.values(words=_Joined(column, output_field=TextField())))


def held_by(person: str, tenant: str) -> dict[str, Subquery]:
    """What ``rights_in`` reads: annotations of a row in which these fields name somebody and their organisation."""
    open_ = Suspension.objects.filter(tenant_id=OuterRef(tenant), lifted_at__isnull=True)
    return {
        "held_roles": _words(RoleAssignment.objects.filter(person_id=OuterRef(person)), "role"),
        "held_capacities": _words(TenantCapacity.objects.filter(tenant_id=OuterRef(tenant)), "capacity"),
        "held_suspensions": _words(open_, "capacity"),
    }


def rights_in(row: Any) -> Rights:  # noqa: ANN401  (a row with the annotations of ``held_by``)
    """The roles of the person and the capacities of the organisation, as they are now."""
    return Rights(
        roles=frozenset(map(Role, (row.held_roles or "").split())),
        capacities=frozenset(map(Capacity, (row.held_capacities or "").split())),
        suspended=frozenset(map(Capacity, (row.held_suspensions or "").split())),
    )


@prepared
def _persons(person_id: uuid.UUID) -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.objects.filter(pk=person_id)
    return rows.select_related("tenant__family").annotate(**held_by("pk", "tenant_id"))


def person_for_request(person_id: uuid.UUID) -> Person | None:
    """The person with everything that an actor needs, in one statement."""
    for person in _persons(person_id):
        person.rights = rights_in(person)
        return person
    return None


@prepared
def _accounts(person_id: uuid.UUID) -> QuerySet[Person]:
    rows: QuerySet[Person] = Person.accounts.filter(pk=person_id)
    return rows.annotate(**held_by("pk", "tenant_id"))


def rights_of(person: Person) -> Rights:
    """The same of an account that was read otherwise; also of an application."""
    return rights_in(_accounts(person.pk)[0])


def bystander_for(tenant: Tenant, *, kind: str, language: str = "") -> Bystander:
    """The holder of a mailed link, the worker or the command line, acting on this tenant's objects."""
    return Bystander(
        kind=kind,
        tenant_id=tenant.pk,
        family_id=tenant.family_id,
        now=tenant.family.clock.now(),
        language=language or tenant.language,
    )
