"""The catalogue over the API: what a partner sees of it, for a country and for a customer."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, hire, partner, relate
from tests.commerce import offer_of, price, sku_of, subscribed
from tests.orders.story import Market, market
from toiya.catalogue.models import SkuKind
from toiya.catalogue.skus import withdraw_availability
from toiya.core.permissions import Role
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.customers.models import CustomerAccount


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return market(cast)


def link(uri: str) -> dict[str, Any]:
    """A link as the wire has it."""
    return {"uri": uri, "method": "GET", "headers": []}


def product_of(story: Market, base: str = "", query: str = "?country=JP") -> dict[str, Any]:
    """The product of the stories as the wire has it."""
    at = f"{base}/products/{story.shop.product.pk}"
    return {
        "id": str(story.shop.product.pk),
        "title": "Tsubame Office",
        "description": "",
        "productType": {"id": "OnlineServicesNCE", "displayName": "OnlineServicesNCE"},
        "isMicrosoftProduct": False,
        "publisherName": "Tsubame Cloud",
        "links": {"self": link(at + query), "skus": link(f"{at}/skus{query}")},
        "attributes": {"objectType": "Product"},
    }


def sku_of_office(story: Market, *cycles: str, base: str = "", query: str = "?country=JP") -> dict[str, Any]:
    """Office Standard as the wire has it."""
    product, sku = story.shop.product.pk, story.shop.office.pk
    return {
        "id": str(sku),
        "productId": str(product),
        "title": "Office Standard",
        "description": "",
        "minimumQuantity": 1,
        "maximumQuantity": 10_000,
        "isTrial": False,
        "supportedBillingCycles": list(cycles),
        "purchasePrerequisites": [],
        "inventoryVariables": [],
        "provisioningVariables": [],
        "dynamicAttributes": {
            "isAddon": False,
            "prerequisiteSkus": [],
            "upgradeTargetProductSkus": [f"{product}:{story.shop.premium.pk}"],
            "convertibleSkus": [],
            "unitOfMeasure": "",
        },
        "links": {"self": link(f"{base}/products/{product}/skus/{sku}{query}")},
        "attributes": {"objectType": "Sku"},
    }


@pytest.mark.operation(
    "catalog.list_products",
    "catalog.get_product",
    "catalog.list_skus",
    "catalog.get_sku",
    "catalog.list_availabilities",
    "catalog.get_availability",
)
def test_from_the_product_to_what_goes_into_a_cart(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Down the links, as clients walk; what the operator withdraws on its page is gone at the next call.

    Plants: without ``live()`` on the shelf the withdrawn term stays; with one statement a SKU the count grows.
    """
    api, shop = api_of(story.cast.mei), story.shop
    office = shop.offers["office"]

    found = api.get("/v1/products?country=jp&targetView=OnlineServices&targetSegment=commercial")

    assert found.body == {
        "totalCount": 1,
        "items": [product_of(story)],
        "links": {"self": link("/products?country=JP&targetView=OnlineServices&targetSegment=commercial")},
        "attributes": {"objectType": "Collection"},
    }
    at = f"/v1{found.body['items'][0]['links']['self']['uri']}"
    assert api.get(at).body == product_of(story)
    with django_assert_num_queries(6):
        skus = api.get(f"/v1{found.body['items'][0]['links']['skus']['uri']}").body
    assert [item["title"] for item in skus["items"]] == [
        "Archive",
        "Office Premium",
        "Set-up",
        "Office Standard",
        "Storage",
        "Office Trial",
    ]
    (standard,) = [item for item in skus["items"] if item["title"] == "Office Standard"]
    assert standard == sku_of_office(story, "monthly", "annual")
    assert api.get(f"/v1{standard['links']['self']['uri']}").body == standard
    path = f"/v1/products/{shop.product.pk}/skus/{shop.office.pk}/availabilities"
    with django_assert_num_queries(7):
        offers = api.get(f"{path}?country=JP").body
    assert [
        (item["id"], item["terms"][0]["duration"], item["terms"][0]["billingCycle"])
        for item in offers["items"]
    ] == [
        (str(shop.offers["office monthly"].pk), "P1M", "Monthly"),
        (str(shop.offers["office prepaid"].pk), "P1Y", "Annual"),
        (str(office.pk), "P1Y", "Monthly"),
    ]
    one = api.get(f"{path}/{office.pk}?country=JP").body
    assert one == offers["items"][2]
    assert one == {
        "id": str(office.pk),
        "productId": str(shop.product.pk),
        "skuId": str(shop.office.pk),
        "catalogItemId": f"{shop.product.pk}:{shop.office.pk}:{office.pk}",
        "defaultCurrency": {"code": "JPY", "symbol": "¥"},
        "segment": "commercial",
        "country": "JP",
        "isPurchasable": True,
        "isRenewable": True,
        "renewalInstructions": [
            {
                "applicableTermIds": [str(office.pk)],
                "renewalOptions": [
                    {"renewToId": f"{shop.product.pk}:{shop.office.pk}", "isAutoRenewable": True}
                ],
            }
        ],
        "terms": [
            {
                "id": str(office.pk),
                "duration": "P1Y",
                "description": "1 year / Monthly",
                "billingCycle": "Monthly",
                "renewalOptions": [{"termDuration": "P1Y", "description": "1 year"}],
                "cancellationPolicies": [
                    {"refundOptions": [{"sequenceId": 0, "type": "Full", "expiresAfter": "P7D"}]}
                ],
            }
        ],
        "product": product_of(story),
        "sku": sku_of_office(story, "monthly", "annual"),
        "links": {"self": link(f"{path.removeprefix('/v1')}/{office.pk}?country=JP")},
        "attributes": {"objectType": "Availability"},
    }
    keeper = hire(story.cast.operator, "Kei", Role.CATALOGUE_MANAGER)
    withdraw_availability(actor_of(keeper), availability=shop.offers["office prepaid"])
    assert api.get(f"{path}?country=JP").body["totalCount"] == 2
    gone = api.get(f"{path}/{shop.offers['office prepaid'].pk}?country=JP")
    assert (gone.status, gone.body["code"]) == (404, 400019)


@pytest.mark.operation("catalog.list_products", "catalog.list_availabilities")
def test_views_segments_and_what_has_no_price(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """A product stands in the views of its SKUs; nonprofit offers are told only to who asks; no price, no purchase.

    Documents say that the list leaves out nonprofit unless it is asked for; SDKs say nothing.
    """
    api, shop = api_of_application(story.cast.hinode, Role.SALES_AGENT), story.shop

    def titles(view: str, more: str = "") -> list[str]:
        told = api.get(f"/v1/products?country=JP&targetView={view}{more}")
        return [item["title"] for item in told.body["items"]]

    with django_assert_num_queries(4):
        assert titles("Software") == ["Tsubame Office"]
    assert titles("azure") == ["Tsubame Office"]
    assert titles("AzureReservations") == titles("MarketplaceSaaS") == []
    assert titles("OnlineServices", "&targetSegment=education") == []
    new = sku_of(shop.product, shop.connector, "basic", SkuKind.LICENSE, ("基本", "Basic"))
    basic = offer_of(new, Term.YEAR, BillingCycle.MONTHLY)
    basic.segment = Segment.CHARITY
    basic.save()
    path = f"/v1/products/{shop.product.pk}/skus/{new.pk}/availabilities?country=JP"
    assert api.get(path).body["items"] == []
    (only,) = api.get(f"{path}&targetSegment=NonProfit").body["items"]
    assert (only["segment"], only["isPurchasable"]) == ("nonprofit", False)
    price(shop.price_list, basic, 100, 150)
    assert api.get(f"{path}&targetSegment=nonprofit").body["items"][0]["isPurchasable"] is True
    with django_assert_num_queries(4):
        assert titles("Software") == ["Tsubame Office"]


@pytest.mark.operation(
    "catalog.list_customer_products",
    "catalog.get_customer_product",
    "catalog.list_customer_skus",
    "catalog.get_customer_sku",
    "catalog.list_customer_availabilities",
    "catalog.get_customer_availability",
)
def test_for_one_customer(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Its country and segment decide, and what it has: the add-on can be bought from the moment that it has Office.

    The documents' pages say POST, their examples and the SDKs GET; it is GET.
    """
    cast, shop = story.cast, story.shop
    base = f"/customers/{cast.aoba.pk}"
    for api in (api_of(cast.mei), api_of(cast.kai)):
        found = api.get(f"/v1{base}/products?targetView=OnlineServices").body
        assert found["items"] == [product_of(story, base, "")]
        assert api.get(f"/v1{base}/products/{shop.product.pk}").body == found["items"][0]
        skus = api.get(f"/v1{base}/products/{shop.product.pk}/skus").body["items"]
        assert len(skus) == 6
        one = api.get(f"/v1{base}/products/{shop.product.pk}/skus/{shop.office.pk}").body
        assert one == sku_of_office(story, "monthly", "annual", base=base, query="")
        assert one in skus
    api = api_of(cast.mei)
    path = f"/v1{base}/products/{shop.product.pk}/skus/{shop.archive.pk}/availabilities"
    with django_assert_num_queries(17):
        (archive,) = api.get(path).body["items"]
    assert archive["isPurchasable"] is False
    assert archive["links"]["self"]["uri"] == f"{path.removeprefix('/v1')}/{archive['id']}"
    subscribed(cast, shop, cast.aoba)
    again = api.get(f"{path}/{archive['id']}").body
    assert again == archive | {"isPurchasable": True}
    CustomerAccount.objects.filter(pk=cast.aoba.pk).update(segment=Segment.EDUCATION)
    assert api.get(f"/v1{base}/products?targetView=OnlineServices").body["items"] == []


@pytest.mark.operation("catalog.check_inventory")
def test_whether_something_can_be_had(story: Market) -> None:
    """In the country, and by the customer with its reasons, in the reader's language."""
    cast, shop = story.cast, story.shop
    asked = [
        {"productId": str(shop.product.pk), "skuId": str(shop.archive.pk)},
        {"productId": str(shop.product.pk), "skuId": str(shop.office.pk)},
        {"productId": "x", "skuId": "y"},
    ]
    path = "/v1/extensions/product/checkinventory?country=JP"

    at_all = api_of(cast.mei).post(path, {"targetItems": asked})
    by_aoba = api_of(cast.kai, language="ja-JP").post(
        path, {"TargetItems": asked, "InventoryContext": {"CustomerId": str(cast.aoba.pk)}}
    )

    nowhere = {
        "reasonCode": "NotOnSale",
        "description": "“x:y” is not on sale.",
        "properties": {},
    }
    assert at_all.body == [
        {**asked[0], "isRestricted": False, "restrictions": []},
        {**asked[1], "isRestricted": False, "restrictions": []},
        {**asked[2], "isRestricted": True, "restrictions": [nowhere]},
    ]
    assert [item["isRestricted"] for item in by_aoba.body] == [True, False, True]
    (reason,) = by_aoba.body[0]["restrictions"]
    assert reason["reasonCode"] == "PrerequisiteMissing"
    assert reason["description"].startswith("「アーカイブ」")
    stranger = api_of(cast.yui).post(
        path, {"targetItems": asked, "inventoryContext": {"customerId": str(cast.aoba.pk)}}
    )
    assert (stranger.status, stranger.body["code"]) == (404, 60003)


@pytest.mark.operation("catalog.list_products", "catalog.get_customer_product")
def test_who_sees_nothing(story: Market) -> None:
    """No confirmed partner, no catalogue (S-058); no role, 403; another's customer and no customer are the same 404."""
    cast, shop = story.cast, story.shop
    assert api_of(cast.yui).get("/v1/products?country=JP&targetView=OnlineServices").body["items"] == []
    assert api_of(cast.yui).get(f"/v1/products/{shop.product.pk}?country=JP").body["code"] == 400013
    helpdesk = api_of(cast.nao).get("/v1/products?country=JP&targetView=OnlineServices")
    assert (helpdesk.status, helpdesk.body["code"]) == (403, 900150)
    assert api_of(cast.emi).get("/v1/products?country=JP&targetView=OnlineServices").status == 403
    yui: Api = api_of(cast.yui)
    answers = [
        yui.get(f"/v1/customers/{customer}/products/{shop.product.pk}")
        for customer in (cast.aoba.pk, cast.midori.pk, shop.product.pk)
    ]
    assert {(told.status, told.content) for told in answers} == {(404, answers[0].content)}
    partner(cast.hinode, cast.yamabuki)
    relate(cast.yamabuki, cast.aoba)
    assert api_of(cast.yui).get(f"/v1/customers/{cast.aoba.pk}/products/{shop.product.pk}").status == 200
    assert b"Office" in browser_of(cast.yui).get(reverse("catalogue:browse")).content


@pytest.mark.parametrize(
    ("path", "status", "code", "data"),
    [
        ("/v1/products?targetView=OnlineServices", 400, 800002, ["country"]),
        ("/v1/products?country=JP", 400, 800002, ["targetView"]),
        ("/v1/products?country=US&targetView=Software", 403, 2030, ["not_own_region", "country"]),
        ("/v1/products?country=%F0%9F%98%80&targetView=Software", 403, 2030, ["not_own_region", "country"]),
        ("/v1/products?country=JP&targetView=Everything", 403, 400036, ["Everything", "targetView"]),
        (
            "/v1/products?country=JP&targetView=Software&targetSegment=x",
            403,
            400030,
            ["x", "targetSegment"],
        ),
        ("/v1/products/CFQ7TTC0LF8S?country=JP", 404, 400013, ["not_found"]),
        ("/v1/products/{product}/skus/0001?country=JP", 404, 400018, ["not_found"]),
        ("/v1/products/{product}/skus/{sku}/availabilities/x?country=JP", 404, 400019, ["not_found"]),
        ("/v1/products/{sku}/skus/{sku}/availabilities?country=JP", 404, 400013, ["not_found"]),
    ],
)
@pytest.mark.operation("catalog.get_product", "catalog.get_sku", "catalog.get_availability")
def test_what_cannot_be_answered_is_named(
    story: Market, path: str, status: int, code: int, data: list[str]
) -> None:
    """Each with its number and the value that was wrong."""
    path = path.format(product=story.shop.product.pk, sku=story.shop.office.pk)

    told = api_of(story.cast.mei).get(path)

    assert (told.status, told.body["code"], told.body["data"]) == (status, code, data)
