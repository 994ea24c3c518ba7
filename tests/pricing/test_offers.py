"""What may be sold to whom, for how much, with which promotion; and why not the rest."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import Cast, actor_of, day_in_japan, partner, relate
from tests.commerce import Shop, build_shop, offer_of, price, rule, sku_of, subscribed
from tests.orders.story import market, ordered
from toiya.catalogue.errors import (
    LimitReached,
    NotOnSale,
    OtherCountry,
    OtherSegment,
    OutsideRegion,
    PrerequisiteMissing,
    QuantityOutOfBounds,
)
from toiya.catalogue.models import SkuKind
from toiya.catalogue.offers import Holdings
from toiya.core import reader
from toiya.core.clock import real_now
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.customers.models import CustomerAccount
from toiya.pricing.errors import NotPriced
from toiya.pricing.models import ExchangeRate, PriceBasis, PriceRule, Promotion
from toiya.pricing.offers import Offer, judge_offer, must_be_sellable, sellable_offers
from toiya.pricing.promotions import best_promotion
from toiya.programme.models import Country
from toiya.subscriptions.holdings import holdings_of
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.ways_on import convert_trial


@pytest.fixture
def shop(cast: Cast) -> Shop:
    """Hinode sells to Aoba through Kawase."""
    partner(cast.hinode, cast.kawase)
    for seller in (cast.hinode, cast.kawase):
        relate(seller, cast.aoba)
    return build_shop(cast)


def today(cast: Cast) -> dt.date:
    return cast.aoba.country.local_date(real_now())


def offers(cast: Cast, **more: Any) -> list[Offer]:
    return sellable_offers(
        provider=cast.hinode,
        reseller=cast.kawase,
        customer=cast.aoba,
        holdings=holdings_of(cast.aoba.pk, provider_id=cast.hinode.pk),
        on=today(cast),
        **more,
    )


def why_not(found: list[Offer], name: str, shop: Shop) -> set[str]:
    offer = next(row for row in found if row.availability == shop.offers[name])
    return {refusal.code for refusal in offer.refusals}


def sell(cast: Cast, shop: Shop, name: str, quantity: int = 1, **more: Any) -> UnitPrice:
    chain = {"provider": cast.hinode, "reseller": cast.kawase, "customer": cast.aoba, "on": today(cast)}
    held = holdings_of(cast.aoba.pk, provider_id=cast.hinode.pk)
    return must_be_sellable(
        availability=shop.offers[name], quantity=quantity, **{"holdings": held, **chain, **more}
    )[0].cost


@pytest.mark.requirement("N-27", "N-44")
def test_what_a_customer_may_buy_and_why_not_the_rest(cast: Cast, shop: Shop) -> None:
    """Planted faults that this test finds: the segment not asked; a limit that counts one seller's sales only, or
    forgets a trial that was converted.
    """
    school = offer_of(shop.office, Term.YEAR, BillingCycle.ANNUAL, country="US", currency="USD")
    shop.offers["american"] = school
    shop.offers["unpriced"] = offer_of(shop.setup, Term.NONE, BillingCycle.NONE)

    found = offers(cast)
    assert why_not(found, "office", shop) == set()
    assert why_not(found, "archive", shop) == {"prerequisite_missing"}
    assert why_not(found, "unpriced", shop) == {"not_priced"}
    assert school not in [row.availability for row in found], "another country's offers are not shown at all"

    subscribed(cast, shop, cast.aoba)
    relate(cast.midori, cast.aoba)
    trial = subscribed(cast, shop, cast.aoba, offer="trial", provider=cast.midori, reseller=cast.yamabuki)
    found = offers(cast)
    assert why_not(found, "archive", shop) == set(), "it has what the archive needs"
    assert why_not(found, "trial", shop) == {"limit_reached"}, "whoever sold it"
    bought = shop.offers["office"]
    convert_trial(actor_of(cast.jun), subscription=trial, availability=bought, quantity=1, version=None)
    assert why_not(offers(cast), "trial", shop) == {"limit_reached"}, "whatever became of it"

    CustomerAccount.objects.update_or_create(tenant=cast.aoba, defaults={"segment": Segment.EDUCATION})
    assert why_not(offers(cast), "office", shop) == {"other_segment"}
    assert {row.availability.billing_cycle for row in offers(cast, term="P1Y", billing_cycle="annual")} == {
        "annual"
    }


@pytest.mark.requirement("N-27", "N-44")
def test_each_rule_refuses_by_name_with_what_was_found_and_expected(cast: Cast, shop: Shop) -> None:
    shop.offers["american"] = offer_of(
        shop.office, Term.YEAR, BillingCycle.ANNUAL, country="US", currency="USD"
    )
    shop.offers["unpriced"] = offer_of(shop.setup, Term.NONE, BillingCycle.NONE)

    def refused(kind: type[Exception], sentence: str, *args: Any, **more: Any) -> None:
        with pytest.raises(kind) as refusal:
            sell(cast, shop, *args, **more)
        assert sentence in str(refusal.value)

    assert sell(cast, shop, "office", 10) == UnitPrice(1000, 0, "JPY")
    refused(OtherCountry, "is sold in United States; the customer is in Japan", "american")
    refused(PrerequisiteMissing, "needs a subscription to Office Standard", "archive")
    refused(QuantityOutOfBounds, "in exactly 25 units; 24 were asked for", "trial", 24)
    refused(QuantityOutOfBounds, "in 1 to 10000 units; 0 were asked for", "office", 0)
    refused(NotPriced, "has no price in the price list of JP", "unpriced")
    refused(LimitReached, "at most once", "trial", 25, holdings=Holdings(counts={shop.trial.pk: 1}))
    assert sell(cast, shop, "archive", holdings=Holdings(here=frozenset({shop.office.pk}))).units == 300

    Country.objects.filter(pk="KR").update(sales_region="Asia")
    cast.midori.country_id = "KR"
    cast.midori.save()
    refused(OutsideRegion, "sells in the region Asia; the customer is in the region Japan", "office", 1,
            provider=cast.midori, reseller=None)  # fmt: skip
    CustomerAccount.objects.update_or_create(tenant=cast.aoba, defaults={"segment": Segment.CHARITY})
    refused(OtherSegment, "for customers of the segment Commercial; this one is Nonprofit", "office")
    CustomerAccount.objects.all().delete()
    for part in (shop.product, shop.office, shop.offers["office"]):
        part.withdrawn_at = real_now()
        part.save()
        for row in shop.offers.values():
            row.refresh_from_db()
        refused(NotOnSale, "is not on sale", "office")
        part.withdrawn_at = None
        part.save()
    shop.offers["office"].refresh_from_db()
    assert sell(cast, shop, "office").units == 1000


def promote(shop: Shop, code: str, points: int, **more: Any) -> Promotion:
    day = day_in_japan()
    return Promotion.objects.create(
        tenant=shop.operator,
        code=code,
        name_ja=code,
        name_en=code,
        discount_basis_points=points,
        **{
            "sku": shop.office,
            "valid_from": day - dt.timedelta(days=5),
            "valid_until": day + dt.timedelta(days=30),
            "published_at": real_now(),
            **more,
        },
    )


@pytest.mark.requirement("N-31")
def test_the_best_promotion_counts_by_itself_and_the_others_say_why_not(cast: Cast, shop: Shop) -> None:
    """Planted fault that this test finds: the oldest eligible promotion instead of the largest."""
    day = day_in_japan()
    for code, points, more in (
        ("small", 500, {}),
        ("good", 1500, {}),
        ("many", 3000, {"min_quantity": 50}),
        ("few", 3100, {"max_quantity": 5}),
        ("new", 2500, {"new_customers_only": True}),
        ("school", 4000, {"segment": Segment.EDUCATION}),
        ("prepaid", 4100, {"billing_cycle": BillingCycle.ANNUAL}),
        ("long", 4200, {"term": Term.THREE_YEARS}),
        ("america", 4300, {"country_id": "US"}),
        ("past", 4400, {"valid_until": day}),
        ("coming", 4500, {"valid_from": day + dt.timedelta(days=2)}),
        ("draft", 4600, {"published_at": None}),
    ):
        promote(shop, code, points, **more)

    def choose(quantity: int, *, new: bool) -> tuple[str, dict[str, tuple[str, ...]]]:
        choice = best_promotion(
            availability=shop.offers["office"],
            quantity=quantity,
            segment=Segment.COMMERCIAL,
            on=day,
            is_new_customer=new,
        )
        assert choice.best is not None
        return choice.best.code, {row.promotion.code: tuple(map(str, row.reasons)) for row in choice.verdicts}

    best, reasons = choose(10, new=False)
    assert best == "good"
    assert reasons == {
        "good": (),
        "small": (),
        "many": ("From 50 units; there are 10.",),
        "few": ("Up to 5 units; there are 10.",),
        "new": ("Only for customers who have not had the product yet; this one has.",),
        "school": ("Segment: only Education, not Commercial.",),
        "prepaid": ("Billing: only Annually, not Monthly.",),
        "long": ("Term: only 3 years, not 1 year.",),
        "america": ("Country or region: only United States, not Japan.",),
        "past": (f"Its last day was {reader.day(day - dt.timedelta(days=1))}.",),
        "coming": (f"It begins on {reader.day(day + dt.timedelta(days=2))}.",),
    }
    assert choose(50, new=True)[0] == "many"
    assert choose(10, new=True)[0] == "new"
    assert choose(5, new=True)[0] == "few"

    offer = judge_offer(
        availability=shop.offers["office"],
        quantity=60,
        provider=cast.hinode,
        reseller=cast.kawase,
        customer=cast.aoba,
        holdings=Holdings(),
        on=day,
    )
    assert offer.quote is not None
    assert (offer.quote.cost, offer.quote.resale) == (UnitPrice(700, 0, "JPY"), UnitPrice(840, 0, "JPY"))


def test_a_larger_catalogue_costs_no_more_statements(cast: Cast, shop: Shop) -> None:
    def statements(ask: Callable[[], object]) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            ask()
        return len(seen)

    rule(cast.hinode, Capacity.PROVIDER, PriceBasis.COST, sku=shop.premium, currency="USD")
    offers(cast)
    before, count = statements(lambda: offers(cast)), len(offers(cast))
    for number in range(3):
        sku = sku_of(shop.product, shop.connector, f"more-{number}", SkuKind.LICENSE, ("追加", "More"))
        price(shop.price_list, offer_of(sku, Term.YEAR, BillingCycle.MONTHLY), 100, 150)
        promote(shop, f"more-{number}", 100, sku=sku)
        rule(cast.hinode, Capacity.PROVIDER, PriceBasis.COST, sku=sku, currency="USD")

    assert (statements(lambda: offers(cast)), len(offers(cast))) == (before, count + 3)
    assert before == 8, "seven, and one that counts what the customer has"


def test_the_narrowest_rule_wins_and_currencies_need_a_dated_rate(cast: Cast, shop: Shop) -> None:
    office, day = shop.offers["office"], today(cast)

    def resale() -> UnitPrice | None:
        found = judge_offer(
            availability=office,
            quantity=1,
            provider=cast.hinode,
            reseller=cast.kawase,
            customer=cast.aoba,
            holdings=Holdings(),
            on=day,
        )
        assert found.quote is not None
        return found.quote.resale

    def add(**more: Any) -> PriceRule:
        return rule(cast.hinode, Capacity.PROVIDER, PriceBasis.COST, **more)

    assert resale() == UnitPrice(1200, 0, "JPY")
    for more, units in (
        ({"category": shop.category, "percent": 1000}, 1100),
        ({"product": shop.product, "percent": 1100}, 1110),
        ({"sku": shop.office, "percent": 1200}, 1120),
        ({"availability": office, "percent": 1300}, 1130),
        ({"buyer": cast.kawase, "percent": 500}, 1050),
        ({"buyer": cast.kawase, "percent": 333}, 10333),
        ({"buyer": cast.yamabuki, "availability": office, "percent": 1}, 10333),
    ):
        add(**more)
        assert resale() == UnitPrice(units, int(units > 10000), "JPY"), more

    add(buyer=cast.kawase, sku=shop.office, currency="USD")
    assert resale() is None, "no rate, no price"
    ExchangeRate.objects.create(
        tenant=cast.hinode, base="JPY", quoted="USD", units=67, scale=4, valid_from=day + dt.timedelta(days=1)
    )
    assert resale() is None, "a rate of tomorrow is none today"
    ExchangeRate.objects.create(
        tenant=cast.hinode, base="JPY", quoted="USD", units=66, scale=4, valid_from=day
    )
    assert resale() == UnitPrice(660, 2, "USD")


@pytest.mark.requirement("N-31")
def test_an_order_gets_the_promotion_by_itself_and_a_sale_after_its_end_does_not(cast: Cast) -> None:
    """Planted fault that this test finds: orders that only know a promotion which somebody chose."""
    story = market(cast)
    promotion = promote(story.shop, "autumn", 1500)
    ordered(story, ("office", 10), key="with")
    promotion.ended_at = real_now()
    promotion.save()
    ordered(story, ("office", 10), key="without")

    sold = Subscription.objects.filter(sku=story.shop.office).order_by("cost_units")
    assert [(row.promotion, row.price("cost"), row.price("resale")) for row in sold] == [
        (promotion, UnitPrice(850, 0, "JPY"), UnitPrice(1020, 0, "JPY")),
        (None, UnitPrice(1000, 0, "JPY"), UnitPrice(1200, 0, "JPY")),
    ]
