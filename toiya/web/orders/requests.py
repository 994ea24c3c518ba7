"""Order requests: the lists of both sides, one of them, and its answers (C-06)."""

import uuid
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible, Refusal
from toiya.core.money import Money
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.orders.edges import edges_of
from toiya.orders.examination import Basket, examine
from toiya.orders.lists import order_request, requests_of
from toiya.orders.models import (
    AutomaticApproval,
    OrderRequest,
    OrderRequestQuerySet,
    OrderRequestState,
)
from toiya.orders.reach import lacks_agreement
from toiya.orders.requests import (
    WAITING,
    ChangedLine,
    accept_change,
    alternatives_for,
    approve_request,
    change_request,
    currencies_for,
    decline_request,
    lines_of_request,
    set_automatic_approval,
    withdraw_request,
)
from toiya.relations.models import Partnership
from toiya.web.customers.views import failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.orders.forms import (
    AutomaticForm,
    ChangeForm,
    ReasonForm,
    SearchForm,
    VersionForm,
    request_search,
)
from toiya.web.orders.presenting import (
    REQUEST_TONES,
    amount_text,
    edge_labels,
    examined_rows,
    totals_of_examined,
    with_wishes,
)
from toiya.web.paging import cursor_of, pager_of


def listing(request: PersonRequest) -> HttpResponse:
    """Those made and those received, the newest first."""
    form, rows = _found(request)
    page = page_by_key(rows, fields=("created_at", "id"), cursor=cursor_of(request), descending=True)
    kept = {key: request.GET[key] for key in ("q", "state", "side") if request.GET.get(key)}
    actor = request.actor
    context = {
        "form": form,
        "rows": [
            {
                "request": row,
                "other": row.tenant if row.provider_id == actor.tenant_id else row.provider,
                "is_received": row.provider_id == actor.tenant_id,
                "amount": _amount(row),
                "state": row.get_state_display(),
                "tone": REQUEST_TONES[OrderRequestState(row.state)],
            }
            for row in page.rows
        ],
        "pager": pager_of(request, page),
        "is_searched": bool(kept),
        "filters": urlencode(kept),
        "has_both_sides": {Capacity.PROVIDER, Capacity.RESELLER} <= actor.capacities | actor.suspended,
        "is_provider": Capacity.PROVIDER in actor.capacities | actor.suspended,
    }
    return render(request, "orders/requests.html", context)


def _found(request: PersonRequest) -> tuple[SearchForm, OrderRequestQuerySet]:
    form = request_search(request.GET or None)
    valid = form.cleaned_data if form.is_valid() else {}
    return form, requests_of(
        request.actor,
        search=valid.get("q", ""),
        state=valid.get("state", ""),
        side=valid.get("side", ""),
    )


def _amount(row: OrderRequest) -> str:
    """What the reseller would pay the provider for the first period: the edge of both."""
    return amount_text(Money(row.amount_minor, row.currency) if row.amount_minor is not None else None)


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file."""
    if form not in FORMATS:
        raise NotVisible
    _form, rows = _found(request)
    header = [
        _("Request number"),
        _("Requested at"),
        _("Reseller"),
        _("Provider"),
        _("Customer"),
        _("State"),
        _("First billing period"),
        _("Answered at"),
        _("Approved by itself"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            row.number,
            row.created_at,
            row.tenant.name,
            row.provider.name,
            row.customer.name,
            row.get_state_display(),
            _amount(row),
            row.answered_at,
            _("yes") if row.is_automatic else _("no"),
        ]
        for row in rows.order_by("-created_at", "id")
    )
    return list_file(form, "order-requests", header, lines)


# ---------------------------------------------------------------- one request
def request_of(request: PersonRequest, request_id: uuid.UUID) -> OrderRequest:
    """The request, for its two sides. Raises NotVisible."""
    return order_request(request.actor, request_id)


def show(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """One request with its lines, prices of the reader's edges, and what can be answered."""
    return _page(request, request_of(request, request_id))


def _page(
    request: PersonRequest, shown: OrderRequest, *, form: Form | None = None, status: int = 200
) -> HttpResponse:
    actor = request.actor
    lines = lines_of_request(shown)
    answers = examine(
        Basket(
            provider=shown.provider,
            reseller=shown.tenant,
            customer=shown.customer,
            lines=lines,
            now=actor.now,
        )
    )
    edges = edges_of(
        actor.tenant_id,
        provider_id=shown.provider_id,
        reseller_id=shown.tenant_id,
        customer_id=shown.customer_id,
    )
    labels = edge_labels(edges)
    is_open = shown.state in WAITING
    is_received = shown.provider_id == actor.tenant_id
    may_decide = is_received and actor.may(Permission.ORDER_REQUESTS_DECIDE)
    may_ask = not is_received and actor.may(Permission.ORDERS_REQUEST)
    rows = with_wishes(actor, examined_rows(answers, edges))
    for row, line in zip(rows, lines, strict=True):
        row["asked"] = line.asked_quantity if line.asked_quantity != line.quantity else None
        row["problem"] = row["problem"] if is_open else ""
    context: dict[str, Any] = {
        "shown": shown,
        "form": form or VersionForm(initial={"version": shown.version}),
        "reason_form": form
        if isinstance(form, ReasonForm)
        else ReasonForm(initial={"version": shown.version}),
        "state": shown.get_state_display(),
        "tone": REQUEST_TONES[OrderRequestState(shown.state)],
        "amount": _amount(shown),
        "labels": labels,
        "rows": rows,
        "totals": totals_of_examined(answers, edges, labels),
        "is_received": is_received,
        "is_open": is_open,
        "may_approve": may_decide and shown.state == OrderRequestState.OPEN,
        "may_change": may_decide and is_open,
        "may_accept": may_ask and shown.state == OrderRequestState.CHANGED,
        "may_withdraw": may_ask and is_open,
        "customer": shown.customer,
        "provider": shown.provider,
        "lacks_agreement": is_open and lacks_agreement(shown.provider_id, shown.customer_id),
        "may_confirm": is_received and actor.may(Permission.CUSTOMER_AGREEMENT_CONFIRM),
    }
    return render(request, "orders/request.html", context, status=status)


def _act(
    request: PersonRequest, request_id: uuid.UUID, act: Callable[[OrderRequest, int], str]
) -> HttpResponse:
    """One of the answers; the loser of two at once sees what happened instead."""
    shown = request_of(request, request_id)
    form = VersionForm(request.POST)
    version = form.cleaned_data["version"] if form.is_valid() else 0
    try:
        told = act(shown, version)
    except Refusal as refusal:
        status = failed(form, refusal)
        fresh = request_of(request, request_id)
        shown_form = VersionForm({"version": fresh.version})
        shown_form.add_error(None, str(refusal))
        return _page(request, fresh, form=shown_form, status=status)
    messages.success(request, told)
    return redirect("orders:request", request_id)


def approve(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """The provider says yes; it is an order now."""

    def act(shown: OrderRequest, version: int) -> str:
        order = approve_request(request.actor, request=shown, version=version)
        return _("Order request %(number)s is order %(order)s now.") % {
            "number": shown.number,
            "order": order.number,
        }

    return _act(request, request_id, act)


def accept(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """The reseller takes what the provider offers instead."""

    def act(shown: OrderRequest, version: int) -> str:
        order = accept_change(request.actor, request=shown, version=version)
        return _("You accepted the change. It is order %(order)s of %(provider)s now.") % {
            "order": order.number,
            "provider": reader_name(shown.provider),
        }

    return _act(request, request_id, act)


def withdraw(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """The reseller no longer wants it."""

    def act(shown: OrderRequest, version: int) -> str:
        withdraw_request(request.actor, request=shown, version=version)
        return _("Order request %(number)s is withdrawn.") % {"number": shown.number}

    return _act(request, request_id, act)


def decline(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """The provider says no, and why."""
    shown = request_of(request, request_id)
    form = ReasonForm(request.POST)
    status = 400
    if form.is_valid():
        data = form.cleaned_data
        try:
            decline_request(request.actor, request=shown, version=data["version"], reason=data["reason"])
        except Refusal as refusal:
            status = failed(form, refusal)
            shown = request_of(request, request_id)
            form = ReasonForm({**data, "version": shown.version})
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Order request %(number)s is declined.") % {"number": shown.number})
            return redirect("orders:request", request_id)
    elif (
        not request.actor.may(Permission.ORDER_REQUESTS_DECIDE)
        or shown.provider_id != request.actor.tenant_id
    ):
        raise NotVisible
    return _page(request, shown, form=form, status=status)


def change(request: PersonRequest, request_id: uuid.UUID) -> HttpResponse:
    """The provider offers other quantities or offers."""
    actor = request.actor
    shown = request_of(request, request_id)
    if shown.provider_id != actor.tenant_id:
        raise NotVisible
    if shown.state not in WAITING and request.method != "POST":
        return redirect("orders:request", request_id)
    lines = lines_of_request(shown)
    offers = alternatives_for(shown, lines, actor.now)
    form = ChangeForm(
        request.POST if request.method == "POST" else None,
        initial={"version": shown.version},
        lines=lines,
        offers=offers,
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            data = form.cleaned_data
            by_id = {str(offer.pk): offer for rows in offers.values() for offer in rows}
            wanted = {
                line.position: ChangedLine(
                    quantity=data[f"quantity_{line.position}"],
                    availability=by_id.get(data.get(f"offer_{line.position}", ""), line.availability),
                )
                for line in lines
            }
            try:
                change_request(actor, request=shown, version=data["version"], lines=wanted, note=data["note"])
            except Refusal as refusal:
                status = failed(form, refusal)
                typed = request.POST.copy()
                typed["version"] = str(request_of(request, request_id).version)
                form.data = typed
            else:
                messages.success(request, _("The reseller is asked to accept the change."))
                return redirect("orders:request", request_id)
    context = {"shown": shown, "form": form, "rows": form.rows()}
    return render(request, "orders/request_change.html", context, status=status)


# ---------------------------------------------------------------- what passes by itself
def automatic(request: PersonRequest, reseller_id: uuid.UUID) -> HttpResponse:
    """Up to which amount the requests of a reseller pass by themselves."""
    actor = request.actor
    live = Partnership.objects.visible_to(actor).live().select_related("reseller__country")
    partnership = live.filter(provider_id=actor.tenant_id, reseller_id=reseller_id).first()
    if partnership is None:
        raise NotVisible
    present = AutomaticApproval.objects.visible_to(actor).filter(partnership=partnership).first()
    initial = {
        "version": present.version if present else 0,
        "limit": str(Money(present.limit_minor, present.currency).decimal) if present else "",
        "currency": present.currency if present else "",
    }
    form = AutomaticForm(
        request.POST if request.method == "POST" else None,
        initial=initial,
        currencies=currencies_for(actor, partnership.reseller),
    )
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                set_automatic_approval(
                    actor, partnership=partnership, limit=form.amount, version=form.cleaned_data["version"]
                )
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, _("Automatic approval was saved."))
                return redirect("partnerships:resellers")
    context = {"form": form, "reseller": partnership.reseller, "is_on": present is not None}
    return render(request, "orders/automatic.html", context, status=status)
