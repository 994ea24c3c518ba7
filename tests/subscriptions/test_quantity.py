"""More and fewer licences: bounds, windows, assigned seats, and a vendor who takes its time."""

import pytest

from tests.cast import Cast, actor_of
from tests.subscriptions.story import days_pass, must_equal_its_events, sold
from toiya.catalogue.models import Sku
from toiya.core.errors import Refusal
from toiya.core.permissions import Capacity
from toiya.directory.actors import bystander_for
from toiya.directory.models import Suspension
from toiya.fulfilment.models import ConnectorKind, FulfilmentTask, TaskState
from toiya.licences.models import SeatPool
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.quantity import change_quantity, finish_increase


def changed(cast: Cast, subscription: Subscription, quantity: int, *, by: str = "mei") -> str:
    """The refusal's code, or '' where the quantity is the new one."""
    row = Subscription.objects.get(pk=subscription.pk)
    try:
        change_quantity(actor_of(getattr(cast, by)), subscription=row, quantity=quantity, version=row.version)
    except Refusal as refusal:
        assert Subscription.objects.get(pk=subscription.pk).version == row.version
        return refusal.code
    return ""


def test_quantity_goes_up_at_any_time_and_down_inside_its_windows(cast: Cast) -> None:
    """Planted faults: an addition opens the window for everything; the floor is forgotten at a second addition."""
    _shop, subscription = sold(cast)
    assert [changed(cast, subscription, number) for number in (8, 12, 8, 8)] == [
        "",
        "",
        "",
        "quantity_unchanged",
    ]

    days_pass(cast, 8)
    assert changed(cast, subscription, 7) == "window_closed"
    assert changed(cast, subscription, 15) == ""
    days_pass(cast, 3)
    assert changed(cast, subscription, 20) == ""
    assert changed(cast, subscription, 7) == "window_closed"
    assert changed(cast, subscription, 9) == ""
    days_pass(cast, 8)
    assert changed(cast, subscription, 8) == "window_closed"

    row = must_equal_its_events(subscription)
    assert (row.quantity, SeatPool.objects.get().seats) == (9, 9)
    assert row.cost_units == 1000


def test_neither_bounds_nor_assigned_seats_nor_roles_are_passed_over(cast: Cast) -> None:
    """Planted faults: the reseller passes; the pool gives up seats that are assigned; a suspended provider sells."""
    _shop, subscription = sold(cast)
    Sku.objects.filter(pk=subscription.sku_id).update(min_quantity=3, max_quantity=30)
    SeatPool.objects.update(assigned=6)

    assert changed(cast, subscription, 31) == changed(cast, subscription, 2) == "quantity_out_of_bounds"
    assert changed(cast, subscription, 5) == "seats_in_use"
    assert changed(cast, subscription, 12, by="kai") == "provider_orders"
    assert changed(cast, subscription, 12, by="emi") == "capacity_missing"
    assert changed(cast, subscription, 12, by="taro") == "role_missing"
    assert (
        changed(cast, subscription, 12, by="jun") == changed(cast, subscription, 12, by="yui") == "not_found"
    )
    Suspension.objects.create(
        tenant=cast.hinode,
        capacity=Capacity.PROVIDER,
        reason="unpaid",
        at=cast.hinode.created_at,
        by_id=cast.ren.pk,
    )
    assert changed(cast, subscription, 12) == "sells_nothing_new"
    assert changed(cast, subscription, 6) == ""
    assert must_equal_its_events(subscription).quantity == 6


@pytest.mark.parametrize("was_provided", [True, False])
def test_added_licences_wait_for_the_vendor(cast: Cast, *, was_provided: bool) -> None:
    """Planted fault: seats are there before the vendor has provided them."""
    shop, subscription = sold(cast)
    shop.connector.kind = ConnectorKind.WEBHOOK
    shop.connector.save()

    assert changed(cast, subscription, 25) == ""
    assert changed(cast, subscription, 26) == "change_under_way"
    task = FulfilmentTask.objects.get()
    assert (task.state, task.payload["asked_quantity"], task.payload["quantity"]) == (
        TaskState.WAITING,
        25,
        10,
    )
    assert SeatPool.objects.get().seats == 10
    FulfilmentTask.objects.update(state=TaskState.DONE)
    finish_increase(
        bystander_for(cast.operator, kind="worker"),
        subscription=subscription,
        quantity=25,
        was_provided=was_provided,
    )

    row = must_equal_its_events(subscription)
    assert row.quantity == SeatPool.objects.get().seats == (25 if was_provided else 10)
    assert changed(cast, subscription, 8) == ""
    assert SeatPool.objects.get().seats == 8
