"""Who is acting. Built once per request from the database (directory/actors.py), never from claims or a cache."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from typing import NamedTuple

from django.utils.translation import get_language

from toiya.core.clock import real_now
from toiya.core.errors import CapacityMissing, NotFromSandbox, PersonMissing, RoleMissing, SecondFactorStale
from toiya.core.permissions import RULES, Capacity, Permission, Role
from toiya.core.reader import name_for

FRESH_SECOND_FACTOR = dt.timedelta(minutes=15)


class Standing(NamedTuple):
    """What every permission follows from, and so does what somebody is offered."""

    roles: frozenset[Role]
    capacities: frozenset[Capacity]
    suspended: frozenset[Capacity] = frozenset()
    in_sandbox: bool = False

    def may(self, permission: Permission) -> bool:
        """Whether the table of permissions allows it."""
        rule = RULES[permission]
        if rule.shared and self.in_sandbox:
            return False
        return rule.allows(self.roles, self.capacities, self.suspended)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person of one tenant, with what is true about both at this request.

    ``application_id``: the call came through the API, from this application: in its own name, or in the person's.
    """

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
    application_id: uuid.UUID | None = None
    in_sandbox: bool = False
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)

    @property
    def organization(self) -> str:
        """The organisation's name in the letters of whoever reads it now."""
        return name_for(self.tenant_name, self.tenant_latin_name, get_language() or "")

    @property
    def standing(self) -> Standing:
        """The roles and the organisation's capacities of this request."""
        return Standing(self.roles, self.capacities, self.suspended, self.in_sandbox)

    def may(self, permission: Permission) -> bool:
        """Whether the table of permissions allows it now."""
        return self.standing.may(permission)

    def must(self, permission: Permission) -> None:
        """Refuse with the roles that would allow it (403), or with the capacity that is missing."""
        rule = RULES[permission]
        if not rule.roles & self.roles:
            roles = [role.label for role in Role if role in rule.roles]
            raise RoleMissing(act=rule.label, roles=roles)
        if rule.shared and self.in_sandbox:
            raise NotFromSandbox
        if not self.may(permission):
            raise CapacityMissing

    def must_be_fresh(self) -> None:
        """Weighty acts on a page need a second factor younger than 15 minutes (reliability.md section 3).

        A call through the API is let in by the application's secret, and by the second factor with which the person
        let the application in; it has no page to confirm on.
        """
        if self.application_id is not None:
            return
        if self.second_factor_at is None or real_now() - self.second_factor_at > FRESH_SECOND_FACTOR:
            raise SecondFactorStale

    def must_be_here(self) -> None:
        """Consent is a person's, given on a page with a fresh second factor; no application consents (T-31)."""
        if self.application_id is not None:
            raise PersonMissing
        self.must_be_fresh()


@dataclass(frozen=True, slots=True)
class Bystander:
    """Something acts without a signed-in person: the holder of a mailed link, the worker, the command line."""

    kind: str
    tenant_id: uuid.UUID
    family_id: uuid.UUID
    now: dt.datetime
    language: str
    person_id: None = None
    application_id: None = None
    correlation_id: uuid.UUID = field(default_factory=uuid.uuid4)


By = Actor | Bystander
