"""Finding customers by two characters in a list of a million (docs/adr, "Search by pairs of characters").

The answer is always what "contains" says, in the order of the list; only the way to it differs. A page of fifty rows
is found by walking along the list where hits are frequent, and by the index of character pairs where they are rare.
Each way is bounded, so that the page costs the same however long the list is. SQLite has no such index and walks.
"""

import uuid
from collections.abc import Sequence

from django.db import connection
from django.db.models import BooleanField, QuerySet, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Concat

from toiya.core.actor import Actor
from toiya.core.pagination import PAGE_SIZE, Page, after_cursor, cursor_after
from toiya.core.text import fold
from toiya.customers.relationships import customers_of
from toiya.directory.models import Tenant
from toiya.relations.models import ResellerRelationship

ORDER = ("customer_sort_key", "id")
FIRST_WALK = 1_000
LONG_WALK = 10_000
FREQUENT = 5


def page_of_customers(
    actor: Actor,
    *,
    search: str = "",
    reseller_id: uuid.UUID | None = None,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Page[ResellerRelationship]:
    """One page of the actor's customers. A broken cursor shows the first page. Raises NotVisible (``customers_of``)."""
    everybody = customers_of(actor, reseller_id=reseller_id)
    rest = after_cursor(everybody, ORDER, cursor)
    folded = fold(search)
    found = _find(rest, folded, size + 1) if folded else _next(rest, size + 1)
    shown = found[:size]
    following = cursor_after(shown[-1], ORDER) if len(found) > size else ""
    return Page(shown, following, rest is everybody)


Rows = QuerySet[ResellerRelationship]


def _next(rest: Rows, wanted: int) -> Sequence[ResellerRelationship]:
    return list(rest.order_by(*ORDER)[:wanted])


def _find(rest: Rows, folded: str, wanted: int) -> Sequence[ResellerRelationship]:
    """The first hits of the rest of the list."""
    if connection.vendor != "postgresql":
        return list(rest.filter(customer__search_key__contains=folded).order_by(*ORDER)[:wanted])
    found = _walk(rest, folded, wanted, FIRST_WALK)
    if len(found) == wanted:
        return found
    is_short = rest.order_by()[: LONG_WALK + 1].count() <= LONG_WALK
    if is_short or len(found) >= FREQUENT:
        found = _walk(rest, folded, wanted, LONG_WALK)
        if is_short or len(found) == wanted:
            return found
    return _look_up(rest, folded, wanted)


def _walk(rest: Rows, folded: str, wanted: int, steps: int) -> Sequence[ResellerRelationship]:
    """The hits among the next so many rows of the list."""
    window = rest.select_related(None).prefetch_related(None).order_by(*ORDER).values("pk")[:steps]
    hits = rest.filter(pk__in=window, customer__search_key__contains=folded)
    return list(hits.order_by(*ORDER)[:wanted])


def _look_up(rest: Rows, folded: str, wanted: int) -> Sequence[ResellerRelationship]:
    """The hits by the index of character pairs; the order is computed, so that nobody walks along the list for it."""
    named = Tenant.objects.filter(
        RawSQL("toiya_grams(search_key) @> %s", [grams_of(folded)], output_field=BooleanField())
    )
    hits = rest.filter(customer__in=named.values("pk"), customer__search_key__contains=folded)
    return list(hits.order_by(Concat("customer_sort_key", Value("")), "id")[:wanted])


def grams_of(folded: str) -> list[str]:
    """The pairs of neighbouring characters; a single character stands for itself."""
    if len(folded) == 1:
        return [folded]
    return list(dict.fromkeys(folded[place : place + 2] for place in range(len(folded) - 1)))
