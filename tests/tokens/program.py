"""A program that asks for tokens as client libraries do, without a library that would hide what is sent."""

import base64
import dataclasses
import hashlib
import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import jwt
from django.http import HttpResponse
from django.test import Client

from tests.api.tokens import REDIRECT, secret_of, with_second_factor
from tests.cast import browser_of
from toiya.core.ids import new_id
from toiya.directory.models import Person
from toiya.tokens.models import Application

FORM = "application/x-www-form-urlencoded"
RESOURCE = "https://api.partnercenter.microsoft.com"
SCOPE = f"{RESOURCE}/user_impersonation openid profile offline_access"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # the pair of RFC 7636, appendix B


@dataclasses.dataclass(frozen=True)
class Told:
    """An answer of the token address."""

    status: int
    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def claims(self) -> dict[str, Any]:
        """What the access token says about itself."""
        claims: dict[str, Any] = jwt.decode(self.body["access_token"], options={"verify_signature": False})
        return claims


def ask(path: str, fields: dict[str, str] | str, **headers: str) -> Told:
    """POST a form, as programs do: no cookies, no page."""
    body = fields if isinstance(fields, str) else urlencode(fields)
    response = Client().post(path, body, content_type=FORM, headers=headers)
    return Told(response.status_code, json.loads(response.content), dict(response.headers))


@dataclasses.dataclass(frozen=True)
class Program:
    """A registered application on the other side of the wire."""

    application: Application
    secret: str = ""

    @property
    def client_id(self) -> str:
        return str(self.application.pk)

    @property
    def tenant(self) -> str:
        return str(self.application.tenant_id)

    @property
    def credentials(self) -> dict[str, str]:
        """How it says who it is."""
        return {"client_id": self.client_id} | ({"client_secret": self.secret} if self.secret else {})

    def token(self, version: int = 2, tenant: str = "", **fields: str) -> Told:
        """Ask the token address."""
        part = "/v2.0" if version == 2 else ""
        return ask(f"/{tenant or self.tenant}/oauth2{part}/token", self.credentials | fields)

    def alone(self, **fields: str) -> Told:
        """Client credentials, v2."""
        usual = {"grant_type": "client_credentials", "scope": f"{RESOURCE}/.default"}
        return self.token(2, **(usual | fields))

    def question(self, version: int = 2, /, tenant: str = "common", **fields: str) -> str:
        """The address to which it sends a browser."""
        part = "/v2.0" if version == 2 else ""
        usual = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": REDIRECT,
            "scope": SCOPE,
            "state": "st-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        wanted = {name: value for name, value in (usual | fields).items() if value}
        return f"/{tenant}/oauth2{part}/authorize?{urlencode(wanted)}"

    def code(self, person: Person, version: int = 2, **fields: str) -> str:
        """A person lets it in; the code that the browser brings back."""
        return brought_back(agree(person, self.question(version, **fields)))["code"]

    def redeem(self, code: str, version: int = 2, tenant: str = "", **fields: str) -> Told:
        """The code for tokens."""
        usual = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT,
            "code_verifier": VERIFIER,
            "scope": SCOPE,
        }
        wanted = {name: value for name, value in (usual | fields).items() if value}
        return self.token(version, tenant, **wanted)

    def renew(self, refresh_token: str, version: int = 2, tenant: str = "", **fields: str) -> Told:
        """Another access token."""
        usual = {"grant_type": "refresh_token", "refresh_token": refresh_token, "scope": SCOPE}
        return self.token(version, tenant, **(usual | fields))

    def for_person(self, person: Person, version: int = 2) -> Told:
        """The whole way, to tokens for a person."""
        return self.redeem(self.code(person, version), version)


def confidential(application: Application, administrator: Person) -> Program:
    """The program with a fresh secret."""
    return Program(application, secret_of(administrator, application))


def agree(person: Person, question: str, answer: str = "approve") -> HttpResponse:
    """The person signs in with a second factor, looks at the question, and answers."""
    browser = browser_of(with_second_factor(person))
    browser.get(question)
    return browser.post(question, {answer: "yes"})  # type: ignore[return-value]


def brought_back(response: HttpResponse) -> dict[str, str]:
    """What a redirect brings to the program."""
    parts = urlsplit(response.headers["Location"])
    return dict(parse_qsl(parts.query or parts.fragment))


def proof(verifier: str) -> str:
    """S256 of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def some_id() -> str:
    """An id that nothing has."""
    return str(new_id())
