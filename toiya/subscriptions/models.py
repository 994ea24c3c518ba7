"""Tables of subscriptions: the current row, the events that made it, what is scheduled, and transfers.

A subscription lives with its seller, the provider (``tenant``), and names everybody of its chain (S-001).
"""

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.catalogue.models import Availability, Sku
from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.money import UnitPrice
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.core.terms import BillingCycle, Term
from toiya.directory.models import Language, Person, Tenant
from toiya.pricing.models import Promotion
from toiya.relations.models import ResellerRelationship


class SubscriptionState(models.TextChoices):
    """The states of the machine in lifecycle.py; values are the field's where it has one."""

    PENDING = "pending", _("Being provisioned")
    ACTIVE = "active", _("Active")
    SUSPENDED = "suspended", pgettext_lazy("subscription", "Suspended")
    DELETED = "deleted", _("Canceled")
    EXPIRED = "expired", _("Expired")


LIVE = (SubscriptionState.PENDING, SubscriptionState.ACTIVE, SubscriptionState.SUSPENDED)


class SubscriptionQuerySet(models.QuerySet["Subscription"]):
    """Subscriptions, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "SubscriptionQuerySet":
        """Those that the actor's organisation sells, resells or uses. A partner sees them only while it has a live
        relationship with the customer; the operator sees what providers sold of its catalogue, without the customer's
        directory.
        """
        if Capacity.OPERATOR in actor.capacities:
            return self.filter(operator_id=actor.tenant_id)
        served = ResellerRelationship.objects.of_partner(actor).live().values("customer_id")
        partner = Q(tenant_id=actor.tenant_id) | Q(reseller_id=actor.tenant_id)
        return self.filter((partner & Q(customer_id__in=served)) | Q(customer_id=actor.tenant_id))

    def live(self) -> "SubscriptionQuerySet":
        """Those that have not ended."""
        return self.filter(state__in=LIVE)

    def parents_first(self) -> "SubscriptionQuerySet":
        """The order in which several are held: add-ons after what they belong to, on every database."""
        return self.order_by(F("parent_id").asc(nulls_first=True), "id")


def is_own_name(friendly_name: str, *names_of_sku: str) -> bool:
    """Whether a subscription is called something else than its product."""
    return friendly_name not in names_of_sku


class Subscription(models.Model):
    """A customer has so many units of a SKU for a term. ``tenant`` is the provider that sells it.

    Prices are those of one unit and billing period at each edge: what the provider pays the operator (``cost``), the
    reseller the provider (``resale``), the customer its seller (``retail``); null where nobody has set one.
    Dates are the customer's local dates; ``term_end`` is the first day after the term. Until ``cancel_until``
    everything may be given back, until ``reduce_until`` what was added in mid-term, down to ``reduce_floor``.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="subscriptions_sold")
    operator = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    reseller = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="subscriptions_resold"
    )
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="subscriptions")
    reseller_of_record = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    support_contact = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    order_id = models.UUIDField()
    sku = models.ForeignKey(Sku, on_delete=models.PROTECT, related_name="subscriptions")
    availability = models.ForeignKey(Availability, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="add_ons"
    )
    friendly_name = models.CharField(max_length=200)
    quantity = models.PositiveIntegerField()
    state = models.CharField(
        max_length=10, choices=SubscriptionState.choices, default=SubscriptionState.PENDING
    )
    term = models.CharField(max_length=3, choices=Term.choices, blank=True)
    billing_cycle = models.CharField(max_length=10, choices=BillingCycle.choices)
    term_start = models.DateField(null=True, blank=True)
    term_end = models.DateField(null=True, blank=True)
    anchor_day = models.PositiveSmallIntegerField(default=0)
    cancel_until = models.DateTimeField(null=True, blank=True)
    reduce_until = models.DateTimeField(null=True, blank=True)
    reduce_floor = models.PositiveIntegerField(null=True, blank=True)
    auto_renew = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    activated_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)
    suspended_by_tenant_id = models.UUIDField(null=True, blank=True)
    suspension_reason = models.CharField(max_length=500, blank=True)
    suspended_with_parent = models.BooleanField(default=False)
    kept_until = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    promotion = models.ForeignKey(
        Promotion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    price_list_id = models.UUIDField(null=True, blank=True)
    cost_units = models.BigIntegerField(null=True, blank=True)
    cost_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    cost_currency = models.CharField(max_length=3, blank=True)
    resale_units = models.BigIntegerField(null=True, blank=True)
    resale_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    resale_currency = models.CharField(max_length=3, blank=True)
    retail_units = models.BigIntegerField(null=True, blank=True)
    retail_scale = models.PositiveSmallIntegerField(null=True, blank=True)
    retail_currency = models.CharField(max_length=3, blank=True)
    sequence = models.PositiveIntegerField(default=0)
    version = models.PositiveIntegerField(default=1)

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="subscription_in_tenant"),
            UniqueConstraint(fields=["customer", "id"], name="subscription_of_customer"),
            models.CheckConstraint(condition=Q(quantity__gte=1), name="subscription_has_units"),
            SameTenant(parent="parent", to="subscriptions.Subscription", name="add_on_of_same_seller"),
            SameTenant(
                parent="parent",
                to="subscriptions.Subscription",
                tenant="customer",
                to_tenant="customer",
                name="add_on_of_same_customer",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["customer", "tenant", "created_at", "id"], name="subscriptions_of_customer"),
            models.Index(fields=["tenant", "created_at", "id"], name="subscriptions_of_provider"),
            models.Index(fields=["reseller", "created_at", "id"], name="subscriptions_of_reseller"),
            models.Index(
                fields=["term_end", "id"],
                condition=Q(state__in=["active", "suspended"]),
                name="subscriptions_that_end",
            ),
            models.Index(
                fields=["tenant", "term_end", "id"],
                condition=Q(state__in=["active", "suspended"]),
                name="renewals_of_provider",
            ),
            models.Index(
                fields=["reseller", "term_end", "id"],
                condition=Q(state__in=["active", "suspended"], reseller__isnull=False),
                name="renewals_of_reseller",
            ),
            models.Index(
                fields=["kept_until", "id"],
                condition=Q(state="suspended"),
                name="suspended_data_kept",
            ),
            models.Index(fields=["parent"], condition=Q(parent__isnull=False), name="add_ons_of_parent"),
        ]

    def __str__(self) -> str:
        return self.friendly_name

    @property
    def has_own_name(self) -> bool:
        """Whether somebody called it something; else it bears the name that its product had in the buyer's language."""
        return is_own_name(self.friendly_name, self.sku.name_ja, self.sku.name_en)

    @property
    def title(self) -> str:
        """What the reader calls it: its own name, or that of its product in the reader's language."""
        return self.friendly_name if self.has_own_name else self.sku.name

    def title_in(self, language: str) -> str:
        """The same for a reader of this language, in mails."""
        if self.has_own_name:
            return self.friendly_name
        return self.sku.name_ja if language == Language.JAPANESE else self.sku.name_en

    @property
    def is_live(self) -> bool:
        """Whether it has not ended."""
        return self.state in LIVE

    def price(self, edge: str) -> UnitPrice | None:
        """The price of one unit at an edge (``cost``, ``resale``, ``retail``), or None."""
        units = getattr(self, f"{edge}_units")
        if units is None:
            return None
        return UnitPrice(units, getattr(self, f"{edge}_scale"), getattr(self, f"{edge}_currency"))

    def may_cancel(self, now: dt.datetime) -> bool:
        """Whether the window for cancelling and reducing is open at this instant."""
        return self.cancel_until is not None and now < self.cancel_until


class EventKind(models.TextChoices):
    """What happened to a subscription; lifecycle.py writes one for every change."""

    ORDERED = "ordered", _("Ordered")
    ACTIVATED = "activated", _("Activated")
    PROVISIONING_FAILED = "provisioning_failed", _("Provisioning failed")
    QUANTITY_ASKED = "quantity_asked", _("More licenses asked of the vendor")
    QUANTITY_CHANGED = "quantity_changed", _("Quantity changed")
    QUANTITY_REFUSED = "quantity_refused", _("More licenses not provided by the vendor")
    SUSPENDED = "suspended", pgettext_lazy("subscription", "Suspended")
    REACTIVATED = "reactivated", _("Reactivated")
    CANCELLED = "cancelled", _("Canceled")
    RENEWED = "renewed", _("Renewed")
    EXPIRED = "expired", _("Expired")
    DATA_DELETED = "data_deleted", _("Kept data deleted")
    CONVERTED = "converted", _("Converted")
    UPGRADED = "upgraded", _("Upgraded")
    AUTO_RENEW_CHANGED = "auto_renew_changed", _("Automatic renewal changed")
    RENAMED = "renamed", _("Name changed")
    SUPPORT_CONTACT_CHANGED = "support_contact_changed", _("Support contact changed")
    RESELLER_OF_RECORD_CHANGED = "reseller_of_record_changed", _("Reseller of record changed")
    CHANGE_SCHEDULED = "change_scheduled", _("Change scheduled for the renewal")
    SCHEDULE_REMOVED = "schedule_removed", _("Scheduled change removed")
    TRANSFERRED = "transferred", _("Transferred to another partner")
    TAKEN_OVER = "taken_over", _("Taken over from another partner")
    CO_TERMINATED = "co_terminated", _("End date aligned")


class SubscriptionEvent(models.Model):
    """One thing that happened, with the fields that it set. The fold of all is the subscription's row (I-11)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="events")
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=30, choices=EventKind.choices)
    at = models.DateTimeField()
    actor_tenant_id = models.UUIDField()
    actor_id = models.UUIDField(null=True, blank=True)
    set_fields = models.JSONField(default=dict)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["subscription", "sequence"], name="subscription_event_once"),
        ]


class ScheduledChange(models.Model):
    """What the renewal will do instead of repeating the term. Survives every other edit of the subscription (C-09).

    Null: as it is. ``term_end``: a date to end together with another subscription (co-termination).
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    subscription = models.OneToOneField(
        Subscription, on_delete=models.CASCADE, related_name="scheduled_change"
    )
    quantity = models.PositiveIntegerField(null=True, blank=True)
    availability = models.ForeignKey(
        Availability, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    term_end = models.DateField(null=True, blank=True)
    at = models.DateTimeField()
    by_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(quantity__isnull=True) | Q(quantity__gte=1), name="scheduled_quantity"
            ),
        ]


class RenewalDigest(models.Model):
    """Whether an agent wants the weekly mail of renewals, and the Monday of the week for which it was sent last."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    person = models.OneToOneField(Person, on_delete=models.CASCADE, related_name="renewal_digest")
    is_wanted = models.BooleanField(default=True)
    sent_week = models.DateField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="person", to="directory.Person", name="digest_of_person"),
        ]


class TransferState(models.TextChoices):
    """A transfer needs the giving partner, the receiving one and the customer."""

    OPEN = "open", _("Waiting for answers")
    COMPLETED = "completed", _("Completed")
    DECLINED = "declined", _("Declined")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    EXPIRED = "expired", _("Expired")


class TransferQuerySet(models.QuerySet["Transfer"]):
    """Transfers, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "TransferQuerySet":
        """Those in which the actor's organisation gives, takes or is the customer."""
        own = actor.tenant_id
        return self.filter(Q(tenant_id=own) | Q(target_id=own) | Q(customer_id=own))


class Transfer(models.Model):
    """Subscriptions of a customer move from one provider (``tenant``) to another, unchanged in term and quantity.

    The target asks; source and customer accept, in either order.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="transfers_out")
    target = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="transfers_in")
    target_reseller = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=TransferState.choices, default=TransferState.OPEN)
    note = models.TextField(blank=True)
    asked_by_id = models.UUIDField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    source_accepted_at = models.DateTimeField(null=True, blank=True)
    source_accepted_by_id = models.UUIDField(null=True, blank=True)
    customer_accepted_at = models.DateTimeField(null=True, blank=True)
    customer_accepted_by_id = models.UUIDField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_tenant_id = models.UUIDField(null=True, blank=True)
    decline_reason = models.TextField(blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = TransferQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["tenant", "id"], name="transfer_in_tenant")]

    def is_open(self, now: dt.datetime) -> bool:
        """Whether it can still be accepted at this instant."""
        return self.state == TransferState.OPEN and now < self.expires_at

    def concerns(self, tenant_id: uuid.UUID) -> bool:
        """Whether the organisation is one of the three."""
        return tenant_id in {self.tenant_id, self.target_id, self.customer_id}


class TransferLine(models.Model):
    """One subscription of a transfer. The target's subscription is a new row that names this one's end."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    transfer = models.ForeignKey(Transfer, on_delete=models.CASCADE, related_name="lines")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="transfer_lines")
    new_subscription_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["transfer", "subscription"], name="transferred_once"),
            SameTenant(parent="transfer", to="subscriptions.Transfer", name="transfer_line_in_tenant"),
            SameTenant(
                parent="subscription", to="subscriptions.Subscription", name="transfer_line_of_source"
            ),
        ]
