"""The tables of the test database, made by the migrations once and from then on by repeating their statements.

Rendering the historical models takes most of a migration's time, and each process of a test run has a database of
its own. The recorded statements stand in ``var/test`` under a digest of all that migrations are made of.
"""

import fcntl
import hashlib
import os
import pickle
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.management.commands.migrate import Command
from django.db import connection, transaction

from tests.repeat import recorded, repeat
from toiya.settings import BASE_DIR, VAR

USED_BY_MIGRATIONS = re.compile(r"^(?:from|import) (toiya[\w.]*)", re.MULTILINE)


def digest_of_migrations() -> str:
    """Changes with any migration, any module that one imports, and any package."""
    migrations = sorted(BASE_DIR.glob("toiya/*/migrations/*.py"))
    named = {name for file in migrations for name in USED_BY_MIGRATIONS.findall(file.read_text("utf-8"))}
    used = [BASE_DIR / f"{name.replace('.', '/')}.py" for name in sorted(named)]
    own = [Path(__file__), BASE_DIR / "requirements" / "run.lock", BASE_DIR / "toiya" / "settings.py"]
    together = hashlib.sha256()
    for file in (*migrations, *filter(Path.exists, used), *own):
        together.update(str(file).encode() + b"\0" + file.read_bytes() + b"\0")
    return together.hexdigest()[:20]


def repeat_migrations(patch: pytest.MonkeyPatch) -> None:
    """The next ``migrate`` of this process repeats recorded statements, or records them."""
    migrate = Command.handle

    def handle(self: Command, *arguments: Any, **options: Any) -> None:
        patch.setattr(Command, "handle", migrate)
        record = VAR / "test" / f"schema-{connection.vendor}-{digest_of_migrations()}.pickle"
        with (VAR / "test" / f"schema-{connection.vendor}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not record.exists():
                statements = recorded(lambda: migrate(self, *arguments, **options))
                unfinished = record.with_suffix(f".{os.getpid()}")
                unfinished.write_bytes(pickle.dumps(statements))
                unfinished.rename(record)
                return
        connection.disable_constraint_checking()  # SQLite remakes tables that others refer to
        with transaction.atomic():
            repeat(pickle.loads(record.read_bytes()))  # noqa: S301 (written above)
        connection.enable_constraint_checking()

    patch.setattr(Command, "handle", handle)
