"""A partner's whole business in long lists, for programs: customers, subscriptions and orders with everything beside
them that would otherwise take a call for each row.

One statement brings a page, whatever its size; its SQL is made once for each kind of page. Prices are those of the
partner's own edges (G-05).
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Any, NamedTuple

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from toiya.core.actor import Actor
from toiya.core.pagination import Page, Place, instant, place_in, rows_from
from toiya.core.permissions import Capacity
from toiya.core.prepared import prepared
from toiya.customers.relationships import live_relationships
from toiya.directory.models import Domain, Person
from toiya.orders.models import Order, OrderLine
from toiya.relations.models import AdministrationGrant
from toiya.subscriptions.models import LIVE, Subscription, SubscriptionState
from toiya.subscriptions.rights import managed_by

BY_NAME = ("customer_sort_key", "id")
LATEST = ("created_at", "id")


class CustomerOverview(NamedTuple):
    """A customer as its partner knows it: names, relationship, account, what it has, and how many users it has where
    the partner holds administrator access (else None).
    """

    relationship_id: uuid.UUID
    sort_key: str
    id: uuid.UUID
    name: str
    reading: str
    latin_name: str
    domain: str
    country: str
    language: str
    created_at: dt.datetime
    since: dt.datetime
    origin: str
    origin_note: str
    channel: str
    invitation_id: uuid.UUID | None
    segment: str | None
    billing_name: str | None
    postal_code: str | None
    region: str | None
    city: str | None
    street: str | None
    contact_name: str | None
    contact_email: str | None
    contact_phone: str | None
    account_version: int | None
    subscriptions: int
    seats: int
    next_renewal: dt.date | None
    is_administered: bool
    users: int | None


CUSTOMER_COLUMNS = (
    "id",
    "customer_sort_key",
    "customer_id",
    "customer__name",
    "customer__reading",
    "customer__latin_name",
    "domain",
    "customer__country_id",
    "customer__language",
    "customer__created_at",
    "since",
    "origin",
    "origin_note",
    "channel",
    "invitation_id",
    *(
        f"customer__customer_account__{name}"
        for name in (
            "segment",
            "billing_name",
            "postal_code",
            "region",
            "city",
            "street",
            "contact_name",
            "contact_email",
            "contact_phone",
            "version",
        )
    ),
    "subscriptions",
    "seats",
    "next_renewal",
    "is_administered",
    "users",
)


def page_of_customer_overviews(
    actor: Actor, *, cursor: str = "", size: int, customer_id: uuid.UUID | None = None
) -> Page[CustomerOverview]:
    """The actor's customers by name; or the one. A broken cursor shows the first page."""
    place = place_in(cursor, str, uuid.UUID)
    rows = _customers(actor, place, customer_id, size + 1)
    found = [CustomerOverview._make(row) for row in rows]
    return place.page(found, size, lambda row: (row.sort_key, row.relationship_id))


@prepared
def _customers(actor: Actor, place: Place, customer_id: uuid.UUID | None, most: int) -> QuerySet[Any, Any]:
    rows = live_relationships(actor)
    if customer_id is not None:
        rows = rows.filter(customer_id=customer_id)
    sold = (
        Subscription.objects.filter(_chain(actor), customer_id=OuterRef("customer_id"), state__in=LIVE)
        .order_by()
        .values("customer_id")
    )
    renews = Q(state=SubscriptionState.ACTIVE, auto_renew=True)
    access = AdministrationGrant.objects.live(actor.now).filter(
        tenant_id=OuterRef("customer_id"), grantee_id=actor.tenant_id
    )
    people = Person.objects.present().filter(tenant_id=OuterRef("customer_id")).order_by().values("tenant_id")
    annotated = rows.annotate(
        domain=Coalesce(
            Subquery(
                Domain.objects.filter(tenant=OuterRef("customer_id"), is_primary=True).values("name")[:1]
            ),
            Value(""),
        ),
        subscriptions=Coalesce(Subquery(sold.annotate(number=Count("pk")).values("number")), 0),
        seats=Coalesce(Subquery(sold.annotate(number=Sum("quantity")).values("number")), 0),
        next_renewal=Subquery(sold.annotate(first=Min("term_end", filter=renews)).values("first")),
        is_administered=Exists(access),
        users=Case(
            When(
                Exists(access),
                then=Coalesce(Subquery(people.annotate(number=Count("pk")).values("number")), 0),
            ),
            default=None,
            output_field=IntegerField(null=True),
        ),
    )
    return rows_from(annotated, BY_NAME, place).values_list(*CUSTOMER_COLUMNS)[:most]


def _chain(actor: Actor) -> Q:
    """What the actor's organisation sells or resells, in the capacities that it holds."""
    held = actor.capacities | actor.suspended
    chain = Q(pk__in=[])
    if Capacity.PROVIDER in held:
        chain |= Q(tenant_id=actor.tenant_id)
    if Capacity.RESELLER in held:
        chain |= Q(reseller_id=actor.tenant_id)
    return chain


class SubscriptionOverview(NamedTuple):
    """A subscription with its chain and its offer. ``pays`` and ``is_paid`` are the actor's own prices of one unit."""

    id: uuid.UUID
    created_at: dt.datetime
    friendly_name: str
    quantity: int
    state: str
    term: str
    billing_cycle: str
    term_start: dt.date | None
    term_end: dt.date | None
    cancel_until: dt.datetime | None
    reduce_until: dt.datetime | None
    reduce_floor: int | None
    auto_renew: bool
    activated_at: dt.datetime | None
    suspended_at: dt.datetime | None
    suspension_reason: str
    kept_until: dt.date | None
    ended_at: dt.datetime | None
    order_id: uuid.UUID
    parent_id: uuid.UUID | None
    version: int
    customer_id: uuid.UUID
    customer_name: str
    customer_latin_name: str
    customer_country: str
    provider_id: uuid.UUID
    provider_name: str
    provider_latin_name: str
    reseller_id: uuid.UUID | None
    reseller_name: str | None
    reseller_latin_name: str | None
    reseller_of_record_id: uuid.UUID | None
    support_contact_id: uuid.UUID
    product_id: uuid.UUID
    product_code: str
    product_name_ja: str
    product_name_en: str
    category_code: str
    sku_id: uuid.UUID
    sku_code: str
    sku_name_ja: str
    sku_name_en: str
    sku_kind: str
    availability_id: uuid.UUID
    segment: str
    promotion_id: uuid.UUID | None
    pays_units: int | None
    pays_scale: int | None
    pays_currency: str
    is_paid_units: int | None
    is_paid_scale: int | None
    is_paid_currency: str


_OF_SUBSCRIPTION = {
    "customer_name": "customer__name",
    "customer_latin_name": "customer__latin_name",
    "customer_country": "customer__country_id",
    "provider_id": "tenant_id",
    "provider_name": "tenant__name",
    "provider_latin_name": "tenant__latin_name",
    "reseller_name": "reseller__name",
    "reseller_latin_name": "reseller__latin_name",
    "product_id": "sku__product_id",
    "product_code": "sku__product__code",
    "product_name_ja": "sku__product__name_ja",
    "product_name_en": "sku__product__name_en",
    "category_code": "sku__product__category__code",
    "sku_code": "sku__code",
    "sku_name_ja": "sku__name_ja",
    "sku_name_en": "sku__name_en",
    "sku_kind": "sku__kind",
    "segment": "availability__segment",
}
SUBSCRIPTION_COLUMNS = tuple(_OF_SUBSCRIPTION.get(name, name) for name in SubscriptionOverview._fields)


def page_of_subscription_overviews(
    actor: Actor, *, cursor: str = "", size: int, state: str = "", customer_id: uuid.UUID | None = None
) -> Page[SubscriptionOverview]:
    """What the actor's organisation sells or resells, the latest first."""
    place = place_in(cursor, instant, uuid.UUID)
    rows = _subscriptions(actor, place, state, customer_id, size + 1)
    return place.page([SubscriptionOverview._make(row) for row in rows], size, _latest)


@prepared
def _subscriptions(
    actor: Actor, place: Place, state: str, customer_id: uuid.UUID | None, most: int
) -> QuerySet[Any, Any]:
    rows = _narrowed(managed_by(actor), state, customer_id)
    return rows_from(_with_own_prices(rows, actor), LATEST, place, descending=True).values_list(
        *SUBSCRIPTION_COLUMNS
    )[:most]


def _narrowed(rows: QuerySet[Any], state: str, customer_id: uuid.UUID | None) -> QuerySet[Any]:
    if state:
        rows = rows.filter(state=state)
    return rows if customer_id is None else rows.filter(customer_id=customer_id)


def _latest(row: Any) -> Sequence[object]:  # noqa: ANN401  (either overview)
    return row.created_at, row.id


def _with_own_prices(rows: QuerySet[Any], actor: Actor) -> QuerySet[Any]:
    """The prices at the actor's two edges: the provider pays the cost, the reseller what the provider resells at; who
    sells to the customer is paid the retail price (subscriptions/prices.py says the same for one subscription).
    """
    is_provider = Q(tenant_id=actor.tenant_id)
    is_direct = Q(reseller_id=None)
    added = {}
    for part in ("units", "scale", "currency"):
        added[f"pays_{part}"] = Case(When(is_provider, then=F(f"cost_{part}")), default=F(f"resale_{part}"))
        added[f"is_paid_{part}"] = Case(
            When(is_provider & ~is_direct, then=F(f"resale_{part}")), default=F(f"retail_{part}")
        )
    priced: QuerySet[Any] = rows.annotate(**added)
    return priced


class OrderOverview(NamedTuple):
    """An order with its chain, who asked for it, and its lines in short."""

    id: uuid.UUID
    created_at: dt.datetime
    number: int
    state: str
    currency: str
    version: int
    cart_id: uuid.UUID | None
    ordered_by_id: uuid.UUID | None
    ordered_by: str | None
    request_id: uuid.UUID | None
    request_number: int | None
    is_automatic: bool | None
    request_note: str | None
    requested_at: dt.datetime | None
    requested_by: str | None
    answered_at: dt.datetime | None
    customer_id: uuid.UUID
    customer_name: str
    customer_latin_name: str
    customer_country: str
    provider_id: uuid.UUID
    provider_name: str
    provider_latin_name: str
    reseller_id: uuid.UUID | None
    reseller_name: str | None
    reseller_latin_name: str | None
    operator_id: uuid.UUID
    operator_name: str
    lines: int
    units: int
    failed_lines: int


_OF_ORDER = {
    "request_number": "request__number",
    "is_automatic": "request__is_automatic",
    "request_note": "request__note",
    "requested_at": "request__created_at",
    "requested_by": "request__requested_by__name",
    "answered_at": "request__answered_at",
    "customer_name": "customer__name",
    "customer_latin_name": "customer__latin_name",
    "customer_country": "customer__country_id",
    "provider_id": "tenant_id",
    "provider_name": "tenant__name",
    "provider_latin_name": "tenant__latin_name",
    "reseller_name": "reseller__name",
    "reseller_latin_name": "reseller__latin_name",
    "operator_name": "operator__name",
}
ORDER_COLUMNS = tuple(_OF_ORDER.get(name, name) for name in OrderOverview._fields)


def page_of_order_overviews(
    actor: Actor, *, cursor: str = "", size: int, state: str = "", customer_id: uuid.UUID | None = None
) -> Page[OrderOverview]:
    """The orders that the actor's organisation may see, latest first; who ordered is named to colleagues only."""
    place = place_in(cursor, instant, uuid.UUID)
    rows = _orders(actor, place, state, customer_id, size + 1)
    return place.page([OrderOverview._make(row) for row in rows], size, _latest)


@prepared
def _orders(
    actor: Actor, place: Place, state: str, customer_id: uuid.UUID | None, most: int
) -> QuerySet[Any, Any]:
    rows = _narrowed(Order.objects.visible_to(actor).filter(_chain(actor)), state, customer_id)
    lines = OrderLine.objects.filter(order_id=OuterRef("pk")).order_by().values("order_id")
    colleague = Person.objects.filter(pk=OuterRef("ordered_by_id"), tenant_id=actor.tenant_id)
    annotated = rows.annotate(
        ordered_by=Subquery(colleague.values("name")[:1]),
        lines_count=Coalesce(Subquery(lines.annotate(number=Count("pk")).values("number")), 0),
        units=Coalesce(Subquery(lines.annotate(number=Sum("quantity")).values("number")), 0),
        failed_lines=Coalesce(
            Subquery(
                lines.annotate(number=Count("pk", filter=Q(state__in=["failed", "refused"]))).values("number")
            ),
            0,
        ),
    )
    columns = tuple("lines_count" if name == "lines" else name for name in ORDER_COLUMNS)
    ordered: QuerySet[Any] = rows_from(annotated, LATEST, place, descending=True)
    return ordered.values_list(*columns)[:most]


class SubscriptionBrief(NamedTuple):
    """What a program needs to see which subscriptions changed."""

    id: uuid.UUID
    created_at: dt.datetime
    friendly_name: str
    quantity: int
    state: str
    term_end: dt.date | None
    customer_id: uuid.UUID
    customer_name: str
    version: int


class OrderBrief(NamedTuple):
    """What a program needs to see which orders changed."""

    id: uuid.UUID
    created_at: dt.datetime
    number: int
    state: str
    currency: str
    customer_id: uuid.UUID
    customer_name: str
    provider_id: uuid.UUID
    reseller_id: uuid.UUID | None
    version: int


def page_of_subscription_briefs(
    actor: Actor, *, cursor: str = "", size: int, state: str = "", customer_id: uuid.UUID | None = None
) -> Page[SubscriptionBrief]:
    """``page_of_subscription_overviews`` without what stands beside the rows."""
    place = place_in(cursor, instant, uuid.UUID)
    rows = _subscription_briefs(actor, place, state, customer_id, size + 1)
    return place.page([SubscriptionBrief._make(row) for row in rows], size, _latest)


@prepared
def _subscription_briefs(
    actor: Actor, place: Place, state: str, customer_id: uuid.UUID | None, most: int
) -> QuerySet[Any, Any]:
    columns = [_OF_SUBSCRIPTION.get(name, name) for name in SubscriptionBrief._fields]
    return rows_from(
        _narrowed(managed_by(actor), state, customer_id), LATEST, place, descending=True
    ).values_list(*columns)[:most]


def page_of_order_briefs(
    actor: Actor, *, cursor: str = "", size: int, state: str = "", customer_id: uuid.UUID | None = None
) -> Page[OrderBrief]:
    """``page_of_order_overviews`` without what stands beside the rows."""
    place = place_in(cursor, instant, uuid.UUID)
    rows = _order_briefs(actor, place, state, customer_id, size + 1)
    return place.page([OrderBrief._make(row) for row in rows], size, _latest)


@prepared
def _order_briefs(
    actor: Actor, place: Place, state: str, customer_id: uuid.UUID | None, most: int
) -> QuerySet[Any, Any]:
    rows = _narrowed(Order.objects.visible_to(actor).filter(_chain(actor)), state, customer_id)
    columns = [_OF_ORDER.get(name, name) for name in OrderBrief._fields]
    return rows_from(rows, LATEST, place, descending=True).values_list(*columns)[:most]
