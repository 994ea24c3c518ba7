"""OAuth 2.0 and OpenID Connect by oauthlib: it reads requests and knows the grants, this file answers its questions.

oauthlib keeps everything that a request sends as attributes of its request object, ``user`` and ``scopes`` included,
so nothing that decides is ever read from there: it stands in ``Validator``, one for each request.
"""
# ruff: noqa: ARG002  (the library decides the parameters)

import base64
import binascii
import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.db import transaction
from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749 import errors as oauth
from oauthlib.oauth2.rfc6749.endpoints import AuthorizationEndpoint, TokenEndpoint
from oauthlib.oauth2.rfc6749.grant_types import (
    AuthorizationCodeGrant,
    ClientCredentialsGrant,
    RefreshTokenGrant,
    ResourceOwnerPasswordCredentialsGrant,
)
from oauthlib.oauth2.rfc6749.tokens import BearerToken
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant
from oauthlib.openid.connect.core.grant_types import HybridGrant

from toiya.core.actor import Actor
from toiya.core.errors import TooManyAttempts
from toiya.core.text import is_storable
from toiya.directory.models import Person
from toiya.tokens.authorizations import (
    AlreadySpent,
    Challenge,
    Handed,
    code_for,
    code_of,
    hand_by_password,
    let_application_in,
    person_by_password,
    poll_device,
    redeem_code,
    redeem_device,
    refresh_token_of,
    renew,
)
from toiya.tokens.clients import Client, ClientRefused, known_client, proven_client
from toiya.tokens.issue import ACCESS_LIFE, IssuedToken, issue_app_token, issue_id_token
from toiya.tokens.models import Application, Authorization, AuthorizationCode, DeviceCode, Flow, RefreshToken
from toiya.tokens.realms import Realm
from toiya.tokens.scopes import KNOWN, OWN
from toiya.tokens.secrets import new_secret

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
FLOW_OF_GRANT = {
    "client_credentials": Flow.CLIENT_CREDENTIALS,
    "authorization_code": Flow.AUTHORIZATION_CODE,
    DEVICE_GRANT: Flow.DEVICE_CODE,
    "password": Flow.PASSWORD,
}
CODE, CODE_AND_ID = "code", "code id_token"
PROOF = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636, 4.1 and 4.2
LONGEST_NONCE = 500
OK = 200


class Validator(RequestValidator):  # type: ignore[misc]
    """The answers to oauthlib's questions for one request, and what came of it."""

    def __init__(self, realm: Realm, actor: Actor | None = None) -> None:
        self.realm = realm
        self.actor = actor
        self.refused: ClientRefused | None = None
        self.client: Client | None = None
        self.code: AuthorizationCode | None = None
        self.refresh: RefreshToken | None = None
        self.device: DeviceCode | None = None
        self.person: Person | None = None
        self.authorization: Authorization | None = None
        self.access: IssuedToken | None = None
        self.handed: Handed | None = None
        super().__init__()

    # ------------------------------------------------------------ which program it is
    @property
    def application(self) -> Application:
        """The program that has been recognised."""
        assert self.client is not None  # noqa: S101  (oauthlib asks for the client first)
        return self.client.application

    def client_authentication_required(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """A confidential program must prove itself; a public one that sends a secret is refused for it."""
        try:
            found = known_client(self._credentials(request)[0], self.realm)
        except ClientRefused as refusal:
            self.refused = refusal
            return True
        return found.application.is_confidential or bool(self._credentials(request)[1])

    def authenticate_client(self, request: Request, *args: Any, **kwargs: Any) -> bool:
        """By one of its secrets, in the form or in the header."""
        return self._use(request, proves=True)

    def authenticate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        """A public program is whoever it says."""
        return self._use(request, proves=False)

    def validate_client_id(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> bool:
        """Before a browser goes anywhere."""
        return self._use(request, proves=False, confidential_too=True)

    def _use(self, request: Request, *, proves: bool, confidential_too: bool = False) -> bool:
        client_id, secret = self._credentials(request)
        try:
            if proves:
                self.client = proven_client(client_id, secret, self.realm)
            else:
                self.client = known_client(client_id, self.realm)
        except ClientRefused as refusal:
            self.refused = refusal
            return False
        request.client, request.client_id = self.client, self.client.client_id
        return proves or confidential_too or not self.application.is_confidential

    @staticmethod
    def _credentials(request: Request) -> tuple[str, str]:
        scheme, _space, encoded = request.headers.get("Authorization", "").partition(" ")
        form = (request.client_id or "", request.client_secret or "")
        if scheme.lower() != "basic":
            return form
        try:
            name, _colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return "", ""
        is_one_only = not form[1] and form[0].lower() in {"", name.lower()}
        return (name, secret) if is_one_only else ("", "")

    # ------------------------------------------------------------ what it may ask for
    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Only the ways that it was registered with; renewing comes with those for people."""
        if grant_type == "refresh_token":
            return True
        return FLOW_OF_GRANT.get(grant_type) in self.application.flows

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """No token ever passes through a browser's address."""
        return response_type in {CODE, CODE_AND_ID} and Flow.AUTHORIZATION_CODE in self.application.flows

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """All in our words already (scopes.py)."""
        return set(scopes) <= KNOWN

    def get_default_scopes(self, client_id: str, request: Request, *args: Any, **kwargs: Any) -> list[str]:
        """There is one thing to ask for."""
        return [OWN]

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Letter by letter one that is registered."""
        assert self.client is not None  # noqa: S101  (asked for just before)
        return self.client.may_redirect_to(redirect_uri)

    def get_default_redirect_uri(self, *args: Any, **kwargs: Any) -> None:
        """The program says where."""

    # ------------------------------------------------------------ codes
    def is_pkce_required(self, client_id: str, request: Request) -> bool:
        """Whoever cannot keep a secret proves that the code was asked for by itself."""
        return not self.application.is_confidential

    def validate_code(
        self, client_id: str, code: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Its own, unspent and young."""
        self.code = code_of(self.application, code)
        return self.code is not None and self.realm.admits(self.code.tenant_id)

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        """What was sent along with the question."""
        return (self.code and self.code.challenge) or None

    def get_code_challenge_method(self, code: str, request: Request) -> str | None:
        """Always S256."""
        return (self.code and self.code.challenge_method) or None

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Client,
        request: Request,
        *args: Any,
        **kwargs: Any,
    ) -> bool:
        """The one that the code was sent to."""
        return self.code is not None and self.code.redirect_uri == redirect_uri

    def invalidate_authorization_code(self, *args: Any, **kwargs: Any) -> None:
        """Spent with the tokens, in one transaction."""

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Request, *args: Any, **kwargs: Any
    ) -> None:
        """The person has agreed."""
        challenge = Challenge(
            request.code_challenge or "", request.code_challenge_method or "", request.nonce or ""
        )
        code_for(
            self.consent(request),
            code=code["code"],
            redirect_uri=request.redirect_uri,
            challenge=challenge,
        )

    def consent(self, request: Request) -> Authorization:
        """The person lets the program in, once for this request."""
        assert self.actor is not None  # noqa: S101  (the page asked for somebody signed in)
        if self.authorization is None:
            scope = " ".join(sorted(request.scopes))
            self.authorization = let_application_in(self.actor, application=self.application, scope=scope)
        return self.authorization

    def finalize_id_token(
        self, id_token: dict[str, Any], token: dict[str, Any], token_handler: object, request: Request
    ) -> str:
        """Who signed in, for the program's eyes."""
        extra = {"c_hash": id_token["c_hash"]} if "c_hash" in id_token else {}
        return issue_id_token(self.consent(request), nonce=request.nonce or "", extra=extra)

    def get_id_token(self, *args: Any, **kwargs: Any) -> None:
        """We make it in ``finalize_id_token``."""

    def validate_user_match(self, *args: Any, **kwargs: Any) -> bool:
        """The page says who is signed in, and asks."""
        return True

    def validate_silent_login(self, request: Request) -> bool:
        """Nothing happens without the page."""
        return False

    def validate_silent_authorization(self, request: Request) -> bool:
        """Nothing happens without the page."""
        return False

    # ------------------------------------------------------------ the other grants
    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """Its own and live."""
        self.refresh = refresh_token_of(self.application, refresh_token)
        return self.refresh is not None and self.realm.admits(self.refresh.tenant_id)

    def get_original_scopes(
        self, refresh_token: str, request: Request, *args: Any, **kwargs: Any
    ) -> list[str]:
        """What the person agreed to; asking who they are is part of that."""
        assert self.refresh is not None  # noqa: S101  (validated just before)
        return sorted({*self.refresh.authorization.scope.split(), OWN, "openid", "profile", "offline_access"})

    def rotate_refresh_token(self, request: Request) -> bool:
        """Decided where it is written (authorizations.renew)."""
        return True

    def validate_device_code(self, client_id: str, device_code: str, request: Request) -> str:
        """How far it has come."""
        state, self.device = poll_device(self.application, device_code)
        if self.device is not None:
            request.scopes = self.device.scope.split() or [OWN]
        return state

    def validate_user(
        self, username: str, password: str, client: Client, request: Request, *args: Any, **kwargs: Any
    ) -> bool:
        """In a sandbox only."""
        try:
            self.person = person_by_password(self.application, username, password)
        except TooManyAttempts:
            return False
        return self.person is not None and self.realm.admits(self.person.tenant_id)

    # ------------------------------------------------------------ what it gets
    def issue(self, request: Request) -> str:
        """All rows of the answer in one transaction. Raises InvalidGrantError where somebody was faster."""
        assert self.client is not None  # noqa: S101  (authenticated before)
        if request.grant_type == "client_credentials":
            self.access = issue_app_token(self.application, secret=self.client.secret)
            return self.access.text
        try:
            self.handed = self._handed(request)
        except AlreadySpent as error:
            raise oauth.InvalidGrantError(request=request) from error
        self.access, self.authorization = self.handed.access, self.handed.authorization
        return self.access.text

    def _handed(self, request: Request) -> Handed:
        if self.code is not None:
            return redeem_code(self.code)
        if self.refresh is not None:
            return renew(self.refresh, request.refresh_token)
        if self.device is not None:
            return redeem_device(self.device)
        assert self.person is not None  # noqa: S101  (there is no other grant)
        return hand_by_password(self.application, self.person)

    def refresh_text(self, request: Request) -> str:
        """Made together with the access token."""
        assert self.handed is not None  # noqa: S101  (asked for after it)
        return self.handed.refresh

    def save_bearer_token(self, token: object, request: Request, *args: Any, **kwargs: Any) -> None:
        """Saved where it was made."""


def _only_provable(request: Request) -> dict[str, str]:
    """A challenge that is sent is S256 and well-formed: plain proves nothing to whoever has read the request."""
    if request.code_challenge is None:
        if request.code_challenge_method is not None:
            raise oauth.InvalidRequestError("code_challenge_method without code_challenge", request=request)
        return {}
    if request.code_challenge_method != "S256":
        raise oauth.InvalidRequestError("code_challenge_method must be S256", request=request)
    if not PROOF.fullmatch(request.code_challenge):
        raise oauth.InvalidRequestError("code_challenge is malformed", request=request)
    return {}


def _only_sane(request: Request) -> dict[str, str]:
    nonce = request.nonce or ""
    if len(nonce) > LONGEST_NONCE or not is_storable(nonce):
        raise oauth.InvalidRequestError("nonce is too long, or no text", request=request)
    if request.response_type == CODE_AND_ID and not request.nonce:
        raise oauth.InvalidRequestError("Request is missing mandatory nonce parameter.", request=request)
    return {}


def _only_sane_proof(request: Request) -> None:
    """The library compares whatever was sent; a verifier that was never asked for is a mix-up."""
    if request.code_verifier is not None and not PROOF.fullmatch(request.code_verifier):
        raise oauth.InvalidGrantError("code_verifier is malformed", request=request)


def _long_code(request: Request) -> dict[str, str]:
    grant = {"code": new_secret()}
    if request.state:
        grant["state"] = request.state
    return grant


@dataclass(frozen=True, slots=True)
class Question:
    """What a person is asked: which program, what it wants, and where the answer goes."""

    application: Application
    scopes: tuple[str, ...]
    redirect_uri: str


class Server(AuthorizationEndpoint, TokenEndpoint):  # type: ignore[misc]
    """What this installation speaks; no implicit flow, and no token in any address."""

    def __init__(self, validator: Validator) -> None:
        def no_downgrade(request: Request) -> None:
            """A verifier without a challenge: somebody took the challenge out of the question (RFC 9700, 4.8)."""
            if request.code_verifier is not None and not (validator.code and validator.code.challenge):
                raise oauth.InvalidGrantError(request=request)

        checks = {"post_auth": [_only_provable, _only_sane]}
        code = AuthorizationCodeGrant(
            validator, **checks, pre_token=[_only_sane_proof], post_token=[no_downgrade]
        )
        hybrid = HybridGrant(validator)
        hybrid.custom_validators.post_auth.extend(checks["post_auth"])
        for grant in (code, hybrid.proxy_target):
            grant.create_authorization_code = _long_code
        bearer = BearerToken(
            validator, validator.issue, int(ACCESS_LIFE.total_seconds()), validator.refresh_text
        )
        AuthorizationEndpoint.__init__(self, CODE, bearer, {CODE: code, CODE_AND_ID: hybrid})
        TokenEndpoint.__init__(
            self,
            "authorization_code",
            bearer,
            {
                "authorization_code": code,
                "client_credentials": ClientCredentialsGrant(validator),
                "refresh_token": RefreshTokenGrant(validator),
                "password": ResourceOwnerPasswordCredentialsGrant(validator),
                DEVICE_GRANT: DeviceCodeGrant(validator),
            },
        )


ADDRESS = "https://toiya/"  # oauthlib wants one; nothing in it counts


def hand_out(validator: Validator, parameters: list[tuple[str, str]], authorization: str) -> dict[str, Any]:
    """What the program gets. Raises OAuth2Error; ``validator.refused`` may know better why."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": authorization}
    server = Server(validator)
    _headers, body, status = server.create_token_response(ADDRESS, "POST", parameters, headers)
    answer: dict[str, Any] = json.loads(body)
    if status != OK:
        error = oauth.CustomOAuth2Error(answer["error"], answer.get("error_description"), status_code=status)
        raise error
    return answer


def asked_for(validator: Validator, query: str) -> Question:
    """What a program asks a person for. Raises FatalClientError where no browser may be sent anywhere, and
    OAuth2Error where the program is to be told.
    """
    scopes, facts = Server(validator).validate_authorization_request(f"{ADDRESS}?{query}")
    return Question(validator.application, tuple(scopes), facts["redirect_uri"])


@transaction.atomic
def agree(validator: Validator, query: str) -> list[tuple[str, str]]:
    """The person lets the program in; what the browser brings to it.

    Raises as ``asked_for``, and PersonMissing, SecondFactorStale, NotVisible.
    """
    server, address = Server(validator), f"{ADDRESS}?{query}"
    scopes, _facts = server.validate_authorization_request(address)
    headers, _body, _status = server.create_authorization_response(address, "GET", scopes=scopes)
    return parse_qsl(urlsplit(headers["Location"]).fragment, keep_blank_values=True)


def told_no(state: str) -> list[tuple[str, str]]:
    """How the program learns that the person did not agree."""
    answer: list[tuple[str, str]] = oauth.AccessDeniedError(state=state or None).twotuples
    return answer
