"""Toiya's own: order requests over the API, from both sides."""

import uuid

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.selling import item, line, open_market
from tests.api.speaking import TOKEN, Told, api_of, api_of_application
from tests.cast import Cast, browser_of, hire
from tests.orders.story import Market
from toiya.core.permissions import Role
from toiya.orders.models import Cart, Order, OrderRequest
from toiya.relations.models import Partnership

REQUESTS = "/v1/toiya/orderRequests"


@pytest.fixture
def story(cast: Cast) -> Market:
    """Hinode and Kawase are partners and serve Aoba; the shop is open."""
    return open_market(cast)


def asked(story: Market, *lines: dict[str, object], note: str = "") -> Told:
    """Kawase's program asks Hinode."""
    api = api_of_application(story.cast.kawase, Role.SALES_AGENT)
    body = {"customerId": str(story.cast.aoba.pk), "lines": list(lines), "note": note}
    return api.post(REQUESTS, body)


@pytest.mark.operation(
    "toiya.order_requests.create",
    "toiya.order_requests.get",
    "toiya.order_requests.list",
)
def test_a_program_asks_and_the_provider_reads(
    story: Market, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One price is known to both, the others to one side each (G-05); the page shows the same request.

    Plant: ``edges_of`` asked for the provider whoever reads, and Kawase sees Hinode's cost.
    """
    made = asked(story, line(story, "office", 5, id=7, friendlyName="Sales team"), note="By Friday")

    assert made.status == 201, made.body
    told = made.body
    path = f"{REQUESTS}/{told['id']}"
    line_of = told["lines"][0]
    assert (told["number"], told["status"], told["side"], told["note"]) == (1, "open", "made", "By Friday")
    assert {key: line_of[key] for key in ("id", "catalogItemId", "quantity", "friendlyName", "skuName")} == {
        "id": 7,
        "catalogItemId": item(story, "office"),
        "quantity": 5,
        "friendlyName": "Sales team",
        "skuName": "Office Standard",
    }
    kai, mei = api_of(story.cast.kai), api_of(story.cast.mei)
    assert kai.get(path).body == told
    received = mei.get(path).body
    (theirs,) = received["lines"]
    assert received["side"] == "received"
    assert "requestedBy" not in received
    assert theirs["youArePaid"] == line_of["youPay"] == line_of["agreedPrice"] == theirs["agreedPrice"]
    assert (
        len({price["amount"] for price in (theirs["youPay"], line_of["youPay"], line_of["youArePaid"])}) == 3
    )
    assert told["amount"] == received["amount"]
    assert (
        "By Friday"
        in browser_of(story.cast.mei).get(reverse("orders:request", args=[told["id"]])).content.decode()
    )
    for asking in (kai, mei):
        with django_assert_num_queries(TOKEN + 1):
            (short,) = asking.get(REQUESTS).body["items"]
        assert short == {key: value for key, value in asking.get(path).body.items() if key != "lines"}
    assert mei.get(f"{REQUESTS}?side=made").body["items"] == []
    assert mei.get(f"{REQUESTS}?state=declined").body["items"] == []
    assert mei.get(f"{REQUESTS}?state=green").body["code"] == 800002


@pytest.mark.operation("toiya.order_requests.approve")
def test_approved_it_is_an_order_once(story: Market) -> None:
    """Both find the order; a stale etag and a second approval change nothing."""
    path = f"{REQUESTS}/{asked(story, line(story, 'office', 5)).body['id']}"
    kai, mei = api_of(story.cast.kai), api_of(story.cast.mei)

    stale = mei.post(f"{path}/approve", If_Match='"9"')
    approved = mei.post(f"{path}/approve")

    assert (stale.status, stale.body["code"]) == (400, 2055)
    assert (approved.status, approved.body["status"]) == (200, "approved"), approved.body
    order = Order.objects.get()
    assert approved.body["orderId"] == str(order.pk)
    assert kai.get(f"/v1/customers/{story.cast.aoba.pk}/orders/{order.pk}").status == 200
    assert mei.post(f"{path}/approve").body["data"] == ["request_settled"]


def test_statements_of_one_request_do_not_grow_with_its_lines(story: Market) -> None:
    """As many for three lines as for one. Plant: the product of each line read by itself."""
    from django.db import connection  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    one = asked(story, line(story, "office", 5)).body
    three = asked(
        story, line(story, "office", 5), line(story, "premium", 5), line(story, "office monthly", 5)
    ).body
    kai, counts = api_of(story.cast.kai), []
    for told in (one, three):
        with CaptureQueriesContext(connection) as counted:
            assert kai.get(f"{REQUESTS}/{told['id']}").status == 200
        counts.append(len(counted))
    assert counts[0] == counts[1]


@pytest.mark.operation("toiya.order_requests.change", "toiya.order_requests.accept")
def test_the_provider_offers_something_else(story: Market) -> None:
    """Another quantity and another offer; what was asked stays beside it; accepted, it is the order.

    Plant: the change kept without the alternatives' check, and an offer of nobody is accepted.
    """
    told = asked(story, line(story, "office", 5), line(story, "storage", 1)).body
    path = f"{REQUESTS}/{told['id']}"
    mei, kai = api_of(story.cast.mei), api_of(story.cast.kai)
    for wrong in (
        [{"id": 9, "quantity": 1}],
        [{"quantity": 1}],
        [{"id": 0, "quantity": -1}],
        [{"id": 0, "quantity": 10**30}],
        [{"id": 10**30}],
        [{"id": 0}, {"id": 0}],
        [{"id": 0, "catalogItemId": "a:b:c"}],
        [{"id": 0, "quantity": 0}, {"id": 1, "quantity": 0}],
    ):
        assert mei.post(f"{path}/change", {"lines": wrong}).status == 400, wrong
    assert kai.post(f"{path}/change", {"lines": []}).status == 403

    changed = mei.post(
        f"{path}/change",
        {
            "lines": [
                {"id": 0, "quantity": 3, "catalogItemId": item(story, "premium")},
                {"id": 1, "quantity": 0},
            ],
            "note": "Premium is in stock",
        },
    )

    assert (changed.status, changed.body["status"]) == (200, "changed"), changed.body
    (left,) = changed.body["lines"]
    assert (left["quantity"], left["askedQuantity"], left["catalogItemId"]) == (3, 5, item(story, "premium"))
    assert kai.get(path).body["answerNote"] == "Premium is in stock"
    assert mei.post(f"{path}/approve").body["data"] == ["request_settled"]
    accepted = kai.post(f"{path}/accept")
    assert (accepted.status, accepted.body["status"]) == (200, "approved"), accepted.body
    assert Order.objects.get().lines.get().quantity == 3


@pytest.mark.operation("toiya.order_requests.decline", "toiya.order_requests.withdraw")
def test_no_and_never_mind(story: Market) -> None:
    """A reason is needed; who withdraws was asked nothing. Others find nothing; who may not is told its roles."""
    first, second = (asked(story, line(story, "office", 5)).body for _once in range(2))
    mei, kai = api_of(story.cast.mei), api_of(story.cast.kai)
    path, other = (f"{REQUESTS}/{told['id']}" for told in (first, second))
    for outsider in (story.cast.yui, story.cast.jun):
        api = api_of(outsider)
        assert api.get(path).body == api.get(f"{REQUESTS}/{uuid.uuid4()}").body
    assert api_of(story.cast.jun).post(f"{path}/approve").status == 404
    assert api_of(story.cast.yui).post(f"{path}/withdraw").status == 404
    nao = api_of(hire(story.cast.hinode, "Nana", Role.HELPDESK_AGENT))
    refused = nao.post(f"{path}/decline", {"reason": "no"})
    assert (refused.status, refused.body["code"]) == (403, 900150)
    assert api_of(story.cast.riku).get(REQUESTS).status == 403
    assert mei.post(f"{path}/decline", {}).body["data"] == ["reason_missing", "reason"]
    assert mei.post(f"{path}/decline", {"reason": "x" * 1001}).body["code"] == 800002

    declined = mei.post(f"{path}/decline", {"reason": "品切れ"}).body
    withdrawn = kai.post(f"{other}/withdraw").body

    assert (declined["status"], declined["answerNote"]) == ("declined", "品切れ")
    assert kai.get(path).body["answerNote"] == "品切れ"
    assert withdrawn["status"] == "withdrawn"
    assert mei.get(other).body["status"] == "withdrawn"
    assert kai.post(f"{other}/withdraw").body["data"] == ["request_settled"]


def test_the_same_call_and_the_same_cart_make_one_request(story: Market) -> None:
    """Replayed it answers the same; a cart of the API becomes a request; what is refused leaves no cart behind."""
    kai = api_of(story.cast.kai)
    body = {"customerId": str(story.cast.aoba.pk), "lines": [line(story, "office", 5)]}
    request_id = str(uuid.uuid4())
    first, again = (kai.post(REQUESTS, body, MS_RequestId=request_id) for _once in range(2))
    assert (first.status, first.body) == (201, again.body)
    assert OrderRequest.objects.count() == 1
    cart = kai.post(f"/v1/customers/{story.cast.aoba.pk}/carts", {"lineItems": [line(story, "office", 2)]})
    of_cart = {"customerId": str(story.cast.aoba.pk), "cartId": cart.body["id"], "note": "of a cart"}
    one, two = (kai.post(REQUESTS, of_cart) for _once in range(2))
    assert (one.status, one.body["id"]) == (201, two.body["id"])
    assert [entry["quantity"] for entry in one.body["lines"]] == [2]
    carts = Cart.objects.count()
    for wrong in (
        {},
        {"customerId": body["customerId"]},
        {**body, "lines": []},
        {**body, "lines": [{"catalogItemId": "x", "quantity": 1}]},
        {**body, "lines": [line(story, "office", 0)]},
        {**body, "lines": [line(story, "archive", 1)]},
        {**body, "lines": [line(story, "archive", 1, parentLineId=4)]},
        {**body, "providerId": str(story.cast.midori.pk)},
        {**body, "note": "x" * 1001},
        {**body, "note": "\0"},
    ):
        refused = kai.post(REQUESTS, wrong)
        assert 400 <= refused.status < 500, (wrong, refused.body)
    assert Cart.objects.count() == carts
    assert OrderRequest.objects.count() == 2
    assert api_of(story.cast.mei).post(REQUESTS, body).status == 403
    assert api_of(story.cast.yui).post(REQUESTS, body).body["code"] == 60003
    assert kai.post(REQUESTS, {**of_cart, "cartId": str(uuid.uuid4())}).body["code"] == 800008


@pytest.mark.operation("toiya.automatic_approval.get", "toiya.automatic_approval.update")
def test_what_passes_by_itself(story: Market, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Set by the API, shown on the page; a request under it is an order at once. The reseller does not see it.

    Plant: the limit taken in minor units of another currency.
    """
    partnership = Partnership.objects.get()
    path = f"/v1/toiya/partnerships/{partnership.pk}/automaticApproval"
    mei = api_of(story.cast.mei)
    with django_assert_num_queries(TOKEN + 3):
        nothing = mei.get(path).body
    assert nothing["currencies"] == ["JPY"]
    assert "limit" not in nothing

    limit = {"amount": "100000", "currency": "JPY"}
    told = mei.put(path, {"limit": limit, "attributes": nothing["attributes"]})

    assert (told.status, told.body["limit"]) == (200, limit), told.body
    page = browser_of(story.cast.mei).get(reverse("orders:automatic", args=[story.cast.kawase.pk]))
    assert 'value="100000"' in page.content.decode()
    made = asked(story, line(story, "office", 5)).body
    assert (made["status"], made["isAutomatic"]) == ("approved", True)
    assert made["orderId"] == str(Order.objects.get().pk)
    assert mei.put(path, {"attributes": nothing["attributes"]}).body["code"] == 2055
    for wrong in ({"amount": "-1", "currency": "JPY"}, {"amount": "1e40", "currency": "JPY"},
                  {"amount": "x", "currency": "JPY"}, {"amount": "1", "currency": "EUR"}, {"amount": "1"}):  # fmt: skip
        assert mei.put(path, {"limit": wrong}).status == 400, wrong
    assert "limit" not in mei.put(path, {}).body
    assert asked(story, line(story, "office", 5)).body["status"] == "open"
    assert api_of(story.cast.kai).get(path).status == 403
    assert (
        api_of(story.cast.jun).get(path).body
        == mei.get(path.replace(str(partnership.pk), str(uuid.uuid4()))).body
    )
    assert api_of(story.cast.sora).put(path, {}).body["code"] == 900150
