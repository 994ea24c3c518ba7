"""The review of enrolments: the queue, one application with all that was submitted, the decisions."""

import uuid
from collections.abc import Mapping

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.text import fold
from toiya.enrolment.models import Application, ApplicationQuerySet, CheckKind, State
from toiya.enrolment.review import approve_application, record_check, reject_application, request_information
from toiya.web.http import PersonRequest
from toiya.web.operator.dossier import dossier
from toiya.web.operator.forms import ApprovalForm, CheckForm, QuestionForm, QueueForm, ReasonForm
from toiya.web.paging import cursor_of, pager_of

WAITING = (State.EMAIL_PENDING, State.UNDER_REVIEW, State.MORE_INFORMATION)
CHECK_NAMES = {kind.value: kind for kind in CheckKind}


def _submitted(request: PersonRequest) -> ApplicationQuerySet:
    """Drafts are the applicant's alone; the operator does not judge its own organisation."""
    own = request.actor.tenant_id
    return (
        Application.objects.visible_to(request.actor)
        .filter(submitted_at__isnull=False)
        .exclude(tenant_id=own)
    )


def queue(request: PersonRequest) -> HttpResponse:
    """Applications, the longest waiting first."""
    form = QueueForm({"state": "waiting", **request.GET.dict()})
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = _submitted(request)
    state = wanted.get("state") or "waiting"
    if state != "all":
        rows = rows.filter(state__in=WAITING) if state == "waiting" else rows.filter(state=state)
    if wanted.get("country"):
        rows = rows.filter(tenant__country=wanted["country"])
    text = wanted.get("q", "").strip()
    if text.upper().startswith("ER-"):
        rows = rows.filter(reference__startswith=text.upper())
    else:
        for word in fold(text).split():
            rows = rows.filter(tenant__search_key__contains=word)
    page = page_by_key(
        rows.select_related("tenant"), fields=("submitted_at", "pk"), cursor=cursor_of(request)
    )
    context = {"form": form, "rows": page.rows, "pager": pager_of(request, page), "now": request.actor.now}
    return render(request, "operator/applications.html", context)


def _find(request: PersonRequest, application_id: uuid.UUID) -> Application:
    found = (
        _submitted(request).select_related("tenant", "applicant", "profile").filter(pk=application_id).first()
    )
    if found is None:
        raise NotVisible
    return found


def application(request: PersonRequest, application_id: uuid.UUID) -> HttpResponse:
    """Everything that a reviewer needs to decide, on one page."""
    return _page(request, _find(request, application_id))


def _page(
    request: PersonRequest, application: Application, *, typed: Mapping[str, forms.Form] | None = None
) -> HttpResponse:
    typed = typed or {}
    context = {
        **dossier(request.actor, application),
        "check_forms": {
            kind.value: typed.get(kind.value) or CheckForm(auto_id=f"id_{kind.value}_%s")
            for kind in CheckKind
        },
        "question_form": typed.get("question") or QuestionForm(),
        "approval_form": typed.get("approval") or ApprovalForm(),
        "reason_form": typed.get("reason") or ReasonForm(),
    }
    return render(request, "operator/application.html", context, status=400 if typed else 200)


def _back(application: Application) -> HttpResponse:
    return HttpResponseRedirect(reverse("operator:application", args=[application.pk]))


def check(request: PersonRequest, application_id: uuid.UUID, kind: str) -> HttpResponse:
    """One of the two checks is decided."""
    if kind not in CHECK_NAMES:
        raise NotVisible
    found = _find(request, application_id)
    form = CheckForm(request.POST, auto_id=f"id_{kind}_%s")
    if form.is_valid():
        try:
            record_check(request.actor, application=found, kind=CHECK_NAMES[kind], **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The decision was recorded."))
            return _back(found)
    return _page(request, found, typed={kind: form})


def ask(request: PersonRequest, application_id: uuid.UUID) -> HttpResponse:
    """The application goes back with a question."""
    found, form = _find(request, application_id), QuestionForm(request.POST)
    if form.is_valid():
        try:
            request_information(request.actor, application=found, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The question was sent to the primary contact."))
            return _back(found)
    return _page(request, found, typed={"question": form})


def approve(request: PersonRequest, application_id: uuid.UUID) -> HttpResponse:
    """The company becomes an indirect reseller."""
    found, form = _find(request, application_id), ApprovalForm(request.POST)
    if form.is_valid():
        try:
            approve_application(request.actor, application=found, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Approved. The primary contact is told by email."))
            return _back(found)
    return _page(request, found, typed={"approval": form})


def reject(request: PersonRequest, application_id: uuid.UUID) -> HttpResponse:
    """The company does not become a reseller, and is told why."""
    found, form = _find(request, application_id), ReasonForm(request.POST)
    if form.is_valid():
        try:
            reject_application(request.actor, application=found, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Rejected. The primary contact is told by email."))
            return _back(found)
    return _page(request, found, typed={"reason": form})
