"""Whatever happens in a billing period: its charges add up to exactly what its days cost (C-04, I-16)."""

import datetime as dt
import os
import random
import uuid
from collections import defaultdict
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import seed as seeded
from hypothesis import strategies as st

from toiya.billing.charges import (
    ChargeKind,
    Paid,
    Period,
    Step,
    Term,
    charges_of,
    cost_of,
    minor_of,
    periods_of,
    rounded,
)
from toiya.core.money import UnitPrice
from toiya.core.terms import BillingCycle, add_months

pytestmark = pytest.mark.once
SEED = int(os.environ.get("TOIYA_BILLING_SEED", random.SystemRandom().randrange(2**32)))
SKU = uuid.UUID(int=1)
FAR = dt.date(2100, 1, 1)
CYCLES = {BillingCycle.MONTHLY: 1, BillingCycle.ANNUAL: 12, BillingCycle.TRIENNIAL: 36}


@st.composite
def terms(draw: st.DrawFn) -> Term:
    """A term of up to three years with up to eight changes of quantity and price, and maybe an end."""
    start = dt.date(2024, 1, 1) + dt.timedelta(days=draw(st.integers(0, 1500)))
    cycle = draw(st.sampled_from(list(CYCLES)))
    end = add_months(start, draw(st.sampled_from([1, 12, 36])))
    if draw(st.booleans()):
        end = start + dt.timedelta(days=draw(st.integers(1, (end - start).days)))  # ends with another one
    term = Term(start, end, cycle, start.day)
    currency, scale = draw(st.sampled_from([("JPY", 0), ("JPY", 3), ("USD", 2), ("USD", 6), ("KWD", 4)]))
    price = UnitPrice(draw(st.integers(1, 10**6)), scale, currency)
    term.step(start, Paid(draw(st.integers(1, 999)), price, SKU), ChargeKind.PURCHASE)
    span = (end - start).days
    for offset in sorted(draw(st.lists(st.integers(0, span), max_size=8))):
        if draw(st.integers(0, 3)) == 0:
            price = UnitPrice(draw(st.integers(0, 10**6)), scale, currency)
        paid = Paid(draw(st.integers(1, 999)), price if price.units else None, SKU)
        term.step(start + dt.timedelta(days=offset), paid, ChargeKind.ADDED)
    if draw(st.booleans()):
        day = max(term.steps[-1].day, start + dt.timedelta(days=draw(st.integers(0, span))))
        term.step(day, Paid(0, term.steps[-1].paid.price, SKU), ChargeKind.CANCELLATION)
    return term


def day_by_day(term: Term, period: Period) -> int:
    """What a period costs, asked of each of its days: slow, and nothing shared with the code."""
    exact, day = Fraction(), period.start
    while day < period.end:
        valid = [step for step in term.steps if step.day <= day]
        if valid and valid[-1].paid.price is not None:
            paid = valid[-1].paid
            assert paid.price is not None
            exact += minor_of(paid.price) * paid.quantity / period.whole
        day += dt.timedelta(days=1)
    return rounded(exact)


def by_period(term: Term, until: dt.date = FAR) -> dict[dt.date, int]:
    sums: dict[dt.date, int] = defaultdict(int)
    for charge in charges_of([term], until):
        sums[charge.period.start] += charge.amount
    return sums


@pytest.fixture(autouse=True)
def told_seed() -> None:
    print(f"\nTOIYA_BILLING_SEED={SEED}")  # noqa: T201


def examples(count: int) -> settings:
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


@seeded(SEED)
@examples(150)
@given(term=terms())
def test_the_charges_of_a_period_come_to_what_its_days_cost(term: Term) -> None:
    """Planted faults: the price of a day is rounded before it is multiplied; each charge is rounded by itself."""
    sums, last_end = by_period(term), term.start
    for period in periods_of(term, FAR):
        assert period.start == last_end  # contiguous, and the last ends with the term (I-14)
        last_end = period.end
        cost = day_by_day(term, period)
        assert sums.get(period.start, 0) == cost
        for minor, most in cost_of(term, period).values():
            assert 0 <= minor == cost <= most
    assert last_end == term.end


@seeded(SEED + 1)
@examples(150)
@given(term=terms(), data=st.data())
def test_cutting_a_period_changes_nothing(term: Term, data: st.DataObject) -> None:
    """Steps that change nothing, and changes that are taken back on the same day, leave the sum as it is."""
    before = by_period(term)
    place = data.draw(st.integers(0, len(term.steps) - 1))
    step = term.steps[place]
    more = replace(step, paid=replace(step.paid, quantity=step.paid.quantity + 7))
    term.steps[place + 1 : place + 1] = [step, more, step]

    assert {day: amount for day, amount in by_period(term).items() if amount} == {
        day: amount for day, amount in before.items() if amount
    }


@seeded(SEED + 2)
@examples(100)
@given(term=terms(), data=st.data())
def test_what_was_charged_stays_what_it_was(term: Term, data: st.DataObject) -> None:
    """A later step adds charges and changes none, so that an invoice that was issued before it stays right."""
    place = data.draw(st.integers(1, len(term.steps)))
    later = term.steps[place:]
    earlier = Term(term.start, term.end, term.cycle, term.anchor_day, list(term.steps[:place]))
    until = min((step.day for step in later), default=FAR) + dt.timedelta(days=1)
    kept = [charge for charge in charges_of([earlier], until) if charge.period.start < until]

    everything = charges_of([term], FAR)

    assert [charge for charge in kept if charge not in everything] == []


def test_the_example_of_the_documentation_adds_up() -> None:
    """48.00 a year for 347 and 18 days: 45.63 and 2.37, not 44.98 and 2.47 (C-04)."""
    start = dt.date(2027, 1, 1)
    term = Term(start, dt.date(2028, 1, 1), BillingCycle.ANNUAL, 1)
    price = UnitPrice(4800, 2, "USD")
    term.steps = [
        Step(start, Paid(1, price, SKU), ChargeKind.PURCHASE),
        Step(start + dt.timedelta(days=18), Paid(0, price, SKU), ChargeKind.CANCELLATION),
    ]
    other = Term(start, term.end, term.cycle, 1)
    other.steps = [Step(start + dt.timedelta(days=18), Paid(1, price, SKU), ChargeKind.TAKEN_OVER)]

    assert [charge.amount for charge in charges_of([term], FAR)] == [4800, -4563]
    assert [charge.amount for charge in charges_of([other], FAR)] == [4563]
