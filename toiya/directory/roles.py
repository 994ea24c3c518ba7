"""Who may change whom: the one table for people's credentials, factors and roles (reliability.md 3 d, e).

Pure functions over sets of roles, so that every combination can be tested.
"""

from collections.abc import Iterable
from enum import StrEnum

from toiya.core.permissions import (
    CATEGORY_CAPACITIES,
    CATEGORY_OF,
    RULES,
    Capacity,
    Permission,
    Role,
    RoleCategory,
    roles_in,
)


class PersonAct(StrEnum):
    """What somebody may do to another person's account."""

    ADD = "add"
    UPDATE = "update"
    ASSIGN_ROLES = "assign_roles"
    DISABLE = "disable"
    ENABLE = "enable"
    RESET_PASSWORD = "reset_password"  # noqa: S105  (an act, not a secret)
    RESET_FACTORS = "reset_factors"
    DELETE = "delete"
    RESTORE = "restore"


# What a role gives away. Admin agents give agent roles only, and touch nobody's credentials.
GIVES: dict[Role, frozenset[RoleCategory]] = {
    Role.GLOBAL_ADMIN: frozenset(RoleCategory),
    Role.USER_ADMIN: frozenset({RoleCategory.AGENT, RoleCategory.INCENTIVES, RoleCategory.REFERRALS}),
    Role.ADMIN_AGENT: frozenset({RoleCategory.AGENT}),
}
ACTS: dict[Role, frozenset[PersonAct]] = {
    Role.GLOBAL_ADMIN: frozenset(PersonAct),
    Role.USER_ADMIN: frozenset(PersonAct),
    Role.ADMIN_AGENT: frozenset({PersonAct.ADD, PersonAct.UPDATE, PersonAct.ASSIGN_ROLES}),
}


def giveable(actor_roles: Iterable[Role]) -> frozenset[Role]:
    """The roles that somebody with these roles may give to others and take from them."""
    categories = {category for role in actor_roles for category in GIVES.get(role, ())}
    return frozenset(role for category in categories for role in roles_in(category))


def within_reach(actor_roles: Iterable[Role], target_roles: Iterable[Role]) -> bool:
    """Whether the target's rights are a subset of what the actor has or may give."""
    held = frozenset(actor_roles)
    return frozenset(target_roles) <= held | giveable(held)


def may_change(actor_roles: Iterable[Role], target_roles: Iterable[Role], act: PersonAct) -> bool:
    """Whether somebody with these roles may do this to somebody else with those (T-13, I-08)."""
    held = frozenset(actor_roles)
    return any(act in ACTS.get(role, ()) for role in held) and within_reach(held, target_roles)


def may_reassign(
    actor_roles: Iterable[Role], before: Iterable[Role], after: Iterable[Role], *, own: bool
) -> bool:
    """Whether the actor may replace these roles of a person by those.

    What changes hands must be the actor's to give. Only a global administrator changes own roles (S-047).
    """
    held, old, new = frozenset(actor_roles), frozenset(before), frozenset(after)
    if own and Role.GLOBAL_ADMIN not in held:
        return False
    return may_change(held, old, PersonAct.ASSIGN_ROLES) and (old ^ new) <= giveable(held)


def offered_categories(capacities: Iterable[Capacity]) -> tuple[RoleCategory, ...]:
    """The role categories of an organisation with these capacities; a customer has administrators only."""
    held = frozenset(capacities)
    return tuple(
        category
        for category in RoleCategory
        if not CATEGORY_CAPACITIES[category] or CATEGORY_CAPACITIES[category] & held
    )


def one_per_category(roles: Iterable[Role]) -> bool:
    """A person holds at most one role of each category (N-02)."""
    categories = [CATEGORY_OF[role] for role in roles]
    return len(categories) == len(set(categories))


def who_acts(act: PersonAct) -> tuple[Role, ...]:
    """The roles that may do this at all, for the sentence of a refusal."""
    return tuple(role for role in Role if act in ACTS.get(role, ()))


def rule_label(permission: Permission) -> str:
    """What the table of permissions calls it, in the reader's language."""
    return str(RULES[permission].label)
