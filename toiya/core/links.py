"""Links in mails: an opaque id with a keyed MAC, so that the database holds nothing that opens anything.

Rule: reliability.md section 7, rule 11. The MAC covers purpose, id and version; raising an object's version kills
the links that were handed out before.
"""

import base64
import binascii
import hmac
import uuid
from enum import StrEnum

from django.conf import settings

from toiya.core.errors import InvalidLink
from toiya.core.keys import mac_of

MAC_BYTES = 32
VERSION_BYTES = 2
TOKEN_BYTES = 16 + VERSION_BYTES + MAC_BYTES


class Purpose(StrEnum):
    """What a link opens. A link made for one purpose never opens another."""

    PARTNER_INVITATION = "partner-invitation"
    RELATIONSHIP_INVITATION = "relationship-invitation"
    CONTACT_VERIFICATION = "contact-verification"
    # A partner's links for all customers: the first two name the organisation, the others the partnership.
    STANDING_AS_RESELLER = "standing-as-reseller"
    STANDING_AS_PROVIDER = "standing-as-provider"
    STANDING_FOR_BOTH_BY_RESELLER = "standing-for-both-by-reseller"
    STANDING_FOR_BOTH_BY_PROVIDER = "standing-for-both-by-provider"


def _mac(purpose: Purpose, payload: bytes) -> bytes:
    return mac_of("link", purpose.value.encode() + b"\0" + payload)


def link_token(purpose: Purpose, subject: uuid.UUID, version: int) -> str:
    """The token that stands in the link."""
    payload = subject.bytes + version.to_bytes(VERSION_BYTES, "big")
    return base64.urlsafe_b64encode(payload + _mac(purpose, payload)).rstrip(b"=").decode()


def read_link_token(purpose: Purpose, token: str) -> tuple[uuid.UUID, int]:
    """The id and version that the token names; raises InvalidLink for anything that Toiya did not make (G-10)."""
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidLink from error
    payload, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
    if len(raw) != TOKEN_BYTES or not hmac.compare_digest(mac, _mac(purpose, payload)):
        raise InvalidLink
    subject, version = uuid.UUID(bytes=payload[:16]), int.from_bytes(payload[16:], "big")
    if link_token(purpose, subject, version) != token:  # one spelling per link
        raise InvalidLink
    return subject, version


TO_CUSTOMERS = "/invitations/customer/"
PATHS = {
    Purpose.PARTNER_INVITATION: "/invitations/partnership/",
    Purpose.RELATIONSHIP_INVITATION: TO_CUSTOMERS,
    Purpose.STANDING_AS_RESELLER: TO_CUSTOMERS,
    Purpose.STANDING_AS_PROVIDER: TO_CUSTOMERS,
    Purpose.STANDING_FOR_BOTH_BY_RESELLER: TO_CUSTOMERS,
    Purpose.STANDING_FOR_BOTH_BY_PROVIDER: TO_CUSTOMERS,
    Purpose.CONTACT_VERIFICATION: "/verify/contact/",
}


def link_url(purpose: Purpose, subject: uuid.UUID, version: int) -> str:
    """The whole link, always below the configured origin, never below a request's host (T-26)."""
    return f"{settings.ORIGIN}{PATHS[purpose]}{link_token(purpose, subject, version)}/"
