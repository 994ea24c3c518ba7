"""Who may change whom, over every combination of roles (T-13, I-08)."""

import itertools

import pytest

from toiya.core.permissions import CATEGORY_OF, RULES, Capacity, Permission, Role, RoleCategory, roles_in
from toiya.directory.roles import (
    PersonAct,
    giveable,
    may_change,
    may_reassign,
    offered_categories,
    one_per_category,
    within_reach,
)

pytestmark = pytest.mark.once
PARTNER_CATEGORIES = (
    RoleCategory.ADMIN,
    RoleCategory.AGENT,
    RoleCategory.INCENTIVES,
    RoleCategory.REFERRALS,
)
Roles = frozenset[Role]


def everybody() -> list[Roles]:
    """Every set of roles that a person may hold: at most one of each category."""
    choices = [(None, *roles_in(category)) for category in PARTNER_CATEGORIES]
    return [frozenset(role for role in held if role) for held in itertools.product(*choices)]


AGENTS = frozenset(roles_in(RoleCategory.AGENT))
LESSER = AGENTS | set(roles_in(RoleCategory.INCENTIVES)) | set(roles_in(RoleCategory.REFERRALS))
CREDENTIALS = set(PersonAct) - {PersonAct.ADD, PersonAct.UPDATE, PersonAct.ASSIGN_ROLES}


def expected(actor: Roles, target: Roles, act: PersonAct) -> bool:
    """The specification in other words, role by role."""
    if Role.GLOBAL_ADMIN in actor:
        return True
    if Role.USER_ADMIN in actor:
        return not target - LESSER - {Role.USER_ADMIN}
    if Role.ADMIN_AGENT in actor:
        return act not in CREDENTIALS and not target - AGENTS - actor
    return False


@pytest.mark.requirement("N-02")
@pytest.mark.goal("G-08")
@pytest.mark.parametrize("act", PersonAct)
def test_every_pair_of_role_sets_equals_the_specification(act: PersonAct) -> None:
    people = everybody()

    wrong = [
        (sorted(actor), sorted(target))
        for actor in people
        for target in people
        if may_change(actor, target, act) is not expected(actor, target, act)
    ]

    # Planted fault: USER_ADMIN giving RoleCategory.ADMIN in GIVES makes this fail.
    assert len(people) == 5 * 4 * 3 * 3
    assert wrong == []


@pytest.mark.goal("G-08")
def test_nobody_but_a_global_administrator_touches_one() -> None:
    touched = {
        actor for actor in everybody() for act in PersonAct if may_change(actor, {Role.GLOBAL_ADMIN}, act)
    }

    assert touched == {actor for actor in everybody() if Role.GLOBAL_ADMIN in actor}


@pytest.mark.goal("G-08")
def test_no_chain_of_six_acts_gains_a_role_that_was_not_to_be_given() -> None:
    """Whoever controls an account's credentials acts with its roles: follow that for six steps."""
    people = everybody()
    controlled_by = {
        actor: {
            target
            for target in people
            if may_change(actor, target, PersonAct.RESET_PASSWORD)
            or (may_change(actor, target, PersonAct.ADD) and target <= giveable(actor))
        }
        for actor in people
    }
    for start in people:
        reached = {start}
        for _step in range(6):
            reached |= {target for actor in reached for target in controlled_by[actor]}
        gained = frozenset().union(*reached) - start
        assert gained <= giveable(start)


def test_own_roles_are_changed_by_global_administrators_only() -> None:
    own = {actor for actor in everybody() if may_reassign(actor, actor, actor ^ {Role.SALES_AGENT}, own=True)}

    assert own == {actor for actor in everybody() if Role.GLOBAL_ADMIN in actor}
    agent = frozenset({Role.ADMIN_AGENT})
    assert may_reassign(agent, frozenset(), frozenset({Role.SALES_AGENT}), own=False)
    assert not may_reassign(agent, frozenset(), frozenset({Role.USER_ADMIN}), own=False)
    manager = frozenset({Role.USER_ADMIN})
    assert not may_reassign(manager, manager, frozenset(), own=False), "taking is giving backwards"


def test_the_table_agrees_with_the_table_of_permissions() -> None:
    for role in Role:
        gives = {CATEGORY_OF[given] for given in giveable({role})}
        assert (RoleCategory.ADMIN in gives) is (role in RULES[Permission.ADMIN_ROLES_ASSIGN].roles)
        assert (RoleCategory.AGENT in gives) is (role in RULES[Permission.AGENT_ROLES_ASSIGN].roles)
        acts = any(may_change({role}, set(), act) for act in PersonAct)
        assert acts is (role in RULES[Permission.PEOPLE_MANAGE].roles)


def test_categories_follow_what_the_organisation_is_enrolled_as() -> None:
    assert offered_categories(()) == (RoleCategory.ADMIN,)
    assert offered_categories({Capacity.RESELLER}) == PARTNER_CATEGORIES
    assert offered_categories({Capacity.OPERATOR}) == (RoleCategory.ADMIN, RoleCategory.PROGRAMME)
    assert one_per_category({Role.SALES_AGENT, Role.BILLING_ADMIN})
    assert not one_per_category({Role.SALES_AGENT, Role.ADMIN_AGENT})
    assert within_reach({Role.SALES_AGENT}, {Role.SALES_AGENT})
