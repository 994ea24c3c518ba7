"""The outbox: a mail is a row until the worker has handed it to the mail server."""

from typing import ClassVar

from django.db import models

from toiya.core.ids import new_id


class Delivery(models.TextChoices):
    """Where a finished mail went."""

    SMTP = "smtp", "SMTP"
    MAILBOX = "mailbox", "mailbox"


class OutgoingMail(models.Model):
    """A named message to one recipient. Links are made when it is rendered, so that the row opens nothing."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant_id = models.UUIDField()
    family_id = models.UUIDField()
    message = models.CharField(max_length=80)
    to = models.CharField(max_length=254)
    language = models.CharField(max_length=5)
    context = models.JSONField(default=dict)
    subject = models.CharField(max_length=400, blank=True)
    subject_id = models.UUIDField(null=True, blank=True, db_index=True)
    posted_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveIntegerField(default=0)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivery = models.CharField(max_length=10, choices=Delivery.choices, blank=True)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(sent_at__isnull=True, failed_at__isnull=True),
                name="mails_to_send",
            ),
            models.Index(fields=["family_id", "posted_at"], name="mails_of_family"),
        ]
