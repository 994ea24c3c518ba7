"""What every story starts from."""

import pytest

from tests.cast import Cast, build_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the story, on an empty database."""
    return build_cast()
