"""Invoices as operator and provider find them."""

import datetime as dt
import uuid
from collections.abc import Sequence

from django.db.models import Q, QuerySet

from toiya.billing.models import HeldInvoice, Invoice, InvoiceLine, InvoiceQuerySet
from toiya.core.actor import Actor
from toiya.core.text import fold

LONGEST_NUMBER = 9


def invoices_of(
    actor: Actor, *, search: str = "", month: dt.date | None = None, currency: str = ""
) -> InvoiceQuerySet:
    """The invoices that the actor's organisation may see, found by number or provider, month and currency."""
    rows = Invoice.objects.visible_to(actor).select_related("tenant", "recipient")
    if month is not None:
        rows = rows.filter(month=month)
    if currency:
        rows = rows.filter(currency=currency)
    typed = search.strip()
    if typed.isascii() and typed.isdigit() and len(typed) <= LONGEST_NUMBER:
        return rows.filter(number=int(typed))
    folded = fold(typed)
    return rows.filter(Q(recipient__search_key__contains=folded)) if folded else rows


def currencies_of(actor: Actor) -> list[str]:
    """The currencies in which there are invoices that the actor may see."""
    rows = Invoice.objects.visible_to(actor).order_by("currency")
    return list(rows.values_list("currency", flat=True).distinct())


def lines_of(actor: Actor, invoice_id: uuid.UUID) -> QuerySet[InvoiceLine]:
    """The lines of an invoice that the actor may see, in their order."""
    seen = Invoice.objects.visible_to(actor).filter(pk=invoice_id)
    return InvoiceLine.objects.filter(invoice__in=seen).order_by("position")


def held_invoices(actor: Actor) -> Sequence[HeldInvoice]:
    """What was held back and is not issued yet, the latest first."""
    rows = HeldInvoice.objects.visible_to(actor).select_related("recipient")
    return list(rows.order_by("-month", "recipient__sort_key", "currency"))


def months_of(actor: Actor) -> list[dt.date]:
    """The months of the invoices that the actor may see, the latest first."""
    rows = Invoice.objects.visible_to(actor).order_by("-month")
    return list(rows.values_list("month", flat=True).distinct())
