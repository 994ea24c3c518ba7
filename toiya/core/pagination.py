"""Pages by key, never by offset: the thousandth page costs what the first one does."""

import base64
import binascii
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from toiya.core.text import is_storable

S = TypeVar("S")
T = TypeVar("T")
M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])
PAGE_SIZE = 50
BACK = "<"  # no sign of a cursor's text: a cursor that begins with it asks for what stands before the row


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the page after them ('' where this is the last).

    ``is_first``: there is none before them; ``previous_cursor``: its cursor, where the list can be read backwards.
    """

    rows: Sequence[T]
    next_cursor: str
    is_first: bool
    previous_cursor: str = ""

    def showing(self, items: Sequence[S]) -> "Page[S]":
        """The same page, with these in the place of its rows."""
        return Page(items, self.next_cursor, self.is_first, self.previous_cursor)


class Place(NamedTuple):
    """Beyond which row a page is read (its values; none: from the edge of the list), and whether backwards."""

    values: tuple[object, ...] = ()
    is_back: bool = False

    def page(self, found: Sequence[T], size: int, key: Callable[[T], Sequence[object]]) -> Page[T]:
        """The page of what was read: ``size`` rows, and one more where the list goes on. ``key``: a row's values."""
        shown, goes_on, is_at_edge = list(found[:size]), len(found) > size, not self.values
        if self.is_back:
            shown.reverse()
        is_first, is_last = (not goes_on, is_at_edge) if self.is_back else (is_at_edge, not goes_on)
        if not shown:
            return Page(shown, "", is_first, BACK)
        following = "" if is_last else cursor_of_values(*key(shown[-1]))
        return Page(shown, following, is_first, BACK + cursor_of_values(*key(shown[0])))


@dataclass(frozen=True, slots=True)
class Way(Generic[Rows]):
    """From where a page is read, and in which direction. ``rows`` stand in the order of reading, backwards the reverse
    of the list's.
    """

    rows: Rows
    place: Place

    def page(self, found: Sequence[T], size: int, key: Callable[[T], Sequence[object]]) -> Page[T]:
        """The page of what was read: ``size`` rows, and one more where the list goes on. ``key``: a row's values."""
        return self.place.page(found, size, key)


def _condition(fields: Sequence[str], values: Sequence[object], *, is_down: bool) -> Q:
    """(a, b) > (x, y) in words that both databases index."""
    step = "lt" if is_down else "gt"
    condition = Q()
    for index, name in enumerate(fields):
        same = {earlier: values[i] for i, earlier in enumerate(fields[:index])}
        condition |= Q(**same, **{f"{name}__{step}": values[index]})
    # The first field's bound alone is what an index begins with; without it the whole list before would be read.
    return Q(**{f"{fields[0]}__{step}e": values[0]}) & condition


def way_of(rows: Rows, fields: Sequence[str], cursor: str, *, descending: bool = False) -> Way[Rows]:
    """What follows the cursor (without one: the list from its beginning), or what stands before it (where it names no
    row: the list from its end). A broken cursor is none.
    """
    is_back = cursor.startswith(BACK)
    rest = _beyond(rows, fields, cursor.removeprefix(BACK), is_down=descending is not is_back)
    is_back = is_back and (rest is not rows or cursor == BACK)
    ordered = rows_from(rest, fields, Place((), is_back), descending=descending)
    return Way(ordered, Place(() if rest is rows else (cursor,), is_back))


def rows_from(rows: Rows, fields: Sequence[str], place: Place, *, descending: bool = False) -> Rows:
    """The rows beyond the place, in the order of reading."""
    is_down = descending is not place.is_back
    if place.values:
        rows = rows.filter(_condition(fields, place.values, is_down=is_down))
    sign = "-" if is_down else ""
    return rows.order_by(*(sign + name for name in fields))


def place_in(cursor: str, *kinds: Callable[[str], object]) -> Place:
    """The place that a cursor names, its values read as what they are. A broken cursor is none."""
    is_back = cursor.startswith(BACK)
    told = values_of_cursor(cursor.removeprefix(BACK), len(kinds))
    try:
        values = tuple(kind(text) for kind, text in zip(kinds, told or (), strict=told is not None))
    except ValueError:
        values = ()
    return Place(values, is_back and (bool(values) or cursor == BACK))


def instant(text: str) -> dt.datetime:
    """A cursor's instant. Raises ValueError for one that no row can have: without a zone, or beyond the calendar."""
    read = dt.datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(text)
    try:
        return read.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(text) from error


def page_by_key(
    rows: QuerySet[M],
    *,
    fields: Sequence[str],
    cursor: str = "",
    size: int = PAGE_SIZE,
    descending: bool = False,
    key: Callable[[M], Sequence[object]] | None = None,
) -> Page[M]:
    """One page in the order of ``fields`` (the last of them unique). A broken cursor shows the first page."""
    way = way_of(rows, fields, cursor, descending=descending)
    values = key or (lambda row: [_value(row, name) for name in fields])
    return way.page(list(way.rows[: size + 1]), size, values)


def _beyond(rows: Rows, fields: Sequence[str], cursor: str, *, is_down: bool) -> Rows:
    values = values_of_cursor(cursor, len(fields))
    if values is None:
        return rows
    try:
        return rows.filter(_condition(fields, values, is_down=is_down))
    except (ValueError, ValidationError):  # a text where the field holds a number, an id or a moment
        return rows


def _value(row: Model, path: str) -> object:
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name)
    return value


def cursor_of_values(*values: object) -> str:
    """The cursor of the page that begins after the row with these values."""
    text = json.dumps([str(value) for value in values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def values_of_cursor(cursor: str, count: int) -> list[str] | None:
    """The values that a cursor holds; None for none, or a broken one."""
    try:
        values = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(values, list) or len(values) != count:
        return None
    return values if all(isinstance(value, str) and is_storable(value) for value in values) else None
