"""Public pages: what this programme is, how to join it, and who the providers are."""

import uuid
from urllib.parse import quote

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.membership.models import ProviderEntry
from toiya.membership.provider_entry import find_providers
from toiya.programme.countries import by_name, language_name
from toiya.web.http import PublicRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.public.forms import ProviderSearchForm
from toiya.web.public.help import topics_about
from toiya.web.public.work_account import FIRST, OUTCOMES, QUESTIONS


def welcome(request: PublicRequest) -> HttpResponse:
    """What Toiya is at this operator, and where each of the four sides goes."""
    return render(request, "public/welcome.html")


def become_reseller(request: PublicRequest) -> HttpResponse:
    """What is needed to sell as an indirect reseller, and what is not (S-002, S-008)."""
    return render(request, "public/become_reseller.html")


def providers(request: PublicRequest) -> HttpResponse:
    """Approved providers side by side, by country, language and facets (S-004 to S-007)."""
    data = request.GET.copy()
    own_country = _country_of(request.actor)
    if "country" not in data and own_country:
        data["country"] = own_country
    form = ProviderSearchForm(data)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = find_providers(
        request.actor,
        text=wanted.get("q", ""),
        country=wanted.get("country", ""),
        language=wanted.get("language", ""),
        facets=form.facets,
    )
    page = page_by_key(
        rows.select_related("tenant").prefetch_related("countries").defer("logo", "proposed"),
        fields=("tenant__sort_key", "pk"),
        cursor=cursor_of(request),
    )
    context = {
        "form": form,
        "rows": [_comparable(entry) for entry in page.rows],
        "pager": pager_of(request, page),
        "topics": topics_about(wanted.get("q", "")),
        "is_own_country": bool(own_country) and data.get("country") == own_country,
    }
    return render(request, "public/providers.html", context)


def provider(request: PublicRequest, provider_id: uuid.UUID) -> HttpResponse:
    """One provider: how to reach it, and what it offers (S-006, S-060)."""
    entry = (
        ProviderEntry.objects.listed(request.actor)
        .filter(pk=provider_id)
        .select_related("tenant")
        .prefetch_related("countries")
        .first()
    )
    if entry is None:
        raise NotVisible
    own = entry.website_of
    context = {
        **_comparable(entry),
        "introduction_url": _introduction(entry, request.actor),
        "websites": [(name, own[code]) for code, name in by_name(list(own))],
    }
    return render(request, "public/provider.html", context)


def work_account_help(request: PublicRequest) -> HttpResponse:
    """Whether the company has a work account, one question at a time (S-014, N-06)."""
    step = request.GET.get("step", FIRST)
    outcome = OUTCOMES.get(step)
    question = None if outcome else QUESTIONS.get(step, QUESTIONS[FIRST])
    context = {"outcome": outcome, "question": question, "is_first": question is QUESTIONS[FIRST]}
    return render(request, "public/work_account_help.html", context)


def _country_of(actor: Actor | None) -> str:
    if actor is None or Capacity.RESELLER not in actor.capacities | actor.suspended:
        return ""
    return Tenant.objects.visible_to(actor).get(pk=actor.tenant_id).country_id


def _comparable(entry: ProviderEntry) -> dict[str, object]:
    return {
        "entry": entry,
        "tenant": entry.tenant,
        "countries": [name for _code, name in by_name([country.code for country in entry.countries.all()])],
        "languages": [language_name(code) for code in entry.language_codes],
        "facets": [
            {
                "label": _("Technical support"),
                "offered": entry.technical_support,
                "text": entry.technical_support_text,
            },
            {
                "label": _("Help with marketing"),
                "offered": entry.marketing_help,
                "text": entry.marketing_help_text,
            },
            {
                "label": _("Financing or credit terms"),
                "offered": entry.financing,
                "text": entry.financing_text,
            },
        ],
    }


def _introduction(entry: ProviderEntry, actor: Actor | None) -> str:
    subject = _("Request for an introduction: your offer for indirect resellers")
    lines = [
        _("We found %(provider)s in the directory of indirect providers.")
        % {"provider": reader_name(entry.tenant)},
        _("Please tell us about your reseller programme, your levels of support, and your terms."),
        "",
        actor.organization if actor else "",
        actor.name if actor else "",
    ]
    body = "\r\n".join(lines).strip()
    return f"mailto:{quote(entry.contact_email)}?subject={quote(subject)}&body={quote(body)}"
