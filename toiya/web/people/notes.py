"""What each role can do, in words: read from the table of permissions, never written down twice."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from toiya.core.permissions import RULES, Capacity, Permission, Role, RoleCategory, Rule, roles_in

# Pages everybody has; they tell nothing about a role.
COMMON = frozenset({Permission.HOME_VIEW, Permission.OWN_PROFILE, Permission.ENROL})
SHOWN = 6


def role_notes(capacities: Iterable[Capacity]) -> dict[str, str]:
    """What each role adds in an organisation with these capacities: beside the choice, in short."""
    held = frozenset(capacities)
    return {role.value: _note(role, held) for role in Role}


def _note(role: Role, held: frozenset[Capacity]) -> str:
    labels = [
        str(rule.label)
        for permission, rule in RULES.items()
        if role in rule.roles and permission not in COMMON and (not rule.capacities or rule.capacities & held)
    ]
    text = " · ".join(labels[:SHOWN])
    if len(labels) <= SHOWN:
        return text
    return _("%(some)s, and %(more)s more") % {"some": text, "more": len(labels) - SHOWN}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the matrix; ``only_for`` names the kinds of organisation that it is limited to."""

    label: str
    only_for: str
    cells: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who may do what, for the roles of some categories (S-052)."""

    heading: str
    roles: tuple[Role, ...]
    lines: tuple[Line, ...]


def matrix(heading: str, categories: Iterable[RoleCategory], capacities: Iterable[Capacity]) -> Matrix:
    """The part of the table for these categories, in organisations with these capacities."""
    roles = tuple(role for category in categories for role in roles_in(category))
    there = frozenset(capacities)
    rules = [rule for rule in RULES.values() if not rule.capacities or rule.capacities & there]
    lines = (
        Line(str(rule.label), _only_for(rule, there), tuple(role in rule.roles for role in roles))
        for rule in rules
    )
    return Matrix(heading, roles, tuple(line for line in lines if any(line.cells)))


def _only_for(rule: Rule, there: frozenset[Capacity]) -> str:
    if not rule.capacities or rule.capacities >= there:
        return ""
    return ", ".join(str(capacity.label) for capacity in Capacity if capacity in rule.capacities)
