"""The one way out: every HTTP call to somebody else's system passes here (reliability.md section 7 rule 12, T-35).

An address is taken only if it is https on a usual port and its name resolves, once, to public addresses alone; the
call goes to the address that was looked at. No redirect is followed, no proxy or password file of the machine is
read; after five seconds in all, or 64 KiB, the call has failed. ``TOIYA_OUTBOUND_ALLOW`` opens single ports of this
machine for tests and for the demo; production refuses to start with it.
"""

import ipaddress
import queue
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpcore2
from django.conf import settings

SECONDS = 5.0
LONGEST_BODY = 64 * 1024
LONGEST_URL = 500
PORTS = frozenset({443, 8443})
PLAIN_PORT = 80
HIGHEST_PORT = 65535
WRITTEN = re.compile(
    r"[!-~]+"
)  # visible ASCII: no space, no control sign, nothing that looks like something else
NAME = re.compile(
    r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
# Addresses that carry another one inside, or lead somewhere else than they say.
CARRIERS = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2001::/32",
        "2002::/16",
        "fec0::/10",
    )
)
RELAYS = (ipaddress.ip_network("192.88.99.0/24"), ipaddress.ip_network("192.31.196.0/24"))
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundRefused(Exception):
    """The call may not be made at all: the address is not one that calls may go to."""


class OutboundFailed(Exception):
    """No usable answer came: nobody there, too slow, too long, a broken line or certificate."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes, as far as the address tells before its name is looked up."""

    scheme: str
    host: str
    port: int
    path: str
    is_opened: bool  # by TOIYA_OUTBOUND_ALLOW: a port of this machine


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: never shown to anybody as it is."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def read_url(url: str) -> Target:
    """The parts of an address that calls may go to. Raises OutboundRefused; nothing is looked up yet."""
    if len(url) > LONGEST_URL or not WRITTEN.fullmatch(url) or "\\" in url:
        raise OutboundRefused("the address is too long or has signs that no address has")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise OutboundRefused("the address cannot be read") from error
    host = parts.hostname or ""
    if "@" in parts.netloc or "%" in parts.netloc or parts.fragment or not host:
        raise OutboundRefused("the address has a user, a fragment or no host")
    if port is None:
        port = PLAIN_PORT if parts.scheme == "http" else 443
    is_opened = (host, port) in settings.OUTBOUND_ALLOW
    if not is_opened:
        _must_be_usual(parts.scheme, host, port)
    elif parts.scheme not in {"http", "https"}:
        raise OutboundRefused("calls are made by https")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port, path, is_opened)


def _must_be_usual(scheme: str, host: str, port: int) -> None:
    if scheme != "https":
        raise OutboundRefused("calls are made by https")
    if port not in PORTS:
        raise OutboundRefused(f"calls go to the ports {', '.join(map(str, sorted(PORTS)))}, not to {port}")
    if not NAME.fullmatch(host):
        address = _address(host)  # one that is written out as every program writes it
        if address is None or not is_public(address):
            raise OutboundRefused("the host is neither a public name nor a public address")


def _address(host: str) -> Address | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return address if str(address) == host else None


def is_public(address: Address) -> bool:
    """Whether the address belongs to the public network, and to nothing else by another spelling."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id or any(address in network for network in CARRIERS):
            return False
    elif any(address in network for network in RELAYS):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def resolve(target: Target, *, seconds: float) -> str:
    """The address to call: looked up once, and refused if any of the name's addresses is not public."""
    found = _look_up(target, seconds)
    for address in found:
        fits = address.is_loopback if target.is_opened else is_public(address)
        if not fits:
            raise OutboundRefused("the name leads to an address that calls may not go to")
    return str(found[0])


def _look_up(target: Target, seconds: float) -> list[Address]:
    """The system's own look-up knows no time limit, so it runs beside us."""
    answers: queue.Queue[list[Any] | OSError | UnicodeError] = queue.Queue()

    def ask() -> None:
        try:
            answers.put(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        found = answers.get(timeout=max(seconds, 0.01))
    except queue.Empty as error:
        raise OutboundFailed("the name was not looked up in time") from error
    if isinstance(found, Exception) or not found:
        raise OutboundFailed("the name is not known")
    return [ipaddress.ip_address(str(entry[4][0])) for entry in found]


class _Deadline:
    """The time that is left for the whole call, however it is spent."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds; raises OutboundFailed when none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise OutboundFailed("no whole answer in time")
        return left


class _Stream(httpcore2.NetworkStream):
    """A line on which every step gets only the time that is left."""

    def __init__(self, inner: httpcore2.NetworkStream, deadline: _Deadline) -> None:
        self._inner, self._deadline = inner, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        return self._inner.read(max_bytes, self._deadline.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._inner.write(buffer, self._deadline.left())

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        del timeout
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.left())
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401  (the library's own signature)
        return self._inner.get_extra_info(info)


class _Pinned(httpcore2.NetworkBackend):
    """Connects to the address that was looked at, whatever the name leads to by now."""

    def __init__(self, address: str, deadline: _Deadline) -> None:
        self._address, self._deadline = address, deadline
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        del host, timeout
        stream = self._inner.connect_tcp(
            self._address, port, self._deadline.left(), local_address, socket_options
        )
        return _Stream(stream, self._deadline)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that this machine trusts: reading them takes longer than a call, so it is done once."""
    return ssl.create_default_context()


def call(
    method: str, url: str, *, headers: Mapping[str, str], body: bytes = b"", seconds: float | None = None
) -> Answer:
    """One call, one answer of whatever status. Raises OutboundRefused and OutboundFailed."""
    target = read_url(url)
    deadline = _Deadline(SECONDS if seconds is None else seconds)
    address = resolve(target, seconds=deadline.left())
    host = f"[{target.host}]" if ":" in target.host else target.host
    address_of_host = f"{target.scheme}://{host}:{target.port}{target.path}"
    try:
        with (
            httpcore2.ConnectionPool(
                ssl_context=_trusted(), network_backend=_Pinned(address, deadline)
            ) as pool,
            pool.stream(
                method, address_of_host, headers=[*_usual(target, host, headers).items()], content=body
            ) as response,
        ):
            return Answer(
                response.status,
                {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers},
                _read(response.iter_stream()),
            )
    except (httpcore2.TimeoutException, TimeoutError) as error:
        raise OutboundFailed("no whole answer in time") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError) as error:
        raise OutboundFailed(_why(error)) from error


def _usual(target: Target, host: str, more: Mapping[str, str]) -> dict[str, str]:
    is_default = target.port == (443 if target.scheme == "https" else PLAIN_PORT)
    return {
        "Host": host if is_default else f"{host}:{target.port}",
        "User-Agent": "Toiya",
        "Accept": "application/json",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **more,
    }


def _read(chunks: Iterable[bytes]) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > LONGEST_BODY:
            raise OutboundFailed(f"the answer is longer than {LONGEST_BODY // 1024} KiB")
    return bytes(body)


def _why(error: BaseException) -> str:
    """What the line said: about certificates in the system's words, else in ours."""
    if isinstance(error, httpcore2.ProtocolError):
        return "what came back is no HTTP answer"
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return f"no safe line: {cause.reason or 'TLS failed'}"
        if isinstance(cause, ConnectionRefusedError):
            return "nobody listens there"
        cause = cause.__cause__ or cause.__context__
    return "the line broke"
