"""The renewal radar (C-09): what renews when, what nobody uses, until when it can be made smaller, what is at stake.

Each reader sees the money of the own edges only (G-05): a provider what it pays the operator and what its buyer pays,
a reseller what it pays the provider and what the customer pays, a customer what it pays.
"""

import datetime as dt
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Case, Count, F, Q, When
from django.db.models.functions import TruncMonth

from toiya.core.actor import Actor
from toiya.core.money import Money, UnitPrice
from toiya.core.terms import CYCLE_MONTHS, MONTHS, add_months
from toiya.licences.models import SeatPool
from toiya.relations.models import ResellerRelationship
from toiya.relations.search import Text, that_contain
from toiya.subscriptions.models import (
    ScheduledChange,
    Subscription,
    SubscriptionQuerySet,
    SubscriptionState,
)
from toiya.subscriptions.rights import managed_by

HORIZON_MONTHS = 12
ONE_DAY = dt.timedelta(days=1)
COST, RESALE, RETAIL = "cost", "resale", "retail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What the reader wants to look at; empty fields keep everything."""

    month: dt.date | None = None
    reseller_id: uuid.UUID | None = None
    customer_id: uuid.UUID | None = None
    customer_key: str = ""
    product_id: uuid.UUID | None = None
    auto_renew: bool | None = None


@dataclass(frozen=True, slots=True)
class Renewal:
    """One subscription on the radar.

    ``last_day`` is the last day on which the renewal can still be made smaller or called off. ``reducible_until`` is
    the end of the present window for cancelling and reducing at once, where one is open. ``unused`` are seats that the
    customer has of this SKU and nobody uses; None where the SKU has no seats.
    """

    subscription: Subscription
    on: dt.date
    last_day: dt.date
    days_left: int
    reducible_until: dt.datetime | None
    quantity_then: int
    scheduled: ScheduledChange | None
    unused: int | None
    pays: Money | None
    receives: Money | None


@dataclass(frozen=True, slots=True)
class Month:
    """One month of the calendar: how many renew (None: nobody has counted), and what is at stake in each currency."""

    first: dt.date
    count: int | None = None
    at_stake: tuple[Money, ...] = ()


def today_of(actor: Actor) -> dt.date:
    """The date of the actor's business time; a day more or less does not matter on a calendar of months."""
    return actor.now.date()


def horizon(today: dt.date) -> tuple[dt.date, dt.date]:
    """The first day of this month, and the first day after the twelve months that the radar shows."""
    first = today.replace(day=1)
    return first, add_months(first, HORIZON_MONTHS)


def renewals_sold(actor: Actor, watched: Watched | None = None) -> SubscriptionQuerySet:
    """What the actor's organisation sells or resells and what ends a term within the horizon, soonest first."""
    own, watched = actor.tenant_id, watched or Watched()
    rows = managed_by(actor)
    if watched.customer_key:
        served = ResellerRelationship.objects.of_partner(actor).live()
        found = that_contain(served, Text.of(own, watched.customer_key))
        rows = rows.filter(customer_id__in=found.values("customer_id"))
    return _on_radar(rows, actor, watched)


def renewals_bought(actor: Actor, watched: Watched | None = None) -> SubscriptionQuerySet:
    """What the actor's organisation itself uses and what ends a term within the horizon."""
    rows = Subscription.objects.visible_to(actor).filter(customer_id=actor.tenant_id)
    if watched and watched.customer_key:
        rows = rows.filter(customer__search_key__contains=watched.customer_key)
    return _on_radar(rows, actor, watched or Watched())


def _on_radar(rows: SubscriptionQuerySet, actor: Actor, watched: Watched) -> SubscriptionQuerySet:
    first, after = horizon(today_of(actor))
    if watched.month is not None:
        first, after = watched.month, add_months(watched.month, 1)
    wanted: dict[str, object] = {
        "reseller_id": watched.reseller_id,
        "customer_id": watched.customer_id,
        "sku__product_id": watched.product_id,
        "auto_renew": watched.auto_renew,
    }
    return rows.filter(
        state__in=[SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED],
        term_end__gte=first,
        term_end__lt=after,
        **{name: value for name, value in wanted.items() if value is not None},
    )


def described(actor: Actor, rows: Iterable[Subscription]) -> list[Renewal]:
    """What the radar says about each of them; one more statement for the seats of all."""
    found = list(rows)
    unused = _unused_seats(found)
    today = today_of(actor)
    return [_describe(actor, row, unused.get((row.customer_id, row.sku_id)), today) for row in found]


def _unused_seats(rows: Sequence[Subscription]) -> dict[tuple[uuid.UUID, uuid.UUID], int]:
    pools = SeatPool.objects.filter(
        tenant_id__in={row.customer_id for row in rows}, sku_id__in={row.sku_id for row in rows}
    )
    return {(pool.tenant_id, pool.sku_id): pool.seats - pool.assigned for pool in pools}


def _describe(actor: Actor, row: Subscription, unused: int | None, today: dt.date) -> Renewal:
    assert row.term_end is not None  # noqa: S101  (the filter of the radar)
    scheduled: ScheduledChange | None = getattr(row, "scheduled_change", None)
    then = (scheduled.quantity if scheduled else None) or row.quantity
    pays, receives = edges_of(actor, row)
    last_day = row.term_end - ONE_DAY
    return Renewal(
        subscription=row,
        on=row.term_end,
        last_day=last_day,
        days_left=(last_day - today).days,
        reducible_until=_window(row, actor.now),
        quantity_then=then,
        scheduled=scheduled,
        unused=min(unused, row.quantity) if unused is not None and row.sku.has_seats else None,
        pays=_of_term(row.price(pays), then, row.term, row.billing_cycle) if pays else None,
        receives=_of_term(row.price(receives), then, row.term, row.billing_cycle) if receives else None,
    )


def _window(row: Subscription, now: dt.datetime) -> dt.datetime | None:
    """The end of the window that is open now: after the begin of the term, or after what was added in its middle."""
    ends = [end for end in (row.cancel_until, row.reduce_until) if end is not None and now < end]
    return max(ends, default=None)


def edges_of(actor: Actor, row: Subscription) -> tuple[str, str]:
    """At which edge the actor's organisation pays, and at which it is paid; '' for none (G-05)."""
    if row.customer_id == actor.tenant_id:
        return RETAIL, ""
    if row.tenant_id == actor.tenant_id:
        return COST, RESALE if row.reseller_id else RETAIL
    if row.reseller_id == actor.tenant_id:
        return RESALE, RETAIL
    return "", ""


def _of_term(price: UnitPrice | None, quantity: int, term: str, cycle: str) -> Money | None:
    """What the whole next term comes to at the present price; each billing period is rounded by itself."""
    if price is None:
        return None
    amount = price.times(quantity)
    return Money(amount.minor * _periods(term, cycle), amount.currency)


def _periods(term: str, cycle: str) -> int:
    return max(MONTHS.get(term, 1) // CYCLE_MONTHS.get(cycle, MONTHS.get(term, 1)), 1)


def months_ahead(actor: Actor) -> list[Month]:
    """The months of the horizon, not yet added up."""
    first, _after = horizon(today_of(actor))
    return [Month(add_months(first, place)) for place in range(HORIZON_MONTHS)]


def calendar_of(actor: Actor, rows: SubscriptionQuerySet, *, edge: str = "receives") -> list[Month]:
    """The months of the horizon. The database groups what costs the same, so that the sums stay exact and the answer
    small; ``edge`` is ``receives`` for a seller and ``pays`` for a customer. One statement.
    """
    counts: dict[dt.date, int] = defaultdict(int)
    stakes: dict[dt.date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for group in _groups(rows, Q() if edge == "pays" else _through_a_reseller(actor)):
        month = group["month"]
        counts[month] += group["count"]
        if group["units"] is None:
            continue
        price = UnitPrice(group["units"], group["scale"], group["currency"])
        money = _of_term(price, group["then"] or group["quantity"], group["term"], group["cycle"])
        if money is not None:
            stakes[month][money.currency] += money.minor * group["count"]
    return [
        replace(
            month,
            count=counts[month.first],
            at_stake=tuple(Money(sum_, code) for code, sum_ in sorted(stakes[month.first].items())),
        )
        for month in months_ahead(actor)
    ]


def _through_a_reseller(actor: Actor) -> Q:
    """What the actor's organisation sells to a reseller; everything else it sells to the customer."""
    return Q(tenant_id=actor.tenant_id, reseller__isnull=False)


def _groups(rows: SubscriptionQuerySet, resold: Q) -> Iterable[Mapping[str, Any]]:
    """How many cost the same: at the price of resale those that are resold, at that of retail the others."""

    def price(part: str) -> Case | F:
        retail = F(f"{RETAIL}_{part}")
        return Case(When(resold, then=F(f"{RESALE}_{part}")), default=retail) if resold else retail

    grouped = rows.order_by().annotate(
        month=TruncMonth("term_end"),
        cycle=F("billing_cycle"),
        units=price("units"),
        scale=price("scale"),
        currency=price("currency"),
        then=F("scheduled_change__quantity"),
    )
    return grouped.values(
        "month", "units", "scale", "currency", "quantity", "then", "term", "cycle"
    ).annotate(count=Count("pk"))


def with_names(rows: SubscriptionQuerySet) -> SubscriptionQuerySet:
    """With everything that a line of the radar shows."""
    return rows.select_related(
        "customer__country", "tenant", "reseller", "sku__product", "scheduled_change__availability__sku"
    )
