"""Calls go to the public network and nowhere else, and take no more than five seconds and 64 KiB (G-27, T-35)."""

import contextlib
import ipaddress
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpcore2
import pytest
from django.conf import LazySettings

from toiya.core.outbound import OutboundFailed, OutboundRefused, call

pytestmark = pytest.mark.once

PLACES = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "0.0.0.0",  # noqa: S104  (refused, not bound)
    "0",
    "10.0.0.1",
    "10.255.255.255",
    "172.16.0.1",
    "172.31.255.254",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "100.100.100.200",
    "192.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "192.88.99.1",
    "2130706433",
    "0x7f000001",
    "0x7f.0.0.1",
    "017700000001",
    "0177.0.0.1",
    "127.0.0.1.",
    "3232235521",
    "[::1]",
    "[::]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[::ffff:a9fe:a9fe]",
    "[::127.0.0.1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[fec0::1]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::a00:1]",
    "[2001:0:53aa:64c:0:0:80ff:fffe]",
    "[100::1]",
    "[0:0:0:0:0:0:0:1]",
    "localhost",
    "localhost.",
    "LOCALHOST",
    "ip6-localhost",
    "toiya",
    "router.local",
    "metadata.google.internal",
    "%6c%6f%63alhost",
    "⑯⑨｡②⑤④｡①⑥⑨｡②⑤④",
    "loopback.example",
    "rebound.example",
    "private.example",
    "mixed.example",
    "mapped.example",
    "mapped-public.example",
    "empty.example",
]
SHAPES = (
    "http://public.example/",
    "http://public.example:443/",
    "ftp://public.example/",
    "file:///etc/passwd",
    "gopher://public.example:443/_x",
    "dict://public.example:443/",
    "unix:///run/postgresql",
    "//public.example/",
    "https:public.example",
    "https:///x",
    "https://",
    "",
    "https://public.example:22/",
    "https://public.example:25/",
    "https://public.example:80/",
    "https://public.example:5432/",
    "https://public.example:8000/",
    "https://public.example:65536/",
    "https://public.example:-1/",
    "https://public.example:x/",
    "https://user@public.example/",
    "https://user:secret@public.example/",
    "https://public.example@127.0.0.1/",
    "https://127.0.0.1\\@public.example/",
    "https://public.example\\.local/",
    "https://public.example#@127.0.0.1/",
    "https://public.example/ HTTP/1.1\r\nHost: 127.0.0.1",
    "https://public.example\r\n.local/",
    "https://public.example\t/",
    "https://public.example/\x00",
    "https://[public.example]/",
    "https://[127.0.0.1]/",
    "https://public..example/",
    "https://.public.example/",
    "https://-public.example/",
    "https://public_example.example/",
    f"https://{'a' * 64}.example/",
    f"https://public.example/{'x' * 500}",
    "https://パブリック.example/",
)
NAMES = {
    "public.example": ["93.184.216.34"],
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "mapped-public.example": ["::ffff:93.184.216.34"],
    "rebound.example": ["169.254.169.254"],
}


class Watched:
    """The machine's look-ups and connections, none of which leave the test."""

    def __init__(self) -> None:
        self.looked_up: list[str] = []
        self.connected: list[str] = []

    def look_up(self, host: str, port: int, **_kind: object) -> list[Any]:
        self.looked_up.append(host)
        found = NAMES.get(host)
        if found is None:
            try:
                found = [str(ipaddress.ip_address(host))]
            except ValueError:
                raise socket.gaierror(socket.EAI_NONAME, "unknown") from None
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    def connect(self, host: str, port: int, *_rest: object) -> object:
        self.connected.append(f"{host}:{port}")
        raise httpcore2.ConnectError("the test ends here")


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Nothing is looked up or connected for real."""
    watch = Watched()
    monkeypatch.setattr(socket, "getaddrinfo", watch.look_up)
    monkeypatch.setattr(httpcore2.SyncBackend, "connect_tcp", watch.connect)
    return watch


@pytest.mark.goal("G-27")
def test_no_address_but_a_public_one_is_ever_connected_to(watched: Watched) -> None:
    """Planted faults that this test finds: only the first address of a name looked at; mapped IPv6 addresses taken for
    public ones; the port not looked at.
    """
    vectors = [f"https://{place}/" for place in PLACES] + [f"https://{place}:8443/x" for place in PLACES[:8]]
    vectors += SHAPES
    let_through = []
    for url in vectors:
        try:
            call("POST", url, headers={}, body=b"{}")
        except (OutboundRefused, OutboundFailed):
            continue
        let_through.append(url)  # pragma: no cover

    assert len(vectors) >= 80
    assert (let_through, watched.connected) == ([], [])


@pytest.mark.goal("G-27")
def test_a_name_is_looked_up_once_and_the_call_goes_to_that_very_address(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rebinding: the name leads to this machine as soon as it has been looked at. Planted fault: connecting by name."""
    answers: Iterator[list[str]] = iter([["93.184.216.34"], ["127.0.0.1"], ["127.0.0.1"]])

    def look_up(host: str, port: int, **kind: object) -> list[Any]:
        watched.looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in next(answers)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(OutboundFailed):
        call("POST", "https://rebinding.example/", headers={})

    assert watched.looked_up == ["rebinding.example"]
    assert watched.connected == ["93.184.216.34:443"]


@pytest.fixture
def listener(settings: LazySettings) -> Iterator[Callable[[Callable[[socket.socket], None]], str]]:
    """A server that does with one connection what the test says."""
    sockets: list[socket.socket] = []

    def serve(act: Callable[[socket.socket], None]) -> str:
        server = socket.create_server(("127.0.0.1", 0))
        sockets.append(server)

        def run() -> None:
            line, _address = server.accept()
            with line:
                line.recv(65536)
                with contextlib.suppress(OSError):  # the caller hung up
                    act(line)

        threading.Thread(target=run, daemon=True).start()
        port = server.getsockname()[1]
        settings.OUTBOUND_ALLOW = frozenset({("127.0.0.1", port)})
        return f"http://127.0.0.1:{port}/"

    yield serve
    for server in sockets:
        server.close()


def _drip(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    for _tick in range(100):
        line.sendall(b"x")
        time.sleep(0.05)


def _drip_headers(line: socket.socket) -> None:
    for _tick in range(100):
        line.sendall(b"HTTP/1.1 200 OK\r\n" if not _tick else b"X-A: b\r\n")
        time.sleep(0.05)


def _flood(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
    for _chunk in range(100):
        line.sendall(b"x" * 65536)


@pytest.mark.parametrize(
    ("act", "why"),
    [
        (_drip, "in time"),
        (_drip_headers, "in time"),
        (lambda _line: time.sleep(3), "in time"),
        (_flood, "longer than 64 KiB"),
        (lambda line: line.sendall(b"SSH-2.0-OpenSSH\r\n"), "no HTTP answer|broke"),
        (lambda line: line.close(), "no HTTP answer|broke"),
    ],
)
def test_slow_long_and_broken_answers_end_the_call(
    listener: Callable[[Callable[[socket.socket], None]], str], act: Callable[[socket.socket], None], why: str
) -> None:
    """Planted fault that this test finds: the time limit for each step of the call instead of the whole."""
    url = listener(act)
    with pytest.raises(OutboundFailed, match=why):
        call("POST", url, headers={}, body=b"{}", seconds=0.6 if why == "in time" else 5)


def test_a_redirect_is_an_answer_like_any_other(
    listener: Callable[[Callable[[socket.socket], None]], str],
) -> None:
    url = listener(
        lambda line: line.sendall(
            b"HTTP/1.1 307 Temporary\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n"
        )
    )

    assert call("POST", url, headers={}, body=b"{}").status == 307


def test_an_opened_port_opens_this_machine_only_and_production_refuses_it(
    watched: Watched, settings: LazySettings
) -> None:
    settings.OUTBOUND_ALLOW = frozenset({("localhost", 9)})
    with pytest.raises(OutboundRefused):
        call("GET", "http://localhost:10/", headers={})
    NAMES["localhost"] = ["10.0.0.9"]
    try:
        with pytest.raises(OutboundRefused):
            call("GET", "http://localhost:9/", headers={})
    finally:
        del NAMES["localhost"]
    assert watched.connected == []

    environment = {
        **os.environ,
        "TOIYA_MODE": "production",
        "TOIYA_ORIGIN": "https://partners.example.com",
        "TOIYA_SECRET_KEY": "k" * 60,
        "TOIYA_SMTP_URL": "smtp://mail.example.com:587",
    }
    start = [sys.executable, "-c", "import toiya.settings"]
    for opened, sentence in (
        ("127.0.0.1:9000", "for tests and the demo only"),
        ("10.0.0.1:80", "ports of this machine"),
    ):
        refused = subprocess.run(
            start,
            env={**environment, "TOIYA_OUTBOUND_ALLOW": opened},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (refused.returncode, sentence in refused.stderr) == (1, True)
