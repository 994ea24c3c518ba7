"""Calls of one application in a minute: counted in each process, known to all of them (conventions.md section 10)."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from tests.api.speaking import Api, api_of
from tests.cast import Cast
from toiya.core.clock import real_now
from toiya.requests import rates
from toiya.requests.cleaning import KEEP_COUNTERS, forget_old_requests
from toiya.requests.models import LimitCounter

Process = Callable[[Api], int]
FROM_THE_MINUTE = 15


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    """The time that the counters see: a quarter past a full minute, until a story moves it on."""
    now = [real_now().replace(second=FROM_THE_MINUTE, microsecond=0)]
    monkeypatch.setattr(rates, "real_now", lambda: now[0])
    return now


@pytest.fixture
def processes(monkeypatch: pytest.MonkeyPatch, clock: list[dt.datetime]) -> list[Process]:
    """Four processes that serve: each has its own counters in memory, all have one database."""

    def started() -> Process:
        calls = rates.Calls()

        def ask(api: Api) -> int:
            monkeypatch.setattr(rates, "_calls", calls)
            return api.get("/v1/customers").status

        return ask

    return [started() for _ in range(4)]


def test_too_many_calls(
    cast: Cast, processes: list[Process], clock: list[dt.datetime], settings: Settings
) -> None:
    """429 with Retry-After in seconds, and the body that clients expect; another application is not touched, and the
    next minute is a new one.
    """
    settings.API_CALLS_PER_MINUTE = 3
    busy, other, ask = api_of(cast.mei), api_of(cast.mei), processes[0]

    assert [ask(busy) for _ in range(5)] == [200, 200, 200, 429, 429]

    told = busy.get("/v1/customers")
    assert told.headers["Retry-After"] == "45"
    assert told.body["statusCode"] == 429
    assert set(told.body) == {"statusCode", "message"}
    assert ask(other) == 200
    clock[0] += dt.timedelta(seconds=44)
    assert ask(busy) == 429
    clock[0] += dt.timedelta(seconds=1)
    assert ask(busy) == 200


def test_several_processes_keep_one_limit(
    cast: Cast, processes: list[Process], clock: list[dt.datetime], settings: Settings
) -> None:
    """Whatever process an application's calls come to, they count together: each of four processes lets through less
    than a hundredth more than the limit, and the same again in the next minute.

    Planted fault: ``together`` is not read back, and each process lets the whole limit through.
    """
    settings.API_CALLS_PER_MINUTE = 200
    busy, other = api_of(cast.mei), api_of(cast.riku)
    for _minute in range(2):
        statuses = [ask(busy) for _ in range(60) for ask in processes]
        assert set(statuses) == {200, 429}
        assert 200 <= statuses.count(200) <= 204
        assert set(statuses[204 + 4 :]) == {429}
        assert processes[1](other) == 403  # not a matter of how many
        clock[0] += rates.WINDOW


def test_a_small_limit_is_exact(cast: Cast, processes: list[Process], settings: Settings) -> None:
    """Up to a hundred calls every single one is told to the others."""
    settings.API_CALLS_PER_MINUTE = 10
    busy = api_of(cast.mei)

    statuses = [ask(busy) for _ in range(5) for ask in processes]

    assert statuses == [200] * 10 + [429] * 10


def test_what_the_counting_costs(cast: Cast, processes: list[Process], settings: Settings) -> None:
    """One statement more at every hundredth part of the limit, none at the calls between, none for refused ones."""
    settings.API_CALLS_PER_MINUTE = 200
    busy, ask = api_of(cast.mei), processes[0]

    def statements() -> int:
        with CaptureQueriesContext(connection) as noted:
            ask(busy)
        return len(noted)

    first, second, third, fourth = (statements() for _ in range(4))
    assert (second - first, third, fourth) == (1, first, second)
    while ask(busy) == 200:
        pass
    assert statements() == 1  # who calls


def test_past_minutes_are_forgotten(
    cast: Cast, processes: list[Process], clock: list[dt.datetime], settings: Settings
) -> None:
    """The worker takes the counts of long past minutes away, not those of now."""
    settings.API_CALLS_PER_MINUTE = 10
    processes[0](api_of(cast.mei))
    calls = LimitCounter.objects.filter(key__startswith="calls:")
    forget_old_requests()
    assert [row.count for row in calls] == [1]

    calls.update(window=clock[0] - KEEP_COUNTERS - rates.WINDOW)
    forget_old_requests()
    assert not calls.exists()
