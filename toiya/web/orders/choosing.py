"""Adding a subscription: billing frequency first, then what fits the customer, then the line (N-27, S-099)."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability, SkuKind
from toiya.core.actor import Actor
from toiya.core.errors import ChangedMeanwhile, NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.core.reader import day
from toiya.core.terms import BillingCycle
from toiya.core.text import fold
from toiya.customers.models import CustomerAccount
from toiya.customers.relationships import relationship_with
from toiya.directory.models import Tenant
from toiya.orders.carts import (
    Wanted,
    add_line,
    buying_permission,
    change_line,
    open_cart,
    own_tenant,
    resellers_for,
    sellers_for,
    start_cart,
)
from toiya.orders.edges import Edge, edges_of
from toiya.orders.models import Cart, CartLine, CustomerWish
from toiya.orders.wishes import wish_to_answer
from toiya.pricing.offers import Offer, sellable_offers
from toiya.subscriptions.holdings import holdings_of
from toiya.subscriptions.models import Subscription
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest
from toiya.web.orders.forms import LINE, SUBSCRIPTION, ChooseForm, LineForm, line_initial
from toiya.web.orders.presenting import edge_labels, of_quote, price_text, term_text


@dataclass(frozen=True, slots=True)
class Counter:
    """Who buys for whom through whom, on the pages of one customer."""

    customer: Tenant
    cart: Cart | None
    provider: Tenant | None
    reseller: Tenant | None
    partners: list[Tenant]
    is_reseller: bool

    @property
    def partner(self) -> Tenant | None:
        """The other one of the chain."""
        return self.provider if self.is_reseller else self.reseller

    def edges(self, viewer_id: uuid.UUID) -> tuple[Edge, ...]:
        """The viewer's edges."""
        if self.provider is None:
            return ()
        return edges_of(
            viewer_id,
            provider_id=self.provider.pk,
            reseller_id=self.reseller.pk if self.reseller else None,
            customer_id=self.customer.pk,
        )


def counter_of(request: PersonRequest, customer_id: uuid.UUID) -> Counter:
    """The customer (404 for strangers), the open cart, and the partner: the cart's, the chosen one, or the first."""
    actor = request.actor
    customer = relationship_with(actor, customer_id).customer
    cart = open_cart(actor, customer_id)
    is_reseller = buying_permission(actor) is Permission.ORDERS_REQUEST
    partners = sellers_for(actor, customer_id) if is_reseller else resellers_for(actor, customer_id)
    chosen = request.POST.get("partner") or request.GET.get("partner", "")
    partner = next((row for row in partners if str(row.pk) == chosen), partners[0] if partners else None)
    if cart is not None:
        partner = cart.provider if is_reseller else cart.reseller
    own = own_tenant(actor)
    provider, reseller = (partner, own) if is_reseller else (own, partner)
    return Counter(customer, cart, provider, reseller, partners, is_reseller)


def has_account(actor: Actor, customer: Tenant) -> bool:
    """Whether the customer's company and billing data were ever entered: those of older portals come without."""
    return CustomerAccount.objects.visible_to(actor).filter(pk=customer.pk).exists()


def choose(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What may be added for this customer, and why not the rest."""
    actor, counter = request.actor, counter_of(request, customer_id)
    form = ChooseForm(request.GET or None, partners=counter.partners)
    valid = form.cleaned_data if form.is_valid() else {}
    frequency = valid.get("frequency", "")
    offers: list[Offer] = []
    if frequency and counter.provider is not None:
        offers = _offers(counter, frequency, valid.get("q", ""), actor)
    edges = counter.edges(actor.tenant_id)
    wish = _wish(actor, counter, request.GET.get("wish", ""))
    wanted = wish.quantity if wish else None
    context = {
        **_context(request, counter),
        "form": form,
        "frequency": frequency,
        "frequencies": [
            {"value": cycle.value, "label": cycle.label, "current": cycle.value == frequency}
            for cycle in BillingCycle
        ],
        "labels": edge_labels(edges),
        "offers": [_offer_row(offer, edges, wanted) for offer in offers if offer.is_sellable],
        "others": [
            {
                "offer": offer.availability.sku.name,
                "term": term_text(offer.availability),
                "reasons": [str(reason) for reason in offer.refusals],
            }
            for offer in offers
            if not offer.is_sellable
        ],
        "is_searched": bool(valid.get("q")),
        "wish": wish,
    }
    return render(request, "orders/choose.html", context)


def _offers(counter: Counter, frequency: str, search: str, actor: Actor) -> list[Offer]:
    if counter.provider is None:
        return []
    in_cart = (
        frozenset(counter.cart.lines.values_list("availability__sku_id", flat=True))
        if counter.cart
        else frozenset[uuid.UUID]()
    )
    found = sellable_offers(
        provider=counter.provider,
        reseller=counter.reseller,
        customer=counter.customer,
        holdings=holdings_of(counter.customer.pk, provider_id=counter.provider.pk, also=in_cart),
        on=counter.customer.country.local_date(actor.now),
        billing_cycle=frequency,
    )
    wanted = fold(search)
    if not wanted:
        return found
    return [
        offer
        for offer in found
        if wanted in offer.availability.sku.product.search_key or wanted in fold(offer.availability.sku.name)
    ]


def _offer_row(offer: Offer, edges: tuple[Edge, ...], wanted: int | None) -> dict[str, Any]:
    sku = offer.availability.sku
    return {
        "availability": offer.availability,
        "offer": sku.name,
        "product": sku.product.name,
        "kind": sku.get_kind_display(),
        "term": term_text(offer.availability),
        "unit": sku.unit,
        "least": sku.min_quantity,
        "most": sku.max_quantity,
        "first": min(max(wanted or sku.min_quantity, sku.min_quantity), sku.max_quantity),
        "prices": [price_text(of_quote(offer.quote, edge)) for edge in edges],
        "promotion": offer.promotion.best.name if offer.promotion.best else "",
        "is_add_on": sku.kind == SkuKind.ADD_ON,
    }


def _context(request: PersonRequest, counter: Counter) -> dict[str, Any]:
    actor = request.actor
    return {
        "customer": counter.customer,
        "has_account": has_account(actor, counter.customer),
        "cart": counter.cart,
        "version": counter.cart.version if counter.cart else 0,
        "partner": counter.partner,
        "partners": counter.partners,
        "is_reseller": counter.is_reseller,
        "may_buy": actor.may(buying_permission(actor)),
        "is_suspended": bool(actor.suspended) and not actor.may(buying_permission(actor)),
    }


# ---------------------------------------------------------------- one line
def line(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """A line that is new (``offer``), enlarges a subscription (``subscription``), or is in the cart (``position``)."""
    actor, counter = request.actor, counter_of(request, customer_id)
    if counter.provider is None:
        messages.warning(request, _("A partnership is missing: choose an indirect provider first."))
        return redirect("orders:choose", customer_id)
    asked = request.POST if request.method == "POST" else request.GET
    present, subscription, availability = _about(counter, asked.dict(), actor)
    if availability is None:
        return redirect("orders:choose", customer_id)
    wish = present.wish if present else _wish(actor, counter, asked.get("wish", ""))
    choices = _choices(actor, counter, availability, present)
    form = LineForm(
        request.POST if request.method == "POST" else None,
        initial={
            **(line_initial(present) if present else _first(availability, wish, subscription)),
            "version": counter.cart.version if counter.cart else 0,
        },
        is_addition=subscription is not None,
        **choices,
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _save(actor, counter, form, (present, subscription, availability), wish)
            except ChangedMeanwhile as changed:
                status = changed.status
                typed = request.POST.copy()
                fresh = open_cart(actor, customer_id)
                typed["version"] = str(fresh.version if fresh else 0)
                form = LineForm(typed, is_addition=subscription is not None, **choices)
                form.add_error(None, str(changed))
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, _("“%(offer)s” is in the cart.") % {"offer": availability.sku.name})
                return redirect("orders:cart", customer_id)
    edges = counter.edges(actor.tenant_id)
    context = {
        **_context(request, counter),
        "form": form,
        "offer": availability,
        "term": term_text(availability),
        "subscription": subscription,
        "wish": wish,
        "position": present.position if present else "",
        "labels": edge_labels(edges),
    }
    return render(request, "orders/line.html", context, status=status)


def _wish(actor: Actor, counter: Counter, text: str) -> CustomerWish | None:
    """The customer's request that is being carried out, if the address names one. Raises NotVisible."""
    return wish_to_answer(actor, _uuid(text), counter.customer.pk) if text else None


def _first(
    availability: Availability, wish: CustomerWish | None, subscription: Subscription | None
) -> dict[str, object]:
    """How many the customer asked for; of a subscription that it has, how many are missing."""
    if wish is None or wish.quantity is None:
        return {"quantity": availability.sku.min_quantity}
    return {"quantity": max(wish.quantity - subscription.quantity, 1) if subscription else wish.quantity}


def _about(
    counter: Counter, asked: dict[str, str], actor: Actor
) -> tuple[CartLine | None, Subscription | None, Availability | None]:
    """What the form is about. Raises NotVisible for what is not there for this actor."""
    if asked.get("position") and counter.cart is not None:
        rows = counter.cart.lines.select_related("availability__sku__product", "subscription__sku", "wish")
        present = rows.filter(position=asked["position"]).first() if asked["position"].isdecimal() else None
        if present is None:
            raise NotVisible
        return present, present.subscription, present.availability
    if asked.get("subscription"):
        found = (
            Subscription.objects.visible_to(actor)
            .filter(customer=counter.customer, pk=_uuid(asked["subscription"]))
            .select_related("availability__sku__product")
            .first()
        )
        if found is None:
            raise NotVisible
        return None, found, found.availability
    if not asked.get("offer"):
        return None, None, None
    offers = Availability.objects.visible_to(actor).select_related("sku__product")
    offer = offers.filter(pk=_uuid(asked["offer"])).first()
    if offer is None:
        raise NotVisible
    return None, None, offer


def _choices(
    actor: Actor, counter: Counter, availability: Availability, present: CartLine | None
) -> dict[str, Any]:
    """The subscriptions and lines that an add-on can belong to, and the days on which something ends already."""
    running = (
        Subscription.objects.visible_to(actor)
        .live()
        .filter(customer=counter.customer, tenant=counter.provider)
        .select_related("sku")
        .order_by("friendly_name", "pk")
    )
    rows = list(running)
    parents: list[tuple[str, str]] = []
    if availability.sku.kind == SkuKind.ADD_ON:
        parents = [
            (f"{SUBSCRIPTION}{row.pk}", row.title)
            for row in rows
            if row.sku.kind in {SkuKind.LICENSE, SkuKind.TRIAL}
        ]
        in_cart = counter.cart.lines.select_related("availability__sku") if counter.cart else []
        parents += [
            (
                f"{LINE}{row.position}",
                _("Line %(n)s: %(offer)s") % {"n": row.position, "offer": row.availability.sku},
            )
            for row in in_cart
            if row.availability.sku.kind in {SkuKind.LICENSE, SkuKind.TRIAL}
            and row.subscription_id is None
            and (present is None or row.position < present.position)
        ]
    ends: dict[str, str] = {}
    if availability.sku.kind in {SkuKind.LICENSE, SkuKind.ADD_ON}:
        for row in rows:
            if row.term_end is not None:
                ends.setdefault(row.term_end.isoformat(), f"{day(row.term_end)} ({row.title})")
    return {"parents": parents, "ends": sorted(ends.items())}


def _save(
    actor: Actor,
    counter: Counter,
    form: LineForm,
    about: tuple[CartLine | None, Subscription | None, Availability],
    wish: CustomerWish | None,
) -> None:
    present, subscription, availability = about
    data = form.cleaned_data
    parent_id = form.parent_id
    wanted = Wanted(
        availability=availability,
        quantity=data["quantity"],
        subscription=subscription,
        parent=Subscription.objects.visible_to(actor).filter(pk=parent_id).first() if parent_id else None,
        parent_position=form.parent_position,
        friendly_name=data.get("friendly_name", ""),
        custom_term_end=form.end,
        attributes=data.get("attributes") or {},
        wish=wish,
    )
    cart, version = counter.cart, data["version"]
    if cart is None:
        through = counter.partner
        if subscription is not None:
            through = subscription.tenant if counter.is_reseller else subscription.reseller
        cart = start_cart(actor, customer=counter.customer, partner=through)
        version = cart.version
    if present is None:
        add_line(actor, cart=cart, version=version, wanted=wanted)
    else:
        change_line(actor, cart=cart, version=version, position=present.position, wanted=wanted)


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotVisible from error
