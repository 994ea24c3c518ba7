"""Users of a customer over the API: what the pages do by the customer's grant, and nothing beyond it (N-24)."""

import datetime as dt
import uuid
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.api.speaking import Api, Told, api_of, api_of_application
from tests.cast import Cast, actor_of, browser_of, hire, relate
from tests.licences.story import Office, holders, open_office
from toiya.audit.actions import AuditAction
from toiya.audit.models import AuditRecord
from toiya.core.permissions import DirectoryRole, Role
from toiya.directory.models import Person
from toiya.licences.assignment import assign_licence
from toiya.mail.models import OutgoingMail

pytestmark = pytest.mark.django_db
GIVEN = "a long enough first phrase"


@pytest.fixture
def office(cast: Cast) -> Office:
    """Kawase keeps Aoba's users."""
    return open_office(cast, DirectoryRole.USER_ADMINISTRATOR)


def users(cast: Cast) -> str:
    """The users of Aoba."""
    return f"/v1/customers/{cast.aoba.pk}/users"


def hana(**changes: object) -> dict[str, object]:
    """What is sent for Hana."""
    return {
        "usageLocation": "JP",
        "userPrincipalName": "hana@aoba.example",
        "firstName": "Hana",
        "lastName": "Aoba",
        "displayName": "青葉 花",
        "passwordProfile": {"forceChangePassword": True, "password": GIVEN},
        **changes,
    }


def code(told: Told) -> tuple[int, int]:
    """Status and number of a refusal."""
    return told.status, told.body["code"]


@pytest.mark.operation("users.create", "users.get")
@pytest.mark.requirement("N-24", "S-103")
def test_a_program_adds_a_user_and_the_password_is_told_once(cast: Cast, office: Office) -> None:
    """As a whole; the page shows the user, the same request again adds nobody and gets the same answer.

    The documents' sample answers 200, and so does this, whatever the clients expect. Plant: ``open_account`` that
    drops the chosen password, and the given one opens nothing.
    """
    api, request_id = api_of(cast.kai), str(uuid.uuid4())

    told = api.post(f"{users(cast)}/", hana(), MS_RequestId=request_id)

    person = Person.objects.get(user_name="hana@aoba.example")
    seen = {
        "usageLocation": "JP",
        "id": str(person.pk),
        "userPrincipalName": "hana@aoba.example",
        "firstName": "Hana",
        "lastName": "Aoba",
        "displayName": "青葉 花",
        "userDomainType": "managed",
        "state": "active",
        "links": {
            "self": {"uri": f"/customers/{cast.aoba.pk}/users/{person.pk}", "method": "GET", "headers": []}
        },
        "attributes": {"objectType": "CustomerUser"},
    }
    secret = {"passwordProfile": {"forceChangePassword": True, "password": GIVEN}}
    assert (told.status, told.body) == (200, seen | secret)
    assert (person.check_password(GIVEN), person.must_change_password) == (True, True)
    assert api.get(f"{users(cast)}/{person.pk}").body == seen
    assert "青葉 花" in browser_of(cast.kai).get(office.users).content.decode()
    again = api.post(f"{users(cast)}/", hana(), MS_RequestId=request_id)
    assert again.content == told.content
    assert Person.objects.filter(user_name="hana@aoba.example").count() == 1
    entry = AuditRecord.objects.filter(action=AuditAction.CREATE_USER).latest("id")
    assert (entry.tenant_id, entry.counterparty_id, entry.grant_id) == (
        cast.aoba.pk,
        cast.kawase.pk,
        office.grant.pk,
    )
    assert "花" not in str(entry.after), "names enter the log as digests"

    random = api.post(users(cast), hana(userPrincipalName="Yuki@AOBA.example", passwordProfile=None)).body
    assert random["userPrincipalName"] == "yuki@aoba.example"
    assert random["passwordProfile"]["forceChangePassword"] is True
    assert Person.objects.get(pk=random["id"]).check_password(random["passwordProfile"]["password"])
    lasting = {"forceChangePassword": False, "password": GIVEN}
    told = api.post(users(cast), hana(userPrincipalName="ren@aoba.example", passwordProfile=lasting))
    assert told.body["passwordProfile"]["forceChangePassword"] is True, (
        "a password that others know never lasts"
    )


@pytest.mark.operation("users.create")
@pytest.mark.parametrize(
    ("wrong", "status", "about"),
    [
        ({"userPrincipalName": "taro@aoba.example"}, 409, "userPrincipalName"),
        ({"userPrincipalName": "hana@kawase.example"}, 400, "userPrincipalName"),
        ({"userPrincipalName": "hana"}, 400, "userPrincipalName"),
        ({"userPrincipalName": "ha na@aoba.example"}, 400, "userPrincipalName"),
        ({"userPrincipalName": f"{'h' * 65}@aoba.example"}, 400, "userPrincipalName"),
        ({"userPrincipalName": f"{'h' * 100_000}@aoba.example"}, 400, "userPrincipalName"),
        ({"displayName": "花" * 51}, 400, "displayName"),
        ({"displayName": " "}, 400, "displayName"),
        ({"firstName": "H" * 65}, 400, "firstName"),
        ({"lastName": "A" * 65}, 400, "lastName"),
        ({"usageLocation": "XX"}, 400, "usageLocation"),
        ({"usageLocation": "Japan"}, 400, "usageLocation"),
        ({"usageLocation": None}, 400, "usageLocation"),
        ({"displayName": ""}, 400, "displayName"),
        ({"displayName": "a\0b"}, 400, None),
        ({"displayName": ["a"]}, 400, "displayName"),
        ({"passwordProfile": {"password": "testPw"}}, 400, "passwordProfile.password"),
        ({"passwordProfile": {"password": "x" * 257}}, 400, "passwordProfile.password"),
        ({"passwordProfile": {"password": 10**30}}, 400, "passwordProfile.password"),
        ({"passwordProfile": "secret"}, 400, "passwordProfile"),
        ({"state": "asleep"}, 400, "state"),
    ],
)
def test_what_cannot_be_a_user_is_refused_with_the_property(
    cast: Cast, office: Office, wrong: dict[str, object], status: int, about: str | None
) -> None:
    """800002, the property in ``data``, and nobody is added."""
    before = Person.objects.count()

    told = api_of(cast.kai).post(users(cast), hana(**wrong))

    assert code(told) == (status, 800002), told.body
    if about:
        assert told.body["data"][-1] == about
    assert Person.objects.count() == before


def names(cast: Cast, api: Api, path: str) -> list[str]:
    """The names on all pages of the list, in its order."""
    found, told = [], api.get(f"{users(cast)}{path}")
    while True:
        assert told.status == 200, told.body
        found += [item["displayName"] for item in told.body["items"]]
        following = told.body["links"].get("next")
        if following is None:
            assert "continuationToken" not in told.body
            return found
        token = {header["key"]: header["value"] for header in following["headers"]}
        assert token == {"MS-ContinuationToken": told.body["continuationToken"]}
        told = api.call(following["method"], f"/v1{following['uri']}", **token)


@pytest.mark.operation("users.list")
def test_users_page_by_page_and_sorted(
    cast: Cast, office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Four people, a few a page, both ways; the number of statements does not grow.

    Plant: a sort that is not read, and the second order is the first.
    """
    for name in ("Beni", "Chika"):
        hire(cast.aoba, name)
    api = api_of(cast.kai)

    assert names(cast, api, "") == names(cast, api, "?size=2") == ["Beni", "Chika", "Emi", "Taro"]
    assert names(cast, api, "?size=3&sortField=DisplayName&sortDirection=Descending") == [
        "Taro",
        "Emi",
        "Chika",
        "Beni",
    ]
    assert names(cast, api, "?sortField=userprincipalname&size=1") == ["Beni", "Chika", "Emi", "Taro"]
    for size, statements in ((1, 7), (3, 7)):
        with django_assert_num_queries(statements):
            assert api.get(f"{users(cast)}?size={size}").body["totalCount"] == size


@pytest.mark.operation("users.list")
@pytest.mark.requirement("N-24")
def test_deleted_users_are_found_by_the_filter(cast: Cast, office: Office) -> None:
    """Inactive is who was deleted; a list without filter has everybody else; a broken token begins anew.

    Plant: a filter that is not read, and Inactive answers everybody.
    """
    beni, api = hire(cast.aoba, "Beni"), api_of(cast.kai)
    assert browser_of(cast.kai).post(f"{office.users}{beni.pk}/delete/").status_code == 302
    for field, value in (("UserState", "Inactive"), ("UserStatus", "inactive")):
        told = api.get(
            f'{users(cast)}?filter={{"Field":"{field}","Value":"{value}","Operator":"equals"}}&size=500'
        )
        (gone,) = told.body["items"]
        assert (gone["id"], gone["state"]) == (str(beni.pk), "inactive")
        deleted_at = Person.objects.get(pk=beni.pk).deleted_at
        assert dt.datetime.fromisoformat(gone["softDeletionTime"]) == deleted_at
    assert names(cast, api, "") == ["Emi", "Taro"]
    active = '?filter={"Field":"UserState","Value":"Active","Operator":"equals"}&size=1'
    assert names(cast, api, active) == ["Emi", "Taro"]
    for wrong in (
        'filter={"Field":"UserState","Value":"Asleep","Operator":"equals"}',
        'filter={"Field":"Name","Value":"a","Operator":"equals"}',
        "sortField=Colour",
        "sortDirection=Sideways",
        "seekOperation=Back",
        "size=-1",
    ):
        assert code(api.get(f"{users(cast)}?{wrong}")) == (400, 800002), wrong
    for token in ("nonsense", "WyJhIiwiYiJd", "%00"):
        assert api.get(f"{users(cast)}?size=1", MS_ContinuationToken=token).status == 200


@pytest.mark.operation("users.update")
def test_a_user_changes_in_part_and_as_a_whole(cast: Cast, office: Office) -> None:
    """What is not given stays; the whole resource sent back changes nothing; the user name takes the address along.

    Plant: ``rename_account`` that leaves the contact address, and mails go to a name that is gone.
    """
    api = api_of(cast.kai)
    user = api.post(users(cast), hana()).body
    path = f"{users(cast)}/{user['id']}"
    logged = AuditRecord.objects.count()

    whole = api.patch(path, {key.title(): value for key, value in api.get(path).body.items()})
    assert whole.body == api.get(path).body
    assert AuditRecord.objects.count() == logged

    told = api.patch(
        path, {"displayName": "緑川 花", "lastName": "Midorikawa", "usageLocation": "us", "id": None}
    )
    assert (told.status, told.body["displayName"], told.body["firstName"], told.body["lastName"]) == (
        200,
        "緑川 花",
        "Hana",
        "Midorikawa",
    )
    assert (told.body["usageLocation"], "passwordProfile" in told.body) == ("US", False)
    page = browser_of(cast.kai).get(f"{office.users}{user['id']}/").content.decode()
    assert "緑川 花" in page

    told = api.patch(path, {"userPrincipalName": "Midorikawa@aoba.example"})
    assert told.body["userPrincipalName"] == "midorikawa@aoba.example"
    person = Person.objects.get(pk=user["id"])
    assert (person.user_name, person.contact_email) == ("midorikawa@aoba.example", "midorikawa@aoba.example")
    mail = OutgoingMail.objects.get(message="licences/user_renamed")
    assert (mail.to, mail.context["before"], mail.context["user_name"]) == (
        "midorikawa@aoba.example",
        "hana@aoba.example",
        "midorikawa@aoba.example",
    )
    for wrong, status in (
        ({"userPrincipalName": "taro@aoba.example"}, 409),
        ({"userPrincipalName": "midorikawa@yamabuki.example"}, 400),
        ({"displayName": ""}, 400),
        ({"displayName": "ok", "firstName": "x" * 65}, 400),
        ({"state": "inactive"}, 400),
        ({"usageLocation": "ZZ"}, 400),
        ({"displayName": "ok", "passwordProfile": {"password": "short"}}, 400),
    ):
        assert code(api.patch(path, wrong)) == (status, 800002), wrong
    assert api.get(path).body["displayName"] == "緑川 花", "all of it or nothing"


@pytest.mark.operation("users.update", "users.delete")
@pytest.mark.requirement("N-24")
def test_a_deleted_user_comes_back_with_the_licences(cast: Cast, office: Office) -> None:
    """DELETE, then PATCH with state active: within 30 days, with the licence of before.

    Plant: ``restores`` that is not read, and the user stays unknown.
    """
    sku = office.shop.office
    assign_licence(actor_of(cast.emi), tenant_id=cast.aoba.pk, person_id=cast.taro.pk, sku_id=sku.pk)
    api, path = api_of(cast.kai), f"{users(cast)}/{cast.taro.pk}"

    deleted = api.delete(path)

    assert (deleted.status, deleted.content) == (204, b"")
    assert holders(cast.aoba, sku) == []
    assert code(api.get(path)) == code(api.delete(path)) == (404, 60002)
    assert code(api.patch(path, {"displayName": "Taro"})) == (404, 60002)
    assert "taro@aoba.example" in browser_of(cast.kai).get(f"{office.users}deleted/").content.decode()
    back = api.patch(path, {"state": "Active", "attributes": {"objectType": "CustomerUser"}})
    assert (back.status, back.body["state"], "softDeletionTime" in back.body) == (200, "active", False)
    assert holders(cast.aoba, sku) == [cast.taro.pk]
    assert api.patch(path, {"state": "active"}).body == back.body, "who is there already stays as they are"


@pytest.mark.operation("users.update_by_query", "users.delete_by_query")
def test_the_query_may_name_the_user(cast: Cast, office: Office) -> None:
    """Some clients name the user after the question mark. Planted fault: an empty name is taken for one."""
    api, path = api_of(cast.kai), f"{users(cast)}/{cast.taro.pk}"
    named = f"{users(cast)}?user_id={cast.taro.pk}"

    changed = api.patch(named, {"displayName": "Taro Aoba"})

    assert (changed.status, changed.body["displayName"]) == (200, "Taro Aoba")
    assert api.get(path).body["displayName"] == "Taro Aoba"
    assert code(api_of(cast.yui).delete(named)) == (404, 60003)
    assert code(api_of(cast.riku).delete(named)) == (403, 900150)
    for nobody in ("", "?user_id="):
        told = api.delete(f"{users(cast)}{nobody}")
        assert (told.status, told.body["data"]) == (400, ["user_id"])
    assert api.delete(f"{users(cast)}?userId={cast.taro.pk}").status == 204
    assert code(api.get(path)) == (404, 60002)


@pytest.mark.operation("users.reset_password", "users.update")
@pytest.mark.parametrize(
    ("tail", "body", "given"),
    [
        ("/resetpassword", {"passwordProfile": {"password": GIVEN, "forceChangePassword": True}}, GIVEN),
        ("/ResetPassword", {"passwordProfile": {"forceChangePassword": True}}, None),
        ("/resetpassword", {}, None),
        ("", {"PasswordProfile": {"Password": GIVEN, "ForceChangePassword": False}}, GIVEN),
    ],
)
def test_a_forgotten_password_is_replaced(
    cast: Cast, office: Office, tail: str, body: dict[str, Any], given: str | None
) -> None:
    """By its own address as documented, or by PATCH of the user as clients do; sessions end, the user is told.

    Plant: ``reset_password_for`` that ignores the chosen password.
    """
    taros = browser_of(cast.taro)
    assert taros.get("/account/profile/").status_code == 200

    told = api_of(cast.kai).patch(f"{users(cast)}/{cast.taro.pk}{tail}", body)

    assert told.status == 200
    profile = told.body["passwordProfile"]
    assert profile["forceChangePassword"] is True
    assert given in {None, profile["password"]}
    person = Person.objects.get(pk=cast.taro.pk)
    assert (person.check_password(profile["password"]), person.must_change_password) == (True, True)
    assert taros.get("/account/profile/").status_code == 302
    assert (
        OutgoingMail.objects.filter(message="relations/password_reset", to=cast.taro.contact_email).count()
        == 1
    )
    assert "passwordProfile" not in api_of(cast.kai).get(f"{users(cast)}/{cast.taro.pk}").body


def calls(api: Api, cast: Cast, user: object) -> list[Told]:
    """Every operation about a user."""
    path = f"{users(cast)}/{user}"
    return [
        api.get(path),
        api.patch(path, {"displayName": "X"}),
        api.patch(path, {"state": "active"}),
        api.patch(f"{path}/resetpassword", {}),
        api.delete(path),
    ]


@pytest.mark.goal("G-01")
@pytest.mark.operation(
    "users.list", "users.create", "users.get", "users.update", "users.reset_password", "users.delete"
)
def test_nobody_reaches_users_without_the_customer_s_consent(cast: Cast, office: Office) -> None:
    """Outsiders read what nobody reads; a partner without access, or with too little of it, is told so (403).

    Plant: ``user_of_customer`` without ``by_consent``, and Mei is told that the user does not exist.
    """
    nobody = uuid.uuid4()
    for outsider in (cast.yui, cast.jun):
        for told, unknown in zip(
            calls(api_of(outsider), cast, cast.taro.pk),
            calls(api_of(outsider), cast, nobody),
            strict=True,
        ):
            assert code(told) == (404, 60003)
            assert told.content == unknown.content
        assert code(api_of(outsider).get(users(cast))) == (404, 60003)
        assert code(api_of(outsider).post(users(cast), hana())) == (404, 60003)
    for user in (nobody, cast.kai.pk, cast.mei.pk):
        assert {code(told) for told in calls(api_of(cast.kai), cast, user)} == {(404, 60002)}
    assert code(api_of(cast.kai).get(f"{users(cast)}/nonsense")) == (404, 1000)
    for person, word in (
        (cast.mei, "access_missing"),
        (cast.nao, "role_missing"),
        (cast.riku, "role_missing"),
    ):
        api = api_of(person)
        for told in [*calls(api, cast, cast.taro.pk), api.get(users(cast)), api.post(users(cast), hana())]:
            assert (code(told), told.body["data"]) == ((403, 900150), [word])
    for told in calls(api_of_application(cast.kawase, Role.ADMIN_AGENT), cast, cast.taro.pk):
        assert code(told) == (403, 900329)
    # Rights end at the first administrator: what is lent never reaches above itself (T-13).
    for told in calls(api_of(cast.kai), cast, cast.emi.pk)[1:]:
        if told.status != 200:
            assert code(told) == (403, 900150)
    fresh = Person.objects.get(pk=cast.emi.pk)
    assert (fresh.name, fresh.password, fresh.deleted_at) == (cast.emi.name, cast.emi.password, None)
    assert Person.objects.filter(tenant=cast.aoba).count() == 2


@pytest.mark.operation("users.get")
@pytest.mark.goal("G-03")
def test_access_that_ends_ends_at_the_next_call(
    cast: Cast, office: Office, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """The customer takes the access back: the same token is refused; without the relationship, the customer is gone."""
    api, path = api_of(cast.kai), f"{users(cast)}/{cast.taro.pk}"
    with django_assert_num_queries(9):
        assert api.get(path).status == 200

    browser_of(cast.emi).post(f"/organization/partners/access/{office.grant.pk}/remove/")

    told = api_of(cast.kai, language="ja-JP").get(path)
    assert (code(told), "管理" in told.body["description"]) == ((403, 900150), True)
    assert code(api.get(path)) == (403, 900150)
    relate(cast.yamabuki, cast.aoba)
    assert code(api_of(cast.yui).get(path)) == (403, 900150)
