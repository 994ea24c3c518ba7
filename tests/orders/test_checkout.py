"""A provider's cart becomes an order, exactly once."""

import pytest

from tests.cast import Cast, actor_of
from tests.commerce import subscribed
from tests.orders.story import cart_of, market, ordered
from toiya.directory.actors import bystander_for
from toiya.fulfilment.models import Connector, ConnectorKind, FulfilmentTask, TaskKind, TaskState
from toiya.fulfilment.queue import finish_task
from toiya.licences.models import SeatPool
from toiya.orders.carts import Wanted, add_line
from toiya.orders.checkout import submit_order
from toiya.orders.errors import NothingOrdered
from toiya.orders.models import Order, OrderLineState, OrderState
from toiya.orders.provisioning import settle_task
from toiya.subscriptions.lifecycle import event_value, fold, folded_fields
from toiya.subscriptions.models import Subscription, SubscriptionState
from toiya.subscriptions.states import reactivate_subscription, suspend_subscription


def test_an_order_names_the_whole_chain_and_provides_at_once(cast: Cast) -> None:
    story = market(cast)

    order = ordered(story, ("office", 10), ("setup", 1), ("trial", 7))

    order.refresh_from_db()
    assert order.state == OrderState.PARTLY_COMPLETED
    assert [(line.state, line.failure_code) for line in order.lines.order_by("position")] == [
        (OrderLineState.COMPLETED, ""),
        (OrderLineState.COMPLETED, ""),
        (OrderLineState.REFUSED, "quantity_out_of_bounds"),
    ]
    assert {task.state for task in FulfilmentTask.objects.all()} == {TaskState.DONE}
    sold = Subscription.objects.get(sku=story.shop.office)
    assert (sold.operator, sold.tenant, sold.reseller, sold.customer) == (
        cast.operator,
        cast.hinode,
        cast.kawase,
        cast.aoba,
    )
    assert sold.state == SubscriptionState.ACTIVE
    assert fold(sold) == {name: event_value(value) for name, value in folded_fields(sold).items()}
    assert SeatPool.objects.get(tenant=cast.aoba).seats == 10
    again = submit_order(actor_of(cast.mei), cart=cart_of(story, cast.mei, ("office", 3)), version=2, key="x")
    assert again.number == 2
    assert Order.objects.count() == 2


@pytest.mark.parametrize("succeeded", [True, False], ids=["provided", "refused by the vendor"])
def test_the_vendors_answer_settles_line_subscription_and_order(cast: Cast, *, succeeded: bool) -> None:
    """The add-on of the same order waits for its parent and shares its fate."""
    story = market(cast)
    shop = story.shop
    Connector.objects.update(kind=ConnectorKind.WEBHOOK)
    mei = actor_of(cast.mei)
    cart = cart_of(story, cast.mei, ("office", 10))
    add_on = Wanted(availability=shop.offers["archive"], quantity=5, parent_position=1)
    add_line(mei, cart=cart, version=cart.version, wanted=add_on)

    order = submit_order(mei, cart=cart, version=cart.version, key="k")

    assert order.state == OrderState.PENDING
    assert not SeatPool.objects.filter(seats__gt=0).exists()
    worker = bystander_for(cast.operator, kind="worker")
    parent_task = FulfilmentTask.objects.get()
    assert settle_task(worker, parent_task, succeeded=succeeded, error="no room", reference="v-1")
    assert not settle_task(worker, parent_task, succeeded=not succeeded, error="late", reference="")
    order.refresh_from_db()
    if not succeeded:
        assert order.state == OrderState.FAILED
        assert {line.failure_code for line in order.lines.all()} == {"provisioning_failed", "parent_failed"}
        assert {row.state for row in Subscription.objects.all()} == {SubscriptionState.DELETED}
        return
    assert order.state == OrderState.PENDING
    child_task = FulfilmentTask.objects.exclude(pk=parent_task.pk).get()
    assert child_task.payload["parent"] == parent_task.payload["subscription"]
    assert settle_task(worker, child_task, succeeded=True, error="", reference="v-2")
    order.refresh_from_db()
    assert order.state == OrderState.COMPLETED
    assert {(pool.sku.code, pool.seats) for pool in SeatPool.objects.all()} == {
        ("standard", 10),
        ("archive", 5),
    }


def test_no_add_on_is_sold_for_a_suspended_parent(cast: Cast) -> None:
    """Planted fault: ``_check_parent`` that only asks whether the parent has ended."""
    story = market(cast)
    mei = actor_of(cast.mei)
    parent = subscribed(cast, story.shop, cast.aoba)
    add_on = Wanted(availability=story.shop.offers["archive"], quantity=5, parent=parent)
    carts = [cart_of(story, cast.mei) for _turn in range(2)]
    for cart in carts:
        add_line(mei, cart=cart, version=cart.version, wanted=add_on)
    submit_order(mei, cart=carts[0], version=carts[0].version, key="k")
    suspend_subscription(mei, subscription=parent, reason="unpaid", version=None)

    with pytest.raises(NothingOrdered, match="Suspended"):
        submit_order(mei, cart=carts[1], version=carts[1].version, key="l")

    assert {row.state for row in Subscription.objects.all()} == {SubscriptionState.SUSPENDED}


def test_an_add_on_that_comes_while_its_parent_is_suspended_is_suspended_with_it(cast: Cast) -> None:
    """Planted fault: ``_activate`` that does not look at the parent."""
    story = market(cast)
    mei = actor_of(cast.mei)
    parent = subscribed(cast, story.shop, cast.aoba)
    Connector.objects.update(kind=ConnectorKind.WEBHOOK)
    cart = cart_of(story, cast.mei)
    add_on = Wanted(availability=story.shop.offers["archive"], quantity=5, parent=parent)
    add_line(mei, cart=cart, version=cart.version, wanted=add_on)
    submit_order(mei, cart=cart, version=cart.version, key="k")
    suspend_subscription(mei, subscription=parent, reason="unpaid", version=None)
    task = FulfilmentTask.objects.get(kind=TaskKind.PROVISION)

    assert settle_task(bystander_for(cast.operator, kind="worker"), task, succeeded=True)

    made = Subscription.objects.get(sku=story.shop.archive)
    assert (made.state, made.suspended_with_parent) == (SubscriptionState.SUSPENDED, True)
    assert SeatPool.objects.get(sku=story.shop.archive).free == 0
    reactivate_subscription(mei, subscription=parent, version=None)
    made.refresh_from_db()
    assert made.state == SubscriptionState.ACTIVE
    assert fold(made) == {name: event_value(value) for name, value in folded_fields(made).items()}


@pytest.mark.parametrize("answer", ["at once", "provided", "refused"])
def test_more_licences_of_a_subscription_are_an_order_too(cast: Cast, answer: str) -> None:
    story = market(cast)
    mei = actor_of(cast.mei)
    held = subscribed(cast, story.shop, cast.aoba, quantity=10)
    if answer != "at once":
        Connector.objects.update(kind=ConnectorKind.WEBHOOK)
    cart = cart_of(story, cast.mei)
    more = Wanted(availability=held.availability, quantity=5, subscription=held)
    add_line(mei, cart=cart, version=cart.version, wanted=more)

    order = submit_order(mei, cart=cart, version=cart.version, key="k")

    held.refresh_from_db()
    if answer != "at once":
        assert (order.state, held.quantity) == (OrderState.PENDING, 10)
        task = FulfilmentTask.objects.unfinished().get()
        worker = bystander_for(cast.operator, kind="worker")
        assert finish_task(worker, task, succeeded=answer == "provided", error="no room")
        assert settle_task(worker, task, succeeded=answer == "provided", error="no room")
        held.refresh_from_db()
        order.refresh_from_db()
    got = answer != "refused"
    assert (order.state, held.quantity) == ((OrderState.COMPLETED, 15) if got else (OrderState.FAILED, 10))
    assert SeatPool.objects.get().seats == held.quantity
    assert order.lines.get().failure == ("" if got else "no room")
