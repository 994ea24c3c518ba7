"""Tables of prices. A price is units x 10^-scale in the currency's major unit (core/money.py)."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability, Category, Named, Product, Sku
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Tenant
from toiya.programme.models import Country, in_language


class PriceListQuerySet(models.QuerySet["PriceList"]):
    """Price lists, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PriceListQuerySet":
        """The operator sees all; providers what is published. Resellers and customers see the prices of their own
        seller only (G-05).
        """
        rows = self.filter(tenant__family_id=actor.family_id)
        if Capacity.OPERATOR in actor.capacities:
            return rows.filter(tenant_id=actor.tenant_id)
        if Capacity.PROVIDER in actor.capacities | actor.suspended:
            return rows.filter(published_at__isnull=False)
        return self.none()


class PriceList(models.Model):
    """The operator's prices for providers in one country from a day on, until the next list of that country.

    Published lists never change; what a subscription was sold for names the list.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="price_lists")
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    name = models.CharField(max_length=100)
    valid_from = models.DateField()
    published_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = PriceListQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "country", "valid_from"], name="one_price_list_a_day"),
            UniqueConstraint(fields=["tenant", "id"], name="price_list_in_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceLine(models.Model):
    """What one unit costs the provider for one term and billing cycle, and what the end customer is expected to pay
    (estimated retail price).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    price_list = models.ForeignKey(PriceList, on_delete=models.CASCADE, related_name="lines")
    availability = models.ForeignKey(Availability, on_delete=models.PROTECT, related_name="price_lines")
    list_units = models.BigIntegerField()
    list_scale = models.PositiveSmallIntegerField()
    retail_units = models.BigIntegerField()
    retail_scale = models.PositiveSmallIntegerField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["price_list", "availability"], name="price_line_once"),
            models.CheckConstraint(
                condition=Q(list_units__gte=0, retail_units__gte=0), name="price_line_not_negative"
            ),
            SameTenant(parent="price_list", to="pricing.PriceList", name="price_line_in_tenant"),
            SameTenant(parent="availability", to="catalogue.Availability", name="price_line_availability"),
        ]

    @property
    def list_price(self) -> UnitPrice:
        """What the provider pays for one unit and billing period."""
        return UnitPrice(self.list_units, self.list_scale, self.price_list.currency)

    @property
    def retail_price(self) -> UnitPrice:
        """What the end customer is expected to pay."""
        return UnitPrice(self.retail_units, self.retail_scale, self.price_list.currency)


class PromotionQuerySet(models.QuerySet["Promotion"]):
    """Promotions, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PromotionQuerySet":
        """All for the operator; partners see those that have been published."""
        rows = self.filter(tenant__family_id=actor.family_id)
        if Capacity.OPERATOR in actor.capacities:
            return rows
        return rows.filter(published_at__isnull=False, ended_at__isnull=True)


class Promotion(Named):
    """The operator sells something cheaper for a while: for the term that begins in it, back to list price at renewal
    (N-31). Empty country, segment or term: every one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="promotions")
    code = models.SlugField(max_length=40)
    description_ja = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="promotions")
    discount_basis_points = models.PositiveIntegerField()
    country = models.ForeignKey(Country, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    segment = models.CharField(max_length=12, blank=True)
    term = models.CharField(max_length=3, blank=True)
    billing_cycle = models.CharField(max_length=10, blank=True)
    min_quantity = models.PositiveIntegerField(default=1)
    max_quantity = models.PositiveIntegerField(null=True, blank=True)
    new_customers_only = models.BooleanField(default=False)
    valid_from = models.DateField()
    valid_until = models.DateField()
    published_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PromotionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "code"], name="promotion_code_once"),
            UniqueConstraint(fields=["tenant", "id"], name="promotion_in_tenant"),
            models.CheckConstraint(
                condition=Q(discount_basis_points__range=(1, 10_000)), name="promotion_discount"
            ),
            models.CheckConstraint(condition=Q(valid_until__gt=F("valid_from")), name="promotion_has_days"),
            SameTenant(parent="sku", to="catalogue.Sku", name="promotion_sku_in_tenant"),
        ]

    @property
    def description(self) -> str:
        """The description in the reader's language."""
        return in_language(self.description_ja, self.description_en)


class PriceBasis(models.TextChoices):
    """What a price rule starts from."""

    COST = "cost", _("What we pay")
    RETAIL = "retail", _("Estimated retail price")
    FIXED = "fixed", _("A fixed price")


class PriceRuleQuerySet(models.QuerySet["PriceRule"]):
    """Price rules, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PriceRuleQuerySet":
        """The seller's own: a buyer sees the resulting price, never the rule (G-05)."""
        return self.filter(tenant_id=actor.tenant_id)

    def in_force(self, on: dt.date) -> "PriceRuleQuerySet":
        """Those that count on the day."""
        return self.filter(
            Q(valid_until__isnull=True) | Q(valid_until__gt=on), valid_from__lte=on, removed_at__isnull=True
        )


class PriceRule(models.Model):
    """How a provider prices for its resellers, or a reseller for its customers.

    The narrowest rule wins: availability, SKU, product, category, everything; for the named buyer before all buyers;
    the younger of two alike. ``percent``: hundredths of a percent on the basis, negative takes off. Fixed prices
    name an availability. ``currency`` is that of the resulting price: each edge has its own.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="price_rules")
    sells_as = models.CharField(max_length=10, choices=Capacity.choices)
    buyer = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    availability = models.ForeignKey(
        Availability, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    basis = models.CharField(max_length=6, choices=PriceBasis.choices)
    percent = models.IntegerField(default=0)
    fixed_units = models.BigIntegerField(null=True, blank=True)
    fixed_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3)
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = PriceRuleQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="price_rule_in_tenant"),
            models.CheckConstraint(
                condition=~Q(basis="fixed")
                | Q(fixed_units__gte=0, fixed_scale__isnull=False, availability__isnull=False),
                name="fixed_price_is_complete",
            ),
            models.CheckConstraint(condition=Q(percent__gte=-10_000), name="price_rule_not_below_nothing"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["tenant", "sells_as", "buyer"],
                condition=Q(removed_at__isnull=True),
                name="price_rules_of_seller",
            ),
        ]


class ExchangeRateQuerySet(models.QuerySet["ExchangeRate"]):
    """Exchange rates, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "ExchangeRateQuerySet":
        """The seller's own."""
        return self.filter(tenant_id=actor.tenant_id)


class ExchangeRate(models.Model):
    """The rate that a seller uses from a day on: one major unit of ``base`` is units x 10^-scale of ``quoted``."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="exchange_rates")
    base = models.CharField(max_length=3)
    quoted = models.CharField(max_length=3)
    units = models.BigIntegerField()
    scale = models.PositiveSmallIntegerField()
    valid_from = models.DateField()

    objects = ExchangeRateQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "base", "quoted", "valid_from"], name="one_rate_a_day"),
            models.CheckConstraint(condition=Q(units__gt=0) & ~Q(base=F("quoted")), name="rate_of_two"),
        ]
