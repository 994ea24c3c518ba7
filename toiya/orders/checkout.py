"""A cart becomes an order, once: the provider buys for a customer (S-069, S-076, S-099).

Good lines go on, bad ones are refused with their reason. Prices are frozen, subscriptions are opened, and the systems
behind the connectors are asked, all in one transaction.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor, By
from toiya.core.errors import ChangedMeanwhile, NotVisible
from toiya.core.ids import new_id
from toiya.core.permissions import Permission
from toiya.core.prepared import insert, know, prepared
from toiya.core.reader import reader_name
from toiya.core.terms import Segment
from toiya.directory.models import Tenant
from toiya.fulfilment.models import FulfilmentTask
from toiya.licences.pools import hold_pools
from toiya.orders.carts import lines_of
from toiya.orders.errors import (
    CartEmpty,
    CartExpired,
    CartUsed,
    LineNotPossible,
    NothingOrdered,
    SubmissionKeyReused,
)
from toiya.orders.examination import Basket, Examined, examine
from toiya.orders.models import (
    Cart,
    Line,
    Order,
    OrderLine,
    OrderLineState,
    OrderRequest,
    OrderState,
    Series,
)
from toiya.orders.notices import tell_settled, tell_submitted
from toiya.orders.numbers import next_number
from toiya.orders.provisioning import locked_subscription, provide, record_outcome, state_of
from toiya.orders.reach import must_have_agreed, must_reach
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.relations.rights import partnership_of
from toiya.subscriptions.errors import ProviderOrders
from toiya.subscriptions.lifecycle import Sale, change, note, open_subscription, price_fields
from toiya.subscriptions.models import EventKind, Subscription
from toiya.subscriptions.quantity import set_quantity

KEY_LENGTH = 100


def submit_order(actor: Actor, *, cart: Cart, version: int, key: str) -> Order:
    """The cart as it stood at ``version`` becomes an order. The same key again answers with the same order (G-32).

    Raises NotVisible for another's cart, ChangedMeanwhile, CartExpired, CartUsed, CartEmpty, SubmissionKeyReused for a
    key that belongs to something else, NothingOrdered, ProviderOrders for a reseller's cart (S-099), and what
    ``must_reach`` raises.
    """
    if cart.tenant_id != actor.tenant_id:
        raise NotVisible
    if cart.provider_id != actor.tenant_id:
        raise ProviderOrders(provider=reader_name(cart.provider))
    actor.must(Permission.ORDERS_SUBMIT)
    digest = digest_of(cart.pk, version)
    key = key[:KEY_LENGTH] or digest
    found = _submitted(actor.tenant_id, key, digest)
    if found is not None:
        return found
    try:
        return _submit(actor, cart=cart, version=version, key=key, digest=digest)
    except (CartUsed, IntegrityError):
        # Somebody was quicker: the same submission has this answer, a different one with the key is refused.
        found = _submitted(actor.tenant_id, key, digest)
        if found is None:
            raise
        return found


def order_of_cart(actor: Actor, cart: Cart) -> Order | None:
    """What the cart became when it was checked out."""
    return Order.objects.visible_to(actor).filter(cart_id=cart.pk).first()


def digest_of(*parts: object) -> str:
    """What was submitted, in short: a cart at a version never changes."""
    return hashlib.sha256("|".join(str(part) for part in parts).encode()).hexdigest()


def _submitted(tenant_id: uuid.UUID, key: str, digest: str) -> Order | None:
    found = Order.objects.filter(tenant_id=tenant_id, submission_key=key).first()
    if found is not None and found.submission_digest != digest:
        raise SubmissionKeyReused
    return found


@transaction.atomic
def _submit(actor: Actor, *, cart: Cart, version: int, key: str, digest: str) -> Order:
    claim_cart(actor, cart, version)
    lines = list(lines_of(cart))
    if not lines:
        raise CartEmpty
    sale = Purchase(
        provider=Tenant.objects.select_related("country").get(pk=cart.provider_id),
        reseller=cart.reseller,
        customer=Tenant.objects.select_related("country").get(pk=cart.customer_id),
        lines=lines,
        key=key,
        digest=digest,
        cart_id=cart.pk,
        support_contact=cart.support_contact,
    )
    return place_order(actor, sale)


def claim_cart(actor: Actor, cart: Cart, version: int) -> None:
    """The cart is used up from now on, if it is still open and as the page showed it; one of two at once wins.

    Raises CartUsed, CartExpired, ChangedMeanwhile.
    """
    claimed = Cart.objects.filter(
        pk=cart.pk, version=version, checked_out_at__isnull=True, expires_at__gt=actor.now
    ).update(checked_out_at=actor.now, version=F("version") + 1)
    if claimed:
        return
    now = Cart.objects.get(pk=cart.pk)
    if now.checked_out_at is not None:
        raise CartUsed
    if now.expires_at <= actor.now:
        raise CartExpired(on=now.expires_at.date())
    raise ChangedMeanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What is bought for whom, and what makes its submission unique. ``is_whole``: every line of it or none."""

    provider: Tenant
    reseller: Tenant | None
    customer: Tenant
    lines: Sequence[Line]
    key: str
    digest: str
    cart_id: uuid.UUID | None = None
    request: OrderRequest | None = None
    support_contact: Tenant | None = None
    ordered_by_id: uuid.UUID | None = None
    is_whole: bool = False


def place_order(by: By, purchase: Purchase) -> Order:
    """The order, in the transaction of whatever made it: a cart, or an approved request. Rights are checked before.

    Raises what ``must_reach`` raises, NothingOrdered, LineNotPossible and AgreementNotConfirmed.
    """
    provider, reseller, customer = purchase.provider, purchase.reseller, purchase.customer
    answers = _agreed(by, purchase)
    must_have_agreed(provider, customer)
    good = [answer for answer in answers if answer.problem is None]
    order_id = new_id()
    lines = _carried_out(by, purchase, order_id, answers)
    order = Order(
        id=order_id,
        tenant=provider,
        number=next_number(provider.pk, Series.ORDER),
        operator_id=good[0].line.availability.tenant_id,
        reseller=reseller,
        customer=customer,
        request=purchase.request,
        ordered_by_id=purchase.ordered_by_id or (by.person_id if by.tenant_id == provider.pk else None),
        state=state_of(lines),
        currency=good[0].line.availability.currency,
        cart_id=purchase.cart_id,
        submission_key=purchase.key,
        submission_digest=purchase.digest,
        created_at=by.now,
    )
    insert(order)
    insert(*lines)
    record(
        by,
        AuditAction.CREATE_ORDER,
        order,
        tenant_id=provider.pk,
        counterparty_id=reseller.pk if reseller else None,
        customer_id=customer.pk,
        after={
            "number": order.number,
            "reseller": reseller.name if reseller else None,
            "lines": [f"{line.availability.sku.code} x {line.quantity}" for line in lines],
            "refused": [line.failure_code for line in lines if line.state == OrderLineState.REFUSED],
        },
    )
    _tell(by, order, lines)
    know(order, "lines", lines)
    return order


def _tell(by: By, order: Order, lines: Sequence[OrderLine]) -> None:
    if order.state == OrderState.PENDING:
        tell_submitted(by, order, lines)
    else:
        record_outcome(by, order)
        tell_settled(by, order, lines)


@transaction.atomic
def add_to_order(actor: Actor, *, order: Order, version: int, lines: Sequence[Line]) -> Order:
    """More lines of an order that is there, as programs add an add-on to what they bought; all of them or none.

    Raises ProviderOrders for everybody but the provider (S-099), ChangedMeanwhile, LineNotPossible and what
    ``must_reach`` raises.
    """
    if actor.tenant_id != order.tenant_id:
        raise ProviderOrders(provider=reader_name(order.tenant))
    actor.must(Permission.ORDERS_SUBMIT)
    if not Order.objects.filter(pk=order.pk, version=version).update(version=F("version") + 1):
        raise ChangedMeanwhile
    present = list(order.lines.select_related("availability__sku"))
    taken = {line.position for line in present}
    for line in lines:
        if line.position in taken:
            line.position = max(taken) + 1
        taken.add(line.position)
    purchase = Purchase(
        provider=Tenant.objects.select_related("country").get(pk=order.tenant_id),
        reseller=order.reseller,
        customer=Tenant.objects.select_related("country").get(pk=order.customer_id),
        lines=lines,
        key=order.submission_key,
        digest=order.submission_digest,
        is_whole=True,
    )
    made = _carried_out(actor, purchase, order.pk, _agreed(actor, purchase))
    insert(*made)
    order.state, order.version = state_of([*present, *made]), version + 1
    order.save(update_fields=["state"])
    record(
        actor,
        AuditAction.UPDATE_ORDER,
        order,
        tenant_id=order.tenant_id,
        counterparty_id=order.reseller_id,
        customer_id=order.customer_id,
        after={
            "number": order.number,
            "lines": [f"{line.availability.sku.code} x {line.quantity}" for line in made],
        },
    )
    _tell(actor, order, sorted([*present, *made], key=lambda line: line.position))
    return order


def _agreed(by: By, purchase: Purchase) -> list[Examined]:
    """Every line with its answer, under the locks of its chain. Raises NothingOrdered, LineNotPossible."""
    provider, reseller, customer = purchase.provider, purchase.reseller, purchase.customer
    lock_chain(provider, reseller, customer)
    account = must_reach(provider=provider, reseller=reseller, customer=customer)
    answers = examine(
        Basket(
            provider=provider,
            reseller=reseller,
            customer=customer,
            lines=purchase.lines,
            now=by.now,
            segment=Segment(account.segment),
        )
    )
    bad = [answer for answer in answers if answer.problem is not None]
    if bad and purchase.is_whole:
        raise LineNotPossible(
            position=bad[0].line.position,
            problem=str(bad[0].problem),
            reason=bad[0].problem.code if bad[0].problem else "",
        )
    if len(bad) == len(answers):
        raise NothingOrdered(reasons=[str(answer.problem) for answer in answers])
    return answers


def _carried_out(
    by: By, purchase: Purchase, order_id: uuid.UUID, answers: Sequence[Examined]
) -> list[OrderLine]:
    _hold_enlarged(purchase.customer, [answer for answer in answers if answer.problem is None])
    made: dict[int, Subscription] = {}
    return [_carry_out(by, purchase, order_id, answer, made) for answer in answers]


def lock_chain(provider: Tenant, reseller: Tenant | None, customer: Tenant) -> None:
    """Nothing that the order reads about its chain ends while it is made; limits per customer count one at a time.

    On SQLite the immediate transaction is the lock.
    """
    _hold_organization(customer.pk)
    _hold_relationships(customer.pk, [provider.pk, *([reseller.pk] if reseller else [])])
    if reseller is not None:
        _hold_partnership(provider.pk, reseller.pk)


@prepared
def _hold_organization(tenant_id: uuid.UUID) -> QuerySet[Tenant, uuid.UUID]:
    rows = Tenant.objects.select_for_update(no_key=True).filter(pk=tenant_id)
    return rows.values_list("pk", flat=True)


@prepared
def _hold_relationships(
    customer_id: uuid.UUID, partners: list[uuid.UUID]
) -> QuerySet[ResellerRelationship, uuid.UUID]:
    live = ResellerRelationship.objects.live().filter(customer_id=customer_id, partner_id__in=partners)
    return live.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True)


@prepared
def _hold_partnership(provider_id: uuid.UUID, reseller_id: uuid.UUID) -> QuerySet[Partnership, uuid.UUID]:
    live = partnership_of(provider_id, reseller_id)
    return live.select_for_update(no_key=True).values_list("pk", flat=True)


def _hold_enlarged(customer: Tenant, answers: Sequence[Examined]) -> None:
    """Subscriptions before the first pool of seats, and pools in one order, so that nobody waits in a circle."""
    enlarged = [answer.line.subscription_id for answer in answers if answer.line.subscription_id is not None]
    if enlarged:
        rows = Subscription.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=enlarged)
        list(rows.parents_first())
    if len({answer.line.availability.sku_id for answer in answers}) > 1:
        hold_pools(customer.pk)


def _carry_out(
    by: By, purchase: Purchase, order_id: uuid.UUID, answer: Examined, made: dict[int, Subscription]
) -> OrderLine:
    asked = answer.line
    line = OrderLine(
        tenant=purchase.provider,
        order_id=order_id,
        position=asked.position,
        availability=asked.availability,
        subscription=asked.subscription,
        is_addition=asked.subscription_id is not None,
        parent=asked.parent,
        parent_position=asked.parent_position,
        quantity=asked.quantity,
        friendly_name=asked.friendly_name,
        promotion=answer.promotion,
        custom_term_end=asked.custom_term_end,
        attributes=asked.attributes,
        wish_id=asked.wish_id,
    )
    if answer.problem is not None or answer.prices is None:
        problem = answer.problem
        line.state = OrderLineState.REFUSED
        if problem is not None:
            line.failure_code = problem.code
            line.failure_ja, line.failure_en = problem.japanese, problem.english
        return line
    for edge in ("cost", "resale", "retail"):
        for name, value in price_fields(edge, getattr(answer.prices, edge)).items():
            setattr(line, name, value)
    if line.is_addition:
        line.subscription = _enlarge(by, line)
        return line
    line.subscription = _open(by, purchase, line, answer, made.get(asked.parent_position or -1))
    made[line.position] = line.subscription
    provide(by, line, line.subscription)
    return line


def _open(
    by: By, purchase: Purchase, line: OrderLine, answer: Examined, sibling: Subscription | None
) -> Subscription:
    if answer.prices is None:
        raise NothingOrdered(reasons=[])
    subscription = open_subscription(
        by,
        order_id=line.order_id,
        sale=Sale(
            provider=purchase.provider,
            reseller=purchase.reseller,
            customer=purchase.customer,
            availability=line.availability,
            quantity=line.quantity,
            friendly_name=line.friendly_name or line.availability.sku.name,
            prices=answer.prices,
            parent=line.parent or sibling,
            promotion=line.promotion,
            custom_term_end=line.custom_term_end,
        ),
    )
    if purchase.support_contact is not None:
        change(by, subscription, EventKind.SUPPORT_CONTACT_CHANGED, support_contact=purchase.support_contact)
    note(
        by,
        AuditAction.CREATE_SUBSCRIPTION,
        subscription,
        after={"offer": line.availability.sku.code, "quantity": line.quantity},
    )
    return subscription


def _enlarge(by: By, line: OrderLine) -> Subscription:
    """More licences of a running subscription (S-099). Where a vendor has to provide them first, the line waits."""
    held = locked_subscription(line)
    wanted = held.quantity + line.quantity
    held = set_quantity(by, subscription=held, quantity=wanted)
    if held.quantity == wanted:
        line.state = OrderLineState.COMPLETED
    line.task_id = FulfilmentTask.objects.get(subscription_id=held.pk, sequence=held.sequence).pk
    return held
