"""A partner's program on loopback: it keeps what is posted to it, and answers as it is told."""

import contextlib
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "webhooks.md"


@dataclass(frozen=True)
class Posted:
    """A request as it came; names of headers in small letters."""

    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """What came, and what is answered next: a status, headers, seconds before the answer."""

    url: str
    port: int
    posted: list[Posted] = field(default_factory=list)
    answer: Callable[[int], tuple[int, dict[str, str]]] = lambda _number: (200, {})

    def answers(self, *statuses: int) -> None:
        """These to the next requests, then 200."""
        first = len(self.posted)
        self.answer = lambda number: (
            statuses[number - first] if number - first < len(statuses) else 200,
            {},
        )

    @property
    def ids(self) -> list[str]:
        """The ids of what came, in order."""
        return [one.headers["webhook-id"] for one in self.posted]


@contextlib.contextmanager
def listening() -> Iterator[Receiver]:
    """The program, listening until the story ends."""
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with lock:
                status, more = receiver.answer(len(receiver.posted))
                receiver.posted.append(Posted(headers, body))
            try:
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "0")
                self.end_headers()
            except OSError:
                self.close_connection = True  # the caller is gone

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    port = server.server_address[1]
    receiver = Receiver(f"http://127.0.0.1:{port}/events", port)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def documented() -> ModuleType:
    """The receiver that docs/webhooks.md gives to partners, as it stands there."""
    (code,) = re.findall(r"```python\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL)
    module = ModuleType("documented")
    exec(compile(code, str(DOCUMENT), "exec"), module.__dict__)  # noqa: S102  (our own document)
    return module
