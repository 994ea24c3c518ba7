"""The operator's SKUs and where they may be bought."""

import uuid
from collections.abc import Callable, Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.catalogue.errors import NotInThisPhase
from toiya.catalogue.models import Availability, Product, Sku, SkuKind, SkuLinkKind
from toiya.catalogue.skus import (
    Around,
    PlanLine,
    add_availabilities,
    create_sku,
    restore_availability,
    restore_sku,
    update_sku,
    withdraw_availability,
    withdraw_sku,
)
from toiya.core.errors import NotVisible, Refusal
from toiya.fulfilment.models import Connector
from toiya.web.catalogue.forms import AvailabilitiesForm, SkuForm, plan_text
from toiya.web.catalogue.products import crumbs, find_product, form_page
from toiya.web.editing import Edit, failed
from toiya.web.http import PersonRequest

GROUPS = ("name_ja", "name_en", "unit_ja", "unit_en", "code", "kind")
BOUNDS = ("min_quantity", "max_quantity", "max_per_customer", "cancel_days", "trial_days", "converts_to")
PROVIDING = ("connector", "connector_reference", "plans")
AROUND = ("prerequisites", "upgrades")


def _find(request: PersonRequest, sku_id: uuid.UUID) -> Sku:
    rows = Sku.objects.visible_to(request.actor).select_related(
        "product__category", "connector", "converts_to"
    )
    found = rows.filter(pk=sku_id).first()
    if found is None:
        raise NotVisible
    return found


def sku(request: PersonRequest, sku_id: uuid.UUID) -> HttpResponse:
    """One SKU: bounds, plans, links, availabilities."""
    return _page(request, _find(request, sku_id), None)


def _page(
    request: PersonRequest, found: Sku, form: AvailabilitiesForm | None, status: int = 200
) -> HttpResponse:
    links = list(found.links.select_related("other__product").order_by("other__code"))
    offers = Availability.objects.visible_to(request.actor).filter(sku=found)
    context = {
        "sku": found,
        "form": form or AvailabilitiesForm(kind=SkuKind(found.kind)),
        "facts": _facts(found),
        "plans": list(found.service_plans.order_by("position", "code")),
        "prerequisites": [link.other for link in links if link.kind == SkuLinkKind.PREREQUISITE],
        "upgrades": [link.other for link in links if link.kind == SkuLinkKind.UPGRADE],
        "offers": list(offers.order_by("country", "segment", "term", "billing_cycle")),
        "crumbs": crumbs((reverse("catalogue:product", args=[found.product_id]), found.product.name)),
    }
    return render(request, "catalogue/sku.html", context, status=status)


def _facts(found: Sku) -> list[tuple[str, object]]:
    quantity = f"{found.min_quantity} – {found.max_quantity}"
    facts: list[tuple[str, object]] = [
        (_("Code"), found.code),
        (_("Kind"), found.get_kind_display()),
        (_("Unit"), found.unit),
        (_("Quantity"), quantity),
        (_("Subscriptions per customer"), found.max_per_customer or _("As many as it likes")),
        (_("Days in which it can be canceled"), found.cancel_days),
        (_("Connector"), found.connector.name),
        (_("Reference in that system"), found.connector_reference),
    ]
    if found.kind == SkuKind.TRIAL:
        target = found.converts_to.name if found.converts_to else _("Nothing; it just ends")
        facts += [(_("Days of the trial"), found.trial_days), (_("The trial becomes"), target)]
    return facts


def new_sku(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """One more form of the product."""
    product = find_product(request, product_id)

    def save(form: SkuForm) -> HttpResponse:
        made = create_sku(
            request.actor,
            product=product,
            kind=SkuKind(form.cleaned_data["kind"]),
            values=form.values,
            around=_around(form),
        )
        messages.success(
            request,
            _("“%(name)s” was added. Say next where it may be bought.") % {"name": made.name},
        )
        return HttpResponseRedirect(reverse("catalogue:sku", args=[made.pk]))

    return _form_page(request, product, None, save)


def edit_sku(request: PersonRequest, sku_id: uuid.UUID) -> HttpResponse:
    """Other words or bounds."""
    found = _find(request, sku_id)

    def save(form: SkuForm) -> HttpResponse:
        made = update_sku(
            request.actor,
            sku=found,
            version=form.cleaned_data["version"],
            values=form.values,
            around=_around(form),
        )
        messages.success(request, _("“%(name)s” was saved.") % {"name": made.name})
        return HttpResponseRedirect(reverse("catalogue:sku", args=[made.pk]))

    return _form_page(request, found.product, found, save)


def _around(form: SkuForm) -> Around:
    given = form.cleaned_data
    return Around(given["plans"], given["prerequisites"], given["upgrades"])


def _present(request: PersonRequest, own: Sku | None) -> Mapping[str, object]:
    if own is None:
        return {}
    row = _find(request, own.pk)
    links = list(row.links.values_list("kind", "other_id"))
    plans = [PlanLine(p.code, p.name_ja, p.name_en) for p in row.service_plans.order_by("position", "code")]
    plain = [*GROUPS[:-1], *BOUNDS[:-1], "connector_reference", "version"]
    return {
        **{name: getattr(row, name) for name in plain},
        "converts_to": str(row.converts_to_id or ""),
        "connector": str(row.connector_id),
        "plans": plan_text(plans),
        "prerequisites": [str(other) for kind, other in links if kind == SkuLinkKind.PREREQUISITE],
        "upgrades": [str(other) for kind, other in links if kind == SkuLinkKind.UPGRADE],
    }


def _form_page(
    request: PersonRequest, product: Product, own: Sku | None, save: Callable[[SkuForm], HttpResponse]
) -> HttpResponse:
    skus = list(
        Sku.objects.visible_to(request.actor)
        .filter(withdrawn_at__isnull=True)
        .select_related("product")
        .order_by("product__code", "code")
    )
    connectors = list(Connector.objects.visible_to(request.actor).order_by("code"))

    def make(data: QueryDict | None, initial: Mapping[str, object]) -> SkuForm:
        return SkuForm(data, initial=dict(initial), skus=skus, connectors=connectors, own=own)

    product_url = reverse("catalogue:product", args=[product.pk])
    back = reverse("catalogue:sku", args=[own.pk]) if own else product_url
    edit = Edit(request, make, lambda: _present(request, own), save)
    return edit.answer or form_page(
        request,
        edit,
        title=_("Change “%(name)s”") % {"name": own.name} if own else _("Add a SKU"),
        groups=[
            (_("SKU"), "tag", GROUPS),
            (_("Bounds"), "rulers", BOUNDS),
            (_("How it is provided"), "plug", PROVIDING),
            (_("What it belongs to"), "diagram-2", AROUND),
        ],
        crumbs=crumbs((product_url, product.name), *([(back, own.name)] if own else [])),
        cancel_url=back,
    )


def _step(request: PersonRequest, found: Sku, act: Callable[[], None], sentence: str) -> HttpResponse:
    try:
        act()
    except NotInThisPhase as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, sentence)
    return HttpResponseRedirect(reverse("catalogue:sku", args=[found.pk]))


def withdraw(request: PersonRequest, sku_id: uuid.UUID) -> HttpResponse:
    """Nobody can buy it any more."""
    found = _find(request, sku_id)
    sentence = _("“%(name)s” is withdrawn. What was sold goes on; you can restore it.") % {"name": found.name}
    return _step(request, found, lambda: withdraw_sku(request.actor, sku=found), sentence)


def restore(request: PersonRequest, sku_id: uuid.UUID) -> HttpResponse:
    """It can be bought again."""
    found = _find(request, sku_id)
    sentence = _("“%(name)s” is back in the catalog.") % {"name": found.name}
    return _step(request, found, lambda: restore_sku(request.actor, sku=found), sentence)


def add_offers(request: PersonRequest, sku_id: uuid.UUID) -> HttpResponse:
    """The SKU may be bought in more places, by more customers, for more terms."""
    found = _find(request, sku_id)
    form, status = AvailabilitiesForm(request.POST, kind=SkuKind(found.kind)), 400
    if form.is_valid():
        try:
            count = add_availabilities(request.actor, sku=found, **form.cleaned_data)
        except Refusal as refusal:
            status = failed(form, refusal)
        else:
            text = ngettext(
                "%(count)s availability was added.", "%(count)s availabilities were added.", count
            )
            messages.success(request, text % {"count": count})
            return HttpResponseRedirect(reverse("catalogue:sku", args=[sku_id]))
    return _page(request, found, form, status)


def _offer(request: PersonRequest, availability_id: uuid.UUID) -> Availability:
    rows = Availability.objects.visible_to(request.actor).select_related("sku")
    found = rows.filter(pk=availability_id).first()
    if found is None:
        raise NotVisible
    return found


def withdraw_offer(request: PersonRequest, availability_id: uuid.UUID) -> HttpResponse:
    """It cannot be bought there any more."""
    found = _offer(request, availability_id)
    sentence = _("The availability is withdrawn. What was sold keeps it; you can restore it.")
    act = withdraw_availability
    return _step(request, found.sku, lambda: act(request.actor, availability=found), sentence)


def restore_offer(request: PersonRequest, availability_id: uuid.UUID) -> HttpResponse:
    """It can be bought there again."""
    found = _offer(request, availability_id)
    sentence = _("The availability is back.")
    act = restore_availability
    return _step(request, found.sku, lambda: act(request.actor, availability=found), sentence)
