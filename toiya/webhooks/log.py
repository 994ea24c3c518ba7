"""What was to be told to an organisation, and what came of every attempt."""

import datetime as dt
import uuid

from django.db.models import Count, Max

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.events.models import Event, EventQuerySet, EventState
from toiya.webhooks.models import DeliveryAttempt, Trouble

ORDER = ("id",)
TRYING = "trying"


def log_of(actor: Actor, *, state: str = "", name: str = "") -> EventQuerySet:
    """The organisation's events; ``trying``: those that wait after an attempt that failed."""
    actor.must(Permission.WEBHOOKS_VIEW)
    rows = Event.objects.visible_to(actor)
    if state == TRYING:
        rows = rows.waiting().filter(attempts__gt=0)
    elif state:
        rows = rows.filter(state=state)
    return rows.filter(name=name) if name else rows


def event_for(actor: Actor, *, event_id: uuid.UUID) -> Event:
    """One of them. Raises NotVisible."""
    found = log_of(actor).filter(event_id=event_id).first()
    if found is None:
        raise NotVisible
    return found


def attempts_at(event: Event) -> list[DeliveryAttempt]:
    """The calls of an event that the reader was found to see, the earliest first."""
    return list(DeliveryAttempt.objects.filter(event=event).order_by("pk"))


def troubles_of(events: list[Event]) -> dict[int, Trouble]:
    """Why the last attempt at each did not succeed: one statement for all of them."""
    latest = (
        DeliveryAttempt.objects.filter(event__in=events)
        .values("event_id")
        .annotate(latest=Max("pk"))
        .values("latest")
    )
    rows = DeliveryAttempt.objects.filter(pk__in=latest).values_list("event_id", "trouble")
    return {event_id: Trouble(trouble) for event_id, trouble in rows}


def standing_of(actor: Actor) -> dict[EventState, int]:
    """How many events are in which state."""
    counted = log_of(actor).values_list("state").annotate(count=Count("pk")).order_by()
    return {EventState(state): count for state, count in counted}


def oldest_waiting(actor: Actor) -> dt.datetime | None:
    """Since when the oldest of those that were tried in vain has waited."""
    rows = log_of(actor, state=TRYING).order_by("posted_at")
    return rows.values_list("posted_at", flat=True).first()
