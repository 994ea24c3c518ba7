"""Suspending, reactivating and cancelling, and the end of everything: what ends takes its add-ons and seats along."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.core.actor import Actor, By
from toiya.core.errors import Refusal
from toiya.core.reader import reader_name
from toiya.core.terms import term_end
from toiya.directory.models import Tenant
from toiya.fulfilment.models import TaskKind
from toiya.licences.pools import change_seats, hold_pools, shrink_seats
from toiya.subscriptions.errors import (
    ParentNotActive,
    ReasonTooLong,
    SuspendedByAnother,
    TermOver,
    WindowClosed,
)
from toiya.subscriptions.lifecycle import change, customer_today, lock, must_be, note
from toiya.subscriptions.models import (
    LIVE,
    EventKind,
    ScheduledChange,
    Subscription,
    SubscriptionState,
)
from toiya.subscriptions.notices import tell
from toiya.subscriptions.rights import must_manage, must_order
from toiya.subscriptions.vendor import tell_vendor

KEPT_DAYS = 90
LONGEST_REASON = 500


@transaction.atomic
def suspend_subscription(
    actor: Actor, *, subscription: Subscription, reason: str, version: int | None
) -> Subscription:
    """Users lose access, administrators keep it; the data is kept for 90 days (N-28). Add-ons follow.

    Raises what ``rights.must_manage`` raises, NotInThisState, ChangedMeanwhile, ReasonTooLong.
    """
    must_manage(actor, subscription)
    if len(reason.strip()) > LONGEST_REASON:
        raise ReasonTooLong(found=len(reason.strip()), limit=LONGEST_REASON)
    locked = lock(subscription, version)
    add_ons = _hold_add_ons(locked, SubscriptionState.ACTIVE)
    _suspend(actor, locked, reason.strip(), with_parent=False)
    for add_on in add_ons:
        _suspend(actor, add_on, reason.strip(), with_parent=True)
    kept_on = locked.kept_until.isoformat() if locked.kept_until else ""
    tell(actor, locked, "suspended", reason=reason.strip(), kept_on=kept_on)
    return locked


def _hold_add_ons(subscription: Subscription, *states: SubscriptionState) -> list[Subscription]:
    """The add-ons in these states and every pool behind them and their parent, held before the first is changed.

    One that is just being provided is waited for.
    """
    found = [lock(add_on) for add_on in subscription.add_ons.filter(state__in=LIVE).order_by("id")]
    held = [add_on for add_on in found if add_on.state in states]
    if held:
        hold_pools(subscription.customer_id)
    return held


def kept_until_if_suspended(subscription: Subscription, now: dt.datetime) -> dt.date:
    """The day on which the data goes if it is suspended now; the page shows it beside the button."""
    return customer_today(subscription, now) + dt.timedelta(days=KEPT_DAYS)


def suspend_if_parent_is(by: By, add_on: Subscription) -> None:
    """An add-on that was still being provided when its parent was suspended, and is there now."""
    parent = add_on.parent
    if parent is None:
        return
    parent.refresh_from_db()
    if parent.state == SubscriptionState.SUSPENDED:
        _suspend(by, add_on, parent.suspension_reason, with_parent=True)


def _suspend(actor: By, subscription: Subscription, reason: str, *, with_parent: bool) -> None:
    must_be(subscription, SubscriptionState.ACTIVE)
    change(
        actor,
        subscription,
        EventKind.SUSPENDED,
        state=SubscriptionState.SUSPENDED,
        suspended_at=actor.now,
        suspended_by_tenant_id=actor.tenant_id,
        suspension_reason=reason,
        suspended_with_parent=with_parent,
        kept_until=kept_until_if_suspended(subscription, actor.now),
    )
    change_seats(subscription.customer_id, subscription.sku, suspended=subscription.quantity)
    tell_vendor(actor, subscription, TaskKind.SUSPEND)
    note(
        actor,
        AuditAction.SUSPEND_SUBSCRIPTION,
        subscription,
        after={"subscription": subscription.friendly_name, "reason": reason},
    )


def must_be_the_one_to_reactivate(actor: Actor, subscription: Subscription) -> None:
    """Who suspended it, or the provider above the reseller. Raises SuspendedByAnother."""
    if actor.tenant_id not in {subscription.tenant_id, subscription.suspended_by_tenant_id}:
        who = Tenant.objects.filter(pk__in=[subscription.suspended_by_tenant_id]).first()
        raise SuspendedByAnother(who=reader_name(who or subscription.tenant))


@transaction.atomic
def reactivate_subscription(actor: Actor, *, subscription: Subscription, version: int | None) -> Subscription:
    """Users have their access again, and so have those of the add-ons that were suspended with it.

    A term that ended meanwhile begins anew today, if it renews automatically: nobody pays for what could not be used.
    Raises SuspendedByAnother, ParentNotActive, TermOver.
    """
    must_manage(actor, subscription)
    locked = lock(subscription, version)
    must_be(locked, SubscriptionState.SUSPENDED)
    must_be_the_one_to_reactivate(actor, locked)
    parent = locked.parent
    if parent is not None and parent.state != SubscriptionState.ACTIVE:
        raise ParentNotActive(parent=parent.title, found=parent.get_state_display())
    add_ons = _hold_add_ons(locked, SubscriptionState.SUSPENDED)
    _reactivate(actor, locked)
    for add_on in add_ons:
        if add_on.suspended_with_parent and _may_go_on(actor, add_on):
            _reactivate(actor, add_on)
    tell(actor, locked, "reactivated")
    return locked


def _may_go_on(actor: Actor, subscription: Subscription) -> bool:
    today = customer_today(subscription, actor.now)
    return subscription.auto_renew or subscription.term_end is None or subscription.term_end > today


def _reactivate(actor: Actor, subscription: Subscription) -> None:
    today = customer_today(subscription, actor.now)
    anew: dict[str, Any] = {}
    if subscription.term_end is not None and subscription.term_end <= today:
        if not subscription.auto_renew:
            raise TermOver(on=subscription.term_end)
        anew = {
            "term_start": today,
            "term_end": term_end(today, subscription.term),
            "anchor_day": today.day,
        }
    change(
        actor,
        subscription,
        EventKind.REACTIVATED,
        state=SubscriptionState.ACTIVE,
        suspended_at=None,
        suspended_by_tenant_id=None,
        suspension_reason="",
        suspended_with_parent=False,
        kept_until=None,
        **anew,
    )
    change_seats(subscription.customer_id, subscription.sku, suspended=-subscription.quantity)
    tell_vendor(actor, subscription, TaskKind.RESUME)
    note(
        actor,
        AuditAction.REACTIVATE_SUBSCRIPTION,
        subscription,
        after={"subscription": subscription.friendly_name},
    )


def must_be_cancellable(subscription: Subscription, now: dt.datetime) -> None:
    """Raises NotInThisState, WindowClosed."""
    must_be(subscription, SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)
    if not subscription.may_cancel(now):
        raise WindowClosed(until=subscription.cancel_until)


@transaction.atomic
def cancel_subscription(actor: Actor, *, subscription: Subscription, version: int | None) -> Subscription:
    """The provider gives everything back inside the window; users lose their licences, add-ons go along.

    Raises ProviderOrders, WindowClosed, NotInThisState, ChangedMeanwhile.
    """
    must_order(actor, subscription)
    locked = lock(subscription, version)
    must_be_cancellable(locked, actor.now)
    revoked = end_subscription(
        actor, locked, EventKind.CANCELLED, SubscriptionState.DELETED, AuditAction.CANCEL_SUBSCRIPTION
    )
    tell(actor, locked, "cancelled", revoked=revoked)
    return locked


def end_subscription(
    by: By, subscription: Subscription, kind: EventKind, state: SubscriptionState, action: AuditAction
) -> int:
    """The subscription and its add-ons are over; seats go, licences beyond what remains are revoked. How many were."""
    revoked = 0
    for add_on in _hold_add_ons(subscription, *LIVE):
        revoked += end_subscription(by, add_on, kind, state, action)
    was = SubscriptionState(subscription.state)
    change(by, subscription, kind, state=state, ended_at=by.now)
    if was != SubscriptionState.PENDING:
        is_suspended = was == SubscriptionState.SUSPENDED
        lost = shrink_seats(
            by,
            subscription.customer_id,
            subscription.sku,
            subscription.quantity,
            suspended=subscription.quantity if is_suspended else 0,
        )
        revoked += len(lost)
    ScheduledChange.objects.filter(subscription=subscription).delete()
    tell_vendor(by, subscription, TaskKind.DEPROVISION)
    note(
        by,
        action,
        subscription,
        before={"state": was.value},
        after={"subscription": subscription.friendly_name, "state": state.value, "revoked": revoked},
    )
    return revoked


def why(check: Callable[..., object], *args: object) -> Refusal | None:
    """The refusal of a check; None where it lets pass."""
    try:
        check(*args)
    except Refusal as refusal:
        return refusal
    return None


def why_not(check: Callable[..., object], *args: object) -> str:
    """The refusal of a check as a sentence, '' where it lets pass; for buttons that say why they are disabled."""
    return str(why(check, *args) or "")
