"""Toiya's own lists over all customers: what takes the existing language a call for each customer (/v1/toiya/…)."""

import datetime as dt
import enum
import uuid
from typing import Any

from toiya.api.common import Party, Price
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import NO_SUCH_CUSTOMER, found_or
from toiya.api.wire import Attributes, Link, Links, SeekCollection, Wire, attributes_of
from toiya.core.money import UnitPrice
from toiya.core.permissions import Permission
from toiya.orders.models import OrderState
from toiya.orders.overviews import (
    CustomerOverview,
    OrderBrief,
    OrderOverview,
    SubscriptionBrief,
    SubscriptionOverview,
    page_of_customer_overviews,
    page_of_order_briefs,
    page_of_order_overviews,
    page_of_subscription_briefs,
    page_of_subscription_overviews,
)
from toiya.subscriptions.models import SubscriptionState


class View(enum.Enum):
    """How much of each row."""

    FULL = "full"
    BRIEF = "brief"


class SubscriptionsQuery(SeekQuery):
    """``state`` keeps one state; ``customerId`` one customer; ``view`` brief leaves out what stands beside the rows."""

    state: SubscriptionState | None = None
    customer_id: uuid.UUID | None = None
    view: View | None = None


class OrdersQuery(SeekQuery):
    """``state`` keeps one state; ``customerId`` one customer; ``view`` brief leaves out what stands beside the rows."""

    state: OrderState | None = None
    customer_id: uuid.UUID | None = None
    view: View | None = None


class RelationshipInShort(Wire):
    """Since when and how the partner and the customer have to do with each other."""

    id: uuid.UUID
    since: dt.datetime
    origin: str
    origin_note: str | None = None
    channel: str | None = None
    invitation_id: uuid.UUID | None = None


class AccountInShort(Wire):
    """What the partner keeps about the customer (N-23)."""

    segment: str | None = None
    billing_name: str | None = None
    postal_code: str | None = None
    region: str | None = None
    city: str | None = None
    street: str | None = None
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    etag: str | None = None


class CustomerOverviewItem(Wire, kw_only=True):
    """A customer with everything that a partner knows of it. ``users`` only where the partner holds access to it."""

    id: uuid.UUID
    name: str
    reading: str | None = None
    latin_name: str | None = None
    domain: str
    country: str
    language: str
    created_date: dt.datetime
    relationship: RelationshipInShort
    account: AccountInShort
    subscriptions: int
    seats: int
    next_renewal: dt.date | None = None
    is_administered: bool
    users: int | None = None
    links: Links
    attributes: Attributes


class OfferInShort(Wire):
    """What was bought; names in the reader's language."""

    product_id: uuid.UUID
    product_code: str
    product_name: str
    category: str
    sku_id: uuid.UUID
    sku_code: str
    sku_name: str
    kind: str
    availability_id: uuid.UUID
    segment: str


class SubscriptionOverviewItem(Wire, kw_only=True):
    """A subscription with its chain and its offer; in the brief view without them. Prices are the caller's own."""

    id: uuid.UUID
    friendly_name: str
    quantity: int
    state: str
    customer: Party
    created_date: dt.datetime
    term_end: dt.date | None = None
    term: str | None = None
    billing_cycle: str | None = None
    term_start: dt.date | None = None
    cancel_until: dt.datetime | None = None
    reduce_until: dt.datetime | None = None
    reduce_floor: int | None = None
    auto_renew: bool | None = None
    activated_date: dt.datetime | None = None
    suspended_date: dt.datetime | None = None
    suspension_reason: str | None = None
    kept_until: dt.date | None = None
    ended_date: dt.datetime | None = None
    order_id: uuid.UUID | None = None
    parent_id: uuid.UUID | None = None
    provider: Party | None = None
    reseller: Party | None = None
    reseller_of_record_id: uuid.UUID | None = None
    support_contact_id: uuid.UUID | None = None
    offer: OfferInShort | None = None
    promotion_id: uuid.UUID | None = None
    you_pay: Price | None = None
    you_are_paid: Price | None = None
    links: Links
    attributes: Attributes


class OrderOverviewItem(Wire, kw_only=True):
    """An order with its chain and the request behind it; in the brief view without them."""

    id: uuid.UUID
    number: int
    state: str
    currency: str
    customer: Party
    created_date: dt.datetime
    cart_id: uuid.UUID | None = None
    ordered_by: str | None = None
    request: "RequestInShort | None" = None
    provider: Party | None = None
    reseller: Party | None = None
    operator: Party | None = None
    lines: int | None = None
    units: int | None = None
    failed_lines: int | None = None
    links: Links
    attributes: Attributes


class RequestInShort(Wire):
    """The reseller's request that the order came from."""

    id: uuid.UUID
    number: int | None = None
    is_automatic: bool | None = None
    note: str | None = None
    requested_by: str | None = None
    requested_date: dt.datetime | None = None
    answered_date: dt.datetime | None = None


CUSTOMER = attributes_of("CustomerOverview")


@operation("toiya.customers.list", "GET", "/v1/toiya/customers", needs=Permission.CUSTOMERS_VIEW)
def list_customer_overviews(call: Call, query: SeekQuery) -> SeekCollection[CustomerOverviewItem]:
    """The partner's customers by name, each with its account, what it has, and when that renews next."""
    page = page_of_customer_overviews(call.actor, cursor=place_of(call, query), size=size_of(query))
    return seek_collection(page, _customer, at="/toiya/customers", size=query.size)


@operation(
    "toiya.customers.get",
    "GET",
    "/v1/toiya/customers/{customer_id}",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def get_customer_overview(call: Call, customer_id: uuid.UUID) -> CustomerOverviewItem:
    """One customer as in the list."""
    page = page_of_customer_overviews(call.actor, size=1, customer_id=customer_id)
    return _customer(found_or(NO_SUCH_CUSTOMER, page.rows))


def _customer(row: CustomerOverview) -> CustomerOverviewItem:
    return CustomerOverviewItem(
        id=row.id,
        name=row.name,
        reading=row.reading or None,
        latin_name=row.latin_name or None,
        domain=row.domain,
        country=row.country,
        language=row.language,
        created_date=row.created_at,
        relationship=RelationshipInShort(
            id=row.relationship_id,
            since=row.since,
            origin=row.origin,
            origin_note=row.origin_note or None,
            channel=row.channel or None,
            invitation_id=row.invitation_id,
        ),
        account=AccountInShort(
            segment=row.segment,
            billing_name=row.billing_name,
            postal_code=row.postal_code,
            region=row.region,
            city=row.city,
            street=row.street,
            contact_name=row.contact_name,
            contact_email=row.contact_email,
            contact_phone=row.contact_phone,
            etag=None if row.account_version is None else str(row.account_version),
        ),
        subscriptions=row.subscriptions,
        seats=row.seats,
        next_renewal=row.next_renewal,
        is_administered=row.is_administered,
        users=row.users,
        links=Links(self=Link(uri=f"/toiya/customers/{row.id}")),
        attributes=CUSTOMER,
    )


@operation("toiya.subscriptions.list", "GET", "/v1/toiya/subscriptions", needs=Permission.SUBSCRIPTIONS_VIEW)
def list_subscription_overviews(
    call: Call, query: SubscriptionsQuery
) -> SeekCollection[SubscriptionOverviewItem]:
    """What the partner sells or resells to all its customers, the latest first."""
    asked: dict[str, Any] = {
        "cursor": place_of(call, query),
        "size": size_of(query),
        "state": query.state.value if query.state else "",
    }
    kept: dict[str, Any] = {"size": query.size, "state": asked["state"], "customerId": query.customer_id}
    at = "/toiya/subscriptions"
    if query.view is View.BRIEF:
        briefs = page_of_subscription_briefs(call.actor, **asked, customer_id=query.customer_id)
        return seek_collection(briefs, _subscription_in_brief, at=at, **kept, view="brief")
    page = page_of_subscription_overviews(call.actor, **asked, customer_id=query.customer_id)
    return seek_collection(page, lambda row: _subscription(row, call.actor.language), at=at, **kept)


def _subscription_in_brief(row: SubscriptionBrief) -> SubscriptionOverviewItem:
    return SubscriptionOverviewItem(
        id=row.id,
        friendly_name=row.friendly_name,
        quantity=row.quantity,
        state=row.state,
        customer=Party(id=row.customer_id, name=row.customer_name),
        created_date=row.created_at,
        term_end=row.term_end,
        links=Links(self=Link(uri=f"/customers/{row.customer_id}/subscriptions/{row.id}")),
        attributes=attributes_of("SubscriptionOverview", row.version),
    )


def _subscription(row: SubscriptionOverview, language: str) -> SubscriptionOverviewItem:
    is_japanese = language == "ja"
    return SubscriptionOverviewItem(
        id=row.id,
        friendly_name=row.friendly_name,
        quantity=row.quantity,
        state=row.state,
        customer=Party(
            id=row.customer_id,
            name=row.customer_name,
            latin_name=row.customer_latin_name or None,
            country=row.customer_country,
        ),
        created_date=row.created_at,
        term_end=row.term_end,
        term=row.term or None,
        billing_cycle=row.billing_cycle,
        term_start=row.term_start,
        cancel_until=row.cancel_until,
        reduce_until=row.reduce_until,
        reduce_floor=row.reduce_floor,
        auto_renew=row.auto_renew,
        activated_date=row.activated_at,
        suspended_date=row.suspended_at,
        suspension_reason=row.suspension_reason or None,
        kept_until=row.kept_until,
        ended_date=row.ended_at,
        order_id=row.order_id,
        parent_id=row.parent_id,
        provider=Party(
            id=row.provider_id, name=row.provider_name, latin_name=row.provider_latin_name or None
        ),
        reseller=_party(row.reseller_id, row.reseller_name, row.reseller_latin_name),
        reseller_of_record_id=row.reseller_of_record_id,
        support_contact_id=row.support_contact_id,
        offer=OfferInShort(
            product_id=row.product_id,
            product_code=row.product_code,
            product_name=row.product_name_ja if is_japanese else row.product_name_en,
            category=row.category_code,
            sku_id=row.sku_id,
            sku_code=row.sku_code,
            sku_name=row.sku_name_ja if is_japanese else row.sku_name_en,
            kind=row.sku_kind,
            availability_id=row.availability_id,
            segment=row.segment,
        ),
        promotion_id=row.promotion_id,
        you_pay=_price(row.pays_units, row.pays_scale, row.pays_currency),
        you_are_paid=_price(row.is_paid_units, row.is_paid_scale, row.is_paid_currency),
        links=Links(self=Link(uri=f"/customers/{row.customer_id}/subscriptions/{row.id}")),
        attributes=attributes_of("SubscriptionOverview", row.version),
    )


def _party(id: uuid.UUID | None, name: str | None, latin_name: str | None) -> Party | None:
    return None if id is None else Party(id=id, name=name, latin_name=latin_name or None)


def _price(units: int | None, scale: int | None, currency: str) -> Price | None:
    if units is None or scale is None:
        return None
    return Price(amount=format(UnitPrice(units, scale, currency).decimal, "f"), currency=currency)


@operation("toiya.orders.list", "GET", "/v1/toiya/orders", needs=Permission.SUBSCRIPTIONS_VIEW)
def list_order_overviews(call: Call, query: OrdersQuery) -> SeekCollection[OrderOverviewItem]:
    """The orders of all customers that the partner may see, the latest first."""
    asked: dict[str, Any] = {
        "cursor": place_of(call, query),
        "size": size_of(query),
        "state": query.state.value if query.state else "",
    }
    kept: dict[str, Any] = {"size": query.size, "state": asked["state"], "customerId": query.customer_id}
    at = "/toiya/orders"
    if query.view is View.BRIEF:
        briefs = page_of_order_briefs(call.actor, **asked, customer_id=query.customer_id)
        return seek_collection(briefs, _order_in_brief, at=at, **kept, view="brief")
    page = page_of_order_overviews(call.actor, **asked, customer_id=query.customer_id)
    return seek_collection(page, _order, at=at, **kept)


def _order_in_brief(row: OrderBrief) -> OrderOverviewItem:
    return OrderOverviewItem(
        id=row.id,
        number=row.number,
        state=row.state,
        currency=row.currency,
        customer=Party(id=row.customer_id, name=row.customer_name),
        created_date=row.created_at,
        links=Links(self=Link(uri=f"/customers/{row.customer_id}/orders/{row.id}")),
        attributes=attributes_of("OrderOverview", row.version),
    )


def _order(row: OrderOverview) -> OrderOverviewItem:
    request = None
    if row.request_id is not None:
        request = RequestInShort(
            id=row.request_id,
            number=row.request_number,
            is_automatic=row.is_automatic,
            note=row.request_note or None,
            requested_by=row.requested_by,
            requested_date=row.requested_at,
            answered_date=row.answered_at,
        )
    return OrderOverviewItem(
        id=row.id,
        number=row.number,
        state=row.state,
        currency=row.currency,
        customer=Party(
            id=row.customer_id,
            name=row.customer_name,
            latin_name=row.customer_latin_name or None,
            country=row.customer_country,
        ),
        created_date=row.created_at,
        cart_id=row.cart_id,
        ordered_by=row.ordered_by,
        request=request,
        provider=Party(
            id=row.provider_id, name=row.provider_name, latin_name=row.provider_latin_name or None
        ),
        reseller=_party(row.reseller_id, row.reseller_name, row.reseller_latin_name),
        operator=Party(id=row.operator_id, name=row.operator_name),
        lines=row.lines,
        units=row.units,
        failed_lines=row.failed_lines,
        links=Links(self=Link(uri=f"/customers/{row.customer_id}/orders/{row.id}")),
        attributes=attributes_of("OrderOverview", row.version),
    )
