"""Prices as files: what the caller pays, and nothing of anybody else's (G-05); where the catalogue is sold."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.items import SEGMENT_WORDS, pascal, shelf_for
from toiya.api.operations import APP_USER_ONLY, Call, File, operation, unbuilt
from toiya.api.resources.catalog import SEATS
from toiya.api.wire import Wire
from toiya.catalogue.models import SkuKind, SkuLinkKind
from toiya.core.csv_files import Cell, csv_file
from toiya.core.permissions import Permission
from toiya.pricing.price_files import plain
from toiya.pricing.sheets import MatrixLine, SheetLine, Timeline, offer_matrix, sheet_of
from toiya.pricing.shelves import shelf_of

VIEWS: dict[str, frozenset[SkuKind]] = {
    "azureconsumption": frozenset({SkuKind.USAGE}),
    "licensebased": SEATS,
    "software": frozenset({SkuKind.ONE_TIME}),
    "updatedlicensebased": SEATS,
}
MONTH = re.compile(r"2[0-9]{3}(0[1-9]|1[0-2])")
WITHOUT_BUSINESS = frozenset({"azurereservations", "azurereservedinstance", "marketplace"})
TAGS = {SkuKind.USAGE: "Consumption", SkuKind.ONE_TIME: "Software"}
SHEET = (
    "ProductTitle",
    "ProductId",
    "SkuId",
    "SkuTitle",
    "Publisher",
    "SkuDescription",
    "UnitOfMeasure",
    "TermDuration",
    "BillingPlan",
    "Market",
    "Currency",
    "UnitPrice",
    "PricingTierRangeMin",
    "PricingTierRangeMax",
    "EffectiveStartDate",
    "EffectiveEndDate",
    "Tags",
    "ERP Price",
    "Segment",
)
MATRIX = (
    "ProductTitle",
    "ProductId",
    "SkuId",
    "SkuTitle",
    "ProvisioningId",
    "ProvisioningString",
    "MinLicenses",
    "MaxLicenses",
    "AssetOwnershipLimit",
    "AssetOwnershipLimitType",
    "ProductSkuPreRequisites",
    "ProductSkuConversion",
    "Description",
    "AllowedCountries",
)


class SheetQuery(Wire):
    """``timeline``: current, history with ``month`` (YYYYMM), or future."""

    timeline: Timeline | None = None
    month: str | None = None


@operation(
    "pricing.get_price_sheet",
    "GET",
    "/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{view}')/$value",
    needs=Permission.CATALOGUE_VIEW,
    tokens=APP_USER_ONLY,
    errors=(2030,),
)
def get_price_sheet(call: Call, market: str, view: str, query: SheetQuery) -> File:
    """What the caller pays in a country, as CSV, or as ZIP of it with ``Accept-Encoding: deflate`` alone.

    A provider reads the operator's list with its estimated retail price; a reseller what each of its confirmed
    providers asks of it (named in Tags), today's only. Views: updatedlicensebased, azure_consumption, software.
    """
    bare = view.replace("_", "").lower()
    if bare in WITHOUT_BUSINESS:
        raise WireError(501, 0, _("Nothing of this view is sold in this programme."), view)
    kinds = VIEWS.get(bare)
    if kinds is None:
        text = _("There is no view “%(found)s” of the prices.") % {"found": view}
        raise WireError(400, 800002, text, view, "PricesheetView")
    timeline = query.timeline or Timeline.CURRENT
    month = _month(query.month or "") if timeline is Timeline.HISTORY else None
    lines = sheet_of(shelf_for(call, market), kinds=kinds, timeline=timeline, month=month)
    return _file(call, "sheets", SHEET, (_sheet_cells(line) for line in lines))


def _month(text: str) -> dt.date:
    """The first day of the month. Raises WireError (800002)."""
    if not MONTH.fullmatch(text):
        told = _("The month is “%(found)s”; write year and month, as in 202604.") % {"found": text}
        raise WireError(400, 800002, told, text, "Month")
    return dt.date(int(text[:4]), int(text[4:]), 1)


def _sheet_cells(line: SheetLine) -> Sequence[Cell]:
    row, sku = line.availability, line.availability.sku
    tags = [TAGS.get(SkuKind(sku.kind), "License"), *([line.supplier.name] if line.supplier else [])]
    return [
        sku.product.name,
        str(sku.product_id),
        str(sku.pk),
        sku.name,
        sku.product.publisher,
        sku.product.description,
        sku.unit,
        row.term,
        pascal(row.billing_cycle),
        row.country_id,
        line.price.currency,
        plain(line.price),
        "",
        "",
        _day(line.first_day, "12:00:00 AM"),
        _day(line.last_day, "11:59:59 PM") if line.last_day else "",
        ";".join(tags),
        plain(line.suggested),
        SEGMENT_WORDS[row.segment].capitalize(),
    ]


def _day(day: dt.date, time: str) -> str:
    """Dates as these files have them."""
    return f"{day.month}/{day.day}/{day.year} {time}"


@operation(
    "pricing.get_offer_matrix",
    "GET",
    "/v1.0/sales/offermatrix(Month='{month}')/$value",
    needs=Permission.CATALOGUE_VIEW,
    tokens=APP_USER_ONLY,
)
def get_offer_matrix(call: Call, month: str) -> File:
    """What is sold by seats in which countries of the caller's region, with bounds and what belongs together, as CSV.

    Of this month only: what was sold before is kept by nobody.
    """
    lines = offer_matrix(shelf_of(call.actor, ""), kinds=SEATS, month=_month(month))
    return _file(call, "offermatrix", MATRIX, (_matrix_cells(line) for line in lines))


def _matrix_cells(line: MatrixLine) -> Sequence[Cell]:
    sku = line.sku

    def others(kind: SkuLinkKind) -> str:
        found = [link.other for link in line.links if link.kind == kind]
        return ",".join(f"{other.product_id}/{other.pk}" for other in found)

    limit = sku.max_per_customer
    return [
        sku.product.name,
        str(sku.product_id),
        str(sku.pk),
        sku.name,
        "",
        sku.code,
        sku.min_quantity,
        sku.max_quantity,
        limit,
        "" if limit is None else "ConcurrentCount",
        others(SkuLinkKind.PREREQUISITE),
        others(SkuLinkKind.UPGRADE),
        sku.product.description,
        ";".join(line.countries),
    ]


def _file(call: Call, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> File:
    content = csv_file(header, rows, for_programs=True)
    if call.headers.get("Accept-Encoding", "").strip().lower() != "deflate":
        return File(content, "application/octet-stream", f"{name}.csv")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}.csv", content)
    return File(packed.getvalue(), "application/octet-stream", f"{name}.zip")


unbuilt(
    "Nobody publishes monthly rates here: a price list is in its country's own currency, and each seller keeps dated "
    "rates of its own.",
    ("pricing.get_fx_rates", "GET", "/v1.0/sales/fxrates(Month='{month}')/$value"),
)
