"""The renewal radar: a calendar of months, the list, files, and the weekly mail (C-09)."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.catalogue.models import Product
from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.money import Money
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.directory.models import Tenant
from toiya.relations.models import Partnership
from toiya.subscriptions.digest import choose_digest, wants_digest
from toiya.subscriptions.models import SubscriptionQuerySet
from toiya.subscriptions.radar import (
    Month,
    Renewal,
    Watched,
    calendar_of,
    described,
    months_ahead,
    renewals_bought,
    renewals_sold,
    with_names,
)
from toiya.web.exports import list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.radar.forms import RadarForm
from toiya.web.radar.ics import calendar_file

ORDER = ("term_end", "id")
MONTHS = "months"  # the element of the page
FILES = ("csv", "xlsx", "ics")
BATCH = 500
FILTERS = ("q", "reseller", "product", "auto", "customer")


def sold(request: PersonRequest) -> HttpResponse:
    """What the partner sells, by month and as a list. A year's sums take their time where much is sold, and come after
    the page: asked for by htmx, or by whoever follows the link.
    """
    form, watched = _asked(request)
    actor = request.actor
    everything = renewals_sold(actor, Watched(**{**_fields(watched), "month": None}))
    is_added_up = bool(request.GET.get("sums"))
    months = calendar_of(actor, everything) if is_added_up else months_ahead(actor)
    shown = _months(request, months, watched, reverse("radar:renewals"))
    if request.htmx.target == MONTHS:
        return render(request, "radar/_months.html", shown)
    context = _page(request, form, watched, renewals_sold(actor, watched)) | shown
    context["wants_digest"] = wants_digest(actor)
    context["may_manage"] = actor.may(Permission.SUBSCRIPTIONS_MANAGE)
    return render(request, "radar/renewals.html", context)


def bought(request: PersonRequest) -> HttpResponse:
    """What the organisation itself uses, in its own portal."""
    form, watched = _asked(request, is_customer=True)
    actor = request.actor
    everything = renewals_bought(actor, Watched(**{**_fields(watched), "month": None}))
    months = calendar_of(actor, everything, edge="pays")
    shown = _months(request, months, watched, reverse("organization:renewals"))
    context = _page(request, form, watched, renewals_bought(actor, watched)) | shown
    context["may_wish"] = actor.may(Permission.WISHES_MAKE)
    return render(request, "radar/own_renewals.html", context)


def digest(request: PersonRequest) -> HttpResponse:
    """The weekly mail, on or off for this person."""
    is_wanted = request.POST.get("wanted") == "yes"
    choose_digest(request.actor, is_wanted=is_wanted)
    messages.success(
        request,
        _("You get the mail about renewals every week.")
        if is_wanted
        else _("You get no mail about renewals any more."),
    )
    return redirect("radar:renewals")


def export_sold(request: PersonRequest, form: str) -> HttpResponse:
    """The partner's radar as a file, with the filters of the page."""
    return _export(request, form, renewals_sold(request.actor, _asked(request)[1]))


def export_bought(request: PersonRequest, form: str) -> HttpResponse:
    """The organisation's own radar as a file."""
    return _export(request, form, renewals_bought(request.actor, _asked(request, is_customer=True)[1]))


# ---------------------------------------------------------------- the page
def _asked(request: PersonRequest, *, is_customer: bool = False) -> tuple[RadarForm, Watched]:
    products = Product.objects.visible_to(request.actor).order_by("code")
    resellers = None if is_customer else _resellers(request.actor)
    form = RadarForm(request.GET.dict(), products=products, resellers=resellers)
    watched = form.watched()
    if "reseller" in form.errors:
        raise NotVisible
    return form, watched


def _fields(watched: Watched) -> dict[str, Any]:
    return {name: getattr(watched, name) for name in Watched.__slots__}


def _resellers(actor: Actor) -> list[Tenant] | None:
    if Capacity.PROVIDER not in actor.capacities | actor.suspended:
        return None
    live = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    return [row.reseller for row in live.select_related("reseller").order_by("reseller__sort_key", "id")]


def _page(
    request: PersonRequest, form: RadarForm, watched: Watched, rows: SubscriptionQuerySet
) -> dict[str, Any]:
    page = page_by_key(with_names(rows), fields=ORDER, cursor=cursor_of(request))
    kept = {name: request.GET[name] for name in (*FILTERS, "month") if request.GET.get(name)}
    return {
        "form": form,
        "rows": [_row(row) for row in described(request.actor, page.rows)],
        "pager": pager_of(request, page),
        "month": watched.month,
        "filters": urlencode(kept),
        "is_filtered": bool(kept),
    }


def _row(row: Renewal) -> dict[str, Any]:
    return {
        "renewal": row,
        "subscription": row.subscription,
        "urgency": _urgency(row),
        "schedule_url": reverse("subscriptions:schedule", args=[row.subscription.pk]),
        "wish_query": urlencode(
            {
                "subscription": str(row.subscription.pk),
                "kind": "fewer",
                "quantity": max(row.subscription.quantity - (row.unused or 0), 1),
            }
        ),
    }


def _urgency(row: Renewal) -> str:
    """Danger in the last week, warning in the last month: only where something can still be decided."""
    if row.days_left <= 7:  # noqa: PLR2004  (a week)
        return "danger"
    return "warning" if row.days_left <= 30 else "neutral"  # noqa: PLR2004  (a month)


def _months(request: PersonRequest, months: list[Month], watched: Watched, path: str) -> dict[str, object]:
    kept = {name: request.GET[name] for name in FILTERS if request.GET.get(name)}
    shown = {"month": f"{watched.month:%Y-%m}"} if watched.month else {}
    return {
        "months": [
            {
                "month": month,
                "is_current": watched.month == month.first,
                "url": f"{path}?{urlencode({**kept, 'month': month.first.strftime('%Y-%m')})}",
            }
            for month in months
            if month.count != 0 or watched.month == month.first
        ],
        "is_added_up": all(month.count is not None for month in months),
        "sums_url": f"{path}?{urlencode({**kept, **shown, 'sums': 'yes'})}",
    }


# ---------------------------------------------------------------- files
def _export(request: PersonRequest, form: str, rows: SubscriptionQuerySet) -> HttpResponse:
    if form not in FILES:
        raise NotVisible
    found = _all(request, rows)
    if form == "ics":
        host = urlsplit(settings.ORIGIN).hostname or "toiya"
        return HttpResponse(
            calendar_file(found, host=host, now=request.actor.now),
            content_type="text/calendar; charset=utf-8",
            headers={"Content-Disposition": 'attachment; filename="renewals.ics"'},
        )
    header = [
        _("Subscription ID"),
        _("Customer"),
        _("Indirect reseller"),
        _("Subscription"),
        _("Product"),
        _("Quantity"),
        _("Quantity after renewal"),
        _("Unused licenses"),
        _("Renews or ends on"),
        _("Last day to change"),
        _("Automatic renewal"),
        _("We pay"),
        _("Currency"),
        _("We receive"),
        _("Currency"),
    ]
    return list_file(form, "renewals", header, (_line(row) for row in found))


def _all(request: PersonRequest, rows: SubscriptionQuerySet) -> Iterator[Renewal]:
    cursor = ""
    while True:
        page = page_by_key(with_names(rows), fields=ORDER, cursor=cursor, size=BATCH)
        yield from described(request.actor, page.rows)
        cursor = page.next_cursor
        if not cursor:
            return


def _line(row: Renewal) -> list[Cell]:
    subscription = row.subscription
    return [
        str(subscription.pk),
        reader_name(subscription.customer),
        reader_name(subscription.reseller) if subscription.reseller else "",
        subscription.title,
        subscription.sku.name,
        subscription.quantity,
        row.quantity_then,
        row.unused,
        row.on,
        row.last_day,
        _("yes") if subscription.auto_renew else _("no"),
        *_amount(row.pays),
        *_amount(row.receives),
    ]


def _amount(money: Money | None) -> tuple[str, str]:
    return (str(money.decimal), money.currency) if money else ("", "")
