"""What every story starts from."""

from collections.abc import Iterator

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from tests.cast import Cast, build_cast
from toiya.audit.append_only import guard_log, unguard_log


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the story, on an empty database."""
    return build_cast()

def _flushes(request: pytest.FixtureRequest) -> bool:
    """Whether the test commits for real, so that its tables are emptied afterwards."""
    marker = request.node.get_closest_marker("django_db")
    return bool({"transactional_db", "live_server"} & set(request.fixturenames)) or bool(
        marker and marker.kwargs.get("transaction")
    )


@pytest.fixture(autouse=True)
def _log_is_guarded_again(
    request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The triggers of the activity log are back on before the next test."""
    yield
    if _flushes(request):
        with django_db_blocker.unblock():
            guard_log(connection)


@pytest.fixture(autouse=True)
def _log_can_be_emptied(request: pytest.FixtureRequest, _log_is_guarded_again: None) -> Iterator[None]:
    """Emptying the tables after a test needs the triggers of the activity log off."""
    if not _flushes(request):
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    unguard_log(connection)
