"""Prices as files over the API: what the caller pays, and nothing of anybody else's (G-05)."""

import csv
import datetime as dt
import io
import zipfile

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import open_market
from tests.api.speaking import Told, api_of, api_of_application
from tests.cast import Cast, day_in_japan, hire, partner
from tests.commerce import price, rule
from tests.orders.story import Market
from toiya.catalogue.models import Product
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.core.terms import add_months
from toiya.pricing.models import PriceBasis, PriceList


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def sheet(market: str, view: str, query: str = "") -> str:
    """The address of a price sheet."""
    return f"/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{view}')/$value{query}"


def rows_of(content: bytes) -> list[dict[str, str]]:
    """The rows of a file."""
    return list(csv.DictReader(io.StringIO(content.decode())))


def prices_of(told: Told) -> dict[tuple[str, str, str], str]:
    """SKU, term and billing with the price of each row."""
    assert told.status == 200
    return {
        (row["SkuTitle"], row["TermDuration"], row["BillingPlan"]): row["UnitPrice"]
        for row in rows_of(told.content)
    }


@pytest.mark.operation("pricing.get_price_sheet")
@pytest.mark.goal("G-05")
def test_each_tier_reads_its_own_price(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The provider the operator's list, the reseller what its provider asks; no price of another edge in the bytes.

    Plant: the list price for everybody, and Kai's file holds 1000.
    """
    cast, shop = story.cast, story.shop
    mei, kai, path = api_of(cast.mei), api_of(cast.kai), sheet("JP", "updatedlicensebased")

    with django_assert_num_queries(7):
        told = mei.get(path)

    assert told.content.decode().splitlines()[0] == (
        '"ProductTitle","ProductId","SkuId","SkuTitle","Publisher","SkuDescription","UnitOfMeasure","TermDuration",'
        '"BillingPlan","Market","Currency","UnitPrice","PricingTierRangeMin","PricingTierRangeMax",'
        '"EffectiveStartDate","EffectiveEndDate","Tags","ERP Price","Segment"'
    )
    assert told.headers["Content-Type"] == "application/octet-stream"
    assert told.headers["Content-Disposition"] == 'attachment; filename="sheets.csv"'
    first = shop.price_list.valid_from
    (row,) = [
        row
        for row in rows_of(told.content)
        if (row["SkuTitle"], row["BillingPlan"]) == ("Office Standard", "Annual")
    ]
    assert row == {
        "ProductTitle": "Tsubame Office",
        "ProductId": str(shop.product.pk),
        "SkuId": str(shop.office.pk),
        "SkuTitle": "Office Standard",
        "Publisher": "Tsubame Cloud",
        "SkuDescription": "",
        "UnitOfMeasure": "",
        "TermDuration": "P1Y",
        "BillingPlan": "Annual",
        "Market": "JP",
        "Currency": "JPY",
        "UnitPrice": "11500",
        "PricingTierRangeMin": "",
        "PricingTierRangeMax": "",
        "EffectiveStartDate": f"{first.month}/{first.day}/{first.year} 12:00:00 AM",
        "EffectiveEndDate": "",
        "Tags": "License",
        "ERP Price": "17250",
        "Segment": "Commercial",
    }
    theirs = kai.get(path)
    assert prices_of(theirs) == {
        ("Archive", "P1Y", "Monthly"): "360",
        ("Office Premium", "P1Y", "Monthly"): "2400",
        ("Office Standard", "P1M", "Monthly"): "1440",
        ("Office Standard", "P1Y", "Annual"): "13800",
        ("Office Standard", "P1Y", "Monthly"): "1200",
        ("Office Trial", "P1M", "Monthly"): "0",
    }
    assert {row["Tags"] for row in rows_of(theirs.content)} == {f"License;{cast.hinode.name}"}
    assert {row["ERP Price"] for row in rows_of(theirs.content)} == {""}
    assert b"11500" not in theirs.content
    assert prices_of(mei.get(sheet("jp", "azure_consumption"))) == {("Storage", "", "None"): "3"}
    assert prices_of(kai.get(sheet("JP", "Software"))) == {("Set-up", "", "OneTime"): "60000"}
    packed = mei.get(path, Accept_Encoding="deflate")
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        assert archive.read("sheets.csv") == told.content
    assert mei.get(path, Accept_Encoding="gzip, deflate").content == told.content
    assert prices_of(api_of(cast.yui).get(path)) == {}
    partner(cast.midori, cast.kawase)
    rule(cast.midori, Capacity.PROVIDER, PriceBasis.COST, percent=5000)
    both = rows_of(kai.get(path).content)
    assert {row["UnitPrice"] for row in both if row["SkuTitle"] == "Archive"} == {"360", "450"}


@pytest.mark.operation("pricing.get_price_sheet")
def test_past_and_coming_sheets(story: Market) -> None:
    """What a past month's last day cost, and the list that begins within 30 days; for the reseller today's only."""
    cast, shop = story.cast, story.shop
    today = day_in_japan()
    coming = PriceList.objects.create(
        tenant=cast.operator,
        country_id="JP",
        currency="JPY",
        name="next",
        valid_from=today + dt.timedelta(days=20),
        published_at=real_now(),
        created_at=real_now(),
    )
    mei, view = api_of(cast.mei), "updatedlicensebased"
    price(coming, shop.offers["office"], 1111, 2222)
    Product.objects.update(name_en="=1+1")

    future = mei.get(sheet("JP", view, "?timeline=Future"))
    past = add_months(today, -1)
    history = mei.get(sheet("JP", view, f"?timeline=history&month={past:%Y%m}"))

    assert prices_of(future) == {("Office Standard", "P1Y", "Monthly"): "1111"}
    assert {row["ProductTitle"] for row in rows_of(future.content)} == {"'=1+1"}
    assert prices_of(history) == prices_of(mei.get(sheet("JP", view)))
    end = coming.valid_from - dt.timedelta(days=1)
    (until,) = {row["EffectiveEndDate"] for row in rows_of(history.content)}
    assert until == f"{end.month}/{end.day}/{end.year} 11:59:59 PM"
    for query in (
        f"?timeline=history&month={today:%Y%m}",
        "?timeline=history&month=200001",
        "?timeline=history&month=299912",
    ):
        told = mei.get(sheet("JP", view, query))
        assert (told.status, told.body["code"], told.body["data"]) == (404, 1000, ["no_such_sheet"])
    kai = api_of(cast.kai)
    assert kai.get(sheet("JP", view, "?timeline=future")).status == 404
    assert kai.get(sheet("JP", view, f"?timeline=history&month={past:%Y%m}")).status == 404


@pytest.mark.operation("pricing.get_offer_matrix")
def test_where_everything_is_sold(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Bounds, prerequisites, upgrades and countries of what is sold by seats; of this month."""
    cast, shop = story.cast, story.shop
    month = f"{real_now():%Y%m}"
    path = f"/v1.0/sales/offermatrix(Month='{month}')/$value"
    kai = api_of(cast.kai)

    with django_assert_num_queries(7):
        told = kai.get(path)

    rows = {row["SkuTitle"]: row for row in rows_of(told.content)}
    product = str(shop.product.pk)
    assert list(rows) == ["Archive", "Office Premium", "Office Standard", "Office Trial"]
    assert rows["Archive"] == {
        "ProductTitle": "Tsubame Office",
        "ProductId": product,
        "SkuId": str(shop.archive.pk),
        "SkuTitle": "Archive",
        "ProvisioningId": "",
        "ProvisioningString": "archive",
        "MinLicenses": "1",
        "MaxLicenses": "10000",
        "AssetOwnershipLimit": "",
        "AssetOwnershipLimitType": "",
        "ProductSkuPreRequisites": f"{product}/{shop.office.pk}",
        "ProductSkuConversion": "",
        "Description": "",
        "AllowedCountries": "JP",
    }
    assert rows["Office Standard"]["ProductSkuConversion"] == f"{product}/{shop.premium.pk}"
    assert rows["Office Trial"]["AssetOwnershipLimit"] == "1"
    assert rows_of(api_of(cast.yui).get(path).content) == []
    assert kai.get("/v1.0/sales/offermatrix(Month='202001')/$value").status == 404


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        (sheet("US", "software"), 403, 2030),
        (sheet("JP", "everything"), 400, 800002),
        (sheet("JP", "azure_reservations"), 501, 0),
        (sheet("JP", "marketplace"), 501, 0),
        (sheet("JP", "software", "?timeline=never"), 400, 800002),
        (sheet("JP", "software", "?timeline=history"), 400, 800002),
        (sheet("JP", "software", "?timeline=history&month=202613"), 400, 800002),
        (sheet("JP", "software", "?timeline=history&month=999912"), 400, 800002),
        ("/v1.0/sales/offermatrix(Month='x')/$value", 400, 800002),
        ("/v1.0/sales/fxrates(Month='202604')/$value", 501, 0),
    ],
)
@pytest.mark.operation("pricing.get_price_sheet", "pricing.get_offer_matrix")
def test_files_that_there_are_not(story: Market, path: str, status: int, code: int) -> None:
    """Each with its number; nothing is made up."""
    told = api_of(story.cast.mei).get(path)

    assert (told.status, told.body["code"]) == (status, code)


@pytest.mark.operation("pricing.get_price_sheet", "pricing.get_offer_matrix")
def test_who_reads_no_file(story: Market) -> None:
    """An application alone (900329), and people without the role."""
    cast = story.cast
    by_itself = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    reader = api_of(hire(cast.hinode, "Yu", Role.USER_ADMIN))
    for path in (sheet("JP", "software"), "/v1.0/sales/offermatrix(Month='202604')/$value"):
        assert by_itself.get(path).body["code"] == 900329
        assert reader.get(path).body["code"] == 900150
