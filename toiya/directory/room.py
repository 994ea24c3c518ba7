"""Room for another organisation: a domain that nobody holds, and in a sandbox a place.

Names of a sandbox are made up, so they never stand in the way of a real company: a real one takes its domain, and the
made-up organisation gets another name. A sandbox is small (conventions.md section 14), so that nobody keeps a business
in it.
"""

import secrets

from django.conf import settings
from django.db.models import Exists, OuterRef

from toiya.core.permissions import Capacity
from toiya.directory.errors import DomainTaken, SandboxFull
from toiya.directory.models import Domain, Family, Person, Tenant, TenantCapacity

PARTNERS_PER_SANDBOX = 5
CUSTOMERS_PER_SANDBOX = 75


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
        if Tenant.objects.filter(~Exists(vetted), family=family).count() >= CUSTOMERS_PER_SANDBOX:
            raise SandboxFull(customers=CUSTOMERS_PER_SANDBOX)


def must_have_room_for_partner(tenant: Tenant, capacity: Capacity) -> None:
    """Raises SandboxFull where the sandbox has as many providers or resellers as it may."""
    if not tenant.family.is_sandbox or capacity == Capacity.OPERATOR:
        return
    _lock(tenant.family)
    held = TenantCapacity.objects.filter(tenant__family=tenant.family, capacity=capacity)
    if held.exclude(tenant=tenant).count() >= PARTNERS_PER_SANDBOX:
        raise SandboxFull(partners=PARTNERS_PER_SANDBOX)


def _lock(family: Family) -> None:
    """One more at a time, so that the last place is taken once."""
    Family.objects.select_for_update(no_key=True).get(pk=family.pk)


def _give_way(held: Domain) -> None:
    """The made-up organisation keeps its people; their user names lie in a new domain."""
    former = held.name
    held.name = f"moved-{secrets.token_hex(4)}.{settings.SANDBOX_DOMAIN}"
    held.save(update_fields=["name"])
    for person in Person.objects.filter(tenant=held.tenant, user_name__endswith=f"@{former}"):
        person.user_name = f"{person.user_name.removesuffix(former)}{held.name}"
        person.save(update_fields=["user_name"])
