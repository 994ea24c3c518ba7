"""Rows of the activity log. Nobody updates or deletes them; triggers and the tests see to that (G-37)."""

import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q

from toiya.core.actor import Actor


class AuditRecordQuerySet(models.QuerySet["AuditRecord"]):
    """The log, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "AuditRecordQuerySet":
        """What happened to the actor's organisation, or between it and another one."""
        return self.filter(Q(tenant_id=actor.tenant_id) | Q(counterparty_id=actor.tenant_id))


class AuditRecord(models.Model):
    """One change. Tenants and people are bare ids, so that the log depends on nothing it describes.

    ``tenant_id`` owns the chain; ``counterparty_id`` is the other organisation that sees the entry too.
    """

    tenant_id = models.UUIDField(db_index=True)
    family_id = models.UUIDField()
    counterparty_id = models.UUIDField(null=True, blank=True, db_index=True)
    customer_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    action = models.CharField(max_length=60)
    subject_kind = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=40)
    actor_kind = models.CharField(max_length=20)
    actor_id = models.UUIDField(null=True, blank=True)
    actor_tenant_id = models.UUIDField()
    application_id = models.UUIDField(null=True, blank=True)
    grant_id = models.UUIDField(null=True, blank=True)
    correlation_id = models.UUIDField()
    before = models.JSONField()
    after = models.JSONField()
    digest = models.CharField(max_length=64)

    objects = AuditRecordQuerySet.as_manager()

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["tenant_id", "-id"], name="audit_by_tenant"),
            models.Index(fields=["counterparty_id", "-id"], name="audit_by_counterparty"),
        ]


class PersonalValue(models.Model):
    """The clear text behind a salted digest in the log. Erasing this row erases the person from the log."""

    tenant_id = models.UUIDField(db_index=True)
    digest = models.CharField(max_length=64, unique=True)
    salt = models.BinaryField()
    value = models.TextField()


class ChainLink(models.Model):
    """The place of a record in its tenant's chain, in the order in which the worker saw them committed."""

    tenant_id = models.UUIDField()
    position = models.BigIntegerField()
    record_id = models.BigIntegerField(unique=True)
    record_digest = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant_id", "position"], name="one_link_per_position"),
        ]


class Checkpoint(models.Model):
    """A signature over the head of a chain. A copy kept elsewhere shows a truncation."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    tenant_id = models.UUIDField()
    position = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    key_id = models.CharField(max_length=32)
    signature = models.CharField(max_length=128)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["tenant_id", "position"], name="one_checkpoint_per_position"),
        ]
