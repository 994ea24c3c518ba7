"""What every story starts from."""

import functools
import gc
import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import TransactionTestCase

from tests.cast import Cast, cast_in_place
from tests.emptying import empty_database
from tests.keeping import watch_kept
from tests.questions import ASKED, COMPARED, told_of_questions, watch_questions
from tests.recording import POSTED, unposted, watch_posts
from tests.schema import repeat_migrations
from tests.undeclared import SENT, TRIED, WALKED, told_of_walks, unwalked, watch_calls
from toiya.api import door
from toiya.api.operations import OPERATIONS, UNBUILT
from toiya.api.routing import Routes
from toiya.tokens import keys
from toiya.web.access import ACCESS

# So that no long test is left over when the others are done: those of a minute, then those that wait, then the rest.
LONG = (
    "tests/browser/test_accessibility.py",
    "tests/access/test_matrix.py",
    "tests/webhooks/test_proof.py",
    "tests/browser/",
    "tests/access/",
    "tests/jobs/",
    "tests/api/test_fuzz.py",
    "tests/clients/",
    "tests/model/",
    "tests/customers/test_mail_headers.py",
    "tests/relations/test_revocation.py",
    "tests/audit/test_seal.py::test_any_edit",
    "tests/billing/test_sandbox.py",
    "tests/sandbox/test_clock.py",
    "tests/licences/test_at_once.py",
)
_connect = socket.socket.connect


def _connect_to_loopback(self: socket.socket, address: object) -> None:
    host = str(address[0]) if isinstance(address, tuple) else ""
    if self.family in {socket.AF_INET, socket.AF_INET6} and host != "localhost":
        assert ipaddress.ip_address(host).is_loopback, f"a test spoke to {host}; tests speak to loopback only"
    _connect(self, address)  # type: ignore[arg-type]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first."""

    def place(item: pytest.Item) -> int:
        return next((place for place, start in enumerate(LONG) if item.nodeid.startswith(start)), len(LONG))

    items.sort(key=place)


def pytest_collection_finish() -> None:
    """What is loaded by now stays: to look through it for rubbish again and again took a tenth of the run."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def only_loopback() -> Iterator[None]:
    """No test reaches another machine."""
    socket.socket.connect = _connect_to_loopback  # type: ignore[method-assign, assignment]
    yield
    socket.socket.connect = _connect  # type: ignore[method-assign]


@pytest.fixture(autouse=True, scope="session")
def emptied_tables() -> Iterator[None]:
    """Tests that commit leave nothing behind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _test: empty_database())
        yield


@pytest.fixture(autouse=True, scope="session")
def prepared_as_asked() -> Iterator[None]:
    """Prepared questions send the SQL of their queryset, with the same values."""
    with pytest.MonkeyPatch.context() as patch:
        watch_questions(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_door() -> Iterator[None]:
    """The table of the API's addresses is made once, not for each browser of a story."""
    routes = Routes([*OPERATIONS.values(), *UNBUILT.values()])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "Routes", lambda _table: routes)
        yield


@pytest.fixture(autouse=True, scope="session")
def kept_as_written() -> Iterator[None]:
    """What pages keep is what their templates would write now: one part and one text in ten are compared."""
    with pytest.MonkeyPatch.context() as patch:
        watch_kept(patch)
        yield


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> Iterator[None]:
    """The test database comes quickly, also where migrations are many."""
    del django_db_modify_db_settings_parallel_suffix  # each process has its own database
    with pytest.MonkeyPatch.context() as patch:
        repeat_migrations(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def one_key_pair() -> Iterator[None]:
    """Tokens are signed in many stories; the key of a test is made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keys, "_pair", functools.cache(keys._pair))  # noqa: SLF001
        yield


@pytest.fixture(autouse=True, scope="session")
def recorded_posts() -> Iterator[None]:
    """Whatever a POST of a story changes is recorded (G-37)."""
    with pytest.MonkeyPatch.context() as patch:
        watch_posts(patch)
        yield


@pytest.fixture(autouse=True, scope="session")
def walked_calls() -> Iterator[None]:
    """Whatever a story changes over the API is not changed by properties that the operation does not declare (G-06)."""
    with pytest.MonkeyPatch.context() as patch:
        watch_calls(patch)
        yield


def is_whole(config: pytest.Config) -> bool:
    """Whether all stories are told, as on SQLite in ``make test``."""
    return config.args_source is pytest.Config.ArgsSource.TESTPATHS and (
        (config.option.keyword, config.option.markexpr) == ("", "not proof")
    )


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:  # noqa: ANN401  (a class of pytest-xdist)
    """A worker hands over where its stories have posted, and what they have written over the API."""
    told = getattr(node, "workeroutput", {})
    POSTED.update(told.get("posted", ()))
    WALKED.update(told.get("walked", {}))
    SENT.update(told.get("sent", {}))
    TRIED.update(told.get("tried", {}))
    ASKED.update(told.get("asked", {}))
    COMPARED.update(told.get("compared", {}))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """All stories together must have posted to every route that can be posted to (G-37), and sent a request that
    succeeds to every operation that writes (G-06).
    """
    worker: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if worker is not None:
        worker["posted"] = sorted(POSTED)
        worker["walked"], worker["sent"], worker["tried"] = dict(WALKED), dict(SENT), dict(TRIED)
        worker["asked"], worker["compared"] = dict(ASKED), dict(COMPARED)
    elif (
        session.exitstatus == pytest.ExitCode.OK
        and is_whole(session.config)
        and (never_posted() or unwalked())
    ):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what is missing."""
    if is_whole(config) and (missing := never_posted()):
        terminalreporter.write_line(f"no story posts to {', '.join(missing)} (G-37)", red=True)
    if is_whole(config) and (missing := unwalked()):
        terminalreporter.write_line(f"no story writes by {', '.join(missing)} (G-06)", red=True)
    if WALKED:
        terminalreporter.write_line(told_of_walks())
    if ASKED:
        terminalreporter.write_line(told_of_questions())


def never_posted() -> list[str]:
    """Routes of the access table that no story of this run posted to."""
    return unposted(route for route, methods in ACCESS.items() if "POST" in methods)


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the story, on an empty database."""
    return cast_in_place()
