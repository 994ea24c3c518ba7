"""From the customer's services to an order, through the pages; negative cases start where the success starts."""

import re
import typing
from collections.abc import Callable

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.cast import Cast, browser_of, relate
from tests.commerce import subscribed
from tests.orders.story import Market, cart_of, market
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity
from toiya.customers.models import CustomerAccount
from toiya.directory.actors import bystander_for
from toiya.directory.models import Person, Suspension
from toiya.directory.tenants import vet
from toiya.orders.models import Cart, Order, OrderLineState, OrderState
from toiya.programme.models import Country
from toiya.relations.models import AdministrationGrant, Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription

SENTINEL = re.compile(r"7,?77[0-9]")


def submission(story: Market, **typed: str) -> dict[str, str]:
    """What the review page of Aoba's youngest cart sends."""
    cart = Cart.objects.filter(customer=story.cast.aoba).latest("created_at")
    return {"cart": str(cart.pk), "version": str(cart.version), "key": "once", "note": "", **typed}


def checkout(browser: Client, story: Market, **typed: str) -> HttpResponse:
    """Submit that cart."""
    path = reverse("orders:checkout", args=[story.cast.aoba.pk])
    return typing.cast("HttpResponse", browser.post(path, submission(story, **typed)))


@pytest.mark.requirement("N-27")
def test_the_catalogue_comes_after_the_frequency(cast: Cast) -> None:
    story = market(cast)
    mei, aoba = browser_of(cast.mei), cast.aoba
    choose = reverse("orders:choose", args=[aoba.pk])
    assert browser_of(cast.jun).get(choose).status_code == 404
    assert browser_of(cast.emi).get(choose).status_code in {302, 403}
    first = mei.get(choose).content.decode()
    assert "How often is it paid?" in first
    assert "Office Standard" not in first
    offered = mei.get(choose, {"frequency": "annual"}).content.decode()
    assert "Office Standard" in offered
    assert "Office Premium" not in offered
    offered = mei.get(choose, {"frequency": "monthly"}).content.decode()
    assert "¥1,000" in offered
    assert "¥1,200" in offered
    CustomerAccount.objects.filter(tenant=aoba).update(segment="education")
    for_schools = mei.get(choose, {"frequency": "monthly"})
    assert for_schools.context["offers"] == []
    assert story.shop.office.name_en in for_schools.content.decode()


@pytest.mark.requirement("S-001", "S-003", "S-104", "S-099")
def test_a_provider_chooses_frequency_then_offers_and_orders(cast: Cast) -> None:
    """Planted faults: ``reseller`` left out of Sale; an order that makes a grant; support contact left empty."""
    story = market(cast)
    mei, aoba = browser_of(cast.mei), cast.aoba
    line = reverse("orders:line", args=[aoba.pk])
    office = {"offer": str(story.shop.offers["office"].pk), "quantity": "10", "version": "0"}
    assert mei.post(line, office).status_code == 302
    archive = {
        "offer": str(story.shop.offers["archive"].pk),
        "quantity": "5",
        "version": "2",
        "parent": "line:1",
        "attributes": "tenant：aoba",
    }
    assert mei.post(line, archive).status_code == 302
    cart = mei.get(reverse("orders:cart", args=[aoba.pk])).content.decode()
    assert "¥12,000" in cart
    assert "Add-on of line 1" in cart
    review = mei.get(reverse("orders:checkout", args=[aoba.pk])).content.decode()
    assert "Kawase" in review or "カワセシステムズ" in review
    answer = checkout(mei, story)
    again = mei.post(reverse("orders:checkout", args=[aoba.pk]), {**submission(story), "version": "3"})

    order = Order.objects.get()
    assert answer["Location"] == again["Location"] == reverse("orders:order", args=[order.pk])
    assert (order.operator, order.tenant, order.reseller, order.customer) == (
        cast.operator,
        cast.hinode,
        cast.kawase,
        cast.aoba,
    )
    assert order.state == OrderState.COMPLETED
    for sold in Subscription.objects.all():
        assert (sold.tenant, sold.support_contact, sold.reseller_of_record) == (
            cast.hinode,
            cast.hinode,
            cast.kawase,
        )
    assert Subscription.objects.get(sku=story.shop.archive).parent == Subscription.objects.get(
        sku=story.shop.office
    )
    assert not AdministrationGrant.objects.exists()
    users = mei.get(reverse("customers:users", args=[aoba.pk]))
    assert "licences/no_access.html" in [template.name for template in users.templates]


def _ends_partnership(cast: Cast) -> None:
    Partnership.objects.update(ended_at=real_now())


def _ends(partner: str) -> Callable[[Cast], None]:
    def end(cast: Cast) -> None:
        ResellerRelationship.objects.filter(partner=getattr(cast, partner)).update(ended_at=real_now())

    return end


def _no_account(cast: Cast) -> None:
    CustomerAccount.objects.filter(tenant=cast.aoba).delete()


def _customer_is_partner(cast: Cast) -> None:
    vet(cast.aoba, Capacity.RESELLER, bystander_for(cast.aoba, kind="test"))


def _suspends(tenant: str, capacity: Capacity) -> Callable[[Cast], None]:
    def suspend(cast: Cast) -> None:
        Suspension.objects.create(
            tenant=getattr(cast, tenant), capacity=capacity, reason="x", at=real_now(), by_id=cast.ren.pk
        )

    return suspend


def _other_region(cast: Cast) -> None:
    Country.objects.filter(code="KR").update(sales_region="Elsewhere")
    cast.aoba.country_id = "KR"
    cast.aoba.save()


MISSING = {
    "partnership": (_ends_partnership, "A partnership is missing"),
    "provider's relationship": (_ends("hinode"), "A reseller relationship is missing: ヒノデ商事"),
    "reseller's relationship": (_ends("kawase"), "A reseller relationship is missing: カワセシステムズ"),
    "account": (_no_account, "A customer account is missing"),
}
RULES = {
    "customer is a partner": (_customer_is_partner, "is itself a partner of the programme"),
    "provider suspended": (_suspends("hinode", Capacity.PROVIDER), "suspended"),
    "reseller suspended": (_suspends("kawase", Capacity.RESELLER), "カワセシステムズ is suspended"),
    "region": (_other_region, "sales region"),
}


@pytest.mark.requirement("S-069", "S-076", "S-077", "S-078", "S-095")
@pytest.mark.parametrize("missing", ["nothing", *MISSING])
def test_an_order_names_the_missing_relation_and_changes_nothing(cast: Cast, missing: str) -> None:
    """Planted faults: each ``raise`` of ``must_reach`` taken out makes its case fail."""
    _order_with(cast, *MISSING.get(missing, (None, "")))


@pytest.mark.requirement("S-096", "N-16", "N-40", "N-44")
@pytest.mark.parametrize("broken", ["nothing", "provider's relationship", *RULES])
def test_an_order_names_the_broken_rule_and_changes_nothing(cast: Cast, broken: str) -> None:
    """Planted faults: as above. A suspended provider's people are stopped at the door; how its reseller is told stands
    with the order requests.
    """
    _order_with(cast, *{**MISSING, **RULES}.get(broken, (None, "")))


def _order_with(cast: Cast, spoil: Callable[[Cast], None] | None, told: str) -> None:
    """Mei checks out ten seats for Aoba, after something was taken away or nothing was."""
    story = market(cast)
    cart_of(story, cast.mei, ("office", 10))
    mei = browser_of(cast.mei)
    if spoil is not None:
        spoil(cast)

    answer = checkout(mei, story)

    if spoil is None:
        assert answer.status_code == 302
        assert Order.objects.count() == 1
        return
    assert answer.status_code in {403, 409}
    assert told in answer.content.decode()
    assert (Order.objects.count(), Subscription.objects.count()) == (0, 0)
    assert Cart.objects.get().checked_out_at is None


@pytest.mark.requirement("N-40")
def test_a_suspended_provider_still_manages_what_runs(cast: Cast) -> None:
    story = market(cast)
    held = subscribed(cast, story.shop, cast.aoba)
    _suspends("hinode", Capacity.PROVIDER)(cast)
    mei = browser_of(cast.mei)
    assert mei.get(reverse("orders:list")).status_code == 200
    page = mei.get(reverse("orders:choose", args=[cast.aoba.pk]), {"frequency": "monthly"}).content.decode()
    assert "nothing new can be sold" in page
    more = {"subscription": str(held.pk), "quantity": "1", "version": "0"}
    assert mei.post(reverse("orders:line", args=[cast.aoba.pk]), more).status_code == 403


@pytest.mark.requirement("N-27", "S-099")
def test_each_line_has_its_own_result_and_keeps_what_was_typed(cast: Cast) -> None:
    story = market(cast)
    aoba = cast.aoba
    held = subscribed(cast, story.shop, aoba, quantity=10)
    mei = browser_of(cast.mei)
    line, cart = reverse("orders:line", args=[aoba.pk]), reverse("orders:cart", args=[aoba.pk])
    assert "The cart is empty" in mei.get(cart).content.decode()
    mei.post(line, {"subscription": str(held.pk), "quantity": "4", "version": "0"})
    mei.post(line, {"offer": str(story.shop.offers["trial"].pk), "quantity": "3", "version": "2"})
    stale = mei.post(line, {"offer": str(story.shop.offers["setup"].pk), "quantity": "2", "version": "2"})
    assert stale.status_code == 412
    assert 'value="2"' in stale.content.decode()
    assert mei.post(line, {"position": "2", "quantity": "30000001", "version": "3"}).status_code == 400
    page = mei.get(cart).content.decode()
    assert "They will be refused with the reason beside them" in page
    mei.post(reverse("orders:remove", args=[aoba.pk]), {"position": "2", "version": "3"})
    assert "Put “Office Trial” back" in mei.get(cart).content.decode()
    mei.post(reverse("orders:restore", args=[aoba.pk]), {"version": "4"})

    checkout(mei, story)

    order = Order.objects.get()
    held.refresh_from_db()
    states = [line.state for line in order.lines.order_by("position")]
    assert (states, held.quantity) == ([OrderLineState.COMPLETED, OrderLineState.REFUSED], 14)
    ja = browser_of(cast.mei, language="ja").get(reverse("orders:order", args=[order.pk])).content.decode()
    assert "オフィス試用版" in ja
    assert order.lines.get(position=2).failure_ja in ja


@pytest.mark.requirement("S-001")
@pytest.mark.goal("G-05")
def test_everybody_sees_the_order_and_the_prices_of_the_own_edges_only(cast: Cast) -> None:
    """Planted fault: ``edges_of`` answering with every edge."""
    story = market(cast)
    cart_of(story, cast.mei, ("office", 1))
    checkout(browser_of(cast.mei), story)
    order = Order.objects.get()
    order.lines.update(cost_units=7771, resale_units=7772, retail_units=7773)
    seen: dict[str, set[str]] = {}

    def look(person: Person, name: str) -> None:
        page = browser_of(person).get(reverse(name, args=[order.pk]))
        assert page.status_code == 200
        seen[person.name] = set(re.findall(r"¥7,77[123]", page.content.decode()))

    look(cast.mei, "orders:order")
    look(cast.kai, "orders:order")
    look(cast.emi, "organization:orders_order")
    look(cast.ren, "operator:orders_order")

    assert seen == {
        "Mei": {"¥7,771", "¥7,772"},
        "Kai": {"¥7,772", "¥7,773"},
        "Emi": {"¥7,773"},
        "Ren": {"¥7,771"},
    }
    for person, name in ((cast.yui, "orders:order"), (cast.jun, "orders:order")):
        assert browser_of(person).get(reverse(name, args=[order.pk])).status_code == 404
    exported = browser_of(cast.kai).get(reverse("orders:export", args=["csv"])).content.decode()
    assert "Office Standard" in exported
    assert not SENTINEL.search(exported)


@pytest.mark.goal("G-07")
def test_the_lists_take_the_same_statements_for_one_row_and_for_three(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    story = market(cast)
    relate(cast.midori, cast.aoba)
    for count in (1, 2):
        for n in range(count):
            cart_of(story, cast.mei, ("office", 1))
            checkout(browser_of(cast.mei), story, key=f"{count}-{n}")
        mei = browser_of(cast.mei)
        mei.get(reverse("orders:list"))
        with django_assert_num_queries(LIST_STATEMENTS):
            page = mei.get(reverse("orders:list"), {"q": "あおば", "state": "completed"})
        assert len(page.context["rows"]) == (1 if count == 1 else 3)


LIST_STATEMENTS = 3
