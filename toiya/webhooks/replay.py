"""Sending again what was delivered or given up, under the same ids, so that receivers can tell."""

import datetime as dt
import uuid

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.permissions import Permission
from toiya.events.models import Event, EventQuerySet, EventState
from toiya.events.posting import LIFETIME
from toiya.webhooks.errors import NothingToReplay
from toiya.webhooks.models import WebhookRegistration
from toiya.webhooks.registration import locked_registration, names_of

REPLAYABLE = (EventState.DELIVERED, EventState.PARKED)


@transaction.atomic
def replay_event(actor: Actor, *, event_id: uuid.UUID) -> Event:
    """One of them, at once. Raises NotVisible, NotRegistered, NothingToReplay."""
    actor.must(Permission.WEBHOOKS_MANAGE)
    rows = Event.objects.visible_to(actor).filter(event_id=event_id)
    if not rows.exists():
        raise NotVisible
    registration = locked_registration(actor)
    _replay(actor, registration, rows, event=str(event_id))
    return rows.get()


@transaction.atomic
def replay_events(actor: Actor, *, begin: dt.datetime, end: dt.datetime, only_parked: bool = False) -> int:
    """All that happened within a span of business time. Says how many; raises NotRegistered, NothingToReplay."""
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    rows = Event.objects.visible_to(actor).filter(at__gte=begin, at__lt=end)
    if only_parked:
        rows = rows.filter(state=EventState.PARKED)
    return _replay(
        actor,
        registration,
        rows,
        begin=begin.isoformat(),
        end=end.isoformat(),
        only_parked=only_parked,
    )


@transaction.atomic
def replay_parked(actor: Actor) -> int:
    """Everything that was given up. Says how many; raises NotRegistered, NothingToReplay."""
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    rows = Event.objects.visible_to(actor).filter(state=EventState.PARKED)
    return _replay(actor, registration, rows, only_parked=True)


def _replay(actor: Actor, registration: WebhookRegistration, rows: EventQuerySet, **what: object) -> int:
    now = real_now()
    count = rows.filter(state__in=REPLAYABLE, name__in=names_of(registration)).update(
        state=EventState.WAITING,
        attempts=0,
        due_at=now,
        deadline_at=now + LIFETIME,
        finished_at=None,
        leased_until=None,
    )
    if not count:
        raise NothingToReplay
    WebhookRegistration.objects.filter(pk=registration.pk).update(rests_until=None)
    record(
        actor,
        AuditAction.REPLAY_EVENTS,
        registration,
        tenant_id=registration.tenant_id,
        after={"count": count, **what},
    )
    return count
