"""What kind of customer it is, over the API."""

from typing import Any

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import api_of, api_of_application
from tests.cast import Cast, browser_of, relate
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.customers.models import CustomerAccount

SCHOOL = {"Qualification": "education", "EducationSegment": "K12", "Website": "https://aoba-school.example/"}


@pytest.mark.operation("qualifications.list", "qualifications.create")
def test_a_provider_says_what_kind_of_customer_it_is(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The page shows it, the log keeps the evidence; the page's word is read by the API; None takes it back.

    Plant: the segment is written without ``segment_since``.
    """
    relate(cast.hinode, cast.aoba)
    api, address = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}/qualifications"
    assert api.get(address).body == []

    told = api.post(address, SCHOOL)

    since = CustomerAccount.objects.get(pk=cast.aoba.pk).segment_since
    assert since is not None
    expected = {
        "qualification": "Education",
        "vettingStatus": "Approved",
        "vettingCreateDate": since.isoformat().replace("+00:00", "Z"),
    }
    assert (told.status, told.body) == (201, expected)
    assert api.get(address).body == [expected]
    page = browser_of(cast.mei).get(reverse("customers:account", args=[cast.aoba.pk])).content.decode()
    assert "Education" in page
    entry = AuditRecord.objects.get(action="update_customer_account")
    assert entry.after["segment"] == "education"
    assert entry.after["educationSegment"] == "K12"
    assert entry.after["website"] == "https://aoba-school.example/"

    form = {
        "version": "2",
        "billing_name": "アオバ",
        "postal_code": "980-0811",
        "region": "宮城県",
        "city": "仙台市",
        "street": "一番町1",
        "segment": "charity",
    }
    update = reverse("customers:update_account", args=[cast.aoba.pk])
    assert browser_of(cast.mei).post(update, form).status_code == 302
    assert [row["qualification"] for row in api.get(address).body] == ["Nonprofit"]
    assert api.post(address, {"qualification": "None"}).body["qualification"] == "None"
    with django_assert_num_queries(4):
        assert api.get(address).body == []


@pytest.mark.operation("qualifications.get_v1", "qualifications.update_v1")
def test_the_retired_form_is_a_bare_text(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Both forms tell the same; any spelling of the value is read."""
    relate(cast.hinode, cast.aoba)
    api, base = api_of(cast.mei), f"/v1/customers/{cast.aoba.pk}"
    with django_assert_num_queries(4):
        assert api.get(f"{base}/qualification").content == b'"none"'

    told = api.put(f"{base}/qualification?code=abc", b'"GovernmentCommunityCloud"')

    assert (told.status, told.content) == (200, b'"government_community_cloud"')
    assert api.get(f"{base}/qualification").content == b'"government_community_cloud"'
    assert [row["qualification"] for row in api.get(f"{base}/qualifications").body] == [
        "GovernmentCommunityCloud"
    ]
    assert AuditRecord.objects.get(action="update_customer_account").after["validationCode"] == "abc"
    for wrong in (b'"state_owned_entity"', b'"green"', b"null", b"7", b"{}", b"[]"):
        refused = api.put(f"{base}/qualification", wrong)
        assert (refused.status, refused.body["code"]) == (400, 800002), wrong


@pytest.mark.operation("qualifications.create")
@pytest.mark.parametrize(
    ("body", "data"),
    [
        ({}, ["qualification"]),
        ({"qualification": "StateOwnedEntity"}, ["segment_unknown", "segment"]),
        ({"qualification": "x" * 9000}, ["segment_unknown", "segment"]),
        ({"qualification": "Education"}, ["educationSegment", "website"]),
        ({**SCHOOL, "Website": "javascript:alert(1)"}, ["website"]),
        ({**SCHOOL, "EducationSegment": "Kindergarten"}, ["educationSegment"]),
        ({"qualification": "Nonprofit", "website": "x" * 201}, ["website"]),
        ({"qualification": "GovernmentCommunityCloud", "validationCode": "x" * 201}, ["validationCode"]),
    ],
)
def test_what_is_missing_is_named(cast: Cast, body: dict[str, Any], data: list[str]) -> None:
    """400 with 800002; nothing changes."""
    relate(cast.hinode, cast.aoba)
    api, address = api_of(cast.mei, language="ja-JP"), f"/v1/customers/{cast.aoba.pk}/qualifications"

    told = api.post(address, body)

    assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, data)
    assert not told.body["description"].isascii()
    assert api.get(address).body == []


@pytest.mark.operation(
    "qualifications.list", "qualifications.create", "qualifications.get_v1", "qualifications.update_v1"
)
def test_who_says_it_and_who_reads_it(cast: Cast) -> None:
    """Providers say it, in a person's name; resellers read it; outsiders find nothing."""
    relate(cast.hinode, cast.aoba)
    relate(cast.kawase, cast.aoba)
    base = f"/v1/customers/{cast.aoba.pk}"
    for method, path, body in (
        ("POST", "qualifications", {"qualification": "Nonprofit"}),
        ("PUT", "qualification", "nonprofit"),
    ):
        robot = api_of_application(cast.hinode, Role.ADMIN_AGENT).call(method, f"{base}/{path}", body)
        reseller = api_of(cast.kai).call(method, f"{base}/{path}", body)
        roleless = api_of(cast.riku).call(method, f"{base}/{path}", body)
        outsider = api_of(cast.jun).call(method, f"{base}/{path}", body)
        nobody = api_of(cast.jun).call(method, f"/v1/customers/{cast.emi.pk}/{path}", body)
        assert (robot.status, robot.body["code"]) == (403, 900329)
        assert (reseller.status, reseller.body["code"]) == (403, 800039)
        assert (roleless.status, roleless.body["code"]) == (403, 900150)
        assert (outsider.status, outsider.body["code"]) == (404, 60003)
        assert outsider.content == nobody.content
        assert api_of(cast.kai).get(f"{base}/{path}").status == 200
        assert api_of(cast.jun).get(f"{base}/{path}").status == 404
        assert api_of(cast.riku).get(f"{base}/{path}").status == 403
    assert not AuditRecord.objects.filter(action="update_customer_account").exists()


def test_validation_codes_answer_501(cast: Cast) -> None:
    """Code 0 and the reason."""
    told = api_of(cast.mei).get("/v1/customers/all/validations")

    assert (told.status, told.body["code"]) == (501, 0)
