"""Tables of files with many rows: what came, what each row would do, and what it did."""

from typing import ClassVar

from django.db import models
from django.db.models import UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.tenancy import SameTenant
from toiya.directory.models import Person, Tenant


class BulkKind(models.TextChoices):
    """What the rows of a file are."""

    CUSTOMERS = "customers", _("Customers")
    INVITATIONS = "invitations", _("Relationship invitations")
    USERS = "users", _("Users of a customer")
    LICENCES = "licences", _("Licenses")
    ORDERS = "orders", _("Orders")
    DEVICES = "devices", _("Devices")


class BulkState(models.TextChoices):
    """Where a file stands. The worker checks and carries out; a person decides between."""

    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    RUNNING = "running", _("Being carried out")
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")


class BulkFileQuerySet(models.QuerySet["BulkFile"]):
    """Files, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "BulkFileQuerySet":
        """Those of the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)


class BulkFile(models.Model):
    """A file that somebody handed in. ``uploaded_by`` is on whose behalf each row is carried out, with the rights of
    that moment (T-18). ``language`` is what they read when they handed it in; its rows are answered in it.
    ``application_id``: the program through which it was handed in, by itself or in a person's name.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="bulk_files")
    customer = models.ForeignKey(Tenant, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=12, choices=BulkKind.choices)
    name = models.CharField(max_length=200)
    encoding = models.CharField(max_length=20)
    ignored_columns = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=BulkState.choices, default=BulkState.CHECKING)
    uploaded_by = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="+")
    application_id = models.UUIDField(null=True, blank=True)
    language = models.CharField(max_length=5, blank=True, default="")
    created_at = models.DateTimeField()
    row_count = models.PositiveIntegerField(default=0)
    done_count = models.PositiveIntegerField(default=0)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    second_factor_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = BulkFileQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "id"], name="bulk_file_in_tenant"),
            SameTenant(parent="uploaded_by", to="directory.Person", name="bulk_file_of_colleague"),
        ]
        indexes: ClassVar = [models.Index(fields=["tenant", "-created_at", "id"], name="bulk_files_list")]


class BulkRowState(models.TextChoices):
    """What a row would do, or did."""

    WAITING = "waiting", _("Waiting")
    READY = "ready", _("Ready")
    UNCHANGED = "unchanged", _("There already")
    WRONG = "wrong", _("Wrong")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class BulkRow(models.Model):
    """One row of the file: its cells, and the outcome in words. A one-time secret stands encrypted until it has been
    downloaded once.
    """

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    file = models.ForeignKey(BulkFile, on_delete=models.CASCADE, related_name="rows")
    line = models.PositiveIntegerField()
    cells = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=BulkRowState.choices, default=BulkRowState.WAITING)
    code = models.CharField(max_length=60, blank=True)
    message = models.TextField(blank=True)
    encrypted_secret = models.TextField(blank=True)
    subject_id = models.UUIDField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["file", "line"], name="bulk_line_once"),
            SameTenant(parent="file", to="bulk.BulkFile", name="bulk_row_in_tenant"),
        ]
        indexes: ClassVar = [models.Index(fields=["file", "state", "line"], name="bulk_rows_by_state")]
