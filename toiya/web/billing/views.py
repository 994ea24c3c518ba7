"""Invoices: the list, one of them with lines that explain themselves, files, and the operator's monthly run."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from toiya.billing.charges import ChargeKind
from toiya.billing.drafts import end_of
from toiya.billing.errors import MonthOpen
from toiya.billing.issuing import (
    Preview,
    issue_invoices,
    last_closed_month,
    operator_of,
    preview_invoices,
)
from toiya.billing.lists import currencies_of, held_invoices, invoices_of, lines_of, months_of
from toiya.billing.models import Invoice, InvoiceLine, InvoiceQuerySet
from toiya.core.csv_files import Cell
from toiya.core.errors import NotVisible
from toiya.core.money import percent_of
from toiya.core.pagination import PAGE_SIZE, page_by_key
from toiya.core.permissions import Permission
from toiya.core.reader import reader_name
from toiya.core.terms import add_months
from toiya.web.billing.forms import InvoiceSearchForm, RunForm, month_name
from toiya.web.editing import failed
from toiya.web.exports import FORMATS, list_file
from toiya.web.http import PersonRequest
from toiya.web.paging import cursor_of, pager_of

EARLIER_MONTHS = 24


@dataclass(frozen=True, slots=True)
class Site:
    """Where the pages stand: their layout and the names of their routes."""

    layout: str
    home: str
    names: str
    order: str

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this site."""
        return reverse(f"{self.names}{name}", args=args)


DASHBOARD = Site("sites/dashboard.html", "dashboard:home", "billing:", "orders:order")
OPERATOR = Site("sites/operator.html", "operator:home", "operator:invoices_", "operator:orders_order")


def listing(request: PersonRequest) -> HttpResponse:
    """What a provider was invoiced, the latest first."""
    return _listing(request, DASHBOARD)


def operator_listing(request: PersonRequest) -> HttpResponse:
    """What the operator invoiced its providers, and what is held back."""
    return _listing(request, OPERATOR)


def _on(site: Site, request: PersonRequest, rows: InvoiceQuerySet) -> InvoiceQuerySet:
    """On each site the side that it is for: who is both sees what it issued here, what it pays there."""
    own = request.actor.tenant_id
    return rows.filter(tenant_id=own) if site is OPERATOR else rows.filter(recipient_id=own)


def _found(request: PersonRequest, site: Site) -> tuple[InvoiceSearchForm, InvoiceQuerySet]:
    actor = request.actor
    form = InvoiceSearchForm(
        request.GET or None,
        months=months_of(actor),
        currencies=currencies_of(actor),
        is_operator=site is OPERATOR,
    )
    valid = form.cleaned_data if form.is_valid() else {}
    rows = invoices_of(
        actor, search=valid.get("q", ""), month=valid.get("month"), currency=valid.get("currency", "")
    )
    return form, _on(site, request, rows)


def _listing(request: PersonRequest, site: Site) -> HttpResponse:
    form, rows = _found(request, site)
    page = page_by_key(rows, fields=("month", "number", "id"), cursor=cursor_of(request), descending=True)
    kept = {key: request.GET[key] for key in ("q", "month", "currency") if request.GET.get(key)}
    query = f"?{urlencode(kept)}" if kept else ""
    context = {
        "layout": site.layout,
        "home_url": reverse(site.home),
        "list_url": site.url("list"),
        "is_operator": site is OPERATOR,
        "form": form,
        "rows": [{"invoice": row, "url": site.url("invoice", row.pk)} for row in page.rows],
        "held": held_invoices(request.actor) if site is OPERATOR else [],
        "run_url": site.url("run") if site is OPERATOR else "",
        "pager": pager_of(request, page),
        "is_searched": bool(kept),
        "csv_url": site.url("export", "csv") + query,
        "xlsx_url": site.url("export", "xlsx") + query,
    }
    return render(request, "billing/list.html", context)


def export(request: PersonRequest, form: str) -> HttpResponse:
    """The provider's list as a file."""
    return _export(request, form, DASHBOARD)


def operator_export(request: PersonRequest, form: str) -> HttpResponse:
    """The operator's list as a file."""
    return _export(request, form, OPERATOR)


def _export(request: PersonRequest, form: str, site: Site) -> HttpResponse:
    if form not in FORMATS:
        raise NotVisible
    _form, rows = _found(request, site)
    header = [
        _("Invoice number"),
        _("Month"),
        _("Indirect provider"),
        _("Issued on"),
        _("Payment due date"),
        _("Currency"),
        _("Net amount"),
        _("Tax"),
        _("Total"),
        _("Lines"),
    ]
    lines: Iterable[list[Cell]] = (
        [
            row.label,
            f"{row.month:%Y-%m}",
            reader_name(row.recipient),
            row.issued_on,
            row.due_on,
            row.currency,
            row.net.decimal,
            row.tax.decimal,
            row.total.decimal,
            row.line_count,
        ]
        for row in rows.order_by("-month", "-number", "-id")
    )
    return list_file(form, "invoices", header, lines)


# ---------------------------------------------------------------- one invoice
def invoice(request: PersonRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """As the provider sees it."""
    return _invoice(request, invoice_id, DASHBOARD)


def operator_invoice(request: PersonRequest, invoice_id: uuid.UUID) -> HttpResponse:
    """As the operator sees it."""
    return _invoice(request, invoice_id, OPERATOR)


def _one(request: PersonRequest, invoice_id: uuid.UUID, site: Site) -> Invoice:
    shown = _on(site, request, invoices_of(request.actor)).filter(pk=invoice_id).first()
    if shown is None:
        raise NotVisible
    return shown


def _invoice(request: PersonRequest, invoice_id: uuid.UUID, site: Site) -> HttpResponse:
    shown = _one(request, invoice_id, site)
    rows = lines_of(request.actor, shown.pk)
    is_whole = bool(request.GET.get("all"))
    page = page_by_key(
        rows,
        fields=("position",),
        cursor="" if is_whole else cursor_of(request),
        size=shown.line_count if is_whole else PAGE_SIZE,
    )
    context: dict[str, Any] = {
        "layout": site.layout,
        "home_url": reverse(site.home),
        "list_url": site.url("list"),
        "invoice": shown,
        "month": month_name(shown.month),
        "rows": _rows(page.rows, site),
        "taxes": [
            {"percent": percent_of(tax.basis_points), "net": tax.net, "tax": tax.tax}
            for tax in shown.taxes.order_by("basis_points")
        ],
        "pager": pager_of(request, page),
        "has_more": bool(page.next_cursor) or not page.is_first,
        "csv_url": site.url("lines", shown.pk, "csv"),
        "xlsx_url": site.url("lines", shown.pk, "xlsx"),
    }
    return render(request, "billing/invoice.html", context)


def _rows(lines: Iterable[InvoiceLine], site: Site) -> list[dict[str, Any]]:
    return [
        {
            "line": line,
            "kind": ChargeKind(line.kind).label,
            "is_correction": line.kind == ChargeKind.CORRECTION,
            "order_url": reverse(site.order, args=[line.order_id]) if line.order_id else "",
        }
        for line in lines
    ]


def export_lines(request: PersonRequest, invoice_id: uuid.UUID, form: str) -> HttpResponse:
    """The provider's invoice as a file."""
    return _export_lines(request, invoice_id, form, DASHBOARD)


def operator_export_lines(request: PersonRequest, invoice_id: uuid.UUID, form: str) -> HttpResponse:
    """The operator's invoice as a file."""
    return _export_lines(request, invoice_id, form, OPERATOR)


def _export_lines(request: PersonRequest, invoice_id: uuid.UUID, form: str, site: Site) -> HttpResponse:
    if form not in FORMATS:
        raise NotVisible
    shown = _one(request, invoice_id, site)
    header = [
        _("Line"),
        _("Customer"),
        _("Indirect reseller"),
        _("Product"),
        _("Subscription"),
        _("Subscription ID"),
        _("Order number"),
        _("Kind"),
        _("Billing period from"),
        _("Billing period to"),
        _("Charged from"),
        _("Quantity"),
        _("Unit price"),
        _("Days"),
        _("Days of a full period"),
        _("Amount"),
        _("Currency"),
        _("Tax, percent"),
    ]
    rows: Iterable[list[Cell]] = (
        [
            line.position,
            line.customer_title,
            line.reseller_title,
            line.sku_name,
            line.title,
            str(line.subscription_id),
            line.order_number,
            str(ChargeKind(line.kind).label),
            line.period_start,
            line.last_day,
            line.day,
            line.quantity if line.price else None,
            line.price.decimal if line.price else None,
            line.days if line.price else None,
            line.whole_days if line.price else None,
            line.amount.decimal,
            line.currency,
            percent_of(line.tax_basis_points),
        ]
        for line in lines_of(request.actor, shown.pk)
    )
    return list_file(form, f"invoice-{shown.label}", header, rows)


# ---------------------------------------------------------------- the run
def run(request: PersonRequest) -> HttpResponse:
    """First what the invoices of a month would be; then the operator issues them."""
    actor = request.actor
    closed = last_closed_month(operator_of(actor.tenant_id), actor.now)
    months = [add_months(closed, 1 - back) for back in range(EARLIER_MONTHS)]
    form = RunForm(
        request.POST if request.method == "POST" else request.GET or None,
        months=months,
        initial={"month": f"{closed:%Y-%m}"},
    )
    month = form.cleaned_data["month"] if form.is_bound and form.is_valid() else closed
    status = 400 if form.is_bound and form.errors else 200
    if request.method == "POST" and form.is_valid():
        try:
            done = issue_invoices(actor, month=month)
        except MonthOpen as refusal:
            status = failed(form, refusal)
        else:
            _say(request, len(done.issued), len(done.held))
            query = urlencode({"month": f"{month:%Y-%m}"})
            return HttpResponseRedirect(f"{reverse('operator:invoices_list')}?{query}")
    previews = preview_invoices(actor, month=month)
    shown = _chosen(previews, request)
    context: dict[str, Any] = {
        "form": form,
        "month": month_name(month),
        "month_value": f"{month:%Y-%m}",
        "ends": end_of(month),
        "is_over": month <= closed,
        "rows": [
            {
                "preview": row,
                "query": urlencode(
                    {"month": f"{month:%Y-%m}", "provider": row.recipient.pk, "currency": row.currency}
                ),
            }
            for row in previews
        ],
        "shown": shown,
        "lines": _rows(shown.draft.lines, OPERATOR) if shown and shown.draft else [],
        "may_issue": actor.may(Permission.INVOICES_ISSUE),
    }
    return render(request, "billing/run.html", context, status=status)


def _say(request: PersonRequest, issued: int, held: int) -> None:
    if issued:
        text = ngettext("%(n)s invoice was issued.", "%(n)s invoices were issued.", issued)
        messages.success(request, text % {"n": issued})
    elif not held:
        messages.info(request, _("There was nothing to invoice; what is issued stays as it is."))
    if held:
        text = ngettext(
            "%(n)s invoice was held back. Its reason stands below.",
            "%(n)s invoices were held back. Their reasons stand below.",
            held,
        )
        messages.error(request, text % {"n": held})


def _chosen(previews: Sequence[Preview], request: PersonRequest) -> Preview | None:
    """The one that the reader wants to see line by line."""
    wanted = (request.GET.get("provider", ""), request.GET.get("currency", ""))
    return next((row for row in previews if (str(row.recipient.pk), row.currency) == wanted), None)
