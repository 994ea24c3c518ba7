"""Lists as CSV, in which no cell is a formula (G-26, T-34)."""

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo

from django.conf import settings

Cell = str | int | Decimal | dt.datetime | dt.date | None
FORMULA_SIGNS = frozenset("=+-@\t\r\n|%")


def harmless(text: str) -> str:
    """The text as a cell may hold it: one that a spreadsheet would compute gets an apostrophe in front."""
    first = unicodedata.normalize("NFKC", text.lstrip(" \u3000\ufeff")[:1])
    return f"'{text}" if first and first[0] in FORMULA_SIGNS else text


def day_of(value: dt.date) -> dt.date:
    """The day where the readers are."""
    return (
        value.astimezone(ZoneInfo(settings.READER_TIME_ZONE)).date()
        if isinstance(value, dt.datetime)
        else value
    )


def text_of(cell: Cell) -> str | int | Decimal:
    """What stands in the cell."""
    if cell is None:
        return ""
    if isinstance(cell, dt.date):
        return day_of(cell).isoformat()
    return cell if isinstance(cell, int | Decimal) else harmless(cell)


def csv_file(header: Sequence[str], rows: Iterable[Sequence[Cell]], *, for_programs: bool = False) -> bytes:
    """The list: for people with the mark by which Excel knows UTF-8, for programs without it and every cell quoted."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, quoting=csv.QUOTE_ALL if for_programs else csv.QUOTE_MINIMAL)
    writer.writerow(header)
    writer.writerows([text_of(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8" if for_programs else "utf-8-sig")
