"""Promotions over the API: the same that the partners' page shows, and who gets which."""

import datetime as dt
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import item, open_market
from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, day_in_japan, hire
from tests.commerce import subscribed
from tests.orders.story import Market
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.pricing.models import Promotion
from toiya.pricing.promotion_keeping import end_promotion


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def promote(story: Market, code: str, **more: Any) -> Promotion:
    """A promotion of Office that began yesterday."""
    today = day_in_japan()
    values = {
        "discount_basis_points": 1250,
        "valid_from": today - dt.timedelta(days=1),
        "valid_until": today + dt.timedelta(days=30),
        "published_at": real_now(),
        "sku": story.shop.office,
        **more,
    }
    return Promotion.objects.create(
        tenant=story.cast.operator, code=code, name_ja=f"{code} 割引", name_en=f"{code} sale", **values
    )


@pytest.mark.operation("promotions.list", "promotions.get")
def test_what_is_on(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Published, not over, for the country and segment; both tiers read the same as on the page."""
    cast, shop = story.cast, story.shop
    spring = promote(
        story,
        "spring",
        term="P1Y",
        billing_cycle="one_time",
        min_quantity=5,
        max_quantity=50,
        new_customers_only=True,
    )
    promote(story, "abroad", country_id="US")
    promote(story, "school", segment="education")
    promote(story, "draft", published_at=None)
    promote(story, "over", valid_until=day_in_japan() - dt.timedelta(days=0))
    kai = api_of(cast.kai)

    with django_assert_num_queries(5):
        told = kai.get("/v1/productpromotions?country=JP&segment=commercial")

    first, last = spring.valid_from, spring.valid_until - dt.timedelta(days=1)
    expected = {
        "id": str(spring.pk),
        "name": "spring sale",
        "description": "",
        "startDate": f"{first}T00:00:00Z",
        "endDate": f"{last}T23:59:59Z",
        "properties": {"isAutoApplicable": True},
        "requiredProducts": [
            {
                "productId": str(shop.product.pk),
                "skuId": str(shop.office.pk),
                "term": {"duration": "P1Y", "billingCycle": "OneTime"},
                "pricingPolicies": [{"policyType": "PercentDiscount", "value": "0.125"}],
            }
        ],
        "promotionConstraints": {
            "seatConstraints": [{"minSeats": 5, "maxSeats": 50}],
            "eligibilityConstraints": [{"isApplicable": True, "type": "OfferPurchasedPreviously"}],
        },
        "attributes": {"objectType": "ProductPromotion"},
    }
    assert told.body == {"totalCount": 1, "items": [expected], "attributes": {"objectType": "Collection"}}
    assert kai.get(f"/v1/productpromotions/{spring.pk}?country=JP").body == expected
    schools = kai.get("/v1/productpromotions?country=JP&segment=Education").body["items"]
    assert [row["name"] for row in schools] == ["school sale", "spring sale"]
    mei = api_of_application(cast.hinode, Role.SALES_AGENT, language="ja-JP")
    assert mei.get(f"/v1/productpromotions/{spring.pk}?country=JP").body["name"] == "spring 割引"
    assert "spring sale" in browser_of(cast.mei).get("/dashboard/prices/promotions/").content.decode()
    end_promotion(actor_of(hire(cast.operator, "Kei", Role.CATALOGUE_MANAGER)), promotion=spring)
    gone = kai.get(f"/v1/productpromotions/{spring.pk}?country=JP")
    nothing = kai.get(f"/v1/productpromotions/{cast.aoba.pk}?country=JP")
    assert (gone.status, gone.content) == (404, nothing.content)
    assert kai.get("/v1/productpromotions/x?country=JP").status == 404
    for path, status, code in (
        ("?segment=commercial", 400, 800002),
        ("?country=US&segment=commercial", 403, 2030),
        ("?country=JP&segment=everybody", 403, 400030),
    ):
        refused = kai.get(f"/v1/productpromotions{path}")
        assert (refused.status, refused.body["code"]) == (status, code)
    assert api_of(cast.nao).get("/v1/productpromotions?country=JP&segment=commercial").status == 403


@pytest.mark.operation("promotions.verify_eligibility")
def test_whether_a_sale_gets_it(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Each promotion with what keeps the sale from it, in typed words; what the customer has counts.

    Plant: the page's checkbox instead of the customer's holdings, and the second answer is the first.
    """
    cast = story.cast
    seats = promote(story, "seats", discount_basis_points=1000, min_quantity=10, max_quantity=20)
    yearly = promote(story, "yearly", discount_basis_points=900, term="P3Y", billing_cycle="annual")
    welcome = promote(story, "welcome", discount_basis_points=800, new_customers_only=True)
    api, path = api_of(cast.kai), f"/v1/customers/{cast.aoba.pk}/promotionEligibilities"
    sale = {
        "id": 0,
        "catalogItemId": item(story, "office"),
        "quantity": 5,
        "billingCycle": "monthly",
        "termDuration": "P1Y",
    }

    with django_assert_num_queries(12):
        told = api.post(path, {"Items": [sale]})

    few = {
        "type": "SeatCount",
        "description": "From 10 units; there are 5.",
        "minimumRequiredSeats": 10,
        "maximumRequiredSeats": 20,
        "availableSeats": 5,
    }
    other = {"type": "Term", "eligibleTerms": [{"billingCycle": "annual", "duration": "P3Y"}]}
    assert told.body == {
        "totalCount": 1,
        "items": [
            sale
            | {
                "eligibilities": [
                    {"promotionId": str(seats.pk), "isEligible": False, "errors": [few]},
                    {
                        "promotionId": str(yearly.pk),
                        "isEligible": False,
                        "errors": [
                            other | {"description": "Term: only 3 years, not 1 year."},
                            other | {"description": "Billing: only Annually, not Monthly."},
                        ],
                    },
                    {"promotionId": str(welcome.pk), "isEligible": True, "errors": []},
                ],
                "attributes": {"objectType": "PromotionEligibilities"},
            }
        ],
        "attributes": {"objectType": "Collection"},
    }
    subscribed(cast, story.shop, cast.aoba)
    asked = [
        sale | {"promotionId": str(welcome.pk)},
        sale | {"promotionId": str(seats.pk), "quantity": 15},
        sale | {"promotionId": "x"},
        sale | {"catalogItemId": "x"},
        sale | {"termDuration": "P1M"},
    ]
    with django_assert_num_queries(12):
        answers = api.post(path, {"items": asked}).body["items"]
    found = [
        [
            (one.get("promotionId"), one["isEligible"], [e["type"] for e in one["errors"]])
            for one in row["eligibilities"]
        ]
        for row in answers
    ]
    assert found == [
        [(str(welcome.pk), False, ["OfferPurchasedPreviously"])],
        [(str(seats.pk), True, [])],
        [("x", False, ["InvalidPromotion"])],
        [(None, False, ["InvalidCatalogItemId"])],
        [(None, False, ["InvalidCatalogItemId"])],
    ]
    stranger = api_of(cast.yui).post(path, {"items": asked})
    assert (stranger.status, stranger.body["code"]) == (404, 60003)
    assert api.post(path, {}).body["data"] == ["items"]
