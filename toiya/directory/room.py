"""Room for another organisation: a domain that nobody holds, and in a sandbox a place.

Names of a sandbox are made up, so they never stand in the way of a real company: a real one takes its domain, and the
made-up organisation gets another name. How much a sandbox holds is the operator's to set, so that nobody keeps a
business in it; what the field allows (conventions.md section 14) is too little to try anything out (C-03).
"""

import secrets
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet

from toiya.core.permissions import Capacity
from toiya.core.prepared import prepared
from toiya.core.text import search_key
from toiya.directory.errors import DomainTaken, SandboxFull
from toiya.directory.models import Domain, Family, Person, Tenant, TenantCapacity
from toiya.programme.models import Programme


def make_room(family: Family, domain: str) -> None:
    """The domain is free for a new organisation of the family, and there is a place for one. Raises DomainTaken,
    SandboxFull.
    """
    holder = Domain.objects.select_related("tenant__family").filter(name__iexact=domain).first()
    if holder is not None:
        if family.is_sandbox or not holder.tenant.family.is_sandbox:
            raise DomainTaken(field="domain")
        _give_way(holder)
    if family.is_sandbox:
        _lock(family)
        vetted = TenantCapacity.objects.filter(tenant=OuterRef("pk"))
        most = Programme.objects.get().sandbox_customers
        if Tenant.objects.filter(~Exists(vetted), family=family).count() >= most:
            raise SandboxFull(customers=most)


def must_have_room_for_partner(tenant: Tenant, capacity: Capacity) -> None:
    """Raises SandboxFull where the sandbox has as many providers or resellers as it may."""
    if not tenant.family.is_sandbox or capacity == Capacity.OPERATOR:
        return
    _lock(tenant.family)
    held = TenantCapacity.objects.filter(tenant__family=tenant.family, capacity=capacity)
    most = Programme.objects.get().sandbox_partners
    if held.exclude(tenant=tenant).count() >= most:
        raise SandboxFull(partners=most)


@dataclass(frozen=True, slots=True)
class SandboxLimits:
    """How much a customer in a sandbox may have of one provider."""

    subscriptions: int
    licences: int

    def must_hold(self, *, subscriptions: int = 0, licences: int = 0) -> None:
        """So many subscriptions of the customer, or licences of one subscription. Raises SandboxFull."""
        if subscriptions > self.subscriptions:
            raise SandboxFull(subscriptions=self.subscriptions)
        if licences > self.licences:
            raise SandboxFull(licences=self.licences)


def sandbox_limits(customer_id: uuid.UUID) -> SandboxLimits | None:
    """What binds a customer in a sandbox; None for a real one. One statement."""
    return next((SandboxLimits(*row) for row in _limits(customer_id)), None)


@prepared
def _limits(customer_id: uuid.UUID) -> QuerySet[Programme, tuple[Any, ...]]:
    inside = Family.objects.filter(tenants=customer_id, is_sandbox=True)
    limits = Programme.objects.filter(Exists(inside))
    return limits.values_list("sandbox_subscriptions", "sandbox_licences")[:1]


def _lock(family: Family) -> None:
    """One more at a time, so that the last place is taken once."""
    Family.objects.select_for_update(no_key=True).get(pk=family.pk)


def _give_way(held: Domain) -> None:
    """The made-up organisation keeps its people; their user names lie in a new domain, by which it is found."""
    former = held.name
    held.name = f"moved-{secrets.token_hex(4)}.{settings.SANDBOX_DOMAIN}"
    held.save(update_fields=["name"])
    for person in Person.objects.filter(tenant=held.tenant, user_name__endswith=f"@{former}"):
        person.user_name = f"{person.user_name.removesuffix(former)}{held.name}"
        person.save(update_fields=["user_name"])
    moved = held.tenant
    names = moved.domains.values_list("name", flat=True)
    moved.search_key = search_key(moved.name, moved.reading, moved.latin_name, *names)
    moved.save(update_fields=["search_key"])
    moved.relationships_as_customer.update(customer_search_key=moved.search_key, customer_domain=held.name)
