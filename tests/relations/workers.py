"""A real web server with several worker processes, asked through a worker of one's choice."""

import http.client
import json
import os
import queue
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from django.db import connection
from django.test import Client

from tests.relations.faults import FAULT, PROCESS

ROOT = Path(__file__).parent.parent.parent
CSRF = "c" * 32
PATIENCE_SECONDS = 60.0
MOST_TRIES = 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, and when the request began and the answer was there (monotonic seconds)."""

    status: int
    body: bytes
    location: str
    process: int
    began: float
    ended: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    @property
    def went_through(self) -> bool:
        """A form that was taken answers with another address, though not with that of the sign-in."""
        return self.status == 302 and not self.location.startswith(("/sign-in/", "/account/"))


def url_of_database() -> str:
    """The test's own database, as ``TOIYA_DATABASE_URL`` names it."""
    found = connection.settings_dict
    name = str(found["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{Path(name).absolute()}"
    user, password = quote(str(found["USER"]), safe=""), quote(str(found["PASSWORD"]), safe="")
    return f"postgresql://{user}:{password}@{found['HOST']}:{found['PORT']}/{name}"


@dataclass
class Workers:
    """``toiya serve --workers N`` on one port. A connection stays with the process that took it, so that whoever keeps
    connections chooses the process.
    """

    folder: Path
    count: int = 4
    has_faults: bool = False
    pids: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._idle: dict[int, queue.LifoQueue[http.client.HTTPConnection]] = {}
        self._log = (self.folder / "server.log").open("wb")
        self.environment = {
            **{
                name: value
                for name, value in os.environ.items()
                if not name.startswith(("TOIYA_", "DJANGO_"))
            },
            "DJANGO_SETTINGS_MODULE": "tests.relations.served",
            "TOIYA_VAR": str(self.folder),
            "TOIYA_DATABASE_URL": url_of_database(),
            "REVOCATION_FAULTS": "yes" if self.has_faults else "",
        }
        command = [sys.executable, "-m", "django", "serve", "--port", str(self.port)]
        self._server = subprocess.Popen(
            [*command, "--workers", str(self.count)],
            env=self.environment,
            cwd=ROOT,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,
        )

    def wait(self) -> None:
        """Until every process has answered."""
        until = time.monotonic() + PATIENCE_SECONDS
        while len(self._idle) < self.count:
            assert self._server.poll() is None, (self.folder / "server.log").read_text()
            assert time.monotonic() < until, f"{len(self._idle)} of {self.count} processes answer"
            try:
                self._open()
            except OSError:
                time.sleep(0.05)
        self.pids = sorted(self._idle)

    def end(self) -> None:
        """All of them, by the id of their parent."""
        for idle in self._idle.values():
            while not idle.empty():
                idle.get().close()
        self._server.terminate()
        try:
            self._server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self._server.pid, signal.SIGKILL)  # a group of its own
            self._server.wait()
        self._log.close()

    def _open(self) -> None:
        """One more connection; the kernel chooses the process."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            line.request("GET", "/healthz")
            answer = line.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            line.close()
            raise
        process = int(answer.headers[PROCESS])
        self._idle.setdefault(process, queue.LifoQueue()).put(line)

    def _line(self, process: int) -> http.client.HTTPConnection:
        """An open connection to this process."""
        for _try in range(MOST_TRIES):
            try:
                line = self._idle[process].get_nowait()
            except queue.Empty:
                self._open()
                continue
            if line.sock is not None and not select.select([line.sock], [], [], 0)[0]:
                return line
            line.close()  # the server has closed it meanwhile
        raise AssertionError(f"no connection reached process {process}")

    def ask(
        self, process: int, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        """One request through this process; one that broke inside fails the test."""
        line = self._line(process)
        began = time.monotonic()
        line.request(method, path, body, dict(headers))
        answer = line.getresponse()
        content = answer.read()
        ended = time.monotonic()
        self._idle[process].put(line)
        assert answer.headers[PROCESS] == str(process)
        # What one net misses by a planted fault, the next may catch by breaking.
        broke = answer.status >= 500 and not self.has_faults
        assert not broke, f"{method} {path}: {answer.status} {content[:500]!r}"
        return Answer(answer.status, content, answer.headers.get("Location", ""), process, began, ended)


@dataclass(frozen=True, slots=True)
class Browser:
    """A browser that has signed in, and reaches the server through whichever process it is told."""

    workers: Workers
    session: str
    fault: str = ""

    @classmethod
    def like(cls, workers: Workers, signed_in: Client, fault: str = "") -> "Browser":
        """With the session of a test's browser."""
        return cls(workers, signed_in.cookies["toiya"].value, fault)

    def _headers(self, **more: str) -> dict[str, str]:
        cookies = f"toiya={self.session}; toiya-csrf={CSRF}; toiya-language=en"
        return {"Cookie": cookies, **({FAULT: self.fault} if self.fault else {}), **more}

    def get(self, process: int, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self.workers.ask(process, "GET", path, None, self._headers(**headers))

    def post(self, process: int, path: str, form: Mapping[str, object] | None = None) -> Answer:
        """Send a form."""
        body = urlencode(form or {}, doseq=True).encode()
        headers = self._headers(**{"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": CSRF})
        return self.workers.ask(process, "POST", path, body, headers)


@dataclass(frozen=True, slots=True)
class Program:
    """A program with a token, that reaches the server through whichever process it is told."""

    workers: Workers
    token: str
    fault: str = ""

    def ask(self, process: int, method: str, path: str, body: object = None) -> Answer:
        """One call of the API."""
        headers = {"Authorization": f"Bearer {self.token}", **({FAULT: self.fault} if self.fault else {})}
        return self.workers.ask(process, method, path, json.dumps(body).encode() if body else None, headers)
