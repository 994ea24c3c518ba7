"""Long lists in pages, as clients ask for them (conventions.md section 6)."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Call, OffsetQuery, SeekQuery
from toiya.api.wire import Collection, Header, Link, Links, SeekCollection
from toiya.core.pagination import Page

R = TypeVar("R")
T = TypeVar("T")
USUAL = 100
MOST = 500


def size_of(query: SeekQuery | OffsetQuery, *, usual: int = USUAL, most: int = MOST) -> int:
    """How many rows a page has: what was asked for, at most ``most``; 0 and nothing mean the usual number.

    Raises WireError (800002) for a negative one.
    """
    if query.size is None or query.size == 0:
        return usual
    if query.size < 0:
        raise WireError(400, 800002, _not_negative("size", query.size), "size", str(query.size))
    return min(query.size, most)


def place_of(call: Call, query: SeekQuery) -> str:
    """Where the page begins: after the last one (Next, with its token), or at the list's beginning (First).

    Raises WireError (800002) for another way, and for Next without a token.
    """
    way = (query.seek_operation or "").lower()
    if way in {"", "first"}:
        return call.continuation if way == "" else ""
    if way != "next":
        text = _("seekOperation is “%(found)s”; it must be First or Next.") % {"found": query.seek_operation}
        raise WireError(400, 800002, text, "seekOperation")
    if not call.continuation:
        text = _("seekOperation Next needs the header MS-ContinuationToken of the last page.")
        raise WireError(400, 800002, text, "seekOperation")
    return call.continuation


def seek_collection(
    page: Page[R], item: Callable[[R], T], *, at: str, size: int | None = None, **kept: object
) -> SeekCollection[T]:
    """The page as clients read it; ``kept``: what the next page must be asked with again."""
    items = [item(row) for row in page.rows]
    given = {name: value for name, value in {"size": size, **kept}.items() if value not in {None, ""}}
    links = Links(self=Link(uri=_at(at, given)))
    if page.next_cursor:
        links.next = Link(
            uri=_at(at, {**given, "seekOperation": "Next"}),
            headers=[Header(key="MS-ContinuationToken", value=page.next_cursor)],
        )
    return SeekCollection(
        total_count=len(items), items=items, continuation_token=page.next_cursor or None, links=links
    )


def offset_collection(
    rows: Sequence[R],
    item: Callable[[R], T],
    query: OffsetQuery,
    *,
    at: str,
    usual: int = USUAL,
    **kept: object,
) -> Collection[T]:
    """A page of a list that is short enough to be counted from its beginning."""
    size, start = size_of(query, usual=usual), query.offset or 0
    if start < 0:
        raise WireError(400, 800002, _not_negative("offset", start), "offset", str(start))
    items = [item(row) for row in rows[start : start + size]]
    given = {name: value for name, value in {"size": query.size, **kept}.items() if value not in {None, ""}}
    links = Links(self=Link(uri=_at(at, {**given, "offset": start} if start else given)))
    if start + size < len(rows):
        links.next = Link(uri=_at(at, {**given, "size": size, "offset": start + size}))
    return Collection(total_count=len(items), items=items, links=links)


def _at(address: str, given: dict[str, object]) -> str:
    return f"{address}?{urlencode(given)}" if given else address


def _not_negative(name: str, found: int) -> str:
    return _("%(name)s is %(found)s; it must be 0 or more.") % {"name": name, "found": found}
