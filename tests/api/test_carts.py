"""Carts over the API: filled, changed whole, checked out; seen and changed on the pages as well."""

import datetime as dt
import functools
import uuid
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import RESELLER, THROUGH_KAWASE, item, line, link, member, open_market
from tests.api.speaking import Told, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, day_in_japan, found, hire, partner, relate
from tests.commerce import subscribed
from tests.orders.story import Market, cart_of
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.directory.models import Family
from toiya.membership.models import OrganizationProfile
from toiya.orders.models import Cart, CartLine, Order, WishKind
from toiya.orders.wishes import make_wish
from toiya.pricing.models import Promotion
from toiya.subscriptions.models import Subscription


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def priced(price: int, quantity: int) -> dict[str, int]:
    """A price as the wire has it."""
    return {"listPrice": price, "discountedPrice": price, "price": price, "extendedPrice": price * quantity}


def promotion_of(story: Market, *, least: int = 1) -> Promotion:
    """Office is cheaper by a tenth just now."""
    today = day_in_japan()
    return Promotion.objects.create(
        tenant=story.cast.operator,
        code="spring",
        name_ja="春",
        name_en="Spring",
        sku=story.shop.office,
        discount_basis_points=1000,
        min_quantity=least,
        valid_from=today - dt.timedelta(days=2),
        valid_until=today + dt.timedelta(days=30),
        published_at=real_now(),
    )


@pytest.mark.operation("carts.create", "carts.get")
def test_a_cart_with_an_add_on_and_a_bad_line(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The whole answer; the dashboard shows the same cart; what stands against a line is told in the line, with 201.

    Plants: without the reseller's edge first, Hinode reads Kawase's price; positions that are not the client's numbers
    give ids 0 to 2.
    """
    cast = story.cast
    api, base = api_of(cast.mei), f"/customers/{cast.aoba.pk}/carts"

    told = api.post(
        f"/v1{base}",
        {
            "PartnerOnRecordAttestationAccepted": True,
            "LineItems": [
                line(
                    story,
                    "office",
                    5,
                    id=0,
                    billingCycle="Monthly",
                    termDuration="P1Y",
                    friendlyName="Everybody",
                    participants=THROUGH_KAWASE,
                    provisioningContext={"department": "all"},
                    addonItems=[line(story, "archive", 5, id=7)],
                    error=None,
                ),
                line(story, "trial", 3, id=4, participants=THROUGH_KAWASE),
            ],
        },
    )

    cart = Cart.objects.get()
    assert told.status == 201
    common = {
        "currencyCode": "JPY",
        "billingCycle": "monthly",
        "participants": THROUGH_KAWASE,
        "orderGroup": "0",
    }
    expected = {
        "id": str(cart.pk),
        "creationTimestamp": cart.created_at.isoformat().replace("+00:00", "Z"),
        "expirationTimestamp": (cart.created_at + dt.timedelta(days=7)).isoformat().replace("+00:00", "Z"),
        "lineItems": [
            common
            | {
                "id": 0,
                "catalogItemId": item(story, "office"),
                "friendlyName": "Everybody",
                "quantity": 5,
                "termDuration": "P1Y",
                "provisioningContext": {"department": "all"},
                "renewsTo": {"termDuration": "P1Y"},
                "pricing": priced(1000, 5),
                "addonItems": [
                    common
                    | {
                        "id": 7,
                        "catalogItemId": item(story, "archive"),
                        "quantity": 5,
                        "termDuration": "P1Y",
                        "provisioningContext": {},
                        "renewsTo": {"termDuration": "P1Y"},
                        "pricing": priced(300, 5),
                    }
                ],
            },
            common
            | {
                "id": 4,
                "catalogItemId": item(story, "trial"),
                "quantity": 3,
                "termDuration": "P1M",
                "provisioningContext": {},
                "error": {
                    "errorCode": "invalid_input",
                    "errorDescription": "“Office Trial” is sold in exactly 25 units; 3 were asked for.",
                    "additionalInformation": {"reason": "quantity_out_of_bounds"},
                },
            },
        ],
        "status": "Active",
        "partnerOnRecordAttestationAccepted": True,
        "links": {"self": link(f"{base}/{cart.pk}")},
        "attributes": {"objectType": "Cart", "etag": "1"},
    }
    assert told.body == expected
    assert told.headers["ETag"] == '"1"'
    assert api.get(f"/v1{base}/{cart.pk}/").body == expected
    page = browser_of(cast.mei).get(reverse("orders:cart", args=[cast.aoba.pk])).content.decode()
    assert "Everybody" in page
    assert "sold in exactly 25 units" in page
    record = AuditRecord.objects.get(action="create_cart")
    assert record.after["lines"] == ["standard x 5", "archive x 5", "trial x 3"]
    with django_assert_num_queries(11):
        api.get(f"/v1{base}/{cart.pk}")
    CartLine.objects.filter(position__gt=1).delete()
    with django_assert_num_queries(11):
        api.get(f"/v1{base}/{cart.pk}")


@pytest.mark.operation("carts.update")
def test_a_cart_is_changed_whole(story: Market) -> None:
    """What the page put in is read, changed and handed in; what is not handed in is gone; a stale etag changes nothing.

    Documents show 201 for the change. Plant: lines kept beside the new ones.
    """
    cast = story.cast
    cart = cart_of(story, cast.mei, ("office", 5), ("setup", 1))
    api, path = (
        api_of_application(cast.hinode, Role.SALES_AGENT),
        f"/v1/customers/{cast.aoba.pk}/carts/{cart.pk}",
    )
    read = api.get(path)
    body = read.body
    body["lineItems"][0]["quantity"] = 6
    del body["lineItems"][1]

    told = api.put(path, body)

    assert told.status == 201
    assert told.body == body | {
        "lineItems": [body["lineItems"][0] | {"pricing": priced(1000, 6)}],
        "attributes": {"objectType": "Cart", "etag": "4"},
    }
    assert list(cart.lines.values_list("position", "quantity")) == [(1, 6)]
    stale = api.put(path, body)
    assert (stale.status, stale.body["code"]) == (400, 2055)
    by_header = api.put(path, {"lineItems": []}, If_Match='"3"')
    assert (by_header.status, by_header.body["code"]) == (400, 2055)
    odd = api.put(path, {"lineItems": []}, If_Match='"x"')
    assert (odd.status, odd.body["code"]) == (400, 2055)
    emptied = api.put(path, {"lineItems": []})
    assert (emptied.status, emptied.body["lineItems"], cart.lines.count()) == (201, [], 0)
    assert "partnerOnRecordAttestationAccepted" not in emptied.body
    cart.refresh_from_db()
    assert cart.reseller_id is None


@pytest.mark.operation("carts.checkout")
def test_a_cart_becomes_an_order_once(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Good lines are ordered, bad ones are told; the second checkout, with whatever id and body, tells the same.

    Documents say that a repeated checkout answers again what it answered first; an older list has 800065 for it.
    """
    cast = story.cast
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"
    cart = api.post(
        base,
        {
            "partnerOnRecordAttestationAccepted": True,
            "lineItems": [
                line(story, "office", 5, id=0, participants=THROUGH_KAWASE),
                line(story, "trial", 3, id=1),
            ],
        },
    ).body

    told = api.post(f"{base}/{cart['id']}/checkout", b'"success"')

    order = Order.objects.get()
    assert told.status == 201
    assert told.body["orderErrors"] == [
        {
            "orderGroupId": "0",
            "code": 2002,
            "description": "Line 1: “Office Trial” is sold in exactly 25 units; 3 were asked for.",
            "attributes": {"objectType": "OrderError"},
        }
    ]
    assert told.body["attributes"] == {"objectType": "CartCheckoutResult"}
    (made,) = told.body["orders"]
    assert (made["id"], made["status"], made["totalPrice"]) == (str(order.pk), "partial success", 5000)
    assert order.reseller == cast.kawase
    assert made == api.get(f"/v1/customers/{cast.aoba.pk}/orders/{order.pk}?include_price=true").body
    held = Subscription.objects.get()
    assert (held.quantity, made["lineItems"][0]["subscriptionId"]) == (5, str(held.pk))
    with django_assert_num_queries(10):
        again = api.post(f"{base}/{cart['id']}/checkout/")
    assert (again.status, again.body) == (201, told.body)
    assert Order.objects.count() == 1
    assert api.get(f"{base}/{cart['id']}").body["status"] == "Completed"
    late = api.put(f"{base}/{cart['id']}", {"lineItems": []})
    assert (late.status, late.body["code"]) == (400, 800065)
    page = browser_of(cast.mei).get(reverse("orders:order", args=[order.pk])).content.decode()
    assert "sold in exactly 25 units" in page


@pytest.mark.operation("carts.checkout")
def test_nothing_is_ordered_where_no_line_is_good(story: Market) -> None:
    """The cart stays open, to be changed and checked out; an expired one is gone."""
    cast = story.cast
    cart = cart_of(story, cast.mei, ("trial", 3))
    api, path = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts/{cart.pk}"

    told = api.post(f"{path}/checkout")

    assert (told.status, told.body["code"], told.body["data"]) == (400, 800009, ["nothing_ordered"])
    assert "sold in exactly 25 units" in told.body["description"]
    empty = api.put(path, {"lineItems": []})
    assert empty.status == 201
    assert api.post(f"{path}/checkout").body["data"] == ["cart_empty"]
    api.put(path, {"lineItems": [line(story, "office", 1)]})
    assert api.post(f"{path}/checkout").status == 201
    other = cart_of(story, cast.mei, ("office", 3))
    Cart.objects.filter(pk=other.pk).update(expires_at=real_now() - dt.timedelta(seconds=1))
    path = f"/v1/customers/{cast.aoba.pk}/carts/{other.pk}"
    for answer in (api.get(path), api.put(path, {"lineItems": []}), api.post(f"{path}/checkout")):
        assert (answer.status, answer.body["code"], answer.body["data"]) == (404, 800008, ["cart_expired"])


@pytest.mark.operation("carts.create", "carts.get", "carts.update", "carts.checkout")
def test_a_reseller_fills_a_cart_and_cannot_order(story: Market) -> None:
    """It reads what it would pay; the order is its provider's (S-099), who does not see the cart."""
    cast = story.cast
    kai, base = api_of(cast.kai), f"/v1/customers/{cast.aoba.pk}/carts"

    told = kai.post(base, {"lineItems": [line(story, "office", 5, participants=THROUGH_KAWASE)]})

    assert told.status == 201
    assert told.body["lineItems"][0]["pricing"] == priced(1200, 5)
    path = f"{base}/{told.body['id']}"
    body = kai.get(path).body
    assert kai.put(path, body).body["lineItems"] == body["lineItems"]
    refused = kai.post(f"{path}/checkout")
    assert (refused.status, refused.body["code"], refused.body["data"]) == (403, 2032, ["provider_orders"])
    assert "order request" in refused.body["description"]
    assert not Order.objects.exists()
    for stranger in (cast.mei, cast.yui, cast.jun):
        answers = [api_of(stranger).get(f"{base}/{cart}") for cart in (told.body["id"], cast.aoba.pk)]
        assert {(answer.status, answer.content) for answer in answers} == {(404, answers[0].content)}
        assert answers[0].body["code"] == 800008
    helpdesk = api_of(cast.nao).get(path)
    assert (helpdesk.status, helpdesk.body["code"]) == (403, 900150)
    assert api_of(cast.yui).post(base, {"lineItems": []}).body["code"] == 60003
    billing = hire(cast.hinode, "Bo", Role.BILLING_ADMIN)
    seen = api_of(billing).post(base, {"lineItems": []})
    assert (seen.status, seen.body["code"]) == (403, 900150)


@pytest.mark.operation("carts.create")
def test_whose_reseller_may_be_named(story: Market) -> None:
    """A partner that serves the customer, attested; anybody else is no partner, whether it exists or not."""
    cast = story.cast
    member(cast.yamabuki, "7000002")
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"

    def named(*ids: str, attested: bool = True, key: str = "transaction_reseller") -> Told:
        lines = [line(story, "office", 1, participants=[{"key": key, "value": one}]) for one in ids]
        return api.post(base, {"partnerOnRecordAttestationAccepted": attested, "lineItems": lines})

    stranger, nobody = named("7000002"), named("7000009")
    assert [(told.status, told.body["code"]) for told in (stranger, nobody)] == [(404, 800015)] * 2
    assert stranger.content.replace(b"7000002", b"7000009") == nobody.content
    partner(cast.hinode, cast.yamabuki)
    told = named("7000002")
    assert (told.status, told.body["code"]) == (400, 800016)
    relate(cast.yamabuki, cast.aoba)
    assert named("7000002").status == 201
    two = named("7000002", RESELLER)
    assert (two.status, two.body["code"], two.body["data"]) == (400, 800002, ["7000002", RESELLER])
    unsaid = named(RESELLER, attested=False)
    assert (unsaid.status, unsaid.body["code"]) == (400, 900206)
    odd = named(RESELLER, key="consumption_reseller")
    assert (odd.status, odd.body["code"]) == (400, 800002)
    assert Cart.objects.get().reseller == cast.yamabuki


@pytest.mark.operation("carts.create", "carts.update")
def test_more_licences_an_add_on_of_what_is_there_and_a_common_end(story: Market) -> None:
    """What a page can put into a cart survives the way over the API and back, the customer's request included."""
    cast = story.cast
    held = subscribed(cast, story.shop, cast.aoba, quantity=5)
    wish = make_wish(
        actor_of(cast.emi), partner=cast.hinode, kind=WishKind.MORE, subscription=held, quantity=8, text=""
    )
    assert held.term_end is not None
    last = held.term_end - dt.timedelta(days=1)
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"

    told = api.post(
        base,
        {
            "partnerOnRecordAttestationAccepted": True,
            "lineItems": [
                line(
                    story,
                    "archive",
                    3,
                    participants=THROUGH_KAWASE,
                    provisioningContext={"parentSubscriptionId": str(held.pk), "note": "x"},
                    customTermEndDate=f"{last}T23:59:59.9999999Z",
                ),
                line(story, "office", 3, provisioningContext={"subscriptionId": str(held.pk)}),
            ],
        },
    )

    archive, more = told.body["lineItems"]
    assert archive["provisioningContext"] == {"parentSubscriptionId": str(held.pk), "note": "x"}
    assert archive["customTermEndDate"] == f"{last}T00:00:00Z"
    assert more["provisioningContext"] == {"subscriptionId": str(held.pk)}
    assert "error" not in archive | more
    first, second = Cart.objects.get().lines.order_by("position")
    assert (first.parent_id, first.attributes, first.custom_term_end) == (
        held.pk,
        {"note": "x"},
        held.term_end,
    )
    assert (second.subscription_id, second.parent_id) == (held.pk, None)
    second.wish = wish
    second.save()
    path = f"{base}/{told.body['id']}"
    kept = api.put(path, told.body)
    assert kept.status == 201
    assert Cart.objects.get().lines.get(position=2).wish_id == wish.pk
    done = api.post(f"{path}/checkout").body["orders"][0]
    assert [row["transactionType"] for row in done["lineItems"]] == ["New", "addQuantity"]
    assert done["lineItems"][0]["customTermEndDate"] == f"{last}T00:00:00Z"
    held.refresh_from_db()
    assert held.quantity == 8
    bad = api.post(base, {"lineItems": [line(story, "office", 1, customTermEndDate="2031-01-01T00:00:00")]})
    assert bad.body["lineItems"][0]["error"]["errorCode"] == "invalid_custom_term_end_date"


@pytest.mark.operation("carts.create")
def test_a_promotion_that_is_insisted_on(story: Market) -> None:
    """It lowers the price by itself; a line that names it is worth nothing where it does not apply."""
    cast = story.cast
    spring = promotion_of(story, least=10)
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"

    def put(quantity: int, **more: Any) -> dict[str, Any]:
        found: dict[str, Any] = api.post(base, {"lineItems": [line(story, "office", quantity, **more)]}).body
        return found

    (by_itself,) = put(10)["lineItems"]
    assert by_itself["promotionId"] == str(spring.pk)
    assert by_itself["pricing"] == {"discountedPrice": 900, "price": 900, "extendedPrice": 9000}
    (named,) = put(10, promotionId=str(spring.pk))["lineItems"]
    assert named["pricing"] == by_itself["pricing"]
    (too_few,) = put(9, promotionId=str(spring.pk))["lineItems"]
    assert too_few["error"]["errorCode"] == "invalid_promotion_id"
    assert too_few["error"]["errorDescription"].endswith("From 10 units; there are 9.")
    unknown = put(9, promotionId=str(cast.aoba.pk))
    assert (unknown["code"], unknown["data"]) == (27007, ["lineItems[0].promotionId", str(cast.aoba.pk)])


@pytest.mark.parametrize(
    ("lines", "code", "data"),
    [
        ([{"quantity": 1}], 900142, ["lineItems[0]", ""]),
        ([{"catalogItemId": "x", "quantity": 1}], 800009, ["lineItems[0]", "x"]),
        (
            [{"catalogItemId": "x:y:{office}", "quantity": 1}],
            800009,
            ["lineItems[0]", "x:y:{office}"],
        ),
        ([{"catalogItemId": "{item}"}], 800002, ["lineItems[0].quantity", "None"]),
        ([{"catalogItemId": "{item}", "quantity": 0}], 800002, ["lineItems[0].quantity", "0"]),
        ([{"catalogItemId": "{item}", "quantity": 10**30}], 800002, None),
        ([{"catalogItemId": "{item}", "quantity": 1, "id": -1}], 800002, ["lineItems[0]", "-1"]),
        ([{"catalogItemId": "{item}", "quantity": 1, "id": 10**9}], 800002, None),
        ([{"catalogItemId": "{item}", "quantity": 1, "id": 3}] * 2, 800002, ["lineItems[1]", "3"]),
        (
            [{"catalogItemId": "{item}", "quantity": 1, "termDuration": "P3Y"}],
            800009,
            ["lineItems[0]", "P3Y monthly"],
        ),
        (
            [{"catalogItemId": "{item}", "quantity": 1, "renewsTo": {"termDuration": "P1M"}}],
            800009,
            ["lineItems[0].renewsTo", "P1M"],
        ),
        (
            [{"catalogItemId": "{item}", "quantity": 1, "provisioningContext": {"a\0b": "x"}}],
            800002,
            ["attributes_wrong", "attributes"],
        ),
        (
            [{"catalogItemId": "{item}", "quantity": 1, "provisioningContext": {"a": "x" * 201}}],
            800002,
            ["attributes_wrong", "attributes"],
        ),
        (
            [
                {
                    "catalogItemId": "{item}",
                    "quantity": 1,
                    "provisioningContext": {"parentSubscriptionId": "{customer}"},
                }
            ],
            800009,
            ["lineItems[0]", "{customer}"],
        ),
        ([{"catalogItemId": "{item}", "quantity": 1, "additionalPartnerIdsOnRecord": ["1"]}], 800002, None),
        ([{"catalogItemId": "{item}", "quantity": 1}] * 101, 2002, ["quantity_out_of_bounds", "quantity"]),
        (None, 800002, ["lineItems"]),
    ],
)
@pytest.mark.operation("carts.create")
def test_what_no_cart_can_hold_is_refused_whole(
    story: Market, lines: list[dict[str, object]] | None, code: int, data: list[str] | None
) -> None:
    """Each with its number, its place in the body and what was found; nothing is kept."""
    values = {
        "{item}": item(story, "office"),
        "{office}": str(story.shop.offers["office"].pk),
        "{customer}": str(story.cast.aoba.pk),
    }

    def filled(value: object) -> Any:  # noqa: ANN401  (JSON)
        if isinstance(value, str):
            return functools.reduce(lambda text, pair: text.replace(*pair), values.items(), value)
        if isinstance(value, list):
            return [filled(one) for one in value]
        return {name: filled(one) for name, one in value.items()} if isinstance(value, dict) else value

    told = api_of(story.cast.mei).post(
        f"/v1/customers/{story.cast.aoba.pk}/carts", {"lineItems": filled(lines)}
    )

    assert (told.status, told.body["code"]) == (400, code)
    assert data is None or told.body["data"] == filled(data)
    assert not Cart.objects.exists()


@pytest.mark.operation("carts.create")
def test_the_term_and_billing_that_a_line_names(story: Market) -> None:
    """Another term of the same SKU, where the line says so: one availability of the old language holds several."""
    cast = story.cast
    api = api_of(cast.mei)

    told = api.post(
        f"/v1/customers/{cast.aoba.pk}/carts",
        {
            "lineItems": [
                line(story, "office", 1, termDuration="P1Y", billingCycle="annual"),
                line(story, "office", 1, termDuration="p1m", billingCycle="unknown"),
                line(story, "office", 1, termDuration="P1M", billingCycle=1),
            ]
        },
    )

    assert [
        (row["catalogItemId"], row["termDuration"], row["billingCycle"]) for row in told.body["lineItems"]
    ] == [
        (item(story, "office prepaid"), "P1Y", "annual"),
        (item(story, "office monthly"), "P1M", "monthly"),
        (item(story, "office monthly"), "P1M", "monthly"),
    ]


@pytest.mark.operation("carts.create", "carts.checkout")
def test_the_same_request_again_makes_one_cart_and_one_order(story: Market) -> None:
    """Same MS-RequestId: the first answer, byte for byte (G-32)."""
    cast = story.cast
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"
    body = {"lineItems": [line(story, "office", 5)]}
    once = "11111111-1111-4111-8111-111111111111"

    made = [api.post(base, body, MS_RequestId=once) for _ in range(2)]
    assert made[0].content == made[1].content
    path = f"{base}/{Cart.objects.get().pk}/checkout"
    done = [api.post(path, MS_RequestId=once) for _ in range(2)]

    assert done[0].content == done[1].content
    assert {answer.status for answer in [*made, *done]} == {201}
    assert Order.objects.count() == 1


@pytest.mark.operation("carts.create", "carts.update")
def test_the_ids_of_a_sandbox_name_nobody_outside(story: Market) -> None:
    """The same membership ID may be made up in a sandbox; a reseller without one stays on a cart that a page began.

    Planted fault: the ID looked up in all families, and the sandbox's organisation stands before Kawase.
    """
    cast = story.cast
    sandbox = Family.objects.create(name="sandbox", is_sandbox=True)
    elsewhere = found(sandbox, "Kawase in the sandbox", "kawase.sandbox.example", Capacity.RESELLER)
    OrganizationProfile.objects.create(
        id=uuid.UUID(int=1),
        membership_id=RESELLER,
        name="Kawase",
        country_id="JP",
        owner=elsewhere,
        sandbox=sandbox,
    )
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/carts"
    body = {
        "partnerOnRecordAttestationAccepted": True,
        "lineItems": [line(story, "office", 1, participants=THROUGH_KAWASE)],
    }
    assert api.post(base, body).status == 201
    OrganizationProfile.objects.filter(owner=cast.kawase).update(inactive_since=day_in_japan())
    begun = cart_of(story, cast.mei, ("office", 5))
    path = f"{base}/{begun.pk}"

    read = api.get(path).body
    kept = api.put(path, read)

    assert "participants" not in read["lineItems"][0]
    assert kept.status == 201
    begun.refresh_from_db()
    assert begun.reseller == cast.kawase
    OrganizationProfile.objects.filter(owner=cast.kawase).delete()
    told = api.post(base, body)
    assert (told.status, told.body["code"]) == (404, 800015)
