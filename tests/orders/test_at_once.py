"""Many browsers at the same moment: one order, one answer (G-31, G-32)."""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from tests.cast import actor_of, browser_of, build_cast
from tests.orders.story import cart_of, market
from toiya.directory.models import Tenant
from toiya.licences.models import SeatPool
from toiya.orders.models import Order, OrderRequest, OrderRequestState
from toiya.orders.requests import send_request
from toiya.subscriptions.models import Subscription

BROWSERS = 50
NEW_CUSTOMER = {
    "company": "コハク製作所",
    "reading": "こはくせいさくしょ",
    "latin_name": "Kohaku Works",
    "country": "JP",
    "segment": "commercial",
    "domain": "kohaku.example",
    "name": "森 楓",
    "contact_email": "kaede@kohaku.example",
    "user": "kaede",
    "language": "ja",
    "on_subscriptions": False,
    "is_support_contact": False,
}


def at_once(
    browsers: Sequence[Client], ask: Callable[[int, Client], tuple[int, str]]
) -> Counter[tuple[int, str]]:
    """Everybody asks at the same moment; the answers, counted."""
    ready = threading.Barrier(len(browsers))

    def one(numbered: tuple[int, Client]) -> tuple[int, str]:
        try:
            ready.wait()
            return ask(*numbered)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(browsers)) as pool:
        return Counter(pool.map(one, enumerate(browsers)))


@pytest.mark.goal("G-32")
@pytest.mark.django_db(transaction=True)
def test_fifty_submissions_of_one_cart_are_one_order() -> None:
    """The same key has the same answer, another key is led to the order that is there.

    Planted fault, which shows on PostgreSQL: ``claim_cart`` that reads the cart and then writes it, without the
    condition.
    """
    story = market(build_cast())
    cast = story.cast
    cart = cart_of(story, cast.mei, ("office", 10))
    browsers = [browser_of(cast.mei) for _ in range(BROWSERS)]
    path = reverse("orders:checkout", args=[cast.aoba.pk])
    fields = {"cart": str(cart.pk), "version": str(cart.version), "note": ""}

    def submit(number: int, browser: Client) -> tuple[int, str]:
        answer = browser.post(path, {**fields, "key": "one" if number % 2 else f"other-{number}"})
        return answer.status_code, answer.headers.get("Location", "")

    answers = at_once(browsers, submit)

    order = Order.objects.get()
    assert answers == {(302, reverse("orders:order", args=[order.pk])): BROWSERS}
    assert Subscription.objects.count() == order.lines.count() == order.number == 1
    assert SeatPool.objects.get().seats == 10
    late = browsers[0].post(path, {**fields, "key": order.submission_key, "version": "1"})
    assert late.status_code == 422
    assert Order.objects.count() == 1


@pytest.mark.goal("G-31")
@pytest.mark.django_db(transaction=True)
def test_a_request_that_is_approved_and_withdrawn_at_once_has_one_end() -> None:
    """Planted fault: ``_settle`` without state and version in its condition."""
    story = market(build_cast())
    cast = story.cast
    cart = cart_of(story, cast.kai, ("office", 10))
    request = send_request(actor_of(cast.kai), cart=cart, version=cart.version, note="")
    sides = [
        (cast.mei, "approve"),
        (cast.kai, "withdraw"),
        (cast.sora, "approve"),
        (cast.kai, "withdraw"),
    ] * 3
    browsers = [browser_of(person) for person, _act in sides]

    def answer(number: int, browser: Client) -> tuple[int, str]:
        path = reverse(f"orders:{sides[number][1]}", args=[request.pk])
        return browser.post(path, {"version": "1"}).status_code, sides[number][1]

    answers = at_once(browsers, answer)

    won = [act for (status, act), count in answers.items() if status == 302 for _ in range(count)]
    request.refresh_from_db()
    assert len(won) == 1
    assert {status for status, _act in answers} == {302, 409}
    approved = won == ["approve"]
    assert request.state == (OrderRequestState.APPROVED if approved else OrderRequestState.WITHDRAWN)
    assert Order.objects.count() == int(approved)
    assert OrderRequest.objects.get().version == 2


@pytest.mark.goal("G-32")
@pytest.mark.django_db(transaction=True)
def test_ten_submissions_of_one_new_customer_are_one_customer() -> None:
    """One of them shows the password; the others lead to the customer. Planted fault: the provider's row is not
    locked, so that on PostgreSQL two of them make the organisation.
    """
    cast = market(build_cast()).cast
    browsers = [browser_of(cast.mei) for _ in range(10)]
    kept = {"details": {**NEW_CUSTOMER, "reseller": "", "roles": []}, "lines": {}, "key": "one"}
    for browser in browsers:
        session = browser.session
        session["new_customer"] = kept
        session.save()

    def submit(_number: int, browser: Client) -> tuple[int, str]:
        answer = browser.post(reverse("customers:add"), {"step": "review", "key": "one"})
        return answer.status_code, answer.headers.get("Location", "")

    answers = at_once(browsers, submit)

    customer = Tenant.objects.get(domains__name="kohaku.example")
    account = reverse("customers:account", args=[customer.pk])
    assert answers == Counter({(200, ""): 1, (302, account): len(browsers) - 1})
