"""Trying out a registration: a test event goes the way of all others, and its attempts can be read for a week."""

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.ids import new_id
from toiya.core.permissions import Permission
from toiya.events.models import Event, EventState
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.relations.events import raise_events
from toiya.webhooks.errors import TestNotWanted, TooManyTests
from toiya.webhooks.models import DeliveryAttempt
from toiya.webhooks.registration import locked_registration, names_of, registration_of

MINUTE = dt.timedelta(minutes=1)
TESTS_A_MINUTE = 2
KEPT = dt.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class ValidationEvent:
    """A test event with what came of it. ``object_id`` of the event is what its asker knows it by."""

    event: Event
    url: str
    attempts: Sequence[DeliveryAttempt]

    @property
    def is_completed(self) -> bool:
        """Whether nothing more will happen."""
        return self.event.state != EventState.WAITING


@transaction.atomic
def request_validation_event(actor: Actor) -> Event:
    """A test event, on its way at once. Raises NotRegistered, TestNotWanted, and TooManyTests for the third within a
    minute.
    """
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    if EventName.TEST_CREATED not in names_of(registration):
        raise TestNotWanted
    _must_not_hurry(actor)
    (event,) = raise_events(
        actor,
        Happening(name=EventName.TEST_CREATED, object_id=_correlation_id(actor), tenants=(actor.tenant_id,)),
    )
    record(
        actor,
        AuditAction.TEST_WEBHOOK,
        registration,
        tenant_id=registration.tenant_id,
        after={"event": str(event.event_id)},
    )
    return event


def _correlation_id(actor: Actor) -> uuid.UUID:
    """That of the request, by which the field knows a test; a new one where a program uses the same for several."""
    own = Event.objects.visible_to(actor).filter(name=EventName.TEST_CREATED, object_id=actor.correlation_id)
    return new_id() if own.exists() else actor.correlation_id


def _must_not_hurry(actor: Actor) -> None:
    """Counted over the last minute, under the lock of the registration: exact."""
    now = real_now()
    recent = Event.objects.visible_to(actor).filter(name=EventName.TEST_CREATED, posted_at__gt=now - MINUTE)
    times = list(recent.order_by("-pk").values_list("posted_at", flat=True)[:TESTS_A_MINUTE])
    if len(times) == TESTS_A_MINUTE:
        raise TooManyTests(wait=times[-1] + MINUTE - now)


def validation_event(actor: Actor, *, correlation_id: uuid.UUID) -> ValidationEvent:
    """What came of a test of the last seven days. Raises NotVisible."""
    registration = registration_of(actor)
    event = (
        Event.objects.visible_to(actor)
        .filter(name=EventName.TEST_CREATED, object_id=correlation_id, posted_at__gt=real_now() - KEPT)
        .first()
    )
    if event is None:
        raise NotVisible
    attempts = list(DeliveryAttempt.objects.filter(event=event).order_by("pk"))
    return ValidationEvent(event, attempts[-1].url if attempts else registration.url, attempts)
