"""The other systems of the stories, each in a process of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings

from tests.fulfilment.story import Running, running
from toiya.core.signatures import new_secret

SECRET = new_secret()


@pytest.fixture(scope="session")
def vendor_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Once for all stories."""
    with running("vendor", _file(tmp_path_factory)) as process:
        yield process


@pytest.fixture(scope="session")
def broker_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Once for all stories."""
    with running("broker", _file(tmp_path_factory)) as process:
        yield process


def _file(folder: pytest.TempPathFactory) -> Path:
    return folder.mktemp("system") / "state.json"


@pytest.fixture
def vendor(vendor_process: Running, settings: LazySettings) -> Running:
    """A vendor that knows nothing yet but its secret."""
    vendor_process.plan(afresh=True, secrets=[SECRET], mode="done")
    settings.OUTBOUND_ALLOW = frozenset({("127.0.0.1", vendor_process.port)})
    return vendor_process


@pytest.fixture
def broker(broker_process: Running, settings: LazySettings) -> Running:
    """A broker without instances."""
    broker_process.plan(afresh=True)
    settings.OUTBOUND_ALLOW = frozenset({("127.0.0.1", broker_process.port)})
    return broker_process


@pytest.fixture
def secret() -> str:
    """What the vendor and its connector share."""
    return SECRET
