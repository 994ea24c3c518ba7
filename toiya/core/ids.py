"""Public identifiers: random, so that nobody can guess a neighbour's (G-07: at least 122 random bits)."""

import uuid
from typing import Protocol


class Generator(Protocol):
    """Anything that hands out identifiers."""

    def __call__(self) -> uuid.UUID: ...


_generators: list[Generator] = [uuid.uuid4]


def new_id() -> uuid.UUID:
    """A new public identifier."""
    return _generators[-1]()


def use_generator(generator: Generator) -> None:
    """Hand out identifiers from this generator instead: for reproducible pictures only."""
    _generators.append(generator)
