"""A seller's exchange rates, each from a day on."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import Refusal
from toiya.core.money import UnitPrice
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.pricing.models import ExchangeRate
from toiya.pricing.price_files import plain
from toiya.pricing.rules import set_exchange_rate
from toiya.web.catalogue.browse import price_tabs
from toiya.web.editing import failed
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.pricing.forms import RateForm


def rates(request: PersonRequest) -> HttpResponse:
    """The rates, the latest first, and one more."""
    today = request.actor.now.date().isoformat()
    form = RateForm(request.POST if request.method == "POST" else None, initial={"valid_from": today})
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                set_exchange_rate(request.actor, **form.cleaned_data)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, _("The exchange rate was set."))
                return HttpResponseRedirect(reverse("pricing:rates"))
    rows = ExchangeRate.objects.visible_to(request.actor)
    page = page_by_key(rows, fields=("valid_from", "id"), cursor=cursor_of(request), descending=True)
    context = {
        "form": form,
        "rows": [
            {"rate": row, "text": plain(UnitPrice(row.units, row.scale, row.quoted))} for row in page.rows
        ],
        "pager": pager_of(request, page),
        "may_set": request.actor.may(Permission.PRICE_RULES_MANAGE),
        "tabs": price_tabs(request.actor, "pricing:rates"),
    }
    return render(request, "pricing/rates.html", context, status=status)
