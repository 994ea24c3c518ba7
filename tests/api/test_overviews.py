"""Toiya's own lists over all customers of a partner."""

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, api_of, api_of_application
from tests.cast import Cast, actor_of, found, relate
from tests.commerce import subscribed
from tests.orders.story import market, ordered
from toiya.core.permissions import Role
from toiya.orders.overviews import page_of_order_overviews, page_of_subscription_overviews
from toiya.subscriptions.prices import prices_for


@pytest.mark.operation("toiya.customers.list", "toiya.customers.get")
def test_customers_with_what_they_have(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Account, subscriptions, seats and the next renewal of each customer, a page at a time, in one statement.

    Plant: subscriptions counted without the chain, and Midori's would be counted to Hinode.
    """
    at = market(cast)
    first = subscribed(cast, at.shop, cast.aoba, quantity=10)
    subscribed(cast, at.shop, cast.aoba, quantity=5)
    relate(cast.midori, cast.aoba)
    subscribed(cast, at.shop, cast.aoba, quantity=99, provider=cast.midori, reseller=cast.yamabuki)
    beni = found(cast.family, "Beni", "beni.example.com")
    relate(cast.hinode, beni)
    api = api_of(cast.mei)

    listed = api.get("/v1/toiya/customers?size=1")

    assert [item["name"] for item in listed.body["items"]] == ["Beni"]
    link = listed.body["links"]["next"]
    token = {header["key"]: header["value"] for header in link["headers"]}
    (aoba,) = api.get(f"/v1{link['uri']}", **token).body["items"]
    assert {key: aoba[key] for key in ("id", "subscriptions", "seats", "nextRenewal", "isAdministered")} == {
        "id": str(cast.aoba.pk),
        "subscriptions": 2,
        "seats": 15,
        "nextRenewal": str(first.term_end),
        "isAdministered": False,
    }
    assert "users" not in aoba
    assert api.get(f"/v1/toiya/customers/{cast.aoba.pk}").body == aoba
    with django_assert_num_queries(TOKEN + 1):
        assert api.get("/v1/toiya/customers").body["totalCount"] == 2
    assert api_of(cast.yui).get(f"/v1/toiya/customers/{cast.aoba.pk}").body["code"] == 60003
    assert api_of(cast.riku).get("/v1/toiya/customers").status == 403


@pytest.mark.operation("toiya.subscriptions.list")
def test_all_subscriptions_with_the_caller_s_own_prices(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Provider and reseller read the same subscription, each with its own two prices, as its page shows them (G-05)."""
    at = market(cast)
    sold = subscribed(cast, at.shop, cast.aoba, quantity=10)
    for person in (cast.mei, cast.kai):
        api = api_of(person)
        (item,) = api.get("/v1/toiya/subscriptions").body["items"]
        pays, is_paid = (edge.price for edge in prices_for(actor_of(person), sold))
        assert pays is not None
        assert is_paid is not None
        assert item["youPay"] == {"amount": format(pays.decimal, "f"), "currency": "JPY"}
        assert item["youArePaid"] == {"amount": format(is_paid.decimal, "f"), "currency": "JPY"}
        assert (item["customer"]["id"], item["quantity"], item["state"]) == (str(cast.aoba.pk), 10, "active")
        assert item["offer"]["skuName"] == "Office Standard"
        (brief,) = api.get("/v1/toiya/subscriptions?view=brief").body["items"]
        assert set(brief) < set(item)
        assert {key: item[key] for key in ("id", "quantity", "state", "attributes")} == {
            key: brief[key] for key in ("id", "quantity", "state", "attributes")
        }
        with django_assert_num_queries(TOKEN + 1):
            api.get("/v1/toiya/subscriptions")
    in_japanese = api_of(cast.mei, language="ja-JP").get("/v1/toiya/subscriptions").body["items"][0]
    assert in_japanese["offer"]["skuName"] == "オフィス スタンダード"
    assert api_of(cast.mei).get("/v1/toiya/subscriptions?state=Suspended").body["totalCount"] == 0
    assert api_of(cast.mei).get("/v1/toiya/subscriptions?state=green").body["code"] == 800002
    assert api_of(cast.yui).get("/v1/toiya/subscriptions").body["totalCount"] == 0
    assert len(page_of_subscription_overviews(actor_of(cast.mei), size=5).rows) == 1


@pytest.mark.operation("toiya.orders.list")
def test_all_orders(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Both partners of the chain read the order; who ordered is named to colleagues only."""
    at = market(cast)
    order = ordered(at, ("office", 5), ("archive", 2))

    (mine,) = api_of(cast.mei).get("/v1/toiya/orders").body["items"]
    (theirs,) = api_of_application(cast.kawase, Role.SALES_AGENT).get("/v1/toiya/orders").body["items"]

    assert (mine["id"], mine["number"], mine["lines"], mine["units"]) == (str(order.pk), order.number, 2, 7)
    assert mine["orderedBy"] == cast.mei.name
    assert "orderedBy" not in theirs
    assert theirs["id"] == mine["id"]
    (brief,) = api_of(cast.mei).get("/v1/toiya/orders?view=Brief").body["items"]
    assert set(brief) < set(mine)
    mei = api_of(cast.mei)
    with django_assert_num_queries(TOKEN + 1):
        mei.get(f"/v1/toiya/orders?customerId={cast.aoba.pk}")
    assert api_of(cast.yui).get("/v1/toiya/orders").body["totalCount"] == 0
    assert len(page_of_order_overviews(actor_of(cast.kai), size=5).rows) == 1
