"""The door: from bytes to the operation and back. It stands before the pages, which never see the API's requests."""

import dataclasses
import json
import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any, cast, get_args, get_origin

import msgspec
import structlog
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.request import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _

from toiya.api import resources  # noqa: F401  (fills the table)
from toiya.api.errors import INVALID_INPUT, NOT_FOUND, WireError, wire_error
from toiya.api.openapi import as_text
from toiya.api.operations import (
    OPERATIONS,
    UNBUILT,
    Answer,
    Call,
    File,
    Operation,
    Token,
    Unbuilt,
    missing_properties,
)
from toiya.api.routing import Routes, is_of_the_api
from toiya.api.wire import convert, encode, read_body
from toiya.core.errors import CapacityMissing, NotVisible, Refusal
from toiya.core.ids import new_id
from toiya.core.text import is_storable
from toiya.requests.rates import allow
from toiya.requests.replays import Asked, Kept, claim, first_answer, keep
from toiya.tokens.bearers import Bearer, bearer_of
from toiya.tokens.errors import TokenRefused

log = structlog.get_logger(__name__)
GetResponse = Callable[[HttpRequest], HttpResponse]
DOCUMENT = "/openapi.json"
JSON = "application/json; charset=utf-8"
SOURCE = "PartnerFD"
LARGEST_BODY = 4 * 1024 * 1024
LANGUAGES = {"ja": "ja-JP", "en": "en-US"}
GUID = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
BOM = b"\xef\xbb\xbf"


class ApiDoor:
    """Answers what is addressed to the API; everything else goes on to the pages."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.routes = Routes([*OPERATIONS.values(), *UNBUILT.values()])

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """One request."""
        if request.path_info == DOCUMENT:
            return HttpResponse(as_text(), headers={"Content-Type": JSON, "Access-Control-Allow-Origin": "*"})
        if not is_of_the_api(request.path_info):
            return self.get_response(request)
        headers = request.headers
        language = "ja" if headers.get("X-Locale", "").lower().startswith("ja") else "en"
        traced = {
            "MS-RequestId": _guid(headers.get("MS-RequestId")),
            "MS-CorrelationId": _guid(headers.get("MS-CorrelationId")),
        }
        with translation.override(language):
            response = self._answer(request, language, traced)
        if request.method == "HEAD":
            response.content = b""  # a refusal has none either; the server sends what it is given
        for name, value in traced.items():
            response.headers[name] = value
        response.headers["MS-CV"] = f"{traced['MS-CorrelationId']}.0"
        response.headers["MS-ServerId"] = "toiya"
        response.headers["X-Locale"] = LANGUAGES[language]
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
        response.headers["Cache-Control"] = "no-store"
        if settings.SECURE_HSTS_SECONDS:
            response.headers["Strict-Transport-Security"] = (
                f"max-age={settings.SECURE_HSTS_SECONDS}; includeSubDomains"
            )
        return response

    def _answer(self, request: HttpRequest, language: str, traced: Mapping[str, str]) -> HttpResponse:
        try:
            return self._carry_out(request, language, traced)
        except WireError as error:
            return _refusal(error)
        except Refusal as refusal:
            return _refusal(wire_error(refusal))
        except Exception:
            log.exception("operation failed", method=request.method, path=request.path_info, **traced)
            return _refusal(
                WireError(500, 800003, _("Something broke here. Try again; the request id tells us more."))
            )

    def _carry_out(self, request: HttpRequest, language: str, traced: Mapping[str, str]) -> HttpResponse:
        entry, values = self._route(request)
        bearer = _bearer(request, language)
        allow(bearer.actor.tenant_id, bearer.application_id)
        if isinstance(entry, Unbuilt):
            raise WireError(501, 0, entry.reason)
        actor = dataclasses.replace(bearer.actor, correlation_id=uuid.UUID(traced["MS-CorrelationId"]))
        call = Call(
            actor=actor,
            application_id=bearer.application_id,
            is_app_only=bearer.is_app_only,
            request_id=traced["MS-RequestId"].lower(),
            headers=request.headers,
            base=settings.ORIGIN,
        )
        _let_in(entry, call)
        arguments = _arguments(entry, values, request)
        if not entry.replays or "MS-RequestId" not in request.headers:
            return _response(entry, entry.handler(call, **arguments))
        return _once(entry, call, arguments, request)

    def _route(self, request: HttpRequest) -> tuple[Operation | Unbuilt, tuple[str, ...]]:
        found = self.routes.find(request.path_info)
        if found is None:
            raise WireError(404, NOT_FOUND, _("There is no such address in this API."), request.path_info)
        methods, values = found
        entry = methods.get(request.method or "") or (
            methods.get("GET") if request.method == "HEAD" else None
        )
        if entry is None:
            allowed = ", ".join(sorted(methods))
            raise WireError(
                405,
                INVALID_INPUT,
                _("This address takes %(allowed)s, not %(method)s.")
                % {"allowed": allowed, "method": request.method},
                headers={"Allow": allowed},
            )
        return cast("Operation | Unbuilt", entry), values


def _guid(given: str | None) -> str:
    return given if given and GUID.fullmatch(given) else str(new_id())


def _bearer(request: HttpRequest, language: str) -> Bearer:
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    try:
        return bearer_of(token.strip() if scheme.lower() == "bearer" else "", language=language)
    except TokenRefused as refusal:
        error = wire_error(refusal)
        challenge = (
            f'Bearer authorization_uri="{settings.ORIGIN}/common/oauth2/authorize", error="invalid_token"'
        )
        raise WireError(
            401, refusal.wire_code, error.description, *error.data, headers={"WWW-Authenticate": challenge}
        ) from refusal


def _let_in(operation: Operation, call: Call) -> None:
    """The coarse check, as the access table is for pages: kind of token, capacity, permission."""
    kind = Token.APP if call.is_app_only else Token.APP_USER
    if kind not in operation.tokens:
        raise WireError(
            403,
            900329,
            _("This operation needs a token in the name of a person, not of an application alone."),
        )
    for permission in operation.needs:
        call.actor.must(permission)
    if (
        operation.capacity is not None
        and operation.capacity not in call.actor.capacities | call.actor.suspended
    ):
        raise CapacityMissing


def _arguments(operation: Operation, values: tuple[str, ...], request: HttpRequest) -> dict[str, Any]:
    names = re.findall(r"\{(\w+)\}", operation.path)
    named = dict(zip(names, values, strict=True)) | _from_query(operation, request.GET)
    arguments: dict[str, Any] = {}
    for name, text in named.items():
        kind = operation.path_types.get(name, str)
        if kind is uuid.UUID:
            try:
                arguments[name] = uuid.UUID(text)
            except ValueError as error:
                raise NotVisible from error
        elif not is_storable(text):
            raise NotVisible
        else:
            arguments[name] = text
    if operation.query is not None:
        arguments["query"] = _query(operation, request.GET)
    if operation.body is not None:
        arguments["body"] = _body(operation, request)
    return arguments


def _bare(name: str) -> str:
    return name.replace("_", "").replace("$", "").lower()


def _from_query(operation: Operation, given: QueryDict) -> dict[str, str]:
    """What this address names after the question mark instead of in the path."""
    told = {_bare(name): values[-1] for name, values in given.lists()} if operation.from_query else {}
    missing = [name for name, _parameter in operation.from_query if not told.get(_bare(name))]
    if missing:
        raise _lacking(missing)
    return {parameter: told[_bare(name)] for name, parameter in operation.from_query}


def _query(operation: Operation, given: QueryDict) -> object:
    """Names in any case, with or without underscores: clients write seekOperation, seekoperation, seek_operation."""
    fields = {_bare(field.encode_name): field for field in msgspec.structs.fields(operation.query)}
    found = {
        fields[bare].encode_name: values if _is_repeated(fields[bare].type) else values[-1]
        for name, values in given.lists()
        if (bare := _bare(name)) in fields and values[-1] != ""
    }
    return convert(found, operation.query)


def _is_repeated(kind: Any) -> bool:  # noqa: ANN401  (a type)
    """Whether the query name may stand several times, each with one value."""
    return any(get_origin(part) is list for part in (kind, *get_args(kind)))


def _body(operation: Operation, request: HttpRequest) -> object:
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY:
        raise WireError(
            413, INVALID_INPUT, _("The body is larger than %(most)s bytes.") % {"most": LARGEST_BODY}
        )
    if operation.body is bytes:
        return request.body
    body = read_body(request.body, operation.body)
    missing = missing_properties(operation, body)
    if missing:
        raise _lacking(missing)
    return body


def _lacking(names: list[str]) -> WireError:
    return WireError(
        400,
        INVALID_INPUT,
        _("These properties are missing: %(names)s.") % {"names": ", ".join(names)},
        *names,
    )


def _once(operation: Operation, call: Call, arguments: dict[str, Any], request: HttpRequest) -> HttpResponse:
    """The act and what it was answered, in one transaction; the same request again gets the first answer (G-32)."""
    asked = Asked(
        tenant_id=call.actor.tenant_id,
        application_id=call.application_id,
        method=request.method or "",
        path=request.get_full_path(),
        request_id=call.request_id,
        body=request.body,
    )
    with transaction.atomic():
        if claim(asked):
            response = _response(operation, operation.handler(call, **arguments))
            told = {name: value for name, value in response.headers.items() if name in KEPT_HEADERS}
            keep(asked, Kept(response.status_code, told, response.content))
            return response
    kept = first_answer(asked)
    return HttpResponse(kept.body, status=kept.status, headers=kept.headers)


KEPT_HEADERS = frozenset({"Content-Type", "Location", "ETag", "Retry-After", "Content-Disposition"})


def _response(operation: Operation, outcome: object) -> HttpResponse:
    status, headers, body = operation.status, {}, outcome
    if isinstance(outcome, Answer):
        status, headers, body = outcome.status, dict(outcome.headers), outcome.body
    if isinstance(body, File):
        headers["Content-Type"] = body.content_type
        if body.name:
            headers["Content-Disposition"] = f'attachment; filename="{body.name}"'
        return HttpResponse(body.content, status=status, headers=headers)
    if body is None:
        return HttpResponse(b"", status=status, headers=headers)
    etag = getattr(getattr(body, "attributes", None), "etag", None)
    if etag is not None:
        headers["ETag"] = f'"{etag}"'
    content = encode(body)
    if settings.API_BYTE_ORDER_MARK:
        content = BOM + content
    return HttpResponse(content, status=status, headers={"Content-Type": JSON, **headers})


def _refusal(error: WireError) -> HttpResponse:
    body = {
        "code": error.code,
        "description": error.description,
        "data": [str(item) for item in error.data],
        "source": SOURCE,
    }
    if error.status == 429:
        body = {"statusCode": 429, "message": error.description}
    content = json.dumps(body, ensure_ascii=False).encode()
    return HttpResponse(content, status=error.status, headers={"Content-Type": JSON, **error.headers})
