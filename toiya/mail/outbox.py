"""Posting mails. The row commits with the change that it tells about, or not at all."""

import datetime as dt
import uuid
from collections.abc import Mapping
from typing import Any

from django.db.models import Count, Min

from toiya.core.actor import By
from toiya.core.clock import real_now
from toiya.core.prepared import insert
from toiya.mail.models import OutgoingMail


def waiting_mails(now: dt.datetime) -> tuple[int, float]:
    """How many mails wait to be sent, and how many seconds the oldest has been due."""
    waiting = OutgoingMail.objects.filter(sent_at__isnull=True, failed_at__isnull=True)
    found = waiting.aggregate(count=Count("pk"), oldest=Min("due_at"))
    return found["count"], max((now - found["oldest"]).total_seconds(), 0.0) if found["oldest"] else 0.0


def post(
    by: By,
    message: str,
    *,
    to: str,
    language: str,
    subject_id: uuid.UUID | None = None,
    context: Mapping[str, object] | None = None,
) -> OutgoingMail | None:
    """Queue the named message (a folder below ``templates/mail``) for one recipient, in the recipient's
    language. An application has no address, and gets none.

    ``context`` holds names, dates and ids, never a link or a secret: a key that ends in ``_link`` is made at
    rendering
    from ``{"purpose", "id", "version"}``.
    """
    if not to:
        return None
    mail = OutgoingMail(
        tenant_id=by.tenant_id,
        family_id=by.family_id,
        message=message,
        to=to,
        language=language,
        context={
            key: value if isinstance(value, dict | list | int) else str(value)
            for key, value in (context or {}).items()
        },
        subject_id=subject_id,
        posted_at=by.now,
        due_at=real_now(),
    )
    insert(mail)
    return mail


def post_addressed(by: By, message: str, *, to: str, **more: Any) -> OutgoingMail:
    """``post`` to an address that somebody typed, so that there is one."""
    mail = post(by, message, to=to, **more)
    if mail is None:
        raise ValueError(message)
    return mail
