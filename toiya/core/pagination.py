"""Pages by key, never by offset: the thousandth page costs what the first one does."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import Model, Q, QuerySet

T = TypeVar("T", bound=Model)
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
    return condition


def page_by_key(
    rows: QuerySet[T],
    *,
    fields: Sequence[str],
    cursor: str = "",
    size: int = PAGE_SIZE,
    descending: bool = False,
    key: Callable[[T], Sequence[object]] | None = None,
) -> Page[T]:
    """One page in the order of ``fields`` (the last of them unique). A broken cursor shows the first page."""
    values = _read(cursor, len(fields))
    if values is not None:
        rows = rows.filter(_after(fields, values, descending=descending))
    sign = "-" if descending else ""
    found = list(rows.order_by(*(sign + name for name in fields))[: size + 1])
    shown = found[:size]
    following = ""
    if len(found) > size:
        last = key(shown[-1]) if key else [_value(shown[-1], name) for name in fields]
        following = _write(last)
    return Page(shown, following, values is None)


def _value(row: Model, path: str) -> object:
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name)
    return value


def _write(values: Sequence[object]) -> str:
    text = json.dumps([str(value) for value in values], ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def _read(cursor: str, count: int) -> list[str] | None:
    try:
        values = json.loads(
            base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        )
    except (binascii.Error, ValueError):
        return None
    if not isinstance(values, list) or len(values) != count or not all(isinstance(v, str) for v in values):
        return None
    return values
