"""`toiya migrate` with a role of its own for the tables (G-37)."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from toiya.audit.append_only import TABLES

ROOT = Path(__file__).parent.parent.parent
FOUNDING = {
    "name": "Example Cloud",
    "domain": "operator.example",
    "country": "JP",
    "administrator": "Ren",
    "email": "ren@operator.example",
}


class Installation:
    """A database of its own, an owner and a role that serves and works."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"toiya_{secrets.token_hex(4)}"
        self.owner, self.application = f"{self.name}_owner", f"{self.name}_application"
        self.server = connection.settings_dict

    def url(self, role: str) -> str:
        """The address for one of the two roles."""
        return f"postgresql://{role}:{role}@{self.server['HOST']}:{self.server['PORT']}/{self.name}"

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A command as whoever runs an installation starts it."""
        environment = {
            "PATH": os.environ["PATH"],
            "DJANGO_SETTINGS_MODULE": "toiya.settings",
            "TOIYA_MODE": "sandbox",
            "TOIYA_VAR": str(self.folder),
            "TOIYA_DATABASE_URL": self.url(self.application),
            "TOIYA_DATABASE_OWNER_URL": self.url(self.owner),
        }
        return subprocess.run(
            [sys.executable, "-m", "django", *command],
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )

    def asked(self, role: str, statement: str) -> str:
        """What the database says to the role: '' or why not."""
        with psycopg.connect(self.url(role)) as database:
            try:
                database.execute(statement)
            except psycopg.Error as refusal:
                return str(refusal).splitlines()[0]
            return ""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """An empty database on the tests' server, gone afterwards."""
    if connection.vendor != "postgresql":
        pytest.skip("roles are PostgreSQL's")
    here = Installation(tmp_path)
    server = {key.lower(): here.server[key] for key in ("HOST", "PORT", "USER", "PASSWORD")}
    with psycopg.connect(**server, dbname="postgres", autocommit=True) as database:
        for role in (here.owner, here.application):
            database.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{role}'")
        database.execute(f"CREATE DATABASE {here.name} OWNER {here.owner}")
        yield here
        database.execute(f"DROP DATABASE {here.name} WITH (FORCE)")
        for role in (here.owner, here.application):
            database.execute(f"DROP ROLE {role}")


@pytest.mark.proof
@pytest.mark.goal("G-37")
def test_role_that_serves_can_neither_change_the_log_nor_take_its_guard_off(
    installation: Installation,
) -> None:
    """Planted fault that this finds: the application let in without the REVOKE."""
    assert installation.run("migrate", "-v0").stderr == ""
    founded = installation.run("found_operator", *(f"--{name}={value}" for name, value in FOUNDING.items()))
    assert (founded.returncode, founded.stderr) == (0, "")
    assert installation.run("audit", "sign").returncode == 0

    application = installation.application
    for table in TABLES:
        assert installation.asked(application, f"SELECT 1 / count(*) FROM {table}") == ""  # noqa: S608
        for statement in ("UPDATE {} SET tenant_id = tenant_id", "DELETE FROM {}", "TRUNCATE {}"):
            refused = installation.asked(application, statement.format(table))
            assert refused == f"permission denied for table {table}"
        refused = installation.asked(application, f"DROP TRIGGER {table}_no_update ON {table}")
        assert refused == f"must be owner of relation {table}"
    assert installation.run("audit", "verify").returncode == 0
    assert installation.run("migrate", "-v0").returncode == 0  # again, with nothing to do
