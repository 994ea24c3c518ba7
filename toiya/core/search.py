"""The first hits along a long list on PostgreSQL, each step bounded (docs/adr, "Search by pairs of characters")."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

FIRST_WALK = 1_000
LONG_WALK = 10_000
FREQUENT = 10
# How many rows were passed, and which of them contain what is sought; a first column alone says that none does.
# strpos, because LIKE takes several times as long for Japanese text.
WALK = """
WITH passed AS ({window})
SELECT (SELECT count(*) FROM passed), hit.id FROM (SELECT 1) AS always
LEFT JOIN (SELECT id FROM passed WHERE strpos(sought, %s) > 0 ORDER BY {order} LIMIT %s) AS hit ON TRUE
"""


def first_hits(
    rest: QuerySet[Any],
    order: Sequence[str],
    folded: str,
    wanted: int,
    *,
    look_up: Callable[[], QuerySet[Any]],
) -> list[uuid.UUID]:
    """The keys of the first rows whose annotation ``sought`` contains the text. Frequent texts are found by walking
    along the list; for rare ones ``look_up`` gives the hits of an index, in the order of the list.
    """
    found, is_all = _walk(rest, order, folded, wanted, FIRST_WALK)
    if FREQUENT <= len(found) < wanted and not is_all:
        # As far as the page should reach if the list goes on as it began, and half as far again.
        steps = FIRST_WALK * wanted * 3 // (len(found) * 2)
        found, is_all = _walk(rest, order, folded, wanted, min(steps, LONG_WALK))
    if is_all or len(found) == wanted:
        return found
    return list(look_up().values_list("pk", flat=True)[:wanted])


def _walk(
    rest: QuerySet[Model], order: Sequence[str], folded: str, wanted: int, steps: int
) -> tuple[list[uuid.UUID], bool]:
    """The hits among the next so many rows of the list, and whether the list ends with them."""
    fields = {name.removeprefix("-"): " DESC" if name.startswith("-") else "" for name in order}
    window, given = rest.order_by(*order).values(*fields, "sought")[:steps].query.sql_with_params()
    sql = WALK.format(window=window, order=", ".join(name + way for name, way in fields.items()))
    with connection.cursor() as cursor:
        cursor.execute(sql, [*given, folded, wanted])
        rows = cursor.fetchall()
    return [pk for _passed, pk in rows if pk is not None], rows[0][0] < steps
