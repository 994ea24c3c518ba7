"""The count of proved requirements: rows of the document, and the tests that carry their marker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.requirements import ROOT

pytestmark = pytest.mark.once

DOCUMENT = """\
| row | what must be true | waits for |
|---|---|---|
| S-001 | Sales name four parties | orders |
| S-002 | Anybody may enrol | |
| S-003 | Bills come from the provider | orders |
| S-004 | Both words work | |
| S-005 | Providers can be compared | |
| S-006 | Providers have profiles | |
| S-007 | Providers are listed | |
"""
TESTS = """\
import pytest

@pytest.mark.requirement("S-001")
def test_chain(): ...

@pytest.mark.requirement("S-002", "S-005")
@pytest.mark.parametrize("country", ["JP", "DE"])
def test_enrol(country): ...

@pytest.mark.requirement("S-002")
@pytest.mark.proof
def test_enrol_often(): ...

@pytest.mark.requirement("S-004")
@pytest.mark.skip(reason="later")
def test_words(): ...
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/requirements.md").write_text(DOCUMENT, encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_story.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n  requirement\n  proof\n", encoding="utf-8")
    return tmp_path


def count(project: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """As `make requirements` calls it, in a process of its own: it collects tests itself."""
    command = [sys.executable, str(ROOT / "tools/requirements.py"), "--root", str(project), *arguments]
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("DJANGO", "PYTEST"))
    }
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the copies need no Django: half the time
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False, timeout=60
    )


def test_each_row_is_proved_part_or_open(project: Path) -> None:
    done = count(project)

    assert done.stdout.splitlines() == [
        "S-001 part 1",
        "S-002 proved 2",
        "S-003 open",
        "S-004 open",
        "S-005 proved 1",
        "S-006 open",
        "S-007 open",
        "2 proved, 1 part, 4 open",
    ]
    assert done.returncode == 0


def test_verbose_names_the_tests(project: Path) -> None:
    lines = count(project, "-v").stdout.splitlines()

    place = lines.index("S-002 proved 2")
    assert [line.strip() for line in lines[place + 1 : place + 3]] == [
        "tests/test_story.py::test_enrol",
        "tests/test_story.py::test_enrol_often",
    ]


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (
            '"S-001", "S-002", "S-003", "S-004", "S-005", "S-006"',
            "tests/test_more.py::test_more claims 6 rows; 5 is the most",
        ),
        ('"S-999"', "tests/test_more.py::test_more claims S-999, which docs/requirements.md lacks"),
    ],
)
def test_a_claim_that_cannot_be_true_fails(project: Path, rows: str, problem: str) -> None:
    more = f"import pytest\n\n@pytest.mark.requirement({rows})\ndef test_more(): ...\n"
    (project / "tests/test_more.py").write_text(more, encoding="utf-8")

    done = count(project)

    assert (done.returncode, done.stderr.strip()) == (1, problem)


def test_tests_that_cannot_be_read_fail(project: Path) -> None:
    (project / "tests/test_broken.py").write_text("import nothing_of_that_name\n", encoding="utf-8")

    done = count(project)

    assert done.returncode == 1
    assert "nothing_of_that_name" in done.stderr
