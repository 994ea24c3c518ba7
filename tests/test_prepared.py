"""Prepared questions answer with what their querysets answer (docs/adr, "Prepared questions")."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Length
from django.db.transaction import TransactionManagementError

from tests.cast import Cast
from toiya.core.prepared import prepared
from toiya.directory.models import Person, Session

KINDS: dict[str, Callable[[], QuerySet[Any, Any]]] = {
    "objects": lambda: Person.objects.order_by("user_name"),
    "objects with what they name": lambda: Person.objects.select_related("tenant__family").order_by(
        "user_name"
    ),
    "objects that name nothing": lambda: Session.objects.select_related("person__tenant"),
    "objects without some columns": lambda: Person.objects.only("name", "tenant").order_by("user_name"),
    "objects with annotations": lambda: Person.objects.annotate(
        held=Count("role_assignments"), letters=Length("name")
    ).order_by("user_name"),
    "tuples": lambda: Person.objects.order_by("user_name").values_list("id", "name", "created_at"),
    "named tuples": lambda: Person.objects.order_by("user_name").values_list(
        "id", "created_at", F("tenant__name"), named=True
    ),
    "dictionaries": lambda: (
        Person.objects.annotate(letters=Length("name")).order_by("user_name").values("letters", "id")
    ),
    "values": lambda: Person.objects.order_by("user_name").values_list("id", flat=True),
    "tuples ordered by something else": lambda: (
        Person.objects.order_by("name", "user_name").values_list("tenant_id", "language").distinct()
    ),
}


def content_of(row: object) -> object:
    """Everything that a row tells, with what it brought along."""
    if not isinstance(row, Person | Session):
        return (getattr(row, "_fields", type(row)), row)
    told = {name: value for name, value in vars(row).items() if name != "_state"}
    along = {name: content_of(other) for name, other in row._state.fields_cache.items() if other}
    return (type(row), told, row._state.db, row._state.adding, sorted(row._state.fields_cache), along)


@pytest.mark.parametrize("kind", KINDS)
def test_rows_are_what_the_queryset_makes_of_them(cast: Cast, kind: str) -> None:
    """Planted faults: annotations forgotten; columns of the order left in the row; no converters (SQLite)."""
    Session.objects.create(session_key="a" * 32, session_data="", expire_date=cast.kai.created_at)
    ask = prepared(KINDS[kind])

    wanted = [content_of(row) for row in KINDS[kind]()]

    assert wanted
    assert [content_of(row) for row in ask()] == wanted
    assert [content_of(row) for row in ask()] == wanted, "also the second time"


@pytest.mark.django_db
def test_what_cannot_be_prepared_says_so() -> None:
    with pytest.raises(TypeError, match="prefetch_related"):
        prepared(lambda: Person.objects.prefetch_related("role_assignments"))()


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_inside_a_transaction_only() -> None:
    with pytest.raises(TransactionManagementError):
        prepared(Person.objects.select_for_update)()
