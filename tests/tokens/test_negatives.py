"""What programs try that must not work (G-18, T-20 to T-22, T-25): each is refused, and no token is left behind.

Each case begins with the same set-up as the flow that succeeds, and changes one thing. Planted faults: any of the
checks that a case is named after taken out of ``toiya/tokens``.
"""

import base64
import dataclasses
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from tests.api.tokens import REDIRECT, program_of, with_second_factor
from tests.cast import PASSWORD, Cast, actor_of, browser_of
from tests.tokens.program import (
    CHALLENGE,
    FORM,
    RESOURCE,
    SCOPE,
    VERIFIER,
    Program,
    Told,
    agree,
    ask,
    brought_back,
    confidential,
    proof,
    some_id,
)
from toiya.core.clock import real_now
from toiya.core.permissions import Role
from toiya.directory.actors import bystander_for
from toiya.directory.factors import forget_factors
from toiya.directory.models import Person
from toiya.directory.people import disable_person
from toiya.directory.sign_in import set_temporary_password
from toiya.programme.models import Programme
from toiya.tokens.applications import disable_application, remove_secret, update_application
from toiya.tokens.authorizations import (
    AlreadySpent,
    code_of,
    forget,
    redeem_code,
    refresh_token_of,
    renew,
)
from toiya.tokens.bearers import bearer_of
from toiya.tokens.errors import TokenRefused
from toiya.tokens.keys import private_part, rotate_signing_key, signing_key
from toiya.tokens.models import (
    AccessToken,
    ApplicationSecret,
    Authorization,
    AuthorizationCode,
    DeviceCode,
    Flow,
    Kind,
    RefreshToken,
    SigningKey,
)

pytestmark = [pytest.mark.django_db, pytest.mark.goal("G-18")]
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclasses.dataclass(frozen=True)
class Scene:
    """Two programs of Hinode, and one of a foreign reseller."""

    cast: Cast
    own: Program
    desk: Program
    foreign: Program


@pytest.fixture
def scene(cast: Cast) -> Scene:
    with_second_factor(cast.sora)
    return Scene(
        cast,
        confidential(program_of(cast.mei, Role.ADMIN_AGENT), cast.mei),
        Program(program_of(cast.mei, kind=Kind.PUBLIC, name="Desk tool")),
        confidential(program_of(cast.yui, Role.ADMIN_AGENT, name="Foreign"), cast.yui),
    )


def no_token(told: Told, *errors: str) -> None:
    assert told.status in {400, 401, 429}, told.body
    assert "access_token" not in told.body
    assert told.body["error"] in errors, told.body
    assert told.body["error_description"].startswith(f"AADSTS{told.body['error_codes'][0]}: ")
    assert not AccessToken.objects.exists()


# ---------------------------------------------------------------- at the authorize page
NOBODY_SENT = "nobody is sent anywhere"
QUESTIONS: dict[str, tuple[dict[str, str], str]] = {
    "unregistered redirect": ({"redirect_uri": "https://evil.example/"}, NOBODY_SENT),
    "redirect with another path": ({"redirect_uri": REDIRECT + "/x"}, NOBODY_SENT),
    "redirect with a slash more": ({"redirect_uri": REDIRECT + "/"}, NOBODY_SENT),
    "redirect with a query": ({"redirect_uri": REDIRECT + "?next=x"}, NOBODY_SENT),
    "redirect with a fragment": ({"redirect_uri": REDIRECT + "#x"}, NOBODY_SENT),
    "redirect in other letters": ({"redirect_uri": REDIRECT.upper()}, NOBODY_SENT),
    "redirect to a prefix host": (
        {"redirect_uri": "https://program.example.evil.example/signed-in"},
        NOBODY_SENT,
    ),
    "redirect with user info": (
        {"redirect_uri": "https://program.example@evil.example/signed-in"},
        NOBODY_SENT,
    ),
    "redirect without TLS": ({"redirect_uri": "http://program.example/signed-in"}, NOBODY_SENT),
    "redirect with a port": ({"redirect_uri": "https://program.example:8443/signed-in"}, NOBODY_SENT),
    "redirect by path climbing": ({"redirect_uri": REDIRECT + "/../evil"}, NOBODY_SENT),
    "redirect to a script": ({"redirect_uri": "javascript:alert(1)"}, NOBODY_SENT),
    "redirect without a scheme": ({"redirect_uri": "//evil.example/"}, NOBODY_SENT),
    "no redirect": ({"redirect_uri": ""}, NOBODY_SENT),
    "unknown client": ({"client_id": "6f1d2f5e-3a0f-4f0e-9d61-0d6f0f6f2b11"}, NOBODY_SENT),
    "malformed client": ({"client_id": "' OR 1=1 --"}, NOBODY_SENT),
    "no client": ({"client_id": ""}, NOBODY_SENT),
    "foreign scope": ({"scope": "https://graph.example/Mail.Read"}, NOBODY_SENT),
    "invented scope": ({"scope": "root"}, NOBODY_SENT),
    "no proof": ({"code_challenge": "", "code_challenge_method": ""}, "invalid_request"),
    "plain proof": ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
    "proof without its method": ({"code_challenge_method": ""}, "invalid_request"),
    "invented method of proof": ({"code_challenge_method": "S512"}, "invalid_request"),
    "short proof": ({"code_challenge": "abc"}, "invalid_request"),
    "proof that is no ASCII": ({"code_challenge": "あ" * 43}, "invalid_request"),
    "token in the address": ({"response_type": "token"}, "unsupported_response_type"),
    "ID token alone": ({"response_type": "id_token"}, "unsupported_response_type"),
    "code and token": ({"response_type": "code token"}, "unauthorized_client"),
    "code, ID token and token": ({"response_type": "code id_token token"}, "unauthorized_client"),
    "ID token without nonce": ({"response_type": "code id_token"}, "invalid_request"),
    "nonce that no database takes": ({"nonce": "\0"}, "invalid_request"),
    "nonce without end": ({"nonce": "n" * 501}, "invalid_request"),
    "without the page": ({"prompt": "none"}, "interaction_required"),
}


@pytest.mark.parametrize("case", QUESTIONS)
def test_a_question_that_is_not_asked(scene: Scene, case: str) -> None:
    changed, outcome = QUESTIONS[case]

    response = agree(scene.cast.sora, scene.desk.question(2, **changed))

    if outcome == NOBODY_SENT:
        assert (response.status_code, response.headers.get("Location")) == (400, None)
    else:
        assert response.headers["Location"].startswith(REDIRECT)
        assert brought_back(response)["error"] == outcome
        assert "code" not in brought_back(response)
    assert not AuthorizationCode.objects.exists()
    assert not Authorization.objects.exists()


@pytest.mark.parametrize("name", ["client_id", "redirect_uri", "scope", "state", "code_challenge", "nonce"])
def test_a_question_with_a_parameter_twice(scene: Scene, name: str) -> None:
    response = agree(scene.cast.sora, f"{scene.desk.question(nonce='n')}&{name}=https://evil.example/")

    assert (response.status_code, response.headers.get("Location")) == (400, None)
    assert not Authorization.objects.exists()


def test_a_confidential_program_may_leave_the_proof_out_but_not_send_a_plain_one(scene: Scene) -> None:
    """A sent challenge is always verified; a plain one could not be (G-18)."""
    plain = scene.own.question(code_challenge=VERIFIER, code_challenge_method="plain")

    assert brought_back(agree(scene.cast.sora, plain))["error"] == "invalid_request"


@pytest.mark.parametrize(
    "tenant", ["kawase.example", "nobody.example", "00000000-0000-4000-8000-000000000000"]
)
def test_a_question_at_another_organisation_s_address(scene: Scene, tenant: str) -> None:
    """Mix-up: the same program asked for elsewhere."""
    assert agree(scene.cast.sora, scene.desk.question(tenant=tenant)).status_code == 400


def test_a_program_of_another_organisation_asks_nobody(scene: Scene) -> None:
    """T-31: it looks like a program that does not exist (G-07)."""
    foreign = agree(scene.cast.sora, scene.foreign.question())
    nonexistent = agree(scene.cast.sora, scene.foreign.question(client_id=some_id()))

    assert foreign.status_code == nonexistent.status_code == 400
    assert not Authorization.objects.exists()


def test_a_program_that_was_not_registered_for_it(scene: Scene) -> None:
    mei = actor_of(scene.cast.mei)
    update_application(
        mei,
        application=scene.desk.application,
        name="Desk tool",
        redirect_uris=[REDIRECT],
        flows=[Flow.DEVICE_CODE],
    )

    assert brought_back(agree(scene.cast.sora, scene.desk.question()))["error"] == "unauthorized_client"


def test_another_site_cannot_answer_for_the_person(scene: Scene) -> None:
    """T-27: the question is answered from its own page only."""
    browser = browser_of(scene.cast.sora)
    browser.handler.enforce_csrf_checks = True

    response = browser.post(scene.desk.question(), {"approve": "yes"})

    assert response.status_code == 403
    assert not Authorization.objects.exists()


# ---------------------------------------------------------------- codes
CODES: dict[str, Callable[[Scene, str], Told]] = {
    "without its proof": lambda scene, code: scene.desk.redeem(code, code_verifier=""),
    "with another proof": lambda scene, code: scene.desk.redeem(code, code_verifier="x" * 43),
    "with the challenge as proof": lambda scene, code: scene.desk.redeem(code, code_verifier=CHALLENGE),
    "with a short proof": lambda scene, code: scene.desk.redeem(code, code_verifier="x"),
    "with a proof that is no ASCII": lambda scene, code: scene.desk.redeem(code, code_verifier="あ" * 43),
    "for another redirect": lambda scene, code: scene.desk.redeem(code, redirect_uri="https://evil.example/"),
    "without the redirect": lambda scene, code: scene.desk.redeem(code, redirect_uri=""),
    "by another program": lambda scene, code: scene.own.redeem(code),
    "by another organisation's program": lambda scene, code: scene.foreign.redeem(code),
    "at another organisation's address": lambda scene, code: scene.desk.redeem(code, tenant="kawase.example"),
    "with a secret that it has not": lambda scene, code: scene.desk.redeem(code, client_secret="x"),
    "shortened": lambda scene, code: scene.desk.redeem(code[:-1]),
    "in other letters": lambda scene, code: scene.desk.redeem(code.swapcase()),
    "empty": lambda scene, _code: scene.desk.redeem(""),
    "as a refresh token": lambda scene, code: scene.desk.renew(code),
    "as a device code": lambda scene, code: scene.desk.token(grant_type=DEVICE_GRANT, device_code=code),
    "for another service": lambda scene, code: scene.desk.redeem(
        code, scope="https://graph.example/.default"
    ),
}


@pytest.mark.parametrize("case", CODES)
def test_a_code_that_is_not_redeemed(scene: Scene, case: str) -> None:
    code = scene.desk.code(scene.cast.sora)

    told = CODES[case](scene, code)

    no_token(
        told, "invalid_grant", "invalid_request", "unauthorized_client", "invalid_client", "invalid_resource"
    )


def test_a_code_used_twice_ends_what_it_led_to(scene: Scene) -> None:
    """ASVS 10.4.2. Planted fault: answer None without ``forget``."""
    code = scene.desk.code(scene.cast.sora)
    first = scene.desk.redeem(code)
    assert first.status == 200

    no_token(scene.desk.redeem(code), "invalid_grant")

    no_token(scene.desk.renew(first.body["refresh_token"]), "invalid_grant")
    with pytest.raises(TokenRefused):
        bearer_of(first.body["access_token"], language="en")


def test_of_two_who_bring_the_same_code_at_once_one_gets_tokens(scene: Scene) -> None:
    """I-21. Both have seen it unspent; the database decides. Planted fault: leave ``used_at`` out of the update."""
    text = scene.own.code(scene.cast.sora)
    seen = [code_of(scene.own.application, text) for _ in range(2)]
    assert seen[0] is not None
    assert seen[1] is not None

    redeem_code(seen[0])

    with pytest.raises(AlreadySpent):
        redeem_code(seen[1])
    assert AccessToken.objects.count() == 1


def test_of_two_who_bring_the_same_refresh_token_at_once_one_gets_tokens(scene: Scene) -> None:
    text = scene.desk.for_person(scene.cast.sora).body["refresh_token"]
    seen = [refresh_token_of(scene.desk.application, text) for _ in range(2)]
    assert seen[0] is not None
    assert seen[1] is not None

    renew(seen[0], text)

    with pytest.raises(AlreadySpent):
        renew(seen[1], text)
    assert RefreshToken.objects.filter(replaced_at__isnull=True).count() == 1


def test_a_code_lasts_five_minutes(scene: Scene) -> None:
    code = scene.desk.code(scene.cast.sora)
    AuthorizationCode.objects.update(expires_at=real_now())

    no_token(scene.desk.redeem(code), "invalid_grant")


def test_a_proof_for_a_question_that_had_none(scene: Scene) -> None:
    """Somebody took the challenge out of the question on its way (RFC 9700, 4.8.2)."""
    code = scene.own.code(scene.cast.sora, code_challenge="", code_challenge_method="")

    no_token(scene.own.redeem(code), "invalid_grant")


def test_a_confidential_program_s_challenge_is_verified(scene: Scene) -> None:
    code = scene.own.code(scene.cast.sora)

    no_token(scene.own.redeem(code, code_verifier=""), "invalid_grant", "invalid_request")
    no_token(scene.own.redeem(code, code_verifier="x" * 43), "invalid_grant")


def test_a_code_of_somebody_who_was_disabled_meanwhile(scene: Scene) -> None:
    code = scene.desk.code(scene.cast.sora)
    disable_person(actor_of(scene.cast.mei), person=scene.cast.sora)

    no_token(scene.desk.redeem(code), "invalid_grant")


def test_a_code_of_a_program_that_was_disabled_meanwhile(scene: Scene) -> None:
    code = scene.desk.code(scene.cast.sora)
    disable_application(actor_of(scene.cast.mei), application=scene.desk.application)

    no_token(scene.desk.redeem(code), "unauthorized_client")


# ---------------------------------------------------------------- secrets
def _header(name: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


ALONE = {"grant_type": "client_credentials", "scope": f"{RESOURCE}/.default"}
SECRETS: dict[str, Callable[[Scene], Told]] = {
    "none": lambda scene: Program(scene.own.application).alone(),
    "a wrong one": lambda scene: Program(scene.own.application, "x" * 43).alone(),
    "its hint": lambda scene: Program(scene.own.application, scene.own.secret[-4:]).alone(),
    "its hash": lambda scene: Program(
        scene.own.application, ApplicationSecret.objects.get(application=scene.own.application).hash
    ).alone(),
    "another program's": lambda scene: Program(scene.own.application, scene.foreign.secret).alone(),
    "NUL": lambda scene: Program(scene.own.application, "\0").alone(),
    "wrong in the header": lambda scene: ask(
        f"/{scene.own.tenant}/oauth2/token", ALONE, **_header(scene.own.client_id, "x")
    ),
    "right in the form, wrong in the header": lambda scene: ask(
        f"/{scene.own.tenant}/oauth2/token",
        scene.own.credentials | ALONE,
        **_header(scene.own.client_id, "x"),
    ),
    "another program's in the header": lambda scene: ask(
        f"/{scene.own.tenant}/oauth2/token",
        {"client_id": scene.own.client_id} | ALONE,
        **_header(scene.foreign.client_id, scene.foreign.secret),
    ),
    "a header that is none": lambda scene: ask(
        f"/{scene.own.tenant}/oauth2/token", ALONE, Authorization="Basic ####"
    ),
    "a public program": lambda scene: scene.desk.alone(),
    "a public program with a secret": lambda scene: Program(scene.desk.application, "x").alone(),
    "an unknown program": lambda scene: scene.own.alone(client_id=some_id()),
    "a malformed program": lambda scene: scene.own.alone(client_id="1"),
    "at another organisation's address": lambda scene: scene.own.token(2, "kawase.example", **ALONE),
    "at an unknown organisation's address": lambda scene: scene.own.token(2, "nobody.example", **ALONE),
    "an assertion instead": lambda scene: ask(
        f"/{scene.own.tenant}/oauth2/v2.0/token",
        ALONE
        | {
            "client_id": scene.own.client_id,
            "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            "client_assertion": "e30.e30.",
        },
    ),
    "for another service": lambda scene: scene.own.alone(scope="https://graph.example/.default"),
    "for another service, first generation": lambda scene: scene.own.token(
        1, grant_type="client_credentials", resource="https://graph.example"
    ),
    "for a name that only begins like ours": lambda scene: scene.own.token(
        1, grant_type="client_credentials", resource="https://graph.windows.net.evil.example"
    ),
    "an invented scope": lambda scene: scene.own.alone(scope="root"),
    "no grant type": lambda scene: scene.own.token(),
    "an invented grant type": lambda scene: scene.own.token(grant_type="root"),
    "a person of its choice": lambda scene: scene.own.alone(
        grant_type="urn:ietf:params:oauth:grant-type:jwt-bearer", assertion="e30.e30."
    ),
}
REFUSALS = (
    "invalid_client",
    "unauthorized_client",
    "invalid_request",
    "invalid_resource",
    "invalid_scope",
    "unsupported_grant_type",
    "invalid_grant",
)


@pytest.mark.parametrize("case", SECRETS)
def test_a_program_that_does_not_prove_itself(scene: Scene, case: str) -> None:
    no_token(SECRETS[case](scene), *REFUSALS)


def test_the_fields_of_the_library_s_request_decide_nothing(scene: Scene) -> None:
    """Oauthlib takes every field of a form as an attribute of its request, ``user`` and ``scopes`` included."""
    told = scene.own.alone(user=str(scene.cast.mei.pk), scopes="root", client="x", expires_in="99999999")

    assert told.status == 200
    assert bearer_of(told.body["access_token"], language="en").is_app_only
    assert told.body["expires_in"] == 3599


def test_a_form_that_is_none(scene: Scene) -> None:
    path, whole = f"/{scene.own.tenant}/oauth2/v2.0/token", scene.own.credentials | ALONE
    as_json = Client().post(path, json.dumps(whole), content_type="application/json")
    in_address = Client().post(f"{path}?{urlencode(whole)}", "", content_type=FORM)
    twice = ask(
        path, f"grant_type=client_credentials&client_id={scene.own.client_id}&client_secret=a&client_secret=b"
    )

    assert as_json.status_code == in_address.status_code == twice.status == 400
    assert Client().get(path).status_code == 405
    assert not AccessToken.objects.exists()


def test_a_secret_ends(scene: Scene) -> None:
    ApplicationSecret.objects.update(expires_at=real_now())

    told = scene.own.alone()

    no_token(told, "invalid_client")
    assert told.body["error_codes"] == [7000222]


def test_a_removed_secret(scene: Scene) -> None:
    secret = ApplicationSecret.objects.get(application=scene.own.application)
    remove_secret(actor_of(scene.cast.mei), application=scene.own.application, secret_id=secret.pk)

    no_token(scene.own.alone(), "invalid_client")


def test_a_disabled_program(scene: Scene) -> None:
    disable_application(actor_of(scene.cast.mei), application=scene.own.application)

    told = scene.own.alone()

    no_token(told, "unauthorized_client")
    assert told.body["error_codes"] == [7000112]


def test_wrong_secrets_are_counted_and_lock_nobody_out(scene: Scene) -> None:
    """T-23: whoever knows a client id cannot stop the program; 256 random bits are not guessed."""
    wrong = Program(scene.own.application, "x" * 43)
    spellings = [wrong.client_id, wrong.client_id.upper(), wrong.client_id.replace("-", "")]
    told = [wrong.alone(client_id=spellings[number % 3]).status for number in range(12)]
    assert told == [401] * 10 + [429] * 2
    assert wrong.alone().headers["Retry-After"] == "900"

    assert scene.own.alone().status == 200


@pytest.mark.parametrize("segment", ["%00", "a%00.example", "x" * 5_000, "%F0%9F%92%A9", "..", "%2e%2e"])
def test_addresses_of_organisations_that_none_can_have(scene: Scene, segment: str) -> None:
    told = Client().post(f"/{segment}/oauth2/v2.0/token", urlencode(ALONE), content_type=FORM)
    document = Client().get(f"/{segment}/v2.0/.well-known/openid-configuration")

    assert {told.status_code, document.status_code} <= {400, 404}
    assert not AccessToken.objects.exists()


# ---------------------------------------------------------------- refresh tokens
RENEWALS: dict[str, Callable[[Scene, str], Told]] = {
    "by another program": lambda scene, token: scene.own.renew(token),
    "by another organisation's program": lambda scene, token: scene.foreign.renew(token),
    "at another organisation's address": lambda scene, token: scene.desk.renew(
        token, tenant="kawase.example"
    ),
    "with a scope that goes further": lambda scene, token: scene.desk.renew(token, scope="root"),
    "for another service": lambda scene, token: scene.desk.renew(
        token, scope="https://graph.example/.default"
    ),
    "altered": lambda scene, token: scene.desk.renew(token[:-1] + ("A" if token[-1] != "A" else "B")),
    "empty": lambda scene, _token: scene.desk.renew(""),
    "as a code": lambda scene, token: scene.desk.redeem(token),
    "with a secret that it has not": lambda scene, token: scene.desk.renew(token, client_secret="x"),
}


@pytest.mark.parametrize("case", RENEWALS)
def test_a_refresh_token_that_renews_nothing(scene: Scene, case: str) -> None:
    token = scene.desk.for_person(scene.cast.sora).body["refresh_token"]
    AccessToken.objects.all().delete()

    no_token(RENEWALS[case](scene, token), *REFUSALS)


def test_a_refresh_token_without_the_secret(scene: Scene) -> None:
    token = scene.own.for_person(scene.cast.sora).body["refresh_token"]
    AccessToken.objects.all().delete()

    no_token(Program(scene.own.application).renew(token), "invalid_client")


@pytest.mark.parametrize("end", ["expired", "ended", "disabled", "no second factor"])
def test_a_refresh_token_that_has_ended(scene: Scene, end: str) -> None:
    token = scene.own.for_person(scene.cast.sora).body["refresh_token"]
    AccessToken.objects.all().delete()
    ends: dict[str, Callable[[], object]] = {
        "expired": lambda: RefreshToken.objects.update(expires_at=real_now()),
        "ended": lambda: forget(Authorization.objects.get()),
        "disabled": lambda: disable_person(actor_of(scene.cast.mei), person=scene.cast.sora),
        "no second factor": lambda: forget_factors(scene.cast.sora),
    }
    ends[end]()

    no_token(scene.own.renew(token), "invalid_grant")


# ---------------------------------------------------------------- device codes
def start(program: Program) -> dict[str, Any]:
    path = f"/{program.tenant}/oauth2/v2.0/devicecode"
    return ask(path, {"client_id": program.client_id, "scope": SCOPE}).body


DEVICES: dict[str, Callable[[Scene, dict[str, Any]], Told]] = {
    "before anybody answered": lambda scene, shown: poll(scene.desk, shown["device_code"]),
    "by the short code": lambda scene, shown: poll(scene.desk, shown["user_code"]),
    "by another program": lambda scene, shown: poll(scene.own, shown["device_code"]),
    "by another organisation's program": lambda scene, shown: poll(scene.foreign, shown["device_code"]),
    "altered": lambda scene, shown: poll(scene.desk, shown["device_code"][1:]),
    "empty": lambda scene, _shown: poll(scene.desk, ""),
    "as a code": lambda scene, shown: scene.desk.redeem(shown["device_code"]),
}


def poll(program: Program, code: str) -> Told:
    return program.token(grant_type=DEVICE_GRANT, device_code=code)


@pytest.mark.parametrize("case", DEVICES)
def test_a_device_code_that_gives_nothing(scene: Scene, case: str) -> None:
    no_token(DEVICES[case](scene, start(scene.desk)), "authorization_pending", *REFUSALS)


def test_a_device_code_ends(scene: Scene) -> None:
    shown = start(scene.desk)
    browser_of(scene.cast.sora).post("/device/", {"code": shown["user_code"], "approve": "yes"})
    DeviceCode.objects.update(expires_at=real_now())

    no_token(poll(scene.desk, shown["device_code"]), "expired_token")


def test_a_link_brings_no_device_code_along(scene: Scene) -> None:
    """Whoever sends somebody a link must not have chosen the program."""
    shown = start(scene.desk)

    page = browser_of(scene.cast.sora).get(
        f"/device/?code={shown['user_code']}&user_code={shown['user_code']}"
    )

    assert f'value="{shown["user_code"]}"' not in page.content.decode()


@pytest.mark.parametrize("who", ["foreign program", "unknown program", "confidential with a wrong secret"])
def test_devices_that_are_not_started(scene: Scene, who: str) -> None:
    fields = {
        "foreign program": {"client_id": scene.foreign.client_id},
        "unknown program": {"client_id": some_id()},
        "confidential with a wrong secret": {"client_id": scene.own.client_id, "client_secret": "x"},
    }[who]

    told = ask(f"/{scene.desk.tenant}/oauth2/v2.0/devicecode", fields | {"scope": SCOPE})

    assert told.status in {400, 401}
    assert not DeviceCode.objects.exists()


# ---------------------------------------------------------------- passwords
def by_password(program: Program, user_name: str = "sora@hinode.example", password: str = PASSWORD) -> Told:
    return program.token(grant_type="password", username=user_name, password=password, scope=SCOPE)


def sandbox(scene: Scene, *, allowed: bool) -> None:
    scene.cast.family.is_sandbox = True
    scene.cast.family.save()
    Programme.objects.update(allows_password_flow=True)
    update_application(
        actor_of(scene.cast.mei),
        application=scene.desk.application,
        name="Desk tool",
        redirect_uris=[REDIRECT],
        flows=[Flow.PASSWORD],
    )
    Programme.objects.update(allows_password_flow=allowed)


def test_passwords_are_taken_in_a_sandbox_where_the_operator_allows_it(scene: Scene) -> None:
    sandbox(scene, allowed=True)

    told = by_password(scene.desk)

    assert told.status == 200
    assert bearer_of(told.body["access_token"], language="en").actor.person_id == scene.cast.sora.pk


@pytest.mark.parametrize(
    "case",
    [
        "in production",
        "not switched on",
        "switched off meanwhile",
        "a wrong one",
        "a temporary one",
        "of another organisation",
        "of an application's account",
        "a program not registered for it",
    ],
)
@pytest.mark.goal("G-19")
def test_a_password_that_gives_no_token(scene: Scene, case: str) -> None:
    sandbox(scene, allowed=case != "not switched on")
    user_name, password, program = "sora@hinode.example", PASSWORD, scene.desk
    if case == "in production":
        scene.cast.family.is_sandbox = False
        scene.cast.family.save()
    elif case == "switched off meanwhile":
        Programme.objects.update(allows_password_flow=False)
    elif case == "a wrong one":
        password = "wrong"
    elif case == "a temporary one":
        person = Person.objects.get(pk=scene.cast.sora.pk)
        password = set_temporary_password(person)
        person.save()
    elif case == "of another organisation":
        user_name = "yui@yamabuki.example"
    elif case == "of an application's account":
        user_name, password = scene.own.client_id, scene.own.secret
    else:
        program = scene.own

    no_token(by_password(program, user_name, password), "invalid_grant", "unauthorized_client")


# ---------------------------------------------------------------- access tokens that nobody has issued
def _claims(scene: Scene) -> dict[str, Any]:
    token = scene.own.alone().body["access_token"]
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _signed(claims: dict[str, Any], **header: Any) -> str:
    key = signing_key()
    return jwt.encode(claims, private_part(key.private), "RS256", headers={"kid": str(key.pk)} | header)


def _another_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _confused(claims: dict[str, Any]) -> str:
    """HS256 with the text of the public key as the secret."""

    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    key = signing_key()
    text = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': str(key.pk)})}.{part(claims)}"
    mac = hmac.digest(key.public.encode(), text.encode(), hashlib.sha256)
    return f"{text}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


NOW = int(time.time())
FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "no algorithm": lambda claims: jwt.encode(claims, "", "none"),
    "no algorithm, with our kid": lambda claims: jwt.encode(
        claims, "", "none", headers={"kid": str(signing_key().pk)}
    ),
    "the public key as a secret": _confused,
    "another key": lambda claims: jwt.encode(
        claims, _another_key(), "RS256", headers={"kid": str(signing_key().pk)}
    ),
    "another algorithm of the same key": lambda claims: jwt.encode(
        claims, private_part(signing_key().private), "RS512", headers={"kid": str(signing_key().pk)}
    ),
    "unknown kid": lambda claims: _signed(claims, kid=some_id()),
    "kid that is a path": lambda claims: _signed(claims, kid="../../../dev/null"),
    "kid that is SQL": lambda claims: _signed(claims, kid="x' UNION SELECT 'x"),
    "no kid": lambda claims: jwt.encode(claims, private_part(signing_key().private), "RS256"),
    "key in the header": lambda claims: jwt.encode(
        claims, _another_key(), "RS256", headers={"jwk": {"kty": "RSA"}, "kid": str(signing_key().pk)}
    ),
    "address of a key in the header": lambda claims: jwt.encode(
        claims,
        _another_key(),
        "RS256",
        headers={"jku": "https://evil.example/keys", "kid": str(signing_key().pk)},
    ),
    "another audience": lambda claims: _signed(claims | {"aud": "https://graph.windows.net"}),
    "several audiences": lambda claims: _signed(claims | {"aud": [claims["aud"], "x"]}),
    "no audience": lambda claims: _signed({k: v for k, v in claims.items() if k != "aud"}),
    "another issuer": lambda claims: _signed(claims | {"iss": "https://sts.example/"}),
    "no issuer": lambda claims: _signed({k: v for k, v in claims.items() if k != "iss"}),
    "expired": lambda claims: _signed(claims | {"exp": NOW - 1}),
    "no end": lambda claims: _signed({k: v for k, v in claims.items() if k != "exp"}),
    "an end that is no number": lambda claims: _signed(claims | {"exp": "never"}),
    "not yet": lambda claims: _signed(claims | {"nbf": NOW + 3600}),
    "another organisation": lambda claims: _signed(claims | {"tid": some_id()}),
    "another program": lambda claims: _signed(claims | {"appid": some_id()}),
    "another person": lambda claims: _signed(claims | {"oid": some_id()}),
    "a row that is not there": lambda claims: _signed(claims | {"jti": some_id()}),
    "no row": lambda claims: _signed({k: v for k, v in claims.items() if k != "jti"}),
    "a row that is SQL": lambda claims: _signed(claims | {"jti": "' OR 1=1 --"}),
    "a row that is a list": lambda claims: _signed(claims | {"jti": ["x"]}),
    "altered after signing": lambda claims: _altered(_signed(claims)),
    "without its signature": lambda claims: _signed(claims).rpartition(".")[0] + ".",
    "with a part more": lambda claims: _signed(claims) + ".x",
    "huge": lambda claims: _signed(claims | {"name": "x" * 50_000}),
}


def _altered(token: str) -> str:
    head, body, mac = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    body = (
        base64.urlsafe_b64encode(json.dumps(claims | {"roles": ["global_admin"]}).encode())
        .decode()
        .rstrip("=")
    )
    return f"{head}.{body}.{mac}"


@pytest.mark.parametrize("case", FORGED)
def test_an_access_token_that_nobody_issued(scene: Scene, case: str) -> None:
    claims = _claims(scene)
    assert bearer_of(_signed(claims), language="en").is_app_only  # the set-up itself opens the door

    with pytest.raises(TokenRefused):
        bearer_of(FORGED[case](claims), language="en")


def test_other_tokens_are_no_access_tokens(scene: Scene) -> None:
    """T-21: an ID token is for the program, a refresh token for this address."""
    told = scene.own.for_person(scene.cast.sora)

    for name in ("id_token", "refresh_token"):
        with pytest.raises(TokenRefused):
            bearer_of(told.body[name], language="en")


def test_a_key_that_is_gone_checks_nothing(scene: Scene) -> None:
    token = scene.own.alone().body["access_token"]
    rotate_signing_key(bystander_for(scene.cast.operator, kind="command_line"))
    SigningKey.objects.filter(is_signing=False).delete()

    with pytest.raises(TokenRefused):
        bearer_of(token, language="en")


# ---------------------------------------------------------------- and nothing is kept in clear
@pytest.mark.goal("G-13")
def test_nothing_that_opens_anything_stands_in_the_database(scene: Scene) -> None:
    code = scene.own.code(scene.cast.sora)
    told = scene.own.redeem(code)
    shown = start(scene.desk)

    rows = [
        str(value)
        for model in (
            ApplicationSecret,
            Authorization,
            AuthorizationCode,
            RefreshToken,
            DeviceCode,
            AccessToken,
        )
        for row in model.objects.values_list()
        for value in row
    ]
    rows += [key.private for key in SigningKey.objects.all()]
    for secret in (
        scene.own.secret,
        code,
        told.body["refresh_token"],
        told.body["access_token"],
        shown["device_code"],
        shown["user_code"].replace("-", ""),
        "PRIVATE KEY",
    ):
        assert [row for row in rows if secret in row] == []


def test_there_are_at_least_sixty_cases() -> None:
    cases = [*QUESTIONS, *CODES, *SECRETS, *RENEWALS, *DEVICES, *FORGED]
    assert len(cases) >= 60
    assert proof(VERIFIER) == CHALLENGE  # else the cases about proofs would prove nothing
