"""Web server and worker as children of one command, ended together and by their own ids."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from types import FrameType

GRACE_SECONDS = 15.0
PATIENCE_SECONDS = 120.0
PAUSE_SECONDS = 0.2


class Household:
    """The children of this process, and the wish to end."""

    def __init__(self) -> None:
        self.is_ending = False
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def end_on_signals(self) -> None:
        """INT and TERM end the whole household."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self.is_ending = True

    def start(self, *command: str) -> None:
        """A command as a child in a group of its own: Ctrl-C reaches it through this process only."""
        child = [sys.executable, "-m", "django", *command]
        self._children[command[0]] = subprocess.Popen(child, start_new_session=True)  # noqa: S603 (our own commands)

    def missing(self) -> str:
        """The name of a child that ended by itself, or ''."""
        return next((name for name, child in self._children.items() if child.poll() is not None), "")

    def wait_until(self, answers: Callable[[], bool]) -> bool:
        """Whether it answered before patience, a child or the user ended the waiting."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until and not self.is_ending and not self.missing():
            if answers():
                return True
            time.sleep(PAUSE_SECONDS)
        return False

    def stay(self) -> None:
        """Until a signal comes or a child is gone."""
        while not self.is_ending and not self.missing():
            time.sleep(PAUSE_SECONDS)

    def end(self) -> None:
        """Ask every child to end, and do not ask for ever: a server may miss the signal while it starts."""
        for child in self._children.values():
            _signal(child, signal.SIGTERM)
        until = time.monotonic() + GRACE_SECONDS
        for child in self._children.values():
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(child, signal.SIGKILL)
                child.wait()


def _signal(child: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            if number is signal.SIGKILL:
                os.killpg(child.pid, number)  # its own group: the server's worker goes with it
            else:
                child.send_signal(number)


def is_free(port: int) -> bool:
    """Whether nobody listens on this port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Whether a web server answers there, whatever it says short of a failure."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 (this machine's own address)
            return bool(response.status)
    except urllib.error.HTTPError as error:
        return error.code < 500  # noqa: PLR2004 (server errors)
    except OSError:
        return False
