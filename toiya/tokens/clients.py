"""Which program calls, and whether it is the one it says (RFC 6749, 2.3).

A right secret is let in whatever else is tried at the same time: 256 random bits are not guessed, and a lock that
anybody could trigger by knowing a client id would be a way to stop a partner's orders (T-23). Wrong ones are counted
exactly, and are told so after ten in 15 minutes.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from enum import Enum
from urllib.parse import urlsplit

from toiya.core.clock import real_now
from toiya.core.errors import TooManyAttempts
from toiya.requests import limits
from toiya.tokens.applications import LOOPBACK
from toiya.tokens.models import Application, ApplicationSecret
from toiya.tokens.realms import Realm
from toiya.tokens.secrets import hash_of

WRONG_SECRETS = 10
WINDOW = dt.timedelta(minutes=15)
USED_EVERY = dt.timedelta(minutes=1)


class Why(Enum):
    """What is wrong with the program's own words."""

    UNKNOWN = "unknown"
    NO_SECRET = "no secret"  # noqa: S105
    WRONG_SECRET = "wrong secret"  # noqa: S105
    EXPIRED_SECRET = "expired secret"  # noqa: S105
    PUBLIC = "public"
    DISABLED = "disabled"
    TOO_MANY = "too many"


class ClientRefused(Exception):
    """It is not the program that it says, or may not act."""

    def __init__(self, why: Why) -> None:
        self.why = why
        super().__init__(why.value)


@dataclass(frozen=True, slots=True)
class Client:
    """A recognised program, with the secret that it showed."""

    application: Application
    secret: ApplicationSecret | None = None

    @property
    def client_id(self) -> str:
        """Its id on the wire."""
        return str(self.application.pk)

    def may_redirect_to(self, uri: str) -> bool:
        """Letter by letter one that is registered. On the user's own machine the port may be any (RFC 8252, 7.3)."""
        return uri in self.application.redirect_uris or _without_port(uri) in self.application.redirect_uris


def _without_port(uri: str) -> str | None:
    try:
        parts = urlsplit(uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if parts.scheme != "http" or port is None or not host or "@" in parts.netloc:
        return None
    name = f"[{host}]" if ":" in host else host
    if name not in LOOPBACK or parts.netloc != f"{name}:{port}":
        return None
    return uri.replace(f"//{parts.netloc}", f"//{name}", 1)


def known_client(client_id: str, realm: Realm) -> Client:
    """The live program with this id, where it belongs to the addressed organisation. Raises ClientRefused."""
    try:
        wanted = uuid.UUID(client_id)
    except ValueError as error:
        raise ClientRefused(Why.UNKNOWN) from error
    found = Application.objects.select_related("account", "tenant").filter(
        pk=wanted, unregistered_at__isnull=True
    )
    application = found.first()
    if application is None or not realm.admits(application.tenant_id):
        raise ClientRefused(Why.UNKNOWN)
    if not application.is_live:
        raise ClientRefused(Why.DISABLED)
    return Client(application)


def proven_client(client_id: str, secret: str, realm: Realm) -> Client:
    """The program, which has shown one of its secrets. Raises ClientRefused.

    Not one transaction: a refused try must stay counted.
    """
    application = known_client(client_id, realm).application
    if not application.is_confidential:
        raise ClientRefused(Why.PUBLIC)
    if not secret:
        raise ClientRefused(Why.NO_SECRET)
    shown = application.secrets.filter(hash=hash_of(secret)).first()
    if shown is None:
        try:
            limits.take("client secret", str(application.pk), limit=WRONG_SECRETS, per=WINDOW)
        except TooManyAttempts as error:
            raise ClientRefused(Why.TOO_MANY) from error
        raise ClientRefused(Why.WRONG_SECRET)
    now = real_now()
    if shown.expires_at <= now:
        raise ClientRefused(Why.EXPIRED_SECRET)
    if shown.last_used_at is None or now - shown.last_used_at > USED_EVERY:
        ApplicationSecret.objects.filter(pk=shown.pk).update(last_used_at=now)
    return Client(application, shown)
