"""The company of the enrolment stories."""

import pytest

from tests.cast import Cast
from tests.enrolment.story import Newcomer, arrive


@pytest.fixture
def newcomer(cast: Cast) -> Newcomer:
    """ツクモ電子 before it enrols."""
    return arrive(cast)
