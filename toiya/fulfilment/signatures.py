"""The secret of a connector, and what it signs (core/signatures.py).

Both directions use the connector's secret. While a rotation lasts, messages carry a signature of each secret, and one
of either is accepted.
"""

from toiya.core.cipher import decrypt, encrypt
from toiya.core.clock import real_now
from toiya.core.signatures import headers_of, present_timestamp, signature
from toiya.fulfilment.models import Connector

USE = "connectors"


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


def signed_headers(connector: Connector, *, message_id: str, body: bytes) -> dict[str, str]:
    """The three headers of a message that goes out now. Raises Unreadable."""
    timestamp = present_timestamp()
    return headers_of(
        message_id=message_id,
        timestamp=timestamp,
        signatures=[
            signature(secret, message_id=message_id, timestamp=timestamp, body=body)
            for secret in secrets_of(connector)
        ],
    )
