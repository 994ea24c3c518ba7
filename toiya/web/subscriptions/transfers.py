"""Transfers between partners: asked by the target, answered by the source here and by the customer in its portal."""

import uuid
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.errors import Refusal
from toiya.core.pagination import page_by_key
from toiya.core.permissions import Capacity, Permission
from toiya.core.reader import reader_name
from toiya.customers.relationships import customers_of
from toiya.relations.models import Partnership
from toiya.subscriptions.models import Subscription, Transfer, TransferState
from toiya.subscriptions.transfers import (
    accept_transfer,
    ask_for_transfer,
    decline_transfer,
    possible_sources,
    transfer_for,
    transferable,
    withdraw_transfer,
)
from toiya.web.customers.views import failed
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of
from toiya.web.subscriptions.forms import AcceptTransferForm, AskTransferForm, DeclineForm

TONES = {
    TransferState.OPEN: "waiting",
    TransferState.COMPLETED: "success",
    TransferState.DECLINED: "danger",
    TransferState.WITHDRAWN: "neutral",
    TransferState.EXPIRED: "neutral",
}
MOST_CUSTOMERS = 1000


def _rows(actor: Actor) -> QuerySet[Transfer]:
    return Transfer.objects.visible_to(actor).select_related("tenant", "target", "customer")


def _row(actor: Actor, transfer: Transfer) -> dict[str, Any]:
    lapsed = transfer.state == TransferState.OPEN and not transfer.is_open(actor.now)
    state = TransferState.EXPIRED if lapsed else TransferState(transfer.state)
    return {
        "transfer": transfer,
        "tone": TONES[state],
        "state": state.label,
        "is_open": transfer.is_open(actor.now),
    }


def listing(request: PersonRequest) -> HttpResponse:
    """What we asked others for, and what others ask of us."""
    page = page_by_key(
        _rows(request.actor).exclude(customer_id=request.actor.tenant_id),
        fields=("created_at", "id"),
        cursor=cursor_of(request),
        descending=True,
    )
    context = {
        "rows": [_row(request.actor, row) for row in page.rows],
        "pager": pager_of(request, page),
        "may_ask": Capacity.PROVIDER in request.actor.capacities,
    }
    return render(request, "subscriptions/transfers.html", context)


def ask(request: PersonRequest) -> HttpResponse:
    """Choose the customer and its present provider; nothing of what it has is told."""
    actor = request.actor
    live = Partnership.objects.visible_to(actor).live().filter(provider_id=actor.tenant_id)
    form = AskTransferForm(
        request.POST if request.method == "POST" else None,
        customers=[
            row.customer for row in customers_of(actor).order_by("customer_sort_key", "id")[:MOST_CUSTOMERS]
        ],
        sources=possible_sources(actor),
        resellers=[
            row.reseller for row in live.select_related("reseller").order_by("reseller__sort_key", "id")
        ],
        initial={"customer": request.GET.get("customer", "")},
    )
    status = 200
    if request.method == "POST":
        status = 400
        customer, source = (
            (form.tenant("customer"), form.tenant("source")) if form.is_valid() else (None, None)
        )
        if customer and source:
            try:
                made = ask_for_transfer(
                    actor,
                    customer=customer,
                    source=source,
                    reseller=form.tenant("reseller"),
                    message=form.cleaned_data["message"],
                )
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(
                    request, _("The request is sent to the present provider and to the customer.")
                )
                return redirect("subscriptions:transfer", made.pk)
    return render(request, "subscriptions/ask_transfer.html", {"form": form}, status=status)


def transfer(request: PersonRequest, transfer_id: uuid.UUID, *, portal: bool = False) -> HttpResponse:
    """Where it stands; source and customer see what would move, the target only what has been chosen."""
    actor = request.actor
    found = transfer_for(actor, transfer_id)
    form = _accept_form(request, found)
    status = 200
    if request.method == "POST":
        status = 400
        if form.is_valid():
            try:
                accept_transfer(actor, transfer=found, subscriptions=form.chosen(), version=None)
            except Refusal as refusal:
                status = failed(form, refusal)
            else:
                messages.success(request, _("You agreed to the transfer. Everybody concerned is told."))
                return redirect(_page(portal=portal), transfer_id)
    return render(
        request, "subscriptions/transfer.html", _shown(actor, found, form, portal=portal), status=status
    )


def _accept_form(request: PersonRequest, found: Transfer) -> AcceptTransferForm:
    chosen = [line.subscription for line in found.lines.select_related("subscription__sku").order_by("pk")]
    fixed = [row for row in chosen if row.parent_id is None]
    return AcceptTransferForm(
        request.POST if request.method == "POST" else None,
        rows=fixed or list(transferable(found, request.actor.now)),
        is_fixed=bool(fixed),
    )


def _shown(actor: Actor, found: Transfer, form: AcceptTransferForm, *, portal: bool) -> dict[str, Any]:
    is_source, is_customer = actor.tenant_id == found.tenant_id, actor.tenant_id == found.customer_id
    answered = found.source_accepted_at if is_source else found.customer_accepted_at
    permission = Permission.TRANSFERS_ACCEPT if is_customer else Permission.SUBSCRIPTIONS_TRANSFER
    lines = found.lines.select_related("subscription__sku").order_by("pk")
    chosen: list[Subscription] = [line.subscription for line in lines]
    is_open = found.is_open(actor.now)
    return {
        **_row(actor, found),
        "layout": "sites/organization.html" if portal else "sites/dashboard.html",
        "form": form,
        "decline_form": DeclineForm(),
        "chosen": chosen,
        "may_answer": is_open and (is_source or is_customer) and not answered and actor.may(permission),
        "is_target": actor.tenant_id == found.target_id,
        "facts": [
            (_("Customer"), reader_name(found.customer)),
            (_("Present provider"), reader_name(found.tenant)),
            (_("New provider"), reader_name(found.target)),
            (_("Reseller afterwards"), reader_name(found.target_reseller) if found.target_reseller else ""),
            (_("Message"), found.note),
            (_("Reason"), found.decline_reason),
        ],
        "decline_url": reverse(_page("decline", portal=portal), args=[found.pk]),
    }


def _page(act: str = "", *, portal: bool) -> str:
    name = f"{act}_transfer" if act else "transfer"
    return f"organization:{name}" if portal else f"subscriptions:{name}"


def decline(request: PersonRequest, transfer_id: uuid.UUID, *, portal: bool = False) -> HttpResponse:
    """Source or customer say no."""
    found = transfer_for(request.actor, transfer_id)
    form = DeclineForm(request.POST)
    reason = form.cleaned_data["reason"] if form.is_valid() else ""
    decline_transfer(request.actor, transfer=found, reason=reason)
    messages.success(request, _("You declined the transfer. Nothing has changed."))
    return redirect(_page(portal=portal), transfer_id)


def withdraw(request: PersonRequest, transfer_id: uuid.UUID) -> HttpResponse:
    """The target takes its request back."""
    withdraw_transfer(request.actor, transfer=transfer_for(request.actor, transfer_id))
    messages.success(request, _("The request is withdrawn."))
    return redirect("subscriptions:transfer", transfer_id)
