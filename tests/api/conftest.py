"""What the stories of the API start from."""

from collections.abc import Iterator

import pytest

from tests.api.speaking import known_bearer
from toiya.api import door


@pytest.fixture(autouse=True)
def tokens() -> Iterator[None]:
    """Tokens that the stories hand out are known."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(door, "bearer_of", known_bearer)
        yield
