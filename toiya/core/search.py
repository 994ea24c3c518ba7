"""The first hits along a long list on PostgreSQL, each step bounded (docs/adr, "Search by pairs of characters")."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

FIRST_WALK = 1_000
LONG_WALK = 10_000
FREQUENT = 10
# The hits among the next so many rows; the database stops where it has enough of them.
# strpos, because LIKE takes several times as long for Japanese text.
WALK = """
SELECT passed.id FROM ({window}) AS passed WHERE strpos(passed.sought, %s) > 0 ORDER BY {order} LIMIT %s
"""


def first_hits(
    rest: QuerySet[Any],
    order: Sequence[str],
    folded: str,
    wanted: int,
    *,
    look_up: Callable[[], QuerySet[Any]],
    sample: QuerySet[Any] | None = None,
) -> list[uuid.UUID]:
    """The keys of the first rows whose annotation ``sought`` contains the text. Frequent texts are found by walking
    along the list; for rare ones ``look_up`` gives the hits of an index, in the order of the list.

    The beginning of the list says how frequent a text is. Where it does not, because the list is ordered by the names
    themselves, ``sample`` says so: its rows in the order of their random keys.
    """
    found = _walk(rest, order, folded, wanted, FIRST_WALK)
    if len(found) == wanted:
        return found
    seen = found if sample is None else _walk(sample, ("id",), folded, FREQUENT, FIRST_WALK)
    if len(seen) >= FREQUENT:
        found = _walk(rest, order, folded, wanted, LONG_WALK)
    return found if len(found) == wanted else list(look_up().values_list("pk", flat=True)[:wanted])


def _walk(
    rest: QuerySet[Model], order: Sequence[str], folded: str, wanted: int, steps: int
) -> list[uuid.UUID]:
    fields = {name.removeprefix("-"): " DESC" if name.startswith("-") else "" for name in order}
    window, given = rest.order_by(*order).values(*fields, "sought")[:steps].query.sql_with_params()
    sql = WALK.format(window=window, order=", ".join(f"passed.{name}{way}" for name, way in fields.items()))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*given, folded, wanted])
        return [pk for (pk,) in cursor.fetchall()]
