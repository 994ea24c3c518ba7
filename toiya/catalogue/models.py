"""Tables of the catalogue: what the operator sells, and where and for how long it may be bought."""

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.core.terms import BillingCycle, Segment, Term
from toiya.directory.models import Person, Tenant
from toiya.fulfilment.models import Connector
from toiya.programme.models import Country, in_language


class Named(models.Model):
    """Something with a name in both languages."""

    name_ja = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return in_language(self.name_ja, self.name_en)


Row = TypeVar("Row", bound=models.Model)


class OfferQuerySet(models.QuerySet[Row]):
    """Rows of the operator's catalogue, fetched through the actor."""

    def visible_to(self, actor: Actor) -> Self:
        """Everything for the operator; for everybody else of its family what is published and not withdrawn."""
        rows = self.filter(tenant__family_id=actor.family_id)
        if Capacity.OPERATOR in actor.capacities:
            return rows
        return rows.live()

    def live(self) -> Self:
        """What may be bought at all: its product is published, and neither it nor what it belongs to is withdrawn."""
        paths: tuple[str, ...] = getattr(self.model, "PATHS", ("",))
        return self.filter(
            **{f"{paths[-1]}published_at__isnull": False},
            **{f"{path}withdrawn_at__isnull": True for path in paths},
        )


class ProductQuerySet(OfferQuerySet["Product"]):
    """Products, fetched through the actor."""


class SkuQuerySet(OfferQuerySet["Sku"]):
    """SKUs, fetched through the actor."""


class AvailabilityQuerySet(OfferQuerySet["Availability"]):
    """Availabilities, fetched through the actor."""


class CategoryQuerySet(models.QuerySet["Category"]):
    """Categories, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "CategoryQuerySet":
        """Those of the family's operator; a category alone tells nothing that must stay hidden."""
        return self.filter(tenant__family_id=actor.family_id)


class Category(Named):
    """Products of a kind; the catalogue's first filter and the unit of a price rule."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    code = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "code"], name="category_code_once"),
            UniqueConstraint(fields=["tenant", "id"], name="category_in_tenant"),
        ]


class Product(Named):
    """What the operator offers. Partners see it from its publication until it is withdrawn."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    code = models.SlugField(max_length=60)
    description_ja = models.TextField(blank=True)
    description_en = models.TextField(blank=True)
    publisher = models.CharField(max_length=100, blank=True)
    search_key = models.TextField(editable=False)
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    PATHS = ("",)
    objects = ProductQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "code"], name="product_code_once"),
            UniqueConstraint(fields=["tenant", "id"], name="product_in_tenant"),
            SameTenant(parent="category", to="catalogue.Category", name="product_category_in_tenant"),
        ]

    @property
    def description(self) -> str:
        """The description in the reader's language."""
        return in_language(self.description_ja, self.description_en)


class SkuKind(models.TextChoices):
    """How a SKU is sold."""

    LICENSE = "license", _("License-based")
    TRIAL = "trial", _("Trial")
    ADD_ON = "add_on", _("Add-on")
    ONE_TIME = "one_time", _("One-time purchase")
    USAGE = "usage", _("Usage-based")


class Sku(Named):
    """One purchasable form of a product, with its bounds and how it is provided."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="skus")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="skus")
    code = models.SlugField(max_length=60)
    kind = models.CharField(max_length=10, choices=SkuKind.choices)
    unit_ja = models.CharField(max_length=30, blank=True)
    unit_en = models.CharField(max_length=30, blank=True)
    min_quantity = models.PositiveIntegerField(default=1)
    max_quantity = models.PositiveIntegerField(default=10_000)
    max_per_customer = models.PositiveSmallIntegerField(null=True, blank=True)
    cancel_days = models.PositiveSmallIntegerField(default=7)
    trial_days = models.PositiveSmallIntegerField(default=30)
    converts_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="skus")
    connector_reference = models.CharField(max_length=200, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    PATHS = ("", "product__")
    objects = SkuQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["product", "code"], name="sku_code_once"),
            UniqueConstraint(fields=["tenant", "id"], name="sku_in_tenant"),
            models.CheckConstraint(
                condition=Q(min_quantity__gte=1) & Q(max_quantity__gte=F("min_quantity")),
                name="sku_quantities",
            ),
            models.CheckConstraint(condition=Q(trial_days__range=(1, 90)), name="sku_trial_days"),
            SameTenant(parent="product", to="catalogue.Product", name="sku_product_in_tenant"),
            SameTenant(parent="connector", to="fulfilment.Connector", name="sku_connector_in_tenant"),
        ]

    @property
    def unit(self) -> str:
        """What is counted, in the reader's language."""
        return in_language(self.unit_ja, self.unit_en)

    @property
    def has_seats(self) -> bool:
        """Whether its quantity is seats that people are assigned to."""
        return self.kind in {SkuKind.LICENSE, SkuKind.TRIAL, SkuKind.ADD_ON}


class ServicePlan(Named):
    """A part of a SKU that may be switched off for a single user."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="service_plans")
    code = models.SlugField(max_length=40)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["sku", "code"], name="service_plan_code_once"),
            SameTenant(parent="sku", to="catalogue.Sku", name="service_plan_in_tenant"),
        ]


class SkuLinkKind(models.TextChoices):
    """What one SKU has to do with another."""

    PREREQUISITE = "prerequisite", _("Prerequisite")
    UPGRADE = "upgrade", _("Upgrade target")


class SkuLink(models.Model):
    """``sku`` needs ``other`` (one of several is enough), or may be upgraded to it. An add-on's prerequisites are
    the SKUs that may be its parent.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="links")
    other = models.ForeignKey(Sku, on_delete=models.CASCADE, related_name="links_from")
    kind = models.CharField(max_length=12, choices=SkuLinkKind.choices)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["sku", "other", "kind"], name="sku_link_once"),
            models.CheckConstraint(condition=~Q(sku=F("other")), name="sku_link_of_two"),
            SameTenant(parent="sku", to="catalogue.Sku", name="sku_link_in_tenant"),
            SameTenant(parent="other", to="catalogue.Sku", name="sku_link_other_in_tenant"),
        ]


class Availability(models.Model):
    """A SKU may be bought in a country, by a segment, for a term and with a billing cycle; the country decides the
    currency (N-44). What has been sold keeps its availability when it is withdrawn.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="availabilities")
    country = models.ForeignKey(Country, on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    segment = models.CharField(max_length=12, choices=Segment.choices)
    term = models.CharField(max_length=3, choices=Term.choices, blank=True)
    billing_cycle = models.CharField(max_length=10, choices=BillingCycle.choices)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    PATHS = ("", "sku__", "sku__product__")
    objects = AvailabilityQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["sku", "country", "segment", "term", "billing_cycle"], name="availability_once"
            ),
            UniqueConstraint(fields=["tenant", "id"], name="availability_in_tenant"),
            SameTenant(parent="sku", to="catalogue.Sku", name="availability_sku_in_tenant"),
        ]


class PinnedProductQuerySet(models.QuerySet["PinnedProduct"]):
    """Pins, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PinnedProductQuerySet":
        """One's own."""
        return self.filter(person_id=actor.person_id)


class PinnedProduct(models.Model):
    """One of the five products that a person keeps at the top of the catalogue (N-32)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="pinned_products")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField()

    objects = PinnedProductQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["person", "product"], name="product_pinned_once"),
            SameTenant(parent="person", to="directory.Person", name="pin_in_tenant"),
        ]
