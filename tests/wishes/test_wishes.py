"""What customers ask of their partners (N-35)."""

import html
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import Cast, browser_of, hire, relate
from tests.commerce import Shop, build_shop, subscribed
from tests.orders.story import market
from tests.orders.test_order_pages import checkout
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.mail.models import OutgoingMail
from toiya.orders.models import CustomerWish, Order, OrderRequest, WishState
from toiya.relations.models import ResellerRelationship
from toiya.subscriptions.models import Subscription

MAKE = "organization:make_wish"


@pytest.fixture
def shop(cast: Cast) -> Shop:
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    return build_shop(cast)


def asked(cast: Cast, subscription: Subscription | None, **typed: object) -> object:
    data = {
        "kind": "fewer",
        "subscription": str(subscription.pk) if subscription else "",
        "quantity": "4",
        "text": "",
        "partner": str(cast.kawase.pk),
        **typed,
    }
    return browser_of(cast.emi).post(reverse(MAKE), data)


def mails(message: str) -> set[str]:
    return set(OutgoingMail.objects.filter(message=message).values_list("to", flat=True))


@pytest.mark.requirement("N-35")
def test_a_customer_asks_and_its_partner_answers_mailed_and_logged_both_ways(cast: Cast, shop: Shop) -> None:
    """N-35. Planted fault: ``_close`` does not ask for the open state; the second answer then wins too."""
    subscription = subscribed(cast, shop, cast.aoba, quantity=10)

    assert asked(cast, subscription).status_code == 302  # type: ignore[attr-defined]

    wish = CustomerWish.objects.get()
    assert (wish.kind, wish.quantity, wish.partner_id) == ("fewer", 4, cast.kawase.pk)
    assert mails("wishes/made") == {cast.kai.contact_email}
    page = reverse("wishes:wish", args=[wish.pk])
    for outsider in (cast.yui, cast.mei):
        assert browser_of(outsider).get(page).status_code == 404
    kai = browser_of(cast.kai)
    listed = kai.get(reverse("wishes:list")).content.decode()
    assert page in listed
    shown = kai.get(page).content.decode()
    assert "10 → 4" in shown
    assert reverse("subscriptions:schedule", args=[subscription.pk]) in shown
    assert browser_of(cast.nao).get(page).status_code == 200
    assert browser_of(cast.nao).post(page, {"act": "accept"}).status_code == 403
    assert kai.post(page, {"act": "decline", "answer": " "}).status_code == 400
    assert kai.post(page, {"act": "accept", "answer": "As you wish"}).status_code == 302
    again = kai.post(page, {"act": "decline", "answer": "too late"})
    assert again.status_code == 409
    assert "too late" in again.content.decode()
    wish.refresh_from_db()
    assert (wish.state, wish.answer, wish.answered_by_id) == (WishState.ACCEPTED, "As you wish", cast.kai.pk)
    assert mails("wishes/accepted") == {cast.emi.contact_email}
    assert mails("wishes/declined") == set()
    assert "As you wish" in browser_of(cast.emi).get(reverse("organization:wishes")).content.decode()
    logged = AuditRecord.objects.filter(tenant_id=cast.aoba.pk, subject_id=str(wish.pk))
    assert list(logged.order_by("id").values_list("action", flat=True)) == [
        AuditAction.CREATE_WISH,
        AuditAction.ANSWER_WISH,
    ]
    assert set(logged.values_list("counterparty_id", flat=True)) == {cast.kawase.pk}


@pytest.mark.requirement("N-35")
def test_what_a_partner_could_not_act_on_is_refused_beside_its_field(cast: Cast, shop: Shop) -> None:
    """N-35: each refusal names what is wrong; nothing typed is lost. Planted fault: ``_check`` accepts any number."""
    subscription = subscribed(cast, shop, cast.aoba, quantity=10)
    foreign = subscribed(cast, shop, cast.yamabuki, quantity=10)
    cases: list[tuple[Subscription | None, dict[str, object], int, str]] = [
        (subscription, {"quantity": "10"}, 400, "has 10 now"),
        (subscription, {"kind": "more", "quantity": "9"}, 400, "has 10 now"),
        (subscription, {"quantity": ""}, 400, "has 10 now"),
        (None, {}, 400, "Choose the subscription"),
        (None, {"kind": "buy", "quantity": ""}, 400, "Write what you need"),
        (subscription, {"partner": str(cast.yamabuki.pk)}, 400, "not one of the available choices"),
        (foreign, {}, 400, "not one of the available choices"),
    ]
    for about, typed, status, said in cases:
        answer = asked(cast, about, **typed)
        assert answer.status_code == status, typed  # type: ignore[attr-defined]
        assert said in re.sub(r"\s+", " ", answer.content.decode()), typed  # type: ignore[attr-defined]
    assert CustomerWish.objects.count() == 0
    assert browser_of(cast.taro).get(reverse(MAKE)).status_code == 403

    assert asked(cast, subscription).status_code == 302  # type: ignore[attr-defined]
    twice = asked(cast, subscription, quantity="3")
    assert twice.status_code == 409  # type: ignore[attr-defined]
    assert "asked for this already" in twice.content.decode()  # type: ignore[attr-defined]


@pytest.mark.requirement("N-35")
def test_a_withdrawn_wish_and_the_end_of_the_relationship_close_the_partner_s_door(
    cast: Cast, shop: Shop
) -> None:
    """N-35: withdrawing is told; a partner that no longer serves the customer no longer sees what it was asked."""
    asked(cast, None, kind="buy", quantity="5", text="Five of the premium kind")
    asked(cast, None, kind="other", quantity="", text="Call me")
    first, second = CustomerWish.objects.order_by("created_at", "id")
    emi, kai = browser_of(cast.emi), browser_of(cast.kai)

    assert emi.post(reverse("organization:withdraw_wish", args=[first.pk])).status_code == 302
    assert emi.post(reverse("organization:withdraw_wish", args=[first.pk])).status_code == 409
    assert mails("wishes/withdrawn") == {cast.kai.contact_email}
    page = reverse("wishes:wish", args=[first.pk])
    assert kai.post(page, {"act": "accept"}).status_code == 409
    shown = kai.get(reverse("wishes:wish", args=[second.pk])).content.decode()
    assert reverse("orders:choose", args=[cast.aoba.pk]) in shown
    ResellerRelationship.objects.filter(partner=cast.kawase).update(ended_at=first.created_at)
    assert kai.get(reverse("wishes:wish", args=[second.pk])).status_code == 404
    assert str(second.pk) not in kai.get(reverse("wishes:list")).content.decode()
    home = emi.get(reverse("organization:home")).content.decode()
    assert "Requests to partners" in home
    refused = asked(cast, None, kind="buy", text="Again")
    assert refused.status_code == 400  # type: ignore[attr-defined]


@pytest.mark.requirement("N-35", "S-099")
def test_what_a_customer_asks_for_is_filled_in_and_linked_both_ways(cast: Cast) -> None:
    """From the request to cart, order request and order, and back from each; a stranger to the request sees none of
    it. Planted faults: the line forgets the request on its way; the provider is shown a request that is not its own.
    """
    story = market(cast)
    subscription = subscribed(cast, story.shop, cast.aoba, quantity=10)
    asked(cast, subscription, kind="more", quantity="14", text="Four people start in May")
    kai, mei, emi = browser_of(cast.kai), browser_of(cast.mei), browser_of(cast.emi)
    page = reverse("wishes:wish", args=[CustomerWish.objects.get().pk])
    way = link_of(kai, page, reverse("orders:line", args=[cast.aoba.pk]))
    form = kai.get(way).content.decode()
    assert 'name="quantity" value="4"' in form
    assert "Four people start in May" in form
    typed = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))

    assert kai.post(way, {**typed, "quantity": "4"}).status_code == 302

    cart = reverse("orders:cart", args=[cast.aoba.pk])
    assert page in kai.get(cart).content.decode()
    assert cart in kai.get(page).content.decode()
    assert (
        kai.post(reverse("orders:remove", args=[cast.aoba.pk]), {"version": "2", "position": "1"}).status_code
        == 302
    )
    assert page not in kai.get(cart).content.decode()
    assert kai.post(reverse("orders:restore", args=[cast.aoba.pk]), {"version": "3"}).status_code == 302
    assert page in kai.get(cart).content.decode()
    sent = checkout(kai, story)["Location"]
    assert page in kai.get(sent).content.decode()
    assert sent in kai.get(page).content.decode()
    assert "Asked for by the customer" not in mei.get(sent).content.decode()
    assert mei.get(page).status_code == 404
    request = OrderRequest.objects.get()
    assert (
        mei.post(reverse("orders:approve", args=[request.pk]), {"version": request.version}).status_code
        == 302
    )
    order = Order.objects.get()
    for browser, order_page, wishes in (
        (kai, reverse("orders:order", args=[order.pk]), page),
        (emi, reverse("organization:orders_order", args=[order.pk]), reverse("organization:wishes")),
    ):
        assert f'href="{wishes}">Asked for by the customer' in browser.get(order_page).content.decode()
        assert order_page in browser.get(wishes).content.decode()


def test_a_new_product_and_changes_of_ones_own_sales_are_filled_in_too(cast: Cast) -> None:
    """Planted faults: the quantity stays behind; the request of another customer or partner is taken."""
    story = market(cast)
    subscription = subscribed(cast, story.shop, cast.aoba, quantity=10)
    hinode = str(cast.hinode.pk)
    mei = browser_of(cast.mei)
    for kind, quantity, act in (("more", "14", "quantity"), ("fewer", "4", "schedule")):
        asked(cast, subscription, kind=kind, quantity=quantity, partner=hinode)
        wish = CustomerWish.objects.get(kind=kind)
        way = link_of(
            mei,
            reverse("wishes:wish", args=[wish.pk]),
            reverse(f"subscriptions:{act}", args=[subscription.pk]),
        )
        assert re.search(rf'name="quantity" value="{quantity}"', mei.get(way).content.decode())
    asked(cast, None, kind="buy", quantity="7", text="Something for archives", partner=hinode)
    wish = CustomerWish.objects.get(kind="buy")
    way = link_of(mei, reverse("wishes:wish", args=[wish.pk]), reverse("orders:choose", args=[cast.aoba.pk]))
    page = mei.get(f"{way}&frequency=annual").content.decode()
    assert "Something for archives" in page
    assert 'value="7"' in page
    assert page.count(f'name="wish" value="{wish.pk}"') > 1
    relate(cast.hinode, cast.yamabuki)
    for path in (
        f"{reverse('orders:choose', args=[cast.yamabuki.pk])}?wish={wish.pk}",
        f"{reverse('orders:choose', args=[cast.aoba.pk])}?wish={uuid.uuid4()}",
        f"{reverse('orders:choose', args=[cast.aoba.pk])}?wish=7",
    ):
        assert mei.get(path).status_code == 404
    assert browser_of(cast.kai).get(way).status_code == 404


def test_a_customer_asks_from_the_page_of_its_subscription(cast: Cast, shop: Shop) -> None:
    """Planted fault: whoever may not ask, or what has ended, has the way too."""
    subscription = subscribed(cast, shop, cast.aoba, quantity=10)
    own = reverse("organization:subscription", args=[subscription.pk])
    way = link_of(browser_of(cast.emi), own, reverse(MAKE))
    form = browser_of(cast.emi).get(way).content.decode()
    assert re.search(rf'<option value="{subscription.pk}" selected', form)
    looks_only = browser_of(hire(cast.aoba, "Umi", Role.USER_ADMIN)).get(own)
    assert (looks_only.status_code, reverse(MAKE) in looks_only.content.decode()) == (200, False)
    Subscription.objects.filter(pk=subscription.pk).update(state="expired")
    assert f"{reverse(MAKE)}?" not in browser_of(cast.emi).get(own).content.decode()


def link_of(browser: Client, page: str, path: str) -> str:
    """The whole address of the link on the page that leads to this path."""
    found = re.search(rf'href="({re.escape(path)}[^"]*)"', browser.get(page).content.decode())
    assert found
    return html.unescape(found[1])
