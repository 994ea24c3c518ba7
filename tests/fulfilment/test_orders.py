"""What a vendor says reaches the order, the subscription and its seats: from the cart to the vendor and back."""

import datetime as dt

import pytest

from tests.cast import Cast, actor_of, browser_of
from tests.fulfilment.story import Running, broker_connector, call_back, fresh, told, webhook_connector, work
from tests.orders.story import Market, market, ordered
from toiya.fulfilment.models import Connector, FulfilmentTask, TaskKind, TaskState
from toiya.licences.models import SeatPool
from toiya.orders.models import Order, OrderLineState, OrderState
from toiya.subscriptions.models import Subscription, SubscriptionState
from toiya.subscriptions.quantity import set_quantity

MINUTE = dt.timedelta(minutes=1)


def sold_through(cast: Cast, connector: Connector) -> Market:
    """Office comes from the system behind the connector."""
    there = market(cast)
    there.shop.office.connector = connector
    there.shop.office.save()
    return there


def bought_by(order: Order) -> Subscription:
    """What its only line bought, as it is now."""
    found = order.lines.get().subscription
    assert found is not None
    return found


def standing(order: Order) -> tuple[str, str, str, int]:
    """State of order, line and subscription, and the seats that the customer can use."""
    fresh_order = Order.objects.get(pk=order.pk)
    line = fresh_order.lines.get()
    subscription = bought_by(order)
    pool = SeatPool.objects.filter(tenant_id=subscription.customer_id, sku=subscription.sku).first()
    return fresh_order.state, line.state, subscription.state, pool.seats if pool else 0


def test_an_order_waits_for_the_vendor_and_ends_as_the_vendor_says(
    cast: Cast, vendor: Running, secret: str
) -> None:
    """Provided, reported as failed, cancelled by the operator; then more licences by a second answer. Planted
    fault that it finds: the order told although the task had ended before.
    """
    there = sold_through(cast, webhook_connector(cast, url=vendor.url, secret=secret))
    vendor.plan(mode="accept")
    good, bad, given_up = (ordered(there, ("office", number)) for number in (10, 5, 3))
    work()
    waiting = (OrderState.PENDING, OrderLineState.PENDING, SubscriptionState.PENDING, 0)
    assert [standing(order) for order in (good, bad, given_up)] == [waiting] * 3
    tasks = [
        FulfilmentTask.objects.get(subscription_id=bought_by(order).pk) for order in (good, bad, given_up)
    ]

    assert call_back(tasks[0].pk, secret, reference="V-1")[0] == 200
    assert standing(good) == (OrderState.COMPLETED, OrderLineState.COMPLETED, SubscriptionState.ACTIVE, 10)
    assert call_back(tasks[0].pk, secret, state="failed")[0] == 409
    assert call_back(tasks[1].pk, secret, state="failed", error="no capacity")[0] == 200
    assert standing(bad) == (OrderState.FAILED, OrderLineState.FAILED, SubscriptionState.DELETED, 10)
    assert "no capacity" in bad.lines.get().failure_en
    ren = browser_of(cast.ren)
    assert ren.post(f"/operator/fulfilment/tasks/{tasks[2].pk}/cancellation/").status_code == 302
    assert call_back(tasks[2].pk, secret) == (409, {"error": "task_is_over"})
    assert standing(given_up) == (OrderState.FAILED, OrderLineState.FAILED, SubscriptionState.DELETED, 10)

    bought = bought_by(good)
    vendor.plan(mode="done")
    set_quantity(actor_of(cast.mei), subscription=bought, quantity=15)
    assert Subscription.objects.get(pk=bought.pk).quantity == 10
    work()
    assert Subscription.objects.get(pk=bought.pk).quantity == 15
    assert standing(good)[3] == 15
    assert vendor.instances[str(bought.pk)] == {"provisioned": 1, "quantity": 15}
    assert str(tasks[2].subscription_id) not in vendor.instances


@pytest.mark.parametrize("polls", [0, 2])
def test_an_order_is_provided_by_a_broker_at_once_or_later(cast: Cast, broker: Running, polls: int) -> None:
    there = sold_through(cast, broker_connector(cast, url=broker.url))
    broker.plan(asynchronous=polls)
    order = ordered(there, ("office", 10))
    for turn in range(polls + 1):
        work(after=turn * MINUTE)

    assert standing(order) == (OrderState.COMPLETED, OrderLineState.COMPLETED, SubscriptionState.ACTIVE, 10)
    bought = bought_by(order)
    assert broker.instances[str(bought.pk)]["parameters"] == {"quantity": 10}
    task = fresh(FulfilmentTask.objects.get(subscription_id=bought.pk))
    assert (task.kind, task.state) == (TaskKind.PROVISION, TaskState.DONE), told(task)
