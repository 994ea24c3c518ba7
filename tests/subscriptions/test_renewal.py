"""The end of a term: another one, a smaller one, or none; and the calendar behind it."""

import datetime as dt
import itertools
import random
import threading
from concurrent.futures import ThreadPoolExecutor
from zoneinfo import ZoneInfo

import pytest
from django.db import connection

from tests.cast import Cast, actor_of, day_in_japan
from tests.commerce import price, subscribed
from tests.subscriptions.story import (
    chain,
    days_pass,
    must_equal_its_events,
    seats_of,
    sold,
    use_seats,
    users_of,
)
from toiya.core.clock import real_now
from toiya.core.terms import BillingCycle, Term, add_months, cycle_days, term_end
from toiya.jobs.clock import DUTIES
from toiya.mail.models import OutgoingMail
from toiya.pricing.models import PriceList, Promotion
from toiya.subscriptions.errors import WrongEndDate
from toiya.subscriptions.models import EventKind, ScheduledChange, Subscription, SubscriptionState
from toiya.subscriptions.particulars import rename_subscription, set_auto_renew
from toiya.subscriptions.renewal import renew_what_is_due
from toiya.subscriptions.schedule import schedule_change
from toiya.subscriptions.states import suspend_subscription


def now_of(subscription: Subscription) -> Subscription:
    return Subscription.objects.get(pk=subscription.pk)


@pytest.mark.requirement("N-31")
def test_a_renewal_takes_the_price_list_in_force_and_drops_the_promotion(cast: Cast) -> None:
    """Planted faults: the promotion stays at renewal; a second worker renews again; the old list's price."""
    shop = chain(cast)
    promotion = Promotion.objects.create(
        tenant=cast.operator,
        code="spring",
        name_ja="春",
        name_en="Spring",
        sku=shop.office,
        discount_basis_points=2000,
        valid_from=day_in_japan(),
        valid_until=day_in_japan() + dt.timedelta(days=9),
        published_at=real_now(),
    )
    subscription = subscribed(cast, shop, cast.aoba)
    Subscription.objects.filter(pk=subscription.pk).update(promotion=promotion, cost_units=800)
    first = now_of(subscription)
    assert first.term_end is not None
    later = PriceList.objects.create(
        tenant=cast.operator,
        country_id="JP",
        currency="JPY",
        name="2027",
        valid_from=day_in_japan() + dt.timedelta(days=200),
        published_at=real_now(),
        created_at=real_now(),
    )
    price(later, shop.offers["office"], 1100, 1650)
    assert renew_what_is_due() == 0

    days_pass(cast, 366)
    assert "renew subscriptions" in {duty.name for duty in DUTIES}
    assert [renew_what_is_due(), renew_what_is_due()] == [1, 0]

    row = now_of(subscription)
    assert (row.term_start, row.term_end) == (first.term_end, add_months(first.term_end, 12))
    assert (row.cost_units, row.resale_units, row.retail_units) == (1100, 1320, 1650)
    assert (row.promotion, row.price_list_id, row.quantity) == (None, later.pk, 10)
    assert row.may_cancel(cast.hinode.family.clock.now())
    assert row.events.filter(kind=EventKind.RENEWED).count() == 1
    assert not OutgoingMail.objects.exists()


def test_a_late_worker_makes_up_every_term_in_between(cast: Cast) -> None:
    """Planted fault: the next term begins today instead of where the last one ended."""
    _shop, subscription = sold(cast, offer="office monthly")
    start = now_of(subscription).term_start
    assert start is not None

    days_pass(cast, 100)

    assert renew_what_is_due() == 3
    row = must_equal_its_events(subscription)
    assert (row.term_start, row.term_end) == (
        add_months(start, 3, anchor_day=start.day),
        add_months(start, 4, anchor_day=start.day),
    )


def test_what_is_scheduled_survives_other_edits_and_takes_the_latest_seats(cast: Cast) -> None:
    """C-09. Planted faults: an edit deletes the schedule; the earliest users lose their seats; nobody is told."""
    shop, subscription = sold(cast)
    monthly = shop.offers["office monthly"]
    people = use_seats(subscription, 9)
    mei = actor_of(cast.mei)
    schedule_change(mei, subscription=subscription, version=None, quantity=6, availability=monthly)
    rename_subscription(mei, subscription=subscription, friendly_name="Everybody's office", version=None)
    set_auto_renew(mei, subscription=subscription, auto_renew=True, version=None)
    assert ScheduledChange.objects.count() == 1

    days_pass(cast, 366)
    renew_what_is_due()

    row = must_equal_its_events(subscription)
    assert (row.quantity, row.term, row.availability_id) == (6, Term.MONTH, monthly.pk)
    assert (seats_of(subscription), users_of(subscription)) == ((6, 0, 6), people[:6])
    assert not ScheduledChange.objects.exists()
    told = OutgoingMail.objects.filter(message="subscriptions/changed", context__kind="reduced")
    assert set(told.values_list("to", "context__revoked")) == {
        (cast.emi.contact_email, 3),
        (cast.mei.contact_email, 3),
        (cast.kai.contact_email, 3),
    }


@pytest.mark.parametrize("case", ["switched off", "trial", "suspended", "kept data"])
def test_what_does_not_renew_ends_and_its_users_lose_their_seats(cast: Cast, case: str) -> None:
    """Planted faults: trials renew; a suspended one renews; kept data is deleted a day early."""
    _shop, subscription = sold(
        cast, offer="trial" if case == "trial" else "office", quantity=25 if case == "trial" else 10
    )
    use_seats(subscription, 2)
    mei = actor_of(cast.mei)
    if case in {"switched off", "suspended"}:
        set_auto_renew(mei, subscription=subscription, auto_renew=False, version=None)
    if case == "suspended":
        days_pass(cast, 360)
        mei = actor_of(cast.mei)
    if case in {"suspended", "kept data"}:
        suspend_subscription(mei, subscription=subscription, reason="unpaid", version=None)
    ends = now_of(subscription).kept_until if case == "kept data" else now_of(subscription).term_end
    assert ends is not None
    wait = (ends - cast.aoba.country.local_date(cast.family.clock.now())).days
    days_pass(cast, wait - 1)
    assert renew_what_is_due() == 0

    days_pass(cast, 1)

    assert renew_what_is_due() == 1
    row = must_equal_its_events(subscription)
    gone = SubscriptionState.DELETED if case == "kept data" else SubscriptionState.EXPIRED
    assert (row.state, seats_of(subscription), users_of(subscription)) == (gone, (0, 0, 0), [])
    kind = "data_deleted" if case == "kept data" else "expired"
    assert OutgoingMail.objects.filter(to=cast.emi.contact_email, context__kind=kind).count() == 1
    assert renew_what_is_due() == 0


def test_an_add_on_ends_with_its_parent(cast: Cast) -> None:
    """Planted fault: the add-on lives on and renews."""
    shop, parent = sold(cast)
    days_pass(cast, 1)
    add_on = subscribed(cast, shop, cast.aoba, offer="archive", parent=parent)
    other = subscribed(cast, shop, cast.aoba, offer="storage")
    set_auto_renew(actor_of(cast.mei), subscription=parent, auto_renew=False, version=None)

    days_pass(cast, 366)
    renew_what_is_due()

    assert now_of(parent).state == now_of(add_on).state == SubscriptionState.EXPIRED
    assert now_of(other).state == SubscriptionState.ACTIVE


def test_subscriptions_that_were_aligned_end_together_from_then_on(cast: Cast) -> None:
    """Planted faults: the anchor of the shortened term is forgotten; a date that nothing ends on is taken."""
    shop, early = sold(cast)
    days_pass(cast, 40)
    late = subscribed(cast, shop, cast.aoba, offer="office prepaid")
    end = now_of(late).term_end
    assert end is not None
    mei = actor_of(cast.mei)
    with pytest.raises(WrongEndDate):
        schedule_change(mei, subscription=early, version=None, end=end + dt.timedelta(days=1))
    schedule_change(mei, subscription=early, version=None, end=end)

    days_pass(cast, 330)
    renew_what_is_due()
    assert now_of(early).term_end == now_of(late).term_end == end
    days_pass(cast, 40)
    renew_what_is_due()

    assert must_equal_its_events(early).term_end == now_of(late).term_end == add_months(end, 12)


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_renew_a_term_once(cast: Cast) -> None:
    """Planted fault, which shows on PostgreSQL: ``change`` without the version in its condition, ``lock`` without its
    lock.
    """
    _shop, subscription = sold(cast, offer="office monthly")
    days_pass(cast, 32)
    workers = 6
    ready = threading.Barrier(workers)

    def work(_number: int) -> int:
        try:
            ready.wait()
            return renew_what_is_due()
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        done = sorted(pool.map(work, range(workers)))

    assert done == [0] * (workers - 1) + [1]
    assert must_equal_its_events(subscription).events.filter(kind=EventKind.RENEWED).count() == 1


ZONES = (
    "Asia/Tokyo",
    "Asia/Seoul",
    "America/New_York",
    "Europe/Berlin",
    "Pacific/Auckland",
    "America/Santiago",
)
TERMS = (Term.MONTH, Term.YEAR, Term.THREE_YEARS)
CYCLES = (BillingCycle.MONTHLY, BillingCycle.ANNUAL, BillingCycle.TRIENNIAL)


DAYS = (dt.date(2035, 1, 1) - dt.date(2024, 1, 1)).days


def keeps_its_days(number: int, term: Term, zone: ZoneInfo) -> None:
    """Ten renewals of a term that begins on this day at midnight in this zone, and the billing periods of the first."""
    midnight = dt.datetime.combine(dt.date(2024, 1, 1) + dt.timedelta(number), dt.time(), zone)
    start = midnight.astimezone(dt.UTC).astimezone(zone).date()
    begin, months = start, {Term.MONTH: 1, Term.YEAR: 12, Term.THREE_YEARS: 36}[term]
    for count in range(1, 11):
        end = term_end(begin, term, anchor_day=start.day)
        assert end is not None
        assert end == add_months(start, months * count), (start, term, count)
        assert end > begin
        assert end.day == start.day or (end + dt.timedelta(1)).day == 1
        if count == 1:
            for cycle in CYCLES:
                periods = cycle_days(begin, end, cycle, anchor_day=start.day)
                assert (periods[0][0], periods[-1][1]) == (begin, end)
                assert all(one[1] == two[0] for one, two in itertools.pairwise(periods))
        begin = end


@pytest.mark.once
@pytest.mark.goal("G-35")
def test_terms_are_contiguous_and_never_drift() -> None:
    """Every start day 2024-2034 with every term, in one zone of six that the seed chooses.

    Planted fault: ``add_months`` counts from the date before instead of from the anchor.
    """
    seed = random.randrange(10**6)  # noqa: S311
    print(f"seed {seed}")  # noqa: T201
    zones = random.Random(seed).sample(ZONES, len(ZONES))  # noqa: S311
    for number, term in itertools.product(range(DAYS), TERMS):
        keeps_its_days(number, term, ZoneInfo(zones[number % len(zones)]))


@pytest.mark.once
@pytest.mark.proof
@pytest.mark.goal("G-35")
@pytest.mark.parametrize("zone", ZONES)
def test_terms_are_contiguous_in_every_zone(zone: str) -> None:
    """The same, every day in every zone: 72,324 schedules in all."""
    for number, term in itertools.product(range(DAYS), TERMS):
        keeps_its_days(number, term, ZoneInfo(zone))
