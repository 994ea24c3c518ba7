"""Seats are given, taken back and end; what is counted is always what is held (I-10)."""

from typing import Any

import pytest

from tests.cast import Cast, actor_of
from tests.licences.story import holders, open_office, pool, staff
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.errors import NotVisible, RoleMissing
from toiya.core.permissions import DirectoryRole
from toiya.directory.actors import bystander_for
from toiya.licences import assignment
from toiya.licences.assignment import Choice, Done, assign_licence, change_licences, revoke_licence
from toiya.licences.errors import NoPlanLeft, NoSeatFree, NoSuchSeats, PlansNotPossible
from toiya.licences.models import Licence
from toiya.licences.pools import change_seats, shrink_seats
from toiya.relations.grants import remove_grant


@pytest.mark.requirement("S-103")
def test_seats_are_given_by_the_grant_to_each_user_once_and_never_beyond_the_pool(cast: Cast) -> None:
    """Planted faults: ``must_act`` without ``hold_grant``; neither ``_assign`` nor ``give_licence`` looks for a licence
    that is there.
    """
    office = open_office(cast, DirectoryRole.LICENSE_ADMINISTRATOR, seats=2)
    kai, sku, aoba = actor_of(cast.kai), office.shop.office, cast.aoba
    first, second, third = staff(aoba, 3)
    where: dict[str, Any] = {"tenant_id": aoba.pk, "sku_id": sku.pk}
    for outsider in (cast.yui, cast.jun, cast.mei):
        with pytest.raises(NotVisible):
            assign_licence(actor_of(outsider), person_id=first.pk, **where)
    for colleague in (cast.nao, cast.riku):
        with pytest.raises(RoleMissing):
            assign_licence(actor_of(colleague), person_id=first.pk, **where)

    done = [
        assign_licence(kai, person_id=first.pk, **where),
        assign_licence(kai, person_id=first.pk, **where),
        assign_licence(kai, person_id=first.pk, disabled_plans=["files"], **where),
        assign_licence(kai, person_id=first.pk, disabled_plans=["files"], **where),
        assign_licence(kai, person_id=second.pk, **where),
    ]

    assert done == [Done.ASSIGNED, Done.UNCHANGED, Done.PLANS_CHANGED, Done.UNCHANGED, Done.ASSIGNED]
    with pytest.raises(NoSeatFree):
        assign_licence(kai, person_id=third.pk, **where)
    with pytest.raises(NoSuchSeats):
        assign_licence(kai, tenant_id=aoba.pk, person_id=third.pk, sku_id=office.shop.premium.pk)
    with pytest.raises(PlansNotPossible):
        assign_licence(kai, person_id=first.pk, disabled_plans=["fax"], **where)
    with pytest.raises(NoPlanLeft):
        assign_licence(kai, person_id=first.pk, disabled_plans=["mail", "files", "meetings"], **where)
    with pytest.raises(NotVisible):
        assign_licence(kai, person_id=cast.riku.pk, **where)
    assert (pool(aoba, sku).assigned, sorted(holders(aoba, sku))) == (2, sorted([first.pk, second.pk]))
    entry = AuditRecord.objects.filter(action=AuditAction.ASSIGN_LICENSE).latest("id")
    assert (entry.tenant_id, entry.counterparty_id, entry.grant_id) == (
        aoba.pk,
        cast.kawase.pk,
        office.grant.pk,
    )
    assert revoke_licence(kai, person_id=first.pk, **where) is Done.REVOKED
    assert revoke_licence(kai, person_id=first.pk, **where) is Done.UNCHANGED
    assert assign_licence(actor_of(cast.emi), person_id=third.pk, **where) is Done.ASSIGNED
    assert pool(aoba, sku).assigned == Licence.objects.count() == 2


def test_suspended_seats_keep_their_users_and_get_no_new_ones(cast: Cast) -> None:
    office = open_office(cast, seats=3)
    emi, sku, aoba = actor_of(cast.emi), office.shop.office, cast.aoba
    first, second = staff(aoba, 2)
    assign_licence(emi, tenant_id=aoba.pk, person_id=first.pk, sku_id=sku.pk)

    change_seats(aoba.pk, sku, suspended=3)

    assert (pool(aoba, sku).free, holders(aoba, sku)) == (0, [first.pk])
    with pytest.raises(NoSeatFree):
        assign_licence(emi, tenant_id=aoba.pk, person_id=second.pk, sku_id=sku.pk)
    change_seats(aoba.pk, sku, suspended=-3)
    assert assign_licence(emi, tenant_id=aoba.pk, person_id=second.pk, sku_id=sku.pk) is Done.ASSIGNED


def test_seats_that_end_take_the_latest_licences_with_them(cast: Cast) -> None:
    """Planted fault: the earliest first."""
    office = open_office(cast, seats=4)
    sku, aoba = office.shop.office, cast.aoba
    people = staff(aoba, 3)
    for person in people:
        assign_licence(actor_of(cast.emi), tenant_id=aoba.pk, person_id=person.pk, sku_id=sku.pk)
    by = bystander_for(cast.hinode, kind="worker")

    assert shrink_seats(by, aoba.pk, sku, 1) == []
    lost = shrink_seats(by, aoba.pk, sku, 2)

    assert [entry.person.pk for entry in lost] == [people[2].pk, people[1].pk]
    assert (pool(aoba, sku).seats, pool(aoba, sku).assigned, holders(aoba, sku)) == (1, 1, [people[0].pk])
    entries = AuditRecord.objects.filter(action=AuditAction.REVOKE_LICENSE)
    assert [(entry.tenant_id, entry.actor_kind, entry.after) for entry in entries] == [
        (aoba.pk, "worker", {"reason": "seats_ended"})
    ] * 2
    assert len(shrink_seats(by, aoba.pk, sku, 1)) == 1
    assert (pool(aoba, sku).seats, pool(aoba, sku).assigned) == (0, 0)


@pytest.mark.requirement("N-26")
def test_many_at_once_succeed_one_by_one_and_stop_when_the_access_ends(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted fault: ``change_licences`` in one transaction with the rights of its beginning (T-48)."""
    office = open_office(cast, seats=2)
    kai, sku, aoba = actor_of(cast.kai), office.shop.office, cast.aoba
    people = staff(aoba, 3)
    every = [person.pk for person in people]
    choices = [Choice(sku.pk, assign=True, disabled_plans=("mail",))]

    outcomes = change_licences(kai, tenant_id=aoba.pk, person_ids=[*every, cast.riku.pk], choices=choices)

    assert [(outcome.person.pk, outcome.done) for outcome in outcomes] == [
        (every[0], Done.ASSIGNED),
        (every[1], Done.ASSIGNED),
        (every[2], None),
    ]
    assert "Order more" in outcomes[2].problem
    assert {tuple(licence.disabled_plans) for licence in Licence.objects.all()} == {("mail",)}

    revoke, grant = assignment._revoke, office.grant  # noqa: SLF001  (the moment between two users)

    def then_the_access_ends(*arguments: Any) -> Done:
        done = revoke(*arguments)
        monkeypatch.undo()
        remove_grant(actor_of(cast.emi), grant=grant)
        return done

    monkeypatch.setattr(assignment, "_revoke", then_the_access_ends)
    revoked = change_licences(
        kai, tenant_id=aoba.pk, person_ids=every, choices=[Choice(sku.pk, assign=False)]
    )

    assert [outcome.done for outcome in revoked] == [Done.REVOKED, None, None]
    assert "gone" in revoked[1].problem
    assert pool(aoba, sku).assigned == Licence.objects.count() == 1
