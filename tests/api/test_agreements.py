"""Agreements over the API: whether a reseller has accepted its own, and what customers accept."""

import datetime as dt
import html
import uuid
from typing import Any
from unittest import mock

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, api_of, api_of_application
from tests.cast import Cast, browser_of, found, relate, stranger
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import Capacity, Role
from toiya.customers.models import CustomerAgreement
from toiya.directory.models import Family, Tenant
from toiya.enrolment.models import AgreementAcceptance
from toiya.membership.models import OrganizationProfile
from toiya.programme.models import Agreement, AgreementKind

STATUS = "/v1/compliance/csp/agreementstatus"
CUSTOMER_TYPE = "MicrosoftCustomerAgreement"
WORDS = {
    "title_ja": "顧客契約",
    "title_en": "Customer agreement",
    "text_ja": "お客様の権利と義務を定めます。",
    "text_en": "The rights and duties of customers.",
}


def text_of(response: Any) -> str:  # noqa: ANN401  (the test client's answers have a private type)
    return html.unescape(response.content.decode())


@pytest.fixture
def agreement(cast: Cast) -> Agreement:
    """Ren published the customer agreement on the operator's page; Hinode serves Aoba."""
    page = browser_of(cast.ren)
    assert page.post("/operator/agreements/new/?kind=customer", WORDS).status_code == 302
    assert page.get("/operator/agreements/new/?kind=other").status_code == 404
    relate(cast.hinode, cast.aoba)
    return Agreement.objects.get(kind=AgreementKind.CUSTOMER)


def confirmation(agreement: Agreement, **changes: object) -> dict[str, object]:
    return {
        "primaryContact": {
            "firstName": "Tania",
            "lastName": "Carr",
            "email": "someone@example.com",
            "phoneNumber": "0355550100",
        },
        "templateId": str(agreement.pk),
        "dateAgreed": "2018-06-14T00:00:00.000Z",
        "type": CUSTOMER_TYPE,
        **changes,
    }


def of_aoba(cast: Cast) -> str:
    return f"/v1/customers/{cast.aoba.pk}/agreements"


# ---------------------------------------------------------------- the reseller agreement
def sign(tenant: Tenant, person: Any) -> None:  # noqa: ANN401
    """The organisation accepted the reseller agreement in its enrolment."""
    AgreementAcceptance.objects.create(
        tenant=tenant,
        agreement=Agreement.objects.get(kind=AgreementKind.RESELLER),
        person=person,
        at=real_now(),
    )


def member(tenant: Tenant | None, number: str) -> None:
    OrganizationProfile.objects.create(membership_id=number, name="x", country_id="JP", owner=tenant)


@pytest.mark.operation("compliance.get_agreement_status")
def test_a_reseller_that_has_accepted(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """By tenant id and by membership ID.

    Plant: an acceptance of anybody's counts, and the last line is not refused.
    """
    sign(cast.kawase, cast.kai)
    member(cast.kawase, "1234567")
    mei = api_of(cast.mei)

    with django_assert_num_queries(TOKEN + 4):
        by_tenant = mei.get(f"{STATUS}?tenantId={cast.kawase.pk}")
    assert (by_tenant.status, by_tenant.body) == (200, {"isAgreementSigned": True})
    assert mei.get(f"{STATUS}?mpnid=1234567").body == {"isAgreementSigned": True}
    assert mei.get(f"/v1/Compliance/CSP/AgreementStatus?TenantId={cast.kawase.pk}").status == 200
    assert mei.get(f"{STATUS}?tenantId={cast.yamabuki.pk}").body["code"] == 2206


@pytest.mark.operation("compliance.get_agreement_status")
def test_why_it_is_not_known_to_have_accepted(cast: Cast) -> None:
    """The numbers 2000 to 2206, each from the state that it names; a sandbox knows nothing of production."""
    member(cast.kawase, "1")
    member(None, "2")
    member(cast.aoba, "3")
    abroad = found(cast.family, "Pacific", "pacific.example", Capacity.RESELLER, country="US")
    sandbox = found(Family.objects.create(name="sandbox"), "Toy", "toy.example", Capacity.RESELLER)
    member(abroad, "4")
    member(sandbox, "5")
    mei = api_of(cast.mei)

    def code(query: str) -> int:
        told = mei.get(f"{STATUS}{query}")
        assert told.status == 400
        number: int = told.body["code"]
        return number

    assert code("") == 2001
    assert code("?mpnId=&tenantId=") == 2001
    assert code(f"?mpnId=1&tenantId={cast.kawase.pk}") == 2000
    assert code("?tenantId=x") == code("?mpnId=%E3%81%82") == code("?mpnId=a'b") == 2000
    assert code("?mpnId=99") == code("?mpnId=2") == code("?mpnId=5") == 2200
    assert code("?mpnId=4") == code(f"?tenantId={abroad.pk}") == 2201
    assert code("?mpnId=1") == 2203
    assert code("?mpnId=3") == 2204
    for stranger_id in (cast.aoba.pk, cast.midori.pk, sandbox.pk, uuid.uuid4()):
        assert code(f"?tenantId={stranger_id}") == 2205
    assert code(f"?tenantId={cast.kawase.pk}") == 2206
    assert mei.get(f"/v1/compliance/other/agreementstatus?tenantId={cast.kawase.pk}").status == 404
    japanese = api_of(cast.mei, language="ja-JP").get(f"{STATUS}?mpnId=99")
    assert "メンバーシップ ID「99」" in japanese.body["description"]


@pytest.mark.operation("compliance.get_agreement_status")
def test_only_a_provider_asks(cast: Cast) -> None:
    """A reseller may see partnerships, but this question is a provider's; an application alone never asks."""
    query = f"{STATUS}?tenantId={cast.kawase.pk}"
    assert api_of(cast.kai).get(query).body["code"] == 800039
    assert api_of(cast.riku).get(query).body["code"] == 900150
    assert api_of_application(cast.hinode, Role.ADMIN_AGENT).get(query).body["code"] == 900329


# ---------------------------------------------------------------- the words
@pytest.mark.operation("agreements.list_metadata")
def test_what_customers_accept(
    cast: Cast, agreement: Agreement, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The version in force; without a type the documents mean the cloud agreement, which was never published here."""
    mei = api_of(cast.mei)
    with django_assert_num_queries(TOKEN + 1):
        told = mei.get(f"/v1/agreements?agreementType={CUSTOMER_TYPE}")

    item = {
        "templateId": str(agreement.pk),
        "agreementType": CUSTOMER_TYPE,
        "agreementLink": f"http://localhost:8000/agreements/{agreement.pk}/",
        "versionRank": 1,
    }
    assert told.body == {"totalCount": 1, "items": [item], "attributes": {"objectType": "Collection"}}
    assert mei.get("/v1/agreements?agreementType=*").body["items"] == [item]
    assert mei.get("/v1/agreements").body["items"] == []
    assert mei.get("/v1/agreements?agreementType=MicrosoftCloudAgreement").body["items"] == []
    wrong = mei.get("/v1/agreements?agreementType=x")
    assert (wrong.status, wrong.body["data"]) == (400, ["agreementType", "x"])
    assert "The rights and duties of customers." in text_of(stranger().get(f"/agreements/{agreement.pk}/"))
    assert api_of(cast.nao).get("/v1/agreements").body["code"] == 900150
    browser_of(cast.ren).post("/operator/agreements/new/?kind=customer", {**WORDS, "text_en": "New."})
    (newer,) = mei.get("/v1/agreements?agreementType=*").body["items"]
    assert (newer["versionRank"], newer["templateId"] != item["templateId"]) == (2, True)


@pytest.mark.operation("agreements.get_template_document")
def test_the_words_are_to_be_read_for_five_minutes(cast: Cast, agreement: Agreement) -> None:
    """In the asked language, as a page and as a file, until five minutes have passed.

    Plant: without ``max_age`` in programme/agreements.py the last page is still there.
    """
    path = f"/v1/agreementtemplates/{agreement.pk}/document"
    told = api_of(cast.mei).get(f"{path}?language=ja-JP&country=jp").body

    assert (told["language"], told["country"], told["versionRank"]) == ("ja-JP", "JP", 1)
    shown = stranger().get(told["displayUri"].removeprefix("http://localhost:8000"))
    assert "お客様の権利と義務を定めます。" in text_of(shown)
    assert "Content-Disposition" not in shown.headers
    kept = stranger().get(told["downloadUri"].removeprefix("http://localhost:8000"))
    assert kept.headers["Content-Disposition"] == 'attachment; filename="customer-agreement-1-ja.html"'
    usual = api_of(cast.mei).get(path).body
    assert (usual["language"], usual["country"]) == ("en-US", "US")
    address = usual["displayUri"].removeprefix("http://localhost:8000")
    assert "The rights and duties of customers." in text_of(stranger(language="ja").get(address))
    assert stranger().get(address[:-3] + "xx/").status_code == 404
    for minutes, status in ((4, 200), (6, 410)):
        later = real_now().timestamp() + minutes * 60
        with mock.patch("django.core.signing.time.time", return_value=later):
            assert stranger().get(address).status_code == status


@pytest.mark.operation("agreements.get_template_document")
@pytest.mark.parametrize("template", ["x", "00000000-0000-4000-8000-000000000000", "%00", "upper"])
def test_templates_that_are_none(cast: Cast, agreement: Agreement, template: str) -> None:
    """The id is told apart by the case of its letters (so the documents)."""
    asked = str(agreement.pk).upper() if template == "upper" else template
    assert api_of(cast.mei).get(f"/v1/agreementtemplates/{asked}/document").status == 404
    wrong = api_of(cast.mei).get(f"/v1/agreementtemplates/{agreement.pk}/document?country=JPN")
    assert (wrong.status, wrong.body["data"]) == (400, ["country", "JPN"])


# ---------------------------------------------------------------- confirmations
@pytest.mark.operation("agreements.create_customer", "agreements.list_customer")
def test_a_provider_confirms(
    cast: Cast, agreement: Agreement, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Once for the same request; read back in the list, on the customer's page, and by the customer itself.

    Plant: without the unique constraint the second request of the same content is taken.
    """
    mei = api_of(cast.mei)
    same = {"MS_RequestId": "94e4e214-6b06-4fb7-96d1-94d559f9b47f"}

    first = mei.post(of_aoba(cast), confirmation(agreement), **same)
    again = mei.post(of_aoba(cast), confirmation(agreement), **same)

    assert (first.status, again.content) == (201, first.content)
    assert first.body == {
        "userId": str(cast.mei.pk),
        "primaryContact": {
            "firstName": "Tania",
            "lastName": "Carr",
            "email": "someone@example.com",
            "phoneNumber": "+81 3-5555-0100",
        },
        "templateId": str(agreement.pk),
        "dateAgreed": "2018-06-14T00:00:00Z",
        "type": CUSTOMER_TYPE,
        "agreementLink": f"http://localhost:8000/agreements/{agreement.pk}/",
    }
    duplicate = mei.post(of_aoba(cast), confirmation(agreement))
    assert (duplicate.status, duplicate.body["code"]) == (409, 600061)
    listed = mei.get(f"{of_aoba(cast)}?agreementType={CUSTOMER_TYPE}")
    assert listed.body["items"] == [first.body]
    assert mei.get(of_aoba(cast)).body["items"] == []
    page = text_of(browser_of(cast.mei).get(f"/dashboard/customers/{cast.aoba.pk}/account/"))
    assert "Tania Carr" in page
    assert "Tania Carr accepted version 1" in text_of(browser_of(cast.emi).get("/organization/agreement/"))
    entry = AuditRecord.objects.get(action="confirm_customer_agreement")
    assert (entry.tenant_id, entry.customer_id, entry.actor_id) == (cast.hinode.pk, cast.aoba.pk, cast.mei.pk)
    assert entry.after["contact_email"].keys() == {"digest"}
    for day in (15, 16):
        body = confirmation(agreement, dateAgreed=f"2018-06-{day}")
        assert mei.post(of_aoba(cast), body).status == 201
    with django_assert_num_queries(TOKEN + 3):
        three = mei.get(f"{of_aoba(cast)}?agreementType=*").body["items"]
    assert [item["dateAgreed"][:10] for item in three] == ["2018-06-16", "2018-06-15", "2018-06-14"]


@pytest.mark.operation("agreements.list_customer")
def test_what_the_page_confirms_is_read_here(cast: Cast, agreement: Agreement) -> None:
    """The page asks the same and refuses the same."""
    path = f"/dashboard/customers/{cast.aoba.pk}/agreement/"
    form = {"contact_name": "青葉 花子", "contact_email": "hanako@aoba.example", "agreed_on": "2026-01-31"}
    browser = browser_of(cast.mei)
    assert browser.post(path, {**form, "agreed_on": "2990-01-01"}).status_code == 400

    assert browser.post(path, form).status_code == 302

    (item,) = api_of(cast.mei).get(f"{of_aoba(cast)}?agreementType=*").body["items"]
    assert item["primaryContact"] == {"firstName": "花子", "lastName": "青葉", "email": "hanako@aoba.example"}
    assert item["dateAgreed"] == "2026-01-30T15:00:00Z"
    assert browser.post(path, form).status_code == 409
    assert browser_of(cast.kai).get(path).status_code == 403


@pytest.mark.operation("agreements.create_customer")
@pytest.mark.parametrize(
    ("changes", "about"),
    [
        ({"templateId": "x"}, ["templateId"]),
        ({"templateId": "00000000-0000-4000-8000-000000000000"}, ["templateId"]),
        ({"type": "MicrosoftCloudAgreement"}, ["templateId"]),
        ({"type": "x"}, ["type", "x"]),
        ({"dateAgreed": "2990-01-01"}, ["dateAgreed"]),
        ({"dateAgreed": "0002-01-01"}, ["dateAgreed"]),
        ({"dateAgreed": "0001-01-01T00:00:00+09:00"}, ["dateAgreed"]),
        ({"dateAgreed": "9999-12-31T23:59:59-12:00"}, ["dateAgreed"]),
        ({"dateAgreed": "yesterday"}, ["dateAgreed"]),
        (
            {"primaryContact": None},
            ["primaryContact.firstName", "primaryContact.lastName", "primaryContact.email"],
        ),
        (
            {"primaryContact": {"firstName": "\t", "lastName": "y" * 101, "email": "x", "phoneNumber": "1"}},
            ["primaryContact.lastName", "primaryContact.phoneNumber", "primaryContact.email"],
        ),
    ],
)
def test_what_cannot_be_confirmed(
    cast: Cast, agreement: Agreement, changes: dict[str, object], about: list[str]
) -> None:
    """400 naming what was wrong; nothing is written."""
    told = api_of(cast.mei).post(of_aoba(cast), confirmation(agreement, **changes))

    assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, about)
    assert not CustomerAgreement.objects.exists()


@pytest.mark.operation(
    "agreements.create_customer", "agreements.list_customer", "agreements.get_direct_sign_status"
)
def test_who_confirms_and_who_reads(cast: Cast, agreement: Agreement) -> None:
    """A reseller does not attest (roles.md); somebody else's customer does not exist; other partners see nothing."""
    relate(cast.kawase, cast.aoba)
    body = confirmation(agreement)
    assert api_of(cast.mei).post(of_aoba(cast), body).status == 201
    assert api_of(cast.kai).post(of_aoba(cast), body).body["code"] == 800039
    assert api_of(cast.nao).post(of_aoba(cast), body).body["code"] == 900150
    assert api_of(cast.kai).get(f"{of_aoba(cast)}?agreementType=*").body["items"] == []
    assert api_of_application(cast.hinode, Role.ADMIN_AGENT).post(of_aoba(cast), body).body["code"] == 900329
    signed = f"/v1/customers/{cast.aoba.pk}/directSignedMicrosoftCustomerAgreementStatus"
    for method, path in (("POST", of_aoba(cast)), ("GET", of_aoba(cast)), ("GET", signed)):
        outside = api_of(cast.jun).call(method, path, body if method == "POST" else None)
        nowhere = path.replace(str(cast.aoba.pk), str(uuid.uuid4()))
        missing = api_of(cast.jun).call(method, nowhere, body if method == "POST" else None)
        assert (outside.status, outside.body["code"]) == (404, 60003)
        assert outside.content == missing.content
    assert CustomerAgreement.objects.count() == 1


@pytest.mark.operation("agreements.get_direct_sign_status")
def test_a_customer_accepts_by_itself(
    cast: Cast, agreement: Agreement, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Emi reads and ticks in the organization portal; her partners learn that it is so.

    Plant: ``customer_acceptance_of`` without the kind takes an acceptance of the reseller agreement.
    """
    signed = f"/v1/customers/{cast.aoba.pk}/directSignedMicrosoftCustomerAgreementStatus"
    mei = api_of(cast.mei)
    sign(cast.aoba, cast.emi)
    assert mei.get(signed).body == {"isSigned": False}
    page = browser_of(cast.emi)
    assert page.post("/organization/agreement/", {"agreement_version": "1"}).status_code == 409
    assert browser_of(cast.taro).post("/organization/agreement/", {}).status_code == 403
    late = browser_of(cast.emi, age=dt.timedelta(hours=1))
    typed = {"agree": "on", "agreement_version": "1"}
    assert late.post("/organization/agreement/", typed).status_code in {302, 403}
    assert mei.get(signed).body == {"isSigned": False}

    assert page.post("/organization/agreement/", typed).status_code == 302

    with django_assert_num_queries(TOKEN + 3):
        assert mei.get(signed).body == {"isSigned": True}
    account = text_of(browser_of(cast.mei).get(f"/dashboard/customers/{cast.aoba.pk}/account/"))
    assert "Accepted by the customer itself" in account
    assert "Emi accepted version 1" in text_of(page.get("/organization/agreement/"))
