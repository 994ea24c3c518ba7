"""Writing the log, in the transaction of the change that it describes."""

import hashlib
import secrets
import uuid
from collections.abc import Mapping
from typing import TypedDict

import rfc8785
from django.db import models

from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord, PersonalValue
from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.core.prepared import insert

Values = Mapping[str, object]
SALT_BYTES = 16
PERSONAL = frozenset(
    {
        "name",
        "first_name",
        "last_name",
        "user_name",
        "email",
        "contact_email",
        "contact_name",
        "phone",
        "contact_phone",
        "reading",
        "latin_name",
    }
)


class Where(TypedDict):
    """Whose organisation an act changed, and who came from outside, by which grant; for ``record``."""

    tenant_id: uuid.UUID
    counterparty_id: uuid.UUID | None
    grant_id: uuid.UUID | None


def at_home(tenant_id: uuid.UUID) -> Where:
    """An organisation's own people acted."""
    return Where(tenant_id=tenant_id, counterparty_id=None, grant_id=None)


def _personal(tenant_id: uuid.UUID, value: str) -> dict[str, str]:
    salt = secrets.token_bytes(SALT_BYTES)
    digest = hashlib.sha256(salt + value.encode()).hexdigest()
    insert(PersonalValue(tenant_id=tenant_id, digest=digest, salt=salt, value=value))
    return {"digest": digest}


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, set | frozenset):
        return sorted(str(entry) for entry in value)
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return str(value)


def _values(tenant_id: uuid.UUID, values: Values) -> dict[str, object]:
    return {
        key: _personal(tenant_id, str(value)) if key in PERSONAL and value else _plain(value)
        for key, value in values.items()
    }


def record_digest(entry: AuditRecord) -> str:
    """SHA-256 over the canonical JSON of the row."""
    return hashlib.sha256(canonical(entry)).hexdigest()


def canonical(entry: AuditRecord) -> bytes:
    """The canonical JSON (RFC 8785) of everything in the row but its number.

    An act of a person at a page has no application, and its digest is as it was before there were any.
    """
    content: dict[str, object] = {
        field.attname: _stable(getattr(entry, field.attname))
        for field in AuditRecord._meta.concrete_fields
        if field.attname not in {"id", "digest"}
    }
    if entry.application_id is None:
        del content["application_id"]
    return rfc8785.dumps(content)  # type: ignore[arg-type]


def _stable(value: object) -> object:
    if value is None or isinstance(value, dict | list | int):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def record(
    by: By,
    action: AuditAction,
    subject: models.Model,
    *,
    tenant_id: uuid.UUID,
    before: Values | None = None,
    after: Values | None = None,
    counterparty_id: uuid.UUID | None = None,
    customer_id: uuid.UUID | None = None,
    grant_id: uuid.UUID | None = None,
) -> AuditRecord:
    """Write what happened. ``tenant_id`` is the organisation whose object changed; its chain carries the entry.

    Names, addresses and the like (``PERSONAL``) enter as salted digests, so that they can be erased later.
    """
    entry = AuditRecord(
        tenant_id=tenant_id,
        family_id=by.family_id,
        counterparty_id=counterparty_id if counterparty_id != tenant_id else None,
        customer_id=customer_id,
        at=by.now,
        recorded_at=real_now(),
        action=action.value,
        subject_kind=subject._meta.model_name or "",
        subject_id=str(subject.pk),
        actor_kind="person" if by.person_id else getattr(by, "kind", "system"),
        actor_id=by.person_id,
        actor_tenant_id=by.tenant_id,
        application_id=by.application_id,
        grant_id=grant_id,
        correlation_id=by.correlation_id,
        before=_values(tenant_id, before or {}),
        after=_values(tenant_id, after or {}),
    )
    entry.digest = record_digest(entry)
    insert(entry)
    return entry
