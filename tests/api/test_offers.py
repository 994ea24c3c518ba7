"""The legacy view of the catalogue over the API."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import link, open_market
from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, actor_of, hire
from tests.orders.story import Market
from toiya.catalogue.models import Category, Product
from toiya.catalogue.products import withdraw_product
from toiya.core.permissions import Role
from toiya.core.terms import Segment
from toiya.customers.models import CustomerAccount


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def category_of(story: Market) -> dict[str, Any]:
    """The category of the stories as the wire has it."""
    return {
        "id": str(story.shop.category.pk),
        "name": "Tools for work",
        "rank": 0,
        "locale": "en-US",
        "country": "JP",
        "attributes": {"objectType": "OfferCategory"},
    }


@pytest.mark.operation("offers.list_categories", "offers.list", "offers.get", "offers.list_addons")
def test_offers_of_a_country(  # noqa: PLR0915  (one story)
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Page by page along the links, one by one, and what belongs together; what is ordered by its id is bought.

    Plants: add-ons of every SKU; links read for each offer.
    """
    shop, api = story.shop, api_of(story.cast.mei)
    offers = shop.offers

    categories = api.get("/v1/offercategories?country=JP").body
    assert categories == {
        "totalCount": 1,
        "items": [category_of(story)],
        "links": {"self": link("/offercategories?country=JP")},
        "attributes": {"objectType": "Collection"},
    }
    query = f"country=JP&offer_category_id={shop.category.pk}"
    with django_assert_num_queries(7):
        first = api.get(f"/v1/offers?{query}&size=5").body
    assert first["totalCount"] == 5
    second = api.get(f"/v1{first['links']['next']['uri']}").body
    assert "next" not in second["links"]
    names = [row["name"] for row in [*first["items"], *second["items"]]]
    assert names == [
        "Archive (1 year / Monthly)",
        "Office Premium (1 year / Monthly)",
        "Set-up (No commitment / Once)",
        "Office Standard (1 month / Monthly)",
        "Office Standard (1 year / Annually)",
        "Office Standard (1 year / Monthly)",
        "Storage (No commitment / By usage)",
        "Office Trial (1 month / Monthly)",
    ]
    with django_assert_num_queries(7):
        api.get(f"/v1/offers?{query}&size=1")
    office = offers["office"]
    one = api.get(f"/v1/offers/{office.pk}?country=JP").body
    assert one == second["items"][0]
    assert one == {
        "id": str(office.pk),
        "name": "Office Standard (1 year / Monthly)",
        "description": "",
        "minimumQuantity": 1,
        "maximumQuantity": 10_000,
        "rank": 0,
        "uri": f"/offers/{office.pk}",
        "locale": "en-US",
        "country": "JP",
        "category": category_of(story),
        "prerequisiteOffers": [],
        "isAddOn": False,
        "isAvailableForPurchase": True,
        "billing": "license",
        "supportedBillingCycles": ["monthly"],
        "isAutoRenewable": True,
        "upgradeTargetOffers": [str(offers["premium"].pk)],
        "conversionTargetOffers": [],
        "hasAddOns": True,
        "reselleeQualifications": [],
        "resellerQualifications": [],
        "isTrial": False,
        "isInternal": False,
        "product": {"id": str(shop.product.pk), "name": "Tsubame Office", "unit": ""},
        "unitType": "",
        "links": {"self": link(f"/offers/{office.pk}?country=JP")},
        "attributes": {"objectType": "Offer"},
    }
    by_name = {row["name"].split(" (")[0]: row for row in [*first["items"], *second["items"]]}
    seats = {str(offers[name].pk) for name in ("office", "office monthly", "office prepaid")}
    assert set(by_name["Archive"]["prerequisiteOffers"]) == seats
    assert set(by_name["Office Trial"]["conversionTargetOffers"]) == seats
    assert [by_name[name]["hasAddOns"] for name in ("Office Premium", "Office Trial", "Archive")] == [
        False
    ] * 3
    assert (by_name["Storage"]["billing"], by_name["Set-up"]["billing"]) == ("usage", "none")
    add_ons = api.get(f"/v1/offers/{office.pk}/addons?country=JP").body
    assert add_ons["items"] == [by_name["Archive"]]
    assert api.get(f"/v1/offers/{offers['premium'].pk}/addons?country=JP").body["items"] == []
    assert api.get(f"/v1/offers/{offers['archive'].pk}/addons?country=JP").body["items"] == []
    assert api.get(f"/v1/offers?country=JP&product_id={shop.product.pk}&offset=7").body["totalCount"] == 1
    for nothing in (f"offer_category_id={office.pk}", "offer_category_id=x", "product_id=x"):
        assert api.get(f"/v1/offers?country=JP&{nothing}").body["items"] == []
    ordered = api.post(
        f"/v1/customers/{story.cast.aoba.pk}/orders", {"lineItems": [{"offerId": one["id"], "quantity": 1}]}
    )
    assert ordered.status == 201
    keeper = hire(story.cast.operator, "Kei", Role.CATALOGUE_MANAGER)
    withdraw_product(actor_of(keeper), product=Product.objects.get())
    assert api.get("/v1/offers?country=JP").body["items"] == []
    assert api.get("/v1/offercategories?country=JP").body["items"] == []


@pytest.mark.operation(
    "offers.list_customer", "offers.list_customer_categories", "offers.list_customer_addons"
)
def test_offers_for_a_customer(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Its country and segment; both tiers read them, strangers do not know the customer."""
    cast, offers = story.cast, story.shop.offers
    base = f"/v1/customers/{cast.aoba.pk}"
    for api in (api_of(cast.kai), api_of_application(cast.hinode, Role.SALES_AGENT)):
        listed = api.get(f"{base}/offers").body["items"]
        assert len(listed) == 8
        assert api.get(f"{base}/offercategories").body["items"] == [category_of(story)]
        add_ons = api.get(f"{base}/offers/{offers['office'].pk}/addons").body["items"]
        assert add_ons == [row for row in listed if row["isAddOn"]]
    assert api.get(f"{base}/offers?offer_category_id={cast.aoba.pk}").body["items"] == []
    with django_assert_num_queries(10):
        api.get(f"{base}/offers?size=1")
    CustomerAccount.objects.filter(pk=cast.aoba.pk).update(segment=Segment.EDUCATION)
    assert api.get(f"{base}/offers").body["items"] == []
    assert api.get(f"{base}/offercategories").body["items"] == []
    for tail in ("offers", "offercategories", f"offers/{offers['office'].pk}/addons"):
        answers = [
            api_of(cast.yui).get(f"/v1/customers/{customer}/{tail}")
            for customer in (cast.aoba.pk, cast.yamabuki.pk)
        ]
        assert {(told.status, told.content) for told in answers} == {(404, answers[0].content)}
        assert answers[0].body["code"] == 60003


@pytest.mark.operation("offers.list", "offers.get", "offers.list_addons", "offers.list_categories")
def test_what_no_offer_is(story: Market) -> None:
    """A catalogue item id is no offer of the old catalogue (2100); unknown, foreign country, no supplier, no role."""
    cast, shop = story.cast, story.shop
    office = shop.offers["office"]
    api = api_of(cast.mei, language="ja-JP")
    item = f"{shop.product.pk}:{shop.office.pk}:{office.pk}"
    for tail in ("", "/addons"):
        told = api.get(f"/v1/offers/{item}{tail}?country=JP")
        assert (told.status, told.body["code"], told.body["data"]) == (400, 2100, [item])
        for name in (cast.aoba.pk, "x"):
            unknown = api.get(f"/v1/offers/{name}{tail}?country=JP")
            assert (unknown.status, unknown.body["code"]) == (404, 1000)
    assert api.get("/v1/offers").body["data"] == ["country"]
    abroad = api.get("/v1/offers?country=US")
    assert (abroad.status, abroad.body["code"]) == (403, 2030)
    assert "US" in abroad.body["description"]
    assert api.get("/v1/offercategories?country=JP").body["items"][0] == category_of(story) | {
        "name": "仕事の道具",
        "locale": "ja-JP",
    }
    assert api.get("/v1/offers?country=JP&size=-1").body["data"] == ["size", "-1"]
    assert api.get("/v1/offers?country=JP&offset=99999999999999999999").status in {200, 400}
    assert api_of(cast.yui).get("/v1/offers?country=JP").body["items"] == []
    assert api_of(cast.yui).get(f"/v1/offers/{office.pk}?country=JP").status == 404
    refused = api_of(cast.nao).get("/v1/offers?country=JP")
    assert (refused.status, refused.body["code"]) == (403, 900150)
    Category.objects.update(name_en="Other")
    assert api_of(cast.mei).get("/v1/offercategories?country=JP").body["items"][0]["name"] == "Other"
