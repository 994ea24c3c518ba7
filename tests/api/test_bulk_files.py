"""Toiya's own: files with many rows over the API, handed in by people's programs and by programs alone (C-08)."""

import uuid
from unittest import mock

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.api.scene import lend
from tests.api.speaking import TOKEN, Api, Told, api_of, api_of_application
from tests.bulk.story import csv_of, worked, xlsx_of
from tests.cast import Cast, browser_of, hire, relate
from toiya.audit.models import AuditRecord
from toiya.bulk import work
from toiya.bulk.models import BulkFile
from toiya.core.permissions import Capacity, DirectoryRole, Role
from toiya.customers.models import RelationshipInvitation
from toiya.directory.models import Person, RoleAssignment
from toiya.tokens.models import Application

FILES = "/v1/toiya/bulkFiles"
HEADINGS = ("customer_name", "email", "valid_days")


def invitations(count: int) -> bytes:
    """So many rows, each to another customer."""
    rows = [(f"モミジ {number}", f"info@momiji{number}.example", "30") for number in range(count)]
    return csv_of(HEADINGS, *rows)


def handed_in(api: Api, content: bytes, query: str = "kind=invitations&name=rows.csv") -> Told:
    """The file as the body."""
    return api.call("POST", f"{FILES}?{query}", content)


@pytest.mark.operation(
    "toiya.bulk_files.create",
    "toiya.bulk_files.get",
    "toiya.bulk_files.list_rows",
)
def test_a_program_hands_in_and_reads_what_each_row_would_do(cast: Cast) -> None:
    """App-only; nothing happens before it is confirmed, and a stale etag confirms nothing.

    Plant: the uploader looked up among people only, and every row is wrong.
    """
    api = api_of_application(cast.kawase, Role.SALES_AGENT)
    content = csv_of(
        HEADINGS,
        ("モミジ食品", "info@momiji.example", "30"),
        ("サクラ印刷", "not an address", "30"),
        ("ツル技研", "info@tsuru.example", "30"),
    )

    made = handed_in(api, content)

    assert made.status == 202, made.body
    told = made.body
    path = f"{FILES}/{told['id']}"
    assert made.headers["Location"].endswith(path)
    assert {key: told[key] for key in ("kind", "name", "status", "done", "total", "rows")} == {
        "kind": "invitations",
        "name": "rows.csv",
        "status": "checking",
        "done": 0,
        "total": 3,
        "rows": {"waiting": 3},
    }
    worked()
    assert RelationshipInvitation.objects.count() == 0
    checked = api.get(path).body
    assert (checked["status"], checked["rows"]) == ("checked", {"ready": 2, "wrong": 1})
    (wrong,) = api.get(f"{path}/rows?state=wrong").body["items"]
    assert (wrong["line"], wrong["state"], wrong["cells"]["email"]) == (3, "wrong", "not an address")
    assert wrong["message"]

    stale = api.post(f"{path}/confirm", If_Match='"99"')
    assert (stale.status, stale.body["code"]) == (400, 2055)
    assert api.get(path).body == checked


@pytest.mark.operation("toiya.bulk_files.confirm", "toiya.bulk_files.list")
def test_confirmed_it_is_carried_out_in_the_program_s_name(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """To the end; the page of its colleagues shows the same file; the log names the program."""
    api = api_of_application(cast.kawase, Role.SALES_AGENT)
    path = f"{FILES}/{handed_in(api, invitations(2)).body['id']}"
    worked()
    etag = api.get(path).body["attributes"]["etag"]

    confirmed = api.post(f"{path}/confirm", If_Match=f'"{etag}"')

    assert (confirmed.status, confirmed.body["status"]) == (202, "running"), confirmed.body
    worked()
    done = api.get(path).body
    assert (done["status"], done["done"], done["total"], done["rows"]) == ("done", 2, 2, {"done": 2})
    first = api.get(f"{path}/rows?size=1").body
    (row,) = first["items"]
    assert row["subjectId"] == str(RelationshipInvitation.objects.earliest("created_at").pk)
    following = first["links"]["next"]
    headers = {entry["key"]: entry["value"] for entry in following["headers"]}
    assert [row["line"] for row in api.get(f"/v1{following['uri']}", **headers).body["items"]] == [3]
    kai = api_of(cast.kai)
    with django_assert_num_queries(TOKEN + 1):
        (short,) = kai.get(FILES).body["items"]
    assert short == {key: value for key, value in done.items() if key != "rows"}
    with django_assert_num_queries(TOKEN + 2):
        kai.get(path)
    with django_assert_num_queries(TOKEN + 2):
        assert len(kai.get(f"{path}/rows").body["items"]) == 2
    page = browser_of(cast.kai).get(reverse("bulk:file", args=[done["id"]])).content.decode()
    assert "モミジ 1" in page
    program = Application.objects.get(account__isnull=False)
    by = AuditRecord.objects.filter(subject_id=row["subjectId"]).earliest("pk")
    assert (by.application_id, by.actor_id) == (program.pk, program.account_id)


def roles_end(program: Application) -> None:
    """The program holds no role any more."""
    RoleAssignment.objects.filter(person=program.account).delete()


def is_disabled(program: Application) -> None:
    """An administrator has disabled the program."""
    Application.objects.filter(pk=program.pk).update(disabled_at=program.created_at)


@pytest.mark.parametrize("ending", [roles_end, is_disabled])
@pytest.mark.goal("G-03")
def test_rights_that_end_in_the_middle_end_the_rest(cast: Cast, ending: object) -> None:
    """T-18: each row with the rights of its moment, a program's too.

    Plant: ``_is_let_in`` always true, and a disabled program goes on.
    """
    api = api_of_application(cast.kawase, Role.SALES_AGENT)
    path = f"{FILES}/{handed_in(api, invitations(3)).body['id']}"
    worked()
    api.post(f"{path}/confirm")
    with mock.patch.object(work, "BATCH", 1):
        work.work_on_files()
        assert callable(ending)
        ending(Application.objects.get(account__isnull=False))
        worked()

    rows = api_of(cast.kai).get(f"{path}/rows").body["items"]

    assert [row["state"] for row in rows] == ["done", "failed", "failed"]
    assert RelationshipInvitation.objects.count() == 1


@pytest.mark.operation("toiya.bulk_files.stop")
def test_stopped_and_by_whom(cast: Cast) -> None:
    """A colleague who may hand in such a file stops it; only who handed it in confirms. Others find nothing."""
    kai = api_of(cast.kai)
    path = f"{FILES}/{handed_in(kai, invitations(1)).body['id']}"
    worked()
    for outsider in (cast.mei, cast.yui):
        api = api_of(outsider)
        for method, end in (("GET", ""), ("GET", "/rows"), ("POST", "/confirm"), ("POST", "/stop")):
            found = api.call(method, path + end)
            nothing = api.call(method, f"{FILES}/{uuid.uuid4()}{end}")
            assert (found.status, found.body) == (404, nothing.body)
    assert api_of(cast.riku).get(FILES).status == 403
    assert api_of(cast.riku).get(path).body["code"] == 900150
    assert handed_in(api_of(cast.nao), invitations(1)).body["code"] == 900150
    assert api_of(cast.nao).post(f"{path}/stop").body["code"] == 900150
    colleague = api_of(hire(cast.kawase, "Sara", Role.SALES_AGENT))
    assert colleague.post(f"{path}/confirm").body["data"] == ["anothers_file"]

    stopped = colleague.post(f"{path}/stop")

    assert (stopped.status, stopped.body["status"]) == (200, "stopped"), stopped.body
    assert kai.post(f"{path}/confirm").body["data"] == ["not_in_this_step"]
    assert kai.post(f"{path}/stop").body["data"] == ["not_in_this_step"]
    assert RelationshipInvitation.objects.count() == 0


@pytest.mark.operation("toiya.bulk_files.take_passwords")
@pytest.mark.requirement("N-25")
def test_users_made_by_a_program_and_their_passwords_once(cast: Cast) -> None:
    """No second factor stands behind a program; the access that Aoba lends does. Passwords are told once.

    Plant: ``replays`` left on, and the passwords stay in the table of answers.
    """
    relate(cast.kawase, cast.aoba)
    lend(cast, cast.kawase, Capacity.RESELLER, DirectoryRole.USER_ADMINISTRATOR)
    api = api_of_application(cast.kawase, Role.ADMIN_AGENT)
    rows = (
        ("name", "user_name", "contact_email"),
        ("Sho Tani", "sho@aoba.example", "sho@mail.example"),
    )
    made = handed_in(api, xlsx_of(*rows), "kind=users&name=users.xlsx&customer=aoba.example")
    assert (made.status, made.body["customer"]["id"]) == (202, str(cast.aoba.pk)), made.body
    path = f"{FILES}/{made.body['id']}"
    worked()
    assert api.post(f"{path}/confirm").status == 202, api.get(f"{path}/rows").body
    worked()
    assert api.get(path).body["rows"] == {"done": 1}
    assert Person.objects.get(user_name="sho@aoba.example").tenant_id == cast.aoba.pk
    assert api_of(cast.kai).post(f"{path}/passwords").body["data"] == ["anothers_file"]
    request_id = str(uuid.uuid4())

    (taken,) = api.post(f"{path}/passwords", MS_RequestId=request_id).body["items"]

    assert (taken["name"], taken["userName"]) == ("Sho Tani", "sho@aoba.example")
    assert Person.objects.get(user_name="sho@aoba.example").check_password(taken["password"])
    assert api.post(f"{path}/passwords", MS_RequestId=request_id).body["data"] == ["no_passwords"]
    assert taken["password"] not in str(api.get(f"{path}/rows").body)


@pytest.mark.parametrize(
    ("query", "content"),
    [
        ("", invitations(1)),
        ("kind=gifts", invitations(1)),
        ("kind=invitations", b""),
        ("kind=invitations", b"\0\0\0"),
        ("kind=invitations", b"PK\x03\x04 no workbook"),
        ("kind=invitations", csv_of(("colour",), ("red",))),
        (f"kind=invitations&name={'x' * 201}", invitations(1)),
        ("kind=invitations&name=%00", invitations(1)),
        ("kind=licences&customer=aoba.example", invitations(1)),
        (f"kind=licences&customer={'x' * 300}", invitations(1)),
    ],
)
def test_what_is_no_such_file(cast: Cast, query: str, content: bytes) -> None:
    """Refused with what is wrong about it; nothing is kept."""
    refused = handed_in(api_of(cast.kai), content, query)
    assert 400 <= refused.status < 500, refused.body
    assert refused.body["code"] == 800002
    assert BulkFile.objects.count() == 0


def test_handed_in_twice_by_one_call(cast: Cast) -> None:
    """The same MS-RequestId makes one file."""
    kai, request_id = api_of(cast.kai), str(uuid.uuid4())
    first, again = (
        kai.call("POST", f"{FILES}?kind=invitations", invitations(2), MS_RequestId=request_id)
        for _once in range(2)
    )
    assert (first.status, first.body) == (again.status, again.body) == (202, first.body)
    assert BulkFile.objects.count() == 1
