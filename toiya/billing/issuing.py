"""The monthly run: one invoice for each provider and currency, each in a transaction of its own.

The provider's row is held while its invoice is worked out, so that two runs at once do not both find the same charges;
the constraints of the tables refuse what would come twice all the same (I-15). Who stops in the middle leaves whole
invoices, and the next run makes those that are missing.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

import structlog
from django.db import IntegrityError, transaction
from django.utils import translation

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.billing.drafts import Draft, draft_invoice, end_of
from toiya.billing.errors import DoesNotAddUp, InvoiceHeld, MonthOpen
from toiya.billing.models import HeldInvoice, Invoice, InvoiceLine, InvoiceTax
from toiya.billing.notices import tell_issued
from toiya.core.actor import Actor, By
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity, Permission
from toiya.core.terms import add_months
from toiya.directory.actors import bystander_for
from toiya.directory.models import Family, Tenant
from toiya.orders.models import Series
from toiya.orders.numbers import next_number
from toiya.orders.partner_billing import billing_of_partner
from toiya.programme.words import current_programme
from toiya.subscriptions.models import Subscription

log = structlog.get_logger(__name__)
BILLED_TO = ("billing_name", "postal_code", "region", "city", "street", "country")
PAYMENT_DAYS = 60


@dataclass(slots=True)
class Run:
    """What one run did."""

    issued: list[Invoice] = field(default_factory=list)
    held: list[HeldInvoice] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Preview:
    """What a run would do for one provider and currency: a draft, or why it would be held."""

    recipient: Tenant
    currency: str
    draft: Draft | None
    refusal: InvoiceHeld | None


# ---------------------------------------------------------------- who is invoiced for which month
def last_closed_month(operator: Tenant, now: dt.datetime) -> dt.date:
    """The first day of the latest month that is over where the operator is."""
    return add_months(operator.country.local_date(now).replace(day=1), -1)


def _must_be_over(operator: Tenant, month: dt.date, now: dt.datetime) -> None:
    if operator.country.local_date(now) < end_of(month):
        raise MonthOpen(month=month, ends=end_of(month))


def _due_pairs(operator: Tenant, month: dt.date) -> Iterator[tuple[Tenant, str]]:
    """Providers and currencies that have no invoice for the month or a later one yet."""
    sold = Subscription.objects.filter(operator=operator).exclude(cost_currency="")
    pairs = set(sold.values_list("tenant_id", "cost_currency").distinct())
    pairs |= set(Invoice.objects.filter(tenant=operator).values_list("recipient_id", "currency").distinct())
    done = Invoice.objects.filter(tenant=operator, month__gte=month).values_list("recipient_id", "currency")
    pairs -= set(done)
    recipients = Tenant.objects.select_related("country").in_bulk({recipient_id for recipient_id, _ in pairs})
    for recipient_id, currency in sorted(
        pairs, key=lambda pair: (recipients[pair[0]].sort_key, str(pair[0]), pair[1])
    ):
        yield recipients[recipient_id], currency


def operator_of(operator_id: uuid.UUID) -> Tenant:
    """The operator with what billing reads of it."""
    return Tenant.objects.select_related("country", "family").get(pk=operator_id)


# ---------------------------------------------------------------- the run
def issue_invoices(actor: Actor, *, month: dt.date) -> Run:
    """The operator issues the invoices of a month that is over; what is issued already stays as it is.

    Raises MonthOpen. An invoice that the safety bound stops is held, and reported in the run; the others are issued.
    """
    actor.must(Permission.INVOICES_ISSUE)
    return _run(actor, operator_of(actor.tenant_id), month)


def preview_invoices(actor: Actor, *, month: dt.date) -> list[Preview]:
    """What ``issue_invoices`` would issue now; nothing is written. A month that is not over: what there is so far."""
    actor.must(Permission.INVOICES_VIEW)
    operator = operator_of(actor.tenant_id)
    found = []
    for recipient, currency in _due_pairs(operator, month):
        draft, refusal = None, None
        try:
            draft = draft_invoice(
                operator=operator, recipient=recipient, currency=currency, month=month, now=actor.now
            )
        except InvoiceHeld as held:
            refusal = held
        if draft is not None or refusal is not None:
            found.append(Preview(recipient, currency, draft, refusal))
    return found


def bill_family(family: Family) -> int:
    """The worker's run: the latest month that is over, for each operator of the family. How many were issued."""
    operators = Tenant.objects.filter(family=family, tenant_capacities__capacity=Capacity.OPERATOR)
    issued = 0
    for operator in operators.select_related("country", "family").order_by("created_at", "pk"):
        by = bystander_for(operator, kind="worker")
        issued += len(_run(by, operator, last_closed_month(operator, by.now)).issued)
    return issued


def next_month_end(family: Family) -> dt.datetime | None:
    """When the next month is over for an operator of the family that has sold something; None where none has."""
    now = family.clock.now()
    sold = Subscription.objects.filter(tenant__family=family).values("operator_id")
    operators = Tenant.objects.filter(pk__in=sold).select_related("country")
    return min(
        (
            operator.country.midnight(end_of(operator.country.local_date(now).replace(day=1)))
            for operator in operators
        ),
        default=None,
    )


def _run(by: By, operator: Tenant, month: dt.date) -> Run:
    _must_be_over(operator, month, by.now)
    run = Run()
    for recipient, currency in list(_due_pairs(operator, month)):
        try:
            invoice = _issue(by, operator, recipient, currency, month)
        except InvoiceHeld as refusal:
            run.held.append(_hold(by, operator, recipient, currency, month, refusal))
            continue
        except IntegrityError:
            log.warning("invoice issued by another run", recipient=str(recipient.pk), month=f"{month:%Y-%m}")
            continue
        if invoice is not None:
            run.issued.append(invoice)
    return run


@transaction.atomic
def _issue(by: By, operator: Tenant, recipient: Tenant, currency: str, month: dt.date) -> Invoice | None:
    """One invoice, or None where nothing is due or another run was quicker."""
    list(Tenant.objects.select_for_update(no_key=True).filter(pk=recipient.pk))
    if Invoice.objects.filter(
        tenant=operator, recipient=recipient, currency=currency, month__gte=month
    ).exists():
        return None
    draft = draft_invoice(operator=operator, recipient=recipient, currency=currency, month=month, now=by.now)
    if draft is None:
        return None
    invoice = _write(by, operator, draft, month)
    HeldInvoice.objects.filter(
        tenant=operator, recipient=recipient, currency=currency, month__lte=month
    ).delete()
    record(
        by,
        AuditAction.ISSUE_INVOICE,
        invoice,
        tenant_id=operator.pk,
        counterparty_id=recipient.pk,
        after={
            "number": invoice.number,
            "month": f"{month:%Y-%m}",
            "currency": currency,
            "lines": invoice.line_count,
        },
    )
    tell_issued(by, invoice)
    return invoice


def _write(by: By, operator: Tenant, draft: Draft, month: dt.date) -> Invoice:
    """The rows of the invoice; its number is taken last. What was written must come to its total."""
    recipient, is_sandbox = draft.recipient, operator.family.is_sandbox
    programme = current_programme()
    issued_on = operator.country.local_date(by.now)
    billing = billing_of_partner(recipient)
    invoice = Invoice(
        id=new_id(),
        tenant=operator,
        recipient=recipient,
        month=month,
        currency=draft.currency,
        issued_at=by.now,
        issued_on=issued_on,
        due_on=issued_on + dt.timedelta(days=programme.payment_days if programme else PAYMENT_DAYS),
        net_minor=draft.net.minor,
        tax_minor=draft.tax.minor,
        total_minor=draft.total.minor,
        line_count=len(draft.lines),
        issuer={"name": operator.name, "latin_name": operator.latin_name, "country": operator.country_id},
        bill_to={
            **{name: getattr(billing, name) for name in BILLED_TO},
            "purchase_order_number": billing.purchase_order_number,
            "tax_number": billing.tax_number,
        },
        in_sandbox=is_sandbox,
    )
    for position, line in enumerate(draft.lines, start=1):
        line.invoice, line.position, line.in_sandbox = invoice, position, is_sandbox
    invoice.number = next_number(operator.pk, Series.INVOICE)
    invoice.save(force_insert=True)
    InvoiceLine.objects.bulk_create(draft.lines)
    InvoiceTax.objects.bulk_create(
        InvoiceTax(
            tenant=operator,
            invoice=invoice,
            basis_points=tax.basis_points,
            currency=draft.currency,
            net_minor=tax.net.minor,
            tax_minor=tax.tax.minor,
            in_sandbox=is_sandbox,
        )
        for tax in draft.taxes
    )
    _must_come_to_its_total(invoice)
    return invoice


def _must_come_to_its_total(invoice: Invoice) -> None:
    """The sum of the lines as they stand in the table, and of the taxed amounts, is the invoice's (I-16)."""
    lines = sum(invoice.lines.values_list("amount_minor", flat=True))
    taxed = sum(invoice.taxes.values_list("net_minor", flat=True))
    for found in (lines, taxed):
        if found != invoice.net_minor:
            raise DoesNotAddUp(subject=invoice.label, found=found, expected=invoice.net_minor)


@transaction.atomic
def _hold(  # noqa: PLR0917  (what names the invoice)
    by: By, operator: Tenant, recipient: Tenant, currency: str, month: dt.date, refusal: InvoiceHeld
) -> HeldInvoice:
    """The operator is told on its page and in its log, once for each reason."""
    with translation.override("ja"):
        japanese = str(refusal)
    with translation.override("en"):
        english = str(refusal)
    log.error("invoice held", recipient=str(recipient.pk), month=f"{month:%Y-%m}", why=english)
    rows = HeldInvoice.objects.filter(tenant=operator, recipient=recipient, currency=currency, month=month)
    present = rows.first()
    if present is not None and (present.code, present.reason_en) == (refusal.code, english):
        return present
    held, _created = HeldInvoice.objects.update_or_create(
        tenant=operator,
        recipient=recipient,
        currency=currency,
        month=month,
        defaults={"code": refusal.code, "reason_ja": japanese, "reason_en": english, "at": by.now},
    )
    record(
        by,
        AuditAction.HOLD_INVOICE,
        held,
        tenant_id=operator.pk,
        after={
            "provider": recipient.name,
            "month": f"{month:%Y-%m}",
            "currency": currency,
            "reason": refusal.code,
        },
    )
    return held
