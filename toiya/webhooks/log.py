"""What was to be told to an organisation, and what came of every attempt."""

import datetime as dt
import uuid

from django.db.models import Count, Max, Q

from toiya.core.actor import Actor
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.directory.models import Tenant
from toiya.events.models import Event, EventQuerySet, EventState, Tie
from toiya.relations.models import AdministrationGrant
from toiya.webhooks.models import DeliveryAttempt, Trouble

ORDER = ("id",)
TRYING = "trying"


def log_of(
    actor: Actor, *, state: str = "", name: str = "", known_as: uuid.UUID | None = None
) -> EventQuerySet:
    """The organisation's events; ``trying``: those that wait after an attempt that failed. ``known_as``: the id of the
    event, of its object or of the customer, as it stands in the message.
    """
    actor.must(Permission.WEBHOOKS_VIEW)
    rows = Event.objects.visible_to(actor)
    if state == TRYING:
        rows = rows.waiting().filter(attempts__gt=0)
    elif state:
        rows = rows.filter(state=state)
    if known_as:
        rows = rows.filter(Q(event_id=known_as) | Q(object_id=known_as) | Q(other_id=known_as))
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


def others_of(events: list[Event]) -> dict[int, Tenant]:
    """Which customer or partner each is about, as far as it is about one: two statements for all of them."""
    given = [event.other_id for event in events if event.tie == Tie.GRANT and event.other_id]
    grants = AdministrationGrant.objects.filter(pk__in=given).values_list("pk", "tenant_id")
    givers: dict[uuid.UUID | None, uuid.UUID] = dict(grants)
    about = {event.pk: givers.get(event.other_id, event.other_id) for event in events}
    tenants = Tenant.objects.in_bulk({tenant_id for tenant_id in about.values() if tenant_id})
    return {pk: tenants[tenant_id] for pk, tenant_id in about.items() if tenant_id in tenants}


def standing_of(actor: Actor) -> dict[EventState, int]:
    """How many events are in which state."""
    counted = log_of(actor).values_list("state").annotate(count=Count("pk")).order_by()
    return {EventState(state): count for state, count in counted}


def oldest_waiting(actor: Actor) -> dt.datetime | None:
    """Since when the oldest of those that were tried in vain has waited."""
    rows = log_of(actor, state=TRYING).order_by("posted_at")
    return rows.values_list("posted_at", flat=True).first()
