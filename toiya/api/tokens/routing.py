"""Addresses that clients write in any case, and with a slash too many."""

import re
from collections.abc import Callable, Mapping

from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.urls.resolvers import RegexPattern


class AnyCase(RegexPattern):
    """A pattern that takes large letters for small ones."""

    def _compile(self, regex: str) -> re.Pattern[str]:
        return re.compile(regex, re.IGNORECASE)


def any_case(
    regex: str, view: Callable[..., HttpResponseBase], extra: Mapping[str, object] | None = None, *, name: str
) -> URLPattern:
    """A route below an organisation's segment, or below none."""
    pattern = AnyCase(f"^{regex}/?$", name=name, is_endpoint=True)
    return URLPattern(pattern, view, dict(extra or {}), name)
