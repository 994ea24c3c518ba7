"""What is unsafe or contradicts itself stops the start, with the value found and the value expected."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
POSTGRES = "postgresql://application:secret@127.0.0.1:5432/toiya"


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    """The settings are read with these variables and no others."""
    return subprocess.run(
        [sys.executable, "-c", "import toiya.settings"],
        env={"PATH": os.environ["PATH"], "TOIYA_MODE": "sandbox", **variables},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.once
@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"TOIYA_MODE": "live"}, "TOIYA_MODE is “live”; it must be production, sandbox or demo"),
        ({"TOIYA_MODE": "production"}, "TOIYA_ORIGIN is “”; it must be the address people use"),
        ({"TOIYA_MODE": "production", "TOIYA_ORIGIN": "http://a.example"}, "must begin with https://"),
        ({"TOIYA_SECRET_KEY": "short"}, "TOIYA_SECRET_KEY has 5 characters, not at least 50"),
        ({"TOIYA_DATABASE_URL": "mysql://a/b"}, "it must begin with sqlite: or postgresql:"),
        ({"TOIYA_DATABASE_OWNER_URL": "sqlite:///a.sqlite3"}, "only postgresql: has roles"),
        (
            {
                "TOIYA_DATABASE_URL": POSTGRES,
                "TOIYA_DATABASE_OWNER_URL": POSTGRES.replace("/toiya", "/other"),
            },
            "names another database",
        ),
    ],
)
def test_unsafe_settings_stop_the_start_with_a_sentence(
    tmp_path: Path, variables: dict[str, str], words: str
) -> None:
    """Planted faults: any of the checks in ``toiya/settings.py`` taken out."""
    stopped = start(TOIYA_VAR=str(tmp_path), **variables)

    assert (stopped.returncode, words in stopped.stderr) == (1, True), stopped.stderr


@pytest.mark.once
def test_an_owner_of_the_same_database_is_let_in(tmp_path: Path) -> None:
    owner = POSTGRES.replace("application", "owner")
    started = start(TOIYA_VAR=str(tmp_path), TOIYA_DATABASE_URL=POSTGRES, TOIYA_DATABASE_OWNER_URL=owner)

    assert (started.returncode, started.stderr) == (0, "")
