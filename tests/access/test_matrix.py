"""Every route, every persona, every kind of object: who gets in, and that nothing moves where nobody does.

The routes come from the URL resolver, the coarse need from the access table, what each route is about and who may
see it from ``policy.py`` and ``world.py``. The oracle below evaluates the needs by itself; it shares no code with the
middleware.
"""

import copy
import logging
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse

from tests.access.policy import (
    KIND,
    LEADS_TO_LINK_PAGE,
    LEADS_TO_SIGN_IN,
    NEEDS_OWN_APPLICATION,
    RULE_MAY_REFUSE,
    WITHOUT_PERMISSION,
)
from tests.access.world import ALL, Persona, World, build_world
from tests.test_architecture import route_names
from toiya.core.permissions import RULES, Capacity
from toiya.web import errors
from toiya.web.access import ACCESS, Level, Need

METHODS = ("GET", "POST")
WRITING = re.compile(r"^\s*(INSERT|UPDATE|DELETE)\b", re.IGNORECASE)
Execute = Callable[[str, Any, bool, dict[str, Any]], Any]
NOT_BUSINESS = re.compile(
    r"directory_session|requests_(limitcounter|replay)|toiya_cache|membership_membershipsession"
)
VARIABLE = re.compile(rb'name="csrfmiddlewaretoken" value="[^"]*"|name="next" value="[^"]*"')
WANTED_CELLS = 10_000
WANTED_PERSONAS = 14
SHARDS = 4
THOROUGH = {"anonymous", "kai", "ren"}  # they also try methods that a route does not have


class Undo(Exception):
    """Takes back whatever a cell did."""


@contextmanager
def writes_noted() -> Iterator[list[str]]:
    """The statements that change business tables, and everything taken back at the end."""
    noted: list[str] = []

    def note(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001
        if WRITING.match(sql) and not NOT_BUSINESS.search(sql):
            noted.append(sql[:80])
        return execute(sql, params, many, context)

    try:
        with transaction.atomic(), connection.execute_wrapper(note):
            yield noted
            raise Undo  # noqa: TRY301  (the block ends by taking everything back)
    except Undo:
        pass


@dataclass(frozen=True)
class Cell:
    """One persona knocks at one route with one method, about one object."""

    persona: Persona
    method: str
    route: str
    label: str
    path: str
    want: str

    def __str__(self) -> str:
        return f"{self.method} {self.route} [{self.label}] as {self.persona.name}"


def holds(persona: Persona, need: Need) -> bool:
    """The oracle's own reading of the table of permissions."""
    held = persona.live | persona.suspended
    for permission in filter(None, (need.site, need.permission)):
        rule = RULES[permission]
        usable = held if rule.while_suspended else persona.live
        if not rule.roles & persona.roles or (rule.capacities and not rule.capacities & usable):
            return False
    return need.capacity is None or need.capacity in held


def expected(  # noqa: PLR0911  (one line per outcome)
    persona: Persona, route: str, need: Need | None, seen_by: frozenset[str]
) -> str:
    """The one outcome that is right for this cell."""
    if need is None:
        return "no such method"
    sees = seen_by == ALL or persona.tenant in seen_by or f"person {persona.name}" in seen_by
    inside = "in" if sees else "missing"
    if need.level in {Level.ANYBODY, Level.LINK_HOLDER}:
        return inside
    if need.level is Level.MEMBERSHIP or persona.person is None:
        return "sign in"
    if persona.must_change and route != "account_change_password":
        return "missing step"
    if need.level is Level.PASSWORD:
        return inside
    if not persona.has_factor:
        return "missing step"
    return inside if holds(persona, need) else "forbidden"


def outcome(response: HttpResponseBase) -> str:
    """What the answer means."""
    target = response.headers.get("Location", "")
    if response.status_code in {301, 302, 303}:
        if target.startswith((reverse("account_login"), reverse("membership:sign_in"))):
            return "sign in"
        steps = ("account_change_password", "mfa_activate_totp", "account_reauthenticate")
        if target.startswith(tuple(reverse(step) + "?" for step in steps)):
            return "missing step"
        return "in"
    return {403: "forbidden", 404: "missing", 405: "no such method"}.get(
        response.status_code, "in" if response.status_code < 500 else f"error {response.status_code}"
    )


def is_sent_to_enrolment(cell: Cell, response: HttpResponseBase) -> bool:
    """Before approval the pages of the dashboard lead to the enrolment (S-010)."""
    partners = {Capacity.PROVIDER, Capacity.RESELLER}
    return (
        cell.method == "GET"
        and not partners & (cell.persona.live | cell.persona.suspended)
        and response.headers.get("Location") == reverse("enrolment:welcome")
    )


def cells_of(world: World, personas: list[Persona]) -> Iterator[Cell]:
    """All combinations for these personas, from the URL resolver. Methods that a route does not have are refused before
    anybody looks at what it is about: they are tried with the first object.
    """
    for route in sorted(route_names()):
        methods = ACCESS.get(route, {})
        objects = world.objects[KIND[route]] if route in KIND else {"-": ({}, ALL)}
        for place, (label, (kwargs, seen_by)) in enumerate(objects.items()):
            path = reverse(route, kwargs=dict(kwargs))
            for persona in personas:
                every = persona.name in THOROUGH and place == 0
                tried = (*METHODS, "PUT", "DELETE") if every else methods
                for method in tried:
                    want = expected(persona, route, methods.get(method), seen_by)
                    yield Cell(persona, method, route, label, path, want)


def agrees(  # noqa: PLR0911  (one line per reason)
    cell: Cell, got: str, response: HttpResponseBase
) -> bool:
    """Whether the answer is the expected one, with the few outcomes that amount to the same."""
    if cell.want == got:
        return True
    if cell.want == "forbidden":
        return is_sent_to_enrolment(cell, response)
    if cell.want == "in":
        if cell.route in LEADS_TO_SIGN_IN:
            return got == "sign in"
        if cell.route in NEEDS_OWN_APPLICATION:
            return got == "missing"
        return got == "forbidden" and (cell.method == "POST" or cell.route in RULE_MAY_REFUSE)
    if cell.want == "missing":
        leads_back = cell.method == "GET" and cell.route in LEADS_TO_LINK_PAGE and got == "in"
        return leads_back or (got == "forbidden" and cell.route in RULE_MAY_REFUSE)
    return False


@pytest.fixture
def world(db: None, caplog: pytest.LogCaptureFixture) -> World:
    caplog.set_level(logging.CRITICAL)
    built = build_world()
    for persona in built.personas:
        persona.browser.raise_request_exception = False
        persona.browser.get(
            reverse("public:welcome")
        )  # what a session notes once is not noted again in each cell
    return built


@pytest.fixture
def each_refusal_shown_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most cells end on one of few pages of refusal. A persona is shown each of them once on each site, written
    out; from then on a cell gets its status.
    """
    shown: set[tuple[object, ...]] = set()

    def show(
        request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int
    ) -> HttpResponse:
        page = (request.user.pk, request.path.split("/")[1], template, (context or {}).get("code"))
        if page in shown:
            return HttpResponse(status=status)
        shown.add(page)
        return render(request, template, context, status=status)

    monkeypatch.setattr(errors, "render", show)


def ask(persona: Persona, method: str, path: str) -> HttpResponseBase:
    """One request of the persona, whose browser then forgets what it was told (signing out, languages)."""
    cookies = copy.deepcopy(persona.browser.cookies)
    try:
        response: HttpResponseBase = getattr(persona.browser, method.lower())(path)
    finally:
        persona.browser.cookies = cookies
    return response


@pytest.mark.goal("G-01", "G-02", "G-11")
@pytest.mark.parametrize(
    "shard", [0, *(pytest.param(part, marks=pytest.mark.once) for part in range(1, SHARDS))]
)
def test_access_matrix(world: World, each_refusal_shown_once: None, shard: int) -> None:
    """Planted faults that this test finds: ``visible_to`` of ResellerRelationship without its filter; doors that ask
    for no permission; a GET that marks an invitation as opened.
    """
    cells: Counter[str] = Counter()
    wrong: list[str] = []
    for cell in cells_of(world, world.personas[shard::SHARDS]):
        with writes_noted() as noted:
            response = ask(cell.persona, cell.method, cell.path)
        got = outcome(response)
        cells[cell.want] += 1
        if not agrees(cell, got, response):
            wrong.append(f"{cell}: wanted {cell.want}, got {got} ({response.status_code})")
        if noted and (cell.method == "GET" or got != "in"):
            wrong.append(f"{cell}: wrote {noted[0]}")
    print(f"\naccess matrix, part {shard + 1} of {SHARDS}: {cells.total()} cells, {dict(cells)}")  # noqa: T201

    assert not wrong, "\n".join(wrong)


def test_the_matrix_is_large_enough_and_every_route_is_declared(world: World) -> None:
    """G-01 asks for 10,000 cells and 14 personas, and for no cell without a declared outcome."""
    assert set(route_names()) == set(ACCESS)
    assert len(world.personas) >= WANTED_PERSONAS
    assert sum(1 for _cell in cells_of(world, world.personas)) >= WANTED_CELLS


@pytest.mark.goal("G-02")
def test_what_asks_for_no_permission_is_named_beside_the_access_table() -> None:
    """The matrix takes its needs from the table and does not see what is missing there. Planted fault: a permission
    taken out of the access table.
    """
    found: dict[Level, dict[str, str]] = {level: {} for level in Level}
    for route, needs in ACCESS.items():
        for level in Level:
            methods = [name for name, need in needs.items() if not need.permission and need.level is level]
            if methods:
                found[level][route] = " ".join(methods)

    assert found == WITHOUT_PERMISSION


@pytest.mark.once
@pytest.mark.goal("G-07")
def test_a_foreign_id_answers_like_one_that_does_not_exist(world: World) -> None:
    """Planted fault that this test finds: naming the organisation on the 404 page."""
    different: list[str] = []
    pairs = 0
    for route in sorted(set(KIND) & set(ACCESS)):
        objects = world.objects[KIND[route]]
        unknown = objects.get("nonexistent")
        if unknown is None or "GET" not in ACCESS[route]:
            continue
        for label, (kwargs, seen_by) in objects.items():
            for persona in world.personas:
                if expected(persona, route, ACCESS[route]["GET"], seen_by) != "missing":
                    continue
                one, other = (
                    persona.browser.get(reverse(route, kwargs=dict(arguments)))
                    for arguments in (kwargs, unknown[0])
                )
                pairs += 1
                if (one.status_code, _plain(one)) != (other.status_code, _plain(other)):
                    different.append(f"{route} [{label}] as {persona.name}")

    assert different == []
    assert pairs > len(world.personas)


def _plain(response: HttpResponseBase) -> tuple[bytes, dict[str, str]]:
    varying = {"Set-Cookie", "Content-Length"}  # a longer address makes a longer page
    headers = {name: value for name, value in response.headers.items() if name not in varying}
    return VARIABLE.sub(b"", getattr(response, "content", b"")), headers
