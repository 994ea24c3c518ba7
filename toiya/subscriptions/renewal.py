"""What the end of a term brings: another term, or the end; and the end of kept data. Carried out by the worker.

Each term is one event that the version guards, so that two workers renew it once, and a worker that comes late makes up
every term in between. Dates are those where the customer is, counted from the anchor day (G-35).
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Min, Q

from toiya.audit.actions import AuditAction
from toiya.catalogue.models import Availability, SkuKind
from toiya.core.actor import By
from toiya.core.errors import Refusal
from toiya.core.terms import term_end
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family
from toiya.fulfilment.models import TaskKind
from toiya.pricing.errors import NotPriced
from toiya.pricing.quote import Quote, quote
from toiya.programme.models import Country
from toiya.subscriptions.errors import ChangedMeanwhile
from toiya.subscriptions.lifecycle import change, customer_today, lock, name_with, note, price_fields
from toiya.subscriptions.models import EventKind, ScheduledChange, Subscription, SubscriptionState
from toiya.subscriptions.notices import tell
from toiya.subscriptions.seats import exchange_seats
from toiya.subscriptions.states import end_subscription
from toiya.subscriptions.vendor import tell_vendor

log = structlog.get_logger(__name__)
EARLIEST_ZONE = dt.timedelta(hours=14)
BATCH = 500


def renew_what_is_due() -> int:
    """Every term that has ended where its customer is, and every suspension whose data is kept no longer."""
    return sum(renew_family(family) for family in Family.objects.open())


def next_term_end(family: Family) -> dt.datetime | None:
    """When the next term or the next time of keeping data ends, after the present moment of the family."""
    now, found = family.clock.now(), []
    sold = Subscription.objects.filter(tenant__family=family)
    for country in Country.objects.filter(pk__in=sold.values("customer__country_id")):
        after = country.local_date(now)
        ends = sold.filter(customer__country=country).aggregate(
            term=Min("term_end", filter=_ENDING & Q(term_end__gt=after)),
            kept=Min("kept_until", filter=_KEPT & Q(kept_until__gt=after)),
        )
        found += [country.midnight(day) for day in ends.values() if day is not None]
    return min(found, default=None)


_ENDING = Q(state=SubscriptionState.ACTIVE) | Q(state=SubscriptionState.SUSPENDED, auto_renew=False)
_KEPT = Q(state=SubscriptionState.SUSPENDED)


def renew_family(family: Family) -> int:
    """As ``renew_what_is_due``, in one family."""
    latest = (family.clock.now() + EARLIEST_ZONE).date()
    ending = _ENDING & Q(term_end__lte=latest)
    kept = _KEPT & Q(kept_until__lte=latest)
    done, after = 0, uuid.UUID(int=0)
    while batch := list(
        Subscription.objects.filter(ending | kept, tenant__family=family, pk__gt=after)
        .select_related("tenant__family", "customer__country", "sku")
        .order_by("pk")[:BATCH]
    ):
        done += sum(_settle(subscription) for subscription in batch)
        after = batch[-1].pk
    return done


def _settle(subscription: Subscription) -> int:
    """One subscription, however many terms; another worker's work is left to it."""
    try:
        return settle_term(bystander_for(subscription.tenant, kind="worker"), subscription=subscription)
    except ChangedMeanwhile:
        return 0
    except Refusal as refusal:
        log.warning("term not settled", subscription=str(subscription.pk), why=str(refusal))
        return 0


@transaction.atomic
def settle_term(by: By, *, subscription: Subscription) -> int:
    """Bring the subscription to today: renew, expire or delete. How many steps that took; none if nothing is due."""
    steps = 0
    while True:
        locked = lock(subscription)
        today = customer_today(locked, by.now)
        if locked.state == SubscriptionState.SUSPENDED and locked.kept_until and locked.kept_until <= today:
            _delete(by, locked)
            return steps + 1
        if locked.term_end is None or locked.term_end > today or not _is_settled_now(locked):
            return steps
        steps += 1
        if not _goes_on(locked):
            _expire(by, locked)
            return steps
        _renew(by, locked, locked.term_end)


def _is_settled_now(subscription: Subscription) -> bool:
    """A suspended one that renews waits for its reactivation, or for the end of its data."""
    if subscription.state == SubscriptionState.ACTIVE:
        return True
    return subscription.state == SubscriptionState.SUSPENDED and not subscription.auto_renew


def _goes_on(subscription: Subscription) -> bool:
    parent = subscription.parent
    if parent is not None and not parent.is_live:
        return False
    return subscription.auto_renew and subscription.sku.kind != SkuKind.TRIAL


def _expire(by: By, subscription: Subscription) -> None:
    revoked = end_subscription(
        by, subscription, EventKind.EXPIRED, SubscriptionState.EXPIRED, AuditAction.EXPIRE_SUBSCRIPTION
    )
    tell(by, subscription, "expired", revoked=revoked)


def _delete(by: By, subscription: Subscription) -> None:
    revoked = end_subscription(
        by, subscription, EventKind.DATA_DELETED, SubscriptionState.DELETED, AuditAction.CANCEL_SUBSCRIPTION
    )
    tell(by, subscription, "data_deleted", revoked=revoked)


@dataclass(frozen=True, slots=True)
class NextTerm:
    """What the renewal makes of a subscription."""

    availability: Availability
    quantity: int
    start: dt.date
    end: dt.date
    anchor_day: int


def next_term(subscription: Subscription, start: dt.date) -> NextTerm:
    """The term that follows, with what is scheduled for it. An offer that was withdrawn meanwhile is not taken."""
    schedule = ScheduledChange.objects.select_related("availability__sku__product").filter(
        subscription=subscription
    )
    planned = schedule.first()
    availability, quantity = subscription.availability, subscription.quantity
    anchor = subscription.anchor_day or start.day
    if planned is not None:
        wanted = planned.availability
        if wanted is not None and not (wanted.withdrawn_at or wanted.sku.withdrawn_at):
            availability = wanted
        quantity = planned.quantity or quantity
    end = term_end(start, availability.term, anchor_day=anchor) or start
    if planned is not None and planned.term_end is not None and start < planned.term_end < end:
        end = planned.term_end
        anchor = end.day
    return NextTerm(availability, quantity, start, end, anchor)


def _prices(subscription: Subscription, term: NextTerm) -> Quote | None:
    """Those in force on the first day, without promotion (N-31); else those of the day the last term began."""
    for day in (term.start, subscription.term_start):
        try:
            return quote(
                availability=term.availability,
                provider_id=subscription.tenant_id,
                reseller_id=subscription.reseller_id,
                customer_id=subscription.customer_id,
                on=day or term.start,
            )
        except NotPriced:
            continue
    return None


def _renew(by: By, subscription: Subscription, start: dt.date) -> None:
    term = next_term(subscription, start)
    before, old_sku = subscription.quantity, subscription.sku
    fields: dict[str, Any] = {}
    prices = _prices(subscription, term)
    if prices is not None:
        fields = {
            "price_list_id": prices.price_list_id,
            **price_fields("cost", prices.cost),
            **price_fields("resale", prices.resale),
            **price_fields("retail", prices.retail),
        }
    change(
        by,
        subscription,
        EventKind.RENEWED,
        sku=term.availability.sku,
        friendly_name=name_with(subscription, term.availability.sku),
        availability=term.availability,
        term=term.availability.term,
        billing_cycle=term.availability.billing_cycle,
        quantity=term.quantity,
        term_start=term.start,
        term_end=term.end,
        anchor_day=term.anchor_day,
        cancel_until=by.now + dt.timedelta(days=term.availability.sku.cancel_days),
        reduce_until=None,
        reduce_floor=None,
        promotion=None,
        **fields,
    )
    ScheduledChange.objects.filter(subscription=subscription).delete()
    revoked = exchange_seats(by, subscription, old_sku=old_sku, old_quantity=before)
    if before != term.quantity or old_sku.pk != subscription.sku_id:
        tell_vendor(by, subscription, TaskKind.UPDATE)
    note(
        by,
        AuditAction.RENEW_SUBSCRIPTION,
        subscription,
        before={"quantity": before, "sku": old_sku.code},
        after={
            "quantity": term.quantity,
            "sku": subscription.sku.code,
            "term_end": term.end.isoformat(),
            "revoked": revoked,
        },
    )
    if revoked:
        tell(by, subscription, "reduced", quantity=term.quantity, revoked=revoked)
