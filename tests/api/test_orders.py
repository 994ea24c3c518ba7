"""Orders over the API: placed, read by each of the chain, enlarged, taken back."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import RESELLER, item, link, member, open_market
from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, browser_of, found, hire, relate
from tests.commerce import rule, subscribed
from tests.orders.story import Market, ordered
from toiya.audit.models import AuditRecord
from toiya.catalogue.models import Sku
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Person
from toiya.fulfilment.models import Connector, ConnectorKind
from toiya.orders.models import Order, OrderLine, OrderState
from toiya.pricing.models import PriceBasis
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription, SubscriptionState

# An order of one line over the API, with its request id: 17 write (two mails among them), 19 read, four open and close
# what can be undone (two of them are the test's). Each line more writes eight and asks who wants to hear of it; a
# parent is read three times (as it is named, among what the customer has, and when the add-on is there), and with a
# second product all pools are held.
OF_AN_ORDER, OF_A_LINE, PARENT, POOLS = 40, 9, 3, 1


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def bought(story: Market, name: str, quantity: int, **more: Any) -> dict[str, Any]:
    """A line of an order."""
    return {"offerId": item(story, name), "quantity": quantity, **more}


def test_how_many_statements_an_order_has(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """What is read is read once, however many lines there are; each line writes its own rows.

    Plant: the lines read again for their mails, and one more is counted.
    """
    api, base = api_of(story.cast.mei), f"/v1/customers/{story.cast.aoba.pk}/orders"
    one, other = bought(story, "office", 5), bought(story, "archive", 3)
    first = api.post(base, {"lineItems": [one]}).body
    other["parentSubscriptionId"] = first["lineItems"][0]["subscriptionId"]
    api.post(base, {"lineItems": [other]})

    with django_assert_num_queries(OF_AN_ORDER):
        assert api.post(base, {"lineItems": [one]}, **{"MS-RequestId": str(uuid.uuid4())}).status == 201
    with django_assert_num_queries(OF_AN_ORDER + OF_A_LINE + PARENT + POOLS):
        assert (
            api.post(base, {"lineItems": [one, other]}, **{"MS-RequestId": str(uuid.uuid4())}).status == 201
        )


@pytest.mark.operation("orders.create", "orders.get")
def test_an_order_through_a_reseller(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The whole answer, read back by both tiers, each with what it pays; the pages and the log have it too.

    Plant: the provider's edge for everybody, and Kai reads Hinode's cost.
    """
    cast, shop = story.cast, story.shop
    api, base = api_of(cast.mei), f"/customers/{cast.aoba.pk}"

    told = api.post(
        f"/v1{base}/orders",
        {
            "ReferenceCustomerId": str(cast.aoba.pk).upper(),
            "BillingCycle": "Monthly",
            "PartnerOnRecordAttestationAccepted": True,
            "Status": None,
            "LineItems": [
                bought(
                    story,
                    "office",
                    5,
                    lineItemNumber=0,
                    friendlyName="Everybody",
                    partnerIdOnRecord=RESELLER,
                    termDuration="P1Y",
                )
            ],
        },
    )

    order, held = Order.objects.get(), Subscription.objects.get()
    product = f"{base}/products/{shop.product.pk}"
    office = shop.offers["office"]
    at = f"{base}/orders/{order.pk}"
    expected = {
        "id": str(order.pk),
        "alternateId": "1",
        "referenceCustomerId": str(cast.aoba.pk),
        "billingCycle": "monthly",
        "currencyCode": "JPY",
        "currencySymbol": "¥",
        "lineItems": [
            {
                "lineItemNumber": 0,
                "offerId": item(story, "office"),
                "subscriptionId": str(held.pk),
                "termDuration": "P1Y",
                "renewsTo": {"termDuration": "P1Y"},
                "transactionType": "New",
                "friendlyName": "Everybody",
                "quantity": 5,
                "pricing": {"listPrice": 1000, "discountedPrice": 1000, "price": 1000, "extendedPrice": 5000},
                "partnerIdOnRecord": RESELLER,
                "links": {
                    "subscription": link(f"{base}/subscriptions/{held.pk}"),
                    "product": link(product),
                    "sku": link(f"{product}/skus/{shop.office.pk}"),
                    "availability": link(f"{product}/skus/{shop.office.pk}/availabilities/{office.pk}"),
                    "provisioningStatus": link(f"{at}/provisioningstatus"),
                },
                "attributes": {"objectType": "OrderLineItem"},
            }
        ],
        "creationDate": order.created_at.isoformat().replace("+00:00", "Z"),
        "status": "completed",
        "transactionType": "UserPurchase",
        "totalPrice": 5000,
        "partnerOnRecordAttestationAccepted": True,
        "links": {
            "self": link(at),
            "provisioningStatus": link(f"{at}/provisioningstatus"),
            "patchOperation": link(at, "PATCH"),
        },
        "attributes": {"objectType": "Order", "etag": "1"},
    }
    assert (told.status, told.body) == (201, expected)
    with django_assert_num_queries(4):
        assert api.get(f"/v1{at}?include_price=True").body == expected
    line: dict[str, Any] = told.body["lineItems"][0]
    bare = {key: value for key, value in expected.items() if key != "totalPrice"}
    unpriced = {key: value for key, value in line.items() if key != "pricing"}
    assert api.get(f"/v1{at}").body == bare | {"lineItems": [unpriced]}
    for reader in (api_of(cast.kai), api_of_application(cast.kawase, Role.HELPDESK_AGENT)):
        theirs = reader.get(f"/v1{at}?includePrice=true").body
        assert theirs["totalPrice"] == 6000
        assert theirs["lineItems"][0]["pricing"] == {
            "listPrice": 1200,
            "discountedPrice": 1200,
            "price": 1200,
            "extendedPrice": 6000,
        }
    assert "Everybody" in browser_of(cast.mei).get(reverse("orders:order", args=[order.pk])).content.decode()
    assert held.reseller == cast.kawase
    record = AuditRecord.objects.get(action="create_order")
    assert (record.actor_id, record.after["lines"]) == (cast.mei.pk, ["standard x 5"])


@pytest.mark.operation("orders.list")
def test_the_orders_of_a_customer(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """What the page ordered, the latest first, by billing and by reseller; a foreign currency is the reader's own."""
    cast = story.cast
    first = ordered(story, ("office", 1))
    second = ordered(story, ("office prepaid", 2))
    third = ordered(story, ("office", 1), ("setup", 1))
    api, path = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/orders"

    def numbers(query: str = "") -> list[str]:
        return [row["alternateId"] for row in api.get(path + query).body["items"]]

    with django_assert_num_queries(4):
        assert numbers() == ["3", "2", "1"]
    assert api.get(path).body["links"] == {"self": link(path.removeprefix("/v1"))}
    assert numbers("?billingType=Monthly") == ["1"]
    assert numbers("?billingType=annual") == ["2"]
    assert numbers("?billingType=OneTime") == []
    assert numbers("?billingType=unknown") == ["3"]
    assert numbers(f"?indirectResellerId={cast.kawase.pk}") == ["3", "2", "1"]
    assert numbers(f"?indirectResellerId={cast.yamabuki.pk}") == []
    assert api.get(f"{path}?billingType=weekly").body["data"] == ["billingType"]
    priced = api.get(f"{path}?include_price=true").body["items"]
    assert [row["totalPrice"] for row in priced] == [51000, 23000, 1000]
    assert priced[2] == api.get(f"{path}/{first.pk}?include_price=true").body
    rule(
        cast.hinode,
        Capacity.PROVIDER,
        PriceBasis.FIXED,
        currency="USD",
        buyer=cast.kawase,
        availability=story.shop.offers["office"],
        fixed_units=1050,
        fixed_scale=2,
    )
    ordered(story, ("office", 3))
    theirs = api_of(cast.kai).get(f"{path}?include_price=true").body["items"][0]
    assert (theirs["currencyCode"], theirs["totalPrice"]) == ("USD", 31.5)
    assert theirs["lineItems"][0]["pricing"]["price"] == 10.5
    Order.objects.exclude(pk__in=[second.pk, third.pk]).update(customer=cast.midori)
    with django_assert_num_queries(4):
        assert numbers() == ["3", "2"]


@pytest.mark.operation("orders.list", "orders.get", "orders.get_provisioning_status", "orders.update")
def test_who_sees_no_order(story: Market) -> None:
    """Another's order, none, and one of another customer are the same 404; a role without sight 403."""
    cast = story.cast
    order = ordered(story, ("office", 1))
    other = found(cast.family, "Beni", "beni.example.com")
    relate(cast.hinode, other)
    base = f"/v1/customers/{cast.aoba.pk}/orders"
    for stranger in (cast.yui, cast.jun):
        api = api_of(stranger)
        assert api.get(base).body["code"] == 60003
        for tail in ("", "/provisioningstatus"):
            answers = [api.get(f"{base}/{name}{tail}") for name in (order.pk, other.pk, "a68736758d9c")]
            assert {(told.status, told.content) for told in answers} == {(404, answers[0].content)}
            assert answers[0].body["code"] == (800007 if tail else 20000)
    elsewhere = api_of(cast.mei).get(f"/v1/customers/{other.pk}/orders/{order.pk}")
    assert (elsewhere.status, elsewhere.body["code"]) == (404, 20000)
    assert api_of(cast.mei).get(f"/v1/customers/{other.pk}/orders").body["items"] == []
    unseen = hire(cast.hinode, "Yu", Role.USER_ADMIN)
    refused = api_of(unseen).get(f"{base}/{order.pk}")
    assert (refused.status, refused.body["code"]) == (403, 900150)
    by_reseller = api_of(cast.kai).patch(f"{base}/{order.pk}", {"status": "cancelled"})
    assert (by_reseller.status, by_reseller.body["code"]) == (403, 800039)
    by_application = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    told = by_application.get(f"{base}/{order.pk}/provisioningstatus")
    assert (told.status, told.body["code"]) == (403, 900329)
    ResellerRelationship.objects.all().delete()
    assert api_of(cast.mei).get(f"{base}/{order.pk}").status == 200
    assert api_of(cast.mei).get(base).body["totalCount"] == 1


@pytest.mark.operation("orders.create")
def test_an_order_by_the_id_of_an_offer_and_an_add_on_of_what_is_there(story: Market) -> None:
    """The legacy catalogue's id is enough; the add-on names its subscription. Reseller none: sold by the provider."""
    cast = story.cast
    api, path = api_of_application(cast.hinode, Role.SALES_AGENT), f"/v1/customers/{cast.aoba.pk}/orders"
    first = api.post(
        path, {"lineItems": [{"offerId": str(story.shop.offers["office"].pk), "quantity": 5}]}
    ).body
    assert "partnerIdOnRecord" not in first["lineItems"][0]
    parent = first["lineItems"][0]["subscriptionId"]

    told = api.post(path, {"lineItems": [bought(story, "archive", 3, parentSubscriptionId=parent)]})

    (line,) = told.body["lineItems"]
    assert (told.status, line["parentSubscriptionId"], line["offerId"]) == (
        201,
        parent,
        item(story, "archive"),
    )
    made = Subscription.objects.get(pk=line["subscriptionId"])
    assert (str(made.parent_id), made.quantity) == (parent, 3)
    assert AuditRecord.objects.filter(action="create_order").latest("at").customer_id == cast.aoba.pk


@pytest.mark.operation("orders.update")
def test_add_ons_join_an_order(story: Market) -> None:
    """PATCH with a further line: the order has it, the subscription is there, the log says so; all lines or none.

    Plant: lines of an order that go on although one is refused (``is_whole`` false).
    """
    cast = story.cast
    order = ordered(story, ("office", 5))
    held = Subscription.objects.get()
    api, path = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/orders/{order.pk}"
    read = api.get(path).body
    more = bought(story, "archive", 3, lineItemNumber=1, parentSubscriptionId=str(held.pk))

    told = api.patch(path, read | {"lineItems": [*read["lineItems"], more]})

    assert told.status == 200
    assert [row["quantity"] for row in told.body["lineItems"]] == [5, 3]
    assert told.body["lineItems"][1]["parentSubscriptionId"] == str(held.pk)
    assert told.body["attributes"]["etag"] == "2"
    assert api.get(f"{path}?include_price=true").body == told.body
    made = Subscription.objects.get(parent=held)
    assert (made.state, made.order_id, made.reseller) == (SubscriptionState.ACTIVE, order.pk, cast.kawase)
    assert AuditRecord.objects.get(action="update_order").after["lines"] == ["archive x 3"]
    stale = api.patch(path, read | {"lineItems": [more | {"lineItemNumber": 2}]})
    assert (stale.status, stale.body["code"]) == (400, 2055)
    bad = api.patch(
        path, {"lineItems": [more | {"lineItemNumber": 4}, more | {"lineItemNumber": 5, "quantity": 20_000}]}
    )
    assert (bad.status, bad.body["code"]) == (400, 2002)
    assert bad.body["data"] == ["quantity_out_of_bounds", "lineItemNumber 5"]
    assert OrderLine.objects.count() == 2


@pytest.mark.operation("orders.update")
def test_what_an_update_refuses(story: Market) -> None:
    """Each with its number: no such line, another quantity, another billing, nothing left to cancel."""
    cast = story.cast
    order = ordered(story, ("office", 5))
    held = Subscription.objects.get()
    api, path = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/orders/{order.pk}"
    parent = {"parentSubscriptionId": str(held.pk)}

    def refused(body: dict[str, Any]) -> tuple[int, int, list[str]]:
        told = api.patch(path, body)
        return told.status, told.body["code"], told.body["data"]

    assert refused({"lineItems": [bought(story, "office", 5, lineItemNumber=9)]}) == (
        400,
        800071,
        ["lineItems[0]", "9"],
    )
    assert refused({"lineItems": [{"lineItemNumber": 0, "quantity": 6}]}) == (
        400,
        800002,
        ["lineItems[0].quantity", "6"],
    )
    assert refused({"billingCycle": "annual"}) == (400, 6001, ["billingCycle", "annual"])
    too_many = [bought(story, "archive", 20_000, lineItemNumber=1, **parent)]
    assert refused({"lineItems": too_many}) == (
        400,
        2002,
        ["quantity_out_of_bounds", "lineItemNumber 1"],
    )
    assert api.patch(path, {"billingCycle": "monthly", "lineItems": []}).status == 200
    Subscription.objects.update(cancel_until=real_now() - dt.timedelta(days=1))
    assert refused({"status": "cancelled"}) == (400, 900117, ["window_closed"])
    Subscription.objects.update(state=SubscriptionState.SUSPENDED)
    assert refused({"billingCycle": "annual"}) == (400, 6000, ["billingCycle"])
    Subscription.objects.update(state=SubscriptionState.EXPIRED)
    assert refused({"status": "canceled"}) == (400, 800061, ["not_cancellable"])
    assert Order.objects.get().version == 1


@pytest.mark.operation("orders.update")
def test_an_order_is_taken_back(story: Market) -> None:
    """Everything that it bought is given back inside the window, add-ons with their parent; not what it enlarged."""
    cast = story.cast
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/orders"
    made = api.post(
        base,
        {"lineItems": [bought(story, "office", 5), bought(story, "premium", 1)]},
    ).body
    parent = made["lineItems"][0]["subscriptionId"]
    api.patch(
        f"{base}/{made['id']}", {"lineItems": [bought(story, "archive", 1, parentSubscriptionId=parent)]}
    )

    told = api.patch(f"{base}/{made['id']}", {"Status": "Cancelled"})

    assert (told.status, told.body["status"], len(told.body["lineItems"])) == (200, "cancelled", 3)
    assert set(Subscription.objects.values_list("state", flat=True)) == {SubscriptionState.DELETED}
    assert api.get(f"{base}/{made['id']}").body["status"] == "cancelled"
    assert AuditRecord.objects.filter(action="cancel_subscription").count() == 3
    held = subscribed(cast, story.shop, cast.aoba, quantity=5)
    more = api.post(
        base,
        {
            "partnerOnRecordAttestationAccepted": True,
            "lineItems": [
                bought(story, "office", 2, subscriptionId=str(held.pk), partnerIdOnRecord=RESELLER)
            ],
        },
    ).body
    assert more["lineItems"][0]["transactionType"] == "addQuantity"
    refused = api.patch(f"{base}/{more['id']}", {"status": "cancelled"})
    assert (refused.status, refused.body["code"]) == (400, 800061)
    held.refresh_from_db()
    assert (held.quantity, held.state) == (7, SubscriptionState.ACTIVE)


@pytest.mark.operation("orders.get_provisioning_status")
def test_how_far_each_line_is(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Pending while the vendor is asked, fulfilled or not as it answered."""
    cast = story.cast
    slow = Connector.objects.create(
        tenant=cast.operator, code="slow", name="Slow", kind=ConnectorKind.WEBHOOK, created_at=real_now()
    )
    Sku.objects.filter(pk__in=[story.shop.office.pk, story.shop.premium.pk]).update(connector=slow)
    order = ordered(story, ("office", 5), ("setup", 1), ("premium", 2))
    OrderLine.objects.filter(position=3).update(state="failed")
    base = f"/customers/{cast.aoba.pk}/orders/{order.pk}"

    api = api_of(cast.kai)
    with django_assert_num_queries(3):
        told = api.get(f"/v1{base}/provisioningstatus").body

    def status(number: int, quantity: int, word: str) -> dict[str, Any]:
        return {
            "lineItemNumber": number,
            "status": word,
            "quantityProvisioningInformation": [
                {
                    "quantity": quantity,
                    "status": word,
                    "attributes": {"objectType": "QuantityProvisioningStatus"},
                }
            ],
            "attributes": {"objectType": "OrderLineItemProvisioningStatus"},
        }

    assert told == {
        "totalCount": 3,
        "items": [
            status(0, 5, "PrefulfillmentPending"),
            status(1, 1, "Fulfilled"),
            status(2, 2, "Unfulfilled"),
        ],
        "links": {"self": link(f"{base}/provisioningstatus")},
        "attributes": {"objectType": "Collection"},
    }
    assert api_of(cast.kai).get(f"/v1{base}").body["status"] == "pending"
    Order.objects.update(state=OrderState.FAILED)
    assert api_of(cast.kai).get(f"/v1{base}").body["status"] == "error"


@pytest.mark.parametrize(
    ("line", "status", "code", "data"),
    [
        ({"offerId": "{trial}", "quantity": 3}, 400, 2002, ["quantity_out_of_bounds", "lineItemNumber 1"]),
        ({"offerId": "{archive}", "quantity": 3}, 400, 4018, ["parent_missing", "lineItemNumber 1"]),
        ({"offerId": "MS-AZR-0145P", "quantity": 3}, 400, 800004, ["lineItems[1]", "MS-AZR-0145P"]),
        ({"quantity": 3}, 400, 900142, ["lineItems[1]", ""]),
        ({"offerId": "{trial}"}, 400, 800002, ["lineItems[1].quantity", "None"]),
        ({"offerId": "{trial}", "quantity": 1, "lineItemNumber": 0}, 400, 800002, ["lineItems[1]", "0"]),
        ({"offerId": "{trial}", "quantity": 1, "partnerIdOnRecord": "9"}, 404, 800015, ["9"]),
        (
            {"offerId": "{office}", "quantity": 1, "parentSubscriptionId": "\ud800"},
            400,
            800002,
            [],
        ),
        ({"offerId": "{office}", "quantity": "many"}, 400, 800002, ["lineItems[1].quantity"]),
    ],
)
@pytest.mark.operation("orders.create")
def test_every_line_or_none(
    story: Market, line: dict[str, Any], status: int, code: int, data: list[str]
) -> None:
    """The number that clients know, the line, and what was found; nothing is ordered."""
    names = {f"{{{name}}}": item(story, name) for name in story.shop.offers}
    line = line | ({"offerId": names.get(line["offerId"], line["offerId"])} if "offerId" in line else {})

    told = api_of(story.cast.mei).post(
        f"/v1/customers/{story.cast.aoba.pk}/orders",
        {"lineItems": [bought(story, "office", 5, lineItemNumber=0), line]},
    )

    assert (told.status, told.body["code"], told.body["data"]) == (status, code, data)
    assert not Order.objects.exists()
    assert not Subscription.objects.exists()


@pytest.mark.operation("orders.create")
def test_whose_customer_may_be_ordered_for(story: Market) -> None:
    """Relation, partnership, account, role and capacity, each named with its number (S-069, S-076, S-077)."""
    cast = story.cast
    member(cast.yamabuki, "7000002")
    path = f"/v1/customers/{cast.aoba.pk}/orders"
    body = {
        "partnerOnRecordAttestationAccepted": True,
        "lineItems": [bought(story, "office", 1, partnerIdOnRecord=RESELLER)],
    }

    def refused(person: Person = cast.mei, **more: Any) -> tuple[int, int]:
        told = api_of(person).post(path, body | more)
        return told.status, told.body["code"]

    assert refused(referenceCustomerId=str(cast.midori.pk)) == (400, 800002)
    assert refused(partnerOnRecordAttestationAccepted=False) == (400, 900206)
    assert refused(cast.kai) == (403, 800039)
    assert refused(cast.nao) == (403, 900150)
    assert refused(cast.jun) == (404, 60003)
    assert refused(lineItems=[]) == (400, 800009)
    CustomerAccount.objects.all().delete()
    assert refused() == (403, 800073)
    CustomerAccount.objects.create(tenant=cast.aoba)
    ResellerRelationship.objects.filter(partner=cast.kawase).update(ended_at=real_now())
    assert refused() == (400, 800016)
    Partnership.objects.update(ended_at=real_now())
    assert refused() == (404, 800015)
    assert not Order.objects.exists()


@pytest.mark.operation("orders.create", "orders.update")
def test_the_same_request_again_is_one_order(story: Market) -> None:
    """Same MS-RequestId: the first answer; another body 422; the other tenant's id is its own (G-32)."""
    cast = story.cast
    relate(cast.midori, cast.aoba)
    path = f"/v1/customers/{cast.aoba.pk}/orders"
    body = {"lineItems": [bought(story, "office", 1)]}
    once = {"MS_RequestId": "22222222-2222-4222-8222-222222222222"}
    mei, jun = api_of(cast.mei), api_of(cast.jun)

    first, again = mei.post(path, body, **once), mei.post(path, body, **once)
    other = mei.post(path, {"lineItems": [bought(story, "office", 2)]}, **once)
    theirs = jun.post(path, body, **once)

    assert (first.status, first.content) == (again.status, again.content)
    assert (other.status, other.body["code"]) == (422, 800002)
    assert theirs.status == 201
    assert theirs.body["id"] != first.body["id"]
    assert Order.objects.count() == 2
    cancel = {"status": "cancelled"}
    at = f"{path}/{first.body['id']}"
    assert mei.patch(at, cancel, **once).content == mei.patch(at, cancel, **once).content
    assert Subscription.objects.filter(state=SubscriptionState.DELETED).count() == 1
