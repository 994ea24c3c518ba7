"""Tables of billing: invoices with their lines and taxes, which nobody changes once they are written, and what was held
back.

``tenant`` is who issues, ``recipient`` who pays: the operator and a provider (S-001). A reseller or a customer is named
on lines, and never receives one.
"""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint

from toiya.billing.charges import ChargeKind
from toiya.catalogue.models import Sku
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.money import Money, UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.reader import name_for, reads_japanese
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Tenant
from toiya.programme.models import in_language
from toiya.subscriptions.models import Subscription


class InvoiceQuerySet(models.QuerySet["Invoice"]):
    """Invoices, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "InvoiceQuerySet":
        """Those that the actor's organisation issued as operator, or has to pay as provider; nobody else's."""
        held, own = actor.capacities | actor.suspended, actor.tenant_id
        seen = Q(pk__in=())
        if Capacity.OPERATOR in held:
            seen |= Q(tenant_id=own)
        if Capacity.PROVIDER in held:
            seen |= Q(recipient_id=own)
        return self.filter(seen)


class Invoice(models.Model):
    """What a provider owes the operator for a month, in one currency. ``month`` is its first day.

    Amounts are minor units of the currency; a negative total is a credit. ``issued_on`` and ``due_on`` are days where
    the operator is. ``issuer`` and ``bill_to`` keep names, addresses and numbers as they were.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="invoices_issued")
    recipient = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="invoices_received")
    number = models.PositiveIntegerField()
    month = models.DateField()
    currency = models.CharField(max_length=3)
    issued_at = models.DateTimeField()
    issued_on = models.DateField()
    due_on = models.DateField()
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    total_minor = models.BigIntegerField()
    line_count = models.PositiveIntegerField()
    issuer = models.JSONField(default=dict)
    bill_to = models.JSONField(default=dict)
    in_sandbox = models.BooleanField(default=False)

    objects = InvoiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="invoice_of_issuer"),
            UniqueConstraint(fields=["tenant", "number"], name="invoice_number_once"),
            UniqueConstraint(
                fields=["tenant", "recipient", "currency", "month"], name="one_invoice_for_a_month"
            ),
            models.CheckConstraint(
                condition=Q(total_minor=F("net_minor") + F("tax_minor")), name="invoice_total_is_its_sum"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-month", "-number"], name="invoices_of_issuer"),
            models.Index(fields=["recipient", "-month", "-number"], name="invoices_of_recipient"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """The number as it is written."""
        return f"{self.number:06d}"

    @property
    def net(self) -> Money:
        """Before tax."""
        return Money(self.net_minor, self.currency)

    @property
    def tax(self) -> Money:
        """All taxes."""
        return Money(self.tax_minor, self.currency)

    @property
    def total(self) -> Money:
        """What is to be paid; negative: what is credited."""
        return Money(self.total_minor, self.currency)


class InvoiceLine(models.Model):
    """One charge of one subscription in one billing period, named as things were called then.

    ``quantity`` × price × ``days`` / ``whole_days`` is its formula; ``period_end`` is the first day after the period. A
    correction has none: ``costs_minor`` is what its period comes to now, ``invoiced_minor`` what was invoiced before.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    position = models.PositiveIntegerField()
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    reseller = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    order_id = models.UUIDField(null=True, blank=True)
    order_number = models.PositiveIntegerField(null=True, blank=True)
    subscription_name = models.CharField(max_length=200)
    sku_ja = models.CharField(max_length=200)
    sku_en = models.CharField(max_length=200)
    customer_name = models.CharField(max_length=200)
    customer_latin = models.CharField(max_length=200, blank=True)
    reseller_name = models.CharField(max_length=200, blank=True)
    reseller_latin = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=20, choices=ChargeKind.choices)
    revision = models.PositiveIntegerField()
    period_start = models.DateField()
    period_end = models.DateField()
    day = models.DateField()
    days = models.PositiveIntegerField(default=0)
    whole_days = models.PositiveIntegerField(default=0)
    quantity = models.BigIntegerField(default=0)
    price_units = models.BigIntegerField(null=True, blank=True)
    price_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    costs_minor = models.BigIntegerField(null=True, blank=True)
    invoiced_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    tax_basis_points = models.PositiveSmallIntegerField(default=0)
    in_sandbox = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["invoice", "position"], name="invoice_position_once"),
            UniqueConstraint(
                fields=["subscription", "period_start", "period_end", "kind", "revision"],
                name="charged_once",
            ),
            SameTenant(parent="invoice", to="billing.Invoice", name="invoice_line_of_issuer"),
        ]

    @property
    def amount(self) -> Money:
        """What is charged, or given back."""
        return Money(self.amount_minor, self.currency)

    @property
    def price(self) -> UnitPrice | None:
        """What the provider pays for one unit and a whole billing period."""
        if self.price_units is None:
            return None
        return UnitPrice(self.price_units, self.price_scale or 0, self.currency)

    @property
    def is_for_part(self) -> bool:
        """Whether fewer days are charged than a whole billing period has."""
        return self.days != self.whole_days

    @property
    def last_day(self) -> dt.date:
        """The last day of the billing period."""
        return self.period_end - dt.timedelta(days=1)

    @property
    def costs(self) -> Money:
        """Of a correction: what the period comes to."""
        return Money(self.costs_minor or 0, self.currency)

    @property
    def invoiced(self) -> Money:
        """Of a correction: what was invoiced before."""
        return Money(self.invoiced_minor or 0, self.currency)

    @property
    def sku_name(self) -> str:
        """The product in the reader's language."""
        return in_language(self.sku_ja, self.sku_en)

    @property
    def title(self) -> str:
        """The name that the subscription was given, if it was given one."""
        return "" if self.subscription_name in {self.sku_ja, self.sku_en} else self.subscription_name

    @property
    def customer_title(self) -> str:
        """The customer in the reader's letters."""
        return name_for(self.customer_name, self.customer_latin, "ja" if reads_japanese() else "en")

    @property
    def reseller_title(self) -> str:
        """The reseller in the reader's letters, '' for none."""
        return name_for(self.reseller_name, self.reseller_latin, "ja" if reads_japanese() else "en")


class InvoiceTax(models.Model):
    """The tax of one rate on an invoice, rounded once. ``basis_points`` are hundredths of a percent."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="taxes")
    basis_points = models.PositiveSmallIntegerField()
    currency = models.CharField(max_length=3)
    net_minor = models.BigIntegerField()
    tax_minor = models.BigIntegerField()
    in_sandbox = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["invoice", "basis_points"], name="one_tax_for_a_rate"),
            SameTenant(parent="invoice", to="billing.Invoice", name="invoice_tax_of_issuer"),
        ]

    @property
    def net(self) -> Money:
        """What is taxed."""
        return Money(self.net_minor, self.currency)

    @property
    def tax(self) -> Money:
        """The tax on it."""
        return Money(self.tax_minor, self.currency)


class HeldInvoiceQuerySet(models.QuerySet["HeldInvoice"]):
    """Invoices that were held back, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "HeldInvoiceQuerySet":
        """The operator's own; the provider hears of an invoice when it is right."""
        return self.filter(tenant_id=actor.tenant_id)


class HeldInvoice(models.Model):
    """An invoice that was not issued, because a safety bound stopped it, and why. Goes when it is issued."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    recipient = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    month = models.DateField()
    currency = models.CharField(max_length=3)
    code = models.CharField(max_length=40)
    reason_ja = models.TextField()
    reason_en = models.TextField()
    at = models.DateTimeField()

    objects = HeldInvoiceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "recipient", "currency", "month"], name="held_once"),
        ]

    @property
    def reason(self) -> str:
        """Why, in the reader's language."""
        return in_language(self.reason_ja, self.reason_en)
