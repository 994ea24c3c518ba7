"""Who is acting. Built once per request from the database (directory/actors.py), never from claims or a cache."""

import datetime as dt
import uuid
from dataclasses import dataclass, field

from django.utils.translation import get_language

from toiya.core.clock import real_now
from toiya.core.errors import CapacityMissing, RoleMissing, SecondFactorStale
from toiya.core.permissions import RULES, Capacity, Permission, Role
from toiya.core.reader import name_for

FRESH_SECOND_FACTOR = dt.timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of one tenant, with what is true about both at this request."""

    person_id: uuid.UUID
    name: str
    user_name: str
    tenant_id: uuid.UUID
    tenant_name: str
    family_id: uuid.UUID
    roles: frozenset[Role]
    capacities: frozenset[Capacity]
    now: dt.datetime
    language: str
    suspended: frozenset[Capacity] = frozenset()
    second_factor_at: dt.datetime | None = None
    tenant_latin_name: str = ""
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def organization(self) -> str:
        """The organisation's name in the letters of whoever reads it now."""
        return name_for(self.tenant_name, self.tenant_latin_name, get_language() or "")

    def may(self, permission: Permission) -> bool:
        """Whether the table of permissions allows it now."""
        return RULES[permission].allows(self.roles, self.capacities, self.suspended)

    def must(self, permission: Permission) -> None:
        """Refuse with the roles that would allow it (403), or with the capacity that is missing."""
        rule = RULES[permission]
        if not rule.roles & self.roles:
            roles = [role.label for role in Role if role in rule.roles]
            raise RoleMissing(act=rule.label, roles=roles)
        if not self.may(permission):
            raise CapacityMissing

    def must_be_fresh(self) -> None:
        """Consent and other weighty acts need a second factor younger than 15 minutes (reliability.md section 3)."""
        if self.second_factor_at is None or real_now() - self.second_factor_at > FRESH_SECOND_FACTOR:
            raise SecondFactorStale


@dataclass(frozen=True, slots=True)
class Bystander:
    """Something acts without a signed-in person: the holder of a mailed link, the worker, the command line."""

    kind: str
    tenant_id: uuid.UUID
    family_id: uuid.UUID
    now: dt.datetime
    language: str
    person_id: None = None
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)


By = Actor | Bystander
