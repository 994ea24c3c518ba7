"""More or fewer licences of a subscription.

Up at any time, for the price that the subscription has, promotion included (N-31). Down inside the windows: everything
until ``cancel_until`` (after activation and renewal), what was added in the middle of the term until ``reduce_until``;
never below the seats that are assigned. Where the connector is not the instant one, licences that are added hold when
the vendor has provided them, and no second change begins before; licences that are given back go at once.
"""

import datetime as dt

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.catalogue.models import SkuKind
from toiya.catalogue.offers import quantity_must_fit
from toiya.core.actor import Actor, By
from toiya.directory.room import sandbox_limits
from toiya.fulfilment.models import TaskKind
from toiya.fulfilment.queue import is_instant
from toiya.licences.pools import change_seats
from toiya.subscriptions.errors import (
    ChangeUnderWay,
    ParentNotActive,
    QuantityFixed,
    QuantityUnchanged,
    WindowClosed,
)
from toiya.subscriptions.lifecycle import change, lock, must_be, note
from toiya.subscriptions.models import EventKind, Subscription, SubscriptionState
from toiya.subscriptions.rights import must_order, must_sell
from toiya.subscriptions.vendor import ASKED_QUANTITY, asked_quantity, tell_vendor

FIXED = frozenset({SkuKind.ONE_TIME, SkuKind.USAGE})


@transaction.atomic
def change_quantity(
    actor: Actor, *, subscription: Subscription, quantity: int, version: int | None
) -> Subscription:
    """The provider changes how many there are; a reseller asks by an order request (S-099).

    Raises what ``rights`` and ``set_quantity`` raise; ChangedMeanwhile where ``version`` is not the present one.
    """
    must_order(actor, subscription)
    locked = lock(subscription, version)
    if quantity > locked.quantity:
        must_sell(actor, locked)
    return set_quantity(actor, subscription=locked, quantity=quantity)


@transaction.atomic
def set_quantity(by: By, *, subscription: Subscription, quantity: int) -> Subscription:
    """The rule itself; who may is the caller's to ask (an order request that passes by itself has no person).

    Returns the subscription; its quantity is still the old one where the vendor has to provide the new licences first.
    """
    locked = lock(subscription)
    must_be_changeable(locked)
    if quantity == locked.quantity:
        raise QuantityUnchanged(quantity=quantity)
    quantity_must_fit(locked.sku, quantity)
    if quantity > locked.quantity:
        return _increase(by, locked, quantity)
    return _reduce(by, locked, quantity)


def must_be_changeable(subscription: Subscription) -> None:
    """Raises NotInThisState, QuantityFixed, ChangeUnderWay, ParentNotActive."""
    must_be(subscription, SubscriptionState.ACTIVE)
    if subscription.sku.kind in FIXED:
        raise QuantityFixed(kind=subscription.sku.get_kind_display())
    if asked_quantity(subscription) is not None:
        raise ChangeUnderWay
    parent = subscription.parent
    if parent is not None and parent.state != SubscriptionState.ACTIVE:
        raise ParentNotActive(parent=parent.title, found=parent.get_state_display())


def _increase(by: By, subscription: Subscription, quantity: int) -> Subscription:
    if limits := sandbox_limits(subscription.customer_id):
        limits.must_hold(licences=quantity)
    if is_instant(subscription.sku.connector):
        _add(by, subscription, quantity)
        tell_vendor(by, subscription, TaskKind.UPDATE)
        return subscription
    change(by, subscription, EventKind.QUANTITY_ASKED)
    tell_vendor(by, subscription, TaskKind.UPDATE, **{ASKED_QUANTITY: quantity})
    return subscription


def _add(by: By, subscription: Subscription, quantity: int) -> None:
    """The licences are there; for the next days they can be given back."""
    before = subscription.quantity
    is_open = subscription.reduce_until is not None and by.now < subscription.reduce_until
    floor = subscription.reduce_floor if is_open and subscription.reduce_floor else before
    change(
        by,
        subscription,
        EventKind.QUANTITY_CHANGED,
        quantity=quantity,
        reduce_until=by.now + dt.timedelta(days=subscription.sku.cancel_days),
        reduce_floor=floor,
    )
    added = quantity - before
    is_suspended = subscription.state == SubscriptionState.SUSPENDED
    change_seats(
        subscription.customer_id, subscription.sku, seats=added, suspended=added if is_suspended else 0
    )
    _note(by, subscription, before)


def _reduce(by: By, subscription: Subscription, quantity: int) -> Subscription:
    before = subscription.quantity
    if quantity < least_quantity(subscription, by.now):
        raise WindowClosed(
            until=subscription.reduce_until
            if _is_addition_open(subscription, by.now)
            else subscription.cancel_until,
            least=subscription.reduce_floor if _is_addition_open(subscription, by.now) else None,
        )
    change_seats(subscription.customer_id, subscription.sku, seats=quantity - before)
    change(by, subscription, EventKind.QUANTITY_CHANGED, quantity=quantity)
    tell_vendor(by, subscription, TaskKind.UPDATE)
    _note(by, subscription, before)
    return subscription


def _is_addition_open(subscription: Subscription, now: dt.datetime) -> bool:
    return subscription.reduce_until is not None and now < subscription.reduce_until


def least_quantity(subscription: Subscription, now: dt.datetime) -> int:
    """Down to how many it can go at this instant; the present quantity where no window is open."""
    if subscription.may_cancel(now):
        return subscription.sku.min_quantity
    if _is_addition_open(subscription, now) and subscription.reduce_floor is not None:
        return min(max(subscription.reduce_floor, subscription.sku.min_quantity), subscription.quantity)
    return subscription.quantity


@transaction.atomic
def finish_increase(by: By, *, subscription: Subscription, quantity: int, was_provided: bool) -> Subscription:
    """The vendor's answer to an increase: now the licences are there, or will not come.

    A subscription that has ended meanwhile keeps what it had.
    """
    locked = lock(subscription)
    if not was_provided or not locked.is_live:
        change(by, locked, EventKind.QUANTITY_REFUSED)
        note(
            by,
            AuditAction.UPDATE_SUBSCRIPTION,
            locked,
            before={"quantity": locked.quantity},
            after={"quantity": locked.quantity, "wanted": quantity},
        )
        return locked
    _add(by, locked, quantity)
    return locked


def _note(by: By, subscription: Subscription, before: int) -> None:
    note(
        by,
        AuditAction.UPDATE_SUBSCRIPTION,
        subscription,
        before={"quantity": before},
        after={"quantity": subscription.quantity, "subscription": subscription.friendly_name},
    )
