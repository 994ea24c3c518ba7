"""Lists as files: CSV that Japanese Excel opens as it is, and XLSX. No cell is a formula (G-26, T-34)."""

import csv
import datetime as dt
import io
import unicodedata
from collections.abc import Iterable, Sequence
from zoneinfo import ZoneInfo

import xlsxwriter
from django.conf import settings
from django.http import HttpResponse

Cell = str | int | dt.datetime | dt.date | None
FORMULA_SIGNS = frozenset("=+-@\t\r\n|%")
FORMATS = ("csv", "xlsx")
WIDEST, NARROWEST = 60, 10


def harmless(text: str) -> str:
    """The text as a cell may hold it: one that a spreadsheet would compute gets an apostrophe in front."""
    first = unicodedata.normalize("NFKC", text.lstrip(" \u3000\ufeff")[:1])
    return f"'{text}" if first and first[0] in FORMULA_SIGNS else text


def _day(value: dt.date) -> dt.date:
    return (
        value.astimezone(ZoneInfo(settings.READER_TIME_ZONE)).date()
        if isinstance(value, dt.datetime)
        else value
    )


def _text(cell: Cell) -> str | int:
    if cell is None:
        return ""
    if isinstance(cell, dt.date):
        return _day(cell).isoformat()
    return cell if isinstance(cell, int) else harmless(cell)


def list_file(form: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """The list as a download: ``form`` is ``csv`` or ``xlsx``, ``name`` the file without its ending."""
    content, kind = (
        (_csv(header, rows), "text/csv; charset=utf-8")
        if form == "csv"
        else (
            _xlsx(header, rows),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    )
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    )


def _csv(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(header)
    writer.writerows([_text(cell) for cell in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _xlsx(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    file = io.BytesIO()
    # Texts stay texts: nothing is taken for a formula, a number or an address.
    book = xlsxwriter.Workbook(
        file,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    sheet = book.add_worksheet()
    bold, day = book.add_format({"bold": True}), book.add_format({"num_format": "yyyy-mm-dd"})
    widths = [len(title) for title in header]
    for column, title in enumerate(header):
        sheet.write_string(0, column, title, bold)
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write_datetime(line, column, _day(cell), day)
            elif isinstance(cell, int):
                sheet.write_number(line, column, cell)
            elif cell:
                sheet.write_string(line, column, harmless(cell))
            widths[column] = max(widths[column], len(str(_text(cell))))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width * 2, NARROWEST), WIDEST))
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()
