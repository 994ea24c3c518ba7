"""Tables of devices: policies, batches, devices, and lists that were handed in, with what became of each entry."""

from typing import ClassVar

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Person, Tenant


class PolicyQuerySet(models.QuerySet["Policy"]):
    """Policies, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "PolicyQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class PolicySetting(models.TextChoices):
    """What a device leaves out when it is started for the first time."""

    REMOVE_OEM_PREINSTALLS = "remove_oem_preinstalls", _("Remove preinstalled programs")
    OOBE_USER_NOT_LOCAL_ADMIN = "oobe_user_not_local_admin", _("The user is no local administrator")
    SKIP_EXPRESS_SETTINGS = "skip_express_settings", _("Skip the privacy settings")
    SKIP_OEM_REGISTRATION = "skip_oem_registration", _("Skip the registration with the maker")
    SKIP_EULA = "skip_eula", _("Skip the license terms")


class Policy(models.Model):
    """How devices of a customer greet their first user."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    description = models.CharField(max_length=1000, blank=True)
    settings = models.JSONField(default=list)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["tenant", "id"], name="device_policy_in_tenant")]
        indexes: ClassVar = [models.Index(fields=["tenant", "customer", "name"], name="device_policies_list")]


class BatchQuerySet(models.QuerySet["Batch"]):
    """Batches, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "BatchQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class Batch(models.Model):
    """Devices of a customer that belong together; the partner chose its name."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=100)
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()

    objects = BatchQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "customer", "name"], name="device_batch_name_once"),
            UniqueConstraint(fields=["tenant", "id"], name="device_batch_in_tenant"),
            SameTenant(parent="created_by", to="directory.Person", name="device_batch_of_colleague"),
        ]


class DeviceQuerySet(models.QuerySet["Device"]):
    """Devices, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "DeviceQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class Device(models.Model):
    """A device of a customer. ``identity``: a digest of what tells it from all others; a partner registers it once."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="devices")
    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, null=True, blank=True, related_name="devices"
    )
    identity = models.CharField(max_length=64)
    serial_number = models.CharField(max_length=100, blank=True)
    product_key = models.CharField(max_length=100, blank=True)
    hardware_hash = models.TextField(blank=True)
    model_name = models.CharField(max_length=100, blank=True)
    manufacturer = models.CharField(max_length=100, blank=True)
    uploaded_at = models.DateTimeField()

    objects = DeviceQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "identity"], name="device_registered_once"),
            SameTenant(parent="batch", to="devices.Batch", name="device_batch_of_tenant"),
            SameTenant(parent="policy", to="devices.Policy", name="device_policy_of_tenant"),
        ]
        indexes: ClassVar = [models.Index(fields=["batch", "uploaded_at", "id"], name="devices_of_batch")]

    @property
    def called(self) -> str:
        """How people call it: by what is written on it, as far as that is known."""
        model = " ".join(filter(None, (self.manufacturer, self.model_name)))
        return self.serial_number or self.product_key or model or self.identity[:12]


class HandedInQuerySet(models.QuerySet["HandedIn"]):
    """Lists that were handed in, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "HandedInQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class HandedIn(models.Model):
    """A list of devices to register in ``batch``, or (without one) of policies for devices that are there.

    The worker carries it out on behalf of ``asked_by``, with the rights of that moment (T-18), and answers in
    ``language``.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, blank=True, related_name="lists")
    asked_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    application_id = models.UUIDField(null=True, blank=True)
    language = models.CharField(max_length=5)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)

    objects = HandedInQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="device_list_in_tenant"),
            SameTenant(parent="asked_by", to="directory.Person", name="device_list_of_colleague"),
            SameTenant(parent="batch", to="devices.Batch", name="device_list_of_batch"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["created_at"], condition=models.Q(finished_at__isnull=True), name="device_lists_open"
            )
        ]


class EntryState(models.TextChoices):
    """What became of an entry of a list."""

    WAITING = "waiting", _("Waiting")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Entry(models.Model):
    """One device of a list, as it was given, and what became of it."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    list = models.ForeignKey(HandedIn, on_delete=models.CASCADE, related_name="entries")
    position = models.PositiveIntegerField()
    given = models.JSONField(default=dict)
    device_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=EntryState.choices, default=EntryState.WAITING)
    code = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["list", "position"], name="device_entry_once"),
            SameTenant(parent="list", to="devices.HandedIn", name="device_entry_in_tenant"),
        ]
