"""The first segment of a token address: whose people and programs it is for."""

import uuid
from dataclasses import dataclass

from toiya.core.text import is_storable
from toiya.directory.models import Domain, Tenant

ANY = frozenset({"common", "organizations"})


class UnknownRealm(Exception):
    """There is no such organisation; nobody learns more."""


@dataclass(frozen=True, slots=True)
class Realm:
    """One organisation, or any."""

    segment: str
    tenant_id: uuid.UUID | None

    def admits(self, tenant_id: uuid.UUID) -> bool:
        """Whether somebody of this organisation may come in here."""
        return self.tenant_id is None or self.tenant_id == tenant_id


def realm_of(segment: str) -> Realm:
    """A tenant's id, one of its verified domains, ``common`` or ``organizations``. Raises UnknownRealm."""
    name = segment.lower()
    if not is_storable(name):
        raise UnknownRealm
    if name in ANY:
        return Realm(name, None)
    try:
        wanted = uuid.UUID(name)
    except ValueError:
        found = Domain.objects.filter(name=name).values_list("tenant_id", flat=True).first()
    else:
        found = Tenant.objects.filter(pk=wanted).values_list("pk", flat=True).first()
    if found is None:
        raise UnknownRealm
    return Realm(str(found), found)
