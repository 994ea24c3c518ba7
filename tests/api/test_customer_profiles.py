"""What a partner reads and keeps about one customer, and how the relationship ends."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.scene import lend
from tests.api.speaking import Api, api_of, api_of_application
from tests.cast import Cast, browser_of, relate
from tests.commerce import build_shop, subscribed
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Domain, Tenant
from toiya.mail.models import OutgoingMail
from toiya.programme.models import Country
from toiya.relations.models import AdministrationGrant, ResellerRelationship

READER = DirectoryRole.DIRECTORY_READER


def self_link(uri: str) -> dict[str, object]:
    return {"self": {"uri": uri, "method": "GET", "headers": []}}


def kept(customer: Tenant) -> None:
    """What a page has kept about the customer."""
    CustomerAccount.objects.filter(pk=customer.pk).update(
        billing_name="アオバ工業 経理部",
        postal_code="980-0811",
        region="宮城県",
        city="仙台市",
        street="一番町1-2-3",
        contact_name="青葉 恵美",
        contact_email="emi@aoba.example",
        contact_phone="+81 22-123-4567",
        version=4,
    )


@pytest.mark.operation("customers.get", "customers.get_company_profile", "customers.get_billing_profile")
def test_a_customer_with_its_profiles(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """What the page kept is told; address, mail address and domains only to whom the customer lends reading.

    Plant: without the look at the grant Kai reads Aoba's mail address.
    """
    relate(cast.kawase, cast.aoba)
    relate(cast.hinode, cast.aoba)
    kept(cast.aoba)
    Domain.objects.create(
        tenant=cast.aoba, name="aoba-shop.example", verified_at=cast.aoba.created_at, is_primary=False
    )
    lend(cast, cast.hinode, Capacity.PROVIDER, READER)
    kai, mei, base = api_of(cast.kai), api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}"

    told = kai.get(base)

    company = {
        "tenantId": str(cast.aoba.pk),
        "domain": "aoba.example",
        "companyName": "アオバ工業",
        "links": self_link(f"/customers/{cast.aoba.pk}/profiles/company"),
        "attributes": {"objectType": "CustomerCompanyProfile"},
    }
    address = {
        "country": "JP",
        "postalCode": "980-0811",
        "state": "宮城県",
        "city": "仙台市",
        "addressLine1": "一番町1-2-3",
        "phoneNumber": "+81 22-123-4567",
    }
    billing = {
        "id": str(cast.aoba.pk),
        "firstName": "恵美",
        "lastName": "青葉",
        "email": "emi@aoba.example",
        "culture": "ja-JP",
        "language": "ja",
        "companyName": "アオバ工業 経理部",
        "defaultAddress": {**address, "firstName": "恵美", "lastName": "青葉"},
        "links": self_link(f"/customers/{cast.aoba.pk}/profiles/billing"),
        "attributes": {"objectType": "CustomerBillingProfile", "etag": "4"},
    }
    assert (told.status, told.body) == (
        200,
        {
            "id": str(cast.aoba.pk),
            "companyProfile": company,
            "billingProfile": billing,
            "relationshipToPartner": "reseller",
            "allowDelegatedAccess": False,
            "links": self_link(f"/customers/{cast.aoba.pk}"),
            "attributes": {"objectType": "Customer"},
        },
    )
    lent = {**company, "address": address, "email": "emi@aoba.example"}
    assert mei.get(base).body == {
        **told.body,
        "companyProfile": lent,
        "allowDelegatedAccess": True,
        "customDomains": ["aoba.example", "aoba-shop.example"],
    }
    assert kai.get(f"{base}/profiles/company").body == company
    assert mei.get(f"{base}/profiles/company").body == lent
    read = kai.get(f"{base}/profiles/billing")
    assert (read.body, read.headers["ETag"]) == (billing, '"4"')
    with django_assert_num_queries(5):
        kai.get(base)
    with django_assert_num_queries(4):
        kai.get(f"{base}/profiles/billing")


@pytest.mark.operation(
    "customers.get",
    "customers.get_company_profile",
    "customers.get_billing_profile",
    "customers.update_billing_profile",
    "customers.get_organization",
    "customers.list_custom_domains",
    "customers.get_validation_status",
    "customers.patch",
)
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "", None),
        ("PATCH", "", {"relationshipToPartner": "none"}),
        ("GET", "/profiles/company", None),
        ("GET", "/profiles/billing", None),
        ("PUT", "/profiles/billing", {"companyName": "x"}),
        ("GET", "/organization", None),
        ("GET", "/customDomains", None),
        ("GET", "/validationStatus?type=account", None),
    ],
)
def test_somebody_else_s_customer_does_not_exist(cast: Cast, method: str, path: str, body: Any) -> None:  # noqa: ANN401
    """The same bytes as for an id that nobody has; without a role 403; app only as the documents allow."""
    relate(cast.hinode, cast.aoba)
    yui, nobody = api_of(cast.yui), "01234567-89ab-cdef-0123-456789abcdef"

    strange = yui.call(method, f"/v1/customers/{cast.aoba.pk}{path}", body)
    missing = yui.call(method, f"/v1/customers/{nobody}{path}", body)

    assert (strange.status, strange.body["code"]) == (404, 60003)
    assert strange.content == missing.content
    assert yui.call(method, f"/v1/customers/x{path}", body).status == 404
    roleless = api_of(cast.riku).call(method, f"/v1/customers/{cast.aoba.pk}{path}", body)
    assert (roleless.status, roleless.body["code"]) == (403, 900150)
    alone = api_of_application(cast.yamabuki, Role.GLOBAL_ADMIN).call(
        method, f"/v1/customers/{nobody}{path}", body
    )
    in_person = path in {"/profiles/company", "/validationStatus?type=account"} or method == "PATCH"
    assert (alone.status, alone.body["code"]) == ((403, 900329) if in_person else (404, 60003))


PROFILE = {
    "FirstName": "Gena",
    "LastName": "Soto",
    "Email": "Gena@Aoba.Example",
    "Culture": "ja-JP",
    "Language": "ja",
    "CompanyName": "Aoba K.K.",
    "DefaultAddress": {
        "Country": "jp",
        "PostalCode": "9800811",
        "State": "Miyagi",
        "City": "Sendai",
        "AddressLine1": "1-2-3 Ichibancho",
        "AddressLine2": "Aoba Building",
        "PhoneNumber": "022-123-4567",
        "Region": None,
    },
}


@pytest.mark.operation("customers.update_billing_profile")
def test_the_billing_profile_is_replaced_once_for_each_etag(cast: Cast) -> None:
    """The page shows what the API wrote, the API reads what the page writes; a stale etag from body or header is told.

    Plant: without the version in the UPDATE the second change overwrites the first.
    """
    relate(cast.kawase, cast.aoba)
    relate(cast.hinode, cast.aoba)
    api = api_of(cast.kai)
    address = f"/v1/customers/{cast.aoba.pk}/profiles/billing"
    seen = api.get(address).body
    assert seen["attributes"]["etag"] == "1"

    told = api.put(address, {**PROFILE, "Attributes": {"Etag": "1", "ObjectType": "CustomerBillingProfile"}})

    assert told.status == 200, told.body
    assert told.body == api.get(address).body
    assert told.body["attributes"]["etag"] == "2"
    assert (told.body["firstName"], told.body["lastName"]) == ("Gena", "Soto")
    assert told.body["defaultAddress"] == {
        "country": "JP",
        "postalCode": "980-0811",
        "state": "宮城県",
        "city": "Sendai",
        "addressLine1": "1-2-3 Ichibancho",
        "addressLine2": "Aoba Building",
        "firstName": "Gena",
        "lastName": "Soto",
        "phoneNumber": "+81 22-123-4567",
    }
    browser = browser_of(cast.kai)
    page = browser.get(reverse("customers:account", args=[cast.aoba.pk])).content.decode()
    assert "980-0811 宮城県 Sendai 1-2-3 Ichibancho Aoba Building" in page
    stale = api.put(address, {**PROFILE, "Attributes": {"Etag": "1"}})
    stale_header = api.put(address, PROFILE, If_Match='"1"')
    unknown = api.put(address, PROFILE, If_Match='"x\'y"')
    assert [(a.status, a.body["code"]) for a in (stale, stale_header, unknown)] == [(400, 2055)] * 3
    assert api.put(address, {**PROFILE, "CompanyName": "Aoba"}, If_Match='W/"2"').status == 200
    assert api.put(address, PROFILE).status == 200  # no etag: whoever says nothing takes what is there

    form = {
        "version": "4",
        "billing_name": "アオバ",
        "postal_code": "980-0811",
        "region": "宮城県",
        "city": "仙台市",
        "street": "一番町1",
        "street_more": "2階",
    }
    assert browser.post(reverse("customers:update_account", args=[cast.aoba.pk]), form).status_code == 302
    read = api_of(cast.mei).get(address).body
    assert (read["companyName"], read["attributes"]["etag"]) == ("アオバ", "5")
    assert read["defaultAddress"]["addressLine2"] == "2階"


@pytest.mark.operation("customers.update_billing_profile")
@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"CompanyName": ""}, "companyName"),
        ({"CompanyName": "a" * 201}, "companyName"),
        ({"Email": "nobody"}, "email"),
        ({"FirstName": "a" * 101}, "firstName"),
        ({"DefaultAddress": None}, "defaultAddress.postalCode"),
        ({"DefaultAddress": {**PROFILE["DefaultAddress"], "Country": "US"}}, "defaultAddress.country"),  # type: ignore[dict-item]
        ({"DefaultAddress": {**PROFILE["DefaultAddress"], "State": "x" * 5000}}, "defaultAddress.state"),  # type: ignore[dict-item]
        ({"DefaultAddress": {**PROFILE["DefaultAddress"], "City": "x" * 5000}}, "defaultAddress.city"),  # type: ignore[dict-item]
        ({"DefaultAddress": "JP"}, "defaultAddress"),
    ],
)
def test_what_is_wrong_in_the_profile_is_named(cast: Cast, change: dict[str, Any], name: str) -> None:
    """400 with 800002 and the property; nothing is kept."""
    relate(cast.kawase, cast.aoba)
    address = f"/v1/customers/{cast.aoba.pk}/profiles/billing"

    told = api_of(cast.kai).put(address, {**PROFILE, **change})

    assert (told.status, told.body["code"]) == (400, 800002)
    assert name in told.body["data"]
    assert api_of(cast.kai).get(address).body["attributes"]["etag"] == "1"


@pytest.mark.operation("customers.get_organization", "customers.list_custom_domains")
def test_the_organization_is_read_with_its_consent(cast: Cast) -> None:
    """403 naming the roles that would do without a grant, and for somebody whom the grant does not reach.

    Plant: the relationship alone is enough.
    """
    relate(cast.kawase, cast.aoba)
    kept(cast.aoba)
    kai, base = api_of(cast.kai), f"/v1/customers/{cast.aoba.pk}"

    for path in ("organization", "customDomains"):
        told = kai.get(f"{base}/{path}")
        assert (told.status, told.body["code"]) == (403, 900150)
        assert "Directory reader" in told.body["description"]
    lend(cast, cast.kawase, Capacity.RESELLER, READER)
    assert kai.get(f"{base}/organization").body == [
        {
            "street": "一番町1-2-3",
            "countryLetterCode": "JP",
            "postalCode": "980-0811",
            "city": "仙台市",
            "state": "宮城県",
            "displayName": "アオバ工業",
        }
    ]
    assert kai.get(f"{base}/customdomains").body == ["aoba.example"]
    sales = api_of_application(cast.kawase, Role.SALES_AGENT)
    assert sales.get(f"{base}/customDomains").status == 403


@pytest.mark.operation("customers.get_validation_status")
def test_whether_the_customer_may_buy(cast: Cast) -> None:
    """The same that orders ask: account, open country, no partner."""
    relate(cast.hinode, cast.aoba)
    relate(cast.hinode, cast.yamabuki)
    api, address = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/ValidationStatus"

    told = api.get(f"{address}?type=Account")

    assert (told.status, told.body) == (
        200,
        {"type": "Account", "status": "Allowed", "lastUpdateDateTime": cast.aoba.created_at.isoformat()},
    )
    partner = api.get(f"/v1/customers/{cast.yamabuki.pk}/validationstatus?type=account")
    assert partner.body["status"] == "NotAllowed"
    Country.objects.filter(pk="JP").update(is_open=False)
    assert api.get(f"{address}?type=account").body["status"] == "NotAllowed"
    for wrong in ("", "?type=", "?type=colour"):
        assert (api.get(address + wrong).status, api.get(address + wrong).body["code"]) == (400, 800002)
    CustomerAccount.objects.all().delete()
    missing = api.get(f"{address}?type=account")
    assert (missing.status, missing.body["code"]) == (404, 600074)


# ---------------------------------------------------------------- the end
def end(api: Api, customer: Tenant, **body: Any) -> Any:  # noqa: ANN401
    return api.patch(f"/v1/customers/{customer.pk}/", body)


@pytest.mark.operation("customers.patch")
def test_the_relationship_ends_when_nothing_is_active(cast: Cast) -> None:
    """Refused while a subscription is active; then gone for the partner and for nobody else; access stays as it is.

    Plant: ``remove_relationship`` instead of ``end_relationship``, and the active subscription is left behind.
    """
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    subscription = subscribed(cast, build_shop(cast), cast.aoba)
    lend(cast, cast.hinode, Capacity.PROVIDER, READER)
    mei = api_of(cast.mei)

    refused = end(mei, cast.aoba, relationshipToPartner="none")
    subscription.state = "suspended"
    subscription.save()
    alone = end(api_of_application(cast.hinode, Role.GLOBAL_ADMIN), cast.aoba, relationshipToPartner="None")
    agent = end(api_of(cast.sora), cast.aoba, relationshipToPartner="None")
    told = end(mei, cast.aoba, RelationshipToPartner="None", Attributes={"ObjectType": "Customer"})

    assert (refused.status, refused.body["data"]) == (409, ["still_active"])
    assert (alone.status, alone.body["code"]) == (403, 900329)
    assert (agent.status, agent.body["code"]) == (403, 900150)
    assert told.status == 200
    assert (told.body["relationshipToPartner"], told.body["allowDelegatedAccess"]) == ("none", True)
    assert mei.get(f"/v1/customers/{cast.aoba.pk}").status == 404
    assert mei.get("/v1/customers").body["items"] == []
    assert api_of(cast.kai).get(f"/v1/customers/{cast.aoba.pk}").status == 200
    assert AdministrationGrant.objects.get().removed_at is None
    ended = ResellerRelationship.objects.get(partner=cast.hinode)
    assert ended.ended_by_tenant_id == cast.hinode.pk
    mail = OutgoingMail.objects.get(message="customers/relationship_removed", to=cast.emi.contact_email)
    assert mail.context["reason"] == "Ended by the partner through the API."


@pytest.mark.operation("customers.patch")
def test_administrator_access_is_given_up(cast: Cast) -> None:
    """Alone, or with the relationship; nobody takes access by PATCH, and nothing is done where nothing was asked."""
    relate(cast.hinode, cast.aoba)
    mei = api_of(cast.mei)

    taken = end(mei, cast.aoba, allowDelegatedAccess=True)
    nothing = end(mei, cast.aoba)
    strange = end(mei, cast.aoba, relationshipToPartner="advisor")
    lend(cast, cast.hinode, Capacity.PROVIDER, READER)
    told = end(mei, cast.aoba, allowDelegatedAccess=False, relationshipToPartner="reseller")
    again = end(mei, cast.aoba, allowDelegatedAccess=False)
    lend(cast, cast.hinode, Capacity.PROVIDER, READER)
    both = end(mei, cast.aoba, allowDelegatedAccess=False, relationshipToPartner="none")

    assert [(a.status, a.body["code"]) for a in (taken, nothing, strange)] == [(400, 800002)] * 3
    assert (told.body["allowDelegatedAccess"], told.body["relationshipToPartner"]) == (False, "reseller")
    assert "customDomains" not in told.body
    assert (again.status, again.body) == (200, told.body)
    assert (both.body["allowDelegatedAccess"], both.body["relationshipToPartner"]) == (False, "none")
    assert not AdministrationGrant.objects.filter(removed_at__isnull=True).exists()
    assert not ResellerRelationship.objects.live().exists()
