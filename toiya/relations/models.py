"""The four relations (reliability.md section 3). Ended rows stay: both sides see the same history and the
same dates.
"""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import F, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.core.tenancy import SameTenant
from toiya.core.text import name_key
from toiya.directory.models import Tenant


class PartnershipQuerySet(models.QuerySet["Partnership"]):
    """Partnerships, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PartnershipQuerySet":
        """Those of the actor's organisation, on either side."""
        return self.filter(Q(provider_id=actor.tenant_id) | Q(reseller_id=actor.tenant_id))

    def live(self) -> "PartnershipQuerySet":
        """Those that have not ended."""
        return self.filter(ended_at__isnull=True)


class Partnership(models.Model):
    """Relation 1: a provider and a reseller work together. Either may end it."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    provider = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="partnerships_as_provider")
    reseller = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="partnerships_as_reseller")
    since = models.DateTimeField()
    invitation_id = models.UUIDField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_tenant_id = models.UUIDField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    objects = PartnershipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["provider", "reseller"],
                condition=Q(ended_at__isnull=True),
                name="one_live_partnership",
            ),
            models.CheckConstraint(condition=~Q(provider=F("reseller")), name="partners_are_two"),
        ]


class Origin(models.TextChoices):
    """How a reseller relationship came about."""

    INVITATION = "invitation", _("Invitation")
    ADDED_BY_PROVIDER = "added_by_provider", _("Added by the indirect provider")
    OLDER_PORTAL = "older_portal", _("Older portal")


class Channel(models.TextChoices):
    """How the customer was won (S-094)."""

    OWN_MARKETING = "own_marketing", _("Own marketing")
    OPERATOR_REFERRAL = "operator_referral", _("Referral by the operator")
    PROVIDER = "provider", _("Indirect provider")


class ResellerRelationshipQuerySet(models.QuerySet["ResellerRelationship"]):
    """Reseller relationships, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "ResellerRelationshipQuerySet":
        """Those of the actor's organisation, as partner or as customer."""
        return self.filter(Q(partner_id=actor.tenant_id) | Q(customer_id=actor.tenant_id))

    def of_partner(self, actor: Actor) -> "ResellerRelationshipQuerySet":
        """The actor's organisation's customers."""
        return self.filter(partner_id=actor.tenant_id)

    def live(self) -> "ResellerRelationshipQuerySet":
        """Those that have not ended."""
        return self.filter(ended_at__isnull=True)


class ResellerRelationship(models.Model):
    """Relation 2: a partner may trade with a customer. Commerce only; it gives no directory rights.

    The customer's keys stand here too, so that a partner's list is ordered and searched in its own rows only
    (docs/adr, "Search by pairs of characters"); by the folded name and the domain it is found by how these begin. A
    customer's names do not change; ``keys_of`` is where they come from.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    partner = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="relationships_as_partner")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="relationships_as_customer")
    customer_sort_key = models.CharField(max_length=200, editable=False)
    customer_search_key = models.TextField(editable=False)
    customer_name_key = models.CharField(max_length=200, editable=False)
    customer_domain = models.CharField(max_length=253, editable=False)
    since = models.DateTimeField()
    origin = models.CharField(max_length=20, choices=Origin.choices)
    origin_note = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices, blank=True)
    invitation_id = models.UUIDField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by_tenant_id = models.UUIDField(null=True, blank=True)
    end_reason = models.TextField(blank=True)

    objects = ResellerRelationshipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["partner", "customer"],
                condition=Q(ended_at__isnull=True),
                name="one_live_relationship",
            ),
            UniqueConstraint(fields=["partner", "id"], name="relationship_of_partner"),
            models.CheckConstraint(condition=~Q(partner=F("customer")), name="partner_is_not_the_customer"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["partner", "customer_sort_key", "id"],
                condition=Q(ended_at__isnull=True),
                name="customers_of_partner",
            ),
            models.Index(
                fields=["partner", "customer_name_key", "id"],
                condition=Q(ended_at__isnull=True),
                name="customers_by_name",
            ),
            models.Index(
                fields=["partner", "customer_domain", "id"],
                condition=Q(ended_at__isnull=True),
                name="customers_by_domain",
            ),
        ]

    @staticmethod
    def keys_of(customer: Tenant) -> dict[str, str]:
        """What a new relationship takes over from its customer."""
        return {
            "customer_sort_key": customer.sort_key,
            "customer_search_key": customer.search_key,
            "customer_name_key": name_key(customer.name),
            "customer_domain": customer.domain,
        }


class AdministrationGrantQuerySet(models.QuerySet["AdministrationGrant"]):
    """Administration grants, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "AdministrationGrantQuerySet":
        """Those that the actor's organisation gave or received."""
        return self.filter(Q(grantee_id=actor.tenant_id) | Q(tenant_id=actor.tenant_id))

    def live(self, now: dt.datetime) -> "AdministrationGrantQuerySet":
        """Those that give rights at this instant; expiry is this comparison, not a job (G-04)."""
        return self.filter(removed_at__isnull=True, starts_at__lte=now, expires_at__gt=now)


class AdministrationGrant(models.Model):
    """Relation 3: ``tenant`` lets ``grantee`` use some directory roles in it, for a time, and may take
    them back.

    ``capacity`` is what the grantee was when consent was given to it; suspended in that capacity, it uses
    nothing. ``expiry_told_at``: the expiry, which is nobody's act, has been told; it ends no right (G-04).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="grants_given")
    grantee = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="grants_received")
    capacity = models.CharField(max_length=10, choices=Capacity.choices)
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    consented_by_id = models.UUIDField()
    invitation_id = models.UUIDField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    removed_by_tenant_id = models.UUIDField(null=True, blank=True)
    expiry_told_at = models.DateTimeField(null=True, blank=True)

    objects = AdministrationGrantQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="grant_in_tenant"),
            UniqueConstraint(fields=["grantee", "id"], name="grant_of_grantee"),
            models.CheckConstraint(condition=~Q(tenant=F("grantee")), name="grantee_is_another"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("starts_at")), name="grant_expires_after_start"
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["expires_at"],
                condition=Q(removed_at__isnull=True, expiry_told_at__isnull=True),
                name="grants_that_expire",
            ),
        ]

    @property
    def directory_roles(self) -> list[DirectoryRole]:
        """The roles that the grant contains."""
        held = {row.role for row in self.roles.all()}
        return [role for role in DirectoryRole if role in held]


class GrantRole(models.Model):
    """A directory role that a grant contains. Consent is to each role by name."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(AdministrationGrant, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=30, choices=DirectoryRole.choices)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["grant", "role"], name="grant_role_once"),
            SameTenant(parent="grant", to="relations.AdministrationGrant", name="grant_role_in_tenant"),
        ]


class AccessAssignment(models.Model):
    """Relation 4: inside the grantee, a group of agents (all who hold ``group``) may use a role of a
    grant.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    grant = models.ForeignKey(AdministrationGrant, on_delete=models.CASCADE, related_name="assignments")
    group = models.CharField(max_length=30, choices=Role.choices)
    role = models.CharField(max_length=30, choices=DirectoryRole.choices)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["grant", "group", "role"], name="access_assigned_once"),
            SameTenant(
                parent="grant",
                to="relations.AdministrationGrant",
                to_tenant="grantee",
                name="assignment_of_grantee",
            ),
        ]


class OlderRelationshipQuerySet(models.QuerySet["OlderRelationship"]):
    """The register, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "OlderRelationshipQuerySet":
        """The operator's; nobody else sees it."""
        if Capacity.OPERATOR not in actor.capacities:
            return self.none()
        return self.filter(partner__family_id=actor.family_id)


class OlderRelationship(models.Model):
    """The operator's register of relationships made in older portals; imported once when the partner is
    approved.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    partner = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    portal = models.CharField(max_length=100)
    since = models.DateField()
    imported_at = models.DateTimeField(null=True, blank=True)

    objects = OlderRelationshipQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["partner", "customer", "portal"], name="older_relationship_once"),
            models.CheckConstraint(condition=~Q(partner=F("customer")), name="older_relationship_of_two"),
        ]
