"""The program of a partner in the stories."""

from collections.abc import Iterator

import pytest
from django.conf import LazySettings

from tests.fulfilment.conftest import secret, vendor, vendor_process
from tests.webhooks.receiver import Receiver, listening

__all__ = ["receiver", "secret", "vendor", "vendor_process"]


@pytest.fixture
def receiver(settings: LazySettings) -> Iterator[Receiver]:
    """A program that listens on a port that outbound calls may go to."""
    with listening() as found:
        settings.OUTBOUND_ALLOW = frozenset({("127.0.0.1", found.port)})
        yield found
