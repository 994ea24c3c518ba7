"""Directory entries: providers write them, the operator compares and publishes (C-18)."""

import uuid
from collections.abc import Mapping

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from toiya.core.errors import NotVisible, Refusal
from toiya.core.permissions import Permission
from toiya.membership.logos import size_of
from toiya.membership.models import ProviderEntry, websites_in
from toiya.membership.provider_entry import (
    ENTRY_FIELDS,
    approve_provider_entry,
    entry_values,
    proposed_values,
    return_provider_entry,
    withdraw_provider_entry,
)
from toiya.programme.countries import by_name, country_name, language_name
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import ReasonForm

ENTRY_LABELS: Mapping[str, str | Promise] = {
    "summary_ja": gettext_lazy("Summary, Japanese"),
    "summary_en": gettext_lazy("Summary, English"),
    "logo": gettext_lazy("Logo"),
    "website": gettext_lazy("Website"),
    "websites": gettext_lazy("Websites for one country or region"),
    "contact_email": gettext_lazy("Email address for resellers"),
    "contact_phone": gettext_lazy("Phone for resellers"),
    "languages": gettext_lazy("Languages"),
    "support_hours_ja": gettext_lazy("Support hours, Japanese"),
    "support_hours_en": gettext_lazy("Support hours, English"),
    "technical_support": gettext_lazy("Technical support"),
    "technical_support_ja": gettext_lazy("Technical support in words, Japanese"),
    "technical_support_en": gettext_lazy("Technical support in words, English"),
    "marketing_help": gettext_lazy("Help with marketing"),
    "marketing_help_ja": gettext_lazy("Help with marketing in words, Japanese"),
    "marketing_help_en": gettext_lazy("Help with marketing in words, English"),
    "financing": gettext_lazy("Financing or credit terms"),
    "financing_ja": gettext_lazy("Financing in words, Japanese"),
    "financing_en": gettext_lazy("Financing in words, English"),
    "onboarding_days": gettext_lazy("Days until a new reseller can start"),
    "countries": gettext_lazy("Countries and regions"),
}


def _shown(name: str, value: object) -> str:
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if name == "countries" and isinstance(value, list):
        return pgettext("between names", ", ").join(
            country for _code, country in by_name([str(code) for code in value])
        )
    if name == "logo":
        return _("Picture of %(width)s × %(height)s pixels") % _sides(str(value)) if value else ""
    if name == "websites":
        found = [f"{country_name(code)}: {url}" for code, url in websites_in(str(value)).items()]
        return pgettext("between names", ", ").join(found)
    if name == "languages":
        names = (language_name(code) for code in str(value).split(",") if code)
        return pgettext("between names", ", ").join(names)
    return "" if value is None else str(value)


def _sides(logo: str) -> dict[str, int]:
    width, height = size_of(logo)
    return {"width": width, "height": height}


def entry_rows(values: Mapping[str, object]) -> list[dict[str, object]]:
    """An entry as terms and values."""
    return [
        {"term": ENTRY_LABELS[name], "value": _shown(name, values[name])}
        for name in (*ENTRY_FIELDS, "countries")
    ]


def entry_changes(before: Mapping[str, object], after: Mapping[str, object]) -> list[dict[str, object]]:
    """What a proposal changes."""
    return [
        {
            "label": ENTRY_LABELS[name],
            "before": _shown(name, before.get(name)),
            "after": _shown(name, after[name]),
        }
        for name in (*ENTRY_FIELDS, "countries")
        if before.get(name) != after[name]
    ]


def waiting(request: PersonRequest) -> HttpResponse:
    """Entries that wait for approval, the oldest first."""
    rows = ProviderEntry.objects.visible_to(request.actor).filter(proposed_at__isnull=False)
    return render(
        request, "operator/entries.html", {"rows": rows.select_related("tenant").order_by("proposed_at")}
    )


def _find(request: PersonRequest, tenant_id: uuid.UUID) -> ProviderEntry:
    found = (
        ProviderEntry.objects.visible_to(request.actor)
        .filter(pk=tenant_id)
        .select_related("tenant")
        .prefetch_related("countries")
        .first()
    )
    if found is None:
        raise NotVisible
    return found


def entry(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """One entry: what the public sees, and what the provider wants to change."""
    return _page(request, _find(request, tenant_id), None)


def _page(request: PersonRequest, found: ProviderEntry, typed: ReasonForm | None) -> HttpResponse:
    published = entry_values(found)
    is_waiting = found.proposed_at is not None
    context = {
        "entry": found,
        "is_listed": ProviderEntry.objects.listed(request.actor).filter(pk=found.pk).exists(),
        "is_waiting": is_waiting,
        "published": entry_rows(published),
        "new_logo": proposed_values(found)["logo"] if is_waiting else "",
        "changes": entry_changes(published, proposed_values(found)) if is_waiting else [],
        "form": typed or ReasonForm(),
        "may_manage": request.actor.may(Permission.PARTNERS_MANAGE),
    }
    return render(request, "operator/entry.html", context, status=400 if typed else 200)


def _back(tenant_id: uuid.UUID) -> HttpResponse:
    return HttpResponseRedirect(reverse("operator:entry", args=[tenant_id]))


def approve(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """Publish exactly the version that was on the page."""
    found = _find(request, tenant_id)
    version = request.POST.get("version", "")
    approve_provider_entry(
        request.actor,
        tenant_id=found.pk,
        version=int(version) if version.isascii() and version.isdigit() else -1,
    )
    messages.success(request, _("The entry is in the public directory."))
    return _back(found.pk)


def give_back(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """Ask the provider to change it."""
    found, form = _find(request, tenant_id), ReasonForm(request.POST)
    if form.is_valid():
        try:
            return_provider_entry(request.actor, tenant_id=found.pk, note=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The provider is asked to change its entry."))
            return _back(found.pk)
    return _page(request, found, form)


def withdraw(request: PersonRequest, tenant_id: uuid.UUID) -> HttpResponse:
    """Take it out of the public directory."""
    found, form = _find(request, tenant_id), ReasonForm(request.POST)
    if form.is_valid():
        try:
            withdraw_provider_entry(request.actor, tenant_id=found.pk, note=form.cleaned_data["reason"])
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The entry is no longer in the public directory."))
            return _back(found.pk)
    return _page(request, found, form)
