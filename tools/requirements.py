"""What is proved: each row of docs/requirements.md and the tests that carry its marker.

    python tools/requirements.py [-v]

Tests are collected, not run; `make check` runs them. A skipped test proves nothing.
"""

import argparse
import contextlib
import io
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MOST_ROWS_PER_TEST = 5
ROW = re.compile(r"^\|\s*([SN]-\d+)\s*\|[^|]+\|([^|]*)\|\s*$", re.MULTILINE)


@dataclass
class Claims:
    """A pytest plugin: which test claims to prove which rows."""

    rows_of_test: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        for item in items:
            if item.get_closest_marker("skip") or item.get_closest_marker("xfail"):
                continue
            test = item.nodeid.split("[", maxsplit=1)[0]
            for marker in item.iter_markers("requirement"):
                self.rows_of_test[test].update(marker.args)

    def tests_of(self, row: str) -> list[str]:
        return sorted(test for test, rows in self.rows_of_test.items() if row in rows)


def read_rows(text: str) -> dict[str, str]:
    """Every row and the capability that it still waits for."""
    return {row: waits_for.strip() for row, waits_for in ROW.findall(text)}


def collect(arguments: Iterable[str]) -> tuple[Claims, str]:
    """The claims of all tests, the long ones too; and what pytest said if it could not read them."""
    claims, said = Claims(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        result = pytest.main(["--collect-only", "-q", "-m", "", *arguments], plugins=[claims])
    readable = result in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    return claims, "" if readable else said.getvalue()


def find_problems(rows: Mapping[str, str], claims: Claims) -> list[str]:
    problems = []
    for test, claimed in sorted(claims.rows_of_test.items()):
        if len(claimed) > MOST_ROWS_PER_TEST:
            problems.append(f"{test} claims {len(claimed)} rows; {MOST_ROWS_PER_TEST} is the most")
        problems += [
            f"{test} claims {row}, which docs/requirements.md lacks" for row in sorted(claimed - set(rows))
        ]
    return problems


def report(rows: Mapping[str, str], claims: Claims, *, verbose: bool) -> list[str]:
    lines, count = [], {"proved": 0, "part": 0, "open": 0}
    for row, waits_for in rows.items():
        tests = claims.tests_of(row)
        state = "open" if not tests else "part" if waits_for else "proved"
        count[state] += 1
        lines.append(f"{row} {state} {len(tests)}" if tests else f"{row} open")
        if verbose:
            lines += [f"    {test}" for test in tests]
            lines += [f"    waits for {waits_for}"] if waits_for else []
    return [*lines, ", ".join(f"{number} {state}" for state, number in count.items())]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("-v", dest="verbose", action="store_true", help="name the tests of each row")
    parser.add_argument("--root", type=Path, default=ROOT, help=argparse.SUPPRESS)
    given = parser.parse_args()
    rows = read_rows((given.root / "docs" / "requirements.md").read_text(encoding="utf-8"))
    claims, unreadable = collect(["--rootdir", str(given.root), str(given.root / "tests")])
    problems = [unreadable] if unreadable else find_problems(rows, claims)
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 1
    print("\n".join(report(rows, claims, verbose=given.verbose)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
