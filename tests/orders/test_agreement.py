"""Orders wait until the customer has accepted the customer agreement (13605)."""

import html
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from tests.api.selling import line, open_market
from tests.api.speaking import Told, api_of
from tests.cast import Cast, actor_of, browser_of, relate
from tests.orders.story import Market, cart_of
from tests.orders.test_adding_customers import ADD, wizard
from tests.orders.test_order_pages import checkout
from toiya.core.money import UnitPrice
from toiya.customers.models import CustomerAgreement
from toiya.directory.models import Tenant
from toiya.orders.models import Cart, Order, OrderRequest, OrderRequestState
from toiya.orders.requests import set_automatic_approval
from toiya.programme.models import Programme
from toiya.relations.models import Partnership

WORDS = {
    "title_ja": "顧客契約",
    "title_en": "Customer agreement",
    "text_ja": "お客様の権利と義務を定めます。",
    "text_en": "The rights and duties of customers.",
}
ACCEPTED = {
    "contact_name": "Aiko Tanaka",
    "contact_email": "aiko@aoba.example",
    "contact_phone": "0355550100",
    "agreed_on": "2020-04-01",
}
NUMBER = (403, 13605)


@pytest.fixture
def story(cast: Cast) -> Market:
    """The operator has published the customer agreement; nobody has accepted or confirmed it."""
    publish(cast)
    return open_market(cast)


def publish(cast: Cast) -> None:
    """On the operator's page."""
    told = browser_of(cast.ren).post("/operator/agreements/new/?kind=customer", WORDS)
    assert told.status_code == 302


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


def confirm(browser: Client, customer: Tenant, **query: str) -> HttpResponse:
    """The provider confirms that the customer has accepted it."""
    path = reverse("customers:confirm_agreement", args=[customer.pk])
    return browser.post(f"{path}?to={query['to']}" if query else path, ACCEPTED)  # type: ignore[return-value]


def accept(cast: Cast) -> None:
    """Aoba accepts it in its own portal."""
    told = browser_of(cast.emi).post("/organization/agreement/", {"agree": "on", "agreement_version": "1"})
    assert told.status_code == 302


def code(told: Told) -> tuple[int, int]:
    return told.status, told.body["code"]


def test_the_page_says_what_is_missing_and_leads_there_and_back(story: Market) -> None:
    """The cart stays; the provider confirms on the page that the cart leads to, comes back, and orders.

    Plant: ``place_order`` without ``must_have_agreed``.
    """
    cast = story.cast
    browser, cart = browser_of(cast.mei), cart_of(story, cast.mei, ("office", 10))
    page = text_of(browser.get(reverse("orders:cart", args=[cast.aoba.pk])))
    assert "Customer agreement missing" in page
    there = f"{reverse('customers:confirm_agreement', args=[cast.aoba.pk])}?to=cart"
    assert there in page

    refused = checkout(browser, story)

    assert refused.status_code == 409
    assert "has not accepted it, and ヒノデ商事 has not confirmed that it has" in text_of(refused)
    assert not Order.objects.exists()
    assert (
        Cart.objects.get(checked_out_at__isnull=True).lines.get().quantity == cart.lines.get().quantity == 10
    )
    back = confirm(browser, cast.aoba, to="cart")
    assert back["Location"] == reverse("orders:cart", args=[cast.aoba.pk])
    assert "Customer agreement missing" not in text_of(browser.get(back["Location"]))
    assert checkout(browser, story).status_code == 302
    assert Order.objects.get().lines.get().quantity == 10


def _confirmed(cast: Cast) -> None:
    assert confirm(browser_of(cast.mei), cast.aoba).status_code == 302


def _switched_off(cast: Cast) -> None:
    page = browser_of(cast.ren).get("/operator/programme/")
    typed = {name: page.context["form"].initial[name] for name in page.context["form"].fields}
    typed = {name: value for name, value in typed.items() if value is not False}
    assert typed.pop("orders_need_agreement") is True
    assert browser_of(cast.ren).post("/operator/programme/", typed).status_code == 302
    assert not Programme.objects.get().orders_need_agreement


@pytest.mark.operation("carts.checkout", "orders.create")
@pytest.mark.parametrize("opens", [_confirmed, accept, _switched_off])
def test_programs_are_refused_until_it_is_there(story: Market, opens: Callable[[Cast], None]) -> None:
    """Both ways to an order answer 13605 and change nothing; another provider's confirmation is not this one's.

    Plant: confirmations of every provider counted.
    """
    cast = story.cast
    relate(cast.midori, cast.aoba)
    assert confirm(browser_of(cast.jun), cast.aoba).status_code == 302
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}"
    cart = api.post(f"{base}/carts", {"lineItems": [line(story, "office", 5)]}).body["id"]
    direct = {"lineItems": [{"offerId": str(story.shop.offers["office"].pk), "quantity": 3}]}

    assert code(api.post(f"{base}/carts/{cart}/checkout")) == NUMBER
    assert code(api.post(f"{base}/orders", direct)) == NUMBER
    assert not Order.objects.exists()

    opens(cast)

    assert api.post(f"{base}/carts/{cart}/checkout").status == 201
    assert api.post(f"{base}/orders", direct).status == 201


def test_a_request_waits_for_the_provider_who_confirms_and_approves(story: Market) -> None:
    """A reseller may ask; what would pass by itself waits for a person, whose page says what is missing.

    Plant: ``_passes`` that does not ask, and the reseller's request is refused.
    """
    cast = story.cast
    set_automatic_approval(
        actor_of(cast.mei),
        partnership=Partnership.objects.get(),
        limit=UnitPrice(10**9, 0, "JPY"),
        version=0,
    )
    cart_of(story, cast.kai, ("office", 10))
    shown = text_of(browser_of(cast.kai).get(reverse("orders:checkout", args=[cast.aoba.pk])))
    assert "Customer agreement missing" in shown
    assert "Confirm the customer agreement" not in shown

    assert checkout(browser_of(cast.kai), story).status_code == 302

    asked, browser = OrderRequest.objects.get(), browser_of(cast.mei)
    assert (asked.state, asked.is_automatic) == (OrderRequestState.OPEN, False)
    page = reverse("orders:request", args=[asked.pk])
    assert reverse("customers:confirm_agreement", args=[cast.aoba.pk]) in text_of(browser.get(page))
    approve = reverse("orders:approve", args=[asked.pk])
    refused = browser.post(approve, {"version": asked.version})
    assert (refused.status_code, Order.objects.count()) == (409, 0)
    assert "The customer agreement is missing" in text_of(refused)
    assert confirm(browser, cast.aoba).status_code == 302
    asked.refresh_from_db()
    assert browser.post(approve, {"version": asked.version}).status_code == 302
    assert Order.objects.get().request_id == asked.pk


def test_what_a_new_customer_shall_have_waits_in_its_cart(story: Market) -> None:
    """Nobody can have confirmed it before the customer is there: it is added, and nothing that was chosen is lost."""
    cast, browser = story.cast, browser_of(story.cast.mei)
    wizard(browser, cast, str(story.shop.offers["office"].pk), on_subscriptions="on")

    added = browser.post(ADD, {"step": "review"})

    customer = Tenant.objects.get(domains__name="kohaku.example")
    assert "waits in the cart until the customer agreement is confirmed" in text_of(added)
    assert not Order.objects.exists()
    cart = Cart.objects.get(customer=customer)
    assert (cart.reseller_id, cart.lines.get().quantity) == (cast.kawase.pk, 10)
    assert confirm(browser, customer, to="cart")["Location"] == reverse("orders:cart", args=[customer.pk])
    form = {"cart": str(cart.pk), "version": cart.version, "key": str(uuid.uuid4())}
    assert browser.post(reverse("orders:checkout", args=[customer.pk]), form).status_code == 302
    assert Order.objects.get().customer_id == customer.pk


def test_without_a_published_agreement_nothing_waits(cast: Cast) -> None:
    """There is nothing to accept."""
    story = open_market(cast)
    cart_of(story, cast.mei, ("office", 10))
    assert checkout(browser_of(cast.mei), story).status_code == 302
    assert not CustomerAgreement.objects.exists()
