"""The sandbox over the API: in the field's words for its resellers and customers, in Toiya's own for the rest."""

import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, relate
from tests.commerce import build_shop
from tests.sandbox.story import bought, made_by, part
from toiya.core.permissions import Role
from toiya.directory.models import Person, Tenant
from toiya.directory.sign_in import change_password
from toiya.programme.models import Programme
from toiya.relations.models import Partnership
from toiya.sandbox.models import Sandbox
from toiya.sandbox.travel import move_clocks
from toiya.tokens.issue import issue_app_token
from toiya.tokens.models import Application
from toiya.tokens.secrets import hash_of

RESELLER = "/v1//sandboxIndirectReseller"
SANDBOX = "/v1/toiya/sandbox"
REQUEST: dict[str, Any] = {
    "mpnId": "4390999",
    "tenant": {
        "domainPrefix": "sumire",
        "name": "Sumire",
        "displayName": "Sumire Systems",
        "adminUserName": "admin",
        "adminFirstName": "Sumi",
        "adminLastName": "Ito",
        "adminAlternateEmail": "sumi@mail.sumire.example",
        "country": "JP",
        "culture": "en-US",
    },
    "legalBusinessProfile": {
        "companyName": "Sumire Systems KK",
        "address": {"country": "JP", "city": "千代田区", "state": "東京都", "addressLine1": "丸の内 1-2-3"},
        "primaryContact": {"firstName": "Sumi", "lastName": "Ito", "email": "sumi@mail.sumire.example"},
        "culture": "en-US",
    },
    "organizationProfileLanguage": "en",
}


def inside(sandbox: Sandbox, name: str) -> Api:
    """A program of somebody in the sandbox, who has chosen a password."""
    person = part(sandbox, name)
    change_password(actor_of(person), new="a river of fireflies")
    return api_of(Person.objects.get(pk=person.pk))


@pytest.mark.operation("sandbox.create_indirect_reseller", "sandbox.delete_indirect_reseller")
def test_a_reseller_is_made_up_and_deleted(cast: Cast) -> None:
    sandbox = made_by(cast.mei).sandbox
    api = inside(sandbox, "provider")
    request_id = str(uuid.uuid4())

    made = api.post(RESELLER, REQUEST, MS_RequestId=request_id)

    assert made.status == 200
    reseller = Tenant.objects.get(pk=made.body["tenant"]["id"])
    person = reseller.people.get()
    password = made.body["tenant"]["password"]
    assert person.check_password(password)
    agreed = made.body["agreementSignature"]
    assert made.body == {
        "accountId": str(reseller.pk),
        "mpnId": "4390999",
        "tenant": {
            "id": str(reseller.pk),
            "adminUserAccount": "admin@sumire.sandbox.example",
            "password": password,
        },
        "agreementSignature": {
            "accountId": str(reseller.pk),
            "agreementId": agreed["agreementId"],
            "agreementType": "ValueAddedReseller",
            "dateSigned": agreed["dateSigned"],
            "signedByFirstName": "Sumi",
            "signedByLastName": "Ito",
            "signedByUserPrincipalName": person.user_name,
            "signedByUserObjectId": str(person.pk),
            "signedByUserTenantId": str(reseller.pk),
            "attributes": {"objectType": "AgreementSignatureResponse"},
        },
        "partnerRelationship": {
            "id": str(reseller.pk),
            "name": "Sumire Systems",
            "relationshipType": "is_indirect_cloud_solution_provider_of",
            "mpnId": "4390999",
            "location": "JP",
            "state": "Active",
            "attributes": {"objectType": "PartnerRelationshipResponse"},
        },
    }
    assert api.post(RESELLER, REQUEST, MS_RequestId=request_id).body == made.body  # G-32
    assert Partnership.objects.live().filter(reseller=reseller).count() == 1
    page = browser_of(Person.objects.get(pk=part(sandbox, "provider").pk)).get(
        "/dashboard/indirect-resellers/"
    )
    assert "Sumire Systems" in page.content.decode()

    assert api.delete(f"{RESELLER}/{reseller.pk}").status == 204
    assert not Tenant.objects.filter(pk=reseller.pk).exists()
    assert api.delete(f"{RESELLER}/{reseller.pk}").body["code"] == 800015


def test_what_is_refused_about_resellers(cast: Cast) -> None:
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    api = inside(sandbox, "provider")
    assert api.post(RESELLER, REQUEST).status == 200

    same = api.post(RESELLER, REQUEST)
    assert (same.status, same.body["code"], same.body["data"]) == (409, 1003, ["sandbox_id_in_use"])
    for change, named in (
        ({"domainPrefix": "not a domain"}, "tenant.domainPrefix"),
        ({"country": "FR"}, "tenant.country"),
        ({"adminUserName": "…"}, "tenant.adminUserName"),
    ):
        wrong = {**REQUEST, "tenant": {**REQUEST["tenant"], **change}}
        told = api.post(RESELLER, wrong)
        assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, [named])
    outside = api_of(cast.mei).post(RESELLER, REQUEST)
    assert (outside.status, outside.body["code"]) == (403, 6003)
    kawase = api_of(cast.mei).delete(f"{RESELLER}/{cast.kawase.pk}")
    assert (kawase.status, kawase.body["code"]) == (403, 6003)
    assert inside(sandbox, "reseller").post(RESELLER, REQUEST).status == 403
    bought(sandbox)
    busy = api.delete(f"{RESELLER}/{part(sandbox, 'reseller').tenant_id}")
    assert (busy.status, busy.body["code"]) == (409, 1003)
    assert api.delete(f"{RESELLER}/{cast.kawase.pk}").status == 404
    Programme.objects.update(sandbox_partners=5)
    for number in range(3):
        more = {
            **REQUEST,
            "mpnId": f"{number}",
            "tenant": {**REQUEST["tenant"], "domainPrefix": f"no-{number}"},
        }
        assert api.post(RESELLER, more).status == 200
    full = {**REQUEST, "mpnId": "9", "tenant": {**REQUEST["tenant"], "domainPrefix": "no-9"}}
    told = api.post(RESELLER, full)
    assert (told.status, told.body["code"]) == (400, 800018)


@pytest.mark.operation("customers.delete_sandbox")
def test_made_up_customers_are_deleted_and_real_ones_stay(cast: Cast) -> None:
    """Planted fault: ``delete_customer`` does not ask whether it is inside."""
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    customer = part(sandbox, "customer").tenant_id
    bought(sandbox)
    api = inside(sandbox, "provider")

    outsider = api_of(cast.yui).delete(f"/v1/customers/{customer}")
    assert (outsider.status, outsider.body["code"]) in {(404, 60003), (403, 800039)}
    assert api.delete(f"/v1/customers/{cast.aoba.pk}").body["code"] == 60003
    assert api.delete(f"/v1/customers/{customer}").status == 204

    assert not Tenant.objects.filter(pk=customer).exists()
    assert api.get(f"/v1/customers/{customer}").status == 404
    assert api.get("/v1/customers").body["totalCount"] == 0


def test_a_real_customer_is_not_deleted(cast: Cast) -> None:
    relate(cast.hinode, cast.aoba)

    told = api_of(cast.mei).delete(f"/v1/customers/{cast.aoba.pk}")

    assert (told.status, told.body["code"]) == (403, 800019)
    assert Tenant.objects.filter(pk=cast.aoba.pk).exists()


@pytest.mark.operation(
    "toiya.sandbox.make", "toiya.sandbox.get", "toiya.sandbox.reset", "toiya.sandbox.delete"
)
def test_made_read_emptied_and_deleted(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    api = api_of(cast.mei)
    assert api.get(SANDBOX).status == 404

    made = api.post(SANDBOX)

    assert made.status == 201
    provider = next(one for one in made.body["organizations"] if one["capacities"] == ["provider"])
    (person,) = provider["people"]
    assert Person.objects.get(user_name=person["userName"]).check_password(person["password"])
    application = Application.objects.get(pk=provider["application"]["clientId"])
    assert hash_of(provider["application"]["secret"]) == application.secrets.get().hash
    program = Api(issue_app_token(application).text)
    assert program.get("/v1/customers").body["totalCount"] == 1
    read = api.get(SANDBOX)
    with django_assert_num_queries(TOKEN + 6):
        again = api.get(SANDBOX)
    assert again.body["organizations"] == read.body["organizations"]
    assert all("password" not in one for org in read.body["organizations"] for one in org["people"])
    assert all("application" not in org for org in read.body["organizations"])
    assert api.post(SANDBOX).status == 409
    for other in (cast.yui, cast.kai):
        assert api_of(other).delete(f"{SANDBOX}/{made.body['id']}").status == 404
    assert api_of(cast.sora).get(SANDBOX).status == 403

    again = api.post(f"{SANDBOX}/{made.body['id']}/reset")
    assert (again.status, again.body["id"] != made.body["id"]) == (201, True)
    assert program.get("/v1/customers").status == 401
    assert api.post(f"{SANDBOX}/{made.body['id']}/reset").status == 409
    assert api.delete(f"{SANDBOX}/{again.body['id']}").status == 204
    assert api.get(SANDBOX).status == 404


@pytest.mark.operation(
    "toiya.sandbox.get_clock",
    "toiya.sandbox.move_clock",
    "toiya.sandbox.stop_clock",
    "toiya.sandbox.start_clock",
)
def test_the_clock_from_both_sides(cast: Cast) -> None:
    build_shop(cast)
    sandbox = made_by(cast.mei).sandbox
    subscription = bought(sandbox)
    api, within = api_of(cast.mei), inside(sandbox, "reseller")
    program = api_of_application(part(sandbox, "provider").tenant, Role.GLOBAL_ADMIN)
    former = subscription.term_end

    stopped = api.post(f"{SANDBOX}/clock/stop")
    assert stopped.body["isStopped"] is True
    assert within.get(f"{SANDBOX}/clock").body == stopped.body
    moved = program.post(f"{SANDBOX}/clock/move", {"by": "P1M2D"})
    assert (moved.status, moved.headers["Location"]) == (202, f"http://localhost:8000{SANDBOX}/clock")
    assert "movingTo" in api.get(f"{SANDBOX}/clock").body
    assert api.post(f"{SANDBOX}/clock/move", {"by": "P1D"}).status == 409
    move_clocks()
    arrived = api.get(f"{SANDBOX}/clock").body
    assert "movingTo" not in arrived
    assert arrived["now"] == moved.body["movingTo"]
    at = f"/v1/customers/{subscription.customer_id}/subscriptions/{subscription.pk}"
    subscription.refresh_from_db()
    assert subscription.term_end != former
    assert program.get(at).body["commitmentEndDate"] > str(former)
    assert api.post(f"{SANDBOX}/clock/start").body["isStopped"] is False

    for body, named in (({}, "to"), ({"by": "soon"}, "by"), ({"by": "P1D", "to": "2030-01-01"}, "to")):
        told = api.post(f"{SANDBOX}/clock/move", body)
        assert (told.status, told.body["code"], told.body["data"]) == (400, 800002, [named])
    assert api.post(f"{SANDBOX}/clock/move", {"to": "2020-01-01T00:00:00Z"}).status == 409
    assert api.post(f"{SANDBOX}/clock/move", {"by": "P6Y"}).status == 409
    assert api_of(cast.yui).get(f"{SANDBOX}/clock").status == 404


@pytest.mark.operation("toiya.sandbox.list_mails", "toiya.sandbox.get_mail")
def test_caught_mails_and_the_link_in_one(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sandbox = made_by(cast.mei).sandbox
    made_by(cast.yui)
    api = api_of(cast.mei)

    listed = api.get(f"{SANDBOX}/mails?size=2")
    assert listed.body["totalCount"] == 2
    (found,) = api.get(f"{SANDBOX}/mails?text=admin@customer").body["items"][-1:]
    mail = api.get(f"{SANDBOX}/mails/{found['id']}").body
    assert mail["to"] == part(sandbox, "customer").contact_email
    assert "http://localhost:8000/" in mail["text"]
    with django_assert_num_queries(TOKEN + 2):
        api.get(f"{SANDBOX}/mails")
    assert api_of(cast.yui).get(f"{SANDBOX}/mails/{found['id']}").status == 404
    assert api_of(cast.kai).get(f"{SANDBOX}/mails").status == 404
