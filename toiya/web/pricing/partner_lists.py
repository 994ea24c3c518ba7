"""What a partner pays and asks: the operator's price list for providers, "our prices" for both (N-33)."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity
from toiya.core.text import fold
from toiya.directory.models import Tenant
from toiya.pricing.models import PriceList
from toiya.pricing.own_prices import OwnLine, own_lines
from toiya.pricing.price_files import plain
from toiya.pricing.price_lists import Mark, MarkedLine, coming_list, last_day, list_before, marked_lines
from toiya.pricing.rules import buyer_by_domain
from toiya.pricing.shelves import Shelf, shelf_of
from toiya.web.catalogue.browse import ORDER, price_tabs, shelf_context
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.pricing.lists import line_row, list_export, mark_cell

CURRENT, COMING = "current", "coming"
PAGE = 100


# ---------------------------------------------------------------- the operator's list, for providers
def _lists(request: PersonRequest) -> tuple[Shelf, PriceList | None, PriceList | None]:
    shelf = shelf_of(request.actor, request.GET.get("country", ""))
    begun = PriceList.objects.visible_to(request.actor).filter(
        country=shelf.country, published_at__isnull=False, valid_from__lte=shelf.on
    )
    current = begun.order_by("-valid_from").first()
    later = PriceList.objects.visible_to(request.actor).filter(
        country=shelf.country, published_at__isnull=False, valid_from__gt=shelf.on
    )
    first = current or later.order_by("valid_from").first()
    return shelf, current, coming_list(first, shelf.on) if first else None


def price_list(request: PersonRequest) -> HttpResponse:
    """The list in force, or the coming one 30 days before it begins, with its changes (N-33)."""
    shelf, current, coming = _lists(request)
    which = COMING if request.GET.get("list") == COMING and coming else CURRENT
    shown = coming if which == COMING else current
    lines = _matching(request, shown) if shown else []
    start = _number(request.GET.get("from", ""))
    marks = {mark: sum(line.mark is mark for line in lines) for mark in Mark}
    context = {
        **shelf_context(shelf),
        "countries": shelf.countries,
        "shown": shown,
        "which": which,
        "coming": coming,
        "current": current,
        "last_day": last_day(shown) if shown else None,
        "before": list_before(shown) if shown else None,
        "counts": [{**mark_cell(mark), "count": count} for mark, count in marks.items()],
        "rows": [line_row(line) for line in lines[start : start + PAGE]],
        "start": start,
        "following": start + PAGE if len(lines) > start + PAGE else 0,
        "q": request.GET.get("q", ""),
        "tabs": price_tabs(request.actor, "pricing:price_list"),
    }
    return render(request, "pricing/price_list.html", context)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < len("1000000") else 0


def _matching(request: PersonRequest, shown: PriceList) -> list[MarkedLine]:
    words = fold(request.GET.get("q", "")).split()
    lines = marked_lines(shown, before=list_before(shown))
    return [line for line in lines if all(word in line.availability.sku.product.search_key for word in words)]


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file."""
    if form not in FORMATS:
        raise NotVisible
    _shelf, current, coming = _lists(request)
    shown = coming if request.GET.get("list") == COMING and coming else current
    if shown is None:
        raise NotVisible
    return list_export(form, shown)


# ---------------------------------------------------------------- what we ask
def _ours(request: PersonRequest) -> tuple[Shelf, Any, Tenant | None, str]:
    shelf = shelf_of(request.actor, request.GET.get("country", ""))
    rows = shelf.offers()
    for word in fold(request.GET.get("q", "")).split():
        rows = rows.filter(sku__product__search_key__contains=word)
    buyer, wrong = None, ""
    try:
        buyer = buyer_by_domain(request.actor, shelf.capacity, request.GET.get("buyer", ""))
    except Refusal as refusal:
        wrong = str(refusal)
    return shelf, rows.select_related("sku__product__category"), buyer, wrong


def _own_lines(
    request: PersonRequest, shelf: Shelf, rows: list[Availability], buyer: Tenant | None
) -> list[OwnLine]:
    return own_lines(
        request.actor,
        rows,
        capacity=shelf.capacity,
        suppliers=shelf.suppliers,
        buyer_id=buyer.pk if buyer else None,
        on=shelf.on,
    )


def our_prices(request: PersonRequest) -> HttpResponse:
    """What we pay and what we ask, for everybody or for one buyer."""
    shelf, rows, buyer, wrong = _ours(request)
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request))
    context = {
        **shelf_context(shelf),
        "countries": shelf.countries,
        "rows": _own_lines(request, shelf, list(page.rows), buyer),
        "pager": pager_of(request, page),
        "buyer": buyer,
        "wrong": wrong,
        "q": request.GET.get("q", ""),
        "typed_buyer": request.GET.get("buyer", ""),
        "filters": request.GET.urlencode(),
        "tabs": price_tabs(request.actor, "pricing:our_prices"),
    }
    return render(request, "pricing/our_prices.html", context, status=400 if wrong else 200)


def export_our_prices(request: PersonRequest, form: str) -> HttpResponse:
    """The same as a file."""
    if form not in FORMATS:
        raise NotVisible
    shelf, rows, buyer, _wrong = _ours(request)
    lines = _own_lines(request, shelf, list(rows.order_by(*ORDER)), buyer)
    header = [
        _("Product"),
        _("SKU"),
        _("Country or region"),
        _("Segment"),
        _("Term"),
        _("Billing"),
        _("Bought from"),
        _("What we pay"),
        _("Currency"),
        _("We ask"),
        _("Currency"),
        _("Note"),
    ]
    return list_file(
        form, "our-prices", header, _cells(lines, is_provider=shelf.capacity is Capacity.PROVIDER)
    )


def _cells(lines: Iterable[OwnLine], *, is_provider: bool) -> Iterable[list[Cell]]:
    for line in lines:
        row, asked = line.availability, line.asked
        words = [row.get_segment_display(), row.get_term_display(), row.get_billing_cycle_display()]
        operator = _("Programme operator") if is_provider else ""
        yield [
            row.sku.product.name,
            row.sku.name,
            row.country_id,
            *(str(word) for word in words),
            line.supplier.name if line.supplier else operator,
            plain(line.paid),
            line.paid.currency if line.paid else "",
            plain(asked.price),
            asked.price.currency if asked.price else "",
            str(asked.obstacle.label) if asked.obstacle else "",
        ]
