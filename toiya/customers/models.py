"""Tables of relationship invitations."""

import datetime as dt
from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity, DirectoryRole
from toiya.core.tenancy import SameTenant
from toiya.core.terms import Segment
from toiya.directory.models import Language, Person, Tenant
from toiya.partnerships.models import InvitationState
from toiya.programme.models import Agreement
from toiya.relations.models import Channel, ResellerRelationship


class RelationshipInvitationQuerySet(models.QuerySet["RelationshipInvitation"]):
    """Invitations to customers, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "RelationshipInvitationQuerySet":
        """Those that the actor's organisation issued. The customer comes by the link."""
        return self.filter(tenant_id=actor.tenant_id)


class RelationshipInvitation(models.Model):
    """A partner asks a customer for a reseller relationship: with itself, or with reseller and provider
    together.

    ``tenant`` issued it; every party is the issuer or one of its live partners. The stored offer never
    changes; consent may only narrow it. ``instead_of_id`` is the declined combined request of which this is
    the reseller's half. ``named_domain`` or ``named_customer`` bind it to one organisation (T-06). ``is_standing``: it
    is for everybody, stays open when it is answered, and does not lapse (customers/standing_links.py).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="relationship_invitations")
    inviter = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    reseller = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    provider = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    named_customer = models.ForeignKey(
        Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    named_domain = models.CharField(max_length=253, blank=True)
    customer_name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=5, choices=Language.choices)
    message = models.TextField(blank=True)
    channel = models.CharField(max_length=20, choices=Channel.choices)
    grant_days = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=InvitationState.choices, default=InvitationState.OPEN)
    version = models.PositiveSmallIntegerField(default=1)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_id = models.UUIDField(null=True, blank=True)
    answered_by_tenant_id = models.UUIDField(null=True, blank=True)
    decline_reason = models.TextField(blank=True)
    instead_of_id = models.UUIDField(null=True, blank=True)
    is_standing = models.BooleanField(default=False)

    objects = RelationshipInvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="relationship_invitation_in_tenant"),
            models.CheckConstraint(
                condition=Q(reseller__isnull=False) | Q(provider__isnull=False),
                name="invitation_names_a_party",
            ),
            SameTenant(parent="inviter", to="directory.Person", name="relationship_inviter_in_tenant"),
            UniqueConstraint(
                fields=["tenant", "reseller"],
                condition=Q(is_standing=True, state="open", provider__isnull=True),
                name="one_standing_link_as_reseller",
            ),
            UniqueConstraint(
                fields=["tenant", "provider"],
                condition=Q(is_standing=True, state="open", reseller__isnull=True),
                name="one_standing_link_as_provider",
            ),
            UniqueConstraint(
                fields=["tenant", "reseller", "provider"],
                condition=Q(is_standing=True, state="open"),
                name="one_standing_link_for_both",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="relationship_invitations_list"),
        ]

    @property
    def is_combined(self) -> bool:
        """Whether one consent is asked for two relationships (S-097)."""
        return self.reseller_id is not None and self.provider_id is not None

    @property
    def granted_for(self) -> dt.timedelta:
        """How long the administrator access lasts, counted from the consent."""
        return dt.timedelta(days=self.grant_days)

    def is_expired(self, now: dt.datetime) -> bool:
        """Whether it lapsed without an answer; a comparison with the clock, not a job (G-04)."""
        return self.state == InvitationState.OPEN and self.expires_at <= now

    def capacity_of(self, party: Tenant) -> Capacity:
        """As what the party is to be authorised."""
        return Capacity.RESELLER if party.pk == self.reseller_id else Capacity.PROVIDER

    def roles_for(self, party: Tenant) -> list[DirectoryRole]:
        """The directory roles that the party asks for, weakest first."""
        asked = {row.role for row in self.requested_roles.all() if row.grantee_id == party.pk}
        return [role for role in DirectoryRole if role in asked]

    @property
    def parties(self) -> list[Tenant]:
        """The partners that the customer is asked to authorise, the reseller first."""
        return [party for party in (self.reseller, self.provider) if party is not None]


class RequestedRole(models.Model):
    """A directory role that a party asks for; the customer consents to each by name and may leave it out."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(
        RelationshipInvitation, on_delete=models.CASCADE, related_name="requested_roles"
    )
    grantee = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=30, choices=DirectoryRole.choices)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["invitation", "grantee", "role"], name="requested_role_once"),
            SameTenant(
                parent="invitation", to="customers.RelationshipInvitation", name="requested_role_in_tenant"
            ),
        ]


class CustomerAccountQuerySet(models.QuerySet["CustomerAccount"]):
    """Accounts of customers, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "CustomerAccountQuerySet":
        """The own organisation's, and those of the customers that it serves now."""
        served = ResellerRelationship.objects.of_partner(actor).live().values("customer_id")
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(tenant_id__in=served))


class CustomerAccount(models.Model):
    """Company and billing data of a customer (N-23), and the segment that decides which offers it may buy (N-27).

    A customer without this row is commercial and has told nothing yet. ``registration_number``: its number in the
    register of organisations, where the country asks for one. ``segment_since``: when a partner said the segment.
    ``submission_key``: with which submission a provider added the customer, if one did.
    """

    tenant = models.OneToOneField(
        Tenant, on_delete=models.CASCADE, primary_key=True, related_name="customer_account"
    )
    segment = models.CharField(max_length=12, choices=Segment.choices, default=Segment.COMMERCIAL)
    billing_name = models.CharField(max_length=200, blank=True)
    postal_code = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=100, blank=True)
    city = models.CharField(max_length=100, blank=True)
    street = models.CharField(max_length=200, blank=True)
    street_more = models.CharField(max_length=200, blank=True)
    contact_name = models.CharField(max_length=100, blank=True)
    contact_email = models.EmailField(blank=True)
    contact_phone = models.CharField(max_length=30, blank=True)
    registration_number = models.CharField(max_length=22, blank=True)
    segment_since = models.DateTimeField(null=True, blank=True)
    submission_key = models.CharField(max_length=100, null=True, blank=True, unique=True)
    version = models.PositiveIntegerField(default=1)

    objects = CustomerAccountQuerySet.as_manager()


class RelationshipSending(models.Model):
    """The system mailed the invitation: to whom, when. Self-sent mails leave no row (S-091)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(RelationshipInvitation, on_delete=models.CASCADE, related_name="sendings")
    mail_id = models.UUIDField()
    to = models.CharField(max_length=254)
    is_reminder = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            SameTenant(
                parent="invitation",
                to="customers.RelationshipInvitation",
                name="relationship_sending_in_tenant",
            ),
        ]


class StandingGeneration(models.Model):
    """How often an organisation replaced its standing links; whoever opens one of an earlier generation is told so."""

    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, primary_key=True, related_name="+")
    number = models.PositiveSmallIntegerField(default=0)


class CustomerAgreementQuerySet(models.QuerySet["CustomerAgreement"]):
    """Confirmations, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "CustomerAgreementQuerySet":
        """Those that the actor's organisation gave, and those about it; other partners' are not its business (T-15)."""
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(customer_id=actor.tenant_id))


class CustomerAgreement(models.Model):
    """A provider (``tenant``) confirms that the customer has accepted a version of the customer agreement: who of the
    customer did, and when. It may be confirmed again with another person or date; nothing is changed or removed.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="+")
    contact_name = models.CharField(max_length=100)
    contact_email = models.CharField(max_length=254)
    contact_phone = models.CharField(max_length=30, blank=True)
    agreed_at = models.DateTimeField()
    person = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    confirmed_at = models.DateTimeField()

    objects = CustomerAgreementQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["tenant", "customer", "agreement", "contact_email", "agreed_at"],
                name="customer_agreement_confirmed_once",
            ),
            SameTenant(parent="person", to="directory.Person", name="confirmed_by_own_person"),
        ]


class AdministrationRequestQuerySet(models.QuerySet["AdministrationRequest"]):
    """Prepared requests for administrator access, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "AdministrationRequestQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class AdministrationRequest(models.Model):
    """A partner prepares a request for administrator access, under a name of its own; only programs do so (API).

    Until it is locked nobody else knows of it, and it may be changed or deleted. Locked, it is the invitation, and
    what becomes of it is that of the invitation and its grant.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=50)
    days = models.PositiveSmallIntegerField()
    roles = models.JSONField()
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    invitation = models.OneToOneField(
        RelationshipInvitation, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField()
    modified_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = AdministrationRequestQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "name"], name="administration_request_named_once"),
            SameTenant(
                parent="invitation",
                to="customers.RelationshipInvitation",
                name="administration_request_in_tenant",
            ),
        ]


class AdministrationStep(models.Model):
    """A partner's program locked a request, or ended an access: what was asked and when (``subject_id``: of what)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    subject_id = models.UUIDField()
    action = models.CharField(max_length=20)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["tenant", "subject_id"], name="steps_of_administration")]
