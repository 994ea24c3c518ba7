"""Random histories of relationships, grants, subscriptions and seats: Toiya agrees with an independent model at every
step (G-29). The control plants faults, and the machine has to find each of them.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.cast import Cast
from tests.model.machine import Commerce
from tests.model.world import build_world
from toiya.customers import answers
from toiya.licences import assignment
from toiya.licences.models import SeatPool
from toiya.orders import reach
from toiya.partnerships.models import InvitationState
from toiya.relations import models as relations
from toiya.subscriptions import lifecycle, quantity, rights, states

SMALL = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
LARGE = settings(SMALL, max_examples=2000, stateful_step_count=50, phases=[Phase.generate, Phase.shrink])
SEARCH = settings(SMALL, max_examples=300)  # ends with the first finding


def run(cast: Cast, size: settings) -> None:
    """As many histories as the size says; the number repeats them (TOIYA_SEED=…)."""
    number = int(os.environ.get("TOIYA_SEED") or secrets.randbelow(2**32))
    print(f"\nTOIYA_SEED={number} repeats these histories")  # noqa: T201
    tally: Counter[str] = Counter()
    machine: Any = type("Histories", (Commerce,), {"world": build_world(cast), "tally": tally})
    machine.origin = machine().begin()
    run_state_machine_as_test(seed(number)(machine), settings=size)
    print(f"{tally['done']} acts were done, {tally['refused']} refused, as the model said")  # noqa: T201


@pytest.mark.goal("G-29", "G-04", "G-05")
def test_every_history_agrees_with_the_model(cast: Cast) -> None:
    """Planted faults that this test finds: those of the control below."""
    run(cast, SMALL)


@pytest.mark.proof
@pytest.mark.goal("G-29")
def test_many_long_histories_agree_with_the_model(cast: Cast) -> None:
    """2,000 histories of 50 steps."""
    run(cast, LARGE)


# ---------------------------------------------------------------- the control
def _without_expiry(patch: pytest.MonkeyPatch) -> None:
    judge = answers._obstacle  # noqa: SLF001  (where the fault is planted)

    def careless(invitation: Any, version: int, now: Any) -> Any:  # noqa: ANN401
        return judge(invitation, version, invitation.created_at)

    patch.setattr(answers, "_obstacle", careless)


def _accepted_twice(patch: pytest.MonkeyPatch) -> None:
    judge = answers._obstacle  # noqa: SLF001  (where the fault is planted)

    def careless(invitation: Any, version: int, now: Any) -> Any:  # noqa: ANN401
        return None if invitation.state == InvitationState.ACCEPTED else judge(invitation, version, now)

    patch.setattr(answers, "_obstacle", careless)
    patch.setattr(answers, "_settle", lambda _actor, invitation: invitation.save())


def _seats_counted_before(patch: pytest.MonkeyPatch) -> None:
    """Read, then write: what was read has not seen the licences of this very moment, nor the suspended seats."""

    def careless(pool: SeatPool) -> None:
        if pool.assigned < pool.seats:
            SeatPool.objects.filter(pk=pool.pk).update(assigned=F("assigned") + 1)

    patch.setattr(assignment, "take_seat", careless)


def _seat_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assignment, "give_seat_back", lambda _pool, _count=1: None)


def _partnership_ignored_at_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "are_partners", lambda _provider, _reseller: True)


def _partnership_ignored_at_acceptance(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "are_partners", lambda _provider, _reseller: True)


def _partnership_ignored_by_resellers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(rights, "are_partners", lambda _provider, _reseller: True)


def _grants_without_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        relations.AdministrationGrantQuerySet, "live", lambda self, _now: self.filter(removed_at__isnull=True)
    )


def _change_without_event(patch: pytest.MonkeyPatch) -> None:
    write = lifecycle._write_event  # noqa: SLF001  (where the fault is planted)

    def careless(by: Any, subscription: Any, kind: Any, fields: Any) -> Any:  # noqa: ANN401
        kept = {name: value for name, value in fields.items() if name != "quantity" or len(fields) > 3}
        return write(by, subscription, kind, kept)

    patch.setattr(lifecycle, "_write_event", careless)


def _window_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quantity, "least_quantity", lambda _subscription, _now: 1)


def _anybody_reactivates(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "must_be_the_one_to_reactivate", lambda _actor, _subscription: None)


def _not_logged(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "note", lambda *_given, **_named: None)


PLANTED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    fault.__name__.lstrip("_"): fault
    for fault in (
        _without_expiry,
        _accepted_twice,
        _seats_counted_before,
        _seat_kept,
        _partnership_ignored_at_order,
        _partnership_ignored_at_acceptance,
        _partnership_ignored_by_resellers,
        _grants_without_end,
        _change_without_event,
        _window_ignored,
        _anybody_reactivates,
        _not_logged,
    )
}


@pytest.mark.once
@pytest.mark.goal("G-29")
@pytest.mark.parametrize("name", PLANTED)
def test_the_machine_finds_what_was_planted(cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    PLANTED[name](monkeypatch)
    with pytest.raises(AssertionError):
        run(cast, SEARCH)
