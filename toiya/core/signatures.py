"""Signed messages after the Standard Webhooks specification: HMAC-SHA256 over id, time and body.

Connectors (both directions) and the webhooks of partners share it.
"""

import base64
import datetime as dt
import hmac
import secrets
from collections.abc import Iterable

from toiya.core.clock import real_now

PREFIX = "whsec_"
KEY_BYTES = 32
TOLERANCE = dt.timedelta(seconds=300)


def new_secret() -> str:
    """A secret of our own making, in the spelling that libraries for such webhooks read."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def signed_content(*, message_id: str, timestamp: str, body: bytes) -> bytes:
    """What signatures cover: neither id nor time can be exchanged."""
    return f"{message_id}.{timestamp}.".encode() + body


def signature(secret: str, *, message_id: str, timestamp: str, body: bytes) -> str:
    """One signature as it stands in the header."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    content = signed_content(message_id=message_id, timestamp=timestamp, body=body)
    return f"v1,{base64.b64encode(hmac.digest(key, content, 'sha256')).decode()}"


def present_timestamp() -> str:
    """Seconds of real time, as the header has them."""
    return str(int(real_now().timestamp()))


def headers_of(*, message_id: str, timestamp: str, signatures: Iterable[str]) -> dict[str, str]:
    """The three headers of a signed message."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(signatures),
    }


def is_recent(timestamp: str) -> bool:
    """Whether a message says that it was signed within the last five minutes, or the next."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("99999999999")):
        return False
    return abs(real_now().timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()


def is_genuine(known: list[str], *, message_id: str, timestamp: str, given: str, body: bytes) -> bool:
    """Whether one of the signatures in the header is made with a known secret; every pair is compared in full."""
    wanted = [signature(one, message_id=message_id, timestamp=timestamp, body=body) for one in known]
    pairs = [
        hmac.compare_digest(right.encode(), one.encode()) for one in given.split(" ")[:5] for right in wanted
    ]
    return any(pairs)
