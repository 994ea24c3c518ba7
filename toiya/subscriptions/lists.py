"""Finding subscriptions: a partner's list, a customer's, and what the list of customers says about each."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Count, F, Min, OuterRef, Q, QuerySet, Subquery, Value

from toiya.catalogue.models import Sku, SkuKind, SkuLink, SkuLinkKind
from toiya.core.actor import Actor
from toiya.core.pagination import PAGE_SIZE, Page, Place, place_in, rows_from
from toiya.core.prepared import prepared
from toiya.core.search import first_hits
from toiya.core.text import fold
from toiya.membership.profiles import membership_ids_of
from toiya.programme.models import in_language
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.relations.search import that_contain
from toiya.subscriptions.models import (
    LIVE,
    Subscription,
    SubscriptionQuerySet,
    SubscriptionState,
    is_own_name,
)
from toiya.subscriptions.rights import managed_by

KEY = ("created_at", "id")
ORDER = ("-created_at", "-id")


def find_subscriptions(
    actor: Actor,
    *,
    search: str = "",
    state: str = "",
    product_id: uuid.UUID | None = None,
    reseller_id: uuid.UUID | None = None,
    ends_before: dt.date | None = None,
) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells, by customer (name, reading, domain), state, product, reseller of
    the chain, or end of term. ``live`` is every state that has not ended.
    """
    rows = managed_by(actor)
    folded = fold(search)
    if folded:
        rows = rows.filter(customer_id__in=_customers(actor, folded))
    if state == "live":
        rows = rows.live()
    elif state:
        rows = rows.filter(state=state)
    if product_id is not None:
        rows = rows.filter(sku__product_id=product_id)
    if reseller_id is not None:
        rows = rows.filter(reseller_id=reseller_id)
    if ends_before is not None:
        rows = rows.filter(term_end__lt=ends_before, state=SubscriptionState.ACTIVE)
    return rows.select_related("customer", "sku", "reseller", "reseller_of_record")


@dataclass(frozen=True, slots=True)
class Line:
    """One subscription in the list: what the page shows of it, read by one statement and nothing else."""

    id: uuid.UUID
    friendly_name: str
    sku_name_ja: str
    sku_name_en: str
    customer_id: uuid.UUID
    customer_name: str
    customer_latin_name: str
    reseller_name: str | None
    reseller_latin_name: str | None
    state: str
    quantity: int
    term_end: dt.date | None
    auto_renew: bool
    kept_until: dt.date | None
    created_at: dt.datetime

    @property
    def sku_name(self) -> str:
        """What it is, in the reader's language."""
        return in_language(self.sku_name_ja, self.sku_name_en)

    @property
    def has_own_name(self) -> bool:
        """As with a subscription."""
        return is_own_name(self.friendly_name, self.sku_name_ja, self.sku_name_en)


COLUMNS = (
    "id",
    "friendly_name",
    "sku__name_ja",
    "sku__name_en",
    "customer_id",
    "customer__name",
    "customer__latin_name",
    "reseller__name",
    "reseller__latin_name",
    "state",
    "quantity",
    "term_end",
    "auto_renew",
    "kept_until",
    "created_at",
)


def page_of_subscriptions(
    actor: Actor, *, search: str = "", cursor: str = "", size: int = PAGE_SIZE, **filters: Any
) -> Page[Line]:
    """One page of ``find_subscriptions``, the latest first. A broken cursor shows the first page."""
    place, wanted, folded = place_in(cursor, dt.datetime.fromisoformat, uuid.UUID), size + 1, fold(search)
    if not folded and not any(filters.values()):
        found: Iterable[tuple[Any, ...]] = _everything(actor, place, wanted)
    elif not folded or connection.vendor != "postgresql":
        rows = rows_from(find_subscriptions(actor, search=search, **filters), KEY, place, descending=True)
        found = _columns(rows)[:wanted]
    else:
        place = Place() if place.is_back else place  # hits are sought in one direction
        rest = rows_from(find_subscriptions(actor, **filters), KEY, place, descending=True)
        found = _columns(_sought(actor, rest, folded, wanted))
    return place.page([Line(*row) for row in found], size, lambda line: (line.created_at, line.id))


@prepared
def _everything(actor: Actor, place: Place, wanted: int) -> QuerySet[Subscription, tuple[Any, ...]]:
    return _columns(rows_from(find_subscriptions(actor), KEY, place, descending=True))[:wanted]


def _columns(rows: SubscriptionQuerySet) -> QuerySet[Subscription, tuple[Any, ...]]:
    """The rows as lines are made of them."""
    return rows.select_related(None).values_list(*COLUMNS)


def _sought(actor: Actor, rest: SubscriptionQuerySet, folded: str, wanted: int) -> SubscriptionQuerySet:
    """The first of the rest whose customer's name contains the text (docs/adr, "Search by pairs of characters")."""
    rows = rest.select_related(None)
    served = ResellerRelationship.objects.of_partner(actor).live().filter(customer=OuterRef("customer_id"))
    found = first_hits(
        rows.annotate(sought=Subquery(served.values("customer_search_key")[:1])),
        ORDER,
        folded,
        wanted,
        # The order is computed, so that nobody walks along the list for it.
        look_up=lambda: rows.filter(customer_id__in=_customers(actor, folded)).order_by(
            (F("created_at") + Value(dt.timedelta())).desc(), "-id"
        ),
    )
    return rest.filter(pk__in=found)


def _customers(actor: Actor, folded: str) -> QuerySet[Any]:
    """The customers of the actor's organisation whose names contain the text."""
    served = ResellerRelationship.objects.of_partner(actor).live()
    return that_contain(served, folded, partner_id=actor.tenant_id).values("customer_id")


def of_customer(actor: Actor, customer_id: uuid.UUID) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells to one customer, those that have not ended first."""
    rows = managed_by(actor).filter(customer_id=customer_id)
    return rows.select_related("sku__product", "tenant", "reseller", "support_contact", "parent__sku")


def own_subscriptions(actor: Actor) -> SubscriptionQuerySet:
    """What the actor's organisation uses, from whomever."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=actor.tenant_id)
    return rows.select_related("sku__product", "tenant", "reseller", "support_contact", "parent__sku")


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands beside subscriptions: the membership IDs of their resellers of record, the SKUs for which an add-on
    is sold, and the providers with which the reader may manage them (a reseller: those that are its partners now).
    """

    membership_ids: Mapping[uuid.UUID, str]
    extensible: frozenset[uuid.UUID]
    providers: frozenset[uuid.UUID]


def surroundings_of(actor: Actor, rows: Collection[Subscription]) -> Surroundings:
    """At most three statements, however many subscriptions."""
    skus = {row.sku_id for row in rows}
    add_ons = SkuLink.objects.filter(
        kind=SkuLinkKind.PREREQUISITE, other_id__in=skus, sku__in=Sku.objects.visible_to(actor).live()
    )
    others = {row.tenant_id for row in rows} - {actor.tenant_id}
    partnered = Partnership.objects.visible_to(actor).live().filter(provider_id__in=others)
    return Surroundings(
        membership_ids_of({row.reseller_of_record_id for row in rows if row.reseller_of_record_id}),
        frozenset(add_ons.filter(sku__kind=SkuKind.ADD_ON).values_list("other_id", flat=True)),
        frozenset({actor.tenant_id, *(partnered.values_list("provider_id", flat=True) if others else ())}),
    )


@dataclass(frozen=True, slots=True)
class Summary:
    """What a customer has, in the opened row of the list of customers."""

    services: int
    next_renewal: dt.date | None


@prepared
def _summed_up(actor: Actor, customer_id: uuid.UUID) -> QuerySet[Subscription, tuple[int, dt.date | None]]:
    rows = managed_by(actor).filter(customer_id=customer_id, state__in=LIVE)
    renewing = Min("term_end", filter=Q(state=SubscriptionState.ACTIVE, auto_renew=True))
    return (
        rows.order_by()
        .values("customer_id")
        .annotate(services=Count("pk"), next_renewal=renewing)
        .values_list("services", "next_renewal")
    )


def summary_of(actor: Actor, customer_id: uuid.UUID) -> Summary:
    """How many subscriptions have not ended, and when the next of them renews."""
    found = _summed_up(actor, customer_id)
    return Summary(*found[0]) if found else Summary(0, None)
