"""Lists as files: CSV that Japanese Excel opens as it is, and XLSX. No cell is a formula (G-26, T-34)."""

import datetime as dt
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal

import xlsxwriter
from django.http import HttpResponse

from toiya.core.csv_files import Cell, csv_file, day_of, harmless, text_of

FORMATS = ("csv", "xlsx")
WIDEST, NARROWEST = 60, 10


def list_file(form: str, name: str, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> HttpResponse:
    """The list as a download: ``form`` is ``csv`` or ``xlsx``, ``name`` the file without its ending."""
    content, kind = (
        (csv_file(header, rows), "text/csv; charset=utf-8")
        if form == "csv"
        else (
            _xlsx(header, rows),
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        )
    )
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    )


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
                sheet.write_datetime(line, column, day_of(cell), day)
            elif isinstance(cell, int | Decimal):
                sheet.write_number(line, column, cell)
            elif cell:
                sheet.write_string(line, column, harmless(cell))
            widths[column] = max(widths[column], len(str(text_of(cell))))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, min(max(width * 2, NARROWEST), WIDEST))
    sheet.freeze_panes(1, 0)
    book.close()
    return file.getvalue()
