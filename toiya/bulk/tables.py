"""A file becomes a table of texts: CSV in UTF-8 or Shift_JIS, or the first sheet of an Excel workbook.

Nothing is computed: a formula stays text and makes its row wrong. What is unpacked is bounded before it is read.
"""

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import openpyxl
from openpyxl.utils.exceptions import InvalidFileException

from toiya.bulk.errors import (
    FileEmpty,
    FileTooLarge,
    NotReadable,
    TooManyColumns,
    TooManyRows,
    WrongKindOfFile,
)

MEGABYTE = 1024 * 1024
LARGEST_MB = 8
LARGEST_UNPACKED_MB = 80
MOST_PARTS = 500
MOST_ROWS = 10_000
MOST_COLUMNS = 60
LONGEST_CELL = 2_000
LONGEST_HASH = 20_000  # a hardware hash of a device
ZIP, OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
DELIMITERS = (",", "\t", ";")
FORMULA = "#FORMULA!"
# What single bytes become that Shift_JIS does not define.
NO_CHARACTERS = ("\uf8f0", "\uf8f1", "\uf8f2", "\uf8f3")
UTF_8, SHIFT_JIS, WORKBOOK = "utf-8", "cp932", "xlsx"


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows with the number of their line; blank rows are left out."""

    header: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str


def read_table(content: bytes) -> Table:
    """Raises FileTooLarge, WrongKindOfFile, NotReadable, TooManyRows, TooManyColumns, FileEmpty."""
    if len(content) > LARGEST_MB * MEGABYTE:
        raise FileTooLarge(limit_mb=LARGEST_MB)
    if content.startswith(ZIP):
        return _table(_workbook(content), WORKBOOK)
    if content.startswith(OLE) or b"\0" in content:
        raise WrongKindOfFile
    text, encoding = _decoded(content)
    return _table(_lines(text), encoding)


def _decoded(content: bytes) -> tuple[str, str]:
    for codec, name in (("utf-8-sig", UTF_8), ("cp932", SHIFT_JIS)):
        try:
            text = content.decode(codec)
        except UnicodeDecodeError:
            continue
        if not any(sign in text for sign in NO_CHARACTERS):
            return text, name
    raise NotReadable


def _lines(text: str) -> Iterator[list[str]]:
    first = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    except csv.Error as error:
        raise WrongKindOfFile from error


def _workbook(content: bytes) -> Iterator[list[str]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            if (
                len(parts) > MOST_PARTS
                or sum(part.file_size for part in parts) > LARGEST_UNPACKED_MB * MEGABYTE
            ):
                raise FileTooLarge(limit_mb=LARGEST_UNPACKED_MB)
            if "xl/workbook.xml" not in archive.namelist():
                raise WrongKindOfFile
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            for row in sheet.iter_rows(max_col=MOST_COLUMNS + 1, max_row=MOST_ROWS * 2):
                yield [_cell(cell.value, is_formula=cell.data_type == "f") for cell in row]
        finally:
            book.close()
    except (
        zipfile.BadZipFile,
        InvalidFileException,
        KeyError,
        IndexError,
        ValueError,
        SyntaxError,
        EOFError,
        TypeError,
        AttributeError,
    ) as error:
        raise WrongKindOfFile from error


def _cell(value: object, *, is_formula: bool) -> str:
    if value is None:
        return ""
    if is_formula:
        return FORMULA
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    return str(value)


def _table(lines: Iterable[Sequence[str]], encoding: str) -> Table:
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    for number, cells in enumerate(lines, start=1):
        texts = [" ".join(cell.split()) if cell != FORMULA else cell for cell in cells]
        if not any(texts):
            continue
        if len(texts) > MOST_COLUMNS and any(texts[MOST_COLUMNS:]):
            raise TooManyColumns(limit=MOST_COLUMNS)
        if not header:
            header = texts
            continue
        if len(rows) >= MOST_ROWS:
            raise TooManyRows(limit=MOST_ROWS)
        rows.append((number, texts))
    if not rows:
        raise FileEmpty
    while header and not header[-1]:
        header.pop()
    return Table(header, rows, encoding)
