"""What the stories of webhooks start from: registrations, and events that are there already."""

import datetime as dt
import json
import uuid
from typing import Any
from urllib.parse import urlsplit

import time_machine
from django.test import Client

from tests.cast import Cast, actor_of
from tests.webhooks.receiver import Posted, Receiver
from toiya.core.clock import real_now
from toiya.directory.models import Person, Tenant
from toiya.events.models import Event, EventState, Tie
from toiya.events.names import EventName
from toiya.events.posting import Happening
from toiya.jobs.clock import send_events
from toiya.relations.events import raise_events
from toiya.webhooks.message import resource_uri
from toiya.webhooks.models import DeliveryAttempt, WebhookRegistration
from toiya.webhooks.registration import WebhookDetails, register_webhook

EVERYTHING = tuple(name.value for name in EventName)


def listen(
    person: Person, receiver: Receiver, *, path: str = "", events: tuple[str, ...] = EVERYTHING, **more: Any
) -> WebhookRegistration:
    """The person's organisation registers the receiver for everything."""
    details = WebhookDetails(url=receiver.url + path, events=events, **more)
    return register_webhook(actor_of(person), details=details)


def listen_elsewhere(person: Person) -> WebhookRegistration:
    """The person's organisation registers an address of the public network for everything."""
    details = WebhookDetails(url="https://receiver.example/events", events=EVERYTHING)
    return register_webhook(actor_of(person), details=details)


def listen_all(cast: Cast) -> None:
    """Every partner of the cast has registered for everything; nobody listens there."""
    for person in (cast.mei, cast.kai, cast.yui, cast.jun):
        listen_elsewhere(person)


def heard(tenant: Tenant) -> list[str]:
    """The events that the organisation was to be told, by name and the end of their address, in order."""
    rows = Event.objects.filter(tenant_id=tenant.pk).order_by("pk")
    return [f"{row.name} {resource_uri(row).removeprefix('http://localhost:8000')}" for row in rows]


def happen(person: Person, *, object_id: uuid.UUID | None = None, **more: Any) -> Event:
    """Something of its own happens to the person's organisation."""
    (event,) = raise_events(
        actor_of(person),
        Happening(
            name=EventName.ORDER_REQUEST_CREATED,
            object_id=object_id or uuid.uuid4(),
            tenants=(person.tenant_id,),
            tie=Tie.NONE,
            **more,
        ),
    )
    return event


def told_to(tenant: Tenant) -> Event:
    """An event that the organisation's program has accepted already."""
    now = real_now()
    return Event.objects.create(
        tenant_id=tenant.pk,
        name=EventName.ORDER_COMPLETED,
        object_id=uuid.uuid4(),
        other_id=uuid.uuid4(),
        at=now,
        posted_at=now,
        due_at=now,
        deadline_at=now,
        finished_at=now,
        state=EventState.DELIVERED,
    )


def work(*, after: dt.timedelta = dt.timedelta()) -> None:
    """The worker's turn, when so much time has passed."""
    with time_machine.travel(real_now() + after):
        send_events()


def fresh(event: Event) -> Event:
    """The event as it is now."""
    return Event.objects.get(pk=event.pk)


def told(event: Event) -> list[str]:
    """Every attempt, in short."""
    rows = DeliveryAttempt.objects.filter(event=event).order_by("pk")
    return [f"{row.status or '-'} {row.trouble}".strip() for row in rows]


def said(posted: Posted) -> dict[str, Any]:
    """The body."""
    found: dict[str, Any] = json.loads(posted.body)
    return found


def names(receiver: Receiver) -> list[str]:
    """Which events came, by when."""
    return [said(one)["EventName"] for one in receiver.posted]


def download(url: str) -> bytes:
    """What is at an address of ours, for a receiver that asks for it."""
    assert url.startswith("http://localhost:8000/"), url
    response = Client().get(urlsplit(url).path)
    assert response.status_code == 200, response.status_code
    return response.content
