"""Roles of the own organization over the API."""

import re
import uuid

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import TOKEN, Api, api_of, api_of_application
from tests.cast import Cast, browser_of, hire
from toiya.core.permissions import Role

USER = 60002


def role_id(api: Api, name: str) -> str:
    (found,) = [row["id"] for row in api.get("/v1/roles").body["items"] if row["name"] == name]
    assert isinstance(found, str)
    return found


def holders(api: Api, name: str) -> list[str]:
    told = api.get(f"/v1/roles/{role_id(api, name)}/usermembers")
    return [item["displayName"] for item in told.body["items"]]


@pytest.mark.operation("roles.list")
def test_the_roles_of_the_organization(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """A partner has agents, a customer administrators only; the field's id where the field has the role."""
    mei = api_of(cast.mei)
    with django_assert_num_queries(TOKEN):
        told = mei.get("/v1/roles").body
    assert told["totalCount"] == len(told["items"])
    assert told["items"][0] == {
        "id": "62e90394-69f5-4237-9190-012177145e10",
        "name": "Global administrator",
        "category": "admin",
        "attributes": {"objectType": "Role"},
    }
    agent = role_id(mei, "Admin agent")
    assert role_id(api_of(cast.kai), "Admin agent") == agent
    assert [row["name"] for row in mei.get(f"/v1/roles?role_id={agent}").body["items"]] == ["Admin agent"]
    names = [
        row["name"] for row in mei.get("/v1/roles?sortField=Name&sortDirection=Descending").body["items"]
    ]
    assert names == sorted(names, reverse=True)
    assert {row["category"] for row in api_of(cast.emi).get("/v1/roles").body["items"]} == {"admin"}
    assert api_of(cast.sora).get("/v1/roles").body["code"] == 900150
    assert api_of(cast.mei, language="ja-JP").get("/v1/roles").body["items"][0]["name"] == "全体管理者"


@pytest.mark.operation("roles.list_members", "roles.add_member", "roles.remove_member")
def test_giving_and_taking_a_role(cast: Cast) -> None:
    """What is given here stands on the person's page; one of each category, and nobody stays without any.

    Plant: ``person.roles | {role}`` without ``assign_roles``' check lets Sora be two agents.
    """
    mei = api_of(cast.mei)
    path = f"/v1/roles/{role_id(mei, 'Billing admin')}/usermembers"
    member = {"id": str(cast.sora.pk), "displayName": "Sora", "userPrincipalName": cast.sora.user_name}
    same = {"MS_RequestId": "94e4e214-6b06-4fb7-96d1-94d559f9b47f"}

    given = mei.post(path, member, **same)

    assert given.status == 201
    assert given.body == {**member, "roleId": path.split("/")[3], "attributes": {"objectType": "UserMember"}}
    assert mei.post(path, member, **same).content == given.content
    assert mei.post(path, member).status == 201
    assert mei.get(path).body["items"] == [given.body]
    page = browser_of(cast.mei).get(f"/dashboard/settings/users/{cast.sora.pk}/").content.decode()
    assert re.search(r'value="billing_admin"[^>]*(checked|selected)', page)
    second = mei.post(f"/v1/roles/{role_id(mei, 'Helpdesk agent')}/usermembers", member)
    assert (second.status, second.body["data"][0]) == (409, "roles_not_possible")
    assert mei.delete(f"{path}/{cast.sora.pk}").status == 204
    assert holders(mei, "Billing admin") == []
    assert holders(mei, "Sales agent") == ["Sora"]
    assert mei.delete(f"{path}/{cast.sora.pk}").body["code"] == USER
    sales = f"/v1/roles/{role_id(mei, 'Sales agent')}/usermembers/{cast.sora.pk}"
    assert mei.delete(sales).body["data"][0] == "roles_not_possible"
    last = f"/v1/roles/{role_id(mei, 'Global administrator')}/usermembers/{cast.mei.pk}"
    assert mei.delete(last).status == 409
    assert holders(mei, "Global administrator") == ["Mei"]


@pytest.mark.operation("roles.add_member_by_query", "roles.remove_member_by_query")
def test_a_role_that_the_query_names(cast: Cast) -> None:
    """Some clients name role and person after the question mark; what is not named is missing.

    Plant: without ``_from_query`` in door.py the handler lacks its role.
    """
    mei = api_of(cast.mei)
    role = role_id(mei, "Billing admin")
    member = {"id": str(cast.sora.pk)}

    given = mei.post(f"/v1/roles?roleId={role.upper()}", member)

    assert (given.status, given.body["roleId"]) == (201, role)
    assert holders(mei, "Billing admin") == ["Sora"]
    outsider = api_of(cast.yui).delete(f"/v1/roles?role_id={role}&member_id={cast.sora.pk}")
    assert (outsider.status, outsider.body["code"]) == (404, USER)
    agent = api_of(cast.sora).delete(f"/v1/roles?role_id={role}&member_id={cast.sora.pk}")
    assert (agent.status, agent.body["code"]) == (403, 900150)
    assert mei.delete(f"/v1/roles?Role_Id={role}&memberId={cast.sora.pk}").status == 204
    assert holders(mei, "Billing admin") == []
    for missing in ("", f"?role_id={role}", f"?role_id={role}&member_id="):
        told = mei.delete(f"/v1/roles{missing}")
        assert (told.status, told.body["data"][-1]) == (400, "member_id")
    assert mei.post("/v1/roles?role_id=x", member).status == 404


@pytest.mark.operation("roles.list_members")
def test_members_in_pages(cast: Cast, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """By name, up or down; one holder costs what three do."""
    mei = api_of(cast.mei)
    path = f"/v1/roles/{role_id(mei, 'Sales agent')}/usermembers"
    with django_assert_num_queries(TOKEN + 1):
        assert [row["displayName"] for row in mei.get(path).body["items"]] == ["Sora"]
    for name in ("Anna", "Zoe"):
        hire(cast.hinode, name, Role.SALES_AGENT)
    with django_assert_num_queries(TOKEN + 1):
        assert [row["displayName"] for row in mei.get(path).body["items"]] == ["Anna", "Sora", "Zoe"]

    first = mei.get(f"{path}?size=2&sortField=UserPrincipalName&sortDirection=Descending").body

    assert [row["displayName"] for row in first["items"]] == ["Zoe", "Sora"]
    following = first["links"]["next"]
    headers = {header["key"]: header["value"] for header in following["headers"]}
    rest = mei.call("GET", f"/v1{following['uri']}", **headers).body
    assert [row["displayName"] for row in rest["items"]] == ["Anna"]
    assert mei.get(f"{path}?sortField=Age").body["data"] == ["sortField"]


@pytest.mark.operation("roles.add_member", "roles.remove_member", "roles.list_members")
def test_who_gives_roles_and_to_whom(cast: Cast) -> None:
    """What somebody may give is the table of directory/roles.py; people of others do not exist."""
    mei = api_of(cast.mei)
    admin = f"/v1/roles/{role_id(mei, 'Global administrator')}/usermembers"
    agent_only = api_of_application(cast.hinode, Role.ADMIN_AGENT)
    assert agent_only.post(admin, {"id": str(cast.sora.pk)}).body["code"] == 900150
    for person in (cast.sora, cast.riku, cast.taro):
        assert api_of(person).post(admin, {"id": str(person.pk)}).body["code"] == 900150
    for foreign in (str(cast.kai.pk), str(uuid.uuid4()), "x", "\t", ""):
        told = mei.post(admin, {"id": foreign})
        assert told.status == (400 if foreign == "" else 404)
        if foreign:
            assert told.body["code"] == USER
            assert mei.delete(f"{admin}/{foreign.strip() or 'y'}").body["code"] == USER
    for missing in (uuid.uuid4(), role_id(api_of(cast.mei), "Sales agent")):
        assert api_of(cast.emi).get(f"/v1/roles/{missing}/usermembers").status == 404
    assert api_of(cast.jun).get(admin).body["items"][0]["displayName"] == "Jun"


@pytest.mark.operation("self_serve_policies.list", "notifications.get_preference", "accounts.get_setting")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/SelfServePolicy?entity_id=x"),
        ("POST", "/v1/selfservepolicy"),
        ("PUT", "/v1/SelfServePolicy/x"),
        ("GET", "/v1/users/x/preferences/notifications/a/b"),
        ("PUT", "/v1/accountsettings/x"),
        ("GET", "/v1/enrolledprograms/x"),
        ("GET", "/v1/agreements/ValueAddedReseller/signatures/1"),
        ("GET", "/CustomerServiceAdminApi/Web/v1/delegatedAdminCustomers"),
    ],
)
def test_what_has_no_meaning_here_says_so(cast: Cast, method: str, path: str) -> None:
    """501 with code 0 and the reason."""
    told = api_of(cast.mei).call(method, path)
    assert (told.status, told.body["code"]) == (501, 0)
    assert len(told.body["description"]) > 40
