"""One order over three tables: each gives its part of the page, and the page is cut from all of them."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from toiya.core.pagination import values_of_cursor

PARTS = 2


@dataclass(frozen=True, slots=True, order=True)
class At:
    """A row of one of the tables, by its moment and its id."""

    at: dt.datetime
    id: uuid.UUID
    kind: str

    @classmethod
    def read(
        cls,
        kind: str,
        rows: QuerySet[Any],
        moment: str,
        place: tuple[dt.datetime, uuid.UUID] | None,
        size: int,
        *,
        is_descending: bool,
    ) -> Iterable["At"]:
        """The first rows after the place, in one statement."""
        if place is not None:
            step = "lt" if is_descending else "gt"
            at, pk = place
            rows = rows.filter(Q(**{f"{moment}__{step}": at}) | Q(**{moment: at, f"pk__{step}": pk}))
        sign = "-" if is_descending else ""
        found = rows.order_by(f"{sign}{moment}", f"{sign}pk").values_list(moment, "pk")[:size]
        return [cls(at, pk, kind) for at, pk in found]


def place_in(cursor: str) -> tuple[dt.datetime, uuid.UUID] | None:
    """The place that a cursor names; None for none, or a broken one: the list's beginning."""
    values = values_of_cursor(cursor, PARTS)
    if values is None:
        return None
    try:
        at = dt.datetime.fromisoformat(values[0])
        return (at if at.tzinfo else at.replace(tzinfo=dt.UTC)).astimezone(dt.UTC), uuid.UUID(values[1])
    except (ValueError, OverflowError):
        return None
