"""Tokens for programs: the token address, codes for devices, and the first generation's exchange."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from toiya.api.tokens.answers import (
    MALFORMED,
    OF_CLIENTS,
    OF_PROTOCOL,
    REPEATED,
    UNKNOWN_TENANT,
    WRONG_AUDIENCE,
    Trouble,
    answered,
    handed_out,
    refused,
    why,
)
from toiya.core.clock import real_now
from toiya.core.text import is_storable
from toiya.tokens.authorizations import DEVICE_INTERVAL, DEVICE_LIFE, start_device
from toiya.tokens.bearers import bearer_of, expiry_of
from toiya.tokens.clients import ClientRefused, known_client, proven_client
from toiya.tokens.errors import TokenRefused
from toiya.tokens.models import Flow
from toiya.tokens.protocol import DEVICE_GRANT, Validator, hand_out
from toiya.tokens.realms import Realm, UnknownRealm, realm_of
from toiya.tokens.scopes import ForeignAudience, own_words

FORM = "application/x-www-form-urlencoded"
LARGEST = 64 * 1024
MOST_FIELDS = 100


class Refused(Exception):
    """The request has no sense that could be told to the protocol's library."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.error)


def _form(request: HttpRequest) -> dict[str, str]:
    """The fields, each given once."""
    kind = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind != FORM or len(request.body) > LARGEST:
        raise Refused(MALFORMED)
    try:
        text = request.body.decode("utf-8")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except ValueError as error:
        raise Refused(MALFORMED) from error
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise Refused(REPEATED)
    if not all(map(is_storable, fields.values())):
        raise Refused(MALFORMED)
    return {name: value for name, value in fields.items() if value}


def _realm(segment: str) -> Realm:
    try:
        return realm_of(segment)
    except UnknownRealm as error:
        raise Refused(UNKNOWN_TENANT) from error


def _own_words(fields: Mapping[str, str], version: int) -> dict[str, str]:
    """The request as the protocol's library reads it (conventions.md 2.1, 2.2)."""
    try:
        words = own_words(fields, version)
    except ForeignAudience as error:
        raise Refused(WRONG_AUDIENCE if "/" in str(error) else OF_PROTOCOL["invalid_scope"]) from error
    if fields.get("grant_type") == "device_code":
        words["grant_type"] = DEVICE_GRANT
    if words.get("grant_type") == DEVICE_GRANT and "device_code" not in words and "code" in words:
        words["device_code"] = words.pop("code")
    return words


@csrf_exempt
def token(request: HttpRequest, segment: str, version: int) -> HttpResponse:
    """All grants, in the words of both generations."""
    try:
        fields = _form(request)
        validator = Validator(_realm(segment))
        words = _own_words(fields, version)
    except Refused as problem:
        return refused(request, problem.trouble)
    try:
        hand_out(validator, list(words.items()), request.headers.get("Authorization", ""))
    except OAuth2Error as error:
        return refused(request, *why(error, validator))
    return answered(request, handed_out(validator, version, fields))


@csrf_exempt
def device_code(request: HttpRequest, segment: str, version: int) -> HttpResponse:
    """A program without a browser asks for the code that it shows (RFC 8628)."""
    try:
        fields = _form(request)
        realm = _realm(segment)
        words = _own_words(fields, version)
        client = known_client(words.get("client_id", ""), realm)
        if words.get("client_secret"):
            client = proven_client(words["client_id"], words["client_secret"], realm)
    except Refused as problem:
        return refused(request, problem.trouble)
    except ClientRefused as problem:
        return refused(request, OF_CLIENTS[problem.why])
    if Flow.DEVICE_CODE not in client.application.flows:
        return refused(request, OF_PROTOCOL["unauthorized_client"])
    started = start_device(client.application, scope=words["scope"])
    address = f"{settings.ORIGIN}/device/"
    life = int(DEVICE_LIFE.total_seconds())
    shown = f"{started.user_code[:3]}-{started.user_code[3:6]}-{started.user_code[6:]}"
    body = {
        "user_code": shown,
        "device_code": started.device_code,
        "verification_url" if version == 1 else "verification_uri": address,
        "expires_in": str(life) if version == 1 else life,
        "interval": str(DEVICE_INTERVAL) if version == 1 else DEVICE_INTERVAL,
        "message": _("To sign in, open the page %(address)s and enter the code %(code)s.")
        % {"address": address, "code": shown},
    }
    return answered(request, body)


@csrf_exempt
def generate_token(request: HttpRequest) -> HttpResponse:
    """First-generation clients exchange their token for another one; it is the same here (conventions.md 2.3)."""
    scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
    try:
        fields = _form(request)
        if fields.get("grant_type") != "jwt_token":
            return refused(request, OF_PROTOCOL["unsupported_grant_type"])
        bearer = bearer_of(
            text.strip() if scheme.lower() == "bearer" else "", language=get_language() or "en"
        )
    except Refused as problem:
        return refused(request, problem.trouble)
    except TokenRefused as problem:
        response = refused(request, Trouble("invalid_grant", 50027, str(problem), 401))
        response.headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
        return response
    if fields.get("client_id", str(bearer.application_id)).lower() != str(bearer.application_id):
        return refused(request, OF_PROTOCOL["unauthorized_client"])
    ends = expiry_of(text.strip())
    body = {
        "access_token": text.strip(),
        "token_type": "bearer",
        "expires_in": max(int((ends - real_now()).total_seconds()), 0),
    }
    return answered(request, body)
