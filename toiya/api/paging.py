"""Long lists in pages, as clients ask for them (conventions.md section 6)."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.operations import Call, OffsetQuery, SeekQuery
from toiya.api.wire import Collection, Header, Link, Links, SeekCollection
from toiya.core.pagination import BACK, Page

R = TypeVar("R")
T = TypeVar("T")
USUAL = 100
MOST = 500
BETWEEN = "."  # no sign of a cursor's text
WAYS = ("", "next", "previous", "first", "last")


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
    """Where the page is: after the page of the token (Next), before it (Previous), at the list's beginning (First), at
    its end (Last).

    Raises WireError (800002) for another way, and for Next and Previous without a token. Where a page stands in the
    list is not counted, so that PageIndex has no answer.
    """
    way, token = (query.seek_operation or "").lower(), call.continuation
    if way not in WAYS:
        text = _("seekOperation is “%(found)s”; it must be %(ways)s.")
        ways = ", ".join(known.capitalize() for known in WAYS if known)
        values = {"found": query.seek_operation, "ways": ways}
        raise WireError(400, 800002, text % values, "seekOperation")
    if way in {"first", "last"}:
        return BACK if way == "last" else ""
    if way and not token:
        text = _("seekOperation %(way)s needs the header MS-ContinuationToken of a page.")
        raise WireError(400, 800002, text % {"way": way.capitalize()}, "seekOperation")
    first, _dot, last = token.rpartition(BETWEEN)
    return BACK + first if way == "previous" and BETWEEN in token else last


def seek_collection(
    page: Page[R], item: Callable[[R], T], *, at: str, size: int | None = None, **kept: object
) -> SeekCollection[T]:
    """The page as clients read it; ``kept``: what the pages beside it must be asked with again.

    One token names the page, by its first row and its last.
    """
    items = [item(row) for row in page.rows]
    given = {name: value for name, value in {"size": size, **kept}.items() if value not in {None, ""}}
    token = page.previous_cursor.removeprefix(BACK) + BETWEEN + page.next_cursor
    links = Links(self=Link(uri=_at(at, given)))
    if page.next_cursor:
        links.next = _beside("Next", token, at, given)
    if not page.is_first:
        links.previous = _beside("Previous", token, at, given)
    return SeekCollection(
        total_count=len(items),
        items=items,
        continuation_token=token if page.next_cursor else None,
        links=links,
    )


def _beside(way: str, token: str, at: str, given: dict[str, object]) -> Link:
    uri = _at(at, {**given, "seekOperation": way})
    return Link(uri=uri, headers=[Header(key="MS-ContinuationToken", value=token)])


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
    if start:
        links.previous = Link(uri=_at(at, {**given, "size": size, "offset": max(start - size, 0)}))
    return Collection(total_count=len(items), items=items, links=links)


def _at(address: str, given: dict[str, object]) -> str:
    return f"{address}?{urlencode(given)}" if given else address


def _not_negative(name: str, found: int) -> str:
    return _("%(name)s is %(found)s; it must be 0 or more.") % {"name": name, "found": found}
