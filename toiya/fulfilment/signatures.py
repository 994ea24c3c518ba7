"""Signed messages after the Standard Webhooks specification: HMAC-SHA256 over id, time and body.

Both directions use the connector's secret. While a rotation lasts, messages carry a signature of each secret, and one
of either is accepted.
"""

import base64
import datetime as dt
import hmac
import secrets

from toiya.core.cipher import decrypt, encrypt
from toiya.core.clock import real_now
from toiya.fulfilment.models import Connector

PREFIX = "whsec_"
KEY_BYTES = 32
TOLERANCE = dt.timedelta(seconds=300)
USE = "connectors"


def new_secret() -> str:
    """A secret of our own making, in the spelling that libraries for such webhooks read."""
    return PREFIX + base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def seal_secret(secret: str) -> str:
    """As the table holds it."""
    return encrypt(secret, use=USE)


def secret_of(connector: Connector) -> str:
    """The present secret. Raises Unreadable."""
    return decrypt(connector.encrypted_secret, use=USE)


def secrets_of(connector: Connector) -> list[str]:
    """The present secret and, for a day after it was replaced, the one before. Raises Unreadable."""
    found = [secret_of(connector)]
    until = connector.previous_secret_until
    if connector.encrypted_previous_secret and until is not None and real_now() < until:
        found.append(decrypt(connector.encrypted_previous_secret, use=USE))
    return found


def signature(secret: str, *, message_id: str, timestamp: str, body: bytes) -> str:
    """One signature as it stands in the header."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    mac = hmac.digest(key, f"{message_id}.{timestamp}.".encode() + body, "sha256")
    return f"v1,{base64.b64encode(mac).decode()}"


def signed_headers(connector: Connector, *, message_id: str, body: bytes) -> dict[str, str]:
    """The three headers of a message that goes out now. Raises Unreadable."""
    timestamp = str(int(real_now().timestamp()))
    made = [
        signature(secret, message_id=message_id, timestamp=timestamp, body=body)
        for secret in secrets_of(connector)
    ]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(made),
    }


def is_recent(timestamp: str) -> bool:
    """Whether a message says that it was signed within the last five minutes, or the next."""
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= len("99999999999")):
        return False
    return abs(real_now().timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()


def is_genuine(known: list[str], *, message_id: str, timestamp: str, given: str, body: bytes) -> bool:
    """Whether one of the signatures in the header is ours or the vendor's; every pair is compared in full."""
    wanted = [signature(one, message_id=message_id, timestamp=timestamp, body=body) for one in known]
    pairs = [
        hmac.compare_digest(right.encode(), one.encode()) for one in given.split(" ")[:5] for right in wanted
    ]
    return any(pairs)
