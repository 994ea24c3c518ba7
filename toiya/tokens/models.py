"""Tables of programs that act: applications, their secrets, whom they act for, and what they were handed."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Role
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Person, Tenant


class Kind(models.TextChoices):
    """Whether a program can keep a secret (RFC 6749, 2.1)."""

    CONFIDENTIAL = "confidential", "confidential"
    PUBLIC = "public", "public"


class Flow(models.TextChoices):
    """The ways in which an application may get tokens; renewing them comes with those for people."""

    CLIENT_CREDENTIALS = "client_credentials", "client_credentials"
    AUTHORIZATION_CODE = "authorization_code", "authorization_code"
    DEVICE_CODE = "device_code", "device_code"
    PASSWORD = "password", "password"


class ApplicationQuerySet(models.QuerySet["Application"]):
    """App registrations, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "ApplicationQuerySet":
        """Those of the actor's own organisation that are still registered."""
        return self.filter(tenant_id=actor.tenant_id, unregistered_at__isnull=True)

    def live(self) -> "ApplicationQuerySet":
        """Those that may act."""
        return self.filter(disabled_at__isnull=True, unregistered_at__isnull=True)


class Application(models.Model):
    """A program of one organisation. Its key is the client id that programs call it by.

    ``account`` is the work account as which it acts when it acts by itself; only a program that can keep a secret
    has one.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=12, choices=Kind.choices)
    redirect_uris = models.JSONField(default=list)
    flows = models.JSONField(default=list)
    account = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )
    created_by_id = models.UUIDField()
    created_at = models.DateTimeField()
    disabled_at = models.DateTimeField(null=True, blank=True)
    unregistered_at = models.DateTimeField(null=True, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="app_registration_in_tenant"),
            SameTenant(parent="account", to="directory.Person", name="account_in_the_application_s_tenant"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_live(self) -> bool:
        """Whether it may act."""
        return self.disabled_at is None and self.unregistered_at is None

    @property
    def is_confidential(self) -> bool:
        """Whether it proves itself by a secret."""
        return self.kind == Kind.CONFIDENTIAL

    @property
    def roles(self) -> frozenset[Role]:
        """The roles with which it acts by itself."""
        return self.account.roles if self.account else frozenset()


class ApplicationSecret(models.Model):
    """One of at most two passwords of an application, so that one can be changed while the other works."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="secrets")
    place = models.PositiveSmallIntegerField()
    hash = models.CharField(max_length=64)
    hint = models.CharField(max_length=4)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["application", "place"], name="one_secret_per_place"),
            models.CheckConstraint(condition=Q(place__in=[1, 2]), name="two_secrets_at_most"),
            UniqueConstraint(fields=["tenant", "id"], name="secret_in_tenant"),
            SameTenant(parent="application", to="tokens.Application", name="secret_of_own_application"),
        ]


class Authorization(models.Model):
    """A person let an application act for them, after a second factor. Removing it ends all it led to.

    ``session_version`` is the person's at that time: whatever ends their sessions ends this too (G-17).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="authorizations")
    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="authorizations")
    session_version = models.PositiveIntegerField()
    second_factor_at = models.DateTimeField(null=True, blank=True)
    scope = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="authorization_in_tenant"),
            SameTenant(
                parent="application", to="tokens.Application", name="authorization_of_own_application"
            ),
            SameTenant(parent="person", to="directory.Person", name="authorization_by_own_person"),
        ]


class AuthorizationCode(models.Model):
    """What a browser carries back to the application; good once, for minutes (only its hash stays)."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="codes")
    hash = models.CharField(max_length=64, unique=True)
    redirect_uri = models.CharField(max_length=2000)
    challenge = models.CharField(max_length=128, blank=True)
    challenge_method = models.CharField(max_length=10, blank=True)
    nonce = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="authorization", to="tokens.Authorization", name="code_of_own_authorization"),
        ]


class RefreshToken(models.Model):
    """Renews access tokens of one authorization; a public application gets another one each time."""

    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    authorization = models.ForeignKey(Authorization, on_delete=models.CASCADE, related_name="refresh_tokens")
    hash = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField(db_index=True)
    replaced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(
                parent="authorization", to="tokens.Authorization", name="refresh_of_own_authorization"
            ),
        ]


class DeviceCode(models.Model):
    """A program without a browser waits until somebody types its short code elsewhere (RFC 8628)."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="device_codes")
    hash = models.CharField(max_length=64, unique=True)
    user_code_hash = models.CharField(max_length=64, unique=True)
    scope = models.CharField(max_length=500, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    polled_at = models.DateTimeField(null=True, blank=True)
    interval_seconds = models.PositiveSmallIntegerField(default=5)
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, null=True, related_name="devices"
    )
    declined_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="application", to="tokens.Application", name="device_of_own_application"),
            SameTenant(parent="authorization", to="tokens.Authorization", name="device_of_own_authorization"),
        ]


class SigningKey(models.Model):
    """The installation's key for signed tokens, encrypted at rest. One signs; retired ones check what they signed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    private = models.TextField()
    public = models.TextField()
    created_at = models.DateTimeField()
    is_signing = models.BooleanField(default=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(
                fields=["is_signing"], condition=Q(is_signing=True), name="one_key_signs_at_a_time"
            ),
        ]


class AccessToken(models.Model):
    """A token that was handed out; its key is the token's ``jti``. Without this row the token opens nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.CASCADE, related_name="access_tokens")
    secret = models.ForeignKey(ApplicationSecret, on_delete=models.CASCADE, null=True, related_name="+")
    authorization = models.ForeignKey(
        Authorization, on_delete=models.CASCADE, null=True, related_name="access_tokens"
    )
    key = models.ForeignKey(SigningKey, on_delete=models.CASCADE, related_name="+")
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="application", to="tokens.Application", name="access_of_own_application"),
            SameTenant(parent="secret", to="tokens.ApplicationSecret", name="access_by_own_secret"),
            SameTenant(parent="authorization", to="tokens.Authorization", name="access_of_own_authorization"),
        ]
