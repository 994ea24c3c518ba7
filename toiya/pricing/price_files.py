"""Prices as files (docs/price-lists.md): what a row names, what it would change, what is wrong with it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from toiya.catalogue.models import Availability, SkuKind
from toiya.core.errors import Refusal
from toiya.core.money import UnitPrice, WrongPrice, read_price
from toiya.core.spreadsheets import Line, Sheet
from toiya.pricing.models import PriceList
from toiya.pricing.price_lists import Mark, Pair, mark_of, offers_of, pairs_of

NAMING = ("product", "sku", "segment", "term", "billing_cycle")
LIST_COLUMNS = (*NAMING, "list_price", "estimated_retail_price")
CHANGE = "change"
MOST_ROWS = 20_000
Key = tuple[str, ...]


class ColumnsMissing(Refusal):
    """The header line does not name what every row must say."""

    code = "columns_missing"
    status = 400

    def __init__(self, *, missing: Sequence[str], found: Sequence[str]) -> None:
        super().__init__(
            _("The first line must name the columns %(missing)s. It names: %(found)s.")
            % {"missing": ", ".join(missing), "found": ", ".join(filter(None, found)) or "–"}
        )


class TooManyRows(Refusal):
    """A price list is no larger than this."""

    code = "too_many_rows"
    status = 400

    def __init__(self, *, found: int, most: int) -> None:
        super().__init__(
            _("The file has %(found)s rows; at most %(most)s can be read at once.")
            % {"found": found, "most": most}
        )


@dataclass(frozen=True, slots=True)
class RowResult:
    """What a row of the file would do: a mark, or what is wrong with it."""

    number: int
    label: str
    mark: Mark | None
    wrong: str
    availability: Availability | None = None
    before: Pair | None = None
    after: Pair | None = None


@dataclass(frozen=True, slots=True)
class DryRun:
    """Every row's result. Good rows can be carried out, bad ones are named by their line."""

    rows: Sequence[RowResult]
    encoding: str

    @property
    def good(self) -> list[RowResult]:
        """Rows that say something."""
        return [row for row in self.rows if not row.wrong]

    @property
    def bad(self) -> list[RowResult]:
        """Rows that are left out."""
        return [row for row in self.rows if row.wrong]

    @property
    def counts(self) -> dict[Mark, int]:
        """How many rows do what."""
        return {mark: sum(row.mark is mark for row in self.rows) for mark in Mark}

    def lines(self) -> dict[Availability, Pair | None]:
        """What the good rows write."""
        return {row.availability: row.after for row in self.good if row.availability is not None}


def key_of(availability: Availability) -> Key:
    """How a file names an offer; the country is the list's."""
    sku = availability.sku
    return (
        sku.product.code.casefold(),
        sku.code.casefold(),
        availability.segment,
        availability.term,
        availability.billing_cycle,
    )


def label_of(availability: Availability) -> str:
    """An offer in words."""
    sku = availability.sku
    parts = [sku.name, availability.get_segment_display(), availability.get_term_display()]
    return " · ".join(str(part) for part in [*parts, availability.get_billing_cycle_display()])


def must_have_columns(sheet: Sheet, columns: Sequence[str]) -> None:
    """Raises ColumnsMissing, TooManyRows."""
    missing = [name for name in columns if name not in sheet.columns]
    if missing:
        raise ColumnsMissing(missing=missing, found=sheet.columns)
    if len(sheet.lines) > MOST_ROWS:
        raise TooManyRows(found=len(sheet.lines), most=MOST_ROWS)


def dry_run(price_list: PriceList, sheet: Sheet, *, replace: bool = False) -> DryRun:
    """What the file would make of the draft; nothing is written.

    ``replace``: offers that the file does not name are taken off the list. Raises ColumnsMissing, TooManyRows.
    """
    must_have_columns(sheet, LIST_COLUMNS)
    offers = {key_of(row): row for row in offers_of(price_list)}
    present = pairs_of(price_list)

    def judge(line: Line, availability: Availability) -> RowResult:
        before = present.get(availability.pk)
        after = (
            None if line.cells.get(CHANGE, "").upper() == Mark.DEL else _read_pair(line, price_list.currency)
        )
        mark = mark_of(before, after) or Mark.UNC
        return RowResult(line.number, label_of(availability), mark, "", availability, before, after)

    rows = judge_rows(sheet.lines, offers, judge)
    if replace:
        named = {row.availability.pk for row in rows if row.availability is not None}
        rows += [
            RowResult(0, label_of(row), Mark.DEL, "", row, present[row.pk], None)
            for row in offers_of(price_list, present)
            if row.pk not in named
        ]
    return DryRun(rows, sheet.encoding)


def _read_pair(line: Line, currency: str) -> Pair:
    return Pair(price_in(line, "list_price", currency), price_in(line, "estimated_retail_price", currency))


def price_in(line: Line, column: str, currency: str) -> UnitPrice:
    """The price in a cell. Raises WrongPrice that names the column and what was found."""
    try:
        return read_price(line.cells.get(column, ""), currency)
    except WrongPrice as wrong:
        raise WrongPrice(
            _("%(column)s: “%(found)s” is no price. %(rule)s")
            % {"column": column, "found": line.cells.get(column, ""), "rule": wrong}
        ) from wrong


def judge_rows(
    lines: Iterable[Line],
    offers: Mapping[Key, Availability],
    judge: Callable[[Line, Availability], RowResult],
) -> list[RowResult]:
    """Each row by itself: unknown and repeated offers are wrong, whatever ``judge`` refuses is wrong as it says."""
    seen: dict[Key, int] = {}
    results = []
    for line in lines:
        key = tuple(_cell(line, name) for name in NAMING)
        availability = offers.get(key)
        label = " · ".join(filter(None, key))
        if availability is None:
            results.append(RowResult(line.number, label, None, _unknown(key, offers)))
        elif key in seen:
            text = _("This offer stands in line %(line)s already.") % {"line": seen[key]}
            results.append(RowResult(line.number, label_of(availability), None, text))
        else:
            seen[key] = line.number
            try:
                results.append(judge(line, availability))
            except Refusal as refusal:
                results.append(RowResult(line.number, label_of(availability), None, str(refusal)))
    return results


def _cell(line: Line, name: str) -> str:
    value = line.cells.get(name, "")
    if name == "term":
        return "" if value.casefold() in {"", "none", "-"} else value.upper()
    return value.casefold()


def _unknown(key: Key, offers: Mapping[Key, Availability]) -> str:
    """Which of the five names is not known here."""
    for count, name in enumerate(NAMING, start=1):
        if not any(known[:count] == key[:count] for known in offers):
            return _("%(column)s: there is no “%(found)s” that is sold in this country.") % {
                "column": name,
                "found": key[count - 1],
            }
    return ""


def plain(price: UnitPrice | None) -> str:
    """A price as a file holds it, without currency and exact."""
    return f"{price.decimal:f}" if price else ""


def naming_cells(availability: Availability) -> list[str]:
    """The cells that name an offer."""
    return list(key_of(availability))


def kind_word(availability: Availability) -> str:
    """The kind of the SKU, for people who read the file."""
    return str(SkuKind(availability.sku.kind).label)
