"""The mail that tells a provider of its invoice."""

from babel.numbers import format_currency

from toiya.billing.models import Invoice
from toiya.core.actor import By
from toiya.core.money import Money
from toiya.core.permissions import Role
from toiya.directory.models import Person, Tenant
from toiya.mail import outbox


def billing_people_of(tenant: Tenant) -> list[Person]:
    """Who is written to about invoices: the active billing admins, the global administrators where there is none."""
    active = Person.objects.active().filter(tenant=tenant)
    for role in (Role.BILLING_ADMIN, Role.GLOBAL_ADMIN):
        if found := list(active.with_role(role).order_by("user_name")):
            return found
    return []


def tell_issued(by: By, invoice: Invoice) -> None:
    """Each of them gets the way to the invoice, its amount and its due date, in their language (N-36)."""
    for person in billing_people_of(invoice.recipient):
        outbox.post(
            by,
            "billing/issued",
            to=person.contact_email,
            language=person.language,
            subject_id=invoice.pk,
            context={
                "recipient": person.name,
                "issuer": invoice.tenant.name_in(person.language),
                "number": invoice.label,
                "month": f"{invoice.month:%Y-%m}",
                "amount": _written(invoice.total, person.language),
                "is_credit": int(invoice.total_minor < 0),
                "due_on": invoice.due_on.isoformat(),
                "invoice_link": {"path": f"/dashboard/invoices/{invoice.pk}/"},
            },
        )


def _written(money: Money, language: str) -> str:
    return str(format_currency(money.decimal, money.currency, locale=language))
