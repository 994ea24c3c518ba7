"""Settings of a partner's webhooks, and the log of what was sent."""

import uuid
from typing import Any

from django.conf import settings as installation
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from toiya.core.clock import real_now
from toiya.core.csv_files import Cell
from toiya.core.errors import ChangedMeanwhile, NotVisible, Refusal, RoleMissing, TooManyAttempts
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name, reader_zone, when
from toiya.directory.models import Tenant
from toiya.events.models import Event, EventQuerySet, EventState
from toiya.events.names import EventName
from toiya.web.exports import list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.webhooks.forms import HEADER_NOTES, NOTES, LogForm, WebhookForm, stored
from toiya.webhooks.errors import NothingToReplay, NotRegistered, TestNotWanted
from toiya.webhooks.keys import certificate_path, present_thumbprint
from toiya.webhooks.log import ORDER, attempts_at, event_for, log_of, others_of, standing_of, troubles_of
from toiya.webhooks.message import body_of, resource_uri
from toiya.webhooks.models import DeliveryAttempt, Trouble, WebhookRegistration
from toiya.webhooks.registration import (
    change_webhook,
    register_webhook,
    registration_of,
    remove_webhook,
    rotate_webhook_secret,
)
from toiya.webhooks.replay import REPLAYABLE, replay_event, replay_parked
from toiya.webhooks.validation import request_validation_event

TONES = {
    EventState.WAITING: "waiting",
    EventState.DELIVERED: "success",
    EventState.PARKED: "danger",
    EventState.DROPPED: "neutral",
}
BATCH = 500
LOCKED_OUT = frozenset({NotVisible.status, RoleMissing.status})


def settings(request: PersonRequest) -> HttpResponse:
    """The organisation's registration, to make, to look at and to change."""
    found = WebhookRegistration.objects.visible_to(request.actor).first()
    if request.method != "POST":
        initial = stored(found) if found else {"events": [name.value for name in EventName]}
        return _page(request, found, WebhookForm(initial=initial))
    form, status = WebhookForm(request.POST), 400
    if form.is_valid():
        try:
            _save(request, found, form)
        except Refusal as refusal:
            if refusal.status in LOCKED_OUT:
                raise
            status = refusal.status
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("Events are sent there from now on."))
            return HttpResponseRedirect(reverse("webhooks:settings"))
    return _page(request, found, form, status=status)


def _save(request: PersonRequest, found: WebhookRegistration | None, form: WebhookForm) -> None:
    details = form.details_with(found)
    if found is None and "version" not in request.POST:
        register_webhook(request.actor, details=details)
    else:
        change_webhook(request.actor, details=details, version=_version(request))


def _version(request: PersonRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1  # noqa: PLR2004


def _page(
    request: PersonRequest, found: WebhookRegistration | None, form: WebhookForm, *, status: int = 200
) -> HttpResponse:
    until = found.previous_secret_until if found else None
    thumbprint = present_thumbprint()
    context = {
        "registration": found,
        "form": form,
        "event_notes": NOTES,
        "header_notes": HEADER_NOTES,
        "changes": _changes(found, form) if found and status == ChangedMeanwhile.status else [],
        "overlap_until": until if until is not None and until > real_now() else None,
        "standing": _standing(request) if found else [],
        "wants_tests": found is not None and EventName.TEST_CREATED.value in stored(found)["events"],  # type: ignore[operator]
        "thumbprint": thumbprint,
        "certificate_url": installation.ORIGIN + certificate_path(thumbprint) if thumbprint else "",
        "may_manage": request.actor.may(Permission.WEBHOOKS_MANAGE),
    }
    return render(request, "webhooks/settings.html", context, status=status)


def _standing(request: PersonRequest) -> list[dict[str, object]]:
    counted = standing_of(request.actor)
    return [
        {"state": state.value, "label": state.label, "tone": TONES[state], "count": counted.get(state, 0)}
        for state in EventState
        if counted.get(state)
    ]


def _changes(found: WebhookRegistration, form: WebhookForm) -> list[dict[str, object]]:
    """What the table holds now where it differs from what was typed."""
    return [
        {"label": form[name].label, "before": before, "after": after}
        for name, value in stored(found).items()
        if (before := _words(form.cleaned_data.get(name))) != (after := _words(value))
    ]


def _words(value: object) -> str:
    """A list has the order of the table, whoever wrote it."""
    return ", ".join(sorted(value)) if isinstance(value, list) else str(value or "")


def remove(request: PersonRequest) -> HttpResponse:
    """Look at what it means, then send nothing more."""
    try:
        found = registration_of(request.actor)
    except NotRegistered as refusal:
        return _nothing_there(request, refusal)
    if request.method == "POST":
        remove_webhook(request.actor)
        messages.success(request, _("The address is removed; nothing more is sent."))
        return HttpResponseRedirect(reverse("webhooks:settings"))
    waiting = log_of(request.actor, state=EventState.WAITING).count()
    return render(request, "webhooks/remove.html", {"registration": found, "waiting": waiting})


def _nothing_there(request: PersonRequest, refusal: Refusal) -> HttpResponse:
    """Back to the settings, where it can be put right."""
    messages.error(request, str(refusal))
    return HttpResponseRedirect(reverse("webhooks:settings"))


def secret(request: PersonRequest) -> HttpResponse:
    """A new secret; the only page that ever shows it is the answer to the POST that made it."""
    try:
        made = rotate_webhook_secret(request.actor, version=_version(request))
    except NotRegistered as refusal:
        return _nothing_there(request, refusal)
    return render(request, "webhooks/secret.html", {"registration": made.registration, "secret": made.secret})


def test(request: PersonRequest) -> HttpResponse:
    """A test event, on its way."""
    try:
        event = request_validation_event(request.actor)
    except (NotRegistered, TestNotWanted, TooManyAttempts) as refusal:
        return _nothing_there(request, refusal)
    messages.success(
        request, _("A test event is on its way. Reload this page in a few seconds to see what came of it.")
    )
    return HttpResponseRedirect(reverse("webhooks:event", args=[event.event_id]))


# ---------------------------------------------------------------- the log
def log(request: PersonRequest) -> HttpResponse:
    """What was to be told, the latest first."""
    form, rows = _asked(request)
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request), descending=True)
    context = {
        "form": form,
        "rows": _rows(list(page.rows)),
        "pager": pager_of(request, page),
        "query": request.GET.urlencode(),
        "is_filtered": any(request.GET.get(name) for name in form.fields),
        "parked": log_of(request.actor, state=EventState.PARKED).count(),
        "may_manage": request.actor.may(Permission.WEBHOOKS_MANAGE),
    }
    return render(request, "webhooks/log.html", context, status=400 if form.errors else 200)


def export(request: PersonRequest) -> HttpResponse:
    """The same rows as a file."""
    _form, rows = _asked(request)
    header = [
        _("Event"),
        _("Event ID"),
        pgettext("what something happens to", "About"),
        _("Address of the object"),
        _("Happened"),
        _("State"),
        _("Attempts"),
    ]
    lines: list[list[Cell]] = []
    cursor = ""
    while True:
        page = page_by_key(rows, fields=ORDER, cursor=cursor, size=BATCH, descending=True)
        lines += [_line(row) for row in _rows(list(page.rows))]
        cursor = page.next_cursor
        if not cursor:
            return list_file("csv", "deliveries", header, lines)


def _line(row: dict[str, Any]) -> list[Cell]:
    event: Event = row["event"]
    return [
        event.name,
        str(event.event_id),
        reader_name(row["about"]) if row["about"] else "",
        resource_uri(event),
        event.at.astimezone(reader_zone()).isoformat(sep=" ", timespec="seconds"),
        str(row["state"]),
        event.attempts,
    ]


def _asked(request: PersonRequest) -> tuple[LogForm, EventQuerySet]:
    """The filters, and what fits them: nothing where a filter cannot be read."""
    form = LogForm(request.GET)
    if not form.is_valid():
        return form, log_of(request.actor).none()
    wanted = form.cleaned_data
    return form, log_of(request.actor, state=wanted["state"], name=wanted["event"], known_as=wanted["id"])


def _rows(events: list[Event]) -> list[dict[str, Any]]:
    troubles, others = troubles_of(events), others_of(events)
    return [_row(event, troubles.get(event.pk, Trouble.NONE), others.get(event.pk)) for event in events]


def _row(event: Event, trouble: Trouble, about: Tenant | None) -> dict[str, Any]:
    return {
        "event": event,
        "about": about,
        "label": EventName(event.name).label,
        "state": EventState(event.state).label,
        "tone": TONES[EventState(event.state)],
        "trouble": trouble.label if trouble and event.state != EventState.DELIVERED else "",
    }


def event(request: PersonRequest, event_id: uuid.UUID) -> HttpResponse:
    """One event: what was sent, and every attempt."""
    found = event_for(request.actor, event_id=event_id)
    attempts = attempts_at(found)
    last = attempts[-1].trouble if attempts else Trouble.NONE
    may_manage = request.actor.may(Permission.WEBHOOKS_MANAGE)
    about = others_of([found]).get(found.pk)
    context = {
        **_row(found, Trouble(last), about),
        "facts": [
            (_("Event"), found.name),
            *([(pgettext("what something happens to", "About"), reader_name(about))] if about else []),
            (_("Happened"), when(found.at)),
            (_("Event ID"), found.event_id),
            (_("Address of the object"), resource_uri(found)),
            (_("Attempts"), found.attempts),
        ],
        "body": body_of(found).decode(),
        "attempts": [_attempt(attempt) for attempt in reversed(attempts)],
        "is_waiting": found.state == EventState.WAITING,
        "is_parked": found.state == EventState.PARKED,
        "is_dropped": found.state == EventState.DROPPED,
        "may_replay": may_manage and found.state in REPLAYABLE,
    }
    return render(request, "webhooks/event.html", context)


def _attempt(attempt: DeliveryAttempt) -> dict[str, object]:
    told = [f"HTTP {attempt.status}"] if attempt.status else []
    told.append(_("%(number)s ms") % {"number": attempt.milliseconds})
    told.append(attempt.url)
    trouble = Trouble(attempt.trouble)
    return {
        "when": attempt.at,
        "title": trouble.label if trouble else _("Accepted"),
        "text": " · ".join(told),
        "tone": "warning" if trouble else "success",
    }


def replay(request: PersonRequest, event_id: uuid.UUID) -> HttpResponse:
    """Send one again."""
    try:
        replay_event(request.actor, event_id=event_id)
    except (NotRegistered, NothingToReplay) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The event is on its way again, under the same ID."))
    return HttpResponseRedirect(reverse("webhooks:event", args=[event_id]))


def replay_failed(request: PersonRequest) -> HttpResponse:
    """Send everything again that was given up."""
    try:
        count = replay_parked(request.actor)
    except (NotRegistered, NothingToReplay) as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            ngettext(
                "%(number)s event is on its way again, under the same ID.",
                "%(number)s events are on their way again, under the same IDs.",
                count,
            )
            % {"number": count},
        )
    return HttpResponseRedirect(reverse("webhooks:log"))
