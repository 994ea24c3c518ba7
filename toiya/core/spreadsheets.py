"""Files with rows that people hand in: CSV as spreadsheets save it, and XLSX. Nothing of them is computed.

CSV may be UTF-8 with or without a byte order mark, or Shift_JIS as older Japanese spreadsheets write it.
"""

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import openpyxl
from django.utils.translation import gettext_lazy as _
from openpyxl.utils.exceptions import InvalidFileException

from toiya.core.errors import Refusal

LARGEST_FILE = 5 * 1024 * 1024
LARGEST_UNPACKED = 64 * 1024 * 1024
UTF8, SHIFT_JIS, XLSX = "utf-8", "shift_jis", "xlsx"
ZIP_SIGN = b"PK\x03\x04"
APOSTROPHE_BEFORE = frozenset("=+-@\t\r\n|%")


class UnreadableFile(Refusal):
    """The file is neither CSV nor XLSX, is too large, or has no header line."""

    code = "unreadable_file"
    status = 400
    message = _("This file cannot be read. Hand in a CSV (UTF-8 or Shift_JIS) or XLSX file of at most 5 MB.")


@dataclass(frozen=True, slots=True)
class Line:
    """One row: its number as a spreadsheet shows it, and its cells by the name of their column."""

    number: int
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file that are not empty, its columns in order, and how it was written."""

    columns: Sequence[str]
    lines: Sequence[Line]
    encoding: str


def read_sheet(content: bytes) -> Sheet:
    """The first sheet of a file. Raises UnreadableFile."""
    if len(content) > LARGEST_FILE or not content.strip():
        raise UnreadableFile
    encoding, rows = _xlsx(content) if content.startswith(ZIP_SIGN) else _csv(content)
    numbered = ((number, [cell.strip() for cell in row]) for number, row in enumerate(rows, start=1))
    filled = [(number, row) for number, row in numbered if any(row)]
    if not filled:
        raise UnreadableFile
    columns = [name.casefold() for name in filled[0][1]]
    lines = [Line(number, dict(zip(columns, map(_plain, row), strict=False))) for number, row in filled[1:]]
    return Sheet(columns, lines, encoding)


def _plain(cell: str) -> str:
    """Our own exports put an apostrophe before what a spreadsheet would compute; it is no part of the text."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in APOSTROPHE_BEFORE else cell


def _csv(content: bytes) -> tuple[str, Iterator[list[str]]]:
    for encoding, codec in ((UTF8, "utf-8-sig"), (SHIFT_JIS, "cp932")):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            break
        return encoding, csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    raise UnreadableFile


def _delimiter(text: str) -> str:
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count) if any(sign in header for sign in ",;\t") else ","


def _xlsx(content: bytes) -> tuple[str, list[list[str]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            if sum(entry.file_size for entry in packed.infolist()) > LARGEST_UNPACKED:
                raise UnreadableFile
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, OSError) as error:
        raise UnreadableFile from error
    return XLSX, rows


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.date().isoformat() if hasattr(cell, "date") else str(cell)
