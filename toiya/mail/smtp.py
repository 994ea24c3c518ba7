"""The mail server that TOIYA_SMTP_URL names: smtp://, starttls:// or smtps://, with or without user and
password.
"""

import smtplib
import ssl
from email.message import Message
from ipaddress import ip_address
from types import TracebackType
from typing import Self
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TIMEOUT_SECONDS = 30
PORTS = {"smtp": 25, "starttls": 587, "smtps": 465}


class MailServerAway(Exception):
    """Nobody answers, or not as agreed: no mail of this round can go out."""


class MailServer:
    """One connection for a round of mails, opened when the first one is sent."""

    def __init__(self, url: str) -> None:
        self._url = urlsplit(url)
        self._session: smtplib.SMTP | None = None
        if self._url.scheme not in PORTS or not self._url.hostname:
            found = f"{self._url.scheme}://{self._url.hostname or ''}"
            message = (
                f"TOIYA_SMTP_URL begins “{found}”; it must be smtp://, starttls:// or smtps:// and a host."
            )
            raise ImproperlyConfigured(message)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._session is not None:
            try:
                self._session.quit()
            except (smtplib.SMTPException, OSError):
                self._session.close()

    def send(self, message: Message, to: str) -> None:
        """Hand the message over, to exactly this recipient. Raises SMTPException, or MailServerAway."""
        if self._session is None:
            try:
                self._session = self._open()
            except (OSError, smtplib.SMTPException) as error:
                raise MailServerAway(str(error)) from error
        try:
            self._session.send_message(message, to_addrs=[to])
        except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
            raise MailServerAway(str(error)) from error

    def _open(self) -> smtplib.SMTP:
        host, port = self._url.hostname or "", self._url.port or PORTS[self._url.scheme]
        if self._url.scheme == "smtps":
            context = ssl.create_default_context()
            session: smtplib.SMTP = smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_SECONDS, context=context)
        else:
            session = smtplib.SMTP(host, port, timeout=TIMEOUT_SECONDS)
        session.ehlo()
        is_private = self._url.scheme == "smtps"
        if self._url.scheme == "starttls" or (
            not is_private and session.has_extn("starttls") and not _is_loopback(host)
        ):
            session.starttls(context=ssl.create_default_context())
            session.ehlo()
            is_private = True
        if self._url.username:
            if not is_private and not _is_loopback(host):
                raise smtplib.SMTPException("the server offers no TLS: the password stays here")
            session.login(unquote(self._url.username), unquote(self._url.password or ""))
        return session


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
