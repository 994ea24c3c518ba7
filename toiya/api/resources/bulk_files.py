"""Toiya's own: files with many rows, handed in, looked at row by row, confirmed, followed (C-08).

Each row is carried out with the rights that whoever handed the file in has at that moment (T-18).
"""

import datetime as dt
import uuid
from collections.abc import Mapping

from django.utils.translation import gettext as _

from toiya.api.common import Party, within
from toiya.api.errors import WireError
from toiya.api.operations import Answer, Call, SeekQuery, operation
from toiya.api.paging import place_of, seek_collection, size_of
from toiya.api.wire import Collection, Link, Links, Resource, SeekCollection, Wire, attributes_of, collection
from toiya.bulk.files import (
    LONGEST_NAME,
    confirm_file,
    count_of_rows,
    file_of,
    hand_in,
    stop_file,
    take_passwords,
)
from toiya.bulk.models import BulkFile, BulkKind, BulkRow, BulkRowState, BulkState
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission

FILES = "/v1/toiya/bulkFiles"
FILE = f"{FILES}/{{file_id}}"
LONGEST_DOMAIN = 253


class BulkFileItem(Resource):
    """A file and where it stands: checking, checked (confirm it now), running, done, stopped.

    ``done`` of ``total`` rows of the present step. ``rows``: how many are in which state, where one file is read.
    """

    id: uuid.UUID | None = None
    kind: BulkKind | None = None
    name: str | None = None
    customer: Party | None = None
    status: BulkState | None = None
    done: int | None = None
    total: int | None = None
    rows: dict[str, int] | None = None
    ignored_columns: list[str] | None = None
    uploaded_by: str | None = None
    created_date: dt.datetime | None = None
    confirmed_date: dt.datetime | None = None
    finished_date: dt.datetime | None = None


def _file(file: BulkFile, counts: Mapping[str, int] | None = None) -> BulkFileItem:
    customer = file.customer
    return BulkFileItem(
        id=file.pk,
        kind=BulkKind(file.kind),
        name=file.name,
        customer=Party(id=customer.pk, name=customer.name) if customer else None,
        status=BulkState(file.state),
        done=min(file.done_count, file.row_count),
        total=file.row_count,
        rows=None if counts is None else dict(counts),
        ignored_columns=[str(name) for name in file.ignored_columns] or None,
        uploaded_by=file.uploaded_by.name,
        created_date=file.created_at,
        confirmed_date=file.confirmed_at,
        finished_date=file.finished_at,
        links=Links(self=Link(uri=f"/toiya/bulkFiles/{file.pk}")),
        attributes=attributes_of("BulkFile", file.version),
    )


@operation("toiya.bulk_files.list", "GET", FILES, needs=Permission.CUSTOMERS_VIEW)
def list_bulk_files(call: Call, query: SeekQuery) -> SeekCollection[BulkFileItem]:
    """What the organisation handed in, the newest first."""
    page = page_by_key(
        BulkFile.objects.visible_to(call.actor).select_related("uploaded_by", "customer"),
        fields=("created_at", "id"),
        cursor=place_of(call, query),
        size=size_of(query),
        descending=True,
    )
    return seek_collection(page, _file, at="/toiya/bulkFiles", size=query.size)


@operation("toiya.bulk_files.get", "GET", FILE, needs=Permission.CUSTOMERS_VIEW, errors=(1000,))
def get_bulk_file(call: Call, file_id: uuid.UUID) -> BulkFileItem:
    """One file, how far it is, and how its rows stand."""
    return _whole(call, file_id)


def _whole(call: Call, file_id: uuid.UUID) -> BulkFileItem:
    file = file_of(call.actor, file_id)
    return _file(file, count_of_rows(file))


class HandInQuery(Wire):
    """``kind`` of the rows, ``name`` of the file; ``customer``: the domain of the customer whose users or licenses they
    are.
    """

    kind: BulkKind | None = None
    name: str | None = None
    customer: str | None = None


@operation("toiya.bulk_files.create", "POST", FILES, needs=Permission.CUSTOMERS_VIEW, status=202)
def create_bulk_file(call: Call, query: HandInQuery, body: bytes) -> Answer[BulkFileItem]:
    """Hand in a CSV or XLSX file as the body. Its rows are rehearsed; nothing changes before it is confirmed."""
    if query.kind is None:
        names = _("These properties are missing: %(names)s.") % {"names": "kind"}
        raise WireError(400, 800002, names, "kind")
    made = hand_in(
        call.actor,
        kind=query.kind,
        name=within(query.name, LONGEST_NAME, "name"),
        content=body,
        customer_domain=within(query.customer, LONGEST_DOMAIN, "customer"),
    )
    return Answer(
        _whole(call, made.pk), status=202, headers={"Location": f"{call.base}/v1/toiya/bulkFiles/{made.pk}"}
    )


class RowsQuery(SeekQuery):
    """``state`` keeps the rows in one state."""

    state: BulkRowState | None = None


class BulkRowItem(Wire):
    """A row by its line in the file: its cells by the names of the columns, what it would do or did, or why not.

    ``code`` lasts, ``message`` is in the language in which the file was handed in. ``subjectId``: what was made.
    """

    line: int
    state: BulkRowState
    cells: dict[str, str]
    code: str | None = None
    message: str | None = None
    subject_id: uuid.UUID | None = None


@operation(
    "toiya.bulk_files.list_rows",
    "GET",
    f"{FILE}/rows",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(1000,),
)
def list_bulk_rows(call: Call, file_id: uuid.UUID, query: RowsQuery) -> SeekCollection[BulkRowItem]:
    """The rows in the order of the file. Temporary passwords are not among what is told."""
    rows = file_of(call.actor, file_id).rows.all()
    if query.state is not None:
        rows = rows.filter(state=query.state.value)
    page = page_by_key(rows, fields=("line",), cursor=place_of(call, query), size=size_of(query))
    return seek_collection(
        page,
        _row,
        at=f"/toiya/bulkFiles/{file_id}/rows",
        size=query.size,
        state=query.state.value if query.state else None,
    )


def _row(row: BulkRow) -> BulkRowItem:
    return BulkRowItem(
        line=row.line,
        state=BulkRowState(row.state),
        cells={str(name): str(text) for name, text in row.cells.items()},
        code=row.code or None,
        message=row.message or None,
        subject_id=row.subject_id,
    )


@operation(
    "toiya.bulk_files.confirm",
    "POST",
    f"{FILE}/confirm",
    needs=Permission.CUSTOMERS_VIEW,
    status=202,
    errors=(1000, 2055),
)
def confirm_bulk_file(call: Call, file_id: uuid.UUID) -> BulkFileItem:
    """Carry out the rows that are ready, from now on. Only who handed the file in confirms it."""
    file = file_of(call.actor, file_id)
    confirm_file(call.actor, file=file, version=call.version(current=file.version))
    return _whole(call, file_id)


@operation("toiya.bulk_files.stop", "POST", f"{FILE}/stop", needs=Permission.CUSTOMERS_VIEW, errors=(1000,))
def stop_bulk_file(call: Call, file_id: uuid.UUID) -> BulkFileItem:
    """Carry out nothing more of it; what is done stays done."""
    stop_file(call.actor, file=file_of(call.actor, file_id))
    return _whole(call, file_id)


class TemporaryPassword(Wire):
    """How a user that a row made signs in first."""

    name: str
    user_name: str
    password: str


@operation(
    "toiya.bulk_files.take_passwords",
    "POST",
    f"{FILE}/passwords",
    needs=Permission.CUSTOMERS_VIEW,
    errors=(1000,),
    replays=False,
)
def take_bulk_passwords(call: Call, file_id: uuid.UUID) -> Collection[TemporaryPassword]:
    """The temporary passwords, to who handed the file in, once: nobody can read them afterwards (N-25).

    The answer is not kept for a repeated call either.
    """
    taken = take_passwords(call.actor, file=file_of(call.actor, file_id))
    return collection(
        [TemporaryPassword(name=name, user_name=user, password=password) for name, user, password in taken]
    )
