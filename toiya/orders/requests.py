"""A reseller asks its provider to order (C-06).

    open -> approved             (the provider, or by itself under the amount that the provider set)
    open, changed -> changed     (the provider offers something else)
    changed -> approved          (the reseller accepts the change)
    open, changed -> declined    (the provider, with a reason)
    open, changed -> withdrawn   (the reseller)

Every arrow is one conditional statement, so that of two browsers one wins; an approval makes exactly one order.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Q

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.catalogue.models import Availability
from toiya.core.actor import Actor, By
from toiya.core.errors import CapacityMissing, ChangedMeanwhile, NotVisible
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity, Permission
from toiya.directory.actors import bystander_for
from toiya.directory.models import Tenant
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.orders.carts import Wanted, buying_permission, lines_of, start_cart
from toiya.orders.checkout import Purchase, claim_cart, digest_of, lock_chain, place_order
from toiya.orders.edges import Priced, first_period
from toiya.orders.errors import (
    CartEmpty,
    CartUsed,
    LinesNotPossible,
    PriceRose,
    ReasonMissing,
    RequestSettled,
)
from toiya.orders.examination import Basket, Examined, examine
from toiya.orders.models import (
    AutomaticApproval,
    Cart,
    Line,
    Order,
    OrderRequest,
    OrderRequestLine,
    OrderRequestState,
    Series,
)
from toiya.orders.notices import (
    tell_accepted,
    tell_approved,
    tell_changed,
    tell_declined,
    tell_requested,
    tell_withdrawn,
)
from toiya.orders.numbers import next_number
from toiya.orders.reach import lacks_agreement, must_reach
from toiya.pricing.models import PriceRule
from toiya.pricing.offers import sellable_offers
from toiya.relations.events import raise_events
from toiya.relations.models import Partnership
from toiya.subscriptions.holdings import holdings_of

WAITING = (OrderRequestState.OPEN, OrderRequestState.CHANGED)


def send_request(actor: Actor, *, cart: Cart, version: int, note: str) -> OrderRequest:
    """The reseller's cart becomes a request to the provider that it names; the same cart again is the same request.

    Raises NotVisible, ChangedMeanwhile, CartExpired, CartEmpty, LinesNotPossible with every reason, and what
    ``must_reach`` raises, naming the partnership, relationship or account that is missing (S-069, S-076, S-077).
    """
    if cart.tenant_id != actor.tenant_id or cart.reseller_id != actor.tenant_id:
        raise NotVisible
    actor.must(Permission.ORDERS_REQUEST)
    try:
        return _send(actor, cart, version, note)
    except CartUsed:
        made = OrderRequest.objects.visible_to(actor).filter(cart_id=cart.pk).first()
        if made is None:
            raise
        return made


@transaction.atomic
def request_order(
    actor: Actor, *, customer: Tenant, provider: Tenant, lines: Mapping[int, Wanted], note: str
) -> OrderRequest:
    """A request in one step, as programs ask: where it is refused, no cart stays behind.

    Raises what ``start_cart`` and ``send_request`` raise; CapacityMissing for who orders by itself.
    """
    actor.must(Permission.ORDERS_REQUEST)
    if buying_permission(actor) is not Permission.ORDERS_REQUEST:
        raise CapacityMissing
    cart = start_cart(actor, customer=customer, partner=provider, lines=lines)
    return send_request(actor, cart=cart, version=cart.version, note=note)


@transaction.atomic
def _send(actor: Actor, cart: Cart, version: int, note: str) -> OrderRequest:
    claim_cart(actor, cart, version)
    lines = list(lines_of(cart))
    if not lines:
        raise CartEmpty
    provider = Tenant.objects.select_related("country", "family").get(pk=cart.provider_id)
    reseller = Tenant.objects.get(pk=actor.tenant_id)
    customer = Tenant.objects.select_related("country").get(pk=cart.customer_id)
    lock_chain(provider, reseller, customer)
    must_reach(provider=provider, reseller=reseller, customer=customer)
    answers = _examined(provider, reseller, customer, lines, actor)
    partnership = Partnership.objects.live().get(provider=provider, reseller=reseller)
    request = OrderRequest(
        tenant=reseller,
        provider=provider,
        partnership=partnership,
        customer=customer,
        number=next_number(reseller.pk, Series.REQUEST),
        note=note.strip(),
        requested_by_id=actor.person_id,
        created_at=actor.now,
        cart_id=cart.pk,
    )
    _set_amount(request, answers)
    request.save(force_insert=True)
    _write_lines(request, answers, asked={line.position: line.quantity for line in lines})
    _record(actor, AuditAction.CREATE_ORDER_REQUEST, request, answers=answers)
    _tell_partners(actor, request, EventName.ORDER_REQUEST_CREATED)
    if _passes(request):
        by = bystander_for(provider, kind="automatic_approval")
        order = _approve(by, request, from_states=(OrderRequestState.OPEN,), is_automatic=True)
        tell_requested(actor, request)
        tell_approved(by, request, order)
    else:
        tell_requested(actor, request)
    return request


def _examined(
    provider: Tenant, reseller: Tenant, customer: Tenant, lines: Sequence[Line], by: By
) -> list[Examined]:
    answers = examine(
        Basket(provider=provider, reseller=reseller, customer=customer, lines=lines, now=by.now)
    )
    bad = [answer for answer in answers if answer.problem is not None]
    if bad:
        raise LinesNotPossible(reasons=[str(answer.problem) for answer in bad])
    return answers


def _resale(answer: Examined) -> UnitPrice | None:
    return answer.prices.resale if answer.prices else None


def _set_amount(request: OrderRequest, answers: Sequence[Examined]) -> None:
    amount = first_period(
        [
            Priced(answer.line.quantity, answer.line.availability.billing_cycle, _resale(answer))
            for answer in answers
        ]
    )
    request.amount_minor = amount.minor if amount else None
    request.currency = amount.currency if amount else ""


def _write_lines(
    request: OrderRequest, answers: Sequence[Examined], *, asked: Mapping[int, int | None]
) -> None:
    rows = []
    for answer in answers:
        line, resale = answer.line, _resale(answer)
        rows.append(
            OrderRequestLine(
                tenant_id=request.tenant_id,
                request=request,
                position=line.position,
                availability=line.availability,
                subscription=line.subscription,
                parent=line.parent,
                parent_position=line.parent_position,
                quantity=line.quantity,
                asked_quantity=asked.get(line.position),
                friendly_name=line.friendly_name,
                promotion=answer.promotion,
                custom_term_end=line.custom_term_end,
                attributes=line.attributes,
                wish_id=line.wish_id,
                resale_units=resale.units if resale else None,
                resale_scale=resale.scale if resale else None,
                resale_currency=resale.currency if resale else "",
            )
        )
    OrderRequestLine.objects.bulk_create(rows)


def _passes(request: OrderRequest) -> bool:
    """Whether the provider lets it pass by itself. While the customer agreement is missing it waits for a person."""
    if request.amount_minor is None:
        return False
    return AutomaticApproval.objects.filter(
        partnership_id=request.partnership_id,
        currency=request.currency,
        limit_minor__gte=request.amount_minor,
    ).exists() and not lacks_agreement(request.provider_id, request.customer_id)


def lines_of_request(request: OrderRequest) -> list[OrderRequestLine]:
    """The lines with everything that their examination reads."""
    rows = request.lines.select_related(
        "availability__sku__product",
        "availability__sku__connector",
        "availability__tenant",
        "subscription__sku",
        "parent__sku",
        "promotion",
    )
    return list(rows.order_by("position"))


# ---------------------------------------------------------------- the provider's answers
@transaction.atomic
def approve_request(actor: Actor, *, request: OrderRequest, version: int) -> Order:
    """The request becomes an order, as it stands. Lines that can no longer be ordered are refused in it.

    Raises NotVisible, RequestSettled, ChangedMeanwhile, PriceRose where the reseller would pay more than it agreed to,
    NothingOrdered, and what ``must_reach`` raises.
    """
    _must_decide(actor, request)
    order = _approve(actor, request, from_states=(OrderRequestState.OPEN,), version=version)
    tell_approved(actor, request, order)
    return order


def _approve(
    by: By,
    request: OrderRequest,
    *,
    from_states: Sequence[OrderRequestState],
    version: int | None = None,
    is_automatic: bool = False,
    keeps_answer: bool = False,
) -> Order:
    _settle(
        by,
        request,
        OrderRequestState.APPROVED,
        from_states=from_states,
        version=version,
        keeps_answer=keeps_answer,
    )
    provider = Tenant.objects.select_related("country").get(pk=request.provider_id)
    customer = Tenant.objects.select_related("country").get(pk=request.customer_id)
    lines = lines_of_request(request)
    _must_not_have_risen(
        examine(
            Basket(provider=provider, reseller=request.tenant, customer=customer, lines=lines, now=by.now)
        )
    )
    order = place_order(
        by,
        Purchase(
            provider=provider,
            reseller=request.tenant,
            customer=customer,
            lines=lines,
            key=f"request:{request.pk}",
            digest=digest_of(request.pk, request.version),
            request=request,
            ordered_by_id=request.answered_by_id,
        ),
    )
    OrderRequest.objects.filter(pk=request.pk).update(order_id=order.pk, is_automatic=is_automatic)
    request.order_id, request.is_automatic = order.pk, is_automatic
    _record(by, AuditAction.APPROVE_ORDER_REQUEST, request, order=order.number, automatic=is_automatic)
    return order


def _must_not_have_risen(answers: Sequence[Examined]) -> None:
    for answer in answers:
        line, now = answer.line, _resale(answer)
        if not isinstance(line, OrderRequestLine) or answer.problem is not None or line.resale_units is None:
            continue
        agreed = UnitPrice(line.resale_units, line.resale_scale or 0, line.resale_currency)
        if now is None or now.currency != agreed.currency or now.decimal > agreed.decimal:
            raise PriceRose(offer=line.availability.sku.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedLine:
    """What the provider makes of a line; quantity 0 takes it out."""

    quantity: int
    availability: Availability


@transaction.atomic
def change_request(
    actor: Actor, *, request: OrderRequest, version: int, lines: Mapping[int, ChangedLine], note: str
) -> OrderRequest:
    """The provider offers other quantities or offers; the reseller accepts or withdraws.

    Raises NotVisible, RequestSettled, ChangedMeanwhile, CartEmpty, LinesNotPossible and what ``must_reach`` raises.
    """
    _must_decide(actor, request)
    present = lines_of_request(request)
    before = [f"{line.availability.sku.code} x {line.quantity}" for line in present]
    asked = {line.position: line.asked_quantity for line in present}
    kept = []
    for line in present:
        wanted = lines.get(line.position)
        if wanted is not None and wanted.quantity == 0:
            continue
        if wanted is not None:
            line.quantity = wanted.quantity
            if line.subscription_id is None:
                line.availability = wanted.availability
        kept.append(line)
    if not kept:
        raise CartEmpty
    provider = Tenant.objects.select_related("country").get(pk=request.provider_id)
    customer = Tenant.objects.select_related("country").get(pk=request.customer_id)
    lock_chain(provider, request.tenant, customer)
    must_reach(provider=provider, reseller=request.tenant, customer=customer)
    answers = _examined(provider, request.tenant, customer, kept, actor)
    _settle(
        actor,
        request,
        OrderRequestState.CHANGED,
        from_states=WAITING,
        version=version,
        answer_note=note.strip(),
    )
    _set_amount(request, answers)
    OrderRequest.objects.filter(pk=request.pk).update(
        amount_minor=request.amount_minor, currency=request.currency
    )
    request.lines.all().delete()
    _write_lines(request, answers, asked=asked)
    _record(actor, AuditAction.UPDATE_ORDER_REQUEST, request, answers=answers, before={"lines": before})
    tell_changed(actor, request)
    return request


@transaction.atomic
def decline_request(actor: Actor, *, request: OrderRequest, version: int, reason: str) -> OrderRequest:
    """The provider says no, and why. Raises NotVisible, ReasonMissing, RequestSettled, ChangedMeanwhile."""
    _must_decide(actor, request)
    if not reason.strip():
        raise ReasonMissing
    _settle(
        actor,
        request,
        OrderRequestState.DECLINED,
        from_states=WAITING,
        version=version,
        answer_note=reason.strip(),
    )
    _record(actor, AuditAction.DECLINE_ORDER_REQUEST, request)
    tell_declined(actor, request)
    return request


# ---------------------------------------------------------------- the reseller's answers
@transaction.atomic
def accept_change(actor: Actor, *, request: OrderRequest, version: int) -> Order:
    """The reseller takes what the provider offers instead: it becomes an order, which the provider's change allowed.

    Raises NotVisible, RequestSettled, ChangedMeanwhile, PriceRose, NothingOrdered, and what ``must_reach`` raises.
    """
    _must_ask(actor, request)
    order = _approve(
        actor, request, from_states=(OrderRequestState.CHANGED,), version=version, keeps_answer=True
    )
    tell_accepted(actor, request, order)
    return order


@transaction.atomic
def withdraw_request(actor: Actor, *, request: OrderRequest, version: int) -> OrderRequest:
    """The reseller no longer wants it. Raises NotVisible, RequestSettled, ChangedMeanwhile."""
    _must_ask(actor, request)
    _settle(
        actor,
        request,
        OrderRequestState.WITHDRAWN,
        from_states=WAITING,
        version=version,
        keeps_answer=True,
    )
    _record(actor, AuditAction.WITHDRAW_ORDER_REQUEST, request)
    tell_withdrawn(actor, request)
    return request


def _must_decide(actor: Actor, request: OrderRequest) -> None:
    if request.provider_id != actor.tenant_id:
        raise NotVisible
    actor.must(Permission.ORDER_REQUESTS_DECIDE)


def _must_ask(actor: Actor, request: OrderRequest) -> None:
    if request.tenant_id != actor.tenant_id:
        raise NotVisible
    actor.must(Permission.ORDERS_REQUEST)


def _settle(
    by: By,
    request: OrderRequest,
    state: OrderRequestState,
    *,
    from_states: Sequence[OrderRequestState],
    version: int | None,
    answer_note: str | None = None,
    keeps_answer: bool = False,
) -> None:
    """From one of the states to the next, in one statement. Raises RequestSettled, ChangedMeanwhile."""
    fields: dict[str, object] = {"state": state}
    if not keeps_answer:
        fields |= {"answered_at": by.now, "answered_by_id": by.person_id}
    if answer_note is not None:
        fields["answer_note"] = answer_note
    expected = request.version if version is None else version
    won = OrderRequest.objects.filter(pk=request.pk, version=expected, state__in=from_states).update(
        version=F("version") + 1, **fields
    )
    if not won:
        now = OrderRequest.objects.get(pk=request.pk)
        if now.state in from_states:
            raise ChangedMeanwhile
        raise RequestSettled(found=now.get_state_display())
    for name, value in fields.items():
        setattr(request, name, value)
    request.version = expected + 1
    _tell_partners(by, request, EventName.ORDER_REQUEST_UPDATED)


def _tell_partners(by: By, request: OrderRequest, name: EventName) -> None:
    """The programs of both sides hear of the request while they work together."""
    sides = (request.tenant_id, request.provider_id)
    raise_events(
        by,
        *(
            Happening(
                name=name,
                object_id=request.pk,
                tenants=(own,),
                tie=Tie.PARTNERSHIP,
                other_id=other,
            )
            for own, other in (sides, sides[::-1])
        ),
    )


def _record(
    by: By,
    action: AuditAction,
    request: OrderRequest,
    *,
    answers: Sequence[Examined] = (),
    before: Mapping[str, object] | None = None,
    **after: object,
) -> None:
    lines = [f"{answer.line.availability.sku.code} x {answer.line.quantity}" for answer in answers]
    record(
        by,
        action,
        request,
        tenant_id=request.tenant_id,
        counterparty_id=request.provider_id,
        customer_id=request.customer_id,
        before=before,
        after={"number": request.number, **({"lines": lines} if lines else {}), **after},
    )


# ---------------------------------------------------------------- what passes by itself
@transaction.atomic
def set_automatic_approval(
    actor: Actor, *, partnership: Partnership, limit: UnitPrice | None, version: int
) -> AutomaticApproval | None:
    """Requests of this reseller pass by themselves up to the amount, for the first billing period; None: none does.

    ``version`` is that of the page, 0 where nothing was set. Raises NotVisible, ChangedMeanwhile.
    """
    if partnership.provider_id != actor.tenant_id or partnership.ended_at is not None:
        raise NotVisible
    actor.must(Permission.AUTOMATIC_APPROVAL_SET)
    Partnership.objects.select_for_update().get(pk=partnership.pk)
    present = AutomaticApproval.objects.filter(partnership=partnership).first()
    if (present.version if present else 0) != version:
        raise ChangedMeanwhile
    record(
        actor,
        AuditAction.SET_AUTOMATIC_APPROVAL,
        partnership,
        tenant_id=actor.tenant_id,
        before={"is_on": present is not None},
        after={"is_on": limit is not None},
    )
    if limit is None:
        if present is not None:
            present.delete()
        return None
    amount = limit.times(1)
    if present is None:
        return AutomaticApproval.objects.create(
            tenant_id=actor.tenant_id,
            partnership=partnership,
            limit_minor=amount.minor,
            currency=amount.currency,
        )
    present.limit_minor, present.currency, present.version = amount.minor, amount.currency, version + 1
    present.save(update_fields=["limit_minor", "currency", "version"])
    return present


def currencies_for(actor: Actor, reseller: Tenant) -> list[str]:
    """The currencies in which the provider charges the reseller: those of its price rules, and the reseller's own."""
    rules = PriceRule.objects.visible_to(actor).filter(
        Q(buyer=None) | Q(buyer=reseller), sells_as=Capacity.PROVIDER, removed_at=None
    )
    used = set(rules.values_list("currency", flat=True))
    own = reseller.country.currency
    return [own, *sorted(used - {own})]


def alternatives_for(
    request: OrderRequest, lines: Sequence[OrderRequestLine], now: dt.datetime
) -> dict[int, list[Availability]]:
    """For each line what the provider may offer instead: what this customer may buy, paid for as often."""
    customer = request.customer
    offers: dict[int, list[Availability]] = {}
    for cycle in {line.availability.billing_cycle for line in lines if line.subscription_id is None}:
        found = sellable_offers(
            provider=request.provider,
            reseller=request.tenant,
            customer=customer,
            holdings=holdings_of(customer.pk, provider_id=request.provider_id),
            on=customer.country.local_date(now),
            billing_cycle=cycle,
        )
        good = [offer.availability for offer in found if offer.is_sellable]
        for line in lines:
            if line.subscription_id is None and line.availability.billing_cycle == cycle:
                others = [row for row in good if row.pk != line.availability_id]
                offers[line.position] = [line.availability, *others]
    return offers
