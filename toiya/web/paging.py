"""Links between the pages of a long list. The way back stands in the address; nothing is counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from toiya.core.pagination import Page

TRAIL = 40
SEPARATOR = "."


@dataclass(frozen=True, slots=True)
class Pager:
    """What the tag ``pager`` shows."""

    previous_url: str
    next_url: str


def cursor_of(request: HttpRequest) -> str:
    """Where the page begins that the reader asks for."""
    return request.GET.get("after", "")


def pager_of(request: HttpRequest, page: Page[Any]) -> Pager:
    """The links to the page before and the page after, with the filters of this one."""
    here = cursor_of(request)
    trail = [part for part in request.GET.get("trail", "").split(SEPARATOR) if part]
    following = {"after": page.next_cursor, "trail": SEPARATOR.join([*trail, here][-TRAIL:]).strip(SEPARATOR)}
    before = {"after": trail[-1] if trail else "", "trail": SEPARATOR.join(trail[:-1])}
    return Pager(
        previous_url="" if page.is_first else _url(request, before),
        next_url=_url(request, following) if page.next_cursor else "",
    )


def _url(request: HttpRequest, changes: Mapping[str, str]) -> str:
    query = request.GET.copy()
    for name, value in changes.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return f"?{query.urlencode()}" if query else request.path
