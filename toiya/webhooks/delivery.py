"""Delivering events: at least once, in the order of each object, for three days, and only to who may still know.

A handful is claimed at a time and sent side by side, outside any transaction; whether the relation still lives is
asked right before. A worker that dies leaves its lease to run out; the events then go out again under the same id.
"""

import datetime as dt
import math
import random
import time
import uuid
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from toiya.core.cipher import Unreadable
from toiya.core.clock import real_now
from toiya.core.outbound import OutboundFailed, OutboundRefused, call
from toiya.directory.models import Tenant
from toiya.events.models import Event, EventInterest, EventQuerySet, EventState
from toiya.events.posting import Bond
from toiya.relations.events import live_bonds
from toiya.webhooks.keys import SigningKey, signing_key
from toiya.webhooks.message import Message, message_for
from toiya.webhooks.models import DeliveryAttempt, Trouble, WebhookRegistration

LEASE = dt.timedelta(seconds=30)
SIDE_BY_SIDE = 8
FIRST_PAUSE = dt.timedelta(seconds=5)
LONGEST_PAUSE = dt.timedelta(hours=6)
LONGEST_ASKED = dt.timedelta(hours=1)
MOST_DOUBLINGS = 13
REST = dt.timedelta(seconds=10)
KEPT = dt.timedelta(days=30)
LONGEST_SAID = 200
LATE = dt.timedelta(minutes=5)
NOT_LET_IN = frozenset({401, 403})
SUCCESSES, REDIRECTS, CLIENT_ERRORS = range(200, 300), range(300, 400), range(400, 500)


@dataclass(frozen=True, slots=True)
class Parcel:
    """An event that is this worker's until its lease ends, and what is to be sent."""

    event: Event
    registration: WebhookRegistration
    message: Message | None  # None: the stored secret cannot be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one attempt."""

    trouble: Trouble
    milliseconds: int = 0
    status: int | None = None
    said: str = ""
    pause: dt.timedelta | None = None


def deliver_events(*, until: dt.datetime) -> int:
    """Whatever is due, until this instant of real time. Says how many were delivered.

    Raises ImproperlyConfigured, before anything is claimed, where the operator's key cannot be read.
    """
    delivered = 0
    while real_now() < until and (due := _due(real_now())):
        key = signing_key()
        parcels = _packed(_claim(due), key)
        with ThreadPoolExecutor(SIDE_BY_SIDE) as lines:
            outcomes = list(lines.map(_send, parcels))
        delivered += _note(parcels, outcomes)
    return delivered


# ---------------------------------------------------------------- which
def _due(now: dt.datetime) -> list[int]:
    """A handful of due events, of as many organisations as possible: nobody's backlog keeps the others waiting."""
    theirs = Event.objects.takable(now).filter(tenant_id=OuterRef("tenant_id"))
    awake = WebhookRegistration.objects.filter(Q(rests_until__isnull=True) | Q(rests_until__lte=now))
    chosen = awake.filter(Exists(theirs)).order_by("?").values_list("tenant_id", flat=True)
    tenants = list(chosen[:SIDE_BY_SIDE])
    each = math.ceil(SIDE_BY_SIDE / max(len(tenants), 1))
    found = [
        pk
        for tenant_id in tenants
        for pk in Event.objects.takable(now)
        .filter(tenant_id=tenant_id)
        .order_by("due_at", "pk")
        .values_list("pk", flat=True)[:each]
    ]
    return found[:SIDE_BY_SIDE]


def _claim(due: Sequence[int]) -> list[Event]:
    """Those of them that no other worker was quicker to take, in this one's hands."""
    now = real_now()
    lease = now + LEASE + dt.timedelta(microseconds=random.randrange(10**6))  # noqa: S311  (tells workers apart)
    free = Event.objects.takable(now).filter(pk__in=due)
    if not free.update(leased_until=lease, attempts=F("attempts") + 1):
        return []
    return list(Event.objects.filter(pk__in=due, leased_until=lease).order_by("pk"))


def _packed(events: Sequence[Event], key: SigningKey) -> list[Parcel]:
    """What may still be sent, signed; the rest is dropped (T-53)."""
    tenants = {event.tenant_id for event in events}
    registrations = {row.tenant_id: row for row in WebhookRegistration.objects.filter(tenant_id__in=tenants)}
    interests = set(EventInterest.objects.filter(tenant_id__in=tenants).values_list("tenant_id", "name"))
    live = _live(events)
    kept = [
        event
        for event in events
        if event.tenant_id in registrations
        and (event.tenant_id, event.name) in interests
        and _bond(event) in live
    ]
    _drop([event for event in events if event not in kept])
    return [
        Parcel(event, registrations[event.tenant_id], _message(event, registrations[event.tenant_id], key))
        for event in kept
    ]


def _bond(event: Event) -> Bond:
    return Bond(event.tenant_id, event.tie, event.other_id)


def _live(events: Sequence[Event]) -> set[Bond]:
    """The relations that hold now, on the clock of each family."""
    tenants: Mapping[uuid.UUID, Tenant] = Tenant.objects.select_related("family").in_bulk(
        {event.tenant_id for event in events}
    )
    families = {tenant.family for tenant in tenants.values()}
    live: set[Bond] = set()
    for family in families:
        own = {_bond(event) for event in events if tenants[event.tenant_id].family_id == family.pk}
        live |= live_bonds(own, family.clock.now())
    return live


def _drop(events: Iterable[Event]) -> None:
    for event in events:
        _mine(event).update(state=EventState.DROPPED, finished_at=real_now(), leased_until=None)


def _mine(event: Event) -> EventQuerySet:
    """The row, while this worker has it."""
    return Event.objects.waiting().filter(pk=event.pk, leased_until=event.leased_until)


def _message(event: Event, registration: WebhookRegistration, key: SigningKey) -> Message | None:
    try:
        return message_for(event, registration, key)
    except Unreadable:
        return None


# ---------------------------------------------------------------- sending
def _send(parcel: Parcel) -> Outcome:
    """One call. Runs beside others and touches no database."""
    if parcel.message is None:
        return Outcome(trouble=Trouble.SECRET)
    begun = time.monotonic()
    try:
        answer = call(
            "POST", parcel.registration.url, headers=parcel.message.headers, body=parcel.message.body
        )
    except OutboundRefused as error:
        return Outcome(trouble=Trouble.NOT_ALLOWED, milliseconds=_since(begun), said=str(error))
    except OutboundFailed as error:
        return Outcome(trouble=Trouble.NO_ANSWER, milliseconds=_since(begun), said=str(error))
    return Outcome(
        trouble=_trouble_of(answer.status),
        milliseconds=_since(begun),
        status=answer.status,
        pause=_asked_pause(answer.headers.get("retry-after", "")),
    )


def _since(begun: float) -> int:
    return round((time.monotonic() - begun) * 1000)


def _trouble_of(status: int) -> Trouble:
    if status in SUCCESSES:
        return Trouble.NONE
    if status in NOT_LET_IN:
        return Trouble.NOT_LET_IN
    if status in REDIRECTS:
        return Trouble.REDIRECT
    return Trouble.REFUSED if status in CLIENT_ERRORS else Trouble.RECEIVER_ERROR


def _asked_pause(text: str) -> dt.timedelta | None:
    """How many seconds the receiver asks to be left alone, an hour at most."""
    if not (text.isascii() and text.isdigit()):
        return None
    return min(dt.timedelta(seconds=int(text[:6])), LONGEST_ASKED)


# ---------------------------------------------------------------- what came of it
@transaction.atomic
def _note(parcels: Sequence[Parcel], outcomes: Sequence[Outcome]) -> int:
    """A line of the log for each attempt, and where the event stands now. Says how many arrived."""
    now = real_now()
    DeliveryAttempt.objects.bulk_create(
        DeliveryAttempt(
            tenant_id=parcel.event.tenant_id,
            event=parcel.event,
            at=now,
            url=parcel.registration.url,
            status=outcome.status,
            milliseconds=outcome.milliseconds,
            trouble=outcome.trouble,
            said=outcome.said[:LONGEST_SAID],
        )
        for parcel, outcome in zip(parcels, outcomes, strict=True)
    )
    silent = set()
    delivered = 0
    for parcel, outcome in zip(parcels, outcomes, strict=True):
        if outcome.trouble == Trouble.NONE:
            delivered += _mine(parcel.event).update(
                state=EventState.DELIVERED, finished_at=now, leased_until=None
            )
            continue
        if outcome.trouble in {Trouble.NO_ANSWER, Trouble.NOT_ALLOWED}:
            silent.add(parcel.registration.pk)
        _mine(parcel.event).update(**_again(parcel.event, outcome, now))
    if silent:
        WebhookRegistration.objects.filter(pk__in=silent).update(rests_until=now + REST)
    return delivered


def _again(event: Event, outcome: Outcome, now: dt.datetime) -> dict[str, object]:
    """When it is due again; given up when three days are over."""
    if now >= event.deadline_at:
        return {"state": EventState.PARKED, "finished_at": now, "leased_until": None}
    pause = max(pause_after(event.attempts), outcome.pause or dt.timedelta())
    return {"due_at": min(now + pause, event.deadline_at), "leased_until": None}


def pause_after(attempts: int) -> dt.timedelta:
    """Ever longer, six hours at most, and never quite the same for two events that failed together."""
    doubled: dt.timedelta = FIRST_PAUSE * (1 << min(max(attempts - 1, 0), MOST_DOUBLINGS))
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311  (spreads load, guards nothing)


# ---------------------------------------------------------------- how it is going, and forgetting
def undelivered_events(now: dt.datetime, *, family_id: uuid.UUID | None = None) -> tuple[int, int]:
    """How many events wait, everywhere or in a family, and how many of them for longer than five minutes."""
    waiting = Event.objects.waiting()
    if family_id is not None:
        waiting = waiting.filter(tenant_id__in=Tenant.objects.filter(family_id=family_id).values("pk"))
    return waiting.count(), waiting.filter(posted_at__lt=now - LATE).count()


def forget_old_events() -> int:
    """The log of deliveries goes back thirty days. What was raised while its registration was removed is dropped."""
    now = real_now()
    registered = WebhookRegistration.objects.filter(tenant_id=OuterRef("tenant_id"))
    Event.objects.waiting().filter(~Exists(registered)).update(state=EventState.DROPPED, finished_at=now)
    forgotten, _rows = Event.objects.filter(finished_at__lt=now - KEPT).delete()
    return forgotten
