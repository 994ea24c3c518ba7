"""What Kawase's customers of the demo have: asked for, approved and used, through the use cases of the pages."""

import uuid
from dataclasses import dataclass

from django.utils import translation

from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.money import UnitPrice
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Tenant
from toiya.licences.assignment import assign_licence
from toiya.orders.carts import Wanted, add_line, start_cart
from toiya.orders.models import OrderRequest, WishKind
from toiya.orders.requests import approve_request, send_request, set_automatic_approval
from toiya.orders.wishes import make_wish
from toiya.relations.models import Partnership
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.schedule import schedule_change


@dataclass(frozen=True, slots=True)
class Bought:
    """An offer by product, SKU, term and cycle, and how many of it."""

    product: str
    sku: str
    quantity: int
    term: Term = Term.YEAR
    cycle: BillingCycle = BillingCycle.MONTHLY


FIRST_ORDERS: dict[str, tuple[Bought, ...]] = {
    "aoba.example": (
        Bought("office", "standard", 12),
        Bought("guard", "endpoint", 12),
        Bought("compute", "small-hours", 1, Term.NONE, BillingCycle.NONE),
    ),
    "komadori.example": (Bought("office", "standard", 5, Term.MONTH), Bought("desk", "basic", 3)),
    "hayabusa.example": (Bought("office", "premium", 30), Bought("guard", "endpoint", 20)),
}
APPROVED_UP_TO = 20_000  # yen for the first month


def offer_named(bought: Bought, *, country: str, family_id: uuid.UUID) -> Availability:
    """The commercial offer in the demo's catalogue."""
    return Availability.objects.select_related("sku__product", "sku__connector").get(
        tenant__family_id=family_id,
        sku__product__code=bought.product,
        sku__code=bought.sku,
        country_id=country,
        segment="commercial",
        term=bought.term,
        billing_cycle=bought.cycle,
    )


def request_order(
    reseller: Actor, *, customer: Tenant, provider: Tenant, lines: tuple[Bought, ...], note: str
) -> OrderRequest:
    """The reseller fills a cart and sends it to its provider."""
    cart = start_cart(reseller, customer=customer, partner=provider)
    for bought in lines:
        cart.refresh_from_db()
        offer = offer_named(bought, country=customer.country_id, family_id=customer.family_id)
        add_line(
            reseller,
            cart=cart,
            version=cart.version,
            wanted=Wanted(availability=offer, quantity=bought.quantity),
        )
    cart.refresh_from_db()
    return send_request(reseller, cart=cart, version=cart.version, note=note)


@translation.override("ja")  # the subscriptions get their names from it
def order_first(reseller: Actor, provider: Actor, *, customer: Tenant) -> None:
    """The customer's first subscriptions: asked for by the reseller, approved by the provider."""
    lines = FIRST_ORDERS.get(customer.domain)
    if lines is None:
        return
    request = request_order(
        reseller,
        customer=customer,
        provider=Tenant.objects.get(pk=provider.tenant_id),
        lines=lines,
        note="よろしくお願いします。",
    )
    approve_request(provider, request=request, version=request.version)


def let_small_requests_pass(provider: Actor, partnership: Partnership) -> None:
    """Requests up to the amount become orders by themselves (C-06)."""
    limit = UnitPrice(APPROVED_UP_TO, 0, "JPY")
    set_automatic_approval(provider, partnership=partnership, limit=limit, version=0)


def use_seats(reseller: Actor, *, customer: Tenant, user_names: tuple[str, ...]) -> None:
    """The reseller gives the customer's people their licences, through the access that the customer consented to."""
    office = Subscription.objects.get(customer=customer, sku__product__code="office")
    for person in customer.people.filter(user_name__in=user_names):
        assign_licence(reseller, tenant_id=customer.pk, person_id=person.pk, sku_id=office.sku_id)


@translation.override("ja")  # the subscriptions get their names from it
def leave_open(reseller: Actor, administrator: Actor, *, customer: Tenant, provider: Tenant) -> None:
    """Something waits for each of them: a request for the provider, a wish for the reseller, a smaller renewal."""
    request_order(
        reseller,
        customer=customer,
        provider=provider,
        lines=(Bought("desk", "basic", 12), Bought("sign-on", "standard", 60)),
        note="新しい事業所の分です。今月中にお願いします。",
    )
    guard = Subscription.objects.get(customer=customer, sku__product__code="guard")
    schedule_change(reseller, subscription=guard, version=guard.version, quantity=8)
    office = Subscription.objects.get(customer=customer, sku__product__code="office")
    make_wish(
        administrator,
        partner=Tenant.objects.get(pk=reseller.tenant_id),
        kind=WishKind.MORE,
        subscription=office,
        quantity=15,
        text="来月 3 名入社します。",
    )
