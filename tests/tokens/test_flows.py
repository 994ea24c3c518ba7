"""Programs get tokens as existing clients ask for them (conventions.md section 2), and what they get opens the API."""

import base64
import datetime as dt
import json
import re
from typing import Any

import jwt
import pytest
from django.test import Client
from jwt import PyJWK

from tests.api.tokens import REDIRECT, program_of, with_second_factor
from tests.cast import Cast, browser_of
from tests.tokens.program import (
    RESOURCE,
    SCOPE,
    Program,
    Told,
    agree,
    ask,
    brought_back,
    confidential,
)
from toiya.core.permissions import Role
from toiya.directory.models import Person
from toiya.tokens.bearers import Bearer, bearer_of
from toiya.tokens.models import AccessToken, ApplicationSecret, Authorization, Kind, RefreshToken

pytestmark = pytest.mark.django_db
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


def bearer(told: Told) -> Bearer:
    assert told.status == 200, told.body
    return bearer_of(told.body["access_token"], language="en")


@pytest.fixture
def own(cast: Cast) -> Program:
    """A program of Hinode that keeps a secret."""
    return confidential(program_of(cast.mei, Role.ADMIN_AGENT), cast.mei)


@pytest.fixture
def open_source(cast: Cast) -> Program:
    """A program of Hinode that everybody can take apart."""
    return Program(program_of(cast.mei, kind=Kind.PUBLIC, name="Desk tool"))


# ---------------------------------------------------------------- by itself
@pytest.mark.operation("auth.token_v1_client_credentials")
def test_client_credentials_of_the_first_generation_answer_in_text(cast: Cast, own: Program) -> None:
    told = own.token(
        1, "hinode.example", grant_type="client_credentials", resource="https://graph.windows.net"
    )

    assert set(told.body) == {
        "token_type",
        "expires_in",
        "ext_expires_in",
        "expires_on",
        "not_before",
        "resource",
        "access_token",
    }
    assert all(isinstance(value, str) for value in told.body.values())
    assert (told.body["token_type"], told.body["resource"]) == ("Bearer", "https://graph.windows.net")
    assert 3590 <= int(told.body["expires_in"]) <= 3600
    assert int(told.body["expires_on"]) - int(told.body["not_before"]) == 3600
    assert told.headers["Cache-Control"] == "no-store"
    assert bearer(told).actor.roles == {Role.ADMIN_AGENT}
    assert bearer(told).is_app_only
    claims = told.claims
    assert (claims["aud"], claims["idtyp"], claims["tid"]) == ("http://localhost:8000", "app", own.tenant)
    assert ApplicationSecret.objects.get().last_used_at is not None


@pytest.mark.operation("auth.token_v2")
@pytest.mark.parametrize("tenant", ["hinode.example", "HINODE.Example", "", "common", "organizations"])
@pytest.mark.parametrize(
    "scope",
    [
        "https://graph.windows.net/.default",
        "https://api.partnercenter.microsoft.com/.default",
        "https://api.partner.microsoft.com//.default",
        "https://api.partnercenter.microsoft.com/user_impersonation",
        "http://localhost:8000/.default",
    ],
)
def test_every_name_of_the_organisation_and_of_the_service_means_the_same(
    cast: Cast, own: Program, tenant: str, scope: str
) -> None:
    told = own.token(2, tenant, grant_type="client_credentials", scope=scope)

    assert set(told.body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert isinstance(told.body["expires_in"], int)
    assert bearer(told).application_id == own.application.pk


@pytest.mark.parametrize(
    "path", ["/{}/OAuth2/V2.0/Token", "/{}/oauth2/v2.0/token/", "/{}/oauth2/TOKEN", "/{}/oauth2/token/"]
)
def test_addresses_are_read_in_any_case_and_with_a_slash_too_many(own: Program, path: str) -> None:
    told = ask(path.format(own.tenant), own.credentials | {"grant_type": "client_credentials"})

    assert bearer(told).is_app_only


def test_the_secret_may_stand_in_the_header(own: Program) -> None:
    basic = base64.b64encode(f"{own.client_id}:{own.secret}".encode()).decode()

    told = ask(
        f"/{own.tenant}/oauth2/token", {"grant_type": "client_credentials"}, Authorization=f"Basic {basic}"
    )

    assert bearer(told).is_app_only


# ---------------------------------------------------------------- for a person, by the browser
def test_a_person_reads_who_asks_for_what_before_anything_happens(cast: Cast, own: Program) -> None:
    """T-31: the page names program, publisher and what it may do. GET changes nothing (G-11)."""
    for language, words in {
        "en": ["Let “Nightly orders” act for you?", "registered by", "see your name", "program.example"],
        "ja": ["「Nightly orders」", "ヒノデ商事", "program.example"],
    }.items():
        response = browser_of(cast.sora, language=language).get(own.question())

        page = response.content.decode()
        assert [word for word in words if word not in page] == []
        assert "form-action 'self' https://program.example;" in response.headers["Content-Security-Policy"]
    assert not Authorization.objects.exists()


def test_whoever_is_not_signed_in_signs_in_first_and_comes_back(cast: Cast, own: Program) -> None:
    question = own.question()

    signed_out = Client().get(question)
    without_factor = browser_of(cast.sora, second_factor=False).get(question)

    assert signed_out.headers["Location"].startswith("/sign-in/?next=%2Fcommon%2Foauth2%2Fv2.0%2Fauthorize")
    assert without_factor.headers["Location"].startswith("/account/security/app/?next=%2Fcommon%2Foauth2")


@pytest.mark.operation("auth.token_v2")
def test_a_code_becomes_tokens_for_the_person(cast: Cast, own: Program) -> None:
    response = agree(cast.sora, own.question(nonce="n-1"))
    back = brought_back(response)
    assert response.headers["Location"].startswith(f"{REDIRECT}?code=")
    assert back["state"] == "st-1"

    told = own.redeem(back["code"], client_info="1")

    assert set(told.body) == {
        "token_type",
        "scope",
        "expires_in",
        "ext_expires_in",
        "access_token",
        "refresh_token",
        "id_token",
        "client_info",
    }
    assert told.body["scope"] == SCOPE
    found = bearer(told)
    assert (found.actor.person_id, found.is_app_only) == (cast.sora.pk, False)
    assert found.actor.roles == {Role.SALES_AGENT}
    assert (told.claims["upn"], told.claims["amr"]) == ("sora@hinode.example", ["pwd", "mfa"])
    id_token = checked(told.body["id_token"], own)
    assert (id_token["nonce"], id_token["preferred_username"]) == ("n-1", "sora@hinode.example")
    assert id_token["tid"] == own.tenant


@pytest.mark.operation("auth.token_v1_authorization_code", "auth.authorize_v1")
def test_a_code_of_the_first_generation_answers_in_text(cast: Cast, own: Program) -> None:
    """With ``resource``; numbers are texts (conventions.md 2.1)."""
    code = brought_back(agree(cast.sora, own.question(1)))["code"]

    told = own.redeem(code, 1, resource=RESOURCE)

    assert told.status == 200
    assert bearer(told).actor.person_id == cast.sora.pk
    numbers = ("expires_in", "ext_expires_in", "expires_on", "not_before")
    assert all(isinstance(told.body[name], str) and told.body[name].isdecimal() for name in numbers)
    assert told.body["refresh_token"]


def checked(id_token: str, program: Program) -> dict[str, Any]:
    """The ID token, checked with what the discovery documents say, as a client library does."""
    document = json.loads(Client().get(f"/{program.tenant}/v2.0/.well-known/openid-configuration").content)
    keys = json.loads(Client().get(document["jwks_uri"].removeprefix("http://localhost:8000")).content)
    kid = jwt.get_unverified_header(id_token)["kid"]
    key = PyJWK(next(key for key in keys["keys"] if key["kid"] == kid))
    claims: dict[str, Any] = jwt.decode(
        id_token, key, algorithms=["RS256"], audience=program.client_id, issuer=document["issuer"]
    )
    return claims


@pytest.mark.operation("auth.authorize_v1")
def test_code_and_id_token_come_together_in_a_form(cast: Cast, own: Program) -> None:
    """conventions.md 2.1: ``response_type=code id_token`` with ``response_mode=form_post``, first generation."""
    question = own.question(
        1,
        response_type="code id_token",
        response_mode="form_post",
        scope="openid profile",
        nonce="n-2",
        code_challenge="",
        code_challenge_method="",
    )

    page = agree(cast.sora, question)

    html = page.content.decode()
    assert f'action="{REDIRECT}"' in html
    assert "form-action 'self' https://program.example;" in page.headers["Content-Security-Policy"]
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', html))
    assert fields["state"] == "st-1"
    assert checked(fields["id_token"], own)["nonce"] == "n-2"
    told = own.redeem(fields["code"], 1, code_verifier="", scope="", resource=RESOURCE)
    assert bearer(told).actor.person_id == cast.sora.pk
    assert all(isinstance(value, str) for value in told.body.values())
    assert Authorization.objects.count() == 1


def test_who_declines_is_taken_back_with_that_answer(cast: Cast, own: Program) -> None:
    back = brought_back(agree(cast.sora, own.question(), "decline"))

    assert (back["error"], back["state"]) == ("access_denied", "st-1")
    assert not Authorization.objects.exists()


@pytest.mark.operation("auth.token_v1_refresh_token")
def test_a_confidential_program_may_do_without_a_proof_and_keeps_its_refresh_token(
    cast: Cast, own: Program
) -> None:
    """Existing clients do (issue 4): one refresh token until it expires or is revoked."""
    code = own.code(cast.sora, code_challenge="", code_challenge_method="")
    first = own.redeem(code, code_verifier="")
    kept = first.body["refresh_token"]

    again = [own.renew(kept) for _ in range(3)]

    assert [told.body["refresh_token"] for told in again] == [kept] * 3
    assert {bearer(told).actor.person_id for told in (first, *again)} == {cast.sora.pk}
    told = own.renew(kept, 1, "common", scope="openid", resource=RESOURCE)
    assert isinstance(told.body["expires_in"], str)
    assert RefreshToken.objects.count() == 1


def test_a_public_program_gets_a_new_refresh_token_each_time(cast: Cast, open_source: Program) -> None:
    """Planted fault: leave ``replaced_at`` out of ``refresh_token_of``; the stolen token then goes on working."""
    first = open_source.for_person(cast.sora)
    second = open_source.renew(first.body["refresh_token"])
    assert bearer(second).actor.person_id == cast.sora.pk
    assert second.body["refresh_token"] != first.body["refresh_token"]

    stolen = open_source.renew(first.body["refresh_token"])

    assert (stolen.status, stolen.body["error"]) == (400, "invalid_grant")
    assert open_source.renew(second.body["refresh_token"]).body["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()
    assert not Authorization.objects.exists()


def test_any_port_of_the_own_machine_stands_for_localhost(cast: Cast) -> None:
    """RFC 8252, 7.3: desktop programs listen where there is room."""
    program = Program(program_of(cast.mei, kind=Kind.PUBLIC, redirect_uris=("http://localhost",)))

    code = program.code(cast.sora, redirect_uri="http://localhost:49152")

    assert program.redeem(code, redirect_uri="http://localhost:49152").status == 200


# ---------------------------------------------------------------- for a person, on another device
def start(program: Program, version: int = 2) -> dict[str, Any]:
    part = "/v2.0" if version == 2 else ""
    path = f"/{program.tenant}/oauth2{part}/devicecode"
    told = ask(path, {"client_id": program.client_id, "scope": SCOPE})
    assert told.status == 200, told.body
    return told.body


def test_a_program_without_a_browser(cast: Cast, open_source: Program) -> None:
    shown = start(open_source)
    assert set(shown) == {
        "user_code",
        "device_code",
        "verification_uri",
        "expires_in",
        "interval",
        "message",
    }
    assert shown["verification_uri"] == "http://localhost:8000/device/"
    poll = {"grant_type": DEVICE_GRANT, "device_code": shown["device_code"]}
    assert open_source.token(**poll).body["error"] == "authorization_pending"
    assert open_source.token(**poll).body["error"] == "slow_down"

    browser = browser_of(with_second_factor(cast.sora))
    question = browser.post("/device/", {"code": shown["user_code"].lower()}).content.decode()
    assert "Let “Desk tool” act for you?" in question
    browser.post("/device/", {"code": shown["user_code"], "approve": "yes"})

    told = open_source.token(**poll)
    assert bearer(told).actor.person_id == cast.sora.pk
    assert open_source.token(**poll).body["error"] == "invalid_grant"
    assert "Desk tool" in browser.get("/account/applications/").content.decode()


def test_the_first_generation_of_device_codes(cast: Cast, open_source: Program) -> None:
    shown = start(open_source, 1)
    assert shown["verification_url"] == "http://localhost:8000/device/"
    assert (shown["expires_in"], shown["interval"]) == ("900", "5")
    browser_of(with_second_factor(cast.sora)).post("/device/", {"code": shown["user_code"], "approve": "yes"})

    told = open_source.token(1, grant_type="device_code", code=shown["device_code"], resource=RESOURCE)

    assert told.body["expires_in"] == "3599"
    assert bearer(told).actor.person_id == cast.sora.pk


def test_a_person_may_decline_a_device(cast: Cast, open_source: Program) -> None:
    shown = start(open_source)

    browser_of(cast.sora).post("/device/", {"code": shown["user_code"], "decline": "yes"})

    told = open_source.token(grant_type=DEVICE_GRANT, device_code=shown["device_code"])
    assert told.body["error"] == "authorization_declined"


def test_nobody_of_another_organisation_approves_a_device(cast: Cast, open_source: Program) -> None:
    shown = start(open_source)

    page = browser_of(cast.yui).post("/device/", {"code": shown["user_code"], "approve": "yes"})

    assert page.status_code == 409
    assert not Authorization.objects.exists()


@pytest.mark.goal("G-15")
def test_codes_for_devices_are_not_guessed(cast: Cast, open_source: Program) -> None:
    shown = start(open_source)
    browser = browser_of(cast.sora)
    for _ in range(10):
        assert browser.post("/device/", {"code": "BCD-FGH-JKL"}).status_code == 409

    assert browser.post("/device/", {"code": shown["user_code"]}).status_code == 429


# ---------------------------------------------------------------- documents and the first generation's exchange
@pytest.mark.operation("auth.instance_discovery", "auth.openid_configuration")
def test_the_documents_by_which_libraries_find_their_way(cast: Cast, own: Program) -> None:
    tenant = str(cast.hinode.pk)
    document = json.loads(Client().get("/hinode.example/v2.0/.well-known/openid-configuration").content)
    assert document["issuer"] == f"http://localhost:8000/{tenant}/v2.0"
    assert document["token_endpoint"] == f"http://localhost:8000/{tenant}/oauth2/v2.0/token"
    common = json.loads(Client().get("/common/.well-known/openid-configuration").content)
    assert common["token_endpoint"] == "http://localhost:8000/common/oauth2/token"
    assert common["issuer"] == "http://localhost:8000/{tenantid}/v2.0"

    asked = f"https://login.example/{tenant}/oauth2/v2.0/authorize"
    instance = Client().get(
        "/common/discovery/instance", {"authorization_endpoint": asked, "api-version": "1.1"}
    )
    told = json.loads(instance.content)
    assert told["tenant_discovery_endpoint"] == (
        f"http://localhost:8000/{tenant}/v2.0/.well-known/openid-configuration"
    )
    assert told["metadata"][0]["aliases"] == ["localhost:8000"]
    for path in ("/common/discovery/keys", f"/{tenant}/discovery/v2.0/keys"):
        [key] = json.loads(Client().get(path).content)["keys"]
        assert (key["kty"], key["use"], set(key)) == ("RSA", "sig", {"kty", "use", "alg", "kid", "n", "e"})
    realm = json.loads(Client().get("/common/UserRealm/nobody@hinode.example").content)
    assert (realm["account_type"], realm["domain_name"]) == ("Managed", "hinode.example")


@pytest.mark.parametrize(
    "path",
    [
        "/nobody.example/.well-known/openid-configuration",
        "/00000000-0000-4000-8000-000000000000/discovery/v2.0/keys",
    ],
)
def test_an_unknown_organisation_has_no_documents(cast: Cast, path: str) -> None:
    told = Client().get(path)

    assert told.status_code == 400
    assert json.loads(told.content)["error_codes"] == [90002]


@pytest.mark.operation("auth.generate_token")
@pytest.mark.parametrize("path", ["/generatetoken", "/GenerateToken", "/generatetoken/"])
def test_generatetoken_hands_back_the_same_token(cast: Cast, own: Program, path: str) -> None:
    token = own.alone().body["access_token"]

    told = ask(path, {"grant_type": "jwt_token", "client_id": own.client_id}, Authorization=f"Bearer {token}")

    assert (told.status, told.body["access_token"], told.body["token_type"]) == (200, token, "bearer")
    assert 3500 < told.body["expires_in"] <= 3600
    assert ask(path, {"grant_type": "jwt_token"}, Authorization="Bearer nonsense").status == 401


# ---------------------------------------------------------------- one's own programs
def test_a_person_ends_what_a_program_does_for_them(cast: Cast, own: Program) -> None:
    told = own.for_person(cast.sora)
    browser = browser_of(cast.sora)
    assert "Nightly orders" in browser.get("/account/applications/").content.decode()

    browser.post(f"/account/applications/{Authorization.objects.get().pk}/end/")

    assert own.renew(told.body["refresh_token"]).body["error"] == "invalid_grant"
    assert not AccessToken.objects.exists()
    assert "no longer acts for Sora" in browser.get("/account/applications/").content.decode()
    assert "Nightly orders" not in browser.get("/account/applications/").content.decode()


def test_a_sign_in_older_than_fifteen_minutes_is_confirmed_again(cast: Cast, own: Program) -> None:
    browser = browser_of(cast.sora, age=dt.timedelta(minutes=16))

    response = browser.post(own.question(), {"approve": "yes"})

    assert response.status_code == 403
    assert not Authorization.objects.exists()
    assert Person.objects.get(pk=cast.sora.pk).session_version == 0
