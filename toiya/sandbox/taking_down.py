"""Organisations of a sandbox go, with every row that belongs to them, hangs on one of theirs, or names them.

Written against the tables themselves, so that a table added tomorrow is not forgotten: what refers to a row that goes,
goes first. Whatever leads out of the sandbox is refused: production rows are never in reach.
"""

import graphlib
import uuid
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, models, transaction
from django.db.models import ForeignKey, Q, UUIDField

from toiya.directory.models import Family, Tenant
from toiya.sandbox.models import Sandbox

Table = type[models.Model]
Keys = set[object]
CHUNK = 5000
BARE_NAMES = frozenset({"tenant_id", "provider_id", "reseller_id", "customer_id", "answered_by_tenant_id"})
KEPT = frozenset({"audit.AuditRecord", "audit.ChainLink", "audit.Checkpoint"})


class LeadsOutside(Exception):
    """A row of a real organisation would go with the sandbox: a fault of the program, and nothing has gone."""


@transaction.atomic
def take_down(roots: dict[Table, set[uuid.UUID]]) -> int:
    """These organisations or families, which are all of sandboxes, and everything below. Says how many rows."""
    _must_be_of_sandboxes(roots)
    going: dict[Table, Keys] = {table: set(keys) for table, keys in roots.items()}
    tenants = going.get(Tenant, set())
    for table in tables():
        going.setdefault(table, set()).update(_hanging_on(table, going, tenants))
    for table in tables():
        _must_be_made_up(table, going[table])
    for table in reversed(tables()):
        for keys in _chunks(going[table]):
            rows = table._base_manager.filter(pk__in=keys)
            rows._raw_delete(DEFAULT_DB_ALIAS)  # noqa: SLF001  (no cascade: this module knows what goes)
    return sum(map(len, going.values()))


@cache
def tables() -> tuple[Table, ...]:
    """Every table that something can hang on, parents first; the log stays."""
    models_ = [model for model in apps.get_models(include_auto_created=True) if model._meta.label not in KEPT]
    parents = {
        model: {parent for _name, parent in references(model) if parent is not model} for model in models_
    }
    return tuple(graphlib.TopologicalSorter(parents).static_order())


def references(table: Table) -> list[tuple[str, Table]]:
    """The columns that lead to other tables; those within the table last."""
    found = [
        (field.name, field.related_model)
        for field in table._meta.concrete_fields
        if isinstance(field, ForeignKey) and isinstance(field.related_model, type)
    ]
    return sorted(found, key=lambda reference: reference[1] is table)


def bare_names(table: Table) -> list[str]:
    """The columns that name an organisation by a bare id: folders below the directory do, and what others answered."""
    own = table._meta.concrete_fields
    return [field.name for field in own if isinstance(field, UUIDField) and field.name in BARE_NAMES]


def _hanging_on(table: Table, going: dict[Table, Keys], tenants: Keys) -> Keys:
    found: Keys = set()
    for name in bare_names(table):
        found |= _found(table, f"{name}__in", tenants)
    for name, parent in references(table):
        if parent is not table:
            found |= _found(table, f"{name}__in", going[parent])
            continue
        newest = found | going[table]
        while newest := _found(table, f"{name}__in", newest) - found:
            found |= newest
    return found


def _found(table: Table, condition: str, keys: Iterable[object]) -> Keys:
    rows = table._base_manager.all()
    return {
        key
        for some in _chunks(keys)
        for key in rows.filter(Q(**{condition: some})).values_list("pk", flat=True)
    }


def _chunks(keys: Iterable[object]) -> Iterator[list[object]]:
    rest = iter(keys)
    while some := list(islice(rest, CHUNK)):
        yield some


def _must_be_of_sandboxes(roots: dict[Table, set[uuid.UUID]]) -> None:
    families = Family.objects.filter(pk__in=roots.get(Family, set()), is_sandbox=False)
    tenants = Tenant.objects.filter(pk__in=roots.get(Tenant, set()), family__is_sandbox=False)
    if families.exists() or tenants.exists():
        raise LeadsOutside


def _must_be_made_up(table: Table, keys: Keys) -> None:
    """No row that goes names a real organisation, but for the sandbox itself, which names its maker."""
    if table is Sandbox:
        return
    for name, parent in references(table):
        inside = {Tenant: "__family__is_sandbox", Family: "__is_sandbox"}.get(parent)
        if inside is not None:
            for some in _chunks(keys):
                if table._base_manager.filter(pk__in=some, **{f"{name}{inside}": False}).exists():
                    raise LeadsOutside
