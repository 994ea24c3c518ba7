"""A subscription as somebody wants it to be: everything that differs is changed together, or nothing is.

Each difference is carried out by the use case that a page has for it, with the same rights and refusals.
"""

import datetime as dt
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Tenant
from toiya.subscriptions.errors import OnlyAtRenewal, RenewalOff, StateNotChosen
from toiya.subscriptions.lifecycle import lock, must_be
from toiya.subscriptions.models import LIVE, ScheduledChange, Subscription, SubscriptionState
from toiya.subscriptions.particulars import choose_reseller_of_record, rename_subscription, set_auto_renew
from toiya.subscriptions.quantity import change_quantity
from toiya.subscriptions.rights import must_manage
from toiya.subscriptions.schedule import regular_end, remove_schedule, schedule_change, scheduled_for
from toiya.subscriptions.states import cancel_subscription, reactivate_subscription, suspend_subscription

CHOSEN = {
    SubscriptionState.ACTIVE: (SubscriptionState.SUSPENDED, SubscriptionState.DELETED),
    SubscriptionState.SUSPENDED: (SubscriptionState.ACTIVE, SubscriptionState.DELETED),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NextTerm:
    """What the next term shall be like; None: as it is. All None: the renewal repeats the term."""

    quantity: int | None = None
    availability: Availability | None = None
    end: dt.date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Whom the sale is credited to; None: nobody."""

    reseller: Tenant | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How the subscription shall be. None: nothing was said about it, so it stays."""

    friendly_name: str | None = None
    quantity: int | None = None
    auto_renew: bool | None = None
    state: SubscriptionState | None = None
    reason: str = ""
    credit: Credit | None = None
    next_term: NextTerm | None = None
    term: str | None = None
    billing_cycle: str | None = None
    availability: Availability | None = None


@transaction.atomic
def alter_subscription(
    actor: Actor, *, subscription: Subscription, version: int | None, wanted: Wanted
) -> Subscription:
    """Make it so, in one transaction. What is as wanted already is not touched.

    It is reactivated first and suspended or cancelled last. Raises ChangedMeanwhile, StateNotChosen, OnlyAtRenewal,
    RenewalOff, and what the use case of each difference raises; then nothing has changed.
    """
    must_manage(actor, subscription)
    now = lock(subscription, version)
    _must_be_possible(now, wanted)
    becomes = wanted.state if wanted.state != now.state else None
    plan = _new_plan(now, wanted.next_term)
    if becomes == SubscriptionState.ACTIVE:
        now = reactivate_subscription(actor, subscription=now, version=None)
    if wanted.friendly_name is not None and not _is_called(now, wanted.friendly_name):
        must_be(now, *LIVE)
        now = rename_subscription(actor, subscription=now, friendly_name=wanted.friendly_name, version=None)
    if wanted.credit is not None and wanted.credit.reseller != now.reseller_of_record:
        reseller = wanted.credit.reseller
        now = choose_reseller_of_record(actor, subscription=now, reseller=reseller, version=None)
    if wanted.auto_renew is not None and wanted.auto_renew != now.auto_renew:
        now = set_auto_renew(actor, subscription=now, auto_renew=wanted.auto_renew, version=None)
    if wanted.quantity is not None and wanted.quantity != now.quantity:
        now = change_quantity(actor, subscription=now, quantity=wanted.quantity, version=None)
    if plan is not None:
        _plan(actor, now, plan)
    if becomes == SubscriptionState.SUSPENDED:
        now = suspend_subscription(actor, subscription=now, reason=wanted.reason, version=None)
    elif becomes == SubscriptionState.DELETED:
        now = cancel_subscription(actor, subscription=now, version=None)
    return now


def _is_called(subscription: Subscription, name: str) -> bool:
    """A product's name in another language is no new name (``Subscription.title``)."""
    sku = subscription.sku
    names = {subscription.friendly_name}
    return name.strip() in (names if subscription.has_own_name else names | {sku.name_ja, sku.name_en})


def _must_be_possible(now: Subscription, wanted: Wanted) -> None:
    if wanted.state is not None and wanted.state != now.state:
        possible = CHOSEN.get(SubscriptionState(now.state), ())
        if wanted.state not in possible:
            raise StateNotChosen(
                found=now.get_state_display(),
                wanted=str(wanted.state.label),
                expected=" / ".join(str(state.label) for state in possible) or _("nothing else"),
            )
    if wanted.term is not None and wanted.term != now.term:
        raise OnlyAtRenewal(
            what=_("Term"),
            found=str(Term(now.term).label),
            wanted=str(Term(wanted.term).label),
            field="term",
        )
    if wanted.billing_cycle is not None and wanted.billing_cycle != now.billing_cycle:
        raise OnlyAtRenewal(
            what=_("Billing"),
            found=str(BillingCycle(now.billing_cycle).label),
            wanted=str(BillingCycle(wanted.billing_cycle).label),
            field="billing_cycle",
        )
    if wanted.availability is not None and wanted.availability.pk != now.availability_id:
        raise OnlyAtRenewal(
            what=_("Product"), found=now.sku.name, wanted=wanted.availability.sku.name, field="availability"
        )


def _new_plan(now: Subscription, told: NextTerm | None) -> NextTerm | None:
    """What was told about the next term, if it differs from what is scheduled; None where nothing is to be done.

    Both are compared as the subscription stands before the other changes: that is what was read.
    """
    if told is None:
        return None
    planned = scheduled_for(now)
    return told if _compared(now, told) != _scheduled(now, planned) else None


def _compared(now: Subscription, told: NextTerm) -> tuple[object, ...]:
    offer = told.availability or now.availability
    is_regular = now.term_end is not None and told.end == regular_end(now.term_end, offer, now.anchor_day)
    return told.quantity or now.quantity, offer.pk, None if is_regular else told.end


def _scheduled(now: Subscription, planned: ScheduledChange | None) -> tuple[object, ...]:
    if planned is None:
        return now.quantity, now.availability_id, None
    return planned.quantity or now.quantity, planned.availability_id or now.availability_id, planned.term_end


def _plan(actor: Actor, now: Subscription, plan: NextTerm) -> None:
    """Schedule it; if the renewal repeats the term by it, nothing is scheduled any more."""
    quantity, offer_id, end = _compared(now, plan)
    if (quantity, offer_id, end) == _scheduled(now, None):
        if scheduled_for(now) is not None:
            remove_schedule(actor, subscription=now, version=None)
        return
    if not now.auto_renew:
        raise RenewalOff
    schedule_change(
        actor,
        subscription=now,
        version=None,
        quantity=plan.quantity,
        availability=plan.availability,
        end=plan.end if end is not None else None,
    )
