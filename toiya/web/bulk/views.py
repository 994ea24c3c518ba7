"""Files with many rows: handed in, looked at row by row, confirmed, followed, corrected (C-08, N-25)."""

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.bulk.acts import KINDS, kinds_for
from toiya.bulk.columns import COLUMNS, RESULT, Column
from toiya.bulk.files import (
    confirm_file,
    count_of_rows,
    failures,
    file_of,
    hand_in,
    may_take_passwords,
    stop_file,
    take_passwords,
)
from toiya.bulk.invitations import MAIL_WAITS
from toiya.bulk.models import BulkFile, BulkKind, BulkRow, BulkRowState, BulkState
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.programme.models import Programme
from toiya.programme.words import current_programme
from toiya.web.bulk.forms import FileForm
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

ROW_TONES = {
    BulkRowState.WAITING: "waiting",
    BulkRowState.READY: "info",
    BulkRowState.UNCHANGED: "neutral",
    BulkRowState.WRONG: "danger",
    BulkRowState.DONE: "success",
    BulkRowState.FAILED: "danger",
}
FILE_TONES = {
    BulkState.CHECKING: "waiting",
    BulkState.CHECKED: "info",
    BulkState.RUNNING: "waiting",
    BulkState.DONE: "success",
    BulkState.STOPPED: "warning",
}
GOING = {BulkState.CHECKING, BulkState.RUNNING}
SHOWN_CELLS = 3


def files(request: PersonRequest) -> HttpResponse:
    """What was handed in, the newest first, and what may be handed in."""
    rows = BulkFile.objects.visible_to(request.actor).select_related("uploaded_by", "customer")
    page = page_by_key(rows, fields=("created_at", "id"), cursor=cursor_of(request), descending=True)
    context = {
        "rows": [{"file": row, "tone": FILE_TONES[BulkState(row.state)]} for row in page.rows],
        "pager": pager_of(request, page),
        "kinds": [_offered(kind) for kind in kinds_for(request.actor)],
    }
    return render(request, "bulk/list.html", context)


def _offered(kind: BulkKind) -> dict[str, Any]:
    return {
        "kind": kind,
        "url": reverse("bulk:hand_in", args=[kind.value]),
        "templates": [
            {"form": form, "url": reverse("bulk:template", args=[kind.value, form])} for form in FORMATS
        ],
    }


def _kind(text: str) -> BulkKind:
    if text not in BulkKind.values or BulkKind(text) not in KINDS:
        raise NotVisible
    return BulkKind(text)


def hand_in_file(request: PersonRequest, kind: str) -> HttpResponse:
    """Choose the file; the columns that it needs stand beside."""
    chosen = _kind(kind)
    request.actor.must(KINDS[chosen].permission)
    form = FileForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        of_customer=KINDS[chosen].of_customer,
        initial={"customer": request.GET.get("customer", "")},
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            upload = form.cleaned_data["file"]
            try:
                made = hand_in(
                    request.actor,
                    kind=chosen,
                    name=upload.name,
                    content=upload.read(),
                    customer_domain=form.cleaned_data.get("customer", ""),
                )
            except Refusal as refusal:
                if refusal.status in {NotVisible.status, 403}:
                    raise
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
                status = refusal.status
            else:
                return redirect("bulk:file", made.pk)
    context = {"form": form, "columns": COLUMNS[chosen], **_offered(chosen)}
    return render(request, "bulk/hand_in.html", context, status=status)


def template(request: PersonRequest, kind: str, form: str) -> HttpResponse:
    """An example with the headings in the reader's language."""
    if form not in FORMATS:
        raise NotVisible
    columns = COLUMNS[_kind(kind)]
    example: list[Cell] = [str(column.example) for column in columns]
    return list_file(form, kind, [str(column.label) for column in columns], [example])


# ---------------------------------------------------------------- one file
def _file(request: PersonRequest, file_id: uuid.UUID) -> BulkFile:
    return file_of(request.actor, file_id)


def file_page(request: PersonRequest, file_id: uuid.UUID) -> HttpResponse:
    """Where the file stands, and what each row does, did, or why not."""
    file = _file(request, file_id)
    state = request.GET.get("state", "")
    rows = file.rows.filter(state=state) if state in BulkRowState.values else file.rows.all()
    page = page_by_key(rows, fields=("line",), cursor=cursor_of(request))
    counts = count_of_rows(file)
    context = {
        "file": file,
        "tone": FILE_TONES[BulkState(file.state)],
        "is_going": BulkState(file.state) in GOING,
        "is_checked": file.state == BulkState.CHECKED,
        "is_own": file.uploaded_by_id == request.actor.person_id,
        "percent": 100 * min(file.done_count, file.row_count) // max(file.row_count, 1),
        "ready": counts.get(BulkRowState.READY, 0),
        "failed": counts.get(BulkRowState.FAILED, 0) + counts.get(BulkRowState.WRONG, 0),
        "rows": [_row(row) for row in page.rows],
        "pager": pager_of(request, page),
        "tabs": _tabs(file, counts, state),
        "columns": _shown(BulkKind(file.kind)),
        "formats": FORMATS,
        "has_passwords": file.rows.exclude(encrypted_secret="").exists(),
        "may_take_passwords": may_take_passwords(request.actor, file),
        "mails_waiting": file.rows.filter(code=MAIL_WAITS).count(),
        "mails_per_hour": _mails_per_hour(),
    }
    return render(request, "bulk/_progress.html" if request.htmx else "bulk/file.html", context)


def _mails_per_hour() -> int:
    programme = current_programme()
    return programme.mails_per_hour if isinstance(programme, Programme) else 0


def _shown(kind: BulkKind) -> list[Column]:
    """The columns by which a reader knows a row again: those that every row has, then the first others."""
    columns = sorted(COLUMNS[kind], key=lambda column: not column.is_needed)
    return columns[:SHOWN_CELLS]


def _row(row: BulkRow) -> dict[str, Any]:
    columns = _shown(BulkKind(row.file.kind))
    return {
        "row": row,
        "tone": ROW_TONES[BulkRowState(row.state)],
        "cells": [{"label": column.label, "text": row.cells.get(column.key, "")} for column in columns],
    }


def _tabs(file: BulkFile, counts: Mapping[str, int], state: str) -> list[dict[str, object]]:
    path = reverse("bulk:file", args=[file.pk])
    tabs: list[dict[str, object]] = [
        {"url": path, "label": _("All"), "current": not state, "count": sum(counts.values())}
    ]
    return tabs + [
        {
            "url": f"{path}?state={entry.value}",
            "label": entry.label,
            "current": entry.value == state,
            "count": counts[entry.value],
        }
        for entry in BulkRowState
        if counts.get(entry.value)
    ]


def confirm(request: PersonRequest, file_id: uuid.UUID) -> HttpResponse:
    """Carry out what is ready."""
    file = _file(request, file_id)
    version = request.POST.get("version", "")
    confirm_file(request.actor, file=file, version=int(version) if version.isdecimal() else 0)
    messages.success(request, _("The rows are being carried out."))
    return redirect("bulk:file", file.pk)


def stop(request: PersonRequest, file_id: uuid.UUID) -> HttpResponse:
    """Carry out nothing more of it."""
    file = stop_file(request.actor, file=_file(request, file_id))
    messages.success(request, _("The file is stopped. Rows that are done stay done."))
    return redirect("bulk:file", file.pk)


def failed_rows(request: PersonRequest, file_id: uuid.UUID, form: str) -> HttpResponse:
    """The rows that were wrong or failed, with the reason: correct them and hand the file in again."""
    if form not in FORMATS:
        raise NotVisible
    file = _file(request, file_id)
    columns = COLUMNS[BulkKind(file.kind)]
    header = [*(str(column.label) for column in columns), str(RESULT)]
    lines: Iterable[list[Cell]] = (
        [*(row.cells.get(column.key, "") for column in columns), row.message] for row in failures(file)
    )
    return list_file(form, f"{file.kind}-failed", header, lines)


def passwords(request: PersonRequest, file_id: uuid.UUID) -> HttpResponse:
    """The temporary passwords as a file, once (N-25)."""
    file = _file(request, file_id)
    header = [_("Full name"), _("User name"), _("Temporary password")]
    lines: list[list[Cell]] = [list(entry) for entry in take_passwords(request.actor, file=file)]
    answer = list_file("csv", "passwords", header, lines)
    answer.headers["Cache-Control"] = "no-store"
    return answer
