"""Faults that the trials of test_revocation.py must find: a process that remembers what it once read of somebody's
rights. They are loaded into servers of that test only, and a request chooses one by a header.
"""

import functools
import importlib
import os
import sys
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.http import HttpRequest, HttpResponse

PROCESS, FAULT = "X-Process", "X-Fault"
# What is remembered, and under which key: module, function, key of its arguments.
FAULTS: dict[str, tuple[str, str, Callable[..., object]]] = {
    "person": ("toiya.directory.sessions", "_whose", lambda row: row.person_id),
    "grants": ("toiya.relations.rights", "_usable", lambda actor, tenant: (actor.tenant_id, tenant)),
    "relationship": (
        "toiya.customers.relationships",
        "relationship_with",
        lambda actor, customer: (actor.tenant_id, customer),
    ),
    "partnership": ("toiya.relations.rights", "are_partners", lambda *pair: pair),
    "bearer": ("toiya.tokens.bearers", "_row", str),
}
# A process that takes the access away itself forgets what it knew of it; the others do not hear of that.
FORGETS = {"grants": ("toiya.relations.grants", "remove_grant")}
_chosen: ContextVar[str] = ContextVar("fault", default="")


class NamesItsProcess:
    """Each answer says which process gave it; the request says which fault it wants, if any."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on."""
        _chosen.set(request.headers.get(FAULT, ""))
        response = self.get_response(request)
        response.headers[PROCESS] = str(os.getpid())
        return response


class Loaded(AppConfig):
    """All pages are loaded before the server divides into its processes: four times would take too long."""

    name = "tests.relations"
    label = "revocation"

    def ready(self) -> None:
        """Load, and plant where the test asked for it."""
        importlib.import_module("toiya.urls")
        if getattr(settings, "HAS_FAULTS", False):
            for name in FAULTS:
                plant(name)


def plant(name: str) -> None:
    """Wherever Toiya uses the function, it now uses the one that remembers."""
    module, function, key = FAULTS[name]
    answers: dict[object, Any] = {}
    _replace(module, function, lambda right: remembering(name, right, key, answers))
    if name in FORGETS:
        _replace(*FORGETS[name], lambda right: forgetting(right, answers))


def _replace(module: str, function: str, wrong: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    right = getattr(importlib.import_module(module), function)
    other = wrong(right)
    for loaded in list(sys.modules.values()):
        if getattr(loaded, "__name__", "").startswith("toiya.") and vars(loaded).get(function) is right:
            setattr(loaded, function, other)


def remembering(
    name: str, right: Callable[..., Any], key: Callable[..., object], answers: dict[object, Any]
) -> Callable[..., Any]:
    """What was answered once is answered again, for requests that ask for this fault (``name`` and a number)."""

    @functools.wraps(right)
    def wrong(*args: Any) -> Any:  # noqa: ANN401  (as the function)
        chosen = _chosen.get()
        if chosen.partition(" ")[0] != name:
            return right(*args)
        asked = (chosen, key(*args))
        if asked not in answers:
            answers[asked] = right(*args)
        return answers[asked]

    return wrong


def forgetting(right: Callable[..., Any], answers: dict[object, Any]) -> Callable[..., Any]:
    """The act, and then this process knows better."""

    @functools.wraps(right)
    def act(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401  (as the function)
        done = right(*args, **kwargs)
        answers.clear()
        return done

    return act
