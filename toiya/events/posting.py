"""Writing events, in the transaction of the change that they tell of."""

import datetime as dt
import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.core.prepared import prepared
from toiya.events.models import Event, EventInterest, Tie
from toiya.events.names import EventName

LIFETIME = dt.timedelta(hours=72)


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that these organisations may see, through a relation to ``other_id``."""

    name: EventName
    object_id: uuid.UUID
    tenants: Collection[uuid.UUID | None]
    tie: Tie = Tie.NONE
    other_id: uuid.UUID | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """One happening for one organisation that wants to hear of it."""

    tenant_id: uuid.UUID
    happening: Happening

    @property
    def bond(self) -> "Bond":
        """By what it sees it."""
        return Bond(self.tenant_id, self.happening.tie, self.happening.other_id)


@dataclass(frozen=True, slots=True)
class Bond:
    """The relation by which an organisation sees what an event is about."""

    tenant_id: uuid.UUID
    tie: str
    other_id: uuid.UUID | None


def wanted(happenings: Sequence[Happening]) -> list[Told]:
    """Who has registered for what of it: one statement, which mostly finds nobody."""
    tenants = {tenant_id for happening in happenings for tenant_id in happening.tenants if tenant_id}
    names = {happening.name.value for happening in happenings}
    interests = set(_interests(sorted(tenants), sorted(names)))
    return [
        Told(tenant_id, happening)
        for happening in happenings
        for tenant_id in dict.fromkeys(happening.tenants)
        if tenant_id and (tenant_id, happening.name.value) in interests
    ]


@prepared
def _interests(tenants: list[uuid.UUID], names: list[str]) -> QuerySet[EventInterest, tuple[uuid.UUID, str]]:
    found = EventInterest.objects.filter(tenant_id__in=tenants, name__in=names)
    return found.values_list("tenant_id", "name")


def post_events(by: By, told: Iterable[Told]) -> list[Event]:
    """The rows; the worker sends them as soon as the transaction is committed."""
    now = real_now()
    return Event.objects.bulk_create(
        Event(
            tenant_id=entry.tenant_id,
            name=entry.happening.name,
            object_id=entry.happening.object_id,
            detail=entry.happening.detail,
            tie=entry.happening.tie,
            other_id=entry.happening.other_id,
            at=by.now,
            posted_at=now,
            due_at=now,
            deadline_at=now + LIFETIME,
        )
        for entry in told
    )
