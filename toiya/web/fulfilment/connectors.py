"""The operator's connectors: where and how other systems are asked to provide what was ordered."""

import uuid
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from toiya.core.clock import real_now
from toiya.core.errors import NotVisible, Refusal, RoleMissing
from toiya.core.permissions import Permission
from toiya.fulfilment.connectors import (
    NewSecret,
    create_connector,
    pause_connector,
    resume_connector,
    rotate_secret,
    try_connector,
    update_connector,
)
from toiya.fulfilment.errors import ConnectorChanged
from toiya.fulfilment.models import CallOutcome, Connector, ConnectorKind, FulfilmentTask, Trouble
from toiya.web.fulfilment.forms import ConnectorForm, stored
from toiya.web.http import PersonRequest
from toiya.webhooks.delivery import undelivered_events

KIND_NOTES = {
    ConnectorKind.INSTANT.value: gettext_lazy("Nothing is called: what is ordered is there at once."),
    ConnectorKind.WEBHOOK.value: gettext_lazy(
        "Toiya sends a signed message; the vendor answers at once, or accepts and calls back."
    ),
    ConnectorKind.SERVICE_BROKER.value: gettext_lazy(
        "For systems that speak the Open Service Broker API, version 2.17."
    ),
}
LOCKED_OUT = frozenset({NotVisible.status, RoleMissing.status})


def listing(request: PersonRequest) -> HttpResponse:
    """All connectors, with what waits in each."""
    rows = Connector.objects.visible_to(request.actor).order_by("name", "pk")
    counts: dict[uuid.UUID, Mapping[str, Any]] = {
        row["connector_id"]: row
        for row in FulfilmentTask.objects.visible_to(request.actor)
        .unfinished()
        .values("connector_id")
        .annotate(open=Count("pk"), trouble=Count("pk", filter=~Q(trouble=Trouble.NONE)))
    }
    waiting, late = undelivered_events(real_now(), family_id=request.actor.family_id)
    context = {
        "events_waiting": waiting,
        "events_late": late,
        "rows": [
            {
                "connector": row,
                "kind": ConnectorKind(row.kind).label,
                "open": counts.get(row.pk, {}).get("open", 0),
                "trouble": counts.get(row.pk, {}).get("trouble", 0),
            }
            for row in rows
        ],
        "may_manage": request.actor.may(Permission.FULFILMENT_MANAGE),
    }
    return render(request, "fulfilment/connectors.html", context)


def _beside_its_field(form: ConnectorForm, refusal: Refusal) -> None:
    if refusal.status in LOCKED_OUT:
        raise refusal
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))


def create(request: PersonRequest) -> HttpResponse:
    """A new connector; for a webhook, the answer shows its secret once."""
    is_sent = request.method == "POST"
    form = ConnectorForm(request.POST if is_sent else None, initial={"kind": ConnectorKind.WEBHOOK})
    if is_sent and form.is_valid():
        try:
            made = create_connector(request.actor, details=form.details)
        except Refusal as refusal:
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The connector is set up."))
            if made.secret:
                return _show_secret(request, made)
            return _back(made.connector.pk)
    context = {"form": form, "notes": KIND_NOTES}
    return render(request, "fulfilment/create.html", context, status=400 if form.errors else 200)


def _back(connector_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("fulfilment:connector", args=[connector_id]))


def _show_secret(request: PersonRequest, made: NewSecret) -> HttpResponse:
    """The only page that ever shows this secret: the answer to the POST that made it."""
    return render(request, "fulfilment/secret.html", {"connector": made.connector, "secret": made.secret})


def _find(request: PersonRequest, connector_id: uuid.UUID) -> Connector:
    found = Connector.objects.visible_to(request.actor).filter(pk=connector_id).first()
    if found is None:
        raise NotVisible
    return found


def connector(request: PersonRequest, connector_id: uuid.UUID) -> HttpResponse:
    """One connector, to look at and to change."""
    found = _find(request, connector_id)
    if request.method != "POST":
        return _page(request, found, ConnectorForm(initial=stored(found)))
    form = ConnectorForm(request.POST)
    status = 400
    if form.is_valid():
        try:
            update_connector(
                request.actor, connector_id=found.pk, version=_version(request), details=form.details
            )
        except Refusal as refusal:
            status = refusal.status
            _beside_its_field(form, refusal)
        else:
            messages.success(request, _("The connector was changed."))
            return _back(found.pk)
    return _page(request, found, form, status=status)


def _version(request: PersonRequest) -> int:
    given = request.POST.get("version", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 10 else -1  # noqa: PLR2004


def _page(
    request: PersonRequest, found: Connector, form: ConnectorForm, *, status: int = 200
) -> HttpResponse:
    differs = status == ConnectorChanged.status
    until = found.previous_secret_until
    context = {
        "connector": found,
        "form": form,
        "notes": KIND_NOTES,
        "changes": _changes(found, form) if differs else [],
        "is_webhook": found.kind == ConnectorKind.WEBHOOK,
        "overlap_until": until if until is not None and until > real_now() else None,
        "open": FulfilmentTask.objects.visible_to(request.actor).unfinished().filter(connector=found).count(),
        "may_manage": request.actor.may(Permission.FULFILMENT_MANAGE),
    }
    return render(request, "fulfilment/connector.html", context, status=status)


def _changes(found: Connector, form: ConnectorForm) -> list[dict[str, object]]:
    """What the table holds now where it differs from what was typed."""
    return [
        {"label": form[name].label, "before": form.data.get(name, ""), "after": value}
        for name, value in stored(found).items()
        if str(form.data.get(name, "")) != str(value)
    ]


def rotate(request: PersonRequest, connector_id: uuid.UUID) -> HttpResponse:
    """A new secret; the old one is good for another day."""
    return _show_secret(
        request, rotate_secret(request.actor, connector_id=connector_id, version=_version(request))
    )


def pause(request: PersonRequest, connector_id: uuid.UUID) -> HttpResponse:
    """Send nothing more for now."""
    pause_connector(request.actor, connector_id=connector_id)
    messages.success(request, _("The connector is paused; its tasks wait."))
    return _back(connector_id)


def resume(request: PersonRequest, connector_id: uuid.UUID) -> HttpResponse:
    """Go on."""
    resume_connector(request.actor, connector_id=connector_id)
    messages.success(request, _("The connector goes on with what waits."))
    return _back(connector_id)


def try_out(request: PersonRequest, connector_id: uuid.UUID) -> HttpResponse:
    """One call that asks for nothing."""
    outcome = try_connector(request.actor, connector_id=connector_id)
    told = ([f"HTTP {outcome.status}"] if outcome.status else []) + ([outcome.said] if outcome.said else [])
    more = f" ({' · '.join(told)})" if told else ""
    if outcome.outcome in {CallOutcome.DONE, CallOutcome.ACCEPTED}:
        messages.success(request, _("The other system answers.") + more)
    else:
        trouble = Trouble(outcome.trouble).label
        messages.error(request, _("The test call failed: %(why)s.") % {"why": trouble} + more)
    return _back(connector_id)
