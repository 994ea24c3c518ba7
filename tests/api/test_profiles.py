"""What a partner tells about itself, over the API and on the page of the partner profile."""

import html
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, found
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Capacity, Role
from toiya.directory.models import Family, Tenant
from toiya.directory.tenants import suspend_partner
from toiya.membership.models import OrganizationProfile, PartnerBilling, PartnerProfile

PAGE = "/dashboard/settings/partner-profile/"
LEGAL = "/v1/profiles/legalbusiness"
ORGANIZATION = "/v1/profiles/organization"
BILLING = "/v1/profiles/billing"
SUPPORT = "/v1/profiles/support"
PROFILE = {
    "version": "1",
    "legal_name": "カワセシステムズ株式会社",
    "postal_code": "100-0005",
    "region": "東京都",
    "city": "千代田区",
    "street": "丸の内 1-2-3",
    "contact_name": "川瀬 海",
    "contact_email": "kai@kawase.example",
    "contact_phone": "+81 3-5555-0101",
    "support_website": "https://help.kawase.example/",
    "support_email": "help@kawase.example",
    "support_phone": "+81 3-5555-0102",
}
ADDRESS = {
    "country": "JP",
    "city": "千代田区",
    "state": "東京都",
    "addressLine1": "丸の内 1-2-3",
    "postalCode": "100-0005",
}
CONTACT = {
    "firstName": "海",
    "lastName": "川瀬",
    "email": "kai@kawase.example",
    "phoneNumber": "+81 3-5555-0101",
}


@pytest.fixture
def kai(cast: Cast) -> Api:
    """Kawase filled in its profile on the page; Kai's program speaks."""
    assert browser_of(cast.kai).post(f"{PAGE}edit/", PROFILE).status_code == 302
    return api_of(cast.kai)


def page_of(cast: Cast) -> str:
    response: Any = browser_of(cast.kai).get(PAGE)
    return html.unescape(response.content.decode())


def self_link(uri: str) -> dict[str, object]:
    return {"self": {"uri": uri, "method": "GET", "headers": []}}


def membership(cast: Cast, tenant: Tenant | None, number: str) -> OrganizationProfile:
    return OrganizationProfile.objects.create(
        membership_id=number, name="カワセ", country_id="JP", owner=tenant
    )


@pytest.mark.operation("profiles.get_legal_business", "profiles.update_legal_business")
def test_the_legal_business_profile(
    cast: Cast, kai: Api, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """What the page wrote is read, what the API writes stands on the page; a stale etag changes nothing.

    Plant: without ``version`` in ``_change`` the stale request below is carried out.
    """
    with django_assert_num_queries(TOKEN + 3):
        told = kai.get(f"{LEGAL}?vettingVersion=Current")

    assert told.status == 200
    assert told.body == {
        "companyName": "カワセシステムズ株式会社",
        "address": ADDRESS,
        "primaryContact": CONTACT,
        "companyApproverAddress": ADDRESS,
        "companyApproverEmail": "kai@kawase.example",
        "vettingStatus": "authorized",
        "vettingSubStatus": "none",
        "profileType": "LegalBusinessProfile",
        "links": self_link("/profiles/legalbusiness"),
        "attributes": {"etag": "2", "objectType": "LegalBusinessProfile"},
    }
    changed = {
        **told.body,
        "CompanyName": "カワセ株式会社",
        "address": {**ADDRESS, "addressLine1": "丸の内", "addressLine2": "9-9", "region": None},
        "primaryContact": {"FirstName": None, "lastName": "青井", "phoneNumber": "03-5555-0199"},
    }
    del changed["companyName"]
    written = kai.put(LEGAL, changed)
    assert written.status == 200
    assert written.body["companyName"] == "カワセ株式会社"
    assert written.body["address"]["addressLine1"] == "丸の内 9-9"
    assert written.body["primaryContact"] == {
        "firstName": "海",
        "lastName": "青井",
        "email": "kai@kawase.example",
        "phoneNumber": "+81 3-5555-0199",
    }
    assert written.body["attributes"]["etag"] == "3"
    assert kai.get(LEGAL).body == written.body
    page = page_of(cast)
    for words in ("カワセ株式会社", "丸の内 9-9", "青井 海", "help@kawase.example"):
        assert words in page
    stale = kai.put(LEGAL, changed)
    assert (stale.status, stale.body["code"]) == (400, 2055)
    assert (
        kai.put(LEGAL, {"companyName": "カワセ", "attributes": {"etag": None}}).body["companyName"]
        == "カワセ"
    )
    assert kai.get(LEGAL).headers["ETag"] == '"4"'


@pytest.mark.operation("profiles.get_support", "profiles.update_support", "profiles.update_support_alias")
@pytest.mark.parametrize("path", ["/v1/profiles/support", "/v1/profiles/supportprofile"])
def test_the_support_profile(cast: Cast, kai: Api, path: str) -> None:
    """The documents give PUT supportprofile, clients call PUT support; both write the same."""
    told = kai.get(SUPPORT)
    assert told.body == {
        "email": "help@kawase.example",
        "telephone": "+81 3-5555-0102",
        "website": "https://help.kawase.example/",
        "profileType": "SupportProfile",
        "links": self_link("/profiles/support"),
        "attributes": {"etag": "2", "objectType": "PartnerSupportProfile"},
    }

    written = kai.put(path, {**told.body, "website": "www.kawase.example", "telephone": "0355550200"})

    assert (written.status, written.body["website"]) == (200, "https://www.kawase.example")
    assert kai.get(SUPPORT).body == written.body
    assert "+81 3-5555-0200" in page_of(cast)
    refused = kai.put(path, {"email": "help", "telephone": "", "website": "javascript://x"})
    assert (refused.status, refused.body["code"]) == (400, 800002)
    assert refused.body["data"] == ["website", "email", "telephone"]
    assert "“help” is not an email address" in refused.body["description"]
    japanese = api_of(cast.kai, language="ja-JP").put(path, {"email": "help"})
    assert "メール" in japanese.body["description"]


@pytest.mark.operation("profiles.get_organization", "profiles.update_organization")
def test_the_organization_profile(cast: Cast, kai: Api) -> None:
    """Address, contact and language change; name, domain, country and ids do not."""
    told = kai.get(ORGANIZATION)
    assert told.body == {
        "id": str(cast.kawase.pk),
        "companyName": cast.kawase.name,
        "defaultAddress": {
            **ADDRESS,
            "firstName": "海",
            "lastName": "川瀬",
            "phoneNumber": "+81 3-5555-0101",
        },
        "tenantId": str(cast.kawase.pk),
        "domain": "kawase.example",
        "email": "kai@kawase.example",
        "language": "ja",
        "culture": "ja-JP",
        "profileType": "OrganizationProfile",
        "links": self_link("/profiles/organization"),
        "attributes": {"etag": "2", "objectType": "OrganizationProfile"},
    }

    address = {**told.body["defaultAddress"], "phoneNumber": "03-5555-0300"}
    written = kai.put(ORGANIZATION, {**told.body, "defaultAddress": address, "language": "en-US"})

    assert written.status == 200
    assert written.body["defaultAddress"]["phoneNumber"] == "+81 3-5555-0300"
    assert (written.body["language"], written.body["culture"]) == ("en", "en-JP")
    assert kai.get(ORGANIZATION).body == written.body
    assert kai.get(LEGAL).body["primaryContact"]["phoneNumber"] == "+81 3-5555-0300"
    page = page_of(cast)
    assert "+81 3-5555-0300" in page
    assert "<dd>English</dd>" in page
    for name, value in (
        ("companyName", "Other"),
        ("domain", "other.example"),
        ("tenantId", str(cast.hinode.pk)),
        ("language", "es"),
    ):
        refused = kai.put(ORGANIZATION, {name: value})
        assert (refused.status, refused.body["code"], refused.body["data"]) == (400, 3000, [name, value])
    wrong = kai.put(ORGANIZATION, {"defaultAddress": {"postalCode": "1"}, "email": "kai@gmail.com"})
    assert wrong.body["data"] == ["defaultAddress.postalCode", "email"]


@pytest.mark.operation("profiles.get_billing", "profiles.update_billing")
def test_the_billing_profile(cast: Cast, kai: Api, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Invoices go to the legal address until the partner says otherwise, on the page or here.

    Plant: without the comparison of versions in orders/partner_billing.py the stale request writes.
    """
    with django_assert_num_queries(TOKEN + 3):
        told = kai.get(BILLING)
    assert told.body == {
        "companyName": "カワセシステムズ株式会社",
        "address": ADDRESS,
        "primaryContact": CONTACT,
        "billingCurrency": "JPY",
        "profileType": "BillingProfile",
        "links": self_link("/profiles/billing"),
        "attributes": {"etag": "0", "objectType": "BillingProfile"},
    }

    written = kai.put(
        BILLING,
        {
            **told.body,
            "companyName": "カワセ 経理部",
            "purchaseOrderNumber": "PO-9888",
            "taxId": "T7000012050002",
            "primaryContact": {"firstName": "Jane", "lastName": "Smith", "email": "billing@kawase.example"},
        },
    )

    assert written.status == 200, written.content
    assert written.body["attributes"]["etag"] == "1"
    assert written.body["primaryContact"] == {
        "firstName": "Jane",
        "lastName": "Smith",
        "email": "billing@kawase.example",
        "phoneNumber": "+81 3-5555-0101",
    }
    assert (written.body["purchaseOrderNumber"], written.body["taxId"]) == ("PO-9888", "T7000012050002")
    assert kai.get(BILLING).body == written.body
    page = page_of(cast)
    for words in ("カワセ 経理部", "PO-9888", "T7000012050002", "Jane Smith", "カワセシステムズ株式会社"):
        assert words in page
    assert (kai.put(BILLING, told.body).status, kai.put(BILLING, told.body).body["code"]) == (400, 2055)
    assert PartnerBilling.objects.get().billing_name == "カワセ 経理部"
    entry = AuditRecord.objects.get(action="update_partner_billing")
    assert (entry.tenant_id, entry.after["purchase_order_number"]) == (cast.kawase.pk, "PO-9888")
    for body, about in (
        ({"billingCurrency": "USD"}, ["billingCurrency", "USD"]),
        ({"companyName": "", "purchaseOrderNumber": "x" * 51}, ["companyName", "purchaseOrderNumber"]),
        (
            {"primaryContact": {"email": "x", "lastName": "y" * 200}},
            ["primaryContact.lastName", "primaryContact.email"],
        ),
        ({"address": {"postalCode": "1"}}, ["address.postalCode"]),
        ({"taxId": "12"}, ["wrong_tax_number", "taxId"]),
    ):
        refused = kai.put(BILLING, body)
        assert (refused.status, refused.body["data"]) == (400, about)
    assert kai.get(BILLING).body == written.body


@pytest.mark.operation("profiles.get_billing")
def test_the_page_of_the_billing_data(cast: Cast, kai: Api) -> None:
    """The page writes what the API reads; whoever saves second keeps what was typed."""
    form = {name: PROFILE[name] for name in ("postal_code", "region", "city", "street")}
    typed = {
        **form,
        "version": "0",
        "billing_name": "経理",
        "purchase_order_number": "77",
        "contact_name": "",
    }
    browser = browser_of(cast.kai)
    assert browser.post(f"{PAGE}billing/", {**typed, "postal_code": "x"}).status_code == 400

    assert browser.post(f"{PAGE}billing/", typed).status_code == 302

    told = kai.get(BILLING).body
    assert (told["companyName"], told["purchaseOrderNumber"]) == ("経理", "77")
    late = browser.post(f"{PAGE}billing/", {**typed, "billing_name": "もう一度"})
    assert late.status_code == 412
    assert "もう一度" in late.content.decode()
    assert 'value="経理"' in browser.get(f"{PAGE}billing/").content.decode()
    assert browser_of(cast.riku).get(f"{PAGE}billing/").status_code == 403


@pytest.mark.operation("profiles.get_mpn", "profiles.get_partner_network")
@pytest.mark.parametrize("path", ["/v1/profiles/mpn", "/v1/profiles/partnernetworkprofile"])
def test_membership_ids(cast: Cast, path: str, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The own one, and the partner to which one belongs; a sandbox does not see production's."""
    membership(cast, cast.kawase, "4391507")
    membership(cast, None, "4391508")
    elsewhere = found(Family.objects.create(name="sandbox"), "Other", "other.example", Capacity.RESELLER)
    membership(cast, elsewhere, "4391509")
    profile = {
        "partnerName": cast.kawase.name,
        "mpnId": "4391507",
        "profileType": "MpnProfile",
        "links": self_link("/profiles/mpn"),
        "attributes": {"objectType": "MpnProfile"},
    }

    kai, mei = api_of(cast.kai), api_of(cast.mei)
    with django_assert_num_queries(TOKEN + 3):
        assert kai.get(path).body == profile
    with django_assert_num_queries(TOKEN + 1):
        assert mei.get(f"{path}?mpnId=4391507").body == profile

    for query in ("?mpnId=4391508", "?mpnId=4391509", "?mpnId=0", f"?mpnId={'9' * 400}", ""):
        unknown = api_of(cast.mei).get(f"{path}{query}")
        assert (unknown.status, unknown.body["code"]) == (404, 3000)


@pytest.mark.operation("profiles.update_support")
def test_a_provider_without_a_profile_begins_one(cast: Cast) -> None:
    """Hinode never told anything; the first update makes its profile, once for the same request."""
    mei = api_of(cast.mei)
    assert mei.get(LEGAL).body["companyName"] == cast.hinode.name
    body = {"email": "help@hinode.example", "telephone": "0312345678", "website": "https://hinode.example"}
    same = {"MS_RequestId": "7391249f-cba0-467c-b026-7b3a60196422"}

    first, again = mei.put(SUPPORT, body, **same), mei.put(SUPPORT, body, **same)

    assert (first.status, again.content) == (200, first.content)
    profile = PartnerProfile.objects.get(tenant=cast.hinode)
    assert (profile.version, profile.legal_name) == (1, cast.hinode.name)
    assert mei.put(BILLING, {"taxId": "7000012050002", "address": {**ADDRESS, "country": None}}).status == 200
    assert mei.get(BILLING).body["taxId"] == "7000012050002"


WRITES = [LEGAL, ORGANIZATION, BILLING, SUPPORT, "/v1/profiles/supportprofile"]


@pytest.mark.operation(
    "profiles.update_legal_business",
    "profiles.update_organization",
    "profiles.update_billing",
    "profiles.update_support",
)
@pytest.mark.parametrize("path", WRITES)
def test_who_changes_profiles(cast: Cast, kai: Api, path: str) -> None:
    """Global and membership administrators, in a token of a person; a suspended partner reads and is told so."""
    for person in (cast.nao, cast.riku, cast.emi):
        refused = api_of(person).put(path, {})
        assert (refused.status, refused.body["code"]) == (403, 900150 if person is not cast.emi else 800039)
    alone = api_of_application(cast.kawase, Role.GLOBAL_ADMIN).put(path, {})
    assert (alone.status, alone.body["code"]) == (403, 900329)
    assert kai.put(path, {}).status == 200
    suspend_partner(actor_of(cast.ren), tenant=cast.kawase, capacity=Capacity.RESELLER, reason="x")
    assert kai.put(path, {}).body["code"] == 800039
    assert kai.get(LEGAL).body["vettingStatus"] == "rejected"


@pytest.mark.operation("profiles.get_legal_business", "profiles.get_organization", "profiles.get_billing")
def test_who_reads_profiles(cast: Cast, kai: Api) -> None:
    """Only the legal business profile is told to an application alone (endpoints: token kinds)."""
    application = api_of_application(cast.kawase, Role.GLOBAL_ADMIN)
    assert application.get(LEGAL).body == kai.get(LEGAL).body
    for path in (ORGANIZATION, BILLING, SUPPORT, "/v1/profiles/mpn"):
        assert application.get(path).body["code"] == 900329
    for path in (LEGAL, ORGANIZATION, BILLING, SUPPORT):
        assert api_of(cast.riku).get(path).body["code"] == 900150


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize(
    "body",
    [
        {"email": "x" * 100_000, "companyName": "x" * 100_000},
        {"address": {"postalCode": "9" * 300, "city": "\t", "state": "x" * 900, "addressLine1": "y" * 900}},
        {"defaultAddress": {"postalCode": {}, "city": []}},
        {"primaryContact": {"firstName": "z" * 5_000, "email": "a@b", "phoneNumber": "1" * 900}},
        {"website": "http://[", "telephone": "+" * 900, "taxId": "9" * 900, "language": "x" * 900},
        {"attributes": {"etag": "9" * 40}},
        {"attributes": {"etag": "x"}},
        {"billingDay": 10**30, "purchaseOrderNumber": 5},
    ],
)
def test_nothing_that_is_sent_breaks_it(cast: Cast, kai: Api, path: str, body: dict[str, object]) -> None:
    """200 or 400, whatever is in the body; PostgreSQL refuses texts that are too long, so the business does."""
    assert kai.put(path, body).status in {200, 400}
