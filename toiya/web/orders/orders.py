"""Orders: the list, one of them, exports; for providers and resellers, for the customer, and for the operator."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from toiya.core.actor import Actor
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.pagination import page_by_key
from toiya.orders.edges import edges_of_chain
from toiya.orders.lists import lines_of_orders, name_of_colleague, orders_of
from toiya.orders.models import Order, OrderQuerySet, OrderState
from toiya.subscriptions.rights import serves
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.orders.forms import SearchForm, order_search
from toiya.web.orders.presenting import ORDER_TONES, edge_labels, ordered_rows, totals_of_ordered, with_wishes
from toiya.web.paging import cursor_of, pager_of


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages stand: their layout and the names of their routes."""

    layout: str
    home: str
    names: str

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this site."""
        return reverse(f"{self.names}{name}", args=args)


DASHBOARD = Site("sites/dashboard.html", "dashboard:home", "orders:")
ORGANIZATION = Site("sites/organization.html", "organization:home", "organization:orders_")
OPERATOR = Site("sites/operator.html", "operator:home", "operator:orders_")


def listing(request: PersonRequest) -> HttpResponse:
    """What was bought, the newest first."""
    return _listing(request, DASHBOARD)


def organization_listing(request: PersonRequest) -> HttpResponse:
    """What was bought for this organisation."""
    return _listing(request, ORGANIZATION)


def operator_listing(request: PersonRequest) -> HttpResponse:
    """What the providers bought."""
    return _listing(request, OPERATOR)


def _found(request: PersonRequest, site: Site) -> tuple[SearchForm, OrderQuerySet]:
    form = order_search(request.GET or None)
    valid = form.cleaned_data if form.is_valid() else {}
    actor = request.actor
    rows = orders_of(actor, search=valid.get("q", ""), state=valid.get("state", ""))
    if site is ORGANIZATION:
        rows = rows.filter(customer_id=actor.tenant_id)
    return form, rows


def _listing(request: PersonRequest, site: Site) -> HttpResponse:
    form, rows = _found(request, site)
    page = page_by_key(rows, fields=("created_at", "id"), cursor=cursor_of(request), descending=True)
    kept = {key: request.GET[key] for key in ("q", "state") if request.GET.get(key)}
    query = f"?{urlencode(kept)}" if kept else ""
    context = {
        "layout": site.layout,
        "home_url": reverse(site.home),
        "form": form,
        "rows": [
            {
                "order": order,
                "url": site.url("order", order.pk),
                "state": order.get_state_display(),
                "tone": ORDER_TONES[OrderState(order.state)],
            }
            for order in page.rows
        ],
        "pager": pager_of(request, page),
        "is_searched": bool(kept),
        "csv_url": site.url("export", "csv") + query,
        "xlsx_url": site.url("export", "xlsx") + query,
    }
    return render(request, "orders/list.html", context)


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The list as a file, one row a line, without prices of others."""
    return _export(request, form, DASHBOARD)


def organization_export(request: PersonRequest, form: str) -> HttpResponse:
    """The customer's own."""
    return _export(request, form, ORGANIZATION)


def operator_export(request: PersonRequest, form: str) -> HttpResponse:
    """The operator's."""
    return _export(request, form, OPERATOR)


def _export(request: PersonRequest, form: str, site: Site) -> HttpResponse:
    if form not in FORMATS:
        raise NotVisible
    _form, rows = _found(request, site)
    header = [
        _("Order number"),
        _("Ordered at"),
        _("Provider"),
        _("Reseller"),
        _("Customer"),
        _("State of the order"),
        _("Order line"),
        _("Offer"),
        _("Quantity"),
        _("State of the line"),
        _("Reason"),
        _("Subscription ID"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            line.order.number,
            line.order.created_at,
            line.order.tenant.name,
            line.order.reseller.name if line.order.reseller else "",
            line.order.customer.name,
            line.order.get_state_display(),
            line.position,
            line.availability.sku.name,
            line.quantity,
            line.get_state_display(),
            line.failure,
            str(line.subscription_id or ""),
        ]
        for line in lines_of_orders(rows)
    )
    return list_file(form, "orders", header, lines)


# ---------------------------------------------------------------- one order
def order(request: PersonRequest, order_id: uuid.UUID) -> HttpResponse:
    """One order with its chain, its lines and the prices of the reader's edges (S-001)."""
    return _order(request, order_id, DASHBOARD)


def organization_order(request: PersonRequest, order_id: uuid.UUID) -> HttpResponse:
    """As the customer sees it."""
    return _order(request, order_id, ORGANIZATION)


def operator_order(request: PersonRequest, order_id: uuid.UUID) -> HttpResponse:
    """As the operator sees it."""
    return _order(request, order_id, OPERATOR)


def _order(request: PersonRequest, order_id: uuid.UUID, site: Site) -> HttpResponse:
    actor = request.actor
    found = orders_of(actor).filter(pk=order_id)
    if site is ORGANIZATION:
        found = found.filter(customer_id=actor.tenant_id)
    shown = found.select_related("request").first()
    if shown is None:
        raise NotVisible
    edges = edges_of_chain(actor.tenant_id, shown)
    labels = edge_labels(edges, is_operator=actor.tenant_id == shown.operator_id)
    lines = list(
        shown.lines.select_related(
            "availability__sku", "subscription__sku", "parent__sku", "promotion"
        ).order_by("position")
    )
    context: dict[str, Any] = {
        "layout": site.layout,
        "home_url": reverse(site.home),
        "list_url": site.url("list"),
        "order": shown,
        "state": shown.get_state_display(),
        "tone": ORDER_TONES[OrderState(shown.state)],
        "chain": _chain(shown),
        "labels": labels,
        "rows": with_wishes(actor, ordered_rows(lines, edges)),
        "totals": totals_of_ordered(lines, edges, labels),
        "ordered_by": _who(actor, shown),
        "request_url": _request_url(actor, shown, site),
        "services_url": reverse("customers:services", args=[shown.customer_id])
        if _serves(actor, shown)
        else "",
    }
    return render(request, "orders/order.html", context)


def _chain(shown: Order) -> list[dict[str, Any]]:
    """Operator, provider, reseller, customer (S-001)."""
    parties = (
        (_("Operator"), shown.operator),
        (_("Indirect provider"), shown.tenant),
        (_("Indirect reseller"), shown.reseller),
        (_("Customer"), shown.customer),
    )
    return [{"role": role, "tenant": tenant} for role, tenant in parties if tenant is not None]


def _who(actor: Actor, shown: Order) -> str:
    """Who of the provider ordered, for the provider's own people."""
    if actor.tenant_id != shown.tenant_id:
        return ""
    return name_of_colleague(actor, shown.ordered_by_id) or _("Approved by itself")


def _request_url(actor: Actor, shown: Order, site: Site) -> str:
    is_ours = shown.request_id is not None and actor.tenant_id in {shown.tenant_id, shown.reseller_id}
    return reverse("orders:request", args=[shown.request_id]) if is_ours and site is DASHBOARD else ""


def _serves(actor: Actor, shown: Order) -> bool:
    return actor.tenant_id in {shown.tenant_id, shown.reseller_id} and serves(
        actor.tenant_id, shown.customer_id
    )
