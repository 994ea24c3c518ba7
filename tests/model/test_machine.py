"""Random histories of relationships, grants, subscriptions and seats: Toiya agrees with an independent model at every
step (G-29). The control plants faults, and the machine has to find each of them.
"""

import dataclasses
import json
import os
import re
import secrets
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db.models import F
from hypothesis import HealthCheck, Phase, __version__, reproduce_failure, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.cast import Cast
from tests.model.machine import Commerce
from tests.model.world import build_world
from toiya.core.permissions import Rule
from toiya.customers import answers
from toiya.directory.models import PersonQuerySet
from toiya.licences import assignment, customer_users
from toiya.licences.customer_users import Returned
from toiya.licences.models import SeatPool
from toiya.orders import examination, reach
from toiya.partnerships.models import InvitationState
from toiya.relations import models as relations
from toiya.relations import rights as relation_rights
from toiya.subscriptions import holdings, lifecycle, quantity, rights, seats, states

SMALL = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
HISTORIES = int(os.environ.get("TOIYA_HISTORIES") or 2000)
LARGE = settings(SMALL, max_examples=HISTORIES, stateful_step_count=50, phases=[Phase.generate, Phase.shrink])
SEARCH = settings(SMALL, max_examples=300, print_blob=True)  # ends with the first finding
KEPT = Path(__file__).with_name("histories.json")


def run(cast: Cast, size: settings, history: str = "") -> None:
    """As many histories as the size says, which the number repeats (TOIYA_SEED=…), or the one that was kept."""
    tally: Counter[str] = Counter()
    machine: Any = type("Histories", (Commerce,), {"world": build_world(cast), "tally": tally})
    machine.origin = machine().begin()
    if history:
        run_state_machine_as_test(reproduce_failure(__version__, history.encode())(machine), settings=size)
        return
    number = int(os.environ.get("TOIYA_SEED") or secrets.randbelow(2**32))
    print(f"\nTOIYA_SEED={number} repeats these histories")  # noqa: T201
    run_state_machine_as_test(seed(number)(machine), settings=size)
    print(f"{tally['done']} acts were done, {tally['refused']} refused, as the model said")  # noqa: T201


@pytest.mark.goal("G-29", "G-04", "G-05")
def test_every_history_agrees_with_the_model(cast: Cast) -> None:
    """Planted faults that this test finds: those of the control below."""
    run(cast, SMALL)


@pytest.mark.proof
@pytest.mark.goal("G-29")
def test_many_long_histories_agree_with_the_model(cast: Cast) -> None:
    """2,000 histories of 50 steps, or as many as TOIYA_HISTORIES says."""
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

    def settle(_actor: object, invitation: Any, state: InvitationState) -> None:  # noqa: ANN401
        invitation.state = state
        invitation.save()

    patch.setattr(answers, "_settle", settle)


def _seats_counted_before(patch: pytest.MonkeyPatch) -> None:
    """Read, then write: what was read has not seen the licences of this very moment, nor the suspended seats."""

    def careless(pool: SeatPool) -> None:
        if pool.assigned < pool.seats:
            SeatPool.objects.filter(pk=pool.pk).update(assigned=F("assigned") + 1)

    patch.setattr(assignment, "take_seat", careless)


def _seat_kept(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(assignment, "give_seat_back", lambda _pool, _count=1: None)


def _partnership_ignored_at_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "_must_be_partners", lambda _provider, _reseller, **_found: None)


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


def _licence_kept_by_deleted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customer_users, "_put_aside", lambda _authority, _person: None)


def _former_licences_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(customer_users, "_give_back", lambda _authority, person, **_more: Returned(person, [], []))


def _disabled_get_licences(patch: pytest.MonkeyPatch) -> None:
    find = assignment._user  # noqa: SLF001  (where the fault is planted)

    def careless(tenant_id: Any, person_id: Any) -> Any:  # noqa: ANN401
        person = find(tenant_id, person_id)
        person.disabled_at = None
        return person

    patch.setattr(assignment, "_user", careless)


def _restored_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        PersonQuerySet,
        "deleted_of",
        lambda self, tenant_id, _now: self.filter(tenant_id=tenant_id, deleted_at__isnull=False),
    )


def _stopped_start_anew(patch: pytest.MonkeyPatch) -> None:
    allows = Rule.allows

    def careless(self: Rule, roles: Any, capacities: Any, suspended: Any = ()) -> bool:  # noqa: ANN401
        return allows(self, roles, {*capacities, *suspended})

    patch.setattr(Rule, "allows", careless)


def _stopped_resellers_are_sold_through(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reach, "_must_be_live", lambda _partner, **_found: None)


def _stopped_ones_are_accepted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(answers, "is_live", lambda _tenant_id, _capacity: True)


def _stopped_ones_add_licences(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(quantity, "must_sell", rights.must_order)


def _stopped_ones_administer(patch: pytest.MonkeyPatch) -> None:
    def careless(actor: Any, tenant_id: Any) -> Any:  # noqa: ANN401
        lent = relations.AdministrationGrant.objects.live(actor.now)
        return list(lent.filter(tenant_id=tenant_id, grantee_id=actor.tenant_id))

    patch.setattr(relation_rights, "_usable", careless)


def _add_ons_stay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "_hold_add_ons", lambda _subscription, *_states: [])


def _add_ons_do_not_come_back(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(states, "_may_go_on", lambda _actor, _subscription: False)


def _add_ons_come_back_uncalled(patch: pytest.MonkeyPatch) -> None:
    """Also those that were suspended before their parent was."""
    hold = states._hold_add_ons  # noqa: SLF001  (where the fault is planted)

    def careless(subscription: Any, *wanted: Any) -> Any:  # noqa: ANN401
        held = hold(subscription, *wanted)
        for add_on in held:
            add_on.suspended_with_parent = True
        return held

    patch.setattr(states, "_hold_add_ons", careless)


def _any_parent_will_do(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(examination, "_check_parent", lambda _known, _line, _needed: None)


def _trial_again(patch: pytest.MonkeyPatch) -> None:
    def careless(customer_id: Any, **more: Any) -> Any:  # noqa: ANN401
        found = holdings.holdings_of(customer_id, **more)
        return dataclasses.replace(found, counts={})

    patch.setattr(examination, "holdings_of", careless)


def _trial_leaves_its_users_behind(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(seats, "move_licences", lambda _by, **_more: 0)


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
        _licence_kept_by_deleted,
        _former_licences_forgotten,
        _disabled_get_licences,
        _restored_for_ever,
        _stopped_start_anew,
        _stopped_resellers_are_sold_through,
        _stopped_ones_are_accepted,
        _stopped_ones_add_licences,
        _stopped_ones_administer,
        _add_ons_stay,
        _add_ons_do_not_come_back,
        _add_ons_come_back_uncalled,
        _any_parent_will_do,
        _trial_again,
        _trial_leaves_its_users_behind,
        _not_logged,
    )
}


@pytest.mark.goal("G-29")
@pytest.mark.parametrize("name", PLANTED)
def test_the_machine_finds_what_was_planted(cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """In the history in which the search below met it. When rules of the machine have changed, or Hypothesis has, that
    history no longer exists: search again.
    """
    history = json.loads(KEPT.read_text())[name]
    PLANTED[name](monkeypatch)
    with pytest.raises(AssertionError):
        run(cast, SEARCH, history)


@pytest.mark.once
@pytest.mark.proof
@pytest.mark.goal("G-29")
@pytest.mark.parametrize("name", PLANTED)
def test_the_machine_meets_what_was_planted(cast: Cast, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Of itself, in histories that nobody chose. With TOIYA_KEEP=1 the history is kept for the test above."""
    PLANTED[name](monkeypatch)
    with pytest.raises(AssertionError) as found:
        run(cast, SEARCH)
    if os.environ.get("TOIYA_KEEP"):
        notes = "\n".join(getattr(found.value, "__notes__", ()))
        (blob,) = re.findall(r"@reproduce_failure\([^,]+, b'([^']+)'\)", notes)
        kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
        KEPT.write_text(json.dumps({**kept, name: blob}, indent=1, sort_keys=True) + "\n")
