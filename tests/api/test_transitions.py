"""From one product to a better one over the API: transitions, upgrades, conversions of trials."""

import uuid

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of, api_of_application
from tests.api.test_subscriptions import changed, instant, path_of, refused
from tests.cast import Cast, browser_of
from tests.commerce import Shop, offer_of, price, sku_of, subscribed
from tests.subscriptions.story import chain, granted, must_equal_its_events, sold, use_seats, users_of
from toiya.catalogue.models import Availability, SkuKind, SkuLink, SkuLinkKind
from toiya.core.permissions import Role
from toiya.core.terms import BillingCycle, Term
from toiya.fulfilment.models import ConnectorKind, FulfilmentTask, TaskState
from toiya.subscriptions.models import Subscription

LICENCES = "transition_with_license_transfer"


def item(offer: Availability) -> str:
    """The catalogue item of an offer."""
    return f"{offer.sku.product_id}:{offer.sku_id}:{offer.pk}"


def another_upgrade(shop: Shop, code: str) -> None:
    """One more product to which the office can be upgraded."""
    sku = sku_of(shop.product, shop.connector, code, SkuKind.LICENSE, (code, code))
    SkuLink.objects.create(tenant=shop.operator, sku=shop.office, other=sku, kind=SkuLinkKind.UPGRADE)
    price(shop.price_list, offer_of(sku, Term.YEAR, BillingCycle.MONTHLY), 3000, 4000)


@pytest.mark.operation("transitions.list_eligibilities")
def test_what_a_subscription_may_become(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Now: eligible once a partner holds access, else the number of the reason; at the renewal without access."""
    shop, row = sold(cast)
    api, at = api_of(cast.mei), path_of(row, "/transitionEligibilities")
    expected = {
        "catalogItemId": item(shop.offers["premium"]),
        "title": "Office Premium",
        "description": "",
        "quantity": 10,
        "eligibilities": [{"isEligible": True, "transitionType": LICENCES, "errors": []}],
        "attributes": {"objectType": "TransitionEligibility"},
    }

    told = api.get(at)

    (only,) = told.body["items"]
    (detail,) = only["eligibilities"]
    assert (detail["isEligible"], [error["code"] for error in detail["errors"]]) == (False, [13])
    assert "administrator access" in detail["errors"][0]["description"]
    granted(cast, cast.kawase)
    with django_assert_num_queries(10):
        assert api.get(f"{at}?eligibilityType=Immediate").body == {
            "totalCount": 1,
            "items": [expected],
            "attributes": {"objectType": "Collection"},
        }
    scheduled = api.get(f"{at}?eligibilitytype=scheduled")
    assert scheduled.body["items"] == [expected]
    for code in ("gold", "platinum"):
        another_upgrade(shop, code)
    with django_assert_num_queries(10):
        assert api.get(at).body["totalCount"] == 3
    assert [
        one["eligibilities"][0]["errors"][0]["code"] for one in api_of(cast.kai).get(at).body["items"]
    ] == [0] * 3
    subscribed(cast, shop, cast.aoba, offer="premium")
    assert codes_of(api.get(at).body["items"]) == {"Office Premium": [3], "gold": [], "platinum": []}
    subscribed(cast, shop, cast.aoba, offer="archive", parent=row)
    assert codes_of(api.get(at).body["items"])["gold"] == [6]
    changed(api, row, status="suspended")
    assert codes_of(api.get(at).body["items"])["gold"] == [2]
    assert refused(api.get(f"{at}?eligibilityType=tomorrow")) == (400, 900126)
    assert refused(api_of(cast.yui).get(at)) == (404, 20003)
    assert refused(api_of(cast.riku).get(at)) == (403, 900150)


def codes_of(items: list[dict[str, object]]) -> dict[object, list[int]]:
    """The numbers of the reasons, by title."""
    return {one["title"]: [error["code"] for error in one["eligibilities"][0]["errors"]] for one in items}  # type: ignore[index]


@pytest.mark.operation("transitions.create", "transitions.list")
def test_a_transition_moves_the_whole_subscription(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """It keeps its id and its users; read back by operation, on the page, and as subscription. Sent again: once."""
    shop, row = sold(cast)
    granted(cast, cast.kawase)
    people = use_seats(row, 3)
    api, at, once = (
        api_of_application(cast.hinode, Role.ADMIN_AGENT),
        path_of(row, "/transitions"),
        str(uuid.uuid4()),
    )
    assert api.get(at).body == {"totalCount": 0, "items": [], "attributes": {"objectType": "Collection"}}
    body = {
        "fromCatalogItemId": item(shop.offers["office"]),
        "fromSubscriptionId": str(row.pk),
        "toCatalogItemId": item(shop.offers["premium"]),
        "quantity": 10,
        "termDuration": "P1Y",
        "billingCycle": "Monthly",
        "transitionType": "TransitionWithLicenseTransfer",
    }

    told = api.post(at, body, MS_RequestId=once)

    assert told.status == 200
    after = must_equal_its_events(row)
    event = after.events.get(kind="upgraded")
    assert told.body == {
        "operationId": told.body["operationId"],
        "fromCatalogItemId": item(shop.offers["office"]),
        "fromSubscriptionId": str(row.pk),
        "toCatalogItemId": item(shop.offers["premium"]),
        "toSubscriptionId": str(row.pk),
        "quantity": 10,
        "termDuration": "P1Y",
        "billingCycle": "monthly",
        "transitionType": LICENCES,
        "events": [
            {
                "name": "Conversion",
                "status": "Completed",
                "timestamp": instant(event.at),
                "attributes": {"objectType": "TransitionEvent"},
            }
        ],
        "attributes": {"objectType": "Transition"},
    }
    assert (after.sku, users_of(after)) == (shop.premium, people)
    assert api.post(at, body, MS_RequestId=once).content == told.content
    with django_assert_num_queries(5):
        assert api.get(at).body["items"] == [told.body]
    assert api.get(f"{at}?operationId={told.body['operationId'].upper()}").body["items"] == [told.body]
    assert api.get(f"{at}?operationId={uuid.uuid4()}").body["items"] == []
    assert api.get(path_of(row)).body["offerName"] == "Office Premium"
    page = browser_of(cast.mei).get(reverse("subscriptions:subscription", args=[row.pk])).content.decode()
    assert "Office Standard → Office Premium" in page
    assert refused(api.post(at, body)) == (400, 800002)
    assert refused(api_of(cast.yui).get(at)) == (404, 20003)


@pytest.mark.operation("transitions.create")
@pytest.mark.parametrize(
    ("properties", "number"),
    [
        ({"transitionType": "transition_only"}, 800002),
        ({"transitionType": "x"}, 800002),
        ({"toCatalogItemId": None}, 800002),
        ({"quantity": None}, 800002),
        ({"quantity": 9}, 800002),
        ({"quantity": 10**30}, 800002),
        ({"toCatalogItemId": "x"}, 800004),
        ({"toCatalogItemId": f"a:b:{uuid.uuid4()}"}, 800004),
        ({"toCatalogItemId": "archive"}, 800004),
        ({"fromCatalogItemId": "x"}, 800002),
        ({"fromSubscriptionId": str(uuid.uuid4())}, 800002),
        ({"toSubscriptionId": "own"}, 900259),
        ({"toSubscriptionId": str(uuid.uuid4())}, 900258),
        ({"termDuration": "P3Y"}, 900268),
        ({"billingCycle": "annual"}, 900269),
    ],
)
def test_what_a_transition_is_refused_with(cast: Cast, properties: dict[str, object], number: int) -> None:
    """400 with its number; nothing has changed."""
    shop, row = sold(cast)
    granted(cast, cast.kawase)
    if properties.get("toCatalogItemId") == "archive":
        properties = {"toCatalogItemId": item(shop.offers["archive"])}
    if properties.get("toSubscriptionId") == "own":
        properties = {"toSubscriptionId": str(row.pk)}
    body = {"toCatalogItemId": item(shop.offers["premium"]), "quantity": 10, "transitionType": LICENCES}

    told = api_of(cast.mei).post(path_of(row, "/transitions"), {**body, **properties})

    assert refused(told) == (400, number)
    assert must_equal_its_events(row).version == row.version


@pytest.mark.operation("transitions.create", "transitions.list", "upgrades.create", "conversions.create")
def test_who_may(cast: Cast) -> None:
    """The provider orders, not the reseller; a role; an outsider; access to the customer; and how far the vendor is."""
    shop, row = sold(cast)
    offer = item(shop.offers["premium"])
    body = {"toCatalogItemId": offer, "quantity": 10, "transitionType": LICENCES}
    at = path_of(row, "/transitions")
    older = {"targetOffer": {"id": offer}}
    trial = {"targetOfferId": offer}
    ways = ((at, body), (path_of(row, "/upgrades"), older), (path_of(row, "/conversions"), trial))
    for path, given in ways:
        assert refused(api_of(cast.kai).post(path, given)) == (403, 2032)
        assert refused(api_of(cast.nao).post(path, given)) == (403, 900150)
        assert refused(api_of(cast.yui).post(path, given)) == (404, 20003)
    assert refused(api_of(cast.mei).post(at, body)) == (403, 900308)
    granted(cast, cast.kawase)
    shop.connector.kind = ConnectorKind.WEBHOOK
    shop.connector.save()
    told = api_of(cast.sora).post(at, body)
    assert told.body["events"][0]["status"] == "Started"
    FulfilmentTask.objects.filter(subscription_id=row.pk).update(state=TaskState.FAILED)
    (event,) = api_of(cast.mei).get(at).body["items"][0]["events"]
    assert (event["status"], event["errors"][0]["code"]) == ("Failed", 0)


@pytest.mark.operation("upgrades.list", "upgrades.create")
def test_upgrades_in_the_older_words(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The offer, whether it is eligible, the numbers of errors; POST answers 200 and tells errors in its body.

    Plant: without ``_told_in_body`` for AccessMissing the second answer is 403.
    """
    shop, row = sold(cast)
    api, at = api_of(cast.mei), path_of(row, "/upgrades")
    (only,) = api.get(at).body["items"]
    assert (only["isEligible"], [error["code"] for error in only["upgradeErrors"]]) == (False, [11])
    body = {
        "TargetOffer": {"Id": only["targetOffer"]["id"]},
        "UpgradeType": 2,
        "IsEligible": True,
        "Quantity": 1,
    }
    refusal = api.post(at, body)
    assert (
        refusal.status,
        refusal.body["upgradeErrors"][0]["code"],
        "targetSubscriptionId" in refusal.body,
    ) == (
        200,
        11,
        False,
    )
    assert must_equal_its_events(row).version == row.version
    granted(cast, cast.kawase)
    with django_assert_num_queries(15):
        told = api.get(at)
    premium = shop.offers["premium"]
    assert told.body["items"] == [
        {
            "targetOffer": api.get(f"/v1/offers/{premium.pk}?country=JP").body,
            "upgradeType": "upgrade_with_license_transfer",
            "isEligible": True,
            "quantity": 10,
            "upgradeErrors": [],
            "attributes": {"objectType": "Upgrade"},
        }
    ]
    for code in ("gold", "platinum"):
        another_upgrade(shop, code)
    with django_assert_num_queries(15):
        assert api.get(at).body["totalCount"] == 3
    assert refused(api.post(at, {**body, "UpgradeType": "upgrade_only"})) == (400, 800002)
    assert refused(api.post(at, {"UpgradeType": 2})) == (400, 800002)
    assert api.post(at, {**body, "TargetOffer": {"Id": "x"}}).body["upgradeErrors"][0]["code"] == 8
    once = str(uuid.uuid4())
    told = api.post(at, body, MS_RequestId=once)
    assert told.body == {
        "sourceSubscriptionId": str(row.pk),
        "targetSubscriptionId": str(row.pk),
        "upgradeType": "upgrade_with_license_transfer",
        "upgradeErrors": [],
        "licenseErrors": [],
        "attributes": {"objectType": "UpgradeResult"},
    }
    assert api.post(at, body, MS_RequestId=once).content == told.content
    assert must_equal_its_events(row).sku == shop.premium
    assert api.get(at).body["items"] == []
    assert refused(api_of(cast.yui).get(at)) == (404, 20003)


@pytest.mark.operation("conversions.list", "conversions.create", "transitions.create")
def test_a_trial_becomes_paid(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Every term and billing of what it converts to; with fewer than are in use: an error in the body. By a person."""
    shop = chain(cast)
    row = subscribed(cast, shop, cast.aoba, offer="trial", quantity=25)
    use_seats(row, 3)
    api, at = api_of(cast.mei), path_of(row, "/conversions")
    with django_assert_num_queries(4):
        told = api.get(at)
    assert told.body["totalCount"] == 3
    assert told.body["items"][0] == {
        "offerId": str(shop.offers["trial"].pk),
        "targetOfferId": str(shop.offers["office monthly"].pk),
        "orderId": str(row.order_id),
        "quantity": 25,
        "billingCycle": "monthly",
        "attributes": {"objectType": "Conversion"},
    }
    body = {
        "OfferId": "x",
        "TargetOfferId": str(shop.offers["office prepaid"].pk),
        "Quantity": 5,
        "BillingCycle": 2,
    }
    assert refused(api_of_application(cast.hinode, Role.ADMIN_AGENT).get(at)) == (403, 900329)
    assert refused(api.post(at, {**body, "BillingCycle": "monthly"})) == (400, 900269)
    assert refused(api.post(at, {"Quantity": 5})) == (400, 800002)
    few = api.post(at, {**body, "Quantity": 2})
    assert (few.status, few.body["error"]["code"]) == (200, 0)
    none = api.post(at, {**body, "TargetOfferId": item(shop.offers["premium"]), "BillingCycle": "monthly"})
    assert (none.status, none.body["error"]["code"]) == (200, 1)
    assert must_equal_its_events(row).version == row.version
    assert refused(api_of(cast.yui).get(at)) == (404, 20003)

    paid = api.post(at, body)

    assert paid.body == {
        "subscriptionId": str(row.pk),
        "offerId": str(shop.offers["trial"].pk),
        "targetOfferId": str(shop.offers["office prepaid"].pk),
        "attributes": {"objectType": "ConversionResult"},
    }
    after = must_equal_its_events(row)
    assert (after.sku, after.quantity, after.billing_cycle) == (shop.office, 5, "annual")
    assert api.get(at).body["items"] == []
    assert api.post(at, body).body["error"]["code"] == 1
    (transition,) = api.get(path_of(row, "/transitions")).body["items"]
    assert (transition["toCatalogItemId"], transition["quantity"]) == (item(shop.offers["office prepaid"]), 5)
    other = Subscription.objects.get(pk=subscribed(cast, shop, cast.aoba, offer="trial", quantity=25).pk)
    moved = {"toCatalogItemId": item(shop.offers["office"]), "quantity": 30, "transitionType": LICENCES}
    assert api.post(path_of(other, "/transitions"), moved).body["quantity"] == 30
