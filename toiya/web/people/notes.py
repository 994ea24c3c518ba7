"""What each role can do, in words: read from the table of permissions, never written down twice."""

from dataclasses import dataclass

from toiya.core.permissions import RULES, Permission, Role, RoleCategory, roles_in

# Pages everybody has; they tell nothing about a role.
COMMON = frozenset({Permission.HOME_VIEW, Permission.OWN_PROFILE, Permission.ENROL})


def role_notes() -> dict[str, str]:
    """For each role, what it adds, as one sentence beside the choice."""
    return {
        role.value: " · ".join(
            str(rule.label)
            for permission, rule in RULES.items()
            if role in rule.roles and permission not in COMMON
        )
        for role in Role
    }


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the matrix."""

    label: str
    cells: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Who may do what, for the roles of some categories (S-052)."""

    heading: str
    roles: tuple[Role, ...]
    lines: tuple[Line, ...]


def matrix(heading: str, *categories: RoleCategory) -> Matrix:
    """The part of the table that concerns these categories; without the rows that none of their roles has."""
    roles = tuple(role for category in categories for role in roles_in(category))
    lines = (Line(str(rule.label), tuple(role in rule.roles for role in roles)) for rule in RULES.values())
    return Matrix(heading, roles, tuple(line for line in lines if any(line.cells)))
