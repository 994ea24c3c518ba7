"""Tables of events: who wants to hear of what, and what happened, with how far its delivery is.

Tenants are bare ids, so that everything above may raise events.
"""

import datetime as dt
import uuid
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from toiya.core.actor import Actor
from toiya.core.ids import new_id
from toiya.events.names import EventName

IN_ORDER_ATTEMPTS = 8


class EventInterest(models.Model):
    """An organisation wants to hear of one kind of event. Without such a row nothing is written for it."""

    tenant_id = models.UUIDField()
    name = models.CharField(max_length=60)

    class Meta:
        constraints: ClassVar = [
            UniqueConstraint(fields=["tenant_id", "name"], name="event_interest_once"),
        ]


class Tie(models.TextChoices):
    """Which relation shows the event to the organisation; when it has ended, the event is not sent (T-53)."""

    NONE = "none", _("Its own")
    CUSTOMER = "customer", _("Reseller relationship with the customer")
    PARTNERSHIP = "partnership", _("Partnership with the other partner")
    GRANT = "grant", _("Administrator access that lives")


class EventState(models.TextChoices):
    """How far the delivery is. Parked: not accepted within the time; dropped: the relation had ended before."""

    WAITING = "waiting", pgettext_lazy("event", "Waiting")
    DELIVERED = "delivered", _("Delivered")
    PARKED = "parked", _("Given up")
    DROPPED = "dropped", _("Not sent")


class EventQuerySet(models.QuerySet["Event"]):
    """Events, fetched through the actor."""

    def visible_to(self, actor: Actor) -> "EventQuerySet":
        """Those that were to be told to the actor's organisation."""
        return self.filter(tenant_id=actor.tenant_id)

    def waiting(self) -> "EventQuerySet":
        """What is still to be delivered."""
        return self.filter(state=EventState.WAITING)

    def takable(self, now: dt.datetime) -> "EventQuerySet":
        """Due, in nobody's hands, and not overtaking an earlier event of the same object.

        An earlier one keeps the later ones waiting for its first eight attempts, about ten minutes: what a receiver
        refuses for longer must not hide everything after it. Conditions on the row itself alone, so that of two
        workers at once one finds it changed.
        """
        earlier = Event.objects.waiting().filter(
            tenant_id=OuterRef("tenant_id"),
            object_id=OuterRef("object_id"),
            pk__lt=OuterRef("pk"),
            attempts__lt=IN_ORDER_ATTEMPTS,
        )
        return self.waiting().filter(
            Q(leased_until__isnull=True) | Q(leased_until__lt=now), ~Exists(earlier), due_at__lte=now
        )


class Event(models.Model):
    """One thing that happened, for one organisation that is to be told; a row of the change itself.

    ``at`` is business time, everything about the delivery real time. Events of one ``object_id`` go out in order;
    ``detail`` says which part of it.
    """

    event_id = models.UUIDField(default=new_id, editable=False, unique=True)
    tenant_id = models.UUIDField()
    name = models.CharField(max_length=60)
    object_id = models.UUIDField()
    detail = models.CharField(max_length=60, blank=True)
    tie = models.CharField(max_length=12, choices=Tie.choices, default=Tie.NONE)
    other_id = models.UUIDField(null=True, blank=True)
    at = models.DateTimeField()
    posted_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=EventState.choices, default=EventState.WAITING)
    attempts = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    deadline_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints: ClassVar = [UniqueConstraint(fields=["tenant_id", "id"], name="event_of_tenant")]
        indexes: ClassVar = [
            models.Index(fields=["tenant_id", "due_at"], condition=Q(state="waiting"), name="events_to_send"),
            models.Index(
                fields=["tenant_id", "object_id", "id"], condition=Q(state="waiting"), name="events_in_order"
            ),
            models.Index(fields=["tenant_id", "-id"], name="events_of_tenant"),
            models.Index(fields=["tenant_id", "state", "-id"], name="events_by_state"),
            models.Index(
                fields=["finished_at"], condition=Q(finished_at__isnull=False), name="events_by_age"
            ),
        ]

    @property
    def short_id(self) -> str:
        """What people tell events apart by."""
        return str(self.event_id)[:8]


def is_interested(tenant_id: uuid.UUID, name: EventName) -> bool:
    """Whether the organisation has registered for this event."""
    return EventInterest.objects.filter(tenant_id=tenant_id, name=name).exists()
