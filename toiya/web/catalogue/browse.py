"""The partners' catalogue: what they can sell, from whom, for how much to them (S-058, N-32, N-44)."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from toiya.catalogue.errors import TooManyPinned
from toiya.catalogue.models import (
    Availability,
    Category,
    PinnedProduct,
    Product,
    Sku,
    SkuLinkKind,
)
from toiya.catalogue.pins import MOST_PINNED, pin_product, unpin_product
from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity
from toiya.core.terms import Term
from toiya.core.text import fold
from toiya.pricing.own_prices import OwnLine, buys_as, own_lines
from toiya.pricing.price_files import plain
from toiya.pricing.shelves import Shelf, shelf_of
from toiya.web.catalogue.forms import BrowseForm
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

ORDER = ("sku__product__code", "sku__code", "segment", "term", "billing_cycle", "id")


def shelf_context(shelf: Shelf) -> dict[str, object]:
    """The shelf for the templates."""
    return {
        "is_provider": shelf.capacity is Capacity.PROVIDER,
        "is_supplied": shelf.is_supplied,
        "suppliers": shelf.suppliers,
        "country": shelf.country,
    }


def price_tabs(actor: Actor, current: str) -> list[dict[str, object]]:
    """Catalogue and prices, side by side."""
    names = [("catalogue:browse", _("Catalog"))]
    if buys_as(actor) is Capacity.PROVIDER:
        names.append(("pricing:price_list", _("Price list")))
    names += [
        ("pricing:running_promotions", _("Promotions")),
        ("pricing:our_prices", _("Our prices")),
        ("pricing:rules", _("Price rules")),
        ("pricing:rates", _("Exchange rates")),
    ]
    return [{"url": reverse(name), "label": label, "current": name == current} for name, label in names]


def catalogue(request: PersonRequest) -> HttpResponse:
    """Every offer in one of the partner's countries, searched and filtered; pinned products on top."""
    shelf, form, rows = _found(request)
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request))
    pins = _pins(request.actor)
    context = {
        **shelf_context(shelf),
        "form": form,
        "rows": grouped(request.actor, shelf, page.rows, pins),
        "pinned": pins.values(),
        "pager": pager_of(request, page),
        "tabs": price_tabs(request.actor, "catalogue:browse"),
        "filters": request.GET.urlencode(),
        "is_searched": any(request.GET.get(name) for name in form.fields if name != "country"),
    }
    return render(request, "catalogue/browse.html", context)


def _found(request: PersonRequest) -> tuple[Shelf, BrowseForm, Any]:
    shelf = shelf_of(request.actor, request.GET.get("country", ""))
    categories = list(Category.objects.visible_to(request.actor).order_by("position", "code"))
    codes = [row.code for row in shelf.countries]
    data = {**request.GET.dict(), "country": shelf.country.code}
    form = BrowseForm(data, categories=categories, countries=codes)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = shelf.offers()
    for word in fold(wanted.get("q") or "").split():
        rows = rows.filter(sku__product__search_key__contains=word)
    for name, path in FILTERS.items():
        if wanted.get(name):
            rows = rows.filter(**{path: wanted[name]})
    if wanted.get("term"):
        rows = rows.filter(term="" if wanted["term"] == "none" else Term(wanted["term"]))
    return shelf, form, rows.select_related("sku__product__category")


FILTERS = {
    "category": "sku__product__category",
    "kind": "sku__kind",
    "segment": "segment",
    "billing": "billing_cycle",
}


def _pins(actor: Actor) -> dict[uuid.UUID, Product]:
    rows = PinnedProduct.objects.visible_to(actor).select_related("product").order_by("at", "pk")
    return {
        row.product_id: row.product
        for row in rows
        if row.product.published_at is not None and row.product.withdrawn_at is None
    }


def grouped(
    actor: Actor, shelf: Shelf, rows: Sequence[Availability], pins: Mapping[uuid.UUID, Product]
) -> list[dict[str, object]]:
    """Each offer with what the partner pays for it, to each of its suppliers."""
    lines: dict[uuid.UUID, list[OwnLine]] = {}
    for line in _lines(actor, shelf, rows):
        lines.setdefault(line.availability.pk, []).append(line)
    return [
        {"offer": row, "lines": lines.get(row.pk, []), "is_pinned": row.sku.product_id in pins}
        for row in rows
    ]


def _lines(actor: Actor, shelf: Shelf, rows: Sequence[Availability]) -> list[OwnLine]:
    return own_lines(
        actor, rows, capacity=shelf.capacity, suppliers=shelf.suppliers, buyer_id=None, on=shelf.on
    )


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The offers found, with what the partner pays."""
    if form not in FORMATS:
        raise NotVisible
    shelf, _form, rows = _found(request)
    lines = _lines(request.actor, shelf, list(rows.order_by(*ORDER)))
    is_provider = shelf.capacity is Capacity.PROVIDER
    header = [
        *_header(),
        *([_("List price"), _("Estimated retail price")] if is_provider else [_("Your price")]),
    ]
    return list_file(form, "catalogue", header, _cells(lines, is_provider=is_provider))


def _header() -> list[str]:
    return [
        _("Indirect provider"),
        _("Category"),
        _("Product"),
        _("SKU"),
        _("Kind"),
        _("Country or region"),
        _("Segment"),
        _("Term"),
        _("Billing"),
        _("Currency"),
    ]


def _cells(lines: Iterable[OwnLine], *, is_provider: bool) -> Iterable[list[Cell]]:
    for line in lines:
        row = line.availability
        words = [row.get_segment_display(), row.get_term_display(), row.get_billing_cycle_display()]
        prices = [plain(line.paid), *([plain(line.suggested)] if is_provider else [])]
        yield [
            line.supplier.name if line.supplier else "",
            row.sku.product.category.name,
            row.sku.product.name,
            row.sku.name,
            str(row.sku.get_kind_display()),
            row.country_id,
            *(str(word) for word in words),
            line.paid.currency if line.paid else "",
            *prices,
        ]


def _find(request: PersonRequest, product_id: uuid.UUID) -> Product:
    found = Product.objects.visible_to(request.actor).live().select_related("category").filter(pk=product_id)
    product = found.first()
    shelf = shelf_of(request.actor, "")
    if product is None or not shelf.is_supplied:
        raise NotVisible
    return product


def product(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """One product: what it is, its SKUs with bounds and plans, its offers with prices."""
    found = _find(request, product_id)
    shelf = shelf_of(request.actor, request.GET.get("country", ""))
    pins = _pins(request.actor)
    offers = list(
        shelf.offers()
        .filter(sku__product=found)
        .select_related("sku__product")
        .order_by("sku__code", "segment", "term", "billing_cycle")
    )
    skus = (
        Sku.objects.visible_to(request.actor)
        .live()
        .filter(product=found)
        .prefetch_related("service_plans", "links__other")
        .order_by("code")
    )
    context = {
        **shelf_context(shelf),
        "product": found,
        "countries": shelf.countries,
        "skus": [_sku_row(sku) for sku in skus],
        "rows": grouped(request.actor, shelf, offers, pins),
        "is_pinned": found.pk in pins,
        "crumbs": [
            (reverse("dashboard:home"), _("Home")),
            (reverse("catalogue:browse"), _("Catalog")),
        ],
    }
    return render(request, "catalogue/browse_product.html", context)


def _sku_row(sku: Sku) -> dict[str, object]:
    links = list(sku.links.all())
    return {
        "sku": sku,
        "plans": sorted(sku.service_plans.all(), key=lambda plan: plan.position),
        "needs": [link.other for link in links if link.kind == SkuLinkKind.PREREQUISITE],
        "upgrades": [link.other for link in links if link.kind == SkuLinkKind.UPGRADE],
    }


def _back(request: PersonRequest) -> HttpResponse:
    target = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(target, allowed_hosts=None) and target.startswith("/dashboard/")
    return HttpResponseRedirect(target if safe else reverse("catalogue:browse"))


def pin(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """The product stands at the top from now on."""
    found = _find(request, product_id)
    try:
        pin_product(request.actor, product=found)
    except TooManyPinned as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            _("“%(name)s” is pinned; you can pin up to %(most)s products.")
            % {"name": found.name, "most": MOST_PINNED},
        )
    return _back(request)


def unpin(request: PersonRequest, product_id: uuid.UUID) -> HttpResponse:
    """It goes back among the others."""
    found = _find(request, product_id)
    unpin_product(request.actor, product=found)
    messages.success(request, _("“%(name)s” is no longer pinned.") % {"name": found.name})
    return _back(request)
