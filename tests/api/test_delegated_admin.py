"""Administrator access over the API: prepared, asked for, consented to on the page, used, ended."""

import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, Told, api_of, api_of_application
from tests.cast import Cast, browser_of, found, relate
from tests.customers.story import accepted, invited
from toiya.audit.models import AuditRecord
from toiya.core.permissions import Role
from toiya.customers.models import AdministrationRequest, RelationshipInvitation
from toiya.relations.models import AccessAssignment, AdministrationGrant

AT = "/v1.0/tenantRelationships/delegatedAdminRelationships"
BASE = "http://localhost:8000"
USER_ADMINISTRATOR = "fe930be7-5e62-47db-91af-98c3a49a38b1"
LICENSE_ADMINISTRATOR = "4d6ac14f-3453-41d0-bef9-a3e0c569773a"
HELPDESK_ADMINISTRATOR = "729827e3-9c14-49f7-bb1b-9608f156bbb8"


def details(*roles: str) -> dict[str, object]:
    return {"unifiedRoles": [{"roleDefinitionId": role} for role in roles]}


def wish(**changes: object) -> dict[str, object]:
    return {
        "displayName": "Aoba administration",
        "duration": "P2Y",
        "accessDetails": details(USER_ADMINISTRATOR, LICENSE_ADMINISTRATOR),
        **changes,
    }


def prepared(api: Api, **changes: object) -> dict[str, Any]:
    told = api.post(AT, wish(**changes))
    assert told.status == 201, told.content
    body: dict[str, Any] = told.body
    assert told.headers["Location"] == f"{BASE}{AT}/{body['id']}"
    return body


def ask(api: Api, relationship: str, action: str) -> Told:
    return api.post(f"{AT}/{relationship}/requests", {"action": action})


def in_force(cast: Cast, api: Api) -> str:
    """Prepared and locked by the program; Emi consents on the page."""
    relationship: str = prepared(api)["id"]
    assert ask(api, relationship, "lockForApproval").status == 201
    accepted(cast.emi, RelationshipInvitation.objects.latest("created_at"))
    return relationship


@pytest.mark.operation(
    "delegated_admin.create_relationship",
    "delegated_admin.get_relationship",
    "delegated_admin.create_request",
    "delegated_admin.list_requests",
)
def test_from_the_prepared_request_to_its_end(cast: Cast) -> None:  # noqa: PLR0915  (one story)
    """One id all the way; consent is the customer's, on the page. Everybody else finds nothing.

    Plant: without ``invitation_id`` in ``_told`` the relationship never becomes active.
    """
    mei = api_of(cast.mei)
    body = prepared(mei)
    relationship = body["id"]
    request = AdministrationRequest.objects.get()
    assert body == {
        "@odata.etag": 'W/"1"',
        "id": f"{request.pk}-{cast.hinode.pk}",
        "displayName": "Aoba administration",
        "duration": "P730D",
        "autoExtendDuration": "PT0S",
        "status": "created",
        "accessDetails": details(LICENSE_ADMINISTRATOR, USER_ADMINISTRATOR),
        "createdDateTime": request.created_at.isoformat().replace("+00:00", "Z"),
        "lastModifiedDateTime": request.created_at.isoformat().replace("+00:00", "Z"),
    }
    assert mei.get(f"{AT}/{relationship}").body == body
    assert not RelationshipInvitation.objects.exists()

    step = ask(mei, relationship, "lockForApproval")

    assert step.status == 201
    assert (step.body["action"], step.body["status"]) == ("lockForApproval", "succeeded")
    assert step.headers["Location"] == f"{BASE}{AT}/{relationship}/requests/{step.body['id']}"
    invitation = RelationshipInvitation.objects.get()
    assert (invitation.grant_days, invitation.provider_id) == (730, cast.hinode.pk)
    page = browser_of(cast.mei).get("/dashboard/customers/invitations/").content.decode()
    assert "Aoba administration" in page
    waiting = mei.get(f"{AT}/{relationship}").body
    assert (waiting["status"], waiting["@odata.etag"]) == ("approvalPending", 'W/"2"')
    assert ask(mei, relationship, "approve").body["code"] == 2032
    accepted(cast.emi, invitation)
    grant = AdministrationGrant.objects.get()
    active = mei.get(f"{AT}/{relationship}").body
    assert active["status"] == "active"
    assert active["customer"] == {"tenantId": str(cast.aoba.pk), "displayName": cast.aoba.name}
    assert active["activatedDateTime"] == grant.starts_at.isoformat().replace("+00:00", "Z")
    assert active["endDateTime"] == grant.expires_at.isoformat().replace("+00:00", "Z")

    assert ask(mei, relationship, "terminate").status == 201

    ended = mei.get(f"{AT}/{relationship}").body
    assert (ended["status"], ended["id"]) == ("terminated", relationship)
    grant.refresh_from_db()
    assert grant.removed_by_tenant_id == cast.hinode.pk
    steps = mei.get(f"{AT}/{relationship}/requests").body
    assert [row["action"] for row in steps["value"]] == ["terminate", "lockForApproval"]
    assert steps["value"][1] == step.body
    assert steps["@odata.context"].endswith(f"delegatedAdminRelationships('{relationship}')/requests")
    assert ask(mei, relationship, "terminate").body["data"][0] == "grant_not_live"


@pytest.mark.operation("delegated_admin.get_relationship", "delegated_admin.create_request")
def test_somebody_else_s_request_does_not_exist(cast: Cast) -> None:
    """The same bytes as for an id that never was.

    Plant: without ``visible_to`` in ``administration_of`` Jun reads and ends Hinode's.
    """
    relationship = prepared(api_of(cast.mei))["id"]
    request = AdministrationRequest.objects.get()
    for outsider in (api_of(cast.jun), api_of(cast.yui)):
        nowhere = outsider.get(f"{AT}/{uuid.uuid4()}-{cast.hinode.pk}")
        for path in (f"{AT}/{relationship}", f"{AT}/{request.pk}", f"{AT}/{relationship}/requests"):
            assert outsider.get(path).status == 404
            assert outsider.get(path).content == nowhere.content
        assert ask(outsider, relationship, "terminate").content == nowhere.content


@pytest.mark.operation("delegated_admin.list_relationships", "delegated_admin.create_request")
def test_what_the_pages_made_is_there_too(cast: Cast) -> None:
    """An invitation with roles waits, its grant is active, and the page's removal ends it here."""
    kai = api_of(cast.kai)
    invitation = invited(cast.kai, customer_name="Aoba Industries", grant_days=90)
    (waiting,) = kai.get(AT).body["value"]
    assert (waiting["id"], waiting["status"]) == (f"{invitation.pk}-{cast.kawase.pk}", "approvalPending")
    assert (waiting["displayName"], waiting["duration"]) == ("Aoba Industries", "P90D")
    accepted(cast.emi, invitation)
    grant = AdministrationGrant.objects.get()
    (active,) = kai.get(f"{AT}?$filter=status eq 'active'").body["value"]
    assert active["id"] == f"{grant.pk}-{cast.kawase.pk}"
    assert active["accessDetails"] == details(LICENSE_ADMINISTRATOR, USER_ADMINISTRATOR)

    browser_of(cast.emi).post(f"/organization/partners/access/{grant.pk}/remove/")

    assert kai.get(f"{AT}/{active['id']}").body["status"] == "terminated"
    other = invited(cast.kai)
    assert ask(kai, f"{other.pk}-{cast.kawase.pk}", "terminate").status == 201
    other.refresh_from_db()
    assert other.state == "revoked"
    assert kai.get(f"{AT}/{other.pk}").status == 404


@pytest.mark.operation("delegated_admin.list_relationships")
def test_the_list_in_pages(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Filtered and ordered; the next page by its link; what one access costs, four do.

    Plant: without the place in ``At.read`` the second page repeats the first.
    """
    mei = api_of(cast.mei)
    active = in_force(cast, mei)
    names = ["One", "Two", "Three"]
    for name in names:
        prepared(mei, displayName=name)

    with django_assert_num_queries(TOKEN + 4):
        first = mei.get(f"{AT}?$top=2").body
    assert [row["displayName"] for row in first["value"]] == ["Three", "Two"]
    assert first["@odata.context"] == f"{BASE}/v1.0/$metadata#tenantRelationships/delegatedAdminRelationships"
    with django_assert_num_queries(TOKEN + 7):
        second = mei.get(first["@odata.nextLink"].removeprefix(BASE)).body
    assert [row["displayName"] for row in second["value"]] == ["One", "Aoba administration"]
    assert "@odata.nextLink" not in second
    with django_assert_num_queries(TOKEN + 7):
        assert len(mei.get(AT).body["value"]) == 4
    ascending = mei.get(f"{AT}?$orderby=createdDateTime asc").body["value"]
    assert [row["displayName"] for row in ascending] == ["Aoba administration", *names]

    def ids(query: str) -> list[str]:
        return [row["id"] for row in mei.get(f"{AT}?$filter={query}").body["value"]]

    assert ids(f"customer/tenantId eq '{cast.aoba.pk}'") == [active]
    assert ids(f"status eq 'active' and customer/tenantId eq {cast.aoba.pk}") == [active]
    assert ids(f"status eq 'created' and customer/tenantId eq '{cast.aoba.pk}'") == []
    assert len(ids("status eq 'created'")) == 3
    assert (
        ids("status eq 'expired'")
        == ids("status eq 'terminated'")
        == ids("status eq 'approvalPending'")
        == []
    )
    assert api_of(cast.jun).get(AT).body["value"] == []


@pytest.mark.operation("delegated_admin.list_relationships")
@pytest.mark.parametrize(
    ("query", "about"),
    [
        ("$filter=status eq 'activating'", "$filter"),
        ("$filter=status ne 'active'", "$filter"),
        ("$filter=customer/tenantId eq 'x'", "$filter"),
        ("$filter=displayName eq 'x'", "$filter"),
        ("$orderby=displayName", "$orderby"),
        ("$top=0", "$top"),
        ("$top=1000000000000000000000000000000", "$top"),
        ("$top=x", "top"),
    ],
)
def test_lists_that_cannot_be_asked_for(cast: Cast, query: str, about: str) -> None:
    """400 naming the option."""
    told = api_of(cast.mei).get(f"{AT}?{query}")
    assert (told.status, told.body["code"], told.body["data"][0]) == (400, 800002, about)


@pytest.mark.operation("delegated_admin.list_relationships")
@pytest.mark.parametrize(
    "token", ["x", "W10", "WyIxIiwiMiJd", "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzA5OjAwIiwieCJd"]
)
def test_a_broken_skiptoken_begins_anew(cast: Cast, token: str) -> None:
    """As everywhere."""
    mei = api_of(cast.mei)
    body = prepared(mei)
    assert mei.get(f"{AT}?$skiptoken={token}").body["value"] == [body]


@pytest.mark.operation("delegated_admin.update_relationship", "delegated_admin.delete_relationship")
def test_what_is_prepared_can_be_changed_and_discarded(cast: Cast) -> None:
    """By whom read it last; locked, it stays as the customer was asked.

    Plant: without the comparison of versions in customers/administration.py the stale changes are written.
    """
    relate(cast.hinode, cast.aoba)
    mei = api_of(cast.mei)
    body = prepared(mei)
    path = f"{AT}/{body['id']}"

    changed = mei.patch(
        path,
        {"displayName": "New name", "duration": "P30D", "customer": {"tenantId": str(cast.aoba.pk)}},
        If_Match=body["@odata.etag"],
    )

    assert changed.status == 200
    assert (changed.body["displayName"], changed.body["duration"]) == ("New name", "P30D")
    assert changed.body["customer"]["tenantId"] == str(cast.aoba.pk)
    assert changed.body["accessDetails"] == body["accessDetails"]
    assert mei.get(path).body == changed.body
    for stale in (
        mei.patch(path, {"displayName": "x"}, If_Match=body["@odata.etag"]),
        mei.patch(path, {"displayName": "x", "@odata.etag": body["@odata.etag"]}),
        mei.delete(path, If_Match=body["@odata.etag"]),
    ):
        assert (stale.status, stale.body["code"]) == (400, 2055)
    other = prepared(mei, displayName="Other")
    assert mei.patch(path, {"displayName": "Other"}).body["data"] == ["name_taken", "displayName"]
    assert mei.post(AT, wish(displayName="Other")).status == 409
    assert prepared(api_of(cast.jun), displayName="Other")["status"] == "created"

    assert mei.delete(f"{AT}/{other['id']}", If_Match=other["@odata.etag"]).status == 204

    assert mei.get(f"{AT}/{other['id']}").status == 404
    ask(mei, body["id"], "lockForApproval")
    assert RelationshipInvitation.objects.get().named_customer_id == cast.aoba.pk
    for refused in (
        mei.patch(path, {"displayName": "x"}),
        mei.delete(path),
        ask(mei, body["id"], "lockForApproval"),
    ):
        assert (refused.status, refused.body["data"][0]) == (409, "request_locked")
    actions = AuditRecord.objects.filter(subject_kind="administrationrequest").order_by("id")
    assert list(actions.values_list("action", flat=True)) == [
        "create_administration_request",
        "update_administration_request",
        "create_administration_request",
        "create_administration_request",
        "delete_administration_request",
    ]


@pytest.mark.operation("delegated_admin.create_relationship", "delegated_admin.update_relationship")
@pytest.mark.parametrize(
    ("changes", "status", "about"),
    [
        ({"displayName": None}, 400, "displayName"),
        ({"displayName": "\t"}, 400, "name_wrong"),
        ({"displayName": "x" * 51}, 400, "name_wrong"),
        ({"duration": "P3Y"}, 400, "out_of_range"),
        ({"duration": "P0D"}, 400, "out_of_range"),
        ({"duration": "P"}, 400, "duration"),
        ({"duration": "P1M"}, 400, "duration"),
        ({"duration": "P" + "9" * 300 + "D"}, 400, "duration"),
        ({"autoExtendDuration": "P180D"}, 400, "autoExtendDuration"),
        ({"accessDetails": details()}, 400, "accessDetails.unifiedRoles"),
        ({"accessDetails": details(str(uuid.uuid4()))}, 400, "accessDetails.unifiedRoles"),
        ({"accessDetails": {"unifiedRoles": [{}]}}, 400, "accessDetails.unifiedRoles"),
        ({"customer": {"tenantId": "x"}}, 404, "not_found"),
        ({"customer": {"tenantId": str(uuid.uuid4())}}, 404, "not_found"),
    ],
)
def test_what_cannot_be_prepared(cast: Cast, changes: dict[str, object], status: int, about: str) -> None:
    """Each with the property; a customer of others does not exist (60003)."""
    mei = api_of(cast.mei)
    told = mei.post(AT, wish(**changes))
    assert (told.status, told.body["data"][0]) == (status, about)
    if status == 404:
        assert told.body["code"] == 60003
    assert not AdministrationRequest.objects.exists()
    known = prepared(mei)
    if "displayName" not in changes or changes["displayName"] is not None:
        assert mei.patch(f"{AT}/{known['id']}", changes).status == status
    assert mei.get(f"{AT}/{known['id']}").body == known


# ---------------------------------------------------------------- who may use it
def group_of(api: Api, role: str) -> str:
    """The id of the group of those who hold the role, as the roles are listed."""
    (found_id,) = [row["id"] for row in api.get("/v1/roles").body["items"] if row["name"] == role]
    assert isinstance(found_id, str)
    return found_id


@pytest.mark.operation(
    "delegated_admin.list_access_assignments",
    "delegated_admin.create_access_assignment",
    "delegated_admin.update_access_assignment",
    "delegated_admin.delete_access_assignment",
)
def test_groups_that_use_the_access(cast: Cast) -> None:  # noqa: PLR0915  (one story)
    """Listed as the page shows them, taken away, given anew, changed; the page reads what was written here.

    Plant: without ``_must_be_as_read`` the stale change is written.
    """
    mei = api_of(cast.mei)
    relationship = in_force(cast, mei)
    at = f"{AT}/{relationship}/accessAssignments"
    admin, helpdesk = group_of(mei, "Admin agent"), group_of(mei, "Helpdesk agent")
    (only,) = mei.get(at).body["value"]
    assert only == {
        "@odata.etag": only["@odata.etag"],
        "id": admin,
        "accessContainer": {"accessContainerId": admin, "accessContainerType": "securityGroup"},
        "accessDetails": details(LICENSE_ADMINISTRATOR, USER_ADMINISTRATOR),
        "status": "active",
    }
    container = {"accessContainerId": helpdesk, "accessContainerType": "securityGroup"}
    body = {"accessContainer": container, "accessDetails": details(LICENSE_ADMINISTRATOR)}

    made = mei.post(at, body)

    assert (made.status, made.body["id"]) == (201, helpdesk)
    assert made.headers["Location"] == f"{BASE}{at}/{helpdesk}"
    assert mei.post(at, body).status == 409
    page = browser_of(cast.mei).get("/dashboard/administrator-access/").content.decode()
    assert page.count("checked") == 3
    changed = mei.patch(
        f"{at}/{helpdesk}", {"accessDetails": details(USER_ADMINISTRATOR)}, If_Match=made.body["@odata.etag"]
    )
    assert (changed.status, changed.body["accessDetails"]) == (200, details(USER_ADMINISTRATOR))
    stale = mei.patch(
        f"{at}/{helpdesk}",
        {"accessDetails": details(LICENSE_ADMINISTRATOR)},
        If_Match=made.body["@odata.etag"],
    )
    assert (stale.status, stale.body["code"]) == (400, 2055)
    rows = AccessAssignment.objects.filter(group="helpdesk_agent").values_list("role", flat=True)
    assert list(rows) == ["user_administrator"]
    assert mei.delete(f"{at}/{helpdesk}", If_Match=made.body["@odata.etag"]).status == 400

    assert mei.delete(f"{at}/{helpdesk}").status == 202

    assert [row["id"] for row in mei.get(at).body["value"]] == [admin]
    assert mei.delete(f"{at}/{helpdesk}").status == 404
    beyond = mei.patch(f"{at}/{admin}", {"accessDetails": details(HELPDESK_ADMINISTRATOR)})
    assert (beyond.status, beyond.body["data"]) == (400, ["not_in_grant", "accessDetails.unifiedRoles"])
    wrong = mei.post(at, {**body, "accessContainer": {"accessContainerId": group_of(mei, "Sales agent")}})
    assert wrong.body["data"][0] == "accessContainer.accessContainerId"
    kind = mei.post(at, {**body, "accessContainer": {**container, "accessContainerType": "unknown"}})
    assert kind.body["data"][0] == "accessContainer.accessContainerType"
    for person in (cast.sora, cast.riku):
        assert api_of(person).get(at).body["code"] == 900150
    for method, path in (("GET", at), ("POST", at), ("PATCH", f"{at}/{admin}"), ("DELETE", f"{at}/{admin}")):
        assert (
            api_of(cast.jun).call(method, path, body if method in {"POST", "PATCH"} else None).status == 404
        )
    ask(mei, relationship, "terminate")
    assert mei.post(at, body).body["data"][0] == "grant_not_live"


@pytest.mark.operation("delegated_admin.create_request", "delegated_admin.create_relationship")
def test_who_asks_and_who_ends(cast: Cast) -> None:
    """Sales agents ask, only a global administrator ends; an application does as its roles let it; once a request."""
    sora = api_of(cast.sora)
    relationship = in_force(cast, sora)
    assert ask(sora, relationship, "terminate").body["code"] == 900150
    assert api_of(cast.nao).post(AT, wish()).body["code"] == 900150
    assert api_of(cast.emi).post(AT, wish()).status == 403
    application = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    same = {"MS_RequestId": "94e4e214-6b06-4fb7-96d1-94d559f9b47f"}
    first = application.post(AT, wish(displayName="By itself"), **same)
    assert first.status == 201
    assert application.post(AT, wish(displayName="By itself"), **same).content == first.content
    assert AdministrationRequest.objects.filter(name="By itself").count() == 1
    assert ask(application, first.body["id"], "terminate").body["data"][0] == "nothing_to_end"
    assert (
        ask(
            api_of_application(cast.hinode, Role.GLOBAL_ADMIN, Role.ADMIN_AGENT), relationship, "terminate"
        ).status
        == 201
    )


@pytest.mark.operation("delegated_admin.get_relationship")
@pytest.mark.parametrize("which", ["x", "%00", "-", "{own}-{other}", "{own}-", "{other}-{own}", "{own}{own}"])
def test_ids_that_are_none(cast: Cast, which: str) -> None:
    """404, whatever stands there."""
    mei = api_of(cast.mei)
    own = prepared(mei)["id"][:36]
    assert mei.get(f"{AT}/{own}").status == 200
    assert mei.get(f"{AT}/{which.format(own=own, other=cast.midori.pk)}").status == 404


@pytest.mark.operation("delegated_admin.list_relationships")
def test_states_of_a_request_that_was_not_consented_to(cast: Cast) -> None:
    """Lapsed is expired, declined is ended; the customer left out all roles: there is nothing to use."""
    mei = api_of(cast.mei)
    lapsed, declined, bare = (
        prepared(mei, displayName=name)["id"] for name in ("lapsed", "declined", "bare")
    )
    for relationship in (lapsed, declined, bare):
        ask(mei, relationship, "lockForApproval")
    invitations = {row.customer_name: row for row in RelationshipInvitation.objects.all()}
    RelationshipInvitation.objects.filter(pk=invitations["lapsed"].pk).update(
        expires_at=invitations["lapsed"].created_at
    )
    RelationshipInvitation.objects.filter(pk=invitations["declined"].pk).update(state="declined")
    party = cast.hinode.pk.hex
    accepted(cast.emi, invitations["bare"], **{f"roles_{party}": []})
    assert not AdministrationGrant.objects.exists()

    told = {row["displayName"]: row["status"] for row in mei.get(AT).body["value"]}

    assert told == {"lapsed": "expired", "declined": "terminated", "bare": "terminated"}
    for status, names in (("expired", ["lapsed"]), ("terminated", ["bare", "declined"])):
        rows = mei.get(f"{AT}?$filter=status eq '{status}'").body["value"]
        assert sorted(row["displayName"] for row in rows) == names
    assert found(cast.family, "x", "x.example").relationships_as_customer.count() == 0
