"""What every call has in common: ids, refusals, languages, limits (conventions.md sections 3, 10, 13)."""

import uuid

import pytest
from django.test import Client
from pytest_django import Settings

from tests.api.speaking import Api, api_of, api_of_application
from tests.cast import Cast, relate
from toiya.api import door
from toiya.api.operations import OPERATIONS, UNBUILT, Operation, Unbuilt
from toiya.core.permissions import Role


def test_the_ids_of_a_request_come_back(cast: Cast) -> None:
    """MS-RequestId and MS-CorrelationId are echoed; without one that is a GUID there is a new one."""
    api, given = api_of(cast.mei), str(uuid.uuid4())

    told = api.get("/v1/customers", MS_RequestId=given, MS_CorrelationId=given)
    assert (told.headers["MS-RequestId"], told.headers["MS-CorrelationId"]) == (given, given)
    assert told.headers["Content-Type"] == "application/json; charset=utf-8"
    assert told.headers["X-Locale"] == "en-US"
    assert {"MS-CV", "MS-ServerId"} <= set(told.headers)
    for wrong in ("", "1", "a\tb", "x" * 500):
        told = api.get("/v1/customers", MS_RequestId=wrong)
        assert str(uuid.UUID(told.headers["MS-RequestId"])) == told.headers["MS-RequestId"] != wrong


def test_no_operation_without_a_token(db: None) -> None:
    """Each operation, also those that are not built, answers 401 with 800001 and says how to sign in.

    Plant: without the call of bearer_of in door.py the unbuilt ones answer 501.
    """
    table: dict[str, Operation | Unbuilt] = {**OPERATIONS, **UNBUILT}
    for row in table.values():
        path = row.path.replace("{", "").replace("}", "")
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            told = Client().generic(row.method, path, headers=headers)
            assert told.status_code == 401, row.id
            assert told.headers["WWW-Authenticate"].startswith("Bearer ")
            if row.method != "HEAD":
                assert told.json()["code"] == 800001


def test_what_is_not_built_says_so(cast: Cast) -> None:
    """501 with code 0 and the reason."""
    told = api_of(cast.mei).get("/v1/invoices")

    assert told.status == 501
    assert told.body == {
        "code": 0,
        "description": UNBUILT["invoices.list"].reason,
        "data": [],
        "source": "PartnerFD",
    }


def test_unknown_addresses_and_methods(cast: Cast) -> None:
    """404 for an address that the API does not have, 405 with Allow for a method that it does not take."""
    api = api_of(cast.mei)
    assert (api.get("/v1/nothing").status, api.get("/v1/nothing").body["code"]) == (404, 1000)
    assert api.get("/v1").status == 404
    told = api.delete("/v1/customers")
    assert (told.status, "GET" in told.headers["Allow"]) == (405, True)


def test_refusals_are_in_the_reader_s_language(cast: Cast) -> None:
    """X-Locale chooses the language of descriptions; what is wrong with a role names the roles that would do."""
    riku = api_of(cast.riku, language="ja-JP").get("/v1/customers")
    assert (riku.status, riku.body["code"], riku.body["data"]) == (403, 900150, ["role_missing"])
    assert riku.headers["X-Locale"] == "ja-JP"
    assert "ロール" in riku.body["description"]
    assert "Admin agent" in api_of(cast.riku).get("/v1/customers").body["description"]


def test_an_application_has_the_rights_of_its_roles(cast: Cast) -> None:
    """An application alone reads what its roles allow, and nothing without a role."""
    relate(cast.hinode, cast.aoba)

    assert api_of_application(cast.hinode, Role.ADMIN_AGENT).get("/v1/customers").body["totalCount"] == 1
    assert api_of_application(cast.hinode).get("/v1/customers").status == 403
    assert api_of_application(cast.yamabuki, Role.ADMIN_AGENT).get("/v1/customers").body["totalCount"] == 0


def test_a_byte_order_mark_only_where_it_is_switched_on(cast: Cast, settings: Settings) -> None:
    """Never by default: not every client can read one."""
    api = api_of(cast.mei)
    assert api.get("/v1/customers").content.startswith(b"{")
    settings.API_BYTE_ORDER_MARK = True
    assert api.get("/v1/customers").content.startswith(b"\xef\xbb\xbf{")


def test_what_breaks_tells_nothing_of_the_inside(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """500 with 800003 and the request id; no trace, no name of a file."""

    def break_down(*_args: object, **_named: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(door, "_let_in", break_down)
    told = api_of(cast.mei).get("/v1/customers")
    assert (told.status, told.body["code"]) == (500, 800003)
    assert b"secret" not in told.content


def test_the_document_is_served() -> None:
    """OpenAPI 3.1 at /openapi.json, for anybody."""
    told = Client().get("/openapi.json")
    assert told.status_code == 200
    assert told.json()["openapi"] == "3.1.0"
    assert told.json()["paths"]["/v1/customers"]["get"]["operationId"] == "customers.list"


def test_pages_never_see_the_api(cast: Cast) -> None:
    """An address of the API without a token is no page: no redirect to the sign-in, no cookie."""
    told = Client().get("/v1/customers")
    assert told.status_code == 401
    assert not told.cookies
    assert Api("x").get("/v1/customers").status == 401


def test_the_reference_is_a_page(db: None) -> None:
    """Every operation stands on the page that anybody may read."""
    page = Client().get("/docs/api").content.decode()
    assert all(f'id="{name}"' in page for name in [*OPERATIONS, *UNBUILT])
