"""Orders: what a provider bought for its customers, line by line, and what became of each.

Prices are those that the caller pays (G-05). An order of Toiya may hold lines with several billing cycles; then its
``billingCycle`` is unknown. Line numbers count from 0, as clients count.
"""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import Prefetch
from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, last_day
from toiya.api.errors import WireError, told_as
from toiya.api.items import RENEWS, catalog_item_id, currency_symbol
from toiya.api.lines import (
    PARENT,
    Asked,
    Pricing,
    RenewsTo,
    positions_of,
    pricing_of,
    reseller_named,
    wanted_lines,
    wrong,
)
from toiya.api.operations import APP_USER_ONLY, Call, operation, unbuilt
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.catalog import place_of_customer
from toiya.api.wire import Attributes, Link, Links, Wire, attributes_of, collection
from toiya.api.wire import Collection as Page
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.money import UnitPrice
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.membership.profiles import membership_ids_of
from toiya.orders import models
from toiya.orders.checkout import add_to_order
from toiya.orders.direct import cancel_order, create_order, lines_from
from toiya.orders.edges import Edge, Priced, edges_of_chain, first_period
from toiya.orders.errors import LineNotPossible
from toiya.orders.lists import orders_of
from toiya.orders.models import OrderLineState, OrderState
from toiya.subscriptions.errors import WindowClosed
from toiya.subscriptions.models import SubscriptionState

NO_SUCH_ORDER = 20000
WHOLE_GROUP = "0"
STATES = {
    OrderState.PENDING: "pending",
    OrderState.COMPLETED: "completed",
    OrderState.PARTLY_COMPLETED: "partial success",
    OrderState.FAILED: "error",
}
CANCELLED = "cancelled"
PROVISIONED = {
    OrderLineState.PENDING: "PrefulfillmentPending",
    OrderLineState.COMPLETED: "Fulfilled",
    OrderLineState.FAILED: "Unfulfilled",
}
# Why a line cannot be ordered, in the numbers that clients know.
PROBLEMS: Mapping[str, tuple[int, int]] = {
    "limit_reached": (403, 800020),
    "not_on_sale": (403, 2091),
    "not_priced": (403, 2091),
    "other_country": (400, 800070),
    "other_segment": (403, 2085),
    "outside_region": (400, 800070),
    "parent_not_active": (400, 4018),
    "prerequisite_missing": (403, 2085),
    "promotion_not_given": (400, 27007),
    "quantity_out_of_bounds": (400, 2002),
    "sandbox_full": (400, 800018),
    "wrong_end": (400, 900242),
}


def number_of_problem(problem: str) -> tuple[int, int]:
    """Status and number of what stands against a line."""
    return PROBLEMS.get(problem, (400, 4018))


class OrderLinks(Links):
    """The order, where it stands, and how it is changed."""

    provisioning_status: Link | None = None
    patch_operation: Link | None = None


class OrderLineItemLinks(Wire):
    """What the line bought, and what came of it."""

    subscription: Link | None = None
    product: Link | None = None
    sku: Link | None = None
    availability: Link | None = None
    provisioning_status: Link | None = None


class OrderLineItem(Wire):
    """One line. ``offerId`` is a catalogue item id, or the id of an offer; ``partnerIdOnRecord`` a membership ID."""

    line_item_number: int | None = None
    offer_id: str | None = None
    subscription_id: str | None = None
    parent_subscription_id: str | None = None
    term_duration: str | None = None
    renews_to: RenewsTo | None = None
    transaction_type: str | None = None
    promotion_id: str | None = None
    custom_term_end_date: dt.datetime | None = None
    friendly_name: str | None = None
    quantity: int | None = None
    pricing: Pricing | None = None
    partner_id_on_record: str | None = None
    additional_partner_ids_on_record: list[str] | None = None
    provisioning_context: dict[str, str] | None = None
    attestation_accepted: bool | None = None
    links: OrderLineItemLinks | None = None
    attributes: Attributes | None = None


class Order(Wire):
    """What was bought at once for a customer."""

    id: str | None = None
    alternate_id: str | None = None
    reference_customer_id: str | None = None
    billing_cycle: BillingCycleType | None = None
    currency_code: str | None = None
    currency_symbol: str | None = None
    line_items: list[OrderLineItem] | None = None
    creation_date: dt.datetime | None = None
    status: str | None = None
    transaction_type: str | None = None
    total_price: Decimal | None = None
    partner_on_record_attestation_accepted: bool | None = None
    links: OrderLinks | None = None
    attributes: Attributes | None = None


class PriceQuery(Wire):
    """``include_price``: with what the caller pays."""

    include_price: bool | None = None


class OrdersQuery(PriceQuery):
    """``billingType`` keeps one billing cycle; ``indirectResellerId`` what one reseller sold (its tenant id)."""

    billing_type: BillingCycleType | None = None
    indirect_reseller_id: uuid.UUID | None = None


class QuantityProvisioningStatus(Wire):
    """How many units are how far."""

    quantity: int | None = None
    status: str | None = None
    attributes: Attributes | None = None


class OrderLineItemProvisioningStatus(Wire):
    """How far a line is."""

    line_item_number: int | None = None
    status: str | None = None
    quantity_provisioning_information: list[QuantityProvisioningStatus] | None = None
    attributes: Attributes | None = None


# ---------------------------------------------------------------- writing
def reseller_ids(tenants: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """The membership IDs of these resellers; one statement, none where there are none."""
    wanted = {one for one in tenants if one is not None}
    return membership_ids_of(wanted) if wanted else {}


def whole(rows: models.OrderQuerySet) -> list[models.Order]:
    """Orders with everything that their resources say; two statements."""
    lines = models.OrderLine.objects.select_related("availability__sku", "subscription").order_by("position")
    ordered = rows.select_related(None).prefetch_related(Prefetch("lines", queryset=lines))
    return list(ordered.order_by("-created_at", "id"))


def whole_order(call: Call, order_id: uuid.UUID) -> models.Order:
    """One order as the caller may see it. Raises NotVisible."""
    found = whole(orders_of(call.actor).filter(pk=order_id))
    if not found:
        raise NotVisible
    return found[0]


def order_in(call: Call, customer_id: uuid.UUID, order_id: str, *, code: int = NO_SUCH_ORDER) -> models.Order:
    """The order that the address names. Raises WireError (404, 20000)."""
    with told_as(code):
        try:
            wanted = uuid.UUID(order_id)
        except ValueError as error:
            raise NotVisible from error
        shown = whole_order(call, wanted)
        if shown.customer_id != customer_id:
            raise NotVisible
    return shown


def ordered_lines(order: models.Order) -> list[models.OrderLine]:
    """The lines that were ordered; refused ones were told at the checkout."""
    return [line for line in order.lines.all() if line.state != OrderLineState.REFUSED]


def _status(order: models.Order, lines: Sequence[models.OrderLine]) -> str:
    """Cancelled: everything that it bought has been given back."""
    bought = [line.subscription for line in lines if line.state == OrderLineState.COMPLETED]
    if bought and all(held is not None and held.state == SubscriptionState.DELETED for held in bought):
        return CANCELLED
    return STATES[OrderState(order.state)]


def _edge(call: Call, order: models.Order) -> Edge | None:
    return next(iter(edges_of_chain(call.actor.tenant_id, order)), None)


def _cycle(lines: Collection[models.OrderLine]) -> BillingCycleType:
    cycles = {line.availability.billing_cycle for line in lines}
    return BillingCycleType(cycles.pop()) if len(cycles) == 1 else BillingCycleType.UNKNOWN


def order_resource(
    call: Call, order: models.Order, *, with_prices: bool, ids: Mapping[uuid.UUID, str]
) -> Order:
    """The order as the caller sees it; ``ids``: the membership IDs of resellers."""
    lines, edge = ordered_lines(order), _edge(call, order)
    prices = {line.position: line.price(edge.value) if edge else None for line in lines}
    shown = [price for price in prices.values() if price is not None]
    currency = shown[0].currency if shown else order.currency
    at = f"/customers/{order.customer_id}/orders/{order.pk}"
    total = first_period(
        [Priced(line.quantity, line.availability.billing_cycle, prices[line.position]) for line in lines]
    )
    reseller_id = ids.get(order.reseller_id) if order.reseller_id else None
    return Order(
        id=str(order.pk),
        alternate_id=str(order.number),
        reference_customer_id=str(order.customer_id),
        billing_cycle=_cycle(lines),
        currency_code=currency,
        currency_symbol=currency_symbol(call, currency),
        line_items=[
            _line(line, order, prices[line.position] if with_prices else None, reseller_id) for line in lines
        ],
        creation_date=order.created_at,
        status=_status(order, lines),
        transaction_type="UserPurchase",
        total_price=total.decimal if with_prices and total else None,
        partner_on_record_attestation_accepted=True if order.reseller_id else None,
        links=OrderLinks(
            self=Link(uri=at),
            provisioning_status=Link(uri=f"{at}/provisioningstatus"),
            patch_operation=Link(uri=at, method="PATCH"),
        ),
        attributes=attributes_of("Order", order.version),
    )


def _line(
    line: models.OrderLine, order: models.Order, price: UnitPrice | None, reseller_id: str | None
) -> OrderLineItem:
    availability, sku = line.availability, line.availability.sku
    place = place_of_customer(order.customer_id)
    held = line.subscription
    parent_id = line.parent_id or (held.parent_id if held is not None and not line.is_addition else None)
    renews = availability.term if sku.kind in RENEWS else ""
    at = f"/customers/{order.customer_id}"
    return OrderLineItem(
        line_item_number=line.position - 1,
        offer_id=catalog_item_id(availability),
        subscription_id=str(held.pk) if held else None,
        parent_subscription_id=str(parent_id) if parent_id else None,
        term_duration=availability.term or None,
        renews_to=RenewsTo(term_duration=renews) if renews else None,
        transaction_type="addQuantity" if line.is_addition else "New",
        promotion_id=str(line.promotion_id) if line.promotion_id else None,
        custom_term_end_date=last_day(line.custom_term_end),
        friendly_name=line.friendly_name or sku.name,
        quantity=line.quantity,
        pricing=pricing_of(price, line.quantity, is_promoted=line.promotion_id is not None),
        partner_id_on_record=reseller_id,
        provisioning_context=dict(line.attributes) or None,
        links=OrderLineItemLinks(
            subscription=Link(uri=f"{at}/subscriptions/{held.pk}") if held else None,
            product=place.link(sku.product_id),
            sku=place.link(sku.product_id, "skus", sku.pk),
            availability=place.link(sku.product_id, "skus", sku.pk, "availabilities", availability.pk),
            provisioning_status=Link(uri=f"{at}/orders/{order.pk}/provisioningstatus"),
        ),
        attributes=attributes_of("OrderLineItem"),
    )


# ---------------------------------------------------------------- reading
def _asked(lines: Sequence[OrderLineItem], cycle: BillingCycleType | None) -> dict[int, Asked]:
    places = [f"lineItems[{number}]" for number in range(len(lines))]
    positions = positions_of([line.line_item_number for line in lines], places)
    asked = {}
    for line, place, position in zip(lines, places, positions, strict=True):
        if line.additional_partner_ids_on_record:
            text = _("One reseller is named on a sale; there are no additional ones in this programme.")
            raise wrong(800002, place, line.additional_partner_ids_on_record[0], text)
        asked[position] = Asked(
            place=place,
            item=line.offer_id,
            quantity=line.quantity,
            term=line.term_duration,
            cycle=cycle,
            renews_to=line.renews_to.term_duration if line.renews_to else None,
            friendly_name=line.friendly_name,
            promotion_id=line.promotion_id,
            custom_end=line.custom_term_end_date,
            context=line.provisioning_context or {},
            parent_id=line.parent_subscription_id,
            subscription_id=line.subscription_id,
        )
    return asked


def _told(refusal: LineNotPossible) -> WireError:
    status, code = number_of_problem(refusal.reason)
    number = refusal.position - 1
    text = _("Line %(number)s: %(reason)s") % {"number": number, "reason": refusal.problem}
    return WireError(status, code, text, refusal.reason, f"lineItemNumber {number}")


# ---------------------------------------------------------------- operations
@operation(
    "orders.list",
    "GET",
    "/v1/customers/{customer_id}/orders",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_CUSTOMER,),
)
def list_orders(call: Call, customer_id: uuid.UUID, query: OrdersQuery) -> Page[Order]:
    """What was ordered for the customer, the latest first, as far as the caller sells or resells it."""
    rows = orders_of(call.actor, customer_id=customer_id)
    if query.indirect_reseller_id is not None:
        rows = rows.filter(reseller_id=query.indirect_reseller_id)
    found = whole(rows)
    if not found:
        relationship_in(call, customer_id)
    wanted = query.billing_type
    shown = [order for order in found if wanted in {None, _cycle(ordered_lines(order))}]
    ids = reseller_ids(order.reseller_id for order in shown)
    with_prices = bool(query.include_price)
    return collection(
        [order_resource(call, order, with_prices=with_prices, ids=ids) for order in shown],
        at=f"/customers/{customer_id}/orders",
    )


@operation(
    "orders.get",
    "GET",
    "/v1/customers/{customer_id}/orders/{order_id}",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(NO_SUCH_ORDER,),
)
def get_order(call: Call, customer_id: uuid.UUID, order_id: str, query: PriceQuery) -> Order:
    """One order."""
    shown = order_in(call, customer_id, order_id)
    ids = reseller_ids([shown.reseller_id])
    return order_resource(call, shown, with_prices=bool(query.include_price), ids=ids)


LINE = {
    "lineItemNumber": 0,
    "offerId": "{product}:{sku}:{availability}",
    "quantity": 5,
    "partnerIdOnRecord": "1234567",
}


@operation(
    "orders.create",
    "POST",
    "/v1/customers/{customer_id}/orders",
    needs=Permission.ORDERS_SUBMIT,
    status=201,
    required=("lineItems",),
    errors=(
        2002,
        2030,
        2085,
        13605,
        2091,
        4018,
        20002,
        27007,
        800004,
        800009,
        800015,
        800016,
        800020,
        800070,
        800073,
        900149,
        900206,
        900242,
        NO_SUCH_CUSTOMER,
    ),
    example={"partnerOnRecordAttestationAccepted": True, "billingCycle": "monthly", "lineItems": [LINE]},
)
def order_for_customer(call: Call, customer_id: uuid.UUID, body: Order) -> Order:
    """The provider orders at once: every line or none. An add-on names its subscription in ``parentSubscriptionId``."""
    customer = relationship_in(call, customer_id).customer
    _must_be_for(customer_id, body)
    items = body.line_items or []
    reseller = _reseller(call, customer, body)
    lines = wanted_lines(call, customer, _asked(items, body.billing_cycle), no_such_item=800004)
    try:
        made = create_order(call.actor, customer=customer, reseller=reseller, lines=lines)
    except LineNotPossible as refusal:
        raise _told(refusal) from refusal
    ids = reseller_ids([made.reseller_id])
    return order_resource(call, made, with_prices=True, ids=ids)


def _must_be_for(customer_id: uuid.UUID, body: Order) -> None:
    said = body.reference_customer_id
    if said and said.lower() != str(customer_id):
        text = _("referenceCustomerId is “%(found)s”; the address names the customer “%(expected)s”.")
        found = {"found": said, "expected": customer_id}
        raise WireError(400, 800002, text % found, "referenceCustomerId", said)


def _reseller(call: Call, customer: Tenant, body: Order) -> Tenant | None:
    named = [line.partner_id_on_record or "" for line in body.line_items or []]
    return reseller_named(call, customer, named, is_attested=body.partner_on_record_attestation_accepted)


@operation(
    "orders.update",
    "PATCH",
    "/v1/customers/{customer_id}/orders/{order_id}",
    needs=Permission.ORDERS_SUBMIT,
    errors=(NO_SUCH_ORDER, 2055, 4018, 6000, 6001, 800002, 800004, 800061, 800071, 900117),
    example={
        "lineItems": [
            {
                "lineItemNumber": 1,
                "offerId": "{product}:{sku}:{availability}",
                "parentSubscriptionId": "{subscription}",
                "quantity": 5,
            }
        ]
    },
)
def update_order(call: Call, customer_id: uuid.UUID, order_id: str, body: Order) -> Order:
    """Add lines to an order (add-ons to what it bought), or take it back with the status ``cancelled``.

    The billing cycle of a running term does not change; it is scheduled for the renewal at the subscription.
    """
    shown = order_in(call, customer_id, order_id)
    version = call.version(body, current=shown.version)
    if version != shown.version:
        raise ChangedMeanwhile
    if (body.status or "").lower() in {CANCELLED, "canceled"}:
        with told_as(900117, status=400, of=WindowClosed):
            cancel_order(call.actor, order=shown)
    else:
        new = _new_lines(shown, body)
        _must_keep_cycle(shown, body)
        if new:
            customer = Tenant.objects.get(pk=shown.customer_id)
            asked = _asked(new, None)
            wanted = wanted_lines(call, customer, asked, no_such_item=800004)
            lines = lines_from(wanted, customer=customer, buyer_id=call.actor.tenant_id)
            try:
                add_to_order(call.actor, order=shown, version=version, lines=lines)
            except LineNotPossible as refusal:
                raise _told(refusal) from refusal
    fresh = order_in(call, customer_id, order_id)
    return order_resource(call, fresh, with_prices=True, ids=reseller_ids([fresh.reseller_id]))


def _new_lines(order: models.Order, body: Order) -> list[OrderLineItem]:
    """The lines that the order does not have yet: add-ons that name their subscription.

    Raises WireError: 800071 for a number that is no line and no add-on, 800002 for a line that would change.
    """
    present = {line.position - 1: line for line in order.lines.all()}
    new = []
    for number, item in enumerate(body.line_items or []):
        place = f"lineItems[{number}]"
        line = present.get(item.line_item_number) if item.line_item_number is not None else None
        if line is None:
            context = {name.lower() for name in item.provisioning_context or {}}
            if not item.parent_subscription_id and PARENT not in context:
                text = _(
                    "There is no line “%(found)s”; a new line is an add-on with its parentSubscriptionId."
                )
                found = item.line_item_number
                raise wrong(800071, place, found, text % {"found": "–" if found is None else found})
            new.append(item)
        elif item.quantity not in {None, line.quantity}:
            text = _("The line has %(expected)s units; change the quantity at its subscription.")
            raise wrong(800002, f"{place}.quantity", item.quantity, text % {"expected": line.quantity})
    return new


def _must_keep_cycle(order: models.Order, body: Order) -> None:
    lines = ordered_lines(order)
    wanted, present = body.billing_cycle, _cycle(lines)
    if wanted is None or wanted in {BillingCycleType.UNKNOWN, present}:
        return
    active = [line.subscription for line in lines if line.subscription is not None]
    if not any(held.state == SubscriptionState.ACTIVE for held in active):
        text = _("Nothing of this order is active, so its billing does not change.")
        raise WireError(400, 6000, text, "billingCycle")
    words = {"found": wanted.value, "expected": present.value}
    text = _(
        "The billing is “%(expected)s” until the term ends; schedule “%(found)s” for the renewal at the subscription."
    )
    raise WireError(400, 6001, text % words, "billingCycle", words["found"])


@operation(
    "orders.get_provisioning_status",
    "GET",
    "/v1/customers/{customer_id}/orders/{order_id}/provisioningstatus",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    tokens=APP_USER_ONLY,
    errors=(800007,),
)
def get_provisioning_status(
    call: Call, customer_id: uuid.UUID, order_id: str
) -> Page[OrderLineItemProvisioningStatus]:
    """How far each line of the order is."""
    shown = order_in(call, customer_id, order_id, code=800007)
    return collection(
        [
            OrderLineItemProvisioningStatus(
                line_item_number=line.position - 1,
                status=PROVISIONED[OrderLineState(line.state)],
                quantity_provisioning_information=[
                    QuantityProvisioningStatus(
                        quantity=line.quantity,
                        status=PROVISIONED[OrderLineState(line.state)],
                        attributes=attributes_of("QuantityProvisioningStatus"),
                    )
                ],
                attributes=attributes_of("OrderLineItemProvisioningStatus"),
            )
            for line in ordered_lines(shown)
        ],
        at=f"/customers/{customer_id}/orders/{shown.pk}/provisioningstatus",
    )


unbuilt(
    "Nothing that is sold here is activated through a link: what was ordered is provided by the vendor's system.",
    (
        "orders.list_activation_links",
        "GET",
        "/v1/customers/{customer_id}/orders/{order_id}/activationlinks",
    ),
    (
        "orders.list_line_activation_links",
        "GET",
        "/v1/customers/{customer_id}/orders/{order_id}/lineitems/{line_item_number}/activationlinks",
    ),
)
unbuilt(
    "Purchase orders and tender papers belong to sales under review, which this programme does not have.",
    ("orders.list_attachments", "GET", "/v1/customers/{customer_id}/orders/{order_id}/attachments"),
    ("orders.upload_attachment", "POST", "/v1/customers/{customer_id}/orders/{order_id}/attachment"),
    (
        "orders.download_attachment",
        "GET",
        "/v1/customers/{customer_id}/orders/{order_id}/attachment/{attachment_id}",
    ),
)
