"""Tables of webhooks: a partner's registration, every attempt to deliver an event, and the certificates."""

from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Tenant
from toiya.events.models import Event


class WebhookRegistrationQuerySet(models.QuerySet["WebhookRegistration"]):
    """Registrations, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "WebhookRegistrationQuerySet":
        """The organisation's own; nobody else learns where it listens."""
        return self.filter(tenant_id=actor.tenant_id)


class WebhookRegistration(models.Model):
    """Where an organisation wants to be told. One for each; which events, stands in ``events.EventInterest``.

    The secret is for receivers that prefer one to a certificate; after a rotation the previous one is used beside it
    for a day. ``rests_until``: nobody answered just now (real time).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.OneToOneField(Tenant, on_delete=models.PROTECT, related_name="webhook")
    url = models.URLField(max_length=500)
    has_own_header = models.BooleanField(default=False)
    properties = models.JSONField(default=dict)
    encrypted_secret = models.TextField(blank=True)
    encrypted_previous_secret = models.TextField(blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = WebhookRegistrationQuerySet.as_manager()


class Trouble(models.TextChoices):
    """Why an attempt did not succeed; the page says it in the reader's language."""

    NONE = "", ""
    NOT_ALLOWED = "not_allowed", _("The address is not one that calls may go to")
    NO_ANSWER = "no_answer", _("No answer")
    NOT_LET_IN = "not_let_in", _("The receiver did not accept the signature")
    REDIRECT = "redirect", _("The receiver pointed to another address; redirects are not followed")
    REFUSED = "refused", _("The receiver refused")
    RECEIVER_ERROR = "receiver_error", _("The receiver reported an error of its own")
    SECRET = "secret", _("The stored secret cannot be read; make a new one")


class DeliveryAttempt(models.Model):
    """One call to the receiver: where to, what status came back and after how long; never what the answer said."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="calls")
    at = models.DateTimeField()
    url = models.URLField(max_length=500)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    milliseconds = models.PositiveIntegerField()
    trouble = models.CharField(max_length=20, choices=Trouble.choices, default=Trouble.NONE, blank=True)
    said = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(
                parent="event", to="events.Event", to_tenant="tenant_id", name="attempt_of_tenants_event"
            ),
        ]


class SigningCertificate(models.Model):
    """A certificate with which events are or were signed. Former ones stay, so that what was signed can be checked.

    The key of a certificate that Toiya made itself is here, encrypted; a certificate from a file has no key here.
    """

    thumbprint = models.CharField(primary_key=True, max_length=64, editable=False)
    certificate = models.BinaryField()
    encrypted_key = models.TextField(blank=True)
    is_own = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["is_own"], condition=Q(is_own=True), name="one_certificate_of_our_own_at_a_time"
            ),
        ]
