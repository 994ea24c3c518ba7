"""Toiya's own: a reseller asks its provider to order, and the provider answers (C-06, S-099)."""

import datetime as dt
import enum
import uuid
from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _

from toiya.api.common import BillingCycleType, Party, Price, last_day, price_text, within
from toiya.api.errors import WireError
from toiya.api.items import availability_id_in, catalog_item_id
from toiya.api.lines import Asked, positions_of, wanted_lines, wrong
from toiya.api.operations import Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.reach import relationship_in
from toiya.api.resources.carts import cart_in
from toiya.api.wire import Link, Links, Resource, SeekCollection, Wire, attributes_of
from toiya.catalogue.models import Availability
from toiya.core.errors import NotVisible
from toiya.core.money import Money, UnitPrice, read_price
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.orders.carts import LARGEST_QUANTITY, sellers_for
from toiya.orders.edges import edges_of
from toiya.orders.examination import Basket, Examined, examine
from toiya.orders.lists import order_request, requests_of
from toiya.orders.models import AutomaticApproval, OrderRequest, OrderRequestLine, OrderRequestState
from toiya.orders.requests import (
    WAITING,
    ChangedLine,
    accept_change,
    alternatives_for,
    approve_request,
    change_request,
    currencies_for,
    decline_request,
    lines_of_request,
    request_order,
    send_request,
    set_automatic_approval,
    withdraw_request,
)
from toiya.relations.models import Partnership

REQUESTS = "/v1/toiya/orderRequests"
LONGEST_NOTE = 1000


class Side(enum.Enum):
    """Whether the organisation asked or was asked."""

    MADE = "made"
    RECEIVED = "received"


class RequestsQuery(SeekQuery):
    """``side``: made or received; ``state`` keeps one state, ``customerId`` one customer."""

    side: Side | None = None
    state: OrderRequestState | None = None
    customer_id: uuid.UUID | None = None


class ProblemInShort(Wire):
    """Why a line could not be ordered now: Toiya's lasting word, and a sentence in the reader's language."""

    code: str
    description: str


class RequestLine(Wire):
    """A line. ``youPay`` and ``youArePaid`` are the caller's own prices of one unit now; ``agreedPrice`` is what the
    reseller was told to pay the provider, which both know. ``askedQuantity``: before the provider changed it.
    """

    id: int | None = None
    catalog_item_id: str | None = None
    product_name: str | None = None
    sku_name: str | None = None
    quantity: int | None = None
    asked_quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: BillingCycleType | None = None
    friendly_name: str | None = None
    subscription_id: uuid.UUID | None = None
    parent_subscription_id: uuid.UUID | None = None
    parent_line_id: int | None = None
    promotion_id: uuid.UUID | None = None
    custom_term_end_date: dt.datetime | None = None
    provisioning_context: dict[str, str] | None = None
    you_pay: Price | None = None
    you_are_paid: Price | None = None
    agreed_price: Price | None = None
    problem: ProblemInShort | None = None


class OrderRequestItem(Resource):
    """A request. ``amount`` is what the reseller would pay the provider for the first billing period; ``lines`` only
    where one request is read. People are named to their own organisation.
    """

    id: uuid.UUID | None = None
    number: int | None = None
    status: OrderRequestState | None = None
    side: Side | None = None
    reseller: Party | None = None
    provider: Party | None = None
    customer: Party | None = None
    amount: Price | None = None
    note: str | None = None
    answer_note: str | None = None
    is_automatic: bool | None = None
    requested_by: str | None = None
    created_date: dt.datetime | None = None
    answered_date: dt.datetime | None = None
    order_id: uuid.UUID | None = None
    lines: list[RequestLine] | None = None


@operation("toiya.order_requests.list", "GET", REQUESTS, needs=Permission.SUBSCRIPTIONS_VIEW)
def list_order_requests(call: Call, query: RequestsQuery) -> SeekCollection[OrderRequestItem]:
    """The requests that the organisation made and received, the latest first, without their lines."""
    rows = requests_of(
        call.actor,
        side=query.side.value if query.side else "",
        state=query.state.value if query.state else "",
        customer_id=query.customer_id,
    )
    page = page_by_key(
        rows,
        fields=("created_at", "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(
        page,
        lambda row: _in_short(call, row),
        at="/toiya/orderRequests",
        size=query.size,
        side=query.side.value if query.side else None,
        state=query.state.value if query.state else None,
        customerId=query.customer_id,
    )


def _in_short(call: Call, row: OrderRequest) -> OrderRequestItem:
    is_made = row.tenant_id == call.actor.tenant_id
    return OrderRequestItem(
        id=row.pk,
        number=row.number,
        status=OrderRequestState(row.state),
        side=Side.MADE if is_made else Side.RECEIVED,
        reseller=_party(row.tenant),
        provider=_party(row.provider),
        customer=_party(row.customer),
        amount=_money(row.amount_minor, row.currency),
        note=row.note or None,
        answer_note=row.answer_note or None,
        is_automatic=row.is_automatic,
        requested_by=row.requested_by.name if is_made else None,
        created_date=row.created_at,
        answered_date=row.answered_at,
        order_id=row.order_id,
        links=Links(self=Link(uri=f"/toiya/orderRequests/{row.pk}")),
        attributes=attributes_of("OrderRequest", row.version),
    )


def _party(tenant: Tenant) -> Party:
    return Party(
        id=tenant.pk, name=tenant.name, latin_name=tenant.latin_name or None, country=tenant.country_id
    )


def _money(minor: int | None, currency: str) -> Price | None:
    if minor is None:
        return None
    return Price(amount=format(Money(minor, currency).decimal, "f"), currency=currency)


@operation(
    "toiya.order_requests.get",
    "GET",
    f"{REQUESTS}/{{request_id}}",
    needs=Permission.SUBSCRIPTIONS_VIEW,
    errors=(1000,),
)
def get_order_request(call: Call, request_id: uuid.UUID) -> OrderRequestItem:
    """One request with its lines, each examined now, and the prices of the caller's own edges (G-05)."""
    return _whole(call, request_id)


def _whole(call: Call, request_id: uuid.UUID) -> OrderRequestItem:
    row = order_request(call.actor, request_id)
    item = _in_short(call, row)
    answers = examine(
        Basket(
            provider=row.provider,
            reseller=row.tenant,
            customer=row.customer,
            lines=lines_of_request(row),
            now=call.actor.now,
        )
    )
    edges = edges_of(
        call.actor.tenant_id,
        provider_id=row.provider_id,
        reseller_id=row.tenant_id,
        customer_id=row.customer_id,
    )
    item.lines = [_line(answer, edges, is_waiting=row.state in WAITING) for answer in answers]
    return item


def _line(answer: Examined, edges: Sequence[str], *, is_waiting: bool) -> RequestLine:
    line = answer.line
    availability, problem = line.availability, answer.problem
    pays, is_paid = (price_text(getattr(answer.prices, edge, None)) for edge in edges)
    agreed = asked = None
    if isinstance(line, OrderRequestLine):
        asked = line.asked_quantity
        agreed = _agreed(line)
    return RequestLine(
        id=line.position - 1,
        catalog_item_id=catalog_item_id(availability),
        product_name=availability.sku.product.name,
        sku_name=availability.sku.name,
        quantity=line.quantity,
        asked_quantity=asked,
        term_duration=availability.term or None,
        billing_cycle=BillingCycleType(availability.billing_cycle),
        friendly_name=line.friendly_name or None,
        subscription_id=line.subscription_id,
        parent_subscription_id=line.parent_id,
        parent_line_id=line.parent_position - 1 if line.parent_position else None,
        promotion_id=answer.promotion.pk if answer.promotion else None,
        custom_term_end_date=last_day(line.custom_term_end),
        provisioning_context=dict(line.attributes) or None,
        you_pay=pays,
        you_are_paid=is_paid,
        agreed_price=agreed,
        problem=ProblemInShort(code=problem.code, description=str(problem))
        if problem and is_waiting
        else None,
    )


def _agreed(line: OrderRequestLine) -> Price | None:
    if line.resale_units is None or line.resale_scale is None:
        return None
    return price_text(UnitPrice(line.resale_units, line.resale_scale, line.resale_currency))


# ---------------------------------------------------------------- the reseller asks
class WantedLine(Wire):
    """What is asked for, as in a cart."""

    id: int | None = None
    catalog_item_id: str | None = None
    quantity: int | None = None
    term_duration: str | None = None
    billing_cycle: BillingCycleType | None = None
    friendly_name: str | None = None
    subscription_id: str | None = None
    parent_subscription_id: str | None = None
    parent_line_id: int | None = None
    promotion_id: str | None = None
    custom_term_end_date: dt.datetime | None = None
    provisioning_context: dict[str, str] | None = None


class OrderRequestBody(Wire):
    """For whom and what: ``lines``, or ``cartId`` of a cart that is there. ``providerId``: whom to ask, where the
    reseller has several; it is the cart's own where a cart is named.
    """

    customer_id: uuid.UUID | None = None
    provider_id: uuid.UUID | None = None
    cart_id: uuid.UUID | None = None
    lines: list[WantedLine] | None = None
    note: str | None = None


@operation(
    "toiya.order_requests.create",
    "POST",
    REQUESTS,
    needs=Permission.ORDERS_REQUEST,
    status=201,
    required=("customerId",),
    errors=(60003, 800008, 800009, 800016, 900142, 2002, 20002, 2030, 27007),
    example={
        "customerId": "00000000-0000-4000-8000-000000000000",
        "lines": [{"catalogItemId": "{product}:{sku}:{availability}", "quantity": 5}],
        "note": "By Friday, please",
    },
)
def create_order_request(call: Call, body: OrderRequestBody) -> OrderRequestItem:
    """Ask the provider to order. Under the amount that it set, it is an order at once (``orderId``).

    A cart makes one request: sent once more, it answers the same one.
    """
    customer_id = body.customer_id or uuid.UUID(int=0)
    note = within(body.note, LONGEST_NOTE, "note")
    if body.cart_id is not None:
        cart = cart_in(call, customer_id, body.cart_id)
        made = send_request(call.actor, cart=cart, version=cart.version, note=note)
    else:
        customer = relationship_in(call, customer_id).customer
        made = request_order(
            call.actor,
            customer=customer,
            provider=_provider(call, customer, body.provider_id),
            lines=wanted_lines(call, customer, _asked(body.lines or [])),
            note=note,
        )
    return _whole(call, made.pk)


def _provider(call: Call, customer: Tenant, provider_id: uuid.UUID | None) -> Tenant:
    found = [
        row for row in sellers_for(call.actor, customer.pk) if provider_id is None or row.pk == provider_id
    ]
    if not found:
        raise WireError(400, 800016, _("A partnership is missing: choose an indirect provider first."))
    return found[0]


def _asked(lines: Sequence[WantedLine]) -> dict[int, Asked]:
    places = [f"lines[{number}]" for number in range(len(lines))]
    positions = positions_of([line.id for line in lines], places)
    return {
        position: Asked(
            place=place,
            item=line.catalog_item_id,
            quantity=line.quantity,
            term=line.term_duration,
            cycle=line.billing_cycle,
            friendly_name=line.friendly_name,
            promotion_id=line.promotion_id,
            custom_end=line.custom_term_end_date,
            context=line.provisioning_context or {},
            parent_id=line.parent_subscription_id,
            parent_position=_parent(line, place, positions),
            subscription_id=line.subscription_id,
        )
        for line, place, position in zip(lines, places, positions, strict=True)
    }


def _parent(line: WantedLine, place: str, positions: Sequence[int]) -> int | None:
    if line.parent_line_id is None:
        return None
    if line.parent_line_id + 1 not in positions:
        text = _("There is no line with this number.")
        raise wrong(800002, f"{place}.parentLineId", line.parent_line_id, text)
    return line.parent_line_id + 1


@operation(
    "toiya.order_requests.accept",
    "POST",
    f"{REQUESTS}/{{request_id}}/accept",
    needs=Permission.ORDERS_REQUEST,
    errors=(1000, 2055),
)
def accept_order_request(call: Call, request_id: uuid.UUID) -> OrderRequestItem:
    """The reseller takes what the provider offers instead; it is an order now (``orderId``)."""
    row = order_request(call.actor, request_id)
    accept_change(call.actor, request=row, version=call.version(current=row.version))
    return _whole(call, request_id)


@operation(
    "toiya.order_requests.withdraw",
    "POST",
    f"{REQUESTS}/{{request_id}}/withdraw",
    needs=Permission.ORDERS_REQUEST,
    errors=(1000, 2055),
)
def withdraw_order_request(call: Call, request_id: uuid.UUID) -> OrderRequestItem:
    """The reseller no longer wants it."""
    row = order_request(call.actor, request_id)
    withdraw_request(call.actor, request=row, version=call.version(current=row.version))
    return _whole(call, request_id)


# ---------------------------------------------------------------- the provider answers
@operation(
    "toiya.order_requests.approve",
    "POST",
    f"{REQUESTS}/{{request_id}}/approve",
    needs=Permission.ORDER_REQUESTS_DECIDE,
    errors=(1000, 2055),
)
def approve_order_request(call: Call, request_id: uuid.UUID) -> OrderRequestItem:
    """The request as it stands is an order now (``orderId``)."""
    row = order_request(call.actor, request_id)
    approve_request(call.actor, request=row, version=call.version(current=row.version))
    return _whole(call, request_id)


class ChangedLineBody(Wire):
    """Another quantity (0 takes the line out) or another offer that the customer may buy, paid for as often."""

    id: int | None = None
    quantity: int | None = None
    catalog_item_id: str | None = None


class ChangeBody(Resource):
    """What the provider offers instead; lines that are not named stay as they are."""

    lines: list[ChangedLineBody] | None = None
    note: str | None = None


@operation(
    "toiya.order_requests.change",
    "POST",
    f"{REQUESTS}/{{request_id}}/change",
    needs=Permission.ORDER_REQUESTS_DECIDE,
    required=("lines",),
    errors=(1000, 2055, 800009),
    example={"lines": [{"id": 0, "quantity": 3}], "note": "Three are in stock"},
)
def change_order_request(call: Call, request_id: uuid.UUID, body: ChangeBody) -> OrderRequestItem:
    """Offer something else. The reseller accepts it, which is the order, or withdraws."""
    row = order_request(call.actor, request_id)
    if row.provider_id != call.actor.tenant_id:
        raise NotVisible
    lines = lines_of_request(row)
    change_request(
        call.actor,
        request=row,
        version=call.version(body, current=row.version),
        lines=_changed(lines, alternatives_for(row, lines, call.actor.now), body.lines or []),
        note=within(body.note, LONGEST_NOTE, "note"),
    )
    return _whole(call, request_id)


def _changed(
    lines: Sequence[OrderRequestLine],
    offers: Mapping[int, Sequence[Availability]],
    given: Sequence[ChangedLineBody],
) -> dict[int, ChangedLine]:
    present = {line.position: line for line in lines}
    changed: dict[int, ChangedLine] = {}
    for number, one in enumerate(given):
        place = f"lines[{number}]"
        line = present.get(one.id + 1) if one.id is not None else None
        if line is None or line.position in changed:
            raise wrong(800002, f"{place}.id", one.id, _("There is no line with this number."))
        quantity = line.quantity if one.quantity is None else one.quantity
        if not 0 <= quantity <= LARGEST_QUANTITY:
            text = _("The quantity is %(found)s; it must be 0 to %(most)s.")
            values = {"found": quantity, "most": LARGEST_QUANTITY}
            raise wrong(800002, f"{place}.quantity", quantity, text % values)
        availability = line.availability
        if one.catalog_item_id and one.catalog_item_id.lower() != catalog_item_id(availability).lower():
            wanted = availability_id_in(one.catalog_item_id)
            found = next((row for row in offers.get(line.position, ()) if row.pk == wanted), None)
            if found is None or catalog_item_id(found).lower() != one.catalog_item_id.lower():
                text = _("“%(found)s” cannot be offered instead.") % {"found": one.catalog_item_id}
                raise wrong(800009, f"{place}.catalogItemId", one.catalog_item_id, text)
            availability = found
        changed[line.position] = ChangedLine(quantity=quantity, availability=availability)
    return changed


class DeclineBody(Resource):
    """Why not; the reseller reads it."""

    reason: str | None = None


@operation(
    "toiya.order_requests.decline",
    "POST",
    f"{REQUESTS}/{{request_id}}/decline",
    needs=Permission.ORDER_REQUESTS_DECIDE,
    errors=(1000, 2055),
    example={"reason": "No longer sold"},
)
def decline_order_request(call: Call, request_id: uuid.UUID, body: DeclineBody) -> OrderRequestItem:
    """The provider says no, and why."""
    row = order_request(call.actor, request_id)
    reason = within(body.reason, LONGEST_NOTE, "reason")
    version = call.version(body, current=row.version)
    decline_request(call.actor, request=row, version=version, reason=reason)
    return _whole(call, request_id)


# ---------------------------------------------------------------- what passes by itself
class AutomaticApprovalItem(Resource):
    """Requests pass by themselves up to ``limit`` for the first billing period; without it none does.

    ``currencies``: in which the provider charges this reseller.
    """

    limit: Price | None = None
    currencies: list[str] | None = None


AUTOMATIC = "/v1/toiya/partnerships/{partnership_id}/automaticApproval"


def _given_to(call: Call, partnership_id: uuid.UUID) -> Partnership:
    live = Partnership.objects.visible_to(call.actor).live().select_related("reseller__country")
    found = live.filter(provider_id=call.actor.tenant_id, pk=partnership_id).first()
    if found is None:
        raise NotVisible
    return found


def _automatic(call: Call, partnership: Partnership) -> AutomaticApprovalItem:
    present = AutomaticApproval.objects.visible_to(call.actor).filter(partnership=partnership).first()
    return AutomaticApprovalItem(
        limit=_money(present.limit_minor, present.currency) if present else None,
        currencies=currencies_for(call.actor, partnership.reseller),
        links=Links(self=Link(uri=f"/toiya/partnerships/{partnership.pk}/automaticApproval")),
        attributes=attributes_of("AutomaticApproval", present.version if present else 0),
    )


@operation(
    "toiya.automatic_approval.get",
    "GET",
    AUTOMATIC,
    needs=Permission.AUTOMATIC_APPROVAL_SET,
    errors=(1000,),
)
def get_automatic_approval(call: Call, partnership_id: uuid.UUID) -> AutomaticApprovalItem:
    """Up to which amount the requests of a reseller pass by themselves; the provider alone knows."""
    return _automatic(call, _given_to(call, partnership_id))


@operation(
    "toiya.automatic_approval.update",
    "PUT",
    AUTOMATIC,
    needs=Permission.AUTOMATIC_APPROVAL_SET,
    errors=(1000, 2055),
    example={"limit": {"amount": "100000", "currency": "JPY"}},
)
def update_automatic_approval(
    call: Call, partnership_id: uuid.UUID, body: AutomaticApprovalItem
) -> AutomaticApprovalItem:
    """Set the amount, or take it away by leaving out ``limit``."""
    partnership = _given_to(call, partnership_id)
    present = _automatic(call, partnership)
    limit = None
    if body.limit is not None:
        currency, known = body.limit.currency.upper(), present.currencies or []
        if currency not in known:
            text = _("limit.currency is “%(found)s”; it must be one of %(known)s.")
            values = {"found": body.limit.currency, "known": ", ".join(known)}
            raise WireError(400, 800002, text % values, "limit.currency")
        limit = read_price(body.limit.amount, currency)
    stands = int(getattr(present.attributes, "etag", None) or 0)
    version = call.version(body, current=stands)
    set_automatic_approval(call.actor, partnership=partnership, limit=limit, version=version)
    return _automatic(call, partnership)
