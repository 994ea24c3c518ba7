"""What customers ask of their partners: made in the organisation portal, answered on the dashboard (N-35)."""

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.errors import NotVisible, Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.orders.models import CustomerWish, WishKind, WishState
from toiya.orders.wishes import (
    accept_wish,
    carts_for,
    decline_wish,
    make_wish,
    orders_for,
    own_wishes,
    partners_to_ask,
    requests_for,
    subscriptions_to_ask_about,
    wishes_received,
    withdraw_wish,
)
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.wishes.forms import AnswerForm, WishesForm, WishForm

TONES = {
    WishState.OPEN: "waiting",
    WishState.ACCEPTED: "success",
    WishState.DECLINED: "danger",
    WishState.WITHDRAWN: "neutral",
}
ORDER = ("created_at", "id")
RELATED = ("tenant", "partner", "subscription__sku", "asked_by")


# ---------------------------------------------------------------- the customer
def own(request: PersonRequest) -> HttpResponse:
    """What we asked, and what our partners answered."""
    rows = own_wishes(request.actor).select_related(*RELATED)
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request), descending=True)
    orders = orders_for(request.actor, page.rows)
    context = {
        "rows": [{**_row(row), "orders": orders.get(row.pk, [])} for row in page.rows],
        "pager": pager_of(request, page),
        "may_wish": request.actor.may(Permission.WISHES_MAKE),
    }
    return render(request, "wishes/own.html", context)


def make(request: PersonRequest) -> HttpResponse:
    """Ask a partner to buy, add, reduce or cancel."""
    actor = request.actor
    partners, subscriptions = partners_to_ask(actor), subscriptions_to_ask_about(actor)
    form = WishForm(
        request.POST if request.method == "POST" else None,
        partners=partners,
        subscriptions=subscriptions,
        initial=_initial(request, {str(row.pk): row for row in subscriptions}),
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                made = make_wish(actor, **form.wish())
            except Refusal as refusal:
                if refusal.status in {NotVisible.status, 403}:
                    raise
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
                status = refusal.status
            else:
                name = reader_name(made.partner)
                messages.success(request, _("Your request was sent to %(name)s.") % {"name": name})
                return redirect("organization:wishes")
    context = {"form": form, "partners": partners}
    return render(request, "wishes/make.html", context, status=status)


def _initial(request: PersonRequest, subscriptions: dict[str, Any]) -> dict[str, str]:
    """What a link from another page fills in."""
    found = {
        name: request.GET[name] for name in ("kind", "subscription", "quantity") if request.GET.get(name)
    }
    about = subscriptions.get(found.get("subscription", ""))
    if about is not None:
        found["partner"] = str(about.reseller_id or about.tenant_id)
    return found


def withdraw(request: PersonRequest, wish_id: uuid.UUID) -> HttpResponse:
    """We no longer want it."""
    found = own_wishes(request.actor).filter(pk=wish_id).first()
    if found is None:
        raise NotVisible
    withdraw_wish(request.actor, wish=found)
    messages.success(request, _("The request is withdrawn. Your partner is told."))
    return redirect("organization:wishes")


# ---------------------------------------------------------------- the partner
def received(request: PersonRequest) -> HttpResponse:
    """What customers ask, the newest first."""
    form = WishesForm(request.GET.dict())
    state = form.cleaned_data.get("state", "") if form.is_valid() else ""
    rows = wishes_received(request.actor).select_related(*RELATED)
    if state:
        rows = rows.filter(state=state)
    page = page_by_key(rows, fields=ORDER, cursor=cursor_of(request), descending=True)
    context = {
        "form": form,
        "rows": [_row(row) for row in page.rows],
        "pager": pager_of(request, page),
        "is_filtered": bool(state),
    }
    return render(request, "wishes/received.html", context)


def wish(request: PersonRequest, wish_id: uuid.UUID) -> HttpResponse:
    """One request, with the way to carry it out and the answer."""
    found = wishes_received(request.actor).select_related(*RELATED).filter(pk=wish_id).first()
    if found is None:
        raise NotVisible
    form = AnswerForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                _answer(request, found, form.cleaned_data["answer"])
            except Refusal as refusal:
                if refusal.status in {NotVisible.status, 403}:
                    raise
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
                status = refusal.status
            else:
                messages.success(request, _("The customer is told your answer."))
                return redirect("wishes:wish", found.pk)
    context = {
        **_row(found),
        "form": form,
        "may_answer": request.actor.may(Permission.SUBSCRIPTIONS_MANAGE) and found.state == WishState.OPEN,
        "act_url": act_url(found),
        "carts": carts_for(request.actor, found),
        "requests": requests_for(request.actor, found),
        "orders": orders_for(request.actor, [found]).get(found.pk, []),
    }
    return render(request, "wishes/wish.html", context, status=status)


def _answer(request: PersonRequest, found: CustomerWish, answer: str) -> None:
    if request.POST.get("act") == "decline":
        decline_wish(request.actor, wish=found, answer=answer)
    else:
        accept_wish(request.actor, wish=found, answer=answer)


def _row(row: CustomerWish) -> dict[str, Any]:
    return {
        "wish": row,
        "tone": TONES[WishState(row.state)],
        "is_open": row.state == WishState.OPEN,
        "asks_for_more": row.kind == WishKind.MORE,
    }


def act_url(row: CustomerWish) -> str:
    """Where the partner carries it out: the subscription's page for it, an order request for more where another
    provider sells it, or the choice of something new. What the customer asked for is filled in.
    """
    about = row.subscription
    if about is None:
        return _with(reverse("orders:choose", args=[row.tenant_id]), wish=row.pk)
    if row.kind == WishKind.MORE and about.tenant_id != row.partner_id:
        line = reverse("orders:line", args=[row.tenant_id])
        return _with(line, subscription=about.pk, wish=row.pk)
    act = {WishKind.MORE: "quantity", WishKind.FEWER: "schedule", WishKind.CANCEL: "cancel"}[
        WishKind(row.kind)
    ]
    return _with(reverse(f"subscriptions:{act}", args=[about.pk]), quantity=row.quantity)


def _with(path: str, **query: object) -> str:
    filled = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(filled)}" if filled else path
