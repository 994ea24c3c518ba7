"""The table of operations: what the API answers, who may call it, with which kind of token, and in which words.

The dispatcher, the OpenAPI document, the access matrix and docs/api-coverage.md all read this table.
"""

import enum
import inspect
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from django.utils.translation import gettext as _

from toiya.api.errors import WireError
from toiya.api.wire import Wire
from toiya.core.actor import Actor
from toiya.core.permissions import Capacity, Permission

T = TypeVar("T")
LONGEST_VERSION = 18


class Token(enum.Enum):
    """In whose name a token speaks (conventions.md 2.4)."""

    APP = "app"
    APP_USER = "app_user"


EITHER = frozenset({Token.APP, Token.APP_USER})
APP_USER_ONLY = frozenset({Token.APP_USER})


@dataclass(frozen=True, slots=True)
class Call:
    """One request, let in: who acts, in which language they read, and the headers that operations look at."""

    actor: Actor
    application_id: uuid.UUID
    is_app_only: bool
    request_id: str
    headers: Mapping[str, str]
    base: str

    @property
    def continuation(self) -> str:
        """The place in a long list that the last page named."""
        return self.headers.get("MS-ContinuationToken", "")

    def etag(self, body: Any = None) -> str | None:  # noqa: ANN401  (any resource)
        """The version that the client has read: from If-Match, else from the body; None: it did not say."""
        given = self.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if given and given != "*":
            return given
        attributes = getattr(body, "attributes", None)
        return getattr(attributes, "etag", None) or None

    def version(self, body: Any = None, *, current: int) -> int:  # noqa: ANN401  (any resource)
        """The version that the client has read as the business counts it; ``current`` where it did not say.

        Raises WireError (2055): an etag that this server never gave out is stale.
        """
        etag = self.etag(body)
        if etag is None:
            return current
        if not etag.isdecimal() or len(etag) > LONGEST_VERSION:
            raise WireError(
                400,
                2055,
                _("The etag is “%(found)s”; it must be the one that was read.") % {"found": etag},
                etag,
            )
        return int(etag)


@dataclass(frozen=True, slots=True)
class Answer(Generic[T]):
    """An answer that says more than its body: another status, or headers such as Location."""

    body: T
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    """Bytes to be kept as a file."""

    content: bytes
    content_type: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One row of the table."""

    id: str
    method: str
    path: str
    from_query: tuple[tuple[str, str], ...]
    handler: Callable[..., Any]
    needs: tuple[Permission, ...]
    capacity: Capacity | None
    tokens: frozenset[Token]
    status: int
    required: tuple[str, ...]
    errors: tuple[int, ...]
    replays: bool
    example: Mapping[str, object] | None
    path_types: dict[str, type]
    query: Any
    body: Any
    answer: Any

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return inspect.getdoc(self.handler).split("\n")[0]  # type: ignore[union-attr]

    @property
    def address(self) -> str:
        """The path, and what the query names instead of the path."""
        asked = "&".join(f"{name}={{{parameter}}}" for name, parameter in self.from_query)
        return f"{self.path}?{asked}" if asked else self.path

    @property
    def is_extension(self) -> bool:
        """Whether it is Toiya's own word, not one of the existing language."""
        return self.path.startswith(EXTENSIONS)


@dataclass(frozen=True, slots=True)
class Unbuilt:
    """An operation of the existing language that answers 501, and why."""

    id: str
    method: str
    path: str
    reason: str


EXTENSIONS = "/v1/toiya/"
OPERATIONS: dict[str, Operation] = {}
UNBUILT: dict[str, Unbuilt] = {}


def operation(
    id: str,
    method: str,
    path: str,
    *,
    needs: Permission | tuple[Permission, ...] = (),
    capacity: Capacity | None = None,
    tokens: frozenset[Token] = EITHER,
    status: int = 200,
    required: tuple[str, ...] = (),
    errors: tuple[int, ...] = (),
    replays: bool | None = None,
    example: Mapping[str, object] | None = None,
    also: Mapping[str, str] | None = None,
) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Enter the function into the table.

    Its parameters say what it reads: ``call``, the names in braces of the path (``uuid.UUID`` or ``str``), ``query``
    (a Wire struct: names match in any case) and ``body`` (a Wire struct or a list of them). What it returns is the
    answer's type: a struct, a list, None (no body), File, or Answer of one of these. ``needs``: the permissions that
    the table of core/permissions.py must give; which rows somebody sees is decided by the use case. ``required``:
    properties that the body must have, dotted. ``replays``: the same MS-RequestId answers again what it answered
    first (G-32); by default whatever changes something. ``also``: other addresses by which clients ask for the same,
    each a row of its own: id and address, in which the query may name what the path does not:
    ``/v1/roles?role_id={role_id}``.
    """

    def enter(handler: Callable[..., T]) -> Callable[..., T]:
        hints = get_type_hints(handler)
        answer = hints.pop("return", None)
        if get_origin(answer) is Answer:
            answer = get_args(answer)[0]
        for name, address in {id: path, **(also or {})}.items():
            if name in OPERATIONS and OPERATIONS[name].handler is not handler:
                raise ValueError(f"two operations are called {name}")
            bare, _mark, asked = address.partition("?")
            OPERATIONS[name] = Operation(
                id=name,
                method=method,
                path=bare,
                from_query=tuple(re.findall(r"(\w+)=\{(\w+)\}", asked)),
                handler=handler,
                needs=needs if isinstance(needs, tuple) else (needs,),
                capacity=capacity,
                tokens=tokens,
                status=status,
                required=required,
                errors=errors,
                replays=method not in {"GET", "HEAD"} if replays is None else replays,
                example=example,
                path_types={each: hints[each] for each in hints if f"{{{each}}}" in address},
                query=hints.get("query"),
                body=hints.get("body"),
                answer=answer,
            )
        return handler

    return enter


def unbuilt(reason: str, *operations: tuple[str, str, str]) -> None:
    """Enter operations that answer 501 for this reason: (id, method, path)."""
    for name, method, path in operations:
        UNBUILT[name] = Unbuilt(name, method, path, reason)


def missing_properties(operation: Operation, body: object) -> list[str]:
    """Which of the properties that the operation requires the body does not have."""
    return [name for name in operation.required if _lacks(body, name.split("."))]


def _lacks(body: object, path: list[str]) -> bool:
    if isinstance(body, list):
        return any(_lacks(item, path) for item in body)
    if not path:
        return body is None or body == ""
    if not isinstance(body, msgspec.Struct):
        return True
    names = {field.encode_name: field.name for field in msgspec.structs.fields(body)}
    return _lacks(getattr(body, names[path[0]]), path[1:])


class SeekQuery(Wire):
    """A page of a long list: ``size`` rows (0: the usual number); ``seekOperation`` Next and Previous with the header
    MS-ContinuationToken of the page beside, First, or Last.
    """

    size: int | None = None
    seek_operation: str | None = None


class OffsetQuery(Wire):
    """A page of a list that is counted from its beginning."""

    size: int | None = None
    offset: int | None = None


def as_id(text: str) -> uuid.UUID | None:
    """The text as an id; None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
