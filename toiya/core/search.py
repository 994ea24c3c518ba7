"""The first hits along a long list on PostgreSQL, each step bounded (docs/adr, "Search by pairs of characters")."""

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Statement = tuple[str, Sequence[Any]] | None  # SQL and its parameters; None where there is no row
FIRST_WALK = 1_000
LONG_WALK = 10_000
FREQUENT = 10
# The hits among the next so many rows; the database stops where it has enough of them.
# strpos, because LIKE takes several times as long for Japanese text.
WALK = """
SELECT passed.id FROM ({window}) AS passed WHERE strpos(passed.sought, %s) > 0 ORDER BY {order} LIMIT %s
"""


def first_hits(
    walked: Callable[[int], Statement],
    order: Sequence[str],
    folded: str,
    wanted: int,
    *,
    look_up: Callable[[], QuerySet[Any]],
    sample: Callable[[int], Statement] | None = None,
) -> list[uuid.UUID]:
    """The keys of the first rows whose annotation ``sought`` contains the text. Frequent texts are found by walking
    along the list; for rare ones ``look_up`` gives the hits of an index, in the order of the list.

    ``walked``: so many rows of the list, in its order. Its beginning says how frequent a text is. Where it does not,
    because the list is ordered by the names themselves, ``sample`` says so: rows in the order of their random keys.
    """
    found = _walk(walked(FIRST_WALK), order, folded, wanted)
    if len(found) == wanted:
        return found
    seen = found if sample is None else _walk(sample(FIRST_WALK), ("id",), folded, FREQUENT)
    if len(seen) >= FREQUENT:
        found = _walk(walked(LONG_WALK), order, folded, wanted)
    return found if len(found) == wanted else list(look_up().values_list("pk", flat=True)[:wanted])


def _walk(statement: Statement, order: Sequence[str], folded: str, wanted: int) -> list[uuid.UUID]:
    """The keys of those among the rows of the statement that contain the text."""
    if statement is None:
        return []
    window, given = statement
    ways = (f"passed.{name.removeprefix('-')}{' DESC' if name.startswith('-') else ''}" for name in order)
    with connection.cursor() as cursor:
        cursor.execute(WALK.format(window=window, order=", ".join(ways)), [*given, folded, wanted])
        return [pk for (pk,) in cursor.fetchall()]
