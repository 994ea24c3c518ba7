"""A provider adds customers over the API."""

import re
import uuid
from typing import Any
from unittest import mock

import pytest
from django.urls import reverse

from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, browser_of, found, partner
from toiya.audit.models import AuditRecord
from toiya.core.permissions import DirectoryRole, Role
from toiya.customers.models import CustomerAccount
from toiya.directory.models import Person, Tenant
from toiya.programme.models import Country
from toiya.relations.models import AdministrationGrant, ResellerRelationship

pytestmark = pytest.mark.operation("customers.create")


def wanted(**more: Any) -> dict[str, Any]:
    """What the documents show, for a Japanese company."""
    return {
        "companyProfile": {"domain": "Beni.Example", **more.pop("company", {})},
        "billingProfile": {
            "firstName": "花子",
            "lastName": "紅",
            "email": "Hanako@beni.example",
            "culture": "ja-JP",
            "language": "ja",
            "companyName": "ベニ食品",
            "defaultAddress": {
                "country": "JP",
                "postalCode": "1000001",
                "state": "Tokyo",
                "city": "千代田区",
                "addressLine1": "千代田1-1",
                "addressLine2": "紅ビル 3階",
                "phoneNumber": "03-1234-5678",
                **more.pop("address", {}),
            },
            **more.pop("billing", {}),
        },
        **more,
    }


def test_a_provider_adds_a_customer_and_is_told_the_password_once(cast: Cast) -> None:
    """The whole answer; the password opens the account; the page shows what was told; the log names who did it.

    Plant: the answer without the billing address of the request; or the password of another person.
    """
    api = api_of(cast.mei)

    told = api.post("/v1/customers", wanted())

    assert told.status == 201, told.body
    made = told.body
    customer = Tenant.objects.get(pk=made["id"])
    password = made["userCredentials"].pop("password")
    address = {
        "country": "JP",
        "postalCode": "100-0001",
        "state": "東京都",
        "city": "千代田区",
        "addressLine1": "千代田1-1",
        "addressLine2": "紅ビル 3階",
        "firstName": "花子",
        "lastName": "紅",
        "phoneNumber": "+81 3-1234-5678",
    }
    assert made == {
        "id": str(customer.pk),
        "companyProfile": {
            "tenantId": str(customer.pk),
            "domain": "beni.example",
            "companyName": "ベニ食品",
            "links": self_link(f"/customers/{customer.pk}/profiles/company"),
            "attributes": {"objectType": "CustomerCompanyProfile"},
        },
        "billingProfile": {
            "id": str(customer.pk),
            "firstName": "花子",
            "lastName": "紅",
            "email": "hanako@beni.example",
            "culture": "ja-JP",
            "language": "ja",
            "companyName": "ベニ食品",
            "defaultAddress": address,
            "links": self_link(f"/customers/{customer.pk}/profiles/billing"),
            "attributes": {"objectType": "CustomerBillingProfile", "etag": "1"},
        },
        "relationshipToPartner": "reseller",
        "allowDelegatedAccess": False,
        "userCredentials": {"userName": "admin"},
        "links": self_link(f"/customers/{customer.pk}"),
        "attributes": {"objectType": "Customer"},
    }
    administrator = Person.objects.get(user_name="admin@beni.example")
    assert administrator.check_password(password)
    assert (administrator.name, administrator.contact_email) == ("紅 花子", "hanako@beni.example")
    again = api.get(f"/v1/customers/{customer.pk}").body
    assert again == {name: value for name, value in made.items() if name != "userCredentials"}
    page = browser_of(cast.mei, language="ja").get(reverse("customers:account", args=[customer.pk]))
    assert "100-0001 東京都 千代田区 千代田1-1 紅ビル 3階" in page.content.decode()
    assert password not in page.content.decode()
    entry = AuditRecord.objects.get(tenant_id=cast.hinode.pk, action="add_customer")
    assert (entry.actor_id, entry.customer_id) == (cast.mei.pk, customer.pk)


def self_link(uri: str) -> dict[str, object]:
    return {"self": {"uri": uri, "method": "GET", "headers": []}}


def test_the_same_request_again_gets_the_same_answer_and_makes_nothing(cast: Cast) -> None:
    """Also by another spelling of the address nothing is made twice; the same id of another organisation is another's.

    Plant: the submission's key is the request id alone, and Jun's customer collides with Mei's.
    """
    request_id = str(uuid.uuid4())
    api = api_of(cast.mei)

    first = api.post("/v1/customers", wanted(), MS_RequestId=request_id)
    again = api.post("/v1/customers", wanted(), MS_RequestId=request_id)
    elsewhere = api.post("/v1/customers/", wanted(), MS_RequestId=request_id)
    other = api_of(cast.jun).post(
        "/v1/customers", wanted(company={"domain": "other.example"}), MS_RequestId=request_id
    )

    assert (first.status, again.status, other.status) == (201, 201, 201)
    assert first.content == again.content
    assert elsewhere.status == 409
    assert Tenant.objects.filter(domains__name="beni.example").count() == 1
    changed = api.post("/v1/customers", wanted(billing={"email": "x@y.example"}), MS_RequestId=request_id)
    assert changed.status == 422


def test_a_customer_of_a_reseller(cast: Cast) -> None:
    """Both serve it; only in a person's name; administrator access only where it was said; no strangers.

    Plant: without the look at the kind of token an application adds it.
    """
    partner(cast.hinode, cast.kawase)
    body = wanted(associatedPartnerId=str(cast.kawase.pk), enableGDAPByDefault=True)

    alone = api_of_application(cast.hinode, Role.ADMIN_AGENT).post("/v1/customers", body)
    stranger = api_of(cast.mei).post("/v1/customers", wanted(associatedPartnerId=str(cast.yamabuki.pk)))
    nobody = api_of(cast.mei).post("/v1/customers", wanted(associatedPartnerId="kawase"))
    told = api_of(cast.mei).post("/v1/customers", body)

    assert (alone.status, alone.body["code"]) == (403, 900329)
    assert (stranger.status, stranger.body["code"]) == (404, 800015)
    assert nobody.body == stranger.body
    assert (told.status, told.body["associatedPartnerId"]) == (201, str(cast.kawase.pk))
    customer_id = told.body["id"]
    assert set(ResellerRelationship.objects.live().values_list("partner_id", "customer_id")) == {
        (cast.hinode.pk, uuid.UUID(customer_id)),
        (cast.kawase.pk, uuid.UUID(customer_id)),
    }
    grant = AdministrationGrant.objects.get()
    assert grant.grantee_id == cast.kawase.pk
    assert set(grant.directory_roles) == {
        DirectoryRole.USER_ADMINISTRATOR,
        DirectoryRole.LICENSE_ADMINISTRATOR,
    }
    read = api_of(cast.kai).get(f"/v1/customers/{customer_id}").body
    assert read["allowDelegatedAccess"] is True
    assert read["customDomains"] == ["beni.example"]
    assert read["companyProfile"]["email"] == "hanako@beni.example"
    assert api_of(cast.yui).get(f"/v1/customers/{customer_id}").status == 404


def test_an_application_adds_a_customer_of_its_own(cast: Cast) -> None:
    """As clients do it who know no reseller tier."""
    told = api_of_application(cast.hinode, Role.SALES_AGENT).post("/v1/customers", wanted())

    assert told.status == 201
    assert "associatedPartnerId" not in told.body


@pytest.mark.parametrize(
    ("more", "properties"),
    [
        ({"address": {"country": "ZZ"}}, {"billingProfile.defaultAddress.country"}),
        ({"address": {"country": "x" * 9000}}, {"billingProfile.defaultAddress.country"}),
        ({"address": {"postalCode": "12"}}, {"billingProfile.defaultAddress.postalCode"}),
        ({"address": {"state": "Nowhere"}}, {"billingProfile.defaultAddress.state"}),
        ({"address": {"city": ""}}, {"billingProfile.defaultAddress.city"}),
        ({"address": {"phoneNumber": "12"}}, {"billingProfile.defaultAddress.phoneNumber"}),
        ({"address": {"addressLine1": "a" * 201}}, {"billingProfile.defaultAddress.addressLine1"}),
        ({"address": {"addressLine2": "a" * 201}}, {"billingProfile.defaultAddress.addressLine2"}),
        ({"billing": {"email": "nobody"}}, {"billingProfile.email"}),
        ({"billing": {"email": f"{'a' * 300}@b.example"}}, {"billingProfile.email"}),
        ({"billing": {"companyName": "ア" * 201}}, {"billingProfile.companyName"}),
        ({"billing": {"firstName": "a" * 101}}, {"billingProfile.firstName"}),
        ({"company": {"domain": "beni"}}, {"companyProfile.domain"}),
        ({"company": {"domain": "gmail.com"}}, {"companyProfile.domain"}),
        ({"company": {"domain": "aoba.example"}}, {"companyProfile.domain"}),
        ({"company": {"domain": f"{'a' * 63}." * 3 + f"{'b' * 57}.ex"}}, {"companyProfile.domain"}),
    ],
)
def test_what_is_wrong_is_named_by_its_property(
    cast: Cast, more: dict[str, Any], properties: set[str]
) -> None:
    """400 with 800002, a sentence for each, and nothing is made."""
    before = Tenant.objects.count()

    told = api_of(cast.mei, language="ja-JP").post("/v1/customers", wanted(**more))

    assert (told.status, told.body["code"]) == (400, 800002)
    assert set(told.body["data"]) == properties
    assert re.search("[ぁ-ん]", told.body["description"])
    assert Tenant.objects.count() == before


def test_what_the_documents_require_is_required(cast: Cast) -> None:
    """Named together."""
    told = api_of(cast.mei).post("/v1/customers", {"CompanyProfile": None, "BillingProfile": {"Email": ""}})

    assert (told.status, told.body["code"]) == (400, 800002)
    assert told.body["data"] == [
        "companyProfile.domain",
        "billingProfile.email",
        "billingProfile.culture",
        "billingProfile.language",
        "billingProfile.companyName",
        "billingProfile.defaultAddress.country",
    ]


@pytest.mark.parametrize(
    ("country", "number", "phone", "code"),
    [
        ("JP", "12345", "03-1234-5678", 600002),
        ("IN", "", "+91 22 2266 0000", 600049),
        ("IN", "1234", "+91 22 2266 0000", 600050),
        ("IN", "<script>", "+91 22 2266 0000", 600050),
        ("IN", "9" * 23, "+91 22 2266 0000", 600050),
        ("IN", "U72200KA2001", "", 600051),
        ("IN", "U72200KA2001", "+91 22 2266 0000", 0),
    ],
)
def test_countries_that_ask_for_a_registration_number(
    cast: Cast, country: str, number: str, phone: str, code: int
) -> None:
    """Four numbers of the language; where it is right, the customer keeps it, and the page shows it."""
    Country.objects.create(code="IN", currency="INR", sales_region="Japan")
    india = {"state": "Maharashtra", "postalCode": "400001", "city": "Mumbai"} if country == "IN" else {}
    body = wanted(
        company={"organizationRegistrationNumber": number},
        address={"country": country, "phoneNumber": phone, **india},
    )

    told = api_of(cast.mei).post("/v1/customers", body)

    if code:
        assert (told.status, told.body["code"]) == (400, code)
        return
    assert told.status == 201, told.body
    assert told.body["companyProfile"]["organizationRegistrationNumber"] == number
    page = browser_of(cast.mei).get(reverse("customers:account", args=[told.body["id"]]))
    assert number in page.content.decode()


def test_who_may_add_customers(cast: Cast) -> None:
    """A reseller is not a provider; a helpdesk agent has no role for it; a closed region is told."""
    reseller = api_of(cast.kai).post("/v1/customers", wanted())
    helpdesk = api_of_application(cast.hinode, Role.HELPDESK_AGENT).post("/v1/customers", wanted())
    abroad = api_of(cast.mei).post(
        "/v1/customers",
        wanted(
            address={
                "country": "US",
                "state": "WA",
                "city": "Redmond",
                "postalCode": "98052",
                "phoneNumber": "",
            }
        ),
    )

    assert (reseller.status, reseller.body["code"]) == (403, 800039)
    assert (helpdesk.status, helpdesk.body["code"]) == (403, 900150)
    assert (abroad.status, abroad.body["code"]) == (403, 2030)
    assert not CustomerAccount.objects.exists()


def test_the_page_asks_for_the_registration_number_too(cast: Cast) -> None:
    """One rule for both doors."""
    Country.objects.create(code="IN", currency="INR", sales_region="Japan")
    browser = browser_of(cast.mei)
    form = {
        "step": "details",
        "company": "Beni",
        "country": "IN",
        "segment": "commercial",
        "domain": "beni.example",
        "name": "Hana",
        "contact_email": "hana@beni.example",
        "user": "hana",
        "language": "en",
    }

    refused = browser.post(reverse("customers:add"), form)
    accepted = browser.post(
        reverse("customers:add"),
        {**form, "registration_number": "U72200KA2001", "contact_phone": "+91 22 2266 0000"},
    )

    assert refused.status_code == 400
    assert "needs its number in the register of organizations" in refused.content.decode()
    assert accepted.status_code == 302
    assert "U72200KA2001" in browser.get(reverse("customers:add") + "?step=review").content.decode()


def test_of_two_at_the_same_moment_one_has_the_domain(cast: Cast) -> None:
    """The other is told as if it had come later, and nothing of it is left.

    Plant: without the savepoint around the domain the unique key answers with 500.
    """
    found(cast.family, "Beni", "beni.example")
    before = Tenant.objects.count()

    with (
        mock.patch("toiya.directory.tenants.make_room"),
        mock.patch("toiya.enrolment.work_accounts._belongs_to_somebody", return_value=False),
    ):
        told = api_of(cast.mei).post("/v1/customers", wanted())

    assert (told.status, told.body["data"]) == (409, ["domain_taken", "companyProfile.domain"])
    assert Tenant.objects.count() == before


def test_a_domain_is_taken_once(cast: Cast) -> None:
    """Also as the child of somebody's domain."""
    found(cast.family, "Beni", "beni.example")

    told = api_of(cast.mei).post("/v1/customers", wanted(company={"domain": "shop.beni.example"}))

    assert (told.status, told.body["data"]) == (400, ["companyProfile.domain"])
