"""How many act at the same moment, and how often (G-09): fewer for every change, all of them in `make prove`."""

import pytest

ROUNDS = 20
CROWDS = [
    pytest.param(50, id="50"),
    *(
        pytest.param(100, marks=pytest.mark.proof, id=f"100, round {number}")
        for number in range(1, ROUNDS + 1)
    ),
]
