"""What every story starts from."""

import os

import pytest

os.environ.setdefault("TOIYA_MODE", "demo")
os.environ.setdefault("TOIYA_ORIGIN", "http://localhost:8000")

from tests.cast import Cast, build_cast


@pytest.fixture
def cast(db: None) -> Cast:
    """The people of the story, on an empty database."""
    return build_cast()
