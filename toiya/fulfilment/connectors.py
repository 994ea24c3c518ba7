"""The operator's connectors: setting them up, changing them, pausing them, and their secrets."""

import datetime as dt
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from toiya.audit.actions import AuditAction
from toiya.audit.record import record
from toiya.core.actor import Actor
from toiya.core.clock import real_now
from toiya.core.errors import NotVisible
from toiya.core.outbound import OutboundRefused, read_url
from toiya.core.permissions import Permission
from toiya.core.signatures import new_secret
from toiya.fulfilment.errors import AddressNotAllowed, CodeTaken, ConnectorChanged, FieldMissing, KindFixed
from toiya.fulfilment.models import Connector, ConnectorKind, FulfilmentTask
from toiya.fulfilment.outcomes import Outcome
from toiya.fulfilment.signatures import seal_secret
from toiya.fulfilment.speaking import way_of

OVERLAP = dt.timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorDetails:
    """What the form holds. ``password`` is a broker's; empty leaves the one that is stored."""

    code: str
    name: str
    kind: ConnectorKind
    url: str = ""
    user_name: str = ""
    password: str = ""
    timeout_hours: int = 72


def _must_be_complete(details: ConnectorDetails, *, has_secret: bool) -> None:
    if details.kind == ConnectorKind.INSTANT:
        return
    if not details.url:
        raise FieldMissing(field="url")
    try:
        read_url(details.url)
    except OutboundRefused as error:
        raise AddressNotAllowed from error
    if details.kind == ConnectorKind.SERVICE_BROKER:
        if not details.user_name:
            raise FieldMissing(field="user_name")
        if not details.password and not has_secret:
            raise FieldMissing(field="password")


def _columns(details: ConnectorDetails) -> dict[str, object]:
    """What the kind needs, and nothing else."""
    is_remote = details.kind != ConnectorKind.INSTANT
    is_broker = details.kind == ConnectorKind.SERVICE_BROKER
    return {
        "code": details.code,
        "name": details.name,
        "kind": details.kind,
        "url": details.url if is_remote else "",
        "user_name": details.user_name if is_broker else "",
        "timeout_hours": details.timeout_hours,
    }


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A connector and the secret that is shown once; empty where there is none to show."""

    connector: Connector
    secret: str


@transaction.atomic
def create_connector(actor: Actor, *, details: ConnectorDetails) -> NewSecret:
    """Set up a connector. The secret of a webhook is made here and shown once."""
    actor.must(Permission.FULFILMENT_MANAGE)
    _must_be_complete(details, has_secret=False)
    secret = new_secret() if details.kind == ConnectorKind.WEBHOOK else ""
    stored = secret or (details.password if details.kind == ConnectorKind.SERVICE_BROKER else "")
    connector, is_new = Connector.objects.get_or_create(
        tenant_id=actor.tenant_id,
        code=details.code,
        defaults={
            **_columns(details),
            "encrypted_secret": seal_secret(stored) if stored else "",
            "created_at": actor.now,
        },
    )
    if not is_new:
        raise CodeTaken(code=details.code)
    record(
        actor,
        AuditAction.CREATE_CONNECTOR,
        connector,
        tenant_id=connector.tenant_id,
        after={**_plain(_columns(details)), "secret": "set" if stored else ""},
    )
    return NewSecret(connector, secret)


def _plain(columns: dict[str, object]) -> dict[str, object]:
    """For the log, where ``name`` and ``user_name`` mean a person's."""
    words = {"name": "connector_name", "kind": "connector_kind", "user_name": "broker_user"}
    return {words.get(key, key): value for key, value in columns.items() if value}


@transaction.atomic
def update_connector(
    actor: Actor, *, connector_id: uuid.UUID, version: int, details: ConnectorDetails
) -> Connector:
    """Change it; what waits goes to the new address. A new password of a broker counts from the next call on."""
    actor.must(Permission.FULFILMENT_MANAGE)
    connector = _locked(actor, connector_id)
    if connector.version != version:
        raise ConnectorChanged
    is_other_kind = details.kind != connector.kind
    if is_other_kind and FulfilmentTask.objects.unfinished().filter(connector=connector).exists():
        raise KindFixed
    taken = Connector.objects.filter(tenant_id=connector.tenant_id, code=details.code).exclude(
        pk=connector.pk
    )
    if taken.exists():
        raise CodeTaken(code=details.code)
    _must_be_complete(details, has_secret=bool(connector.encrypted_secret) and not is_other_kind)
    columns = _columns(details)
    before = {name: getattr(connector, name) for name in columns}
    secrets: dict[str, object] = {}
    if is_other_kind:
        secrets = {"encrypted_secret": "", "encrypted_previous_secret": "", "previous_secret_until": None}
    if details.kind == ConnectorKind.SERVICE_BROKER and details.password:
        secrets["encrypted_secret"] = seal_secret(details.password)
    _write(connector, version, rests_until=None, **columns, **secrets)
    changed = {name for name, value in columns.items() if before[name] != value}
    record(
        actor,
        AuditAction.UPDATE_CONNECTOR,
        connector,
        tenant_id=connector.tenant_id,
        before=_plain({name: before[name] for name in changed}),
        after={
            **_plain({name: columns[name] for name in changed}),
            **({"secret": "set"} if secrets.get("encrypted_secret") else {}),
        },
    )
    return connector


@transaction.atomic
def rotate_secret(actor: Actor, *, connector_id: uuid.UUID, version: int) -> NewSecret:
    """A new secret for a webhook, shown once. For a day both are good, on both sides (G-36)."""
    actor.must(Permission.FULFILMENT_MANAGE)
    connector = _locked(actor, connector_id)
    if connector.kind != ConnectorKind.WEBHOOK:
        raise NotVisible
    if connector.version != version:
        raise ConnectorChanged
    secret, until = new_secret(), real_now() + OVERLAP
    overlap: dict[str, object] = (
        {"encrypted_previous_secret": connector.encrypted_secret, "previous_secret_until": until}
        if connector.encrypted_secret
        else {}
    )
    _write(connector, version, encrypted_secret=seal_secret(secret), **overlap)
    record(
        actor,
        AuditAction.UPDATE_CONNECTOR,
        connector,
        tenant_id=connector.tenant_id,
        after={"secret": "rotated", "until": until.isoformat() if overlap else ""},
    )
    return NewSecret(connector, secret)


@transaction.atomic
def pause_connector(actor: Actor, *, connector_id: uuid.UUID) -> Connector:
    """Nothing more is sent or asked; call-backs are still taken. Pausing twice changes nothing."""
    actor.must(Permission.FULFILMENT_MANAGE)
    connector = _locked(actor, connector_id)
    if connector.paused_at is None:
        _write(connector, connector.version, paused_at=real_now())
        record(actor, AuditAction.PAUSE_CONNECTOR, connector, tenant_id=connector.tenant_id)
    return connector


@transaction.atomic
def resume_connector(actor: Actor, *, connector_id: uuid.UUID) -> Connector:
    """Everything goes on, with as much time left as when it was paused."""
    actor.must(Permission.FULFILMENT_MANAGE)
    connector = _locked(actor, connector_id)
    if connector.paused_at is not None:
        pause = real_now() - connector.paused_at
        FulfilmentTask.objects.unfinished().filter(connector=connector).update(
            deadline_at=F("deadline_at") + pause
        )
        _write(connector, connector.version, paused_at=None, rests_until=None)
        record(actor, AuditAction.RESUME_CONNECTOR, connector, tenant_id=connector.tenant_id)
    return connector


def try_connector(actor: Actor, *, connector_id: uuid.UUID) -> Outcome:
    """A call that asks for nothing, to see whether the other system answers. Changes nothing here."""
    actor.must(Permission.FULFILMENT_MANAGE)
    connector = Connector.objects.visible_to(actor).filter(pk=connector_id).first()
    if connector is None:
        raise NotVisible
    return way_of(connector).try_out(connector)


def _locked(actor: Actor, connector_id: uuid.UUID) -> Connector:
    found = Connector.objects.visible_to(actor).filter(pk=connector_id).select_for_update().first()
    if found is None:
        raise NotVisible
    return found


def _write(connector: Connector, version: int, **fields: object) -> None:
    """Write the fields if the connector is still as it was read. Raises ConnectorChanged."""
    written = Connector.objects.filter(pk=connector.pk, version=version).update(version=version + 1, **fields)
    if not written:
        raise ConnectorChanged
    connector.refresh_from_db()
