"""Pages by key, never by offset: the thousandth page costs what the first one does."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model, Q, QuerySet

from toiya.core.text import is_storable

T = TypeVar("T")
M = TypeVar("M", bound=Model)
Rows = TypeVar("Rows", bound=QuerySet[Any])
PAGE_SIZE = 50


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the page after them ('' where this is the last)."""

    rows: Sequence[T]
    next_cursor: str
    is_first: bool


def _after(fields: Sequence[str], values: Sequence[object], *, descending: bool) -> Q:
    """(a, b) > (x, y) in words that both databases index."""
    step = "lt" if descending else "gt"
    condition = Q()
    for index, name in enumerate(fields):
        same = {earlier: values[i] for i, earlier in enumerate(fields[:index])}
        condition |= Q(**same, **{f"{name}__{step}": values[index]})
    # The first field's bound alone is what an index begins with; without it the whole list before would be read.
    return Q(**{f"{fields[0]}__{step}e": values[0]}) & condition


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
    start = rows
    rows = after_cursor(rows, fields, cursor, descending=descending)
    sign = "-" if descending else ""
    found = list(rows.order_by(*(sign + name for name in fields))[: size + 1])
    shown = found[:size]
    following = ""
    if len(found) > size:
        following = cursor_of_values(*key(shown[-1])) if key else cursor_after(shown[-1], fields)
    return Page(shown, following, rows is start)


def after_cursor(rows: Rows, fields: Sequence[str], cursor: str, *, descending: bool = False) -> Rows:
    """What follows the cursor; the same rows where there is none, or a broken one."""
    values = values_of_cursor(cursor, len(fields))
    if values is None:
        return rows
    try:
        return rows.filter(_after(fields, values, descending=descending))
    except (ValueError, ValidationError):  # a text where the field holds a number, an id or a moment
        return rows


def cursor_after(row: Model, fields: Sequence[str]) -> str:
    """The cursor of the page that begins after the row."""
    return cursor_of_values(*(_value(row, name) for name in fields))


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
