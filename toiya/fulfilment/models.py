"""Tables of fulfilment: the operator's connectors, and what is to be done in the systems behind them."""

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.core.permissions import Capacity
from toiya.core.tenancy import SameTenant
from toiya.core.text import fold
from toiya.directory.models import Tenant


class ConnectorKind(models.TextChoices):
    """How a system is spoken to."""

    INSTANT = "instant", _("At once, without another system")
    WEBHOOK = "webhook", _("Signed call to the vendor's system")
    SERVICE_BROKER = "service_broker", _("Open Service Broker")


class ConnectorQuerySet(models.QuerySet["Connector"]):
    """Connectors, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "ConnectorQuerySet":
        """The operator's own; nobody else sees where and how services are provided."""
        if Capacity.OPERATOR not in actor.capacities:
            return self.none()
        return self.filter(tenant_id=actor.tenant_id)


class Connector(models.Model):
    """A system that provides services. Its secret is stored encrypted and never shown again.

    After a rotation the previous secret is good for another day, on both sides. ``rests_until``: the system did not
    answer just now, and is left alone for a moment (real time).
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="connectors")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=20, choices=ConnectorKind.choices)
    url = models.URLField(max_length=500, blank=True)
    user_name = models.CharField(max_length=100, blank=True)
    encrypted_secret = models.TextField(blank=True)
    encrypted_previous_secret = models.TextField(blank=True)
    previous_secret_until = models.DateTimeField(null=True, blank=True)
    timeout_hours = models.PositiveSmallIntegerField(default=72)
    paused_at = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    failure_told_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()

    objects = ConnectorQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant", "code"], name="connector_code_once"),
            UniqueConstraint(fields=["tenant", "id"], name="connector_in_tenant"),
        ]

    def __str__(self) -> str:
        return self.name


class TaskKind(models.TextChoices):
    """What is asked of the other system."""

    PROVISION = "provision", _("Provision")
    UPDATE = "update", _("Change")
    SUSPEND = "suspend", _("Suspend")
    RESUME = "resume", _("Resume")
    DEPROVISION = "deprovision", _("Remove")


class TaskState(models.TextChoices):
    """Where a task stands. Waiting: to be sent; sent: the other system works on it and will call back."""

    WAITING = "waiting", _("Waiting")
    SENT = "sent", _("In progress")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Canceled")


UNFINISHED = (TaskState.WAITING, TaskState.SENT)
STUCK_AFTER = dt.timedelta(hours=1)


class Trouble(models.TextChoices):
    """Why a call, or a task, did not succeed; the page says it in the reader's language."""

    NONE = "", ""
    NOT_ALLOWED = "not_allowed", _("The address is not one that calls may go to")
    SECRET = "secret", _("The stored secret cannot be read; rotate it")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("The system is busy")
    SYSTEM_ERROR = "system_error", _("The system reported an error of its own")
    NOT_LET_IN = "not_let_in", _("The system did not accept who is calling")
    NOT_UNDERSTOOD = "not_understood", _("The answer is not one that the protocol knows")
    REFUSED = "refused", _("The system refused")
    NO_SUCH_PLAN = "no_such_plan", _("The system has no such service or plan")
    REPORTED = "reported", _("The system reported that it failed")
    TOO_LATE = "too_late", _("Not done within the time that the connector allows")
    CANCELLED = "cancelled", _("Canceled by the operator")


# After these, nothing of the task can have been left behind in the other system.
NOTHING_LEFT = frozenset({Trouble.REFUSED, Trouble.NO_SUCH_PLAN})


class FulfilmentTaskQuerySet(models.QuerySet["FulfilmentTask"]):
    """The queue, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "FulfilmentTaskQuerySet":
        """The operator's whole queue; a partner sees the tasks of its own sales."""
        if Capacity.OPERATOR in actor.capacities:
            return self.filter(tenant_id=actor.tenant_id)
        return self.filter(Q(provider_id=actor.tenant_id) | Q(reseller_id=actor.tenant_id))

    def unfinished(self) -> "FulfilmentTaskQuerySet":
        """What still has to happen."""
        return self.filter(state__in=UNFINISHED)

    def concerning(self, id_: uuid.UUID) -> "FulfilmentTaskQuerySet":
        """The tasks of a customer, or of a subscription, by its id."""
        return self.filter(Q(customer_id=id_) | Q(subscription_id=id_))

    def of_customers_named(self, text: str) -> "FulfilmentTaskQuerySet":
        """The tasks of customers by a part of their name, reading or domain."""
        found = Tenant.objects.filter(search_key__contains=fold(text))
        return self.filter(customer_id__in=found.values("pk"))

    def stuck(self, now: dt.datetime) -> "FulfilmentTaskQuerySet":
        """Unfinished tasks in trouble, and those that have waited for an hour without having been sent."""
        return self.unfinished().filter(
            ~Q(trouble=Trouble.NONE) | Q(state=TaskState.WAITING, posted_at__lt=now - STUCK_AFTER)
        )

    def failed(self, since: dt.datetime) -> "FulfilmentTaskQuerySet":
        """Those that failed for good after this instant."""
        return self.filter(state=TaskState.FAILED, finished_at__gte=since)


class FulfilmentTask(models.Model):
    """One thing that another system has to do for a subscription; a row of the change that asked for it.

    ``subscription_id`` is bare, since subscriptions stand above. Tasks of one subscription go out in the order of
    their ``sequence``, never two at once. Leases and retries are real time.
    """

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="tasks")
    provider_id = models.UUIDField()
    reseller_id = models.UUIDField(null=True, blank=True)
    customer_id = models.UUIDField()
    subscription_id = models.UUIDField()
    sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=12, choices=TaskKind.choices)
    payload = models.JSONField(default=dict)
    asked_by_id = models.UUIDField(null=True, blank=True)
    asked_by_tenant_id = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=TaskState.choices, default=TaskState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    operation = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=200, blank=True)
    trouble = models.CharField(max_length=20, choices=Trouble.choices, default=Trouble.NONE, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    clean_up_at = models.DateTimeField(null=True, blank=True)
    clean_up_tries = models.PositiveSmallIntegerField(default=0)
    posted_at = models.DateTimeField()
    created_at = models.DateTimeField()
    deadline_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = FulfilmentTaskQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["subscription_id", "sequence"], name="task_sequence_once"),
            UniqueConstraint(fields=["tenant", "id"], name="task_in_tenant"),
            SameTenant(parent="connector", to="fulfilment.Connector", name="task_connector_in_tenant"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=Q(state__in=["waiting", "sent"]), name="tasks_to_do"),
            models.Index(
                fields=["clean_up_at"], condition=Q(clean_up_at__isnull=False), name="tasks_to_clean_up"
            ),
            models.Index(
                fields=["tenant", "finished_at"], condition=Q(state="failed"), name="tasks_that_failed"
            ),
            models.Index(fields=["tenant", "-created_at", "id"], name="tasks_of_operator"),
            models.Index(fields=["provider_id", "-created_at", "id"], name="tasks_of_provider"),
            models.Index(fields=["customer_id", "-created_at", "id"], name="tasks_of_customer"),
        ]


class CallKind(models.TextChoices):
    """Who spoke to whom, and what about."""

    SEND = "send", _("Task sent")
    ASK = "ask", _("Asked whether it is done")
    CALL_BACK = "call_back", _("Call-back received")
    CLEAN_UP = "clean_up", _("What a canceled provisioning may have left is removed")


class CallOutcome(models.TextChoices):
    """What the call came to."""

    DONE = "done", _("Done")
    ACCEPTED = "accepted", _("Accepted, in progress")
    AGAIN = "again", _("To be repeated")
    FAILED = "failed", _("Failed")


class TaskCall(models.Model):
    """One call to the other system, or one call-back of it: what came of it, and a few words of what was said."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    task = models.ForeignKey(FulfilmentTask, on_delete=models.CASCADE, related_name="calls")
    at = models.DateTimeField()
    kind = models.CharField(max_length=10, choices=CallKind.choices)
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=CallOutcome.choices)
    trouble = models.CharField(max_length=20, choices=Trouble.choices, default=Trouble.NONE, blank=True)
    said = models.CharField(max_length=500, blank=True)

    class Meta:
        constraints: ClassVar = [
            SameTenant(parent="task", to="fulfilment.FulfilmentTask", name="task_call_in_tenant"),
        ]


class ReceivedCallBack(models.Model):
    """A call-back that was taken, so that it is never taken twice; forgotten when it would be too old anyway."""

    tenant = models.ForeignKey(Tenant, on_delete=models.PROTECT, related_name="+")
    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="+")
    message_id = models.CharField(max_length=100)
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["connector", "message_id"], name="call_back_taken_once"),
            SameTenant(parent="connector", to="fulfilment.Connector", name="call_back_in_tenant"),
        ]
        indexes: ClassVar = [models.Index(fields=["at"], name="call_backs_by_age")]
