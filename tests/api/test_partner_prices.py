"""Toiya's own: a partner's price rules and prices over the API; nobody sees a price that is not theirs (G-05)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import item, open_market
from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, browser_of, day_in_japan, partner
from tests.orders.story import Market
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.pricing.models import PriceRule
from toiya.relations.models import Partnership

RULES, PRICES = "/v1/toiya/priceRules", "/v1/toiya/prices"
TO_KAWASE, TO_ALL, KAWASE_ASKS = 917_102, 917_103, 917_105


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are confirmed partners and serve Aoba; the shop is open."""
    story = open_market(cast)
    Partnership.objects.update(confirmed_at=real_now())
    return story


def fixed(story: Market, price: int, sells_as: str, buyer: str = "") -> dict[str, Any]:
    """A fixed price of Office."""
    today = str(day_in_japan() - dt.timedelta(days=1))
    return {
        "sellsAs": sells_as,
        "buyerDomain": buyer,
        "catalogItemId": item(story, "office"),
        "basis": "fixed",
        "fixed": str(price),
        "currency": "JPY",
        "firstDay": today,
    }


@pytest.mark.operation(
    "toiya.price_rules.create",
    "toiya.price_rules.get",
    "toiya.price_rules.list",
    "toiya.price_rules.update",
    "toiya.price_rules.delete",
    "toiya.price_rules.restore",
)
def test_a_rule_from_beginning_to_end(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Made, listed, shown on the page, changed, removed, brought back; its figures are the seller's alone.

    Plant: rules listed without ``visible_to``, and Kawase reads what Hinode takes.
    """
    api = api_of_application(story.cast.hinode, Role.ADMIN_AGENT)
    before = [entry["id"] for entry in api.get(RULES).body["items"]]
    asked = {
        "sellsAs": "Provider",
        "buyerDomain": "kawase.example",
        "productId": str(story.shop.product.pk),
        "basis": "cost",
        "percent": 12.5,
        "currency": "jpy",
        "firstDay": "2026-04-01",
        "lastDay": "2099-03-31",
    }

    made = api.post(RULES, asked)

    assert made.status == 201, made.body
    told = made.body
    kept = {key: value for key, value in asked.items() if key not in {"sellsAs", "currency"}}
    assert {key: told[key] for key in kept} == kept
    assert (told["sellsAs"], told["currency"], told["buyer"]["id"]) == (
        "provider",
        "JPY",
        str(story.cast.kawase.pk),
    )
    path = f"{RULES}/{told['id']}"
    assert api.get(path).body == told
    mei = api_of(story.cast.mei)
    with django_assert_num_queries(TOKEN + 2):
        listed = mei.get(RULES).body["items"]
    assert listed[0] == told
    assert [entry["id"] for entry in listed] == [told["id"], *before]
    assert "+12.50 %" in browser_of(story.cast.mei).get(reverse("pricing:rules")).content.decode()

    ended = api.put(path, {**told, "lastDay": "2026-05-31", "percent": 7})

    assert (ended.status, ended.body["lastDay"], ended.body["percent"]) == (200, "2026-05-31", 7), ended.body
    assert api.put(path, {**told, "percent": 8}).body["code"] == 2055
    assert api.delete(path).status == 204
    assert api.delete(path).body["data"] == ["rule_removed"]
    assert [entry["id"] for entry in api.get(RULES).body["items"]] == before
    assert [entry["id"] for entry in api.get(f"{RULES}?removed=true").body["items"]] == [told["id"]]
    assert "removedDate" not in api.post(f"{path}/restore").body
    assert api.get(path).body["percent"] == 7


def test_outsiders_and_who_may_not(story: Market) -> None:
    """The buyer, another provider and another reseller find no such rule; a sales agent reads and does not set."""
    told = api_of(story.cast.mei).post(RULES, fixed(story, TO_KAWASE, "provider", "kawase.example")).body
    path = f"{RULES}/{told['id']}"
    for outsider in (story.cast.kai, story.cast.yui, story.cast.jun):
        api = api_of(outsider)
        nothing = api.get(f"{RULES}/{uuid.uuid4()}")
        assert nothing.status == 404
        assert api.get(path).body == nothing.body
        assert api.put(path, told).status == 404
        assert api.delete(path).status == 404
        assert told["id"] not in str(api.get(RULES).body)
    sora = api_of(story.cast.sora)
    assert sora.get(path).status == 200
    for refused in (sora.post(RULES, told), sora.delete(path), sora.put(path, told)):
        assert (refused.status, refused.body["code"]) == (403, 900150)
    assert api_of(story.cast.riku).get(RULES).status == 403
    assert api_of(story.cast.riku).get(PRICES).status == 403


@pytest.mark.parametrize(
    "change",
    [
        {"sellsAs": None},
        {"sellsAs": "reseller"},
        {"sellsAs": "operator"},
        {"basis": "gift"},
        {"basis": "fixed", "fixed": None},
        {"basis": "fixed", "catalogItemId": None},
        {"fixed": "-1"},
        {"fixed": "1e40"},
        {"fixed": "NaN"},
        {"currency": "XXZ"},
        {"currency": "yen"},
        {"firstDay": "2026-13-01"},
        {"firstDay": "2026-04-02", "lastDay": "2026-04-01"},
        {"lastDay": "9999-12-31"},
        {"percent": 1.234, "basis": "cost"},
        {"percent": -101, "basis": "cost"},
        {"percent": 10**30, "basis": "cost"},
        {"percent": "NaN", "basis": "cost"},
        {"percent": "Infinity", "basis": "cost"},
        {"buyerDomain": "yamabuki.example"},
        {"buyerDomain": "x" * 300},
        {"catalogItemId": "a:b:c"},
        {"productId": str(uuid.UUID(int=0))},
        {"catalogItemId": None, "basis": "cost", "productId": str(uuid.uuid4())},
        {"catalogItemId": None, "basis": "cost", "skuId": str(uuid.uuid4())},
        {"catalogItemId": None, "basis": "cost", "categoryId": str(uuid.uuid4())},
    ],
)
def test_what_is_no_rule(story: Market, change: dict[str, object]) -> None:
    """Refused with its property; nothing is kept."""
    api, before = api_of(story.cast.mei), PriceRule.objects.count()
    refused = api.post(RULES, {**fixed(story, TO_ALL, "provider"), **change})
    assert 400 <= refused.status < 500, refused.body
    assert refused.body["data"]
    assert PriceRule.objects.count() == before


def seen(api: Api, query: str = "") -> list[dict[str, Any]]:
    """The lines of Office, one year, paid monthly."""
    told = api.get(f"{PRICES}{query}")
    assert told.status == 200, told.body
    return [line for line in told.body["items"] if line["skuName"] == "Office Standard"]


@pytest.mark.operation("toiya.prices.list")
@pytest.mark.goal("G-05")
def test_nobody_sees_a_price_that_is_not_theirs(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Hinode asks more of everybody than of Kawase, Kawase asks its own of Aoba. Each reads its two edges.

    Plant: ``confirmed_at`` left out of ``suppliers_of``, and Yamabuki reads what a provider that never confirmed asks.
    """
    cast = story.cast
    mei, kai, yui, jun = (api_of(person) for person in (cast.mei, cast.kai, cast.yui, cast.jun))
    partner(cast.hinode, cast.yamabuki)
    Partnership.objects.filter(reseller=cast.yamabuki).update(confirmed_at=None)
    for api, rule in (
        (mei, fixed(story, TO_ALL, "provider")),
        (mei, fixed(story, TO_KAWASE, "provider", "kawase.example")),
        (kai, fixed(story, KAWASE_ASKS, "reseller", "aoba.example")),
    ):
        assert api.post(RULES, rule).status == 201
    named = item(story, "office")

    def of(lines: list[dict[str, Any]]) -> dict[str, Any]:
        return next(line for line in lines if line["catalogItemId"] == named)

    to_all, to_kawase = of(seen(mei)), of(seen(mei, "?buyer=kawase.example"))
    bought, sold = of(seen(kai)), of(seen(kai, "?buyer=aoba.example&q=tsubame"))

    assert to_all["youAsk"] == {"amount": str(TO_ALL), "currency": "JPY"}
    assert (
        to_kawase["youAsk"]
        == bought["youPay"]
        == sold["youPay"]
        == {
            "amount": str(TO_KAWASE),
            "currency": "JPY",
        }
    )
    assert sold["youAsk"] == {"amount": str(KAWASE_ASKS), "currency": "JPY"}
    assert bought["supplier"]["id"] == str(cast.hinode.pk)
    assert "supplier" not in to_all
    assert "suggested" in to_all
    assert "suggested" not in bought
    everything = {
        "mei": str([seen(mei, query) for query in ("", "?buyer=kawase.example", "?buyer=aoba.example")]),
        "kai": str([seen(kai), seen(kai, "?buyer=aoba.example")]),
        "yui": str(yui.get(PRICES).body),
        "jun": str(jun.get(PRICES).body),
    }
    may = {"mei": {TO_ALL, TO_KAWASE}, "kai": {TO_KAWASE, KAWASE_ASKS}, "yui": set(), "jun": set()}
    for reader, text in everything.items():
        assert {price for price in (TO_ALL, TO_KAWASE, KAWASE_ASKS) if str(price) in text} == may[reader]
    assert yui.get(PRICES).body["items"] == []
    for api, buyer in ((kai, "hinode.example"), (jun, "kawase.example"), (mei, "yamabuki.exampl")):
        assert api.get(f"{PRICES}?buyer={buyer}").body["data"] == ["unknown_buyer", "buyer"]
    counts = []
    for size in (1, 100):
        with CaptureQueriesContext(connection) as counted:
            mei.get(f"{PRICES}?size={size}")
        counts.append(len(counted))
    assert counts[0] == counts[1]


def test_prices_page_by_page(story: Market) -> None:
    """Every offer once; a country outside the own region is refused, a search keeps what it says."""
    mei = api_of(story.cast.mei)
    whole = mei.get(PRICES).body["items"]
    read: list[dict[str, Any]] = []
    address, headers = f"{PRICES}?size=2", dict[str, str]()
    while address:
        told = mei.get(address, **headers).body
        read += told["items"]
        link = told["links"].get("next")
        address = f"/v1{link['uri']}" if link else ""
        headers = {entry["key"]: entry["value"] for entry in link["headers"]} if link else {}
    assert read == whole
    assert len(whole) > 4
    assert mei.get(f"{PRICES}?q=nothing").body["items"] == []
    assert mei.get(f"{PRICES}?country=US").body["code"] == 2030
    assert mei.get(f"{PRICES}?country=jp").body["items"] == whole
