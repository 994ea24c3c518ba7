"""A reseller's cart becomes a request; both sides answer on the same page (C-06)."""

import pytest
from django.urls import reverse

from tests.cast import Cast, browser_of, partner
from tests.orders.story import cart_of, market
from tests.orders.test_order_pages import MISSING, RULES, checkout
from toiya.core.permissions import Capacity
from toiya.directory.actors import bystander_for
from toiya.directory.tenants import vet
from toiya.mail.models import OutgoingMail
from toiya.orders.models import Cart, Order, OrderRequest, OrderRequestState


@pytest.mark.requirement("S-099")
@pytest.mark.goal("G-05")
def test_a_reseller_asks_and_each_side_sees_its_own_prices(cast: Cast) -> None:
    """Planted faults: ``visible_to`` of OrderRequest without its filter; ``may_approve`` for the reseller."""
    story = market(cast)
    kai, mei = browser_of(cast.kai), browser_of(cast.mei)
    page = kai.get(reverse("orders:choose", args=[cast.aoba.pk])).content.decode()
    assert "when a customer buys new subscriptions or adds licenses to existing ones" in page
    cart_of(story, cast.kai, ("office", 10))
    sent = checkout(kai, story, note="Friday please")
    request = OrderRequest.objects.get()
    path = reverse("orders:request", args=[request.pk])
    assert sent["Location"] == path
    assert browser_of(cast.yui).get(path).status_code == 404
    assert (
        browser_of(cast.jun).post(reverse("orders:approve", args=[request.pk]), {"version": "1"}).status_code
        == 404
    )
    assert kai.post(reverse("orders:approve", args=[request.pk]), {"version": "1"}).status_code == 403
    asked = mei.get(path).content.decode()
    assert "Friday please" in asked
    assert "¥10,000" in asked  # what Hinode pays; Kawase does not see it
    assert "¥10,000" not in kai.get(path).content.decode()
    approve = f'action="{reverse("orders:approve", args=[request.pk])}"'
    assert (approve in asked, approve in kai.get(path).content.decode()) == (True, False)


# The customer is not there for the reseller any more, or a suspended reseller asks for nothing.
STOPPED_BEFORE = {"reseller's relationship", "reseller suspended"}


@pytest.mark.requirement("S-069", "S-076", "S-077", "N-16", "N-40")
@pytest.mark.parametrize("missing", [name for name in {**MISSING, **RULES} if name not in STOPPED_BEFORE])
def test_a_reseller_that_asks_is_told_what_is_missing_and_keeps_its_cart(cast: Cast, missing: str) -> None:
    """Planted faults: each ``raise`` of ``must_reach`` taken out makes its case fail; a suspended provider's own people
    are stopped before they come so far, so that their case shows here alone.
    """
    story = market(cast)
    cart_of(story, cast.kai, ("office", 10))
    kai = browser_of(cast.kai)
    spoil, told = {**MISSING, **RULES}[missing]
    spoil(cast)

    answer = checkout(kai, story)

    assert answer.status_code == 409
    assert told in answer.content.decode()
    assert OrderRequest.objects.count() == 0
    assert Cart.objects.get().checked_out_at is None


def test_the_provider_offers_something_else_and_the_reseller_accepts(cast: Cast) -> None:
    story = market(cast)
    kai, mei = browser_of(cast.kai), browser_of(cast.mei)
    cart_of(story, cast.kai, ("office", 10))
    checkout(kai, story)
    request = OrderRequest.objects.get()
    path = reverse("orders:request", args=[request.pk])
    change = reverse("orders:change", args=[request.pk])
    assert mei.get(change).status_code == 200
    offered = {
        "version": "1",
        "quantity_1": "8",
        "offer_1": str(story.shop.offers["premium"].pk),
        "note": "Premium costs less this month.",
    }
    assert mei.post(change, {**offered, "quantity_1": "0"}).status_code == 409
    assert mei.post(change, offered).status_code == 302
    stale = mei.post(change, offered)
    assert stale.status_code == 412
    assert "Premium costs less this month." in stale.content.decode()
    answer = kai.get(path).content.decode()
    assert "asked for: 10" in answer
    assert "Accept the change" in answer
    assert kai.post(reverse("orders:accept", args=[request.pk]), {"version": "2"}).status_code == 302

    request.refresh_from_db()
    order = Order.objects.get()
    assert (request.state, request.order_id) == (OrderRequestState.APPROVED, order.pk)
    assert kai.get(reverse("orders:order", args=[order.pk])).status_code == 200
    assert [row["state"] for row in mei.get(reverse("orders:requests")).context["rows"]] == ["Approved"]
    file = kai.get(reverse("orders:export_requests", args=["csv"])).content.decode()
    assert "アオバ工業" in file


@pytest.mark.requirement("S-069", "S-076", "S-077", "N-16", "N-40")
@pytest.mark.parametrize(
    "missing", [name for name in {**MISSING, **RULES} if name != "reseller's relationship"]
)
def test_an_approval_names_what_is_missing_and_the_request_stays_open(cast: Cast, missing: str) -> None:
    """The provider sees the request, so it is told; it never sees more of the customer than that."""
    story = market(cast)
    cart_of(story, cast.kai, ("office", 10))
    checkout(browser_of(cast.kai), story)
    request = OrderRequest.objects.get()
    spoil, told = {**MISSING, **RULES}[missing]
    spoil(cast)

    answer = browser_of(cast.mei).post(reverse("orders:approve", args=[request.pk]), {"version": "1"})

    assert answer.status_code in {403, 409}
    assert told in answer.content.decode()
    request.refresh_from_db()
    assert (request.state, request.version, Order.objects.count()) == (OrderRequestState.OPEN, 1, 0)


def test_an_amount_is_set_and_a_decline_needs_its_reason(cast: Cast) -> None:
    story = market(cast)
    mei = browser_of(cast.mei)
    automatic = reverse("orders:automatic", args=[cast.kawase.pk])
    assert browser_of(cast.sora).get(automatic).status_code == 403
    assert browser_of(cast.jun).get(automatic).status_code == 404
    wrong = mei.post(automatic, {"version": "0", "limit": "much", "currency": "JPY"})
    assert wrong.status_code == 400
    assert 'value="much"' in wrong.content.decode()
    assert mei.post(automatic, {"version": "0", "limit": "5,000", "currency": "JPY"}).status_code == 302
    assert mei.post(automatic, {"version": "0", "limit": "9,000", "currency": "JPY"}).status_code == 412
    cart_of(story, cast.kai, ("office", 4))
    checkout(browser_of(cast.kai), story)
    cart_of(story, cast.kai, ("office", 5))
    checkout(browser_of(cast.kai), story)
    passed, waits = OrderRequest.objects.order_by("number")
    assert (passed.is_automatic, waits.state) == (True, OrderRequestState.OPEN)
    decline = reverse("orders:decline", args=[waits.pk])
    assert mei.post(decline, {"version": "1", "reason": " "}).status_code == 400
    assert mei.post(decline, {"version": "1", "reason": "no budget"}).status_code == 302
    assert OutgoingMail.objects.filter(
        message="orders/request_declined", context__reason="no budget"
    ).exists()


def test_a_provider_that_resells_too_tells_apart_what_it_made_and_received(cast: Cast) -> None:
    """Planted faults: the list forgets the side; everybody has the filter."""
    story = market(cast)
    kai, mei = browser_of(cast.kai), browser_of(cast.mei)
    cart_of(story, cast.kai, ("office", 10))
    checkout(kai, story)
    received = OrderRequest.objects.get()
    assert 'name="side"' not in mei.get(reverse("orders:requests")).content.decode()
    vet(cast.hinode, Capacity.RESELLER, bystander_for(cast.hinode, kind="test"))
    made = OrderRequest.objects.create(
        tenant=cast.hinode,
        provider=cast.midori,
        partnership=partner(cast.midori, cast.hinode),
        customer=cast.aoba,
        number=1,
        requested_by=cast.mei,
        created_at=received.created_at,
    )

    def found(**query: str) -> set[str]:
        page = mei.get(reverse("orders:requests"), query).content.decode()
        assert 'name="side"' in page
        return {str(row.pk) for row in (made, received) if reverse("orders:request", args=[row.pk]) in page}

    assert found() == {str(made.pk), str(received.pk)}
    assert found(side="made") == {str(made.pk)}
    assert found(side="received") == {str(received.pk)}
    rows = mei.get(reverse("orders:export_requests", args=["csv"]), {"side": "made"}).content.decode()
    assert ("ミドリ流通" in rows, "カワセシステムズ" in rows) == (True, False)
