"""Tables of buying: carts, orders, order requests of resellers, and what customers ask of their partners."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.catalogue.models import Availability
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Person, Tenant
from toiya.pricing.models import Promotion
from toiya.programme.models import in_language
from toiya.relations.models import Partnership, ResellerRelationship
from toiya.subscriptions.models import Subscription


class Series(models.TextChoices):
    """What is counted through for each organisation."""

    ORDER = "order", _("Order")
    REQUEST = "request", _("Order request")
    INVOICE = "invoice", _("Invoice")


class NumberSeries(models.Model):
    """The last number that an organisation gave; one conditional statement takes the next."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    series = models.CharField(max_length=10, choices=Series.choices)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["tenant", "series"], name="one_series_of_a_kind")]


class CartQuerySet(models.QuerySet["Cart"]):
    """Carts, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "CartQuerySet":
        """Those of the actor's organisation. A relationship that has ended since is named by the checkout (S-076)."""
        return self.filter(tenant_id=actor.tenant_id)


class Cart(models.Model):
    """What a partner is about to buy for one customer. A provider's cart becomes an order, a reseller's an order
    request to the provider that it names. What it sells names the reseller, and the support contact chosen (N-15).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="carts")
    provider = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    reseller = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    support_contact = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    checked_out_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CartQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="cart_in_tenant"),
            SameTenant(parent="created_by", to="directory.Person", name="cart_of_colleague"),
        ]

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it can still be changed and checked out at this instant."""
        return self.checked_out_at is None and now < self.expires_at


class Line(models.Model):
    """Something to buy: new units of an availability, or more units of a subscription that is there.

    ``parent`` is the subscription that an add-on belongs to, ``parent_position`` the line of the same basket that will
    become it. ``attributes`` are the customer's answers to what the vendor wants to know (provisioning context);
    ``wish`` is the customer's request that the line carries out.
    """

    position = models.PositiveSmallIntegerField()
    availability = models.ForeignKey(Availability, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    parent = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    parent_position = models.PositiveSmallIntegerField(null=True, blank=True)
    quantity = models.PositiveIntegerField()
    friendly_name = models.CharField(max_length=200, blank=True)
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    custom_term_end = models.DateField(null=True, blank=True)
    attributes = models.JSONField(default=dict, blank=True)
    wish = models.ForeignKey(
        "orders.CustomerWish", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        abstract = True


class CartLine(Line):
    """A line of a cart."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["cart", "position"], name="cart_position_once"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="cart_line_has_units"),
            SameTenant(parent="cart", to="orders.Cart", name="cart_line_in_tenant"),
        ]


class OrderRequestState(models.TextChoices):
    """Where a reseller's request stands. Changed: the provider offers something else, the reseller answers."""

    OPEN = "open", _("Waiting for the provider")
    CHANGED = "changed", _("Changed by the provider; waiting for the reseller")
    APPROVED = "approved", _("Approved")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class OrderRequestQuerySet(models.QuerySet["OrderRequest"]):
    """Order requests, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "OrderRequestQuerySet":
        """Those that the actor's organisation made or received."""
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(provider_id=actor.tenant_id))


class OrderRequest(models.Model):
    """A reseller asks its provider to order for a customer (C-06). ``tenant`` is the reseller.

    ``amount_minor`` is what the reseller would pay for the first billing period, in ``currency``; null where a line
    has no price. Decides over automatic approval.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="order_requests_made")
    provider = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="order_requests_received")
    partnership = models.ForeignKey(Partnership, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    note = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=OrderRequestState.choices, default=OrderRequestState.OPEN)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True)
    requested_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_id = models.UUIDField(null=True, blank=True)
    answer_note = models.TextField(blank=True)
    is_automatic = models.BooleanField(default=False)
    cart_id = models.UUIDField(null=True, blank=True, unique=True)
    order_id = models.UUIDField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = OrderRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="order_request_in_tenant"),
            UniqueConstraint(fields=["tenant", "number"], name="order_request_number_once"),
            SameTenant(parent="requested_by", to="directory.Person", name="order_request_of_colleague"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["provider", "-created_at", "id"], name="order_requests_received"),
            models.Index(fields=["tenant", "-created_at", "id"], name="order_requests_made"),
        ]


class OrderRequestLine(Line):
    """A line of an order request; ``asked_quantity`` is what the reseller wanted before the provider changed it, null
    for what the provider put in. ``resale`` is the price that both sides saw.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    request = models.ForeignKey(OrderRequest, on_delete=models.CASCADE, related_name="lines")
    asked_quantity = models.PositiveIntegerField(null=True, blank=True)
    resale_units = models.BigIntegerField(null=True, blank=True)
    resale_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    resale_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["request", "position"], name="order_request_position_once"),
            SameTenant(parent="request", to="orders.OrderRequest", name="order_request_line_in_tenant"),
        ]


class AutomaticApprovalQuerySet(models.QuerySet["AutomaticApproval"]):
    """Limits of automatic approval, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "AutomaticApprovalQuerySet":
        """The provider's own; its resellers do not see them."""
        return self.filter(tenant_id=actor.tenant_id)


class AutomaticApproval(models.Model):
    """A provider lets requests of one reseller pass by themselves up to an amount for the first billing period."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    partnership = models.OneToOneField(
        Partnership, on_delete=models.CASCADE, related_name="automatic_approval"
    )
    limit_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    version = models.PositiveIntegerField(default=1)

    objects = AutomaticApprovalQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(limit_minor__gte=0), name="approval_limit_not_negative"),
        ]


class OrderState(models.TextChoices):
    """Where an order stands: pending until every line is settled."""

    PENDING = "pending", _("Being carried out")
    COMPLETED = "completed", _("Completed")
    PARTLY_COMPLETED = "partly_completed", _("Completed in part")
    FAILED = "failed", _("Failed")


class OrderLineState(models.TextChoices):
    """Where one line stands."""

    PENDING = "pending", _("Being provisioned")
    COMPLETED = "completed", _("Completed")
    FAILED = "failed", _("Failed")
    REFUSED = "refused", _("Not ordered")


class OrderQuerySet(models.QuerySet["Order"]):
    """Orders, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "OrderQuerySet":
        """The provider's and the reseller's own; the operator's customers are its providers; a customer sees what was
        bought for it.
        """
        own = actor.tenant_id
        if Capacity.OPERATOR in actor.capacities:
            return self.filter(operator_id=own)
        return self.filter(Q(tenant_id=own) | Q(reseller_id=own) | Q(customer_id=own))


class Order(models.Model):
    """A provider (``tenant``) bought for a customer. Every order names operator, provider, reseller and customer;
    the operator bills the provider (S-001).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="orders")
    number = models.PositiveIntegerField()
    operator = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    reseller = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="orders_resold"
    )
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="orders_for")
    request = models.OneToOneField(
        OrderRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ordered_by_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=20, choices=OrderState.choices, default=OrderState.PENDING)
    currency = models.CharField(max_length=3)
    cart_id = models.UUIDField(null=True, blank=True)
    submission_key = models.CharField(max_length=100)
    submission_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = OrderQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="order_in_tenant"),
            UniqueConstraint(fields=["tenant", "number"], name="order_number_once"),
            UniqueConstraint(fields=["tenant", "submission_key"], name="one_order_per_submission"),
            models.CheckConstraint(condition=~Q(tenant=F("customer")), name="order_for_another"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="orders_of_provider"),
            models.Index(fields=["reseller", "-created_at", "id"], name="orders_of_reseller"),
            models.Index(fields=["customer", "-created_at", "id"], name="orders_of_customer"),
        ]


class OrderLine(Line):
    """What became of one line: the subscription that it made or enlarged, or why not. ``quantity`` is what was bought,
    also where it enlarged a subscription.

    Prices of one unit and billing period at each edge, frozen at the order. ``task_id`` is the task that provides it.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    state = models.CharField(max_length=10, choices=OrderLineState.choices, default=OrderLineState.PENDING)
    failure_code = models.CharField(max_length=60, blank=True)
    failure_ja = models.TextField(blank=True)
    failure_en = models.TextField(blank=True)
    is_addition = models.BooleanField(default=False)
    task_id = models.UUIDField(null=True, blank=True, db_index=True)
    cost_units = models.BigIntegerField(null=True, blank=True)
    cost_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    resale_units = models.BigIntegerField(null=True, blank=True)
    resale_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    resale_currency = models.CharField(max_length=3, blank=True)
    retail_units = models.BigIntegerField(null=True, blank=True)
    retail_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    retail_currency = models.CharField(max_length=3, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["order", "position"], name="order_position_once"),
            SameTenant(parent="order", to="orders.Order", name="order_line_in_tenant"),
        ]

    @property
    def failure(self) -> str:
        """Why it was not ordered or not provided, in the reader's language."""
        return in_language(self.failure_ja, self.failure_en)

    def price(self, edge: str) -> UnitPrice | None:
        """The frozen price of one unit at an edge (``cost``, ``resale``, ``retail``), or None."""
        units = getattr(self, f"{edge}_units")
        if units is None:
            return None
        return UnitPrice(units, getattr(self, f"{edge}_scale"), getattr(self, f"{edge}_currency"))


class WishState(models.TextChoices):
    """Where a customer's wish stands."""

    OPEN = "open", _("Waiting for the partner")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class WishKind(models.TextChoices):
    """What a customer asks of a partner (N-35)."""

    BUY = "buy", _("Buy something new")
    MORE = "more", _("More licenses")
    FEWER = "fewer", _("Fewer licenses at renewal")
    CANCEL = "cancel", _("Cancel a subscription")
    OTHER = "other", _("Something else")


class CustomerWishQuerySet(models.QuerySet["CustomerWish"]):
    """Wishes, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "CustomerWishQuerySet":
        """The customer's own; a partner sees what it was asked while it serves the customer."""
        served = ResellerRelationship.objects.of_partner(actor).live().values("customer_id")
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(partner_id=actor.tenant_id, tenant_id__in=served))


class CustomerWish(models.Model):
    """A customer asks a partner to buy or cancel; it cannot do that itself (N-35)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="wishes")
    partner = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="wishes_received")
    kind = models.CharField(max_length=10, choices=WishKind.choices)
    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    quantity = models.PositiveIntegerField(null=True, blank=True)
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=WishState.choices, default=WishState.OPEN)
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_id = models.UUIDField(null=True, blank=True)
    answer = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = CustomerWishQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="wish_in_tenant"),
            SameTenant(parent="asked_by", to="directory.Person", name="wish_of_colleague"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["partner", "-created_at", "id"], name="wishes_of_partner"),
        ]
