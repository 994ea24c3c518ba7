"""What programs are told, in the form that existing clients read: v1 writes numbers as text, v2 as numbers."""

import base64
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, JsonResponse
from oauthlib.oauth2.rfc6749.errors import OAuth2Error

from toiya.core.clock import real_now
from toiya.directory.models import Person
from toiya.tokens.clients import WINDOW, Why
from toiya.tokens.issue import issue_id_token
from toiya.tokens.protocol import Validator


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that can be wrong: the protocol's word, the number that clients look for, status and sentence."""

    error: str
    number: int
    text: str
    status: int = 400


UNKNOWN_TENANT = Trouble(
    "invalid_request",
    90002,
    "The organization in the address was not found. Use its id or a verified domain.",
)
WRONG_AUDIENCE = Trouble(
    "invalid_resource", 500011, "The resource or scope names another service than this installation."
)
REPEATED = Trouble("invalid_request", 900144, "A parameter is given more than once.")
MALFORMED = Trouble(
    "invalid_request", 900144, "The request body must be a form (application/x-www-form-urlencoded)."
)
OF_CLIENTS = {
    Why.UNKNOWN: Trouble(
        "unauthorized_client", 700016, "The application was not found in the organization of the address."
    ),
    Why.NO_SECRET: Trouble("invalid_client", 7000218, "The request must contain client_secret.", 401),
    Why.WRONG_SECRET: Trouble(
        "invalid_client", 7000215, "The client secret is wrong. Send the secret itself, not its id.", 401
    ),
    Why.EXPIRED_SECRET: Trouble("invalid_client", 7000222, "The client secret has expired.", 401),
    Why.PUBLIC: Trouble(
        "invalid_client", 700025, "The application is public; it must send no client secret.", 401
    ),
    Why.DISABLED: Trouble("unauthorized_client", 7000112, "The application is disabled."),
    Why.TOO_MANY: Trouble(
        "temporarily_unavailable", 90055, "Too many wrong client secrets. Wait 15 minutes.", 429
    ),
}
OF_PROTOCOL = {
    "invalid_grant": Trouble(
        "invalid_grant",
        70000,
        "The code, token or password is invalid, expired, revoked, or was used before.",
    ),
    "unsupported_grant_type": Trouble(
        "unsupported_grant_type", 70003, "This grant type is not supported here."
    ),
    "unauthorized_client": Trouble(
        "unauthorized_client", 700054, "The application was not registered for this way of getting tokens."
    ),
    "invalid_scope": Trouble(
        "invalid_scope", 70011, "The scope goes beyond what was granted, or is unknown."
    ),
    "invalid_client": Trouble("invalid_client", 7000215, "The application did not prove itself.", 401),
    "authorization_pending": Trouble(
        "authorization_pending", 70016, "Nobody has answered yet. Ask again after the interval."
    ),
    "slow_down": Trouble(
        "slow_down", 70016, "Asked again too early. The interval is 5 seconds longer from now on."
    ),
    "expired_token": Trouble("expired_token", 70019, "The device code has expired. Ask for a new one."),
    "access_denied": Trouble("authorization_declined", 70018, "The person declined."),
}


def _correlation(request: HttpRequest) -> str:
    try:
        return str(uuid.UUID(request.headers.get("client-request-id", "")))
    except ValueError:
        return str(uuid.uuid4())


def refused(request: HttpRequest, trouble: Trouble, detail: str = "") -> JsonResponse:
    """The error body of the original: clients look for the number, people read the sentence."""
    trace, correlation, now = str(uuid.uuid4()), _correlation(request), f"{real_now():%Y-%m-%d %H:%M:%SZ}"
    text = " ".join(filter(None, (trouble.text, detail)))
    body = {
        "error": trouble.error,
        "error_description": (
            f"AADSTS{trouble.number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"
        ),
        "error_codes": [trouble.number],
        "timestamp": now,
        "trace_id": trace,
        "correlation_id": correlation,
    }
    response = answered(request, body, status=trouble.status)
    if trouble.status == 429:
        response.headers["Retry-After"] = str(int(WINDOW.total_seconds()))
    return response


def why(error: OAuth2Error, validator: Validator) -> tuple[Trouble, str]:
    """The number for what the protocol's library, or the program's own words, refused."""
    if validator.refused is not None:
        return OF_CLIENTS[validator.refused.why], ""
    known = OF_PROTOCOL.get(error.error)
    if known is not None:
        return known, ""
    return Trouble("invalid_request", 900144, "The request is not complete."), error.description or ""


def answered(request: HttpRequest, body: Mapping[str, Any], *, status: int = 200) -> JsonResponse:
    """JSON that nobody stores."""
    response = JsonResponse(body, status=status)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Pragma"] = "no-cache"
    if "client-request-id" in request.headers:
        response.headers["client-request-id"] = _correlation(request)
    return response


def handed_out(validator: Validator, version: int, asked: Mapping[str, str]) -> dict[str, Any]:
    """The tokens of one answer."""
    access = validator.access
    assert access is not None  # noqa: S101  (the library has asked for it)
    life = int((access.expires_at - access.issued_at).total_seconds()) - 1
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": life,
        "ext_expires_in": life,
        "access_token": access.text,
    }
    if version == 1:
        body |= {
            "expires_on": int(access.expires_at.timestamp()),
            "not_before": int(access.issued_at.timestamp()),
            "resource": asked.get("resource", ""),
        }
        body = {name: str(value) for name, value in body.items()}
    if validator.handed is None:
        return body
    authorization = validator.handed.authorization
    nonce = validator.code.nonce if validator.code else ""
    body |= {
        "scope": "user_impersonation" if version == 1 else asked.get("scope") or authorization.scope,
        "refresh_token": validator.handed.refresh,
        "id_token": issue_id_token(authorization, nonce=nonce),
    }
    if asked.get("client_info") == "1":
        body["client_info"] = client_info(authorization.person)
    return body


def client_info(person: Person) -> str:
    """By which some client libraries tell accounts apart."""
    text = json.dumps({"uid": str(person.pk), "utid": str(person.tenant_id)})
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
