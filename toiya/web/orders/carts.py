"""The cart of one customer: its lines with what they cost or why not, and its way to an order or a request."""

import datetime as dt
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.errors import ChangedMeanwhile, NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.customers.relationships import relationship_with
from toiya.directory.models import Tenant
from toiya.orders.carts import (
    Wanted,
    empty_cart,
    lines_of,
    look_at,
    may_support,
    name_partner,
    put_back_line,
    remove_line,
    submitted_cart,
)
from toiya.orders.checkout import submit_order
from toiya.orders.errors import CartUsed
from toiya.orders.models import Cart, CartLine, Order, OrderRequest
from toiya.orders.reach import lacks_agreement
from toiya.orders.requests import send_request
from toiya.orders.wishes import wish_to_answer
from toiya.subscriptions.models import Subscription
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest
from toiya.web.orders.choosing import Counter, counter_of, has_account
from toiya.web.orders.forms import CheckoutForm, PartiesForm, VersionForm
from toiya.web.orders.presenting import edge_labels, examined_rows, totals_of_examined, with_wishes

REMOVED = "removed_cart_line"


def cart(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """What is in it, with prices, totals and problems; empty where there is nothing."""
    return _page(request, counter_of(request, customer_id))


def _page(
    request: PersonRequest, counter: Counter, *, parties: PartiesForm | None = None, status: int = 200
) -> HttpResponse:
    actor = request.actor
    context: dict[str, Any] = {
        "customer": counter.customer,
        "has_account": has_account(actor, counter.customer),
        "is_reseller": counter.is_reseller,
    }
    if counter.cart is not None:
        answers = look_at(actor, counter.cart)
        edges = counter.edges(actor.tenant_id)
        labels = edge_labels(edges)
        context |= {
            "cart": counter.cart,
            "labels": labels,
            "rows": with_wishes(actor, examined_rows(answers, edges)),
            "totals": totals_of_examined(answers, edges, labels),
            "has_problems": any(answer.problem for answer in answers),
            "may_submit": any(answer.problem is None for answer in answers),
            "parties": parties or _parties_form(request, counter),
            "provider": counter.provider,
            "reseller": counter.reseller,
            "removed": _removed(request, counter.cart),
            **_agreement(request, counter.cart),
        }
    return render(request, "orders/cart.html", context, status=status)


def _agreement(request: PersonRequest, shown: Cart) -> dict[str, bool]:
    """Whether the order would wait for the customer agreement, and whether this person may confirm it."""
    return {
        "lacks_agreement": lacks_agreement(shown.provider_id, shown.customer_id),
        "may_confirm": request.actor.may(Permission.CUSTOMER_AGREEMENT_CONFIRM)
        and shown.tenant_id == shown.provider_id,
    }


def _removed(request: PersonRequest, shown: Cart) -> dict[str, Any] | None:
    kept: dict[str, Any] | None = request.session.get(REMOVED)
    return kept if kept and kept.get("cart") == str(shown.pk) else None


def _parties_form(request: PersonRequest, counter: Counter, data: Any = None) -> PartiesForm:  # noqa: ANN401
    shown = counter.cart
    supporters = []
    if (
        shown is not None
        and counter.provider is not None
        and counter.reseller is not None
        and may_support(request.actor, counter.reseller, counter.customer, counter.provider, counter.reseller)
    ):
        supporters = [counter.reseller]
    initial = {
        "version": shown.version if shown else 0,
        "partner": str(counter.partner.pk) if counter.partner else "",
        "support": str(shown.support_contact_id or "") if shown else "",
    }
    return PartiesForm(
        data,
        initial=initial,
        partners=counter.partners,
        supporters=supporters,
        is_reseller=counter.is_reseller,
    )


def _gone(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The page was older than the cart: it was ordered, has expired, or holds nothing to put back."""
    messages.info(request, _("There is no such line or cart any more; this is how it is now."))
    return redirect("orders:cart", customer_id)


def _version(request: PersonRequest) -> int:
    form = VersionForm(request.POST)
    return form.cleaned_data["version"] if form.is_valid() else 0


def _told(request: PersonRequest, customer_id: uuid.UUID, refusal: Refusal) -> HttpResponse:
    """The cart as it is now, with what was refused."""
    if refusal.status in {NotVisible.status, 403}:
        raise refusal
    messages.error(request, str(refusal))
    counter = counter_of(request, customer_id)
    return _page(request, counter, status=refusal.status)


def parties(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Through whom, and who supports (N-12, N-15)."""
    counter = counter_of(request, customer_id)
    if counter.cart is None:
        return _gone(request, customer_id)
    form = _parties_form(request, counter, request.POST)
    if not form.is_valid():
        return _page(request, counter, parties=form, status=400)
    by_id: dict[str, Tenant] = {str(row.pk): row for row in counter.partners}
    support = form.cleaned_data["support"]
    chosen = counter.reseller if counter.reseller and support == str(counter.reseller.pk) else None
    try:
        name_partner(
            request.actor,
            cart=counter.cart,
            version=form.cleaned_data["version"],
            partner=by_id.get(form.cleaned_data["partner"]),
            support_contact=chosen,
        )
    except Refusal as refusal:
        return _told(request, customer_id, refusal)
    messages.success(request, _("The cart was changed."))
    return redirect("orders:cart", customer_id)


def remove(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Take a line out; it can be put back from the cart's page."""
    counter = counter_of(request, customer_id)
    position = request.POST.get("position", "")
    if counter.cart is None or not position.isdecimal():
        return _gone(request, customer_id)
    try:
        line = remove_line(
            request.actor, cart=counter.cart, version=_version(request), position=int(position)
        )
    except Refusal as refusal:
        return _told(request, customer_id, refusal)
    request.session[REMOVED] = _kept(counter.cart, line)
    messages.success(
        request, _("“%(offer)s” was taken out of the cart.") % {"offer": line.availability.sku.name}
    )
    return redirect("orders:cart", customer_id)


def _kept(shown: Cart, line: CartLine) -> dict[str, Any]:
    return {
        "cart": str(shown.pk),
        "name": line.availability.sku.name,
        "position": line.position,
        "availability": str(line.availability_id),
        "subscription": str(line.subscription_id or ""),
        "parent": str(line.parent_id or ""),
        "parent_position": line.parent_position,
        "quantity": line.quantity,
        "friendly_name": line.friendly_name,
        "custom_term_end": line.custom_term_end.isoformat() if line.custom_term_end else "",
        "attributes": line.attributes,
        "wish": str(line.wish_id or ""),
    }


def restore(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Undo of the removal."""
    counter = counter_of(request, customer_id)
    kept = _removed(request, counter.cart) if counter.cart else None
    if counter.cart is None or kept is None:
        return _gone(request, customer_id)
    actor = request.actor
    own = Subscription.objects.visible_to(actor)
    offer = (
        Availability.objects.visible_to(actor).select_related("sku").filter(pk=kept["availability"]).first()
    )
    if offer is None:
        raise NotVisible
    try:
        put_back_line(
            actor,
            cart=counter.cart,
            version=_version(request),
            position=kept["position"],
            wanted=Wanted(
                availability=offer,
                quantity=kept["quantity"],
                subscription=own.filter(
                    pk__in=[kept["subscription"]] if kept["subscription"] else []
                ).first(),
                parent=own.filter(pk__in=[kept["parent"]] if kept["parent"] else []).first(),
                parent_position=kept["parent_position"],
                friendly_name=kept["friendly_name"],
                custom_term_end=_day(kept["custom_term_end"]),
                attributes=kept["attributes"],
                wish=wish_to_answer(actor, uuid.UUID(kept["wish"]), customer_id)
                if kept.get("wish")
                else None,
            ),
        )
    except Refusal as refusal:
        return _told(request, customer_id, refusal)
    request.session.pop(REMOVED, None)
    messages.success(request, _("“%(offer)s” is in the cart again.") % {"offer": kept["name"]})
    return redirect("orders:cart", customer_id)


def _day(text: str) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


def empty(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Everything out of the cart."""
    counter = counter_of(request, customer_id)
    if counter.cart is None:
        return _gone(request, customer_id)
    try:
        empty_cart(request.actor, cart=counter.cart, version=_version(request))
    except Refusal as refusal:
        return _told(request, customer_id, refusal)
    messages.success(request, _("The cart is empty."))
    return redirect("orders:cart", customer_id)


# ---------------------------------------------------------------- to the order
def checkout(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """Review, then submit once: a provider's cart becomes an order, a reseller's a request (N-13, S-099)."""
    if request.method == "POST":
        return _submit(request, customer_id)
    counter = counter_of(request, customer_id)
    if counter.cart is None or not lines_of(counter.cart).exists():
        return redirect("orders:cart", customer_id)
    form = CheckoutForm(
        initial={"cart": counter.cart.pk, "version": counter.cart.version, "key": str(uuid.uuid4())}
    )
    return _review(request, counter, form)


def _review(request: PersonRequest, counter: Counter, form: CheckoutForm, status: int = 200) -> HttpResponse:
    actor, shown = request.actor, counter.cart
    if shown is None:
        raise NotVisible
    answers = look_at(actor, shown)
    edges = counter.edges(actor.tenant_id)
    labels = edge_labels(edges)
    context = {
        "form": form,
        "cart": shown,
        "customer": counter.customer,
        "provider": counter.provider,
        "reseller": counter.reseller,
        "support": shown.support_contact or counter.provider,
        "is_reseller": counter.is_reseller,
        "labels": labels,
        "rows": with_wishes(actor, examined_rows(answers, edges)),
        "totals": totals_of_examined(answers, edges, labels),
        "has_problems": any(answer.problem for answer in answers),
        **_agreement(request, shown),
    }
    return render(request, "orders/checkout.html", context, status=status)


def _submit(request: PersonRequest, customer_id: uuid.UUID) -> HttpResponse:
    """The cart of the form, open or used: a second click finds what the first one made."""
    actor = request.actor
    form = CheckoutForm(request.POST)
    if not form.is_valid():
        relationship_with(actor, customer_id)
        return redirect("orders:cart", customer_id)
    data = form.cleaned_data
    shown = submitted_cart(actor, data["cart"], customer_id)
    if shown is None:
        raise NotVisible
    try:
        if shown.tenant_id == shown.provider_id:
            made = submit_order(actor, cart=shown, version=data["version"], key=data["key"])
            messages.success(request, _("Order %(number)s was submitted.") % {"number": made.number})
            return redirect("orders:order", made.pk)
        asked = send_request(actor, cart=shown, version=data["version"], note=data["note"])
        messages.success(request, _("Order request %(number)s was sent.") % {"number": asked.number})
        return redirect("orders:request", asked.pk)
    except CartUsed as refusal:
        return _used(request, shown, refusal)
    except ChangedMeanwhile as changed:
        fresh = Cart.objects.visible_to(actor).get(pk=shown.pk)
        form = CheckoutForm({**data, "version": fresh.version})
        form.add_error(None, str(changed))
        return _review(request, _counter_of_cart(fresh), form, changed.status)
    except Refusal as refusal:
        status = failed(form, refusal)
        return _review(request, _counter_of_cart(shown), form, status)


def _counter_of_cart(shown: Cart) -> Counter:
    """The chain from the cart alone: the relationship may be just what is missing."""
    is_reseller = shown.tenant_id != shown.provider_id
    return Counter(shown.customer, shown, shown.provider, shown.reseller, [], is_reseller)


def _used(request: PersonRequest, shown: Cart, refusal: CartUsed) -> HttpResponse:
    messages.info(request, str(refusal))
    order = Order.objects.visible_to(request.actor).filter(cart_id=shown.pk).first()
    if order is not None:
        return redirect("orders:order", order.pk)
    asked = OrderRequest.objects.visible_to(request.actor).filter(cart_id=shown.pk).first()
    return redirect("orders:request", asked.pk) if asked else redirect("orders:list")
