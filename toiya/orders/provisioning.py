"""What was ordered comes into being: the vendor's system is asked, and its answer settles line and order.

``settle_task`` is the one way back: the worker and the call-backs of the connectors call it once a task of an order is
done, or has failed for good. What a task says (its payload) is described in docs/orders.md.
"""

from collections.abc import Collection

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import By
from toiya.core.errors import NotVisible
from toiya.events.models import Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.fulfilment.models import FulfilmentTask, TaskKind, TaskState
from toiya.fulfilment.queue import LONGEST_REFERENCE, post_task
from toiya.licences.pools import hold_pools
from toiya.orders.models import Order, OrderLine, OrderLineState, OrderState
from toiya.orders.notices import tell_settled
from toiya.relations.events import raise_events
from toiya.subscriptions.lifecycle import activate_subscription, change, note
from toiya.subscriptions.models import EventKind, Subscription, SubscriptionState
from toiya.subscriptions.quantity import finish_increase
from toiya.subscriptions.states import suspend_if_parent_is
from toiya.subscriptions.vendor import ASKED_QUANTITY, payload_of

LONGEST_REASON = 500


def state_of(lines: Collection[OrderLine]) -> OrderState:
    """What the states of its lines make of an order."""
    states = {line.state for line in lines}
    if OrderLineState.PENDING in states:
        return OrderState.PENDING
    if states == {OrderLineState.COMPLETED}:
        return OrderState.COMPLETED
    return OrderState.PARTLY_COMPLETED if OrderLineState.COMPLETED in states else OrderState.FAILED


def provide(by: By, line: OrderLine, subscription: Subscription) -> None:
    """Ask the system behind the SKU for what the line bought; an instant one has done it by being asked.

    An add-on whose parent is still being provided waits for it (``settle_task`` asks later). The caller saves the line.
    """
    parent = subscription.parent
    if parent is not None and parent.state == SubscriptionState.PENDING:
        return
    task = post_task(
        by,
        connector=line.availability.sku.connector,
        kind=TaskKind.PROVISION,
        subscription_id=subscription.pk,
        sequence=subscription.sequence,
        provider_id=subscription.tenant_id,
        reseller_id=subscription.reseller_id,
        customer_id=subscription.customer_id,
        payload={
            **payload_of(subscription),
            "order": str(line.order_id),
            "line": line.position,
            "attributes": line.attributes,
        },
    )
    line.task_id = task.pk
    if task.state == TaskState.DONE:
        line.state = OrderLineState.COMPLETED
        _activate(by, subscription)


@transaction.atomic
def settle_task(
    by: By, task: FulfilmentTask, *, succeeded: bool, error: str = "", reference: str = ""
) -> bool:
    """A task is done, or has failed for good: subscription, line and order follow, and people are told.

    Call it once, in the transaction that finishes the task. Answers whether anything changed: tasks that nobody waits
    for (suspension, removal, fewer licences) and a second answer change nothing. ``reference`` is the other system's
    name for what it made; the task keeps it.
    """
    if reference and not task.reference:
        task.reference = reference[:LONGEST_REFERENCE]
        task.save(update_fields=["reference"])
    line = OrderLine.objects.filter(task_id=task.pk).first()
    if line is None:
        return task.kind == TaskKind.UPDATE and _finish_increase(by, task, succeeded=succeeded)
    order = (
        Order.objects.select_for_update(of=("self",))
        .select_related("tenant", "customer", "reseller")
        .get(pk=line.order_id)
    )
    settled = OrderLine.objects.filter(pk=line.pk, state=OrderLineState.PENDING).update(
        state=OrderLineState.COMPLETED if succeeded else OrderLineState.FAILED,
        **({} if succeeded else _failure(error)),
    )
    if not settled:
        return False
    if line.is_addition:
        _finish_increase(by, task, succeeded=succeeded)
    else:
        subscription = locked_subscription(line)
        hold_pools(subscription.customer_id)
        if succeeded:
            _activate(by, subscription)
        else:
            _fail(by, subscription)
        _settle_add_ons(by, subscription, succeeded=succeeded)
    _settle_order(by, order)
    return True


def _finish_increase(by: By, task: FulfilmentTask, *, succeeded: bool) -> bool:
    """The licences that the vendor was asked for are there, or will not come. Nothing else waits for an update."""
    wanted = task.payload.get(ASKED_QUANTITY)
    subscription = Subscription.objects.filter(pk=task.subscription_id).first()
    if wanted is None or subscription is None:
        return False
    finish_increase(by, subscription=subscription, quantity=int(wanted), was_provided=succeeded)
    return True


def locked_subscription(line: OrderLine) -> Subscription:
    """What the line bought or enlarges, as it stands now; nobody else changes it before this transaction ends."""
    if line.subscription_id is None:
        raise NotVisible
    rows = Subscription.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("sku__product", "customer__country", "parent").get(pk=line.subscription_id)


def _failure(error: str) -> dict[str, str]:
    text = error.strip()[:LONGEST_REASON]
    return {"failure_code": "provisioning_failed", "failure_ja": text, "failure_en": text}


def _activate(by: By, subscription: Subscription) -> None:
    activate_subscription(by, subscription)
    note(
        by,
        AuditAction.ACTIVATE_SUBSCRIPTION,
        subscription,
        after={"quantity": subscription.quantity, "term_end": subscription.term_end},
    )
    suspend_if_parent_is(by, subscription)


def _fail(by: By, subscription: Subscription) -> None:
    """It never came into being; it has no seats and is billed to nobody."""
    change(
        by,
        subscription,
        EventKind.PROVISIONING_FAILED,
        state=SubscriptionState.DELETED,
        ended_at=by.now,
        auto_renew=False,
    )


def _settle_add_ons(by: By, parent: Subscription, *, succeeded: bool) -> None:
    """Add-ons of the same order waited for their parent: ask for them now, or let them fail with it."""
    waiting = OrderLine.objects.filter(
        order_id=parent.order_id,
        subscription__parent=parent,
        state=OrderLineState.PENDING,
        task_id__isnull=True,
    )
    for line in waiting.select_related("availability__sku__connector").order_by("position"):
        add_on = locked_subscription(line)
        if succeeded:
            provide(by, line, add_on)
        else:
            _fail(by, add_on)
            line.state, line.failure_code = OrderLineState.FAILED, "parent_failed"
            line.failure_ja = "親サブスクリプションを用意できませんでした。"
            line.failure_en = "Its parent subscription could not be provided."
        line.save()


def _settle_order(by: By, order: Order) -> None:
    lines = list(order.lines.select_related("availability__sku").order_by("position"))
    state = state_of(lines)
    if state == order.state:
        return
    order.state, order.version = state, order.version + 1
    order.save(update_fields=["state", "version"])
    record_outcome(by, order)
    tell_settled(by, order, lines)


def record_outcome(by: By, order: Order) -> None:
    """The log says how the order ended, and the programs of provider and reseller hear of it."""
    failed = order.state == OrderState.FAILED
    record(
        by,
        AuditAction.FAIL_ORDER if failed else AuditAction.COMPLETE_ORDER,
        order,
        tenant_id=order.tenant_id,
        counterparty_id=order.reseller_id,
        customer_id=order.customer_id,
        after={"number": order.number, "state": str(order.state)},
    )
    raise_events(
        by,
        Happening(
            name=EventName.ORDER_COMPLETED,
            object_id=order.pk,
            tenants=(order.tenant_id, order.reseller_id),
            tie=Tie.CUSTOMER,
            other_id=order.customer_id,
        ),
    )
