"""The activity log of an organisation, on its three sites, and as a file (N-42)."""

import datetime as dt
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.audit.models import AuditRecordQuerySet
from toiya.core.pagination import page_by_key
from toiya.core.reader import reader_name
from toiya.directory.activity import Entry, actions_seen_by, activity_of, read_entries
from toiya.web.activity.forms import ActivityForm
from toiya.web.activity.words import word
from toiya.web.exports import list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

A_MONTH = dt.timedelta(days=30)
BATCH = 500


def dashboard_log(request: PersonRequest) -> HttpResponse:
    """On the partner dashboard."""
    return _page(request, "activity/dashboard.html", "activity:export")


def organization_log(request: PersonRequest) -> HttpResponse:
    """In the organisation portal."""
    return _page(request, "activity/organization.html", "organization:activity_export")


def operator_log(request: PersonRequest) -> HttpResponse:
    """In the operator console."""
    return _page(request, "activity/operator.html", "operator:activity_export")


def _zone() -> ZoneInfo:
    return ZoneInfo(settings.READER_TIME_ZONE)


def _asked(request: PersonRequest) -> tuple[ActivityForm, AuditRecordQuerySet]:
    today = request.actor.now.astimezone(_zone()).date()
    form = ActivityForm(
        request.GET.dict(), actions=actions_seen_by(request.actor), first=today - A_MONTH, last=today
    )
    first, last = form.span
    rows = activity_of(
        request.actor,
        since=dt.datetime.combine(first, dt.time(), _zone()),
        until=dt.datetime.combine(last + dt.timedelta(days=1), dt.time(), _zone()),
        actions=[action] if (action := form.cleaned_data.get("action", "")) else None,
    )
    return form, rows


def _page(request: PersonRequest, template: str, export: str) -> HttpResponse:
    form, rows = _asked(request)
    page = page_by_key(rows, fields=("pk",), cursor=cursor_of(request), descending=True)
    context = {
        "form": form,
        "entries": read_entries(request.actor, list(page.rows), word),
        "pager": pager_of(request, page),
        "export_name": export,
        "query": request.GET.urlencode(),
    }
    return render(request, template, context)


def export(request: PersonRequest) -> HttpResponse:
    """Every entry of the span as CSV that Japanese Excel opens; no cell is a formula (G-26)."""
    _form, rows = _asked(request)
    header = [
        _("Time"),
        _("Action"),
        _("Done by"),
        _("Organization"),
        _("Affected organizations"),
        _("Changes"),
        _("Number"),
    ]
    lines: list[list[str | int]] = []
    cursor = ""
    while True:
        page = page_by_key(rows, fields=("pk",), cursor=cursor, size=BATCH, descending=True)
        lines += [_line(entry) for entry in read_entries(request.actor, list(page.rows), word)]
        cursor = page.next_cursor
        if not cursor:
            return list_file("csv", "activity", header, lines)


def _line(entry: Entry) -> list[str | int]:
    return [
        entry.at.astimezone(_zone()).isoformat(sep=" ", timespec="seconds"),
        entry.action,
        entry.person_name,
        reader_name(entry.organization) if entry.organization else "",
        ", ".join(reader_name(tenant) for tenant in entry.affected),
        "; ".join(f"{row['label']}: {row['before']} → {row['after']}" for row in entry.changes),
        entry.number,
    ]
