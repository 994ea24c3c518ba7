"""Carts: what is about to be bought for a customer, kept seven days, and its way to orders.

A provider checks out; a reseller's cart becomes an order request to its provider (/v1/toiya/…), because what changes
money is the provider's to order (S-099).
"""

import datetime as dt
import enum
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, last_day
from toiya.api.errors import WireError, told_as
from toiya.api.items import RENEWS, catalog_item_id
from toiya.api.lines import (
    Asked,
    Pricing,
    RenewsTo,
    positions_of,
    pricing_of,
    reseller_named,
    wanted_lines,
    wrong,
)
from toiya.api.operations import Call, operation
from toiya.api.reach import NO_SUCH_CUSTOMER, relationship_in
from toiya.api.resources.orders import (
    WHOLE_GROUP,
    Order,
    number_of_problem,
    order_resource,
    reseller_ids,
    whole_order,
)
from toiya.api.wire import Attributes, Link, Links, Resource, Wire, attributes_of
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.orders import models
from toiya.orders.carts import (
    buying_permission,
    lines_of,
    look_at,
    replace_lines,
    sellers_for,
    start_cart,
    submitted_cart,
)
from toiya.orders.checkout import order_of_cart, submit_order
from toiya.orders.edges import edges_of
from toiya.orders.errors import CartExpired, CartUsed
from toiya.orders.examination import Examined, Problem

NO_SUCH_CART = 800008
DEEPEST = 5


class ParticipantType(enum.Enum):
    """As what somebody takes part in the sale."""

    UNKNOWN = "unknown"
    TRANSACTION_RESELLER = "transaction_reseller"
    CONSUMPTION_RESELLER = "consumption_reseller"
    ADDITIONAL_TRANSACTION_RESELLER = "additional_transaction_reseller"


class Participant(Wire):
    """Who takes part in the sale: ``value`` is the reseller's membership ID."""

    key: ParticipantType | None = None
    value: str | None = None


class CartErrorCode(enum.Enum):
    """Why a line cannot be ordered."""

    UNKNOWN = "unknown"
    CURRENCY_IS_NOT_SUPPORTED = "currency_is_not_supported"
    CATALOG_ITEM_ID_IS_NOT_VALID = "catalog_item_id_is_not_valid"
    QUOTA_NOT_AVAILABLE = "quota_not_available"
    INVENTORY_NOT_AVAILABLE = "inventory_not_available"
    PARTICIPANTS_IS_NOT_SUPPORTED_FOR_PARTNER = "participants_is_not_supported_for_partner"
    UNABLE_TO_PROCESS_CART_LINE_ITEM = "unable_to_process_cart_line_item"
    SUBSCRIPTION_IS_NOT_VALID = "subscription_is_not_valid"
    SUBSCRIPTION_IS_NOT_ENABLED_FOR_R_I = "subscription_is_not_enabled_for_r_i"
    SANDBOX_LIMIT_EXCEEDED = "sandbox_limit_exceeded"
    INVALID_INPUT = "invalid_input"
    SUBSCRIPTION_NOT_REGISTERED = "subscription_not_registered"
    ATTESTATION_NOT_ACCEPTED = "attestation_not_accepted"
    BILLING_PLAN_NOT_SUPPORTED = "billing_plan_not_supported"
    INVALID_PROMOTION_ID = "invalid_promotion_id"
    MAX_ALLOWED_SEATS_PER_SUBSCRIPTION_EXCEEDED = "max_allowed_seats_per_subscription_exceeded"
    INVALID_CUSTOM_TERM_END_DATE_PRODUCT = "invalid_custom_term_end_date_product"
    INVALID_CUSTOM_TERM_END_DATE = "invalid_custom_term_end_date"
    BASE_OFFER_SEAT_QUANTITY_NOT_MET = "base_offer_seat_quantity_not_met"
    MINIMUM_ADD_ON_SEATS_NOT_MET = "minimum_add_on_seats_not_met"
    LEGACY_OFFER_NOT_ELIGIBLE_FOR_PURCHASE = "legacy_offer_not_eligible_for_purchase"


E = CartErrorCode
ERRORS: Mapping[str, CartErrorCode] = {
    "change_under_way": E.SUBSCRIPTION_IS_NOT_VALID,
    "limit_reached": E.QUOTA_NOT_AVAILABLE,
    "not_enlargeable": E.SUBSCRIPTION_IS_NOT_VALID,
    "not_on_sale": E.CATALOG_ITEM_ID_IS_NOT_VALID,
    "not_priced": E.CATALOG_ITEM_ID_IS_NOT_VALID,
    "other_country": E.CATALOG_ITEM_ID_IS_NOT_VALID,
    "outside_region": E.CATALOG_ITEM_ID_IS_NOT_VALID,
    "parent_missing": E.SUBSCRIPTION_IS_NOT_VALID,
    "parent_not_active": E.SUBSCRIPTION_IS_NOT_VALID,
    "promotion_not_given": E.INVALID_PROMOTION_ID,
    "quantity_out_of_bounds": E.INVALID_INPUT,
    "twice_in_cart": E.INVALID_INPUT,
    "wrong_end": E.INVALID_CUSTOM_TERM_END_DATE,
    "wrong_parent": E.SUBSCRIPTION_IS_NOT_VALID,
}


class CartError(Wire):
    """Why a line cannot be ordered, in the reader's language; ``additionalInformation`` has Toiya's lasting word."""

    error_code: CartErrorCode | None = None
    error_description: str | None = None
    additional_information: dict[str, Any] | None = None


class CartLineItem(Wire):
    """One line. ``id`` is the client's number; ``catalogItemId`` names what is bought.

    ``provisioningContext`` keeps the customer's answers for the vendor; ``parentSubscriptionId`` in it names what an
    add-on belongs to, ``subscriptionId`` the subscription that gets more licenses.
    """

    id: int | None = None
    catalog_item_id: str | None = None
    friendly_name: str | None = None
    quantity: int | None = None
    currency_code: str | None = None
    billing_cycle: BillingCycleType | None = None
    term_duration: str | None = None
    promotion_id: str | None = None
    participants: list[Participant] | None = None
    provisioning_context: dict[str, str] | None = None
    order_group: str | None = None
    purchase_system: str | None = None
    addon_items: "list[CartLineItem] | None" = None
    renews_to: RenewsTo | None = None
    error: CartError | None = None
    custom_term_end_date: dt.datetime | None = None
    attestation_accepted: bool | None = None
    pricing: Pricing | None = None
    additional_partner_ids_on_record: list[str] | None = None


class Cart(Resource):
    """What is about to be bought for one customer; a change hands in the whole cart."""

    id: str | None = None
    creation_timestamp: dt.datetime | None = None
    last_modified_timestamp: dt.datetime | None = None
    expiration_timestamp: dt.datetime | None = None
    last_modified_user: str | None = None
    line_items: list[CartLineItem] | None = None
    status: str | None = None
    partner_on_record_attestation_accepted: bool | None = None


class OrderError(Wire):
    """A line that was not ordered: its number and why."""

    order_group_id: str | None = None
    code: int | None = None
    description: str | None = None
    attributes: Attributes | None = None


class CartCheckoutResult(Wire):
    """What became of a cart: the order, and the lines that were not ordered."""

    orders: list[Order] | None = None
    order_errors: list[OrderError] | None = None
    attributes: Attributes | None = None


# ---------------------------------------------------------------- reading
def _flat(
    items: Sequence[CartLineItem], place: str, depth: int = 0
) -> Iterator[tuple[CartLineItem, str, CartLineItem | None]]:
    """Every line with its place in the body and the line that it belongs to; parents first."""
    if depth > DEEPEST:
        raise WireError(400, 800002, _("Add-ons are nested too deeply."), place)
    for number, item in enumerate(items):
        here = f"{place}[{number}]"
        yield item, here, None
        for inner, where, parent in _flat(item.addon_items or [], f"{here}.addonItems", depth + 1):
            yield inner, where, parent or item


def _asked(body: Cart, kept: Mapping[int, models.CartLine]) -> dict[int, Asked]:
    rows = list(_flat(body.line_items or [], "lineItems"))
    positions = positions_of(
        [item.id for item, _place, _parent in rows], [place for _item, place, _p in rows]
    )
    by_item = {id(item): position for (item, _place, _parent), position in zip(rows, positions, strict=True)}
    asked = {}
    for (item, place, parent), position in zip(rows, positions, strict=True):
        if item.additional_partner_ids_on_record:
            text = _("One reseller is named on a sale; there are no additional ones in this programme.")
            raise wrong(800002, place, item.additional_partner_ids_on_record[0], text)
        line = Asked(
            place=place,
            item=item.catalog_item_id,
            quantity=item.quantity,
            term=item.term_duration,
            cycle=item.billing_cycle,
            renews_to=item.renews_to.term_duration if item.renews_to else None,
            friendly_name=item.friendly_name,
            promotion_id=item.promotion_id,
            custom_end=item.custom_term_end_date,
            context=item.provisioning_context or {},
            parent_position=by_item[id(parent)] if parent is not None else None,
            wish=_wish_of(kept.get(position), item),
        )
        asked[position] = line
    return asked


def _wish_of(line: models.CartLine | None, item: CartLineItem) -> models.CustomerWish | None:
    """The customer's request that the line carries out stays with it as long as the line is about the same."""
    same = line is not None and catalog_item_id(line.availability) == item.catalog_item_id
    return line.wish if line is not None and same else None


def _named(body: Cart) -> list[str]:
    named = []
    for item, place, _parent in _flat(body.line_items or [], "lineItems"):
        for participant in item.participants or []:
            if participant.key is not ParticipantType.TRANSACTION_RESELLER:
                text = _("Only a transaction_reseller is named on a sale in this programme.")
                raise wrong(800002, f"{place}.participants", participant.value or "", text)
            named.append(participant.value or "")
    return named


# ---------------------------------------------------------------- writing
def cart_resource(call: Call, cart: models.Cart) -> Cart:
    """The cart as it stands, each line examined now."""
    answers = look_at(call.actor, cart)
    edge = edges_of(
        call.actor.tenant_id,
        provider_id=cart.provider_id,
        reseller_id=cart.reseller_id,
        customer_id=cart.customer_id,
    )[0]
    reseller_id = next(iter(reseller_ids([cart.reseller_id]).values()), None)
    items: dict[int, CartLineItem] = {}
    top: list[CartLineItem] = []
    for answer in answers:
        item = _item(answer, getattr(answer.prices, edge.value) if answer.prices else None, reseller_id)
        items[answer.line.position] = item
        parent = items.get(answer.line.parent_position or 0)
        if parent is None:
            top.append(item)
        else:
            parent.addon_items = [*(parent.addon_items or []), item]
    return Cart(
        id=str(cart.pk),
        creation_timestamp=cart.created_at,
        expiration_timestamp=cart.expires_at,
        line_items=top,
        status="Active" if cart.checked_out_at is None else "Completed",
        partner_on_record_attestation_accepted=True if cart.reseller_id else None,
        links=Links(self=Link(uri=f"/customers/{cart.customer_id}/carts/{cart.pk}")),
        attributes=attributes_of("Cart", cart.version),
    )


def _item(answer: Examined, price: Any, reseller_id: str | None) -> CartLineItem:  # noqa: ANN401
    line = answer.line
    availability = line.availability
    promotion = answer.promotion or line.promotion
    context = dict(line.attributes)
    if line.parent_id:
        context["parentSubscriptionId"] = str(line.parent_id)
    if line.subscription_id:
        context["subscriptionId"] = str(line.subscription_id)
    renews = availability.term if availability.sku.kind in RENEWS else ""
    return CartLineItem(
        id=line.position - 1,
        catalog_item_id=catalog_item_id(availability),
        friendly_name=line.friendly_name or None,
        quantity=line.quantity,
        currency_code=availability.currency if price is None else price.currency,
        billing_cycle=BillingCycleType(availability.billing_cycle),
        term_duration=availability.term or None,
        promotion_id=str(promotion.pk) if promotion else None,
        participants=[Participant(key=ParticipantType.TRANSACTION_RESELLER, value=reseller_id)]
        if reseller_id
        else None,
        provisioning_context=context,
        order_group=WHOLE_GROUP,
        renews_to=RenewsTo(term_duration=renews) if renews else None,
        error=_error(answer.problem, line) if answer.problem else None,
        custom_term_end_date=last_day(line.custom_term_end),
        pricing=pricing_of(price, line.quantity, is_promoted=answer.promotion is not None),
    )


def _error(problem: Problem, line: models.Line) -> CartError:
    code = ERRORS.get(problem.code, E.UNABLE_TO_PROCESS_CART_LINE_ITEM)
    if problem.code == "quantity_out_of_bounds" and line.quantity > line.availability.sku.max_quantity:
        code = E.MAX_ALLOWED_SEATS_PER_SUBSCRIPTION_EXCEEDED
    return CartError(
        error_code=code,
        error_description=str(problem),
        additional_information={"reason": problem.code},
    )


# ---------------------------------------------------------------- operations
def cart_in(call: Call, customer_id: uuid.UUID, cart_id: uuid.UUID) -> models.Cart:
    """The organisation's own cart for the customer. Raises WireError (404, 800008) also once it has expired."""
    with told_as(NO_SUCH_CART):
        cart = submitted_cart(call.actor, cart_id, customer_id)
        if cart is None:
            raise NotVisible
    if cart.checked_out_at is None and not cart.is_open(call.actor.now):
        raise CartExpired(on=cart.expires_at.date())
    return cart


def _partner(call: Call, customer: Tenant, body: Cart) -> Tenant | None:
    """Who stands beside the buyer: the reseller that a provider names, or the provider that a reseller asks."""
    reseller = reseller_named(
        call, customer, _named(body), is_attested=body.partner_on_record_attestation_accepted
    )
    if buying_permission(call.actor) is Permission.ORDERS_REQUEST:
        providers = sellers_for(call.actor, customer.pk)
        if not providers:
            raise WireError(400, 800016, _("A partnership is missing: choose an indirect provider first."))
        return providers[0]
    return reseller


LINE = {
    "id": 0,
    "catalogItemId": "{product}:{sku}:{availability}",
    "quantity": 5,
    "billingCycle": "monthly",
    "termDuration": "P1Y",
    "participants": [{"key": "transaction_reseller", "value": "1234567"}],
}


@operation(
    "carts.create",
    "POST",
    "/v1/customers/{customer_id}/carts",
    needs=Permission.CATALOGUE_VIEW,
    status=201,
    required=("lineItems",),
    errors=(800009, 800015, 800016, 900142, 900206, 2002, 27007, NO_SUCH_CUSTOMER),
    example={"partnerOnRecordAttestationAccepted": True, "lineItems": [LINE]},
)
def create_cart(call: Call, customer_id: uuid.UUID, body: Cart) -> Cart:
    """A cart with its lines. What stands against a line is told in its ``error``; it can still be changed."""
    customer = relationship_in(call, customer_id).customer
    partner = _partner(call, customer, body)
    lines = wanted_lines(call, customer, _asked(body, {}))
    cart = start_cart(call.actor, customer=customer, partner=partner, lines=lines)
    return cart_resource(call, cart_in(call, customer_id, cart.pk))


@operation(
    "carts.get",
    "GET",
    "/v1/customers/{customer_id}/carts/{cart_id}",
    needs=Permission.CATALOGUE_VIEW,
    errors=(NO_SUCH_CART,),
)
def get_cart(call: Call, customer_id: uuid.UUID, cart_id: uuid.UUID) -> Cart:
    """The cart with its prices of now, also after it was checked out; gone once it has expired."""
    return cart_resource(call, cart_in(call, customer_id, cart_id))


@operation(
    "carts.update",
    "PUT",
    "/v1/customers/{customer_id}/carts/{cart_id}",
    needs=Permission.CATALOGUE_VIEW,
    status=201,
    required=("lineItems",),
    errors=(NO_SUCH_CART, 800009, 800015, 800016, 800065, 900142, 900206, 2002, 2055, 27007),
    example={"partnerOnRecordAttestationAccepted": True, "lineItems": [LINE]},
)
def update_cart(call: Call, customer_id: uuid.UUID, cart_id: uuid.UUID, body: Cart) -> Cart:
    """The whole cart anew: lines that are not handed in are gone."""
    cart = cart_in(call, customer_id, cart_id)
    if cart.checked_out_at is not None:
        raise CartUsed
    partner = _partner(call, cart.customer, body)
    if partner is None and cart.reseller is not None and not reseller_ids([cart.reseller_id]):
        partner = cart.reseller  # a reseller without a membership ID cannot be named here; the pages chose it
    kept = {line.position: line for line in lines_of(cart).select_related("wish")}
    lines = wanted_lines(call, cart.customer, _asked(body, kept))
    version = call.version(body, current=cart.version)
    replace_lines(call.actor, cart=cart, version=version, partner=partner, lines=lines)
    return cart_resource(call, cart_in(call, customer_id, cart_id))


@operation(
    "carts.checkout",
    "POST",
    "/v1/customers/{customer_id}/carts/{cart_id}/checkout",
    needs=Permission.CATALOGUE_VIEW,
    status=201,
    errors=(NO_SUCH_CART, 13605, 800009, 800016, 800073, 900149, 20002, 2030),
)
def checkout_cart(call: Call, customer_id: uuid.UUID, cart_id: uuid.UUID) -> CartCheckoutResult:
    """The cart becomes an order of the provider; lines that cannot be ordered are told in ``orderErrors``.

    Checked out once more, it answers what it answered first. A reseller is refused: it asks by an order request.
    """
    cart = cart_in(call, customer_id, cart_id)
    made = order_of_cart(call.actor, cart) if cart.checked_out_at is not None else None
    if made is None:
        try:
            made = submit_order(call.actor, cart=cart, version=cart.version, key="")
        except CartUsed:
            made = order_of_cart(call.actor, cart)
            if made is None:
                raise
    shown = whole_order(call, made.pk)
    return CartCheckoutResult(
        orders=[order_resource(call, shown, with_prices=True, ids=reseller_ids([shown.reseller_id]))],
        order_errors=list(_order_errors(shown.lines.all())),
        attributes=attributes_of("CartCheckoutResult"),
    )


def _order_errors(lines: Iterable[models.OrderLine]) -> Iterator[OrderError]:
    for line in lines:
        if line.state == models.OrderLineState.REFUSED:
            _status, code = number_of_problem(line.failure_code)
            yield OrderError(
                order_group_id=WHOLE_GROUP,
                code=code,
                description=_("Line %(number)s: %(reason)s")
                % {"number": line.position - 1, "reason": line.failure},
                attributes=attributes_of("OrderError"),
            )
