"""What is charged for what happened, to the cent."""

import datetime as dt

import pytest

from tests.billing.story import NEW_YEAR, bought, it_is, market, month_is_over, told, worker
from tests.cast import Cast, actor_of
from tests.commerce import offer_of, price, rule
from tests.subscriptions.story import granted
from toiya.billing.models import Invoice
from toiya.core.permissions import Capacity
from toiya.core.terms import BillingCycle, Term, add_months
from toiya.directory.models import Tenant
from toiya.membership.models import PartnerProfile
from toiya.pricing.models import PriceBasis, PriceList
from toiya.programme.models import Country
from toiya.subscriptions.models import EventKind, Subscription, SubscriptionEvent
from toiya.subscriptions.quantity import set_quantity
from toiya.subscriptions.renewal import renew_what_is_due
from toiya.subscriptions.states import cancel_subscription, reactivate_subscription, suspend_subscription
from toiya.subscriptions.transfers import accept_transfer, ask_for_transfer
from toiya.subscriptions.ways_on import convert_trial, upgrade_subscription

JANUARY = NEW_YEAR


def day(month: int, number: int, year: int = 2027) -> dt.date:
    return dt.date(year, month, number)


def test_a_month_that_begins_is_charged_whole(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, day(1, 5))

    january = month_is_over(cast, JANUARY).issued[0]
    february = month_is_over(cast, day(2, 1)).issued[0]

    assert told(january) == [("purchase", "01-05", 10, 10000)]
    assert (january.net_minor, january.tax_minor, january.total_minor) == (10000, 1000, 11000)
    assert told(february) == [("cycle", "02-05", 10, 10000)]
    assert [january.number, february.number] == [1, 2]


@pytest.mark.requirement("N-38")
def test_what_changes_in_mid_month_is_charged_and_given_back_by_the_day(cast: Cast) -> None:
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5))
    it_is(cast, day(1, 15))
    set_quantity(worker(cast.hinode), subscription=sold, quantity=13)
    it_is(cast, day(1, 18))
    set_quantity(worker(cast.hinode), subscription=sold, quantity=12)

    january = month_is_over(cast, JANUARY).issued[0]

    assert told(january) == [
        ("purchase", "01-05", 10, 10000),
        ("added", "01-15", 3, 2032),  # 3 × 1,000 × 21/31
        ("removed", "01-18", -1, -580),  # 1,000 × 18/31; together 11,451.61
    ]
    assert january.net_minor == 11452
    assert told(month_is_over(cast, day(2, 1)).issued[0]) == [("cycle", "02-05", 12, 12000)]


@pytest.mark.requirement("N-38")
def test_what_is_cancelled_is_paid_for_the_days_that_it_was_there(cast: Cast) -> None:
    """Bought and cancelled on one day costs nothing; five days later, five days."""
    shop = market(cast)
    at_once = bought(cast, shop, day(1, 5), hour=9)
    later = bought(cast, shop, day(1, 5), quantity=7)
    cancel(cast, at_once, day(1, 5))
    cancel(cast, later, day(1, 10))

    january = month_is_over(cast, JANUARY).issued[0]

    assert told(january) == [
        ("purchase", "01-05", 10, 10000),
        ("cancellation", "01-05", -10, -10000),
        ("purchase", "01-05", 7, 7000),
        ("cancellation", "01-10", -7, -5871),  # 7,000 × 26/31
    ]
    assert january.net_minor == 1129  # 7,000 × 5/31
    assert month_is_over(cast, day(2, 1)).issued == []


def cancel(cast: Cast, sold: Subscription, on: dt.date) -> None:
    it_is(cast, on)
    cancel_subscription(actor_of(cast.mei), subscription=sold, version=None)


@pytest.mark.requirement("N-38")
def test_a_year_that_is_paid_at_once_is_divided_by_its_days(cast: Cast) -> None:
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5), offer="office prepaid")
    it_is(cast, day(3, 31))
    set_quantity(worker(cast.hinode), subscription=sold, quantity=11)

    assert told(month_is_over(cast, JANUARY).issued[0]) == [("purchase", "01-05", 10, 115000)]
    assert month_is_over(cast, day(2, 1)).issued == []
    assert told(month_is_over(cast, day(3, 1)).issued[0]) == [("added", "03-31", 1, 8822)]  # 11,500 × 280/365
    it_is(cast, day(1, 6, 2028))
    renew_what_is_due()
    assert told(month_is_over(cast, day(1, 1, 2028)).issued[0]) == [("renewal", "01-05", 11, 126500)]


def test_three_years_paid_at_once_and_month_by_month(cast: Cast) -> None:
    shop = market(cast)
    for name, cycle, cost in (("whole", BillingCycle.TRIENNIAL, 30000), ("parts", BillingCycle.MONTHLY, 900)):
        shop.offers[name] = offer_of(shop.office, Term.THREE_YEARS, cycle)
        price(shop.price_list, shop.offers[name], cost, cost * 2)
    bought(cast, shop, day(1, 31), offer="whole", quantity=1)
    bought(cast, shop, day(1, 31), offer="parts", quantity=1)

    months = [month_is_over(cast, add_months(JANUARY, count)).issued for count in range(36)]

    assert [sum(row.net_minor for row in rows) for rows in months] == [30900, *([900] * 35)]
    begins = Invoice.objects.get(month=day(2, 1)).lines.get()
    assert (begins.period_start, begins.period_end) == (day(2, 28), day(3, 31))  # counted from the 31st


def test_what_is_bought_once_is_charged_once_and_given_back_whole(cast: Cast) -> None:
    shop = market(cast)
    bought(cast, shop, day(1, 5), offer="setup", quantity=2)
    back = bought(cast, shop, day(1, 28), offer="setup", quantity=1)

    assert told(month_is_over(cast, JANUARY).issued[0]) == [
        ("purchase", "01-05", 2, 100000),
        ("purchase", "01-28", 1, 50000),
    ]
    cancel(cast, back, day(2, 1))
    assert told(month_is_over(cast, day(2, 1)).issued[0]) == [("cancellation", "02-01", -1, -50000)]
    assert month_is_over(cast, day(3, 1)).issued == []


def test_trials_and_usage_are_on_no_invoice_and_a_conversion_is(cast: Cast) -> None:
    """A trial costs nothing and shows not at all; usage is not charged here yet."""
    shop = market(cast)
    trial = bought(cast, shop, day(1, 5), offer="trial", quantity=25)
    bought(cast, shop, day(1, 5), offer="storage", quantity=1)
    assert month_is_over(cast, JANUARY).issued == []

    it_is(cast, day(2, 3))
    convert_trial(
        actor_of(cast.mei), subscription=trial, availability=shop.offers["office"], quantity=5, version=None
    )

    assert told(month_is_over(cast, day(2, 1)).issued[0]) == [("conversion", "02-03", 5, 5000)]


def test_a_trial_that_is_converted_on_its_first_day(cast: Cast) -> None:
    shop = market(cast)
    trial = bought(cast, shop, day(1, 5), offer="trial", quantity=25)
    convert_trial(
        actor_of(cast.mei), subscription=trial, availability=shop.offers["office"], quantity=5, version=None
    )

    assert told(month_is_over(cast, JANUARY).issued[0]) == [("conversion", "01-05", 5, 5000)]


def test_an_upgrade_gives_the_old_back_and_charges_the_new(cast: Cast) -> None:
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5))
    it_is(cast, day(1, 20))
    granted(cast, cast.kawase)
    upgrade_subscription(
        actor_of(cast.mei), subscription=sold, availability=shop.offers["premium"], version=None
    )

    january = month_is_over(cast, JANUARY).issued[0]

    assert told(january) == [
        ("purchase", "01-05", 10, 10000),
        ("upgrade", "01-20", -10, -5161),  # 16 of 31 days
        ("upgrade", "01-20", 10, 10322),
    ]
    assert january.net_minor == 15161
    assert [row.sku_en for row in january.lines.order_by("position")] == [
        "Office Standard",
        "Office Standard",
        "Office Premium",
    ]
    assert told(month_is_over(cast, day(2, 1)).issued[0]) == [("cycle", "02-05", 10, 20000)]


def test_a_suspended_subscription_is_paid_until_its_term_ends(cast: Cast) -> None:
    """Seats are kept for it. A term that is over while it is suspended begins anew with the reactivation."""
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5), offer="office monthly")
    it_is(cast, day(1, 20))
    suspend_subscription(actor_of(cast.mei), subscription=sold, reason="", version=None)
    assert told(month_is_over(cast, JANUARY).issued[0]) == [("purchase", "01-05", 10, 12000)]
    assert month_is_over(cast, day(2, 1)).issued == []
    it_is(cast, day(3, 10))
    reactivate_subscription(actor_of(cast.mei), subscription=sold, version=None)

    assert told(month_is_over(cast, day(3, 1)).issued[0]) == [("renewal", "03-10", 10, 12000)]


def test_what_ends_after_its_window_gives_nothing_back(cast: Cast) -> None:
    """Kept data is deleted 90 days after a suspension: no further period begins, the running one stays paid."""
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5))
    it_is(cast, day(1, 20))
    suspend_subscription(actor_of(cast.mei), subscription=sold, reason="", version=None)
    for month in (1, 2, 3):
        month_is_over(cast, day(month, 1))
    it_is(cast, day(4, 21))
    renew_what_is_due()

    assert told(month_is_over(cast, day(4, 1)).issued[0]) == [("cycle", "04-05", 10, 10000)]
    assert month_is_over(cast, day(5, 1)).issued == []


def test_a_transfer_divides_the_period_between_two_providers(cast: Cast) -> None:
    """Hinode gives the rest back, Midori pays it: together one whole period."""
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5))
    it_is(cast, day(1, 20))
    jun, mei, emi = (actor_of(person) for person in (cast.jun, cast.mei, cast.emi))
    transfer = ask_for_transfer(jun, customer=cast.aoba, source=cast.hinode, reseller=None, message="")
    accept_transfer(mei, transfer=transfer, subscriptions=[sold.pk], version=None)
    transfer.refresh_from_db()
    accept_transfer(emi, transfer=transfer, subscriptions=[sold.pk], version=None)

    issued = {row.recipient: row for row in month_is_over(cast, JANUARY).issued}

    assert told(issued[cast.hinode]) == [
        ("purchase", "01-05", 10, 10000),
        ("handed_over", "01-20", -10, -5161),
    ]
    assert told(issued[cast.midori]) == [("taken_over", "01-20", 10, 5161)]
    after = {row.recipient: row.net_minor for row in month_is_over(cast, day(2, 1)).issued}
    assert after == {cast.midori: 10000}


def test_a_first_period_that_is_cut_short_costs_its_share(cast: Cast) -> None:
    """A term that ends together with another one (S-099): 11 of 31 days of the last period."""
    shop = market(cast)
    sold = bought(cast, shop, day(1, 5))
    event = sold.events.get(kind=EventKind.ACTIVATED)
    SubscriptionEvent.objects.filter(pk=event.pk).update(
        set_fields={**event.set_fields, "term_end": "2027-02-16"}
    )

    month_is_over(cast, JANUARY)

    assert told(month_is_over(cast, day(2, 1)).issued[0]) == [("cycle", "02-05", 10, 3929)]  # 11/28


def test_dollars_and_yen_are_two_invoices_and_no_tax_crosses_the_border(cast: Cast) -> None:
    """Prices finer than a cent are rounded once, per line, cumulatively."""
    shop = market(cast)
    Country.objects.filter(pk="US").update(tax_basis_points=800)
    bought(cast, shop, day(1, 5))
    shop.offers["dollars"] = offer_of(
        shop.office, Term.YEAR, BillingCycle.MONTHLY, country="US", currency="USD"
    )
    lists = PriceList.objects.create(
        tenant=cast.operator, country_id="US", currency="USD", name="US", valid_from=day(1, 1, 2020),
        published_at=shop.price_list.published_at, created_at=shop.price_list.created_at,
    )  # fmt: skip
    line = price(lists, shop.offers["dollars"], 1, 2)
    type(line).objects.filter(pk=line.pk).update(list_units=12345, list_scale=4)
    rule(cast.hinode, Capacity.PROVIDER, PriceBasis.COST, percent=2000, currency="USD")
    Tenant.objects.filter(pk=cast.aoba.pk).update(country_id="US")
    cast.aoba.refresh_from_db()
    bought(cast, shop, day(1, 5), offer="dollars", quantity=7)

    run = month_is_over(cast, JANUARY)

    assert {(row.currency, row.net_minor, row.tax_minor) for row in run.issued} == {
        ("JPY", 10000, 1000),
        ("USD", 864, 86),  # 7 × 1.2345 = 8.6415; Hinode is Japanese, like Tsubame
    }
    Tenant.objects.filter(pk=cast.hinode.pk).update(country_id="US")
    assert {row.tax_minor for row in month_is_over(cast, day(2, 1)).issued} == {0}


def test_a_provider_that_is_exempt_pays_no_tax(cast: Cast) -> None:
    """N-08. Tax is rounded once on the whole: 0.1 × 3 × 333 = 99.9, not 3 × 33."""
    shop = market(cast)
    shop.offers["odd"] = offer_of(shop.office, Term.THREE_YEARS, BillingCycle.MONTHLY)
    price(shop.price_list, shop.offers["odd"], 333, 600)
    for _ in range(3):
        bought(cast, shop, day(1, 5), offer="odd", quantity=1)
    january = month_is_over(cast, JANUARY).issued[0]
    assert (january.net_minor, january.tax_minor) == (999, 100)

    PartnerProfile.objects.create(tenant=cast.hinode, legal_name="ヒノデ商事", is_tax_exempt=True)

    assert month_is_over(cast, day(2, 1)).issued[0].tax_minor == 0
