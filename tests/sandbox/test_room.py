"""A sandbox is small, and its made-up names stand in nobody's way."""

import pytest

from tests.api.speaking import api_of_application
from tests.cast import Cast, actor_of, relate
from tests.commerce import build_shop, subscribed
from tests.sandbox.story import bought, made_by, part, reseller_details
from toiya.core.permissions import Capacity, Role
from toiya.directory.errors import DomainTaken, SandboxFull
from toiya.directory.models import Domain, Family, Tenant, TenantCapacity
from toiya.directory.tenants import FirstAdministrator, create_tenant
from toiya.enrolment.errors import ProfileElsewhere
from toiya.enrolment.profiles import must_be_choosable
from toiya.membership.models import OrganizationProfile, ProviderEntry
from toiya.orders.errors import NothingOrdered
from toiya.programme.models import Programme
from toiya.sandbox.errors import IdInUse, NotInSandbox
from toiya.sandbox.models import Sandbox
from toiya.sandbox.resellers import add_reseller
from toiya.subscriptions.models import Subscription
from toiya.subscriptions.quantity import change_quantity


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
    """The operator sets how many, here as many as the field. Planted fault: ``vet`` does not ask for room."""
    Programme.objects.update(sandbox_partners=5)
    sandbox = made_by(cast.mei).sandbox
    provider = actor_of(part(sandbox, "provider"))
    for number in range(4):
        add_reseller(provider, details=reseller_details(number))

    with pytest.raises(SandboxFull):
        add_reseller(provider, details=reseller_details(5))

    held = TenantCapacity.objects.filter(tenant__family=sandbox.family, capacity=Capacity.RESELLER)
    assert held.count() == 5
    assert not Tenant.objects.filter(name="Second 5").exists()


def test_so_many_customers_and_no_more(cast: Cast) -> None:
    Programme.objects.update(sandbox_customers=3)
    family = made_by(cast.mei).sandbox.family
    company(family, "one.example")
    company(family, "two.example")

    with pytest.raises(SandboxFull):
        company(family, "three.example")
    company(cast.family, "three.example")


def test_so_many_subscriptions_with_so_many_licences(cast: Cast) -> None:
    """A line beyond is refused with the limit that the operator set; a real customer is bound by none.

    Planted faults: ``_check_new`` without the limits; ``_increase`` without them.
    """
    shop = build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    Programme.objects.update(sandbox_subscriptions=2, sandbox_licences=25)
    held = bought(sandbox, quantity=25)
    actor = actor_of(part(sandbox, "provider"))

    with pytest.raises(SandboxFull, match="at most 25 licenses"):
        change_quantity(actor, subscription=held, quantity=26, version=held.version)
    with pytest.raises(NothingOrdered, match="at most 25 licenses"):
        bought(sandbox, quantity=26)
    bought(sandbox, quantity=1)
    with pytest.raises(NothingOrdered, match="at most 2 subscriptions"):
        bought(sandbox, quantity=1)

    assert Subscription.objects.filter(tenant=actor.tenant_id).count() == 2
    for _more in range(3):
        subscribed(cast, shop, cast.aoba, quantity=100)


def test_a_program_reads_which_limit_it_has_reached(cast: Cast) -> None:
    """800018, for a line beside the line."""
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    Programme.objects.update(sandbox_licences=25)
    sold = bought(sandbox, quantity=1)
    api = api_of_application(part(sandbox, "provider").tenant, Role.ADMIN_AGENT)
    base = f"/v1/customers/{sold.customer_id}"

    told = api.post(f"{base}/orders", {"lineItems": [{"offerId": str(sold.availability_id), "quantity": 26}]})
    assert (told.status, told.body["code"]) == (400, 800018)
    told = api.patch(f"{base}/subscriptions/{sold.pk}", {"quantity": 26})
    assert (told.status, told.body["code"]) == (400, 800018)


def test_a_real_company_gets_its_domain(cast: Cast) -> None:
    """Planted faults: ``make_room`` refuses every domain that is held; the made-up company is still found by the name
    that it has lost.
    """
    family = made_by(cast.mei).sandbox.family
    made_up = company(family, "sumire.example")
    served = relate(part(Sandbox.objects.get(), "provider").tenant, made_up)

    with pytest.raises(DomainTaken):
        company(family, "aoba.example")
    with pytest.raises(DomainTaken):
        company(made_by(cast.yui).sandbox.family, "sumire.example")
    real = company(cast.family, "sumire.example")

    assert Domain.objects.get(name="sumire.example").tenant == real
    moved = made_up.domains.get()
    assert moved.name.endswith(".sandbox.example")
    made_up.refresh_from_db()
    served.refresh_from_db()
    assert served.customer_domain == moved.name
    for key in (made_up.search_key, served.customer_search_key):
        assert moved.name in key
        assert "sumire.example" not in key
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
