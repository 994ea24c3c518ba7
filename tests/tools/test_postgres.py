"""The private server of `make test`: there for one command, never as root, gone afterwards."""

import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tools.postgres import server

pytestmark = pytest.mark.once

TOOL = Path(__file__).resolve().parents[2] / "tools" / "postgres.py"
FIND_FOLDER = """
import os, psycopg, sys, time
with psycopg.connect(os.environ["TOIYA_DATABASE_URL"]) as connection:
    print(connection.execute("SELECT current_setting('data_directory')").fetchone()[0], flush=True)
"""


def test_the_command_finds_a_server_and_its_exit_code_is_kept() -> None:
    command = [
        sys.executable,
        str(TOOL),
        "run",
        "--",
        sys.executable,
        "-c",
        FIND_FOLDER + "raise SystemExit(7)",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 7
    assert not Path(done.stdout.strip()).parent.exists()


def test_the_server_does_not_run_as_root() -> None:
    with server() as url, psycopg.connect(url) as connection:
        row = connection.execute("SELECT pg_backend_pid()").fetchone()
        assert row is not None
        owner = Path(f"/proc/{row[0]}").stat().st_uid

    assert owner != 0


def test_a_terminated_run_leaves_nothing_behind() -> None:
    command = [sys.executable, str(TOOL), "run", "--", sys.executable, "-c", FIND_FOLDER + "time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        assert running.stdout is not None
        folder = Path(running.stdout.readline().strip()).parent
        assert (folder / "data").exists()

        running.send_signal(signal.SIGTERM)

        assert running.wait(30) == 128 + signal.SIGTERM
        assert not folder.exists()
