"""A sandbox is small, and its made-up names stand in nobody's way."""

import pytest

from tests.cast import Cast, actor_of
from tests.sandbox.story import made_by, part, reseller_details
from toiya.core.permissions import Capacity
from toiya.directory import room
from toiya.directory.errors import DomainTaken, SandboxFull
from toiya.directory.models import Domain, Family, Tenant, TenantCapacity
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.enrolment.errors import ProfileElsewhere
from toiya.enrolment.profiles import must_be_choosable
from toiya.membership.models import OrganizationProfile, ProviderEntry
from toiya.sandbox.errors import IdInUse, NotInSandbox
from toiya.sandbox.models import Sandbox
from toiya.sandbox.resellers import add_reseller


def company(family: Family, domain: str) -> Tenant:
    """An organisation with this domain."""
    return create_tenant(
        family=family,
        name="Sumire",
        domain=domain,
        country="JP",
        language="en",
        administrator=FirstAdministrator(
            f"emi@{domain}", "Emi", f"emi@mail.{domain}", "a river of fireflies"
        ),
    )


def test_five_resellers_and_no_sixth(cast: Cast) -> None:
    """conventions.md section 14. Planted fault: ``vet`` does not ask for room."""
    sandbox = made_by(cast.mei).sandbox
    provider = actor_of(part(sandbox, "provider"))
    for number in range(4):
        add_reseller(provider, details=reseller_details(number))

    with pytest.raises(SandboxFull):
        add_reseller(provider, details=reseller_details(5))

    held = TenantCapacity.objects.filter(tenant__family=sandbox.family, capacity=Capacity.RESELLER)
    assert held.count() == 5
    assert not Tenant.objects.filter(name="Second 5").exists()


def test_so_many_customers_and_no_more(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "CUSTOMERS_PER_SANDBOX", 3)
    family = made_by(cast.mei).sandbox.family
    company(family, "one.example")
    company(family, "two.example")

    with pytest.raises(SandboxFull):
        company(family, "three.example")
    company(cast.family, "three.example")


def test_a_real_company_gets_its_domain(cast: Cast) -> None:
    """Planted fault: ``make_room`` refuses every domain that is held."""
    family = made_by(cast.mei).sandbox.family
    made_up = company(family, "sumire.example")

    with pytest.raises(DomainTaken):
        company(family, "aoba.example")
    with pytest.raises(DomainTaken):
        company(made_by(cast.yui).sandbox.family, "sumire.example")
    real = company(cast.family, "sumire.example")

    assert Domain.objects.get(name="sumire.example").tenant == real
    moved = made_up.domains.get()
    assert moved.name.endswith(".sandbox.example")
    assert made_up.people.get().user_name == f"emi@{moved.name}"
    assert real.people.get().user_name == "emi@sumire.example"


def test_membership_ids_stay_on_their_side(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    provider, reseller = part(sandbox, "provider"), part(sandbox, "reseller")
    real = OrganizationProfile.objects.create(membership_id="SB-TEST-1", name="Real", country_id="JP")
    made_up = OrganizationProfile.objects.get(owner=reseller.tenant)

    added = add_reseller(actor_of(provider), details=reseller_details(1)).tenant
    for profile, tenant in ((real, added), (made_up, cast.kawase)):
        with pytest.raises(ProfileElsewhere):
            must_be_choosable(profile, tenant)
    again = reseller_details(2)
    with pytest.raises(IdInUse):
        add_reseller(
            actor_of(provider), details=type(again)(**{**_fields(again), "membership_id": "SB-TEST-1"})
        )
    with pytest.raises(IdInUse):
        add_reseller(
            actor_of(provider), details=type(again)(**{**_fields(again), "domain": "second-1.example"})
        )
    with pytest.raises(NotInSandbox):
        add_reseller(actor_of(cast.mei), details=again)
    assert Sandbox.objects.count() == 1


def _fields(details: object) -> dict[str, str]:
    return {name: getattr(details, name) for name in details.__slots__}  # type: ignore[attr-defined]


def test_providers_of_a_sandbox_are_listed_inside_only(cast: Cast) -> None:
    """Planted fault: ``listed`` does not look at the family."""
    sandbox = made_by(cast.mei).sandbox
    provider = part(sandbox, "provider")
    ProviderEntry.objects.filter(tenant=provider.tenant).update(approved_at=sandbox.made_at)
    listed = ProviderEntry.objects.listed

    assert provider.tenant_id not in listed().values_list("pk", flat=True)
    assert provider.tenant_id not in listed(actor_of(cast.kai)).values_list("pk", flat=True)
    inside = listed(actor_of(part(sandbox, "reseller"))).values_list("pk", flat=True)
    assert list(inside) == [provider.tenant_id]
