"""The same request sent again gets the first answer and changes nothing (G-32).

A request is known by tenant, application, method, path and its MS-RequestId. The answer is written in the transaction
of the use case, so that there is never one without the other. It may carry a password that is shown once: it is kept
encrypted under a key made from the request id, and only a hash of that id is stored.
"""

import base64
import hashlib
import json
import uuid
from dataclasses import dataclass

from cryptography.fernet import Fernet
from django.db import connection
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from toiya.core.clock import real_now
from toiya.core.errors import Refusal
from toiya.requests.models import Replay


class OtherRequest(Refusal):
    """The request id was used before, for a request with another body."""

    code = "request_id_used"
    status = 422
    message = _("This MS-RequestId belongs to an earlier request with another body. Send a new id.")


@dataclass(frozen=True, slots=True)
class Asked:
    """What makes two requests the same one."""

    tenant_id: uuid.UUID
    application_id: uuid.UUID
    method: str
    path: str
    request_id: str
    body: bytes

    @property
    def key(self) -> str:
        """The hash under which the answer is kept."""
        parts = (
            str(self.tenant_id),
            str(self.application_id),
            self.method,
            self.path.lower(),
            self.request_id,
        )
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def digest(self) -> str:
        """The hash of what was sent."""
        return hashlib.sha256(self.body).hexdigest()

    @property
    def cipher(self) -> Fernet:
        """Only whoever knows the request id reads the answer."""
        key = salted_hmac(
            "toiya.requests.replays", f"{self.request_id}|{self.key}", algorithm="sha256"
        ).digest()
        return Fernet(base64.urlsafe_b64encode(key))


@dataclass(frozen=True, slots=True)
class Kept:
    """The first answer."""

    status: int
    headers: dict[str, str]
    body: bytes


CLAIM = "INSERT INTO requests_replay (key, digest, answer, at) VALUES (%s, %s, '', %s) ON CONFLICT DO NOTHING"

KEEP = "UPDATE requests_replay SET answer = %s WHERE key = %s"


def claim(asked: Asked) -> bool:
    """Inside the transaction of the act: this request is being carried out now. A second one waits here for the first.

    False: it was carried out before, and ``first_answer`` has what it was told; nothing may be done.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, [asked.key, asked.digest, real_now()])
        return bool(cursor.rowcount)


def first_answer(asked: Asked) -> Kept:
    """What this request was answered. Raises OtherRequest."""
    kept = Replay.objects.get(key=asked.key)
    if kept.digest != asked.digest:
        raise OtherRequest
    head, _line, body = asked.cipher.decrypt(kept.answer.encode()).partition(b"\n")
    told = json.loads(head)
    return Kept(told["status"], told["headers"], body)


def keep(asked: Asked, answer: Kept) -> None:
    """The answer, in the transaction of the act."""
    head = json.dumps({"status": answer.status, "headers": answer.headers}).encode()
    sealed = asked.cipher.encrypt(head + b"\n" + answer.body).decode()
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [sealed, asked.key])
