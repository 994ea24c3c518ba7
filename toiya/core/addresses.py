"""Addresses that clients write in any case, and with a slash too many."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.urls import URLPattern
from django.urls.resolvers import RegexPattern


class AnyCase(RegexPattern):
    """A pattern that takes large letters for small ones."""

    def __init__(self, regex: str, name: str) -> None:
        super().__init__(regex, name=name, is_endpoint=True)
        self.__dict__["regex"] = re.compile(regex, re.IGNORECASE)


def any_case(
    regex: str, view: Callable[..., Any], extra: Mapping[str, object] | None = None, *, name: str
) -> URLPattern:
    """A route below an organisation's segment, or below none."""
    return URLPattern(AnyCase(f"^{regex}/?$", name), view, dict(extra or {}), name)
