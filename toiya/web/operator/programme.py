"""Programme settings: words, limits, rules, countries."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.money import percent_of
from toiya.core.permissions import Permission
from toiya.programme.countries import country_name, currency_name, programme_countries, set_country
from toiya.programme.words import LIMITS, RULES, WORDS, current_programme, update_programme
from toiya.relations.channels import administered_from_several
from toiya.web.http import PersonRequest
from toiya.web.operator.forms import CountryForm, NewCountryForm, ProgrammeForm, basis_points


def words(request: PersonRequest) -> HttpResponse:
    """The operator's words, limits and rules; who may only look sees them without the button."""
    may_manage = request.actor.may(Permission.PROGRAMME_MANAGE)
    present = current_programme()
    initial = {name: getattr(present, name) for name in (*WORDS, *LIMITS, *RULES)} if present else {}
    form = ProgrammeForm(request.POST if request.method == "POST" else None, initial=initial)
    if not may_manage:
        for field in form.fields.values():
            field.disabled = True
    if request.method == "POST" and form.is_valid():
        try:
            update_programme(request.actor, settings=form.cleaned_data)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("The settings were saved."))
            return HttpResponseRedirect(reverse("operator:programme"))
    context = {
        "form": form,
        "may_manage": may_manage,
        "words": WORDS,
        "limits": LIMITS,
        "several": administered_from_several(request.actor),
    }
    return render(request, "operator/programme.html", context, status=400 if form.errors else 200)


def countries(request: PersonRequest) -> HttpResponse:
    """Where the programme is open."""
    rows = [
        {"country": row, "name": country_name(row.code), "currency": currency_name(row.currency)}
        for row in programme_countries()
    ]
    context = {
        "rows": sorted(rows, key=lambda row: str(row["name"])),
        "may_manage": request.actor.may(Permission.PROGRAMME_MANAGE),
    }
    return render(request, "operator/countries.html", context)


def country(request: PersonRequest, code: str) -> HttpResponse:
    """Open or close one country, or change what follows from it."""
    row = programme_countries().filter(code=code).first()
    if row is None:
        raise NotVisible
    initial = {
        "currency": row.currency,
        "sales_region": row.sales_region,
        "is_open": row.is_open,
        "tax": percent_of(row.tax_basis_points),
    }
    form = CountryForm(request.POST if request.method == "POST" else None, initial=initial)
    return _save(request, form, code, country_name(code))


def add_country(request: PersonRequest) -> HttpResponse:
    """A country or region that was not in the programme."""
    form = NewCountryForm(request.POST if request.method == "POST" else None, initial={"is_open": True})
    return _save(request, form, "", _("Add a country or region"))


def _save(request: PersonRequest, form: CountryForm, code: str, title: str) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        values = {"code": code, **form.cleaned_data, "currency": form.cleaned_data["currency"].upper()}
        values["tax_basis_points"] = basis_points(values.pop("tax"))
        try:
            set_country(request.actor, **values)
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The settings were saved."))
            return HttpResponseRedirect(reverse("operator:countries"))
    context = {"form": form, "title": title}
    return render(request, "operator/country.html", context, status=400 if form.errors else 200)
