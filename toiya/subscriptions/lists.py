"""Finding subscriptions: a partner's list, a customer's, and what the list of customers says about each."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Count, Expression, F, Min, OuterRef, Q, QuerySet, Subquery, Value

from toiya.catalogue.models import Sku, SkuKind, SkuLink, SkuLinkKind
from toiya.core.actor import Actor
from toiya.core.pagination import PAGE_SIZE, Page, Place, instant, place_in, rows_from
from toiya.core.prepared import prepared
from toiya.core.search import Passed, Walk, first_hits, is_among
from toiya.core.text import fold
from toiya.membership.profiles import membership_ids_of
from toiya.programme.models import in_language
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.relations.search import Text, keys_by_chance, that_contain
from toiya.subscriptions.models import (
    LIVE,
    Subscription,
    SubscriptionQuerySet,
    SubscriptionState,
    is_own_name,
)
from toiya.subscriptions.rights import managed_by, sold_by

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
    folded = fold(search)
    rows = Narrowing.to(state, product_id, reseller_id, ends_before).of(managed_by(actor))
    if folded:
        rows = rows.filter(customer_id__in=_customers(actor, Text.of(actor.tenant_id, folded)))
    return rows.select_related("customer", "sku", "reseller", "reseller_of_record")


class Narrowing(NamedTuple):
    """What a list is narrowed to; no states are all of them."""

    states: tuple[SubscriptionState, ...]
    product_id: uuid.UUID | None
    reseller_id: uuid.UUID | None
    ends_before: dt.date | None

    @classmethod
    def to(
        cls,
        state: str = "",
        product_id: uuid.UUID | None = None,
        reseller_id: uuid.UUID | None = None,
        ends_before: dt.date | None = None,
    ) -> "Narrowing":
        """``state`` as it is asked for: ``live`` is every state that has not ended."""
        states = LIVE if state == "live" else [SubscriptionState(state)] if state else []
        return cls(tuple(states), product_id, reseller_id, ends_before)

    def of(self, rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
        """Those of the rows."""
        if self.states:
            rows = rows.filter(state__in=self.states)
        if self.product_id is not None:
            rows = rows.filter(sku__product_id=self.product_id)
        if self.reseller_id is not None:
            rows = rows.filter(reseller_id=self.reseller_id)
        if self.ends_before is not None:
            rows = rows.filter(term_end__lt=self.ends_before, state=SubscriptionState.ACTIVE)
        return rows


class Line(NamedTuple):
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
    place, narrowing, folded = (
        place_in(cursor, instant, uuid.UUID),
        Narrowing.to(**filters),
        fold(search),
    )
    if not folded:
        rows: Iterable[tuple[Any, ...]] = _listed(actor, narrowing, place, size + 1)
    else:
        place = Place() if place.is_back else place  # hits are sought in one direction
        rows = _found(Sought(actor, narrowing, place, Text.of(actor.tenant_id, folded), size + 1))
    return place.page(list(map(Line._make, rows)), size, lambda line: (line.created_at, line.id))


@prepared
def _listed(
    actor: Actor, narrowing: Narrowing, place: Place, wanted: int
) -> QuerySet[Subscription, tuple[Any, ...]]:
    return _columns(rows_from(narrowing.of(managed_by(actor)), KEY, place, descending=True))[:wanted]


def _columns(rows: SubscriptionQuerySet) -> QuerySet[Subscription, tuple[Any, ...]]:
    """The rows as lines are made of them."""
    return rows.values_list(*COLUMNS)


class Sought(NamedTuple):
    """What is looked for in customers' names, and where: in the rest of the list beyond the place."""

    actor: Actor
    narrowing: Narrowing
    place: Place
    text: Text
    wanted: int

    @property
    def rest(self) -> SubscriptionQuerySet:
        """What was sold beyond the place, in the order of the list; also to customers that are served no longer."""
        return rows_from(self.narrowing.of(sold_by(self.actor)), KEY, self.place, descending=True)

    @property
    def hits(self) -> SubscriptionQuerySet:
        """Those of them whose customer, served now, has the text in its names."""
        return self.rest.filter(customer_id__in=_customers(self.actor, self.text))

    def lines(self, keys: Expression | Subquery) -> QuerySet[Subscription, tuple[Any, ...]]:
        """The lines of these of the actor's subscriptions, in the order of the list."""
        return _columns(managed_by(self.actor).filter(is_among(keys)).order_by(*ORDER))


def _found(sought: Sought) -> Sequence[tuple[Any, ...]]:
    """The first of the rest whose customer's name contains the text (docs/adr, "Search by pairs of characters")."""
    if connection.vendor != "postgresql":
        return list(_columns(sought.hits)[: sought.wanted])
    return first_hits(sought.wanted, walk=partial(_passed, sought), look_up=partial(_looked_up, sought))


@prepared
def _passed(sought: Sought, walk: Walk) -> QuerySet[Subscription, tuple[Any, ...]]:
    served = ResellerRelationship.objects.of_partner(sought.actor).live()
    key = served.filter(customer=OuterRef("customer_id")).values("customer_search_key")[:1]
    rows: QuerySet[Any, Any] = sought.rest.annotate(sought=Subquery(key)).values(*KEY, "sought")
    sample, folded = keys_by_chance(sought.actor), sought.text.folded
    return sought.lines(Passed(walk, rows, order=ORDER, sample=sample, folded=folded, wanted=sought.wanted))


@prepared
def _looked_up(sought: Sought) -> QuerySet[Subscription, tuple[Any, ...]]:
    # The order is computed, so that nobody walks along the list for it.
    in_order = sought.hits.order_by((F("created_at") + Value(dt.timedelta())).desc(), "-id")
    return sought.lines(Subquery(in_order.values("pk")[: sought.wanted]))


def _customers(actor: Actor, text: Text) -> QuerySet[Any]:
    """The customers of the actor's organisation whose names contain the text."""
    return that_contain(ResellerRelationship.objects.of_partner(actor).live(), text).values("customer_id")


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
