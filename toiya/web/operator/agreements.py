"""Agreements of the programme: every version, and publishing the next one."""

import uuid

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.programme.agreements import agreement_in_force, agreement_version, agreements, publish_agreement
from toiya.programme.models import AgreementKind
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import AgreementForm


def versions(request: PersonRequest) -> HttpResponse:
    """All versions; the newest of a kind is in force."""
    rows = list(agreements())
    newest = {
        kind: max((row.version for row in rows if row.kind == kind), default=0) for kind in AgreementKind
    }
    context = {
        "rows": [
            {"agreement": row, "in_force": row.version == newest[AgreementKind(row.kind)]} for row in rows
        ],
        "may_manage": request.actor.may(Permission.PROGRAMME_MANAGE),
        "kinds": list(AgreementKind),
    }
    return render(request, "operator/agreements.html", context)


def version(request: PersonRequest, agreement_id: uuid.UUID) -> HttpResponse:
    """The text of one version, in both languages."""
    agreement = agreement_version(agreement_id)
    if agreement is None:
        raise NotVisible
    return render(request, "operator/agreement.html", {"agreement": agreement})


def publish(request: PersonRequest) -> HttpResponse:
    """The next version of a kind (``?kind=``), beginning with the words of the one in force."""
    asked = request.GET.get("kind", AgreementKind.RESELLER.value)
    if asked not in AgreementKind.values:
        raise NotVisible
    kind = AgreementKind(asked)
    former = agreement_in_force(kind)
    names = ("title_ja", "title_en", "text_ja", "text_en")
    initial = {name: getattr(former, name) for name in names} if former else {}
    form = AgreementForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            agreement = publish_agreement(request.actor, kind=kind, **form.cleaned_data)
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Version %(number)s is in force.") % {"number": agreement.version})
            return HttpResponseRedirect(reverse("operator:agreements"))
    context = {"form": form, "former": former, "kind": kind}
    return render(request, "operator/publish_agreement.html", context, status=400 if form.errors else 200)
