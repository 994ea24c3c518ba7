"""A file from the page to its end."""

import io
import uuid

import openpyxl
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.cast import browser_of
from toiya.bulk.models import BulkFile
from toiya.bulk.work import work_on_files
from toiya.directory.models import Person


def csv_of(*rows: tuple[str, ...], encoding: str = "utf-8-sig") -> bytes:
    """A CSV file, headings first."""
    return "\r\n".join(",".join(row) for row in rows).encode(encoding)


def xlsx_of(*rows: tuple[object, ...]) -> bytes:
    """An Excel workbook, headings first."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def handed_in(person: Person, kind: str, content: bytes, *, name: str = "rows.csv", **typed: str) -> object:
    """The answer to the page that takes a file."""
    return browser_of(person).post(
        reverse("bulk:hand_in", args=[kind]), {"file": SimpleUploadedFile(name, content), **typed}
    )


def checked(person: Person, kind: str, content: bytes, **typed: str) -> BulkFile:
    """A file that the worker has rehearsed."""
    answer = handed_in(person, kind, content, **typed)
    assert answer.status_code == 302, answer.content.decode()  # type: ignore[attr-defined]
    file = BulkFile.objects.get(pk=uuid.UUID(answer.headers["Location"].rstrip("/").rsplit("/", 1)[-1]))  # type: ignore[attr-defined]
    worked()
    file.refresh_from_db()
    return file


def worked() -> None:
    """The worker until nothing waits."""
    for _turn in range(1000):
        if not work_on_files():
            return


def confirmed(browser: Client, file: BulkFile) -> BulkFile:
    """Confirmed on the page and carried out."""
    answer = browser.post(reverse("bulk:confirm", args=[file.pk]), {"version": str(file.version)})
    assert answer.status_code == 302, answer.content.decode()
    worked()
    file.refresh_from_db()
    return file


def results(file: BulkFile) -> list[tuple[int, str]]:
    """The lines and their states."""
    return [(row.line, row.state) for row in file.rows.order_by("line")]
