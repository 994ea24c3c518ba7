"""Finding customers by two characters in a list of a million (docs/adr, "Search by pairs of characters").

By how the name or the domain begins they are found as well: then the list is in the order of these (API).

The answer is always what "contains" says, in the order of the list; only the way to it differs. A page of fifty rows
is found by walking along the list where hits are frequent, and by the index of character pairs where they are rare.
Each way is bounded, so that the page costs the same however long the list is. SQLite has no such index and walks.
"""

import datetime as dt
import sys
import uuid
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Expression, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, Concat

from toiya.core.actor import Actor
from toiya.core.pagination import PAGE_SIZE, Page, Place, place_in, rows_from, way_of
from toiya.core.prepared import prepared
from toiya.core.search import Passed, Walk, first_hits, is_among
from toiya.core.text import fold, name_key
from toiya.customers.relationships import must_be_partnered, shared_relationships
from toiya.directory.models import Domain
from toiya.relations.models import ResellerRelationshipQuerySet
from toiya.relations.search import Text, keys_by_chance, that_contain

ORDER = ("customer_sort_key", "id")
LAST_LETTER = chr(sys.maxunicode)
FIRST_SURROGATE, AFTER_SURROGATES = 0xD800, 0xE000


class Line(NamedTuple):
    """One customer in the list: what the page shows of it, read by one statement and nothing else. ``sort_key`` is what
    the list is ordered by.
    """

    id: uuid.UUID
    customer_id: uuid.UUID
    sort_key: str
    name: str
    latin_name: str
    domain: str
    since: dt.datetime
    origin: str
    origin_note: str
    channel: str


Rows = ResellerRelationshipQuerySet
COLUMNS = (
    "id",
    "customer_id",
    "key",
    "customer__name",
    "customer__latin_name",
    "domain",
    "since",
    "origin",
    "origin_note",
    "channel",
)


def page_of_customers(
    actor: Actor,
    *,
    search: str = "",
    name_begins: str = "",
    domain_begins: str = "",
    reseller_id: uuid.UUID | None = None,
    provider_id: uuid.UUID | None = None,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[Line]:
    """One page of the actor's customers. A broken cursor shows the first page. Raises NotVisible
    (``live_relationships``).
    """
    must_be_partnered(actor, reseller_id=reseller_id, provider_id=provider_id)
    name, domain, folded = name_key(name_begins), fold(domain_begins), fold(search)
    if name or domain:
        everybody = shared_relationships(actor, reseller_id, provider_id)
        return _page_by_beginning(everybody, name, domain, cursor, size)
    place = place_in(cursor, str, uuid.UUID)
    if not folded:
        rows: Iterable[tuple[Any, ...]] = _everybody(actor, reseller_id, provider_id, place, size + 1)
    else:
        place = Place() if place.is_back else place  # hits are sought in one direction
        text = Text.of(actor.tenant_id, folded)
        rows = _found(Sought(actor, reseller_id, provider_id, place, text, size + 1))
    return place.page(list(map(Line._make, rows)), size, _place)


def _page_by_beginning(everybody: Rows, name: str, domain: str, cursor: str, size: int) -> Page[Line]:
    """In the order of the name, or else of the domain: a piece of one index, however long the list is and however
    frequent the beginning.
    """
    rows = _beginning(_beginning(everybody, "customer_name_key", name), "customer_domain", domain)
    first = "customer_name_key" if name else "customer_domain"
    return _page(rows, (first, "id"), cursor, size)


def _page(rows: Rows, order: tuple[str, str], cursor: str, size: int) -> Page[Line]:
    way = way_of(rows, order, cursor)
    return way.page(_lines(way.rows[: size + 1], order=order[0]), size, _place)


def _place(line: Line) -> tuple[object, ...]:
    return line.sort_key, line.id


def _beginning(rows: Rows, field: str, text: str) -> Rows:
    """Those whose column begins with the text: from it up to, but not including, what follows all its continuations."""
    if not text:
        return rows
    rows = rows.filter(**{f"{field}__gte": text})
    head = text.rstrip(LAST_LETTER)
    if not head:
        return rows
    following = ord(head[-1]) + 1
    if following == FIRST_SURROGATE:
        following = AFTER_SURROGATES
    return rows.filter(**{f"{field}__lt": head[:-1] + chr(following)})


@prepared
def _everybody(
    actor: Actor, reseller_id: uuid.UUID | None, provider_id: uuid.UUID | None, place: Place, most: int
) -> QuerySet[Any, tuple[Any, ...]]:
    everybody = shared_relationships(actor, reseller_id, provider_id)
    return _columns(rows_from(everybody, ORDER, place))[:most]


def _lines(rows: Rows, *, order: str = ORDER[0]) -> Sequence[Line]:
    """What the page shows of these rows."""
    return list(map(Line._make, _columns(rows, order=order)))


def _columns(rows: Rows, *, order: str = ORDER[0]) -> QuerySet[Any, tuple[Any, ...]]:
    """The rows as lines are made of them."""
    named = Domain.objects.filter(tenant=OuterRef("customer_id"), is_primary=True).values("name")[:1]
    domain = Coalesce(Subquery(named), Value(""))
    return rows.annotate(domain=domain, key=F(order)).values_list(*COLUMNS)


class Sought(NamedTuple):
    """What is looked for where: in the rest of the list beyond the place."""

    actor: Actor
    reseller_id: uuid.UUID | None
    provider_id: uuid.UUID | None
    place: Place
    text: Text
    wanted: int

    @property
    def rest(self) -> Rows:
        """What is beyond the place, in the order of the list."""
        everybody = shared_relationships(self.actor, self.reseller_id, self.provider_id)
        return rows_from(everybody, ORDER, self.place)

    def lines(self, keys: Expression | Subquery) -> QuerySet[Any, tuple[Any, ...]]:
        """The lines of these of the actor's relationships, in the order of the list."""
        return _columns(shared_relationships(self.actor).filter(is_among(keys)).order_by(*ORDER))


def _found(sought: Sought) -> Sequence[tuple[Any, ...]]:
    """The first hits of the rest of the list."""
    if connection.vendor != "postgresql":
        return list(_columns(that_contain(sought.rest, sought.text))[: sought.wanted])
    return first_hits(sought.wanted, walk=partial(_passed, sought), look_up=partial(_looked_up, sought))


@prepared
def _passed(sought: Sought, walk: Walk) -> QuerySet[Any, tuple[Any, ...]]:
    rows = sought.rest.annotate(sought=F("customer_search_key")).values(*ORDER, "sought")
    sample, folded = keys_by_chance(sought.actor), sought.text.folded
    return sought.lines(Passed(walk, rows, order=ORDER, sample=sample, folded=folded, wanted=sought.wanted))


@prepared
def _looked_up(sought: Sought) -> QuerySet[Any, tuple[Any, ...]]:
    # The order is computed, so that nobody walks along the list for it.
    hits = that_contain(sought.rest, sought.text).order_by(Concat("customer_sort_key", Value("")), "id")
    return sought.lines(Subquery(hits.values("pk")[: sought.wanted]))
