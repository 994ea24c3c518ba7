"""The activity log over the API: what people did on pages is read here, in the words of the language."""

import datetime as dt
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, browser_of, partner, relate
from tests.customers.story import accepted, invited
from toiya.audit.models import AuditRecord
from toiya.core.clock import real_now
from toiya.core.permissions import Role

LIST = "/v1/auditrecords"
SERVICE = "/auditactivity/v1/auditrecords"


def ended(cast: Cast) -> AuditRecord:
    """Mei stops serving Aoba, on the page for it."""
    relate(cast.hinode, cast.aoba)
    browser_of(cast.mei).post(
        f"/dashboard/customers/{cast.aoba.pk}/remove/", {"reason": "moved away", "agree": "on"}
    )
    return AuditRecord.objects.get(action="remove_reseller_relationship")


def items(api: Api, query: str = "", **headers: str) -> list[dict[str, Any]]:
    told = api.get(f"{LIST}{query}", **headers)
    assert told.status == 200, told.content
    found: list[dict[str, Any]] = told.body["items"]
    return found


def operations(api: Api, query: str = "") -> list[str]:
    return [item["operationType"] for item in items(api, query)]


@pytest.mark.operation("audit.list", "audit.get")
def test_a_removed_relationship_is_told_in_the_words_of_the_language(cast: Cast) -> None:
    """A whole record: who, whom, what, before and after. Whom it does not concern finds nothing (T-15).

    Plant: without ``visible_to`` in directory/activity.py Jun reads Hinode's log.
    """
    entry = ended(cast)
    mei = api_of(cast.mei)

    (item,) = items(mei)

    assert item == {
        "id": str(entry.pk),
        "partnerId": str(cast.hinode.pk),
        "customerId": str(cast.aoba.pk),
        "customerName": cast.aoba.name,
        "userPrincipalName": cast.mei.user_name,
        "resourceType": "partner_customer_relationship",
        "resourceOldValue": json.dumps(entry.before, ensure_ascii=False),
        "resourceNewValue": json.dumps({"reason": "moved away"}),
        "operationType": "remove_partner_customer_relationship",
        "originalCorrelationId": str(entry.correlation_id),
        "operationDate": entry.at.isoformat().replace("+00:00", "Z"),
        "operationStatus": "succeeded",
        "customizedData": [
            {"key": "Operation", "value": "remove_reseller_relationship"},
            {"key": "ResourceId", "value": entry.subject_id},
        ],
        "participants": [str(cast.hinode.pk), str(cast.aoba.pk)],
        "attributes": {"objectType": "AuditRecord"},
    }
    assert mei.get(f"{SERVICE}/{entry.pk}").body == item
    assert items(api_of(cast.jun)) == []
    unknown = api_of(cast.jun).get(f"{SERVICE}/{entry.pk}")
    assert (unknown.status, unknown.body["code"]) == (404, 1000)
    assert api_of(cast.jun).get(f"{SERVICE}/999999").content == unknown.content


@pytest.mark.operation("audit.list")
def test_the_other_side_reads_it_without_the_names_of_people(cast: Cast) -> None:
    """Emi's organisation is told what happened to it, not who works for the partner (T-15)."""
    ended(cast)

    (item,) = items(api_of(cast.emi))

    assert item["partnerId"] == str(cast.aoba.pk)
    assert "userPrincipalName" not in item


@pytest.mark.operation("audit.list", "audit.list_service", "audit.get")
def test_who_may_read_the_log(cast: Cast) -> None:
    """The roles of the page; an application with such a role as well."""
    ended(cast)
    for path in (LIST, f"{SERVICE}?auditRequest.startDate=2020-01-01", f"{SERVICE}/1"):
        refused = api_of(cast.sora).get(path)
        assert (refused.status, refused.body["code"]) == (403, 900150)
        assert "Admin agent" in refused.body["description"]
    by_application = operations(api_of_application(cast.hinode, Role.ADMIN_AGENT))
    assert by_application == ["remove_partner_customer_relationship"]


@pytest.mark.operation("audit.list")
def test_consent_and_the_use_of_access(cast: Cast) -> None:
    """Access that a customer grants, its assignment and its end; the customer is the one that gave it.

    Plant: without ``by_grant`` in ``_about`` the filter CustomerId loses them.
    """
    accepted(cast.emi, invited(cast.mei))
    grant = cast.aoba.grants_given.get()
    browser_of(cast.mei).post(
        f"/dashboard/administrator-access/{grant.pk}/", {"helpdesk_agent": ["license_administrator"]}
    )
    mei = api_of(cast.mei)

    found = items(mei, f'?filter={{"Field":"CustomerId","Value":"{cast.aoba.pk}","Operator":"equals"}}')

    told = {(item["operationType"], item["resourceType"], item.get("customerId")) for item in found}
    aoba = str(cast.aoba.pk)
    assert told == {
        ("granular_admin_relationship_activated", "granular_admin_relationship", aoba),
        ("undefined", "partner_customer_relationship", aoba),
        ("granular_admin_access_assignment_updated", "granular_admin_access_assignment", aoba),
    }
    named = '?filter={"Field":"CompanyName","Value":"ｱｵﾊﾞ","Operator":"substring"}'
    assert [item["id"] for item in items(mei, named)] == [item["id"] for item in found]
    other = '?filter={"Field":"CompanyName","Value":"ミドリ","Operator":"substring"}'
    assert items(mei, other) == []


@pytest.mark.operation("audit.list")
@pytest.mark.parametrize("spelling", ["partner_customer_relationship", "PartnerCustomerRelationship"])
def test_by_kind_of_thing(cast: Cast, spelling: str) -> None:
    """ResourceType in two spellings; own people and those of customers are two kinds."""
    ended(cast)
    browser_of(cast.mei).post(
        f"/dashboard/settings/users/{cast.sora.pk}/roles/", {"agent": "helpdesk_agent", "admin": ""}
    )
    mei = api_of(cast.mei)

    def of(kind: str) -> list[str]:
        return operations(mei, f'?filter={{"Field":"ResourceType","Value":"{kind}","Operator":"equals"}}')

    assert of(spelling) == ["remove_partner_customer_relationship"]
    assert of("PartnerUser") == ["update_partner_user"]
    assert of("CustomerUser") == []
    assert of("ThirdPartyAddOn") == []


def _days_ago(days: int) -> dt.datetime:
    return real_now() - dt.timedelta(days=days)


FORMS: list[Callable[[dt.datetime], str]] = [
    lambda at: at.strftime("%m/%d/%Y %H:%M:%S"),
    lambda at: at.strftime("%m/%d/%Y"),
    lambda at: at.strftime("%Y-%m-%d"),
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%SZ"),
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%S.0000000"),
    lambda at: at.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
]


@pytest.mark.operation("audit.list", "audit.list_service")
@pytest.mark.parametrize("form", FORMS)
def test_spans_as_clients_write_them(cast: Cast, form: Callable[[dt.datetime], str]) -> None:
    """The documents write days, .NET an unescaped month first; the documents' 30 days are the usual span."""
    entry = ended(cast)
    mei = api_of(cast.mei)
    early, late, later = form(_days_ago(2)), form(_days_ago(-1)), form(_days_ago(-2))

    assert len(items(mei, f"?startDate={early}&endDate={late}")) == 1
    assert len(items(mei, f"?startDate={early}")) == 1
    assert items(mei, f"?startDate={late}&endDate={later}") == []
    assert items(mei, f"?endDate={early}") == []
    by_service = mei.get(
        f"{SERVICE}?auditRequest.startDate={early}&auditRequest.endDate={late}&auditRequest.size=1"
    )
    assert [item["id"] for item in by_service.body["items"]] == [str(entry.pk)]


@pytest.mark.operation("audit.list", "audit.list_service")
@pytest.mark.parametrize(
    ("path", "about"),
    [
        (f"{LIST}?startDate=yesterday", "startDate"),
        (f"{LIST}?endDate=9999-12-31", "endDate"),
        (f"{LIST}?startDate=0001-01-01T00:00:01%2B09:00&endDate=13/13/2026", "endDate"),
        (f"{LIST}?startDate=2026-02-01&endDate=2026-01-01", "startDate"),
        (f'{LIST}?filter={{"Field":"CustomerId","Value":"x","Operator":"equals"}}', "CustomerId"),
        (f'{LIST}?filter={{"Field":"ResourceType","Value":"x","Operator":"equals"}}', "ResourceType"),
        (f'{LIST}?filter={{"Field":"CompanyName","Value":"x","Operator":"equals"}}', "Operator"),
        (SERVICE, "auditRequest.startDate"),
        (f"{SERVICE}?auditRequest.startDate=2026-01-01&auditRequest.filter.field=Colour", "Field"),
        (f"{LIST}?size=-1", "size"),
    ],
)
def test_what_cannot_be_asked(cast: Cast, path: str, about: str) -> None:
    """400 with 800002 and the name of what was wrong; never an error of the server."""
    told = api_of(cast.mei).get(path)

    assert (told.status, told.body["code"], told.body["data"][0]) == (400, 800002, about)


@pytest.mark.operation("audit.get")
@pytest.mark.parametrize("number", ["x", "1" * 40, "-1", "%00", "１", str(uuid.UUID(int=0))])
def test_numbers_that_are_none(cast: Cast, number: str) -> None:
    """404, whatever stands there."""
    assert api_of(cast.mei).get(f"{SERVICE}/{number}").status == 404


@pytest.mark.operation("audit.list")
def test_pages_follow_one_another(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """The link of a page leads to the next one with filter and span; three records cost what one does."""
    partner(cast.hinode, cast.kawase)
    mei = api_of(cast.mei)
    browser = browser_of(cast.mei)
    for number in range(3):
        browser.post(
            f"/dashboard/settings/users/{cast.sora.pk}/",
            {"name": f"Sora {number}", "contact_email": cast.sora.contact_email, "language": "ja"},
        )
    path = '/v1/auditrecords?size=2&filter={"Field":"ResourceType","Value":"PartnerUser","Operator":"equals"}'
    with django_assert_num_queries(TOKEN + 3):
        first = mei.get(path)

    following = first.body["links"]["next"]
    headers = {header["key"]: header["value"] for header in following["headers"]}
    with django_assert_num_queries(TOKEN + 3):
        second = mei.call(following["method"], f"/v1{following['uri']}", **headers)

    assert [len(first.body["items"]), len(second.body["items"])] == [2, 1]
    names = [
        json.loads(item["resourceNewValue"])["name"] for item in first.body["items"] + second.body["items"]
    ]
    assert names == ["Sora 2", "Sora 1", "Sora 0"]
    assert "next" not in second.body["links"]
