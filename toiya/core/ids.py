"""Public identifiers: random, so that nobody can guess a neighbour's (G-07: at least 122 random bits)."""

import uuid


def new_id() -> uuid.UUID:
    """A new public identifier."""
    return uuid.uuid4()
