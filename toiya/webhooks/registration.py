"""A partner says where its program listens and of what it wants to hear; the secret is shown once."""

import datetime as dt
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.cipher import decrypt, encrypt
from toiya.core.clock import real_now
from toiya.core.errors import ChangedMeanwhile
from toiya.core.outbound import OutboundRefused, read_url
from toiya.core.permissions import Permission
from toiya.core.signatures import new_secret
from toiya.events.models import Event, EventInterest, EventQuerySet, EventState
from toiya.events.names import EventName
from toiya.webhooks.errors import (
    AddressNotAllowed,
    AlreadyRegistered,
    NoEvents,
    NotRegistered,
    PropertiesTooLarge,
    UnknownEvents,
)
from toiya.webhooks.keys import prepare_key
from toiya.webhooks.models import WebhookRegistration

OVERLAP = dt.timedelta(hours=24)
USE = "webhooks"
LONGEST_PROPERTIES = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookDetails:
    """What the form, or the program, says. ``has_own_header``: the signature goes into ``x-ms-signature``."""

    url: str
    events: Collection[str]
    has_own_header: bool = False
    properties: Mapping[str, str] = field(default_factory=dict)


def registration_of(actor: Actor) -> WebhookRegistration:
    """The organisation's registration, to look at. Raises NotRegistered."""
    actor.must(Permission.WEBHOOKS_VIEW)
    found = WebhookRegistration.objects.visible_to(actor).first()
    if found is None:
        raise NotRegistered
    return found


def names_of(registration: WebhookRegistration) -> list[EventName]:
    """The events that it wants, in the order of the table."""
    found = set(EventInterest.objects.filter(tenant_id=registration.tenant_id).values_list("name", flat=True))
    return [name for name in EventName if name in found]


@transaction.atomic
def register_webhook(actor: Actor, *, details: WebhookDetails) -> WebhookRegistration:
    """From now on events are sent there. Raises AlreadyRegistered, AddressNotAllowed, UnknownEvents, NoEvents,
    PropertiesTooLarge.
    """
    actor.must(Permission.WEBHOOKS_MANAGE)
    names = _examined(details)
    registration, is_new = WebhookRegistration.objects.get_or_create(
        tenant_id=actor.tenant_id,
        defaults={**_columns(details), "created_at": actor.now, "changed_at": actor.now},
    )
    if not is_new:
        raise AlreadyRegistered
    prepare_key()
    EventInterest.objects.bulk_create(
        EventInterest(tenant_id=actor.tenant_id, name=name.value) for name in names
    )
    record(
        actor,
        AuditAction.REGISTER_WEBHOOK,
        registration,
        tenant_id=registration.tenant_id,
        after=_told(details, names),
    )
    return registration


@transaction.atomic
def change_webhook(
    actor: Actor, *, details: WebhookDetails, version: int | None = None
) -> WebhookRegistration:
    """What waits goes to the new address; what is no longer wanted is not sent. Raises NotRegistered, ChangedMeanwhile,
    and what ``register_webhook`` raises about the details.
    """
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    names, before = _examined(details), names_of(registration)
    was = _told(_details_of(registration, before), before)
    _write(
        registration,
        version,
        changed_at=actor.now,
        rests_until=None,
        **_columns(details),
    )
    wanted, held = {name.value for name in names}, {name.value for name in before}
    EventInterest.objects.filter(tenant_id=actor.tenant_id).exclude(name__in=wanted).delete()
    EventInterest.objects.bulk_create(
        EventInterest(tenant_id=actor.tenant_id, name=name) for name in sorted(wanted - held)
    )
    _drop(Event.objects.filter(tenant_id=actor.tenant_id, name__in=held - wanted))
    record(
        actor,
        AuditAction.UPDATE_WEBHOOK,
        registration,
        tenant_id=registration.tenant_id,
        before=was,
        after=_told(details, names),
    )
    return registration


@transaction.atomic
def remove_webhook(actor: Actor) -> None:
    """Nothing more is sent, what waits included. Raises NotRegistered."""
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    names = names_of(registration)
    record(
        actor,
        AuditAction.REMOVE_WEBHOOK,
        registration,
        tenant_id=registration.tenant_id,
        before=_told(_details_of(registration, names), names),
    )
    EventInterest.objects.filter(tenant_id=actor.tenant_id).delete()
    _drop(Event.objects.filter(tenant_id=actor.tenant_id))
    registration.delete()


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A registration and the secret that is shown once."""

    registration: WebhookRegistration
    secret: str


@transaction.atomic
def rotate_webhook_secret(actor: Actor, *, version: int | None = None) -> NewSecret:
    """A secret for receivers that check an HMAC; a former one is used beside it for a day (G-36). Raises
    NotRegistered, ChangedMeanwhile.
    """
    actor.must(Permission.WEBHOOKS_MANAGE)
    registration = locked_registration(actor)
    secret, until = new_secret(), real_now() + OVERLAP
    overlap: dict[str, object] = (
        {"encrypted_previous_secret": registration.encrypted_secret, "previous_secret_until": until}
        if registration.encrypted_secret
        else {}
    )
    _write(registration, version, encrypted_secret=encrypt(secret, use=USE), **overlap)
    record(
        actor,
        AuditAction.ROTATE_WEBHOOK_SECRET,
        registration,
        tenant_id=registration.tenant_id,
        after={"secret": "set", "until": until.isoformat() if overlap else ""},
    )
    return NewSecret(registration, secret)


def secrets_of(registration: WebhookRegistration) -> list[str]:
    """The present secret and, for a day after it was replaced, the one before; none where there is none. Raises
    Unreadable.
    """
    if not registration.encrypted_secret:
        return []
    found = [decrypt(registration.encrypted_secret, use=USE)]
    until = registration.previous_secret_until
    if registration.encrypted_previous_secret and until is not None and real_now() < until:
        found.append(decrypt(registration.encrypted_previous_secret, use=USE))
    return found


def locked_registration(actor: Actor) -> WebhookRegistration:
    """The organisation's registration as it is now, locked. Raises NotRegistered."""
    found = WebhookRegistration.objects.visible_to(actor).select_for_update(no_key=True).first()
    if found is None:
        raise NotRegistered
    return found


def _examined(details: WebhookDetails) -> list[EventName]:
    try:
        read_url(details.url)
    except OutboundRefused as error:
        raise AddressNotAllowed from error
    known = {name.value for name in EventName}
    unknown = sorted(set(details.events) - known)
    if unknown:
        raise UnknownEvents(names=unknown)
    if not details.events:
        raise NoEvents
    size = sum(len(key) + len(value) for key, value in details.properties.items())
    if size > LONGEST_PROPERTIES:
        raise PropertiesTooLarge(limit=LONGEST_PROPERTIES)
    return [name for name in EventName if name.value in set(details.events)]


def _columns(details: WebhookDetails) -> dict[str, object]:
    return {
        "url": details.url,
        "has_own_header": details.has_own_header,
        "properties": dict(details.properties),
    }


def _details_of(registration: WebhookRegistration, names: list[EventName]) -> WebhookDetails:
    return WebhookDetails(
        url=registration.url,
        events=[name.value for name in names],
        has_own_header=registration.has_own_header,
        properties=registration.properties,
    )


def _told(details: WebhookDetails, names: list[EventName]) -> dict[str, object]:
    """For the log; of the address only the host, since its path may be a key."""
    return {
        "host": urlsplit(details.url).netloc,
        "events": [name.value for name in names],
        "has_own_header": details.has_own_header,
    }


def _write(registration: WebhookRegistration, version: int | None, **fields: object) -> None:
    """Write the fields if the registration is still as it was read. Raises ChangedMeanwhile."""
    expected = registration.version if version is None else version
    written = WebhookRegistration.objects.filter(pk=registration.pk, version=expected).update(
        version=F("version") + 1, **fields
    )
    if not written:
        raise ChangedMeanwhile
    registration.refresh_from_db()


def _drop(events: EventQuerySet) -> None:
    events.waiting().update(state=EventState.DROPPED, finished_at=real_now(), leased_until=None)
