"""What the vendor and the broker of the stories have in common: a server on loopback that keeps its state in a file.

The test tells it through ``/_plan`` what to do with the next requests, and reads back what it has from the file. It
shares no code with Toiya.
"""

import json
import os
import sys
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


class System:
    """The state of one system, behind a lock, and in its file after every request."""

    def __init__(self, file: Path) -> None:
        self.file, self.lock = file, threading.RLock()
        self.start_afresh()

    def start_afresh(self) -> None:
        """As at the beginning of a story."""
        self.plan: dict[str, Any] = {"answers": []}
        self.state: dict[str, Any] = {"instances": {}, "log": []}
        self.keep()

    def keep(self) -> None:
        """Write the state down, whole or not at all."""
        with self.lock:
            part = self.file.with_suffix(".part")
            part.write_text(json.dumps(self.state))
            part.replace(self.file)

    def handle(self, asked: Asked) -> tuple[int, dict[str, str], Any]:
        """The answer: status, headers, JSON."""
        raise NotImplementedError


def serve(system: System) -> None:
    """Serve until ended; the first line of output is the port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if parts.path == "/_plan":
                with system.lock:
                    asked = json.loads(body)
                    if asked.pop("afresh", False):
                        system.start_afresh()
                    system.plan.update(asked)
                self._send(200, {}, {})
                return
            with system.lock:
                planned = system.plan["answers"].pop(0) if system.plan["answers"] else {}
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            with system.lock:
                if planned.get("status") and not planned.get("after"):
                    system.state["log"].append({"method": self.command, "path": parts.path, "refused": True})
                    status, more, said = (
                        planned["status"],
                        planned.get("headers", {}),
                        planned.get("body", {}),
                    )
                else:
                    status, more, said = system.handle(Asked(self.command, parts.path, query, headers, body))
                    status = planned.get("status", status)
                system.keep()
            time.sleep(planned.get("delay", 0))
            self._send(status, more, said)

        def _send(self, status: int, headers: dict[str, str], said: Any) -> None:  # noqa: ANN401
            content = json.dumps(said).encode()
            try:
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                self.close_connection = True  # the caller did not wait

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 (the library's names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    threading.Thread(target=_end_with_parent, daemon=True).start()
    server.serve_forever()


def _end_with_parent() -> None:
    parent = os.getppid()
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)
