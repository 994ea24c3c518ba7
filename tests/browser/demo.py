"""The demo as a newcomer runs it: ``toiya demo`` as a process of its own, with its own folder and port."""

import datetime as dt
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toiya.core.clock import real_now
from toiya.jobs.processes import answers

ROOT = Path(__file__).resolve().parents[2]
TOIYA = Path(sys.executable).with_name("toiya")
LONGEST_SEEDING = 600.0  # on a machine that does other things too
LONGEST_START = 120.0
TAKES_PICTURES = os.environ.get("TOIYA_SCREENSHOTS") == "1"
SHOWN_ORIGIN = "http://localhost:8000"
SHOWN = dt.datetime(2026, 11, 4, 1, 0, tzinfo=dt.UTC)  # ten in the morning in Tokyo
LONGEST_END = 20.0


@dataclass(frozen=True)
class Demo:
    """A running demo. ``base_url`` is the address in the browser, which pictures show as a newcomer sees it."""

    base_url: str
    var: Path
    environment: dict[str, str]

    @property
    def credentials(self) -> dict[str, Any]:
        """What the demo wrote for programs that walk it."""
        text = (self.var / "demo" / "credentials.json").read_text(encoding="utf-8")
        return dict(json.loads(text))

    @property
    def password(self) -> str:
        """Everybody's password, on both sites."""
        return str(self.credentials["membership"]["password"])

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A ``toiya`` command on the demo's database."""
        return subprocess.run(
            [str(TOIYA), *arguments],
            env={**self.environment, "TOIYA_MODE": "demo", "TOIYA_ORIGIN": self.base_url},
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


def surroundings(var: Path, port: int) -> dict[str, str]:
    """The machine's environment without anything that belongs to the test run."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TOIYA_", "DJANGO_", "PYTEST_", "COV_"))
    }
    if TAKES_PICTURES:
        os.environ["TOIYA_STILL"] = f"{SHOWN.timestamp()} {real_now().timestamp()}"
        kept["TOIYA_STILL"] = os.environ["TOIYA_STILL"]
        kept["PYTHONPATH"] = str(Path(__file__).with_name("still"))
        kept["TOIYA_ORIGIN"] = SHOWN_ORIGIN
    return {**kept, "TOIYA_VAR": str(var), "PORT": str(port)}


def demo_now() -> float:
    """The present instant of the running demo, which is not the real one while pictures are taken."""
    now = real_now().timestamp()
    if not TAKES_PICTURES:
        return now
    shown, since = (float(part) for part in os.environ["TOIYA_STILL"].split())
    return shown + now - since


def seed(var: Path) -> None:
    """Set up and seed a demo in this folder, without starting it."""
    var.mkdir(parents=True)
    subprocess.run(
        [str(TOIYA), "demo", "--seed-only"],
        env=surroundings(var, free_port()),
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        timeout=LONGEST_SEEDING,
        check=True,
    )


@contextmanager
def running_demo(var: Path, port: int) -> Iterator[Demo]:
    """``toiya demo`` on this port until the block ends."""
    address = f"http://localhost:{port}"
    demo = Demo(SHOWN_ORIGIN if TAKES_PICTURES else address, var, surroundings(var, port))
    var.mkdir(parents=True, exist_ok=True)
    with (var / "demo.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            [str(TOIYA), "demo"], env=demo.environment, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT
        )
        try:
            _wait_until_ready(demo, address, process)
            if TAKES_PICTURES:
                demo.run("clock", "stop")
            yield demo
        finally:
            _end(process)


def _wait_until_ready(demo: Demo, address: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + LONGEST_START
    while time.monotonic() < until:
        assert process.poll() is None, _log_of(demo)
        if answers(f"{address}/readyz") and (demo.var / "demo" / "credentials.json").exists():
            return
        time.sleep(0.1)
    raise AssertionError(_log_of(demo))


def _log_of(demo: Demo) -> str:
    return (demo.var / "demo.log").read_text(encoding="utf-8")[-3000:]


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(LONGEST_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
