"""What one subscription costs its buyer: the charges that follow from its events.

A billing period is charged when it begins, whole. What changes in its middle is charged, or given back, for the days
that are left. The charges of a period are differences of rounded cumulative sums, so that they add up to exactly what
the period costs, however often it was cut (C-04, N-38; design.md 9). Pure: no table is asked here.

Days are those of the subscription's terms: local dates where its customer is.
"""

import datetime as dt
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from django.db import models
from django.utils.translation import gettext_lazy as _

from toiya.billing.errors import PriceMissing
from toiya.core.money import UnitPrice, divide_half_up, minor_digits
from toiya.core.terms import CYCLE_MONTHS, BillingCycle, add_months, cycle_days
from toiya.subscriptions.models import EventKind, SubscriptionEvent

ONE_DAY = dt.timedelta(days=1)


class ChargeKind(models.TextChoices):
    """Why something is charged, or given back."""

    PURCHASE = "purchase", _("Purchase")
    CYCLE = "cycle", _("Next billing period")
    RENEWAL = "renewal", _("Renewal")
    CONVERSION = "conversion", _("Conversion")
    TAKEN_OVER = "taken_over", _("Taken over by transfer")
    ADDED = "added", _("Units added")
    REMOVED = "removed", _("Units given back")
    UPGRADE = "upgrade", _("Upgrade")
    CANCELLATION = "cancellation", _("Cancellation")
    HANDED_OVER = "handed_over", _("Handed over by transfer")
    CORRECTION = "correction", _("Correction")


BEGINNINGS = {
    EventKind.ACTIVATED: ChargeKind.PURCHASE,
    EventKind.RENEWED: ChargeKind.RENEWAL,
    EventKind.REACTIVATED: ChargeKind.RENEWAL,  # where the term was over and begins anew
    EventKind.CONVERTED: ChargeKind.CONVERSION,
    EventKind.TAKEN_OVER: ChargeKind.TAKEN_OVER,
}
GIVEN_BACK = {
    EventKind.CANCELLED: ChargeKind.CANCELLATION,
    EventKind.TRANSFERRED: ChargeKind.HANDED_OVER,
}
# What ends outside the window gives nothing back; no further period begins.
ENDS = frozenset({EventKind.EXPIRED, EventKind.DATA_DELETED, EventKind.PROVISIONING_FAILED})
TELLING = (
    EventKind.ORDERED,
    EventKind.QUANTITY_CHANGED,
    EventKind.UPGRADED,
    *BEGINNINGS,
    *GIVEN_BACK,
    *ENDS,
)


@dataclass(frozen=True, slots=True)
class Paid:
    """So many units of a SKU at a price each for a billing period; no price: they cost nothing."""

    quantity: int
    price: UnitPrice | None
    sku_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class Step:
    """From this day on something else is paid."""

    day: dt.date
    paid: Paid
    kind: ChargeKind


@dataclass(slots=True)
class Term:
    """A term of a subscription with what is paid in it, the first step first. ``end`` is the first day after it."""

    start: dt.date
    end: dt.date
    cycle: BillingCycle
    anchor_day: int
    steps: list[Step] = field(default_factory=list)
    closed_on: dt.date | None = None

    def step(self, day: dt.date, paid: Paid, kind: ChargeKind) -> None:
        """Add a step; no step lies before the one that was recorded before it."""
        self.steps.append(Step(max(day, self.steps[-1].day) if self.steps else day, paid, kind))


@dataclass(frozen=True, slots=True)
class Period:
    """A billing period. ``whole`` is how many days a full one has; the last one of a term may be shorter."""

    start: dt.date
    end: dt.date
    whole: int


@dataclass(frozen=True, slots=True)
class Charge:
    """One amount, with the formula that made it: ``quantity`` × ``price`` × ``days`` / ``whole``.

    ``amount`` is in minor units of the price's currency, negative where something is given back.
    """

    period: Period
    kind: ChargeKind
    revision: int
    day: dt.date
    days: int
    quantity: int
    price: UnitPrice
    sku_id: uuid.UUID
    amount: int


def terms_of(
    events: Iterable[SubscriptionEvent],
    *,
    day_of: Callable[[dt.datetime], dt.date],
    free: Collection[uuid.UUID],
) -> list[Term]:
    """The terms that the events of one subscription tell of, in the order in which they were recorded.

    ``free``: SKUs that cost nothing whatever their price says (trials). What is paid by usage has no term here.
    Raises PriceMissing.
    """
    known: dict[str, object] = {}
    terms: list[Term] = []
    for event in events:
        known.update({name.removesuffix("_id"): value for name, value in event.set_fields.items()})
        kind, day = EventKind(event.kind), day_of(event.at)
        if kind in BEGINNINGS and (kind != EventKind.REACTIVATED or "term_start" in event.set_fields):
            term = _begun(known)
            if terms and term.start < terms[-1].end:
                _end(terms[-1], term.start, BEGINNINGS[kind])
            term.step(
                day if kind == EventKind.TAKEN_OVER else term.start, _paid(known, free), BEGINNINGS[kind]
            )
            terms.append(term)
        elif not terms:
            continue
        elif kind in {EventKind.QUANTITY_CHANGED, EventKind.UPGRADED}:
            _change(terms[-1], day, _paid(known, free), kind)
        elif kind in GIVEN_BACK:
            _end(terms[-1], day, GIVEN_BACK[kind])
        elif kind in ENDS:
            terms[-1].closed_on = day
    return [term for term in terms if term.cycle is not BillingCycle.NONE]


def _begun(known: dict[str, object]) -> Term:
    start, cycle = dt.date.fromisoformat(str(known["term_start"])), BillingCycle(str(known["billing_cycle"]))
    end = known.get("term_end")
    is_committed = cycle in CYCLE_MONTHS and end is not None
    return Term(
        start,
        dt.date.fromisoformat(str(end)) if is_committed else start + ONE_DAY,
        cycle,
        int(str(known.get("anchor_day") or start.day)),
    )


def _paid(known: dict[str, object], free: Collection[uuid.UUID]) -> Paid:
    sku_id, quantity = uuid.UUID(str(known["sku"])), int(str(known["quantity"]))
    if sku_id in free or known["billing_cycle"] == BillingCycle.NONE:
        return Paid(quantity, None, sku_id)
    units, scale = known.get("cost_units"), known.get("cost_scale")
    if units is None:
        raise PriceMissing
    price = UnitPrice(int(str(units)), int(str(scale)), str(known["cost_currency"]))
    return Paid(quantity, price if price.units else None, sku_id)


def _change(term: Term, day: dt.date, paid: Paid, kind: EventKind) -> None:
    if kind == EventKind.UPGRADED:
        term.step(day, paid, ChargeKind.UPGRADE)
        return
    more = paid.quantity > term.steps[-1].paid.quantity
    term.step(day, paid, ChargeKind.ADDED if more else ChargeKind.REMOVED)


def _end(term: Term, day: dt.date, kind: ChargeKind) -> None:
    last = term.steps[-1].paid
    term.step(day, Paid(0, last.price, last.sku_id), kind)


def periods_of(term: Term, until: dt.date) -> Iterator[Period]:
    """The billing periods of a term that begin before the day, contiguous (I-14)."""
    months = CYCLE_MONTHS.get(term.cycle)
    if months is None:
        if term.start < until:
            yield Period(term.start, term.end, 1)
        return
    days = cycle_days(term.start, term.end, term.cycle, anchor_day=term.anchor_day)
    for count, (start, end) in enumerate(days, start=1):
        if start >= until or (term.closed_on is not None and start >= term.closed_on):
            return
        full = add_months(term.start, months * count, anchor_day=term.anchor_day)
        yield Period(start, end, (full - start).days)


def _in_period(term: Term, period: Period) -> list[Step]:
    """What is paid from the first day of the period, and what changes in it. The first period has every step since the
    term began; a thing that is paid once is changed on any day.
    """
    if term.cycle not in CYCLE_MONTHS:
        return term.steps
    within = [step for step in term.steps if step.day < period.end]
    if period.start == term.start:
        return within
    before = [step for step in within if step.day < period.start]
    carried = [Step(period.start, before[-1].paid, ChargeKind.CYCLE)] if before else []
    return carried + [step for step in within if step.day >= period.start]


def _share(term: Term, period: Period, day: dt.date) -> tuple[int, int]:
    """The days that are left, of how many; everything of what is paid once."""
    if term.cycle not in CYCLE_MONTHS:
        return 1, 1
    return (period.end - max(day, period.start)).days, period.whole


def charges_of(terms: Sequence[Term], until: dt.date) -> list[Charge]:
    """Every charge of the periods that begin before the day, in the order in which they came about."""
    return [
        charge for term in terms for period in periods_of(term, until) for charge in _charges(term, period)
    ]


def _charges(term: Term, period: Period) -> Iterator[Charge]:
    present: Paid | None = None
    exact: dict[str, Fraction] = {}
    given: dict[str, int] = {}
    counted: dict[ChargeKind, int] = {}
    for step in _in_period(term, period):
        days, whole = _share(term, period, step.day)
        for paid in _differences(present, step.paid):
            if paid.price is None or not paid.quantity:
                continue
            currency = paid.price.currency
            more = minor_of(paid.price) * paid.quantity * Fraction(days, whole)
            exact[currency] = exact.get(currency, Fraction()) + more
            upto = rounded(exact[currency])
            counted[step.kind] = counted.get(step.kind, 0) + 1
            yield Charge(
                period,
                step.kind,
                counted[step.kind],
                max(step.day, period.start),
                days,
                paid.quantity,
                paid.price,
                paid.sku_id,
                upto - given.get(currency, 0),
            )
            given[currency] = upto
        present = step.paid


def _differences(before: Paid | None, after: Paid) -> list[Paid]:
    """Units more or fewer at the same price; else the old ones back and the new ones."""
    if before is None:
        return [after]
    if (before.price, before.sku_id) == (after.price, after.sku_id):
        return [Paid(after.quantity - before.quantity, after.price, after.sku_id)]
    return [Paid(-before.quantity, before.price, before.sku_id), after]


def minor_of(price: UnitPrice) -> Fraction:
    """The price in minor units of its currency, exactly."""
    return Fraction(price.units * 10 ** minor_digits(price.currency), 10**price.scale)


def rounded(value: Fraction) -> int:
    """To whole minor units, halves away from zero."""
    return divide_half_up(value.numerator, value.denominator)


def cost_of(term: Term, period: Period) -> dict[str, tuple[int, int]]:
    """What the period costs in each currency, and the most that it could: counted from day to day and not from
    change to change, so that it is a check of ``charges_of``.
    """
    steps = _in_period(term, period)
    exact: dict[str, Fraction] = {}
    most: dict[str, Fraction] = {}
    for number, step in enumerate(steps):
        if step.paid.price is None:
            continue
        begins, whole = _share(term, period, step.day)
        is_last = number + 1 == len(steps)
        ends = 0 if is_last else _share(term, period, steps[number + 1].day)[0]
        currency, full = step.paid.price.currency, minor_of(step.paid.price) * step.paid.quantity
        exact[currency] = exact.get(currency, Fraction()) + full * Fraction(begins - ends, whole)
        most[currency] = max(most.get(currency, Fraction()), full)
    return {currency: (rounded(amount), rounded(most[currency])) for currency, amount in exact.items()}
