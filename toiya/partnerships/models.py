"""Tables of partnership invitations."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import DirectoryRole
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Language, Person, Tenant


class InvitationState(models.TextChoices):
    """Where an invitation stands. Expiry is not a state but a comparison with the clock (G-04)."""

    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    REVOKED = "revoked", _("Revoked")


class PartnerInvitationQuerySet(models.QuerySet["PartnerInvitation"]):
    """Partnership invitations, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PartnerInvitationQuerySet":
        """Those that the actor's organisation issued. The invited side comes by the link."""
        return self.filter(tenant_id=actor.tenant_id)


class PartnerInvitation(models.Model):
    """A provider asks a reseller to authorise it (S-062). ``roles`` are the access it asks for, by name.

    ``named_domain`` binds it to the organisation that holds the domain (T-06). It is kept as typed:
    whether somebody holds it shows only when the invitation is accepted, so that nobody can ask which
    companies are enrolled.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="partner_invitations")
    inviter = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    named_domain = models.CharField(max_length=253, blank=True)
    email = models.CharField(max_length=254, blank=True)
    language = models.CharField(max_length=5, choices=Language.choices)
    message = models.TextField(blank=True)
    roles = models.JSONField(default=list)
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

    objects = PartnerInvitationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="partner_invitation_in_tenant"),
            UniqueConstraint(
                fields=["tenant", "email"],
                condition=Q(state="open") & ~Q(email=""),
                name="one_open_invitation_per_address",
            ),
            SameTenant(parent="inviter", to="directory.Person", name="partner_inviter_in_tenant"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["tenant", "-created_at", "id"], name="partner_invitations_by_tenant")
        ]

    @property
    def directory_roles(self) -> list[DirectoryRole]:
        """The access asked for."""
        return [role for role in DirectoryRole if role in self.roles]


class InvitationSending(models.Model):
    """The system mailed the invitation: to whom, when. Self-sent mails leave no row (S-091)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    invitation = models.ForeignKey(PartnerInvitation, on_delete=models.CASCADE, related_name="sendings")
    mail_id = models.UUIDField()
    to = models.CharField(max_length=254)
    is_reminder = models.BooleanField(default=False)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            SameTenant(
                parent="invitation", to="partnerships.PartnerInvitation", name="partner_sending_in_tenant"
            ),
        ]
