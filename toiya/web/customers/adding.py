"""[新しい顧客の追加]: details, subscriptions, review, submit or cancel (N-13); the password shows once (N-14)."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.errors import Refusal
from toiya.core.permissions import DirectoryRole
from toiya.core.terms import BillingCycle, Segment
from toiya.customers.relationship_requests import RESELLER_DEFAULT
from toiya.directory.models import Language, Tenant
from toiya.enrolment.errors import IncompleteDetails
from toiya.orders.carts import LARGEST_QUANTITY
from toiya.orders.edges import Edge
from toiya.orders.errors import CustomerAddedBefore
from toiya.orders.new_customers import (
    Levers,
    NewLine,
    add_customer,
    added_with,
    must_sell_in,
    offers_for_new,
    problems_of_details,
    reseller_of,
)
from toiya.relations.models import Partnership
from toiya.web.customers.forms import NewCustomerForm
from toiya.web.http import PersonRequest
from toiya.web.orders.presenting import edge_labels, of_quote, price_text, term_text

KEPT = "new_customer"
DETAILS, SUBSCRIPTIONS, REVIEW = "details", "subscriptions", "review"


def add(request: PersonRequest) -> HttpResponse:
    """One address, three steps; what was typed is kept until the submission or [Cancel]."""
    if request.method == "POST":
        step = request.POST.get("step", "")
        if step == "cancel":
            request.session.pop(KEPT, None)
            messages.info(request, _("Nothing was added."))
            return redirect("customers:list")
        steps = {DETAILS: _save_details, SUBSCRIPTIONS: _save_lines, REVIEW: _submit}
        return steps.get(step, _save_details)(request)
    step = request.GET.get("step", DETAILS)
    if step == DETAILS or not _kept(request):
        return _details_page(request, _blank_form(request))
    if step == SUBSCRIPTIONS:
        return _lines_page(request)
    return _review_page(request)


def _kept(request: PersonRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.session.get(KEPT, {})
    return found


def _to(step: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('customers:add')}?step={step}")


def _partners(request: PersonRequest) -> list[Tenant]:
    live = Partnership.objects.visible_to(request.actor).live().filter(provider_id=request.actor.tenant_id)
    return [row.reseller for row in live.select_related("reseller").order_by("reseller__sort_key", "id")]


def _steps(current: str) -> list[dict[str, object]]:
    names = ((DETAILS, _("Details")), (SUBSCRIPTIONS, _("Subscriptions")), (REVIEW, _("Review")))
    order = [name for name, _label in names]
    return [
        {
            "label": label,
            "state": "current"
            if name == current
            else "done"
            if order.index(name) < order.index(current)
            else "waiting",
        }
        for name, label in names
    ]


# ---------------------------------------------------------------- details
def _blank_form(request: PersonRequest) -> NewCustomerForm:
    kept = _kept(request)
    initial = {
        "language": request.actor.language,
        "segment": Segment.COMMERCIAL.value,
        "roles": [role.value for role in RESELLER_DEFAULT],
        "on_subscriptions": True,
        **kept.get("details", {}),
    }
    if "reseller" in request.GET:
        reseller = reseller_of(request.actor, _uuid(request.GET["reseller"]))
        initial["reseller"] = str(reseller.pk)
    return NewCustomerForm(initial=initial, resellers=_partners(request))


def _uuid(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError:
        return uuid.UUID(int=0)


def _details_page(request: PersonRequest, form: NewCustomerForm, status: int = 200) -> HttpResponse:
    context = {"form": form, "steps": _steps(DETAILS)}
    return render(request, "customers/add_details.html", context, status=status)


def _save_details(request: PersonRequest) -> HttpResponse:
    form = NewCustomerForm(request.POST, resellers=_partners(request))
    if not form.is_valid():
        form.refuse(problems_of_details(request.POST.dict()))
        return _details_page(request, form, 400)
    data = form.cleaned_data
    problems = problems_of_details(data)
    if problems:
        form.refuse(problems)
        return _details_page(request, form, 400)
    try:
        must_sell_in(_own(request), data["country"])
    except Refusal as refusal:
        form.add_error("country", str(refusal))
        return _details_page(request, form, 400)
    kept = _kept(request)
    same = kept.get("details", {}).get("country") == data["country"]
    request.session[KEPT] = {
        "details": data,
        "lines": kept.get("lines", {}) if same else {},
        "key": str(uuid.uuid4()),
    }
    return _to(SUBSCRIPTIONS)


def _own(request: PersonRequest) -> Tenant:
    return Tenant.objects.visible_to(request.actor).select_related("country").get(pk=request.actor.tenant_id)


# ---------------------------------------------------------------- subscriptions
def _reseller(request: PersonRequest) -> Tenant | None:
    chosen = _kept(request)["details"].get("reseller")
    return reseller_of(request.actor, _uuid(chosen)) if chosen else None


def _lines_page(request: PersonRequest) -> HttpResponse:
    """Billing frequency first, then what fits (N-27); nothing has to be chosen."""
    kept = _kept(request)
    details, chosen = kept["details"], kept["lines"]
    frequency = request.GET.get("frequency", "")
    frequency = frequency if frequency in BillingCycle.values else ""
    through = _reseller(request) if details["on_subscriptions"] else None
    edges = (Edge.COST, Edge.RESALE if through else Edge.RETAIL)
    offers = (
        offers_for_new(
            request.actor,
            country=details["country"],
            segment=Segment(details["segment"]),
            reseller=through,
            billing_cycle=frequency,
        )
        if frequency
        else []
    )
    context = {
        "steps": _steps(SUBSCRIPTIONS),
        "frequency": frequency,
        "frequencies": [
            {"value": cycle.value, "label": cycle.label, "current": cycle.value == frequency}
            for cycle in BillingCycle
        ],
        "labels": edge_labels(edges),
        "rows": [
            {
                "availability": offer.availability,
                "offer": offer.availability.sku.name,
                "kind": offer.availability.sku.get_kind_display(),
                "term": term_text(offer.availability),
                "least": offer.availability.sku.min_quantity,
                "most": offer.availability.sku.max_quantity,
                "quantity": chosen.get(str(offer.availability.pk), ""),
                "prices": [price_text(of_quote(offer.quote, edge)) for edge in edges],
                "promotion": offer.promotion.best.name if offer.promotion.best else "",
            }
            for offer in offers
            if offer.is_sellable
        ],
        "chosen": _chosen(request),
    }
    return render(request, "customers/add_subscriptions.html", context)


def _chosen(request: PersonRequest) -> list[NewLine]:
    lines: dict[str, int] = _kept(request)["lines"]
    found = Availability.objects.visible_to(request.actor).filter(pk__in=list(lines))
    rows = found.select_related("sku__product", "sku__connector", "tenant").order_by("sku__code", "pk")
    return [NewLine(availability=row, quantity=lines[str(row.pk)]) for row in rows]


def _save_lines(request: PersonRequest) -> HttpResponse:
    kept = _kept(request)
    if not kept:
        return _to(DETAILS)
    lines = dict(kept["lines"])
    for name, value in request.POST.dict().items():
        if not name.startswith("quantity_"):
            continue
        offer = name.removeprefix("quantity_")
        if value.strip().isdecimal() and 0 < int(value) <= LARGEST_QUANTITY and _uuid(offer).int:
            lines[offer] = int(value)
        else:
            lines.pop(offer, None)
    request.session[KEPT] = {**kept, "lines": lines}
    if "frequency" in request.POST and "more" in request.POST:
        return HttpResponseRedirect(
            f"{reverse('customers:add')}?step={SUBSCRIPTIONS}&frequency={request.POST['frequency']}"
        )
    return _to(REVIEW)


# ---------------------------------------------------------------- review and submission
def _review_page(request: PersonRequest, problem: str = "", status: int = 200) -> HttpResponse:
    details = _kept(request)["details"]
    reseller = _reseller(request)
    context = {
        "steps": _steps(REVIEW),
        "details": details,
        "user_name": f"{details['user']}@{details['domain']}",
        "segment": Segment(details["segment"]).label,
        "language": Language(details["language"]).label,
        "reseller": reseller,
        "roles": [DirectoryRole(value).label for value in details["roles"]] if reseller else [],
        "lines": [
            {
                "offer": line.availability.sku.name,
                "term": term_text(line.availability),
                "quantity": line.quantity,
            }
            for line in _chosen(request)
        ],
        "problem": problem,
        "key": _kept(request)["key"],
    }
    return render(request, "customers/add_review.html", context, status=status)


def _submit(request: PersonRequest) -> HttpResponse:
    """The answer of this request is the only page that ever shows the password."""
    kept = _kept(request)
    if not kept:
        if added := added_with(request.actor, request.POST.get("key", "")):
            return _added_before(request, added)
        messages.info(request, _("This customer was added already, or the entry was given up."))
        return redirect("customers:list")
    details = kept["details"]
    reseller = _reseller(request)
    try:
        made = add_customer(
            request.actor,
            values=details,
            segment=Segment(details["segment"]),
            language=details["language"],
            reseller=reseller,
            levers=Levers(
                roles=[DirectoryRole(value) for value in details["roles"]] if reseller else [],
                on_subscriptions=details["on_subscriptions"],
                is_support_contact=bool(reseller and details["is_support_contact"]),
            ),
            lines=_chosen(request),
            key=kept["key"],
        )
    except CustomerAddedBefore as before:
        return _added_before(request, before.customer)
    except IncompleteDetails as refusal:
        return _review_page(request, " ".join(str(text) for text in refusal.problems.values()), 400)
    except Refusal as refusal:
        if refusal.status == 403:  # noqa: PLR2004  (a missing right is a page of its own)
            raise
        return _review_page(request, str(refusal), refusal.status)
    request.session.pop(KEPT, None)
    context = {"made": made, "reseller": reseller}
    response = render(request, "customers/added.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _added_before(request: PersonRequest, customer: Tenant) -> HttpResponse:
    """A second click is answered with the customer, never with the password a second time."""
    messages.warning(
        request,
        _(
            "This customer was added by your first click. Its temporary password stood on the page that answered that "
            "click and is not shown again. If nobody noted it, a partner to whom the customer gave the access “Global "
            "administrator” makes a new one under [Users]."
        ),
    )
    return redirect("customers:account", customer.pk)
