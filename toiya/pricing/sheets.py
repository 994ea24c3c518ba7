"""Price sheets and the offer matrix: what an organisation pays for everything it can buy, for programs (N-33, G-05).

A provider reads the operator's list of a country, in force, past or coming; a reseller what its confirmed providers
ask of it today, for what they asked before is kept by nobody.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import Enum

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy

from toiya.catalogue.models import Availability, Sku, SkuLink
from toiya.catalogue.offers import is_on_sale
from toiya.core.errors import Refusal
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.terms import add_months
from toiya.directory.models import Tenant
from toiya.pricing.models import PriceList
from toiya.pricing.own_prices import own_lines
from toiya.pricing.price_lists import coming_list, last_day, offers_of, pairs_of
from toiya.pricing.shelves import Shelf
from toiya.programme.models import Country

ORDER = ("sku__product__code", "sku__code", "segment", "term", "billing_cycle", "id")


class NoSuchSheet(Refusal):
    """Nothing is kept for that time."""

    code = "no_such_sheet"
    status = 404
    message = gettext_lazy("There is no sheet for this time.")


class Timeline(Enum):
    """Which sheet of a country."""

    CURRENT = "current"
    HISTORY = "history"
    FUTURE = "future"


@dataclass(frozen=True, slots=True)
class SheetLine:
    """An offer and what one unit costs the reader. ``supplier`` None: bought from the operator."""

    availability: Availability
    supplier: Tenant | None
    price: UnitPrice
    suggested: UnitPrice | None
    first_day: dt.date
    last_day: dt.date | None


def sheet_of(
    shelf: Shelf, *, kinds: Collection[str], timeline: Timeline, month: dt.date | None = None
) -> list[SheetLine]:
    """What the organisation pays for the kinds of SKU. ``month``: the past month's first day; its last day counts.

    Raises NoSuchSheet.
    """
    if shelf.capacity is Capacity.PROVIDER:
        lines = _lines_of(_list_of(shelf, timeline, month), is_past=timeline is Timeline.HISTORY)
    elif timeline is Timeline.CURRENT:
        lines = _asked_of_reseller(shelf)
    else:
        raise NoSuchSheet
    return [line for line in lines if line.availability.sku.kind in kinds]


def _list_of(shelf: Shelf, timeline: Timeline, month: dt.date | None) -> PriceList:
    published = PriceList.objects.visible_to(shelf.actor).filter(country=shelf.country)
    on = shelf.on
    if timeline is Timeline.HISTORY:
        if month is None or add_months(month, 1) > shelf.on:
            raise NoSuchSheet
        on = add_months(month, 1) - dt.timedelta(days=1)
    found = published.filter(published_at__isnull=False, valid_from__lte=on).order_by("-valid_from").first()
    if found is not None and timeline is Timeline.FUTURE:
        found = coming_list(found, shelf.on)
    if found is None:
        raise NoSuchSheet
    return found


def _lines_of(price_list: PriceList, *, is_past: bool) -> list[SheetLine]:
    pairs, last = pairs_of(price_list), last_day(price_list)
    return [
        SheetLine(
            row, None, pairs[row.pk].list_price, pairs[row.pk].retail_price, price_list.valid_from, last
        )
        for row in offers_of(price_list, pairs)
        if is_past or is_on_sale(row)
    ]


def _asked_of_reseller(shelf: Shelf) -> list[SheetLine]:
    offers = list(shelf.offers().select_related("sku__product__category").order_by(*ORDER))
    lines = own_lines(
        shelf.actor,
        offers,
        capacity=shelf.capacity,
        suppliers=shelf.suppliers,
        buyer_id=None,
        on=shelf.on,
    )
    return [
        SheetLine(line.availability, line.supplier, line.paid, None, shelf.on, None)
        for line in lines
        if line.paid is not None
    ]


@dataclass(frozen=True, slots=True)
class MatrixLine:
    """A SKU and where it is sold."""

    sku: Sku
    links: Sequence[SkuLink]
    countries: Sequence[str]


def offer_matrix(shelf: Shelf, *, kinds: Collection[str], month: dt.date) -> list[MatrixLine]:
    """Every SKU of the kinds that is sold now in the organisation's region, and in which countries; four statements.

    Raises NoSuchSheet for another month than this one: what was sold before is kept by nobody.
    """
    if month != shelf.on.replace(day=1):
        raise NoSuchSheet
    if not shelf.is_supplied:
        return []
    there: Sequence[Country] = shelf.countries
    rows = Availability.objects.visible_to(shelf.actor).live()
    rows = rows.filter(country__in=[country.code for country in there], sku__kind__in=kinds)
    sold: dict[object, list[str]] = {}
    for sku_id, country in rows.order_by("country").values_list("sku_id", "country_id").distinct():
        sold.setdefault(sku_id, []).append(country)
    links = Prefetch("links", queryset=SkuLink.objects.select_related("other").order_by("other__code"))
    skus = Sku.objects.visible_to(shelf.actor).filter(pk__in=list(sold)).select_related("product")
    return [
        MatrixLine(sku, list(sku.links.all()), sold[sku.pk])
        for sku in skus.prefetch_related(links).order_by("product__code", "code")
    ]
