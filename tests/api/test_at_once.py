"""The same request many times at the same moment: one order, one answer (G-32)."""

import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import LazySettings
from django.db import connection

from tests.api.selling import line, open_market
from tests.api.speaking import Api, Told, api_of
from tests.cast import build_cast, relate
from toiya.orders.models import Cart, Order
from toiya.requests.models import Replay
from toiya.subscriptions.models import Subscription

ROUNDS = 100


def at_once(asks: Sequence[Callable[[], Told]]) -> list[Told]:
    """Everybody asks at the same moment."""
    ready = threading.Barrier(len(asks))

    def one(ask: Callable[[], Told]) -> Told:
        try:
            ready.wait()
            return ask()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(asks)) as pool:
        return list(pool.map(one, asks))


def same(api: Api, path: str, body: object, request_id: str) -> Callable[[], Told]:
    """The request, as it is sent again and again."""
    return lambda: api.post(path, body, MS_RequestId=request_id)


def counted(answers: Sequence[Told]) -> Counter[tuple[int, bytes]]:
    """The answers by status and bytes."""
    return Counter((told.status, told.content) for told in answers)


@pytest.mark.goal("G-32")
@pytest.mark.operation("orders.create", "carts.create", "carts.checkout")
@pytest.mark.django_db(transaction=True)
def test_twenty_of_one_request_are_one_order() -> None:
    """Twenty with one MS-RequestId, and twenty of another provider with the same one: an order each, one answer each.

    Then the same id with another body is refused, and one cart is made and checked out once.

    Planted fault: a key without tenant and application, and the other provider gets the first one's order.
    """
    cast = build_cast()
    story = open_market(cast)
    relate(cast.midori, cast.aoba)
    mei, jun, once = api_of(cast.mei), api_of(cast.jun), str(uuid.uuid4())
    path = f"/v1/customers/{cast.aoba.pk}/orders"
    body = {"lineItems": [{"offerId": str(story.shop.offers["office"].pk), "quantity": 3}]}

    answers = at_once([same(mei, path, body, once), same(jun, path, body, once)] * 20)

    ours, theirs = answers[::2], answers[1::2]
    assert list(counted(ours).values()) == list(counted(theirs).values()) == [20]
    assert {told.status for told in answers} == {201}
    assert {str(order.pk) for order in Order.objects.all()} == {ours[0].body["id"], theirs[0].body["id"]}
    assert Subscription.objects.count() == 2
    other = mei.post(path, {"lineItems": [{**body["lineItems"][0], "quantity": 4}]}, MS_RequestId=once)
    assert (other.status, other.body["code"]) == (422, 800002)
    base = f"/v1/customers/{cast.aoba.pk}/carts"
    filled = at_once([same(mei, base, {"lineItems": [line(story, "office", 1)]}, once)] * 20)
    assert list(counted(filled).values()) == [20]
    done = at_once([same(mei, f"{base}/{filled[0].body['id']}/checkout", None, once)] * 20)
    assert list(counted(done).values()) == [20]
    assert (filled[0].status, done[0].status) == (201, 201)
    again = at_once(
        [same(mei, f"{base}/{filled[0].body['id']}/checkout", None, str(uuid.uuid4())) for _ in range(20)]
    )
    assert list(counted(again).values()) == [20]
    assert again[0].content == done[0].content
    assert (Cart.objects.count(), Order.objects.count()) == (1, 3)
    assert Replay.objects.filter(answer="").count() == 0


@pytest.mark.goal("G-32")
@pytest.mark.proof
@pytest.mark.operation("orders.create")
@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_a_hundred_times(settings: LazySettings) -> None:
    """The goal's own size: in each of 100 rounds 50 of one request are one order with one answer."""
    settings.API_CALLS_PER_MINUTE = 10**6
    cast = build_cast()
    story = open_market(cast)
    api, path = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/orders"
    body = {"lineItems": [{"offerId": str(story.shop.offers["setup"].pk), "quantity": 1}]}
    for number in range(1, ROUNDS + 1):
        answers = at_once([same(api, path, body, str(uuid.UUID(int=number)))] * 50)
        assert list(counted(answers).values()) == [50]
        assert (answers[0].status, Order.objects.count()) == (201, number)
