"""The partner's subscriptions: list, file, and one of them."""

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from toiya.catalogue.models import Product
from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.prepared import prepared
from toiya.customers.relationships import must_be_partnered
from toiya.programme.models import in_language
from toiya.subscriptions.lists import find_subscriptions, page_of_subscriptions
from toiya.subscriptions.models import LIVE, SubscriptionQuerySet
from toiya.subscriptions.rights import subscription_for
from toiya.subscriptions.vendor import asked_quantity
from toiya.web.customers.views import filters_by_reseller, reseller_choices
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.rows import filled
from toiya.web.subscriptions.forms import FilterForm
from toiya.web.subscriptions.presenting import (
    TONES,
    acts_of,
    chain_of,
    ended_text,
    facts_of,
    rows_of,
    schedule_of,
    timeline_of,
)

FILTERS = ("q", "state", "product", "ends", "reseller")
MOST_PRODUCTS = 500


def listing(request: PersonRequest) -> HttpResponse:
    """What the organisation sells or resells, the latest first, narrowed by customer, state, product or end."""
    form, wanted = _asked(request)
    page = page_of_subscriptions(request.actor, **wanted, cursor=cursor_of(request))
    if "reseller" in form.fields:
        form.fields["reseller"].widget.choices = [("", _("All resellers")), *reseller_choices(request.actor)]
    kept = {key: request.GET[key] for key in FILTERS if request.GET.get(key)}
    context = {
        "form": form,
        "rows": filled("subscriptions/_row.html", rows_of(page.rows)),
        "pager": pager_of(request, page),
        "is_searched": bool(kept),
        "filters": urlencode(kept),
    }
    return render(request, "subscriptions/list.html", context)


def _asked(request: PersonRequest) -> tuple[FilterForm, dict[str, Any]]:
    actor, language = request.actor, get_language() or ""
    products = [(str(pk), in_language(ja, en, language)) for pk, ja, en in _products(actor)]
    form = FilterForm(request.GET or None, products=products, by_reseller=filters_by_reseller(actor))
    valid = form.cleaned_data if form.is_valid() else {}
    if form.is_bound and {"reseller", "product"} & set(form.errors):
        raise NotVisible
    must_be_partnered(actor, reseller_id=valid.get("reseller"))
    return form, {
        "search": valid.get("q", ""),
        "state": valid.get("state", ""),
        "product_id": _uuid(valid.get("product")),
        "reseller_id": valid.get("reseller"),
        "ends_before": _day(actor, valid.get("ends")),
    }


@prepared
def _products(actor: Actor) -> QuerySet[Product, tuple[uuid.UUID, str, str]]:
    rows = Product.objects.visible_to(actor).order_by("code")
    return rows.values_list("id", "name_ja", "name_en")[:MOST_PRODUCTS]


def _day(actor: Actor, days: int | None) -> dt.date | None:
    return actor.now.date() + dt.timedelta(days=days + 1) if days else None


def _uuid(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file, with the filters of the page (N-22)."""
    if form not in FORMATS:
        raise NotVisible
    _form, wanted = _asked(request)
    return list_file(form, "subscriptions", *_table(find_subscriptions(request.actor, **wanted)))


def _table(rows: SubscriptionQuerySet) -> tuple[list[str], Iterable[list[Cell]]]:
    header = [
        _("Subscription ID"),
        _("Product"),
        _("Quantity"),
        _("State"),
        _("Reseller ID"),
        _("Reseller"),
        _("Customer ID"),
        _("Customer"),
        _("Term ends"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            str(row.pk),
            row.sku.name,
            row.quantity,
            str(row.get_state_display()),
            str(row.reseller_of_record_id or ""),
            row.reseller_of_record.name if row.reseller_of_record else "",
            str(row.customer_id),
            row.customer.name,
            row.term_end,
        ]
        for row in rows.order_by("-created_at", "-id").iterator(chunk_size=2000)
    )
    return header, lines


def subscription(request: PersonRequest, subscription_id: uuid.UUID) -> HttpResponse:
    """One subscription: what it is, who stands behind it, everything that may be done, and what happened."""
    actor = request.actor
    found = subscription_for(actor, subscription_id)
    context = {
        "subscription": found,
        "customer": found.customer,
        "tone": TONES[found.state],
        "facts": facts_of(actor, found),
        "chain": chain_of(found),
        "acts": acts_of(actor, found),
        "ended": ended_text(found),
        "schedule": schedule_of(found),
        "asked": asked_quantity(found),
        "add_ons": list(found.add_ons.filter(state__in=LIVE).select_related("sku").order_by("id")),
        "history": timeline_of(actor, found),
    }
    return render(request, "subscriptions/subscription.html", context)
