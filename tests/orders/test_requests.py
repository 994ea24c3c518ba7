"""A reseller asks, its provider answers (C-06): the rules; the pages stand in test_request_pages.py."""

import pytest

from tests.cast import Cast, actor_of
from tests.orders.story import Market, cart_of, market
from toiya.core.errors import NotVisible
from toiya.core.money import UnitPrice
from toiya.mail.models import OutgoingMail
from toiya.orders.errors import PriceRose, RequestSettled
from toiya.orders.models import Order, OrderRequest, OrderRequestState, OrderState
from toiya.orders.requests import (
    ChangedLine,
    accept_change,
    approve_request,
    change_request,
    decline_request,
    send_request,
    set_automatic_approval,
    withdraw_request,
)
from toiya.pricing.models import PriceRule
from toiya.relations.models import Partnership


def requested(story: Market, *offers: tuple[str, int], note: str = "") -> OrderRequest:
    """Kai of Kawase asks Hinode to order these for Aoba."""
    cart = cart_of(story, story.cast.kai, *offers)
    return send_request(actor_of(story.cast.kai), cart=cart, version=cart.version, note=note)


def test_a_request_is_changed_accepted_and_becomes_one_order(cast: Cast) -> None:
    story = market(cast)
    kai, mei = actor_of(cast.kai), actor_of(cast.mei)
    request = requested(story, ("office", 10), note="until Friday")
    assert (request.amount_minor, request.currency) == (12_000, "JPY")
    with pytest.raises(NotVisible):
        approve_request(actor_of(cast.jun), request=request, version=1)

    offered = ChangedLine(quantity=8, availability=story.shop.offers["premium"])
    change_request(mei, request=request, version=1, lines={1: offered}, note="premium is cheaper now")
    with pytest.raises(RequestSettled):
        approve_request(mei, request=request, version=2)
    order = accept_change(kai, request=request, version=2)

    assert [(line.availability.sku.code, line.quantity) for line in order.lines.all()] == [("premium", 8)]
    assert (order.state, order.ordered_by_id, order.request) == (OrderState.COMPLETED, cast.mei.pk, request)
    assert request.lines.get().asked_quantity == 10
    with pytest.raises(RequestSettled):
        withdraw_request(kai, request=request, version=request.version)
    assert Order.objects.count() == 1
    told = dict.fromkeys(OutgoingMail.objects.order_by("due_at").values_list("message", flat=True))
    assert list(told)[:3] == ["orders/requested", "orders/request_changed", "orders/settled"]
    assert "orders/request_accepted" in told


@pytest.mark.parametrize(("limit", "passes"), [(12_000, True), (11_999, False)])
def test_a_request_under_the_amount_passes_by_itself(cast: Cast, limit: int, *, passes: bool) -> None:
    story = market(cast)
    set_automatic_approval(
        actor_of(cast.mei), partnership=Partnership.objects.get(), limit=UnitPrice(limit, 0, "JPY"), version=0
    )

    request = requested(story, ("office", 10))

    assert request.is_automatic is passes
    assert request.state == (OrderRequestState.APPROVED if passes else OrderRequestState.OPEN)
    assert Order.objects.filter(tenant=cast.hinode, ordered_by_id=None).count() == int(passes)


def test_nobody_pays_more_than_agreed_and_a_no_has_its_reason(cast: Cast) -> None:
    story = market(cast)
    mei = actor_of(cast.mei)
    request = requested(story, ("office", 10))
    PriceRule.objects.filter(tenant=cast.hinode).update(percent=3000)
    with pytest.raises(PriceRose):
        approve_request(mei, request=request, version=1)
    request.refresh_from_db()
    assert (request.state, request.version, Order.objects.count()) == (OrderRequestState.OPEN, 1, 0)

    decline_request(mei, request=request, version=1, reason="no budget")

    assert OutgoingMail.objects.filter(
        message="orders/request_declined", context__reason="no budget"
    ).exists()
