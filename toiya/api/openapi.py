"""The OpenAPI 3.1 document, made from the table of operations: served, and committed as docs/openapi.json."""

import enum
import functools
import http
import inspect
import json
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from toiya.api import resources  # noqa: F401  (fills the table)
from toiya.api.operations import OPERATIONS, UNBUILT, File, Operation, Unbuilt
from toiya.core.permissions import RULES

REFUSALS = {
    400: "The request is wrong: the number says how, `data` names the property or the value.",
    401: "No token, or one that is not valid here.",
    403: "No role of the caller allows it, or something that it needs is missing: the description names it.",
    404: "There is no such thing for this caller.",
    405: "The address does not take this method.",
    409: "It contradicts what is there.",
    412: "Somebody changed it meanwhile.",
    413: "The body is too large.",
    422: "The MS-RequestId was used for another request.",
    429: "Too many calls; wait for the seconds of Retry-After.",
    501: "Not built; the description says why.",
}
COMMON = (400, 401, 403, 404, 409, 422, 429)
REQUEST_HEADERS = {
    "MS-RequestId": "A GUID for this request. Sent again, it gets the first answer and changes nothing.",
    "MS-CorrelationId": "A GUID that follows the work through several requests.",
    "X-Locale": "The language of descriptions and texts: `en-US` or `ja-JP`.",
}


class Error(msgspec.Struct):
    """A refusal."""

    code: int
    description: str
    data: list[str]
    source: str


class Throttled(msgspec.Struct, rename="camel"):
    """A refusal for the number of calls."""

    status_code: int
    message: str


REFERENCE = "#/components/schemas/{name}"


def _schema_of_enum(kind: type) -> dict[str, Any]:
    """The business's own enums, which msgspec does not know as such."""
    if not issubclass(kind, enum.Enum):
        raise NotImplementedError(kind)
    return {"type": "string", "enum": [member.value for member in kind]}


@functools.cache
def document() -> dict[str, Any]:
    """The whole document."""
    operations = sorted(OPERATIONS.values(), key=lambda row: (row.path, row.method))
    kinds = [kind for row in operations for kind in (row.answer, row.body, row.query) if _has_schema(kind)]
    _out, components = msgspec.json.schema_components(
        [*kinds, Error, Throttled], ref_template=REFERENCE, schema_hook=_schema_of_enum
    )
    paths: dict[str, dict[str, Any]] = {}
    for row in operations:
        paths.setdefault(_path(row.path), {})[row.method.lower()] = _operation(row)
    for absent in sorted(UNBUILT.values(), key=lambda row: (row.path, row.method)):
        paths.setdefault(_path(absent.path), {})[absent.method.lower()] = _absent(absent)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Toiya REST API",
            "version": "1",
            "description": "The wire language of existing partner clients, and Toiya's extensions under /v1/toiya/.",
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _plain(components),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


@functools.cache
def as_text() -> str:
    """The document as it is committed and served."""
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _has_schema(kind: object) -> bool:
    return kind not in {None, type(None), File, bytes}


def _path(path: str) -> str:
    return path


def _operation(row: Operation) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": row.id,
        "tags": [row.id.split(".")[0]],
        "summary": row.summary,
        "description": _description(row),
        "parameters": list(_parameters(row)),
        "responses": _responses(row),
    }
    if row.body is bytes:
        described["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif row.body is not None:
        content: dict[str, Any] = {"schema": _schema(row.body)}
        if row.example is not None:
            content["example"] = row.example
        described["requestBody"] = {"required": bool(row.required), "content": {"application/json": content}}
    return described


def _description(row: Operation) -> str:
    """Its docstring, who may call it, and the numbers of its own refusals."""
    roles = [sorted(role.value for role in RULES[permission].roles) for permission in row.needs]
    lines = [inspect.getdoc(row.handler) or ""]
    lines += [f"Roles: one of {', '.join(names)}." for names in roles]
    lines.append(f"Token: {' or '.join(sorted(kind.value for kind in row.tokens))}.")
    if row.required:
        lines.append(f"Required: {', '.join(row.required)}.")
    if row.errors:
        lines.append(f"Numbers of its own: {', '.join(map(str, row.errors))}.")
    return "\n\n".join(lines)


def _parameters(row: Operation) -> Iterable[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", row.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
    for name, _parameter in row.from_query:
        yield {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
    if row.query is not None:
        for field in msgspec.structs.fields(row.query):
            yield {
                "name": field.encode_name,
                "in": "query",
                "required": False,
                "schema": _schema(field.type),
            }
    names = (
        REQUEST_HEADERS if row.replays else {k: v for k, v in REQUEST_HEADERS.items() if k != "MS-RequestId"}
    )
    for name, meaning in names.items():
        yield {
            "name": name,
            "in": "header",
            "required": False,
            "description": meaning,
            "schema": {"type": "string"},
        }


def _responses(row: Operation) -> dict[str, Any]:
    """The success, and every refusal that may come."""
    success: dict[str, Any] = {"description": http.HTTPStatus(row.status).phrase}
    if row.answer is File:
        success["content"] = {"application/octet-stream": {}}
    elif _has_schema(row.answer):
        success["content"] = {"application/json": {"schema": _schema(row.answer)}}
    told = {str(row.status): success}
    for status in COMMON:
        told[str(status)] = _refusal(status)
    return told


def _absent(row: Unbuilt) -> dict[str, Any]:
    return {
        "operationId": row.id,
        "tags": [row.id.split(".")[0]],
        "summary": "Not built",
        "description": row.reason,
        "parameters": [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in re.findall(r"\{(\w+)\}", row.path)
        ],
        "responses": {str(status): _refusal(status) for status in (401, 429, 501)},
    }


def _refusal(status: int) -> dict[str, Any]:
    kind = Throttled if status == http.HTTPStatus.TOO_MANY_REQUESTS else Error
    return {"description": REFUSALS[status], "content": {"application/json": {"schema": _schema(kind)}}}


def _schema(kind: Any) -> dict[str, Any]:  # noqa: ANN401  (a type)
    (schema,), _components = msgspec.json.schema_components(
        [kind], ref_template=REFERENCE, schema_hook=_schema_of_enum
    )
    plain: dict[str, Any] = _plain(schema)
    return plain


def _plain(schema: Any) -> Any:  # noqa: ANN401  (JSON)
    """Without the word that a property may be null: answers leave it out, and in requests null is "not given"."""
    if isinstance(schema, list):
        return [_plain(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "anyOf" in schema:
        kinds = [kind for kind in schema["anyOf"] if kind != {"type": "null"}]
        if {"type": "string", "format": "decimal"} in kinds:
            kinds = [{"type": "number"}]
        if len(kinds) == 1:
            return _plain({**{k: v for k, v in schema.items() if k not in {"anyOf", "default"}}, **kinds[0]})
    return {name: _plain(part) for name, part in schema.items()}
