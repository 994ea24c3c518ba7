"""Prepared questions of every story send the SQL of their queryset, with the same values.

Building the queryset takes longer than all the rest of such a call. So each story compares the first question of each
shape that it asks, and each tenth after that; `make prove` compares every one of the API's stories. Planted fault that
this finds: a ``make`` that looks at the value of an argument, or at the clock.
"""

import os
from collections import Counter
from collections.abc import Hashable, Mapping
from typing import Any

import pytest
from django.core.exceptions import EmptyResultSet

from toiya.core import prepared
from toiya.core.prepared import Prepared

ONE_IN = 1 if os.environ.get("TOIYA_EACH_QUESTION") else 10

ASKED: Counter[str] = Counter()  # calls of each function
COMPARED: Counter[str] = Counter()  # those that were compared with the queryset
_of_this_story: Counter[Hashable] = Counter()
_story = ""


def told_of_questions() -> str:
    """The figures."""
    return (
        f"prepared questions: {COMPARED.total():,} of {ASKED.total():,} calls of {len(ASKED)} functions compared with "
        "their querysets"
    )


def watch_questions(patch: pytest.MonkeyPatch) -> None:
    """What is kept for a shape of arguments is what the queryset of these arguments would ask, or the test fails."""
    made_for = Prepared.made_for

    def watched(self: Prepared[..., Any], arguments: Mapping[int | str, Any]) -> Any:  # noqa: ANN401
        kept = made_for(self, arguments)
        ASKED[_name(self)] += 1
        if _is_due(self, arguments):
            COMPARED[_name(self)] += 1
            compare(self, arguments, kept)
        return kept

    patch.setattr(Prepared, "made_for", watched)


def compare(question: Prepared[..., Any], arguments: Mapping[int | str, Any], kept: Any) -> None:  # noqa: ANN401
    """The kept SQL with these values is that of the queryset."""
    args = [value for name, value in arguments.items() if isinstance(name, int)]
    named = {name: value for name, value in arguments.items() if isinstance(name, str)}
    try:
        sql, values = question.make(*args, **named).query.get_compiler("default").as_sql()
    except EmptyResultSet:
        assert kept is None, question.make
    else:
        assert kept is not None, question.make
        one, other = (text.replace("(%s)", "%s") for text in (kept.sql, sql))
        assert (one, kept.filled(arguments)) == (other, tuple(values)), question.make


def _is_due(question: Prepared[..., Any], arguments: Mapping[int | str, Any]) -> bool:
    global _story  # noqa: PLW0603
    if _story != (story := os.environ.get("PYTEST_CURRENT_TEST", "")):
        _story = story
        _of_this_story.clear()
    shape = question.make, tuple((name, prepared._shape_of(value)) for name, value in arguments.items())  # noqa: SLF001
    _of_this_story[shape] += 1
    return _of_this_story[shape] % ONE_IN == 1 % ONE_IN


def _name(question: Prepared[..., Any]) -> str:
    return f"{question.make.__module__}.{question.make.__qualname__}"
