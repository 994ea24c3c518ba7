"""Resources as the wire has them: names in camelCase, nothing for null, and requests read with mercy.

Requests may write names in any case and with explicit nulls (null means "not given"; where a property is ``UNSET`` by
default it means "take it away"), enums as snake_case, PascalCase or number, dates with or without a zone
(conventions.md section 4).
"""

import datetime as dt
import enum
import functools
import re
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from django.utils.translation import gettext as _
from msgspec import inspect

from toiya.api.errors import WireError
from toiya.core.text import is_storable

T = TypeVar("T")
UNSET_DATE = "0001-01-01"
FINER = re.compile(r"(\.\d{6})\d+")
Reading = Callable[[Any], Any]


class Wire(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Anything that is written as a JSON object. What is None is left out."""


class Attributes(msgspec.Struct, rename="camel", omit_defaults=True, kw_only=True, frozen=True):
    """What kind of resource this is, and its version for the next update (``etag``, opaque)."""

    etag: str | None = None
    object_type: str | None = None


class Header(Wire):
    """A header that belongs to a link."""

    key: str
    value: str


class Link(Wire):
    """An address relative to the version: ``/customers/{id}``, never an absolute one (conventions.md section 5)."""

    uri: str
    # Factories: what is a plain default is left out, and these two are always told.
    method: str = msgspec.field(default_factory=lambda: "GET")
    headers: list[Header] = msgspec.field(default_factory=lambda: NO_HEADERS)


NO_HEADERS: list[Header] = []


class Links(Wire):
    """The way to the resource itself, and from page to page. No ``next``: this is the last page."""

    self: Link | None = None
    next: Link | None = None
    previous: Link | None = None


class Resource(Wire):
    """A resource with its attributes and links."""

    links: Links | None = None
    attributes: Attributes | None = None


COLLECTION = Attributes(object_type="Collection")


class Collection(Wire, Generic[T]):
    """Some resources. ``totalCount`` counts the items of this page, not of the whole list."""

    total_count: int
    items: list[T]
    links: Links | None = None
    attributes: Attributes = msgspec.field(default_factory=lambda: COLLECTION)


class SeekCollection(Wire, Generic[T]):
    """A page of a long list; ``continuationToken`` goes back in the header MS-ContinuationToken for the next one."""

    total_count: int
    items: list[T]
    continuation_token: str | None = None
    links: Links | None = None
    attributes: Attributes = msgspec.field(default_factory=lambda: COLLECTION)


def collection(items: list[T], *, at: str = "") -> Collection[T]:
    """All items of a short list; ``at`` is the list's own address."""
    return Collection(total_count=len(items), items=items, links=Links(self=Link(uri=at)) if at else None)


def attributes_of(kind: str, version: object = None) -> Attributes:
    """The attributes of a resource of this kind; with its version where it can be updated."""
    return Attributes(object_type=kind, etag=None if version is None else str(version))


# Exact decimals are written as JSON numbers, digit by digit; no float is involved.
encode = msgspec.json.Encoder(enc_hook=str, decimal_format="number").encode


# ---------------------------------------------------------------- reading
def read_body(raw: bytes, into: Any) -> Any:  # noqa: ANN401  (a type, and a value of it)
    """The request's body as a resource. Raises WireError (800002) naming the property and the value."""
    try:
        given = msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf") or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise WireError(400, 800002, _("The body is not JSON: %(error)s.") % {"error": error}) from error
    if given is None:
        given = {}
    return convert(given, into)


def convert(given: object, into: Any) -> Any:  # noqa: ANN401  (a type, and a value of it)
    """What was given as the type, read with mercy. Raises WireError (800002)."""
    try:
        return msgspec.convert(_reading_of(into)(given), into, strict=False)
    except msgspec.ValidationError as error:
        raise _wrong_value(str(error)) from error
    except (OverflowError, RecursionError) as error:
        raise WireError(400, 800002, _("A value is out of range: %(error)s.") % {"error": error}) from error


def _wrong_value(told: str) -> WireError:
    """``Expected `int`, got `str` - at `$.lineItems[0].quantity```, in the reader's language and with the property."""
    problem, _at, place = told.partition(" - at ")
    name = place.strip("`").removeprefix("$.") or "$"
    sentence = _("The property %(name)s cannot be read: %(problem)s.") % {"name": name, "problem": problem}
    return WireError(400, 800002, sentence, name)


@functools.cache
def _reading_of(into: object) -> Reading:
    return _reading(inspect.type_info(into), {})


def _reading(kind: inspect.Type, seen: dict[type, Reading]) -> Reading:
    """How a value of this type is brought into its canonical spelling before it is checked."""
    if isinstance(kind, inspect.StructType):
        return _of_struct(kind, seen)
    if isinstance(kind, inspect.UnionType):
        readings = [_reading(part, seen) for part in kind.types if not isinstance(part, inspect.NoneType)]
        return readings[0] if len(readings) == 1 else _same
    if isinstance(kind, inspect.ListType):
        each = _reading(kind.item_type, seen)
        return lambda value: [each(item) for item in value] if isinstance(value, list) else value
    if isinstance(kind, inspect.DictType):
        of_value = _reading(kind.value_type, seen)
        return lambda value: (
            {key: of_value(item) for key, item in value.items() if item is not None}
            if isinstance(value, dict)
            else value
        )
    # The business's own enums have a metaclass of their own and count as "custom".
    if isinstance(kind, inspect.EnumType | inspect.CustomType) and issubclass(kind.cls, enum.Enum):
        return functools.partial(_enum_value, kind.cls)
    return next((way for kinds, way in WAYS.items() if isinstance(kind, kinds)), _same)


def _same(value: object) -> object:
    return value


def _text(value: object) -> object:
    """What no database keeps is refused here, once for all properties."""
    if isinstance(value, str) and not is_storable(value):
        raise WireError(400, 800002, _("A text contains a sign that cannot be kept (NUL or half a pair)."))
    return value


def _instant(value: object) -> object:
    """Unset is year 1; a seventh fraction digit is cut off, for rounded it may be the next day; no zone means UTC, no
    time midnight.
    """
    if not isinstance(value, str):
        return value
    if value.startswith(UNSET_DATE):
        return None
    return f"{value}T00:00:00" if len(value) == len(UNSET_DATE) else FINER.sub(r"\1", value)


WAYS: Mapping[type, Reading] = {inspect.StrType: _text, inspect.DateTimeType: _instant}


def _of_struct(kind: inspect.StructType, seen: dict[type, Reading]) -> Reading:
    cls = kind.cls
    if cls in seen:
        return seen[cls]
    fields: dict[str, _Known] = {}
    seen[cls] = functools.partial(_object, fields)
    for field in kind.fields:
        tells_null = not field.required and field.default is field.default_factory is msgspec.NODEFAULT
        fields[field.encode_name.lower()] = _Known(
            field.encode_name, _reading(field.type, seen), tells_null=tells_null
        )
    return seen[cls]


class _Known(NamedTuple):
    """A property of a struct. ``tells_null``: its default is UNSET, so that null means "take it away"."""

    name: str
    read: Reading
    tells_null: bool


def _object(fields: Mapping[str, _Known], value: object) -> object:
    if not isinstance(value, dict):
        return value
    found: dict[str, object] = {}
    for name, given in value.items():
        known = fields.get(str(name).lower())
        if known is not None:
            read = None if given is None else known.read(given)
            if read is not None or known.tells_null:
                found[known.name] = read
    return found


def _enum_value(cls: type[enum.Enum], value: object) -> object:
    """snake_case, PascalCase and the number of the value mean the same."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and not issubclass(cls, int):
        return _numbered(cls).get(value, value)
    return _spellings(cls).get(_bare(value), value) if isinstance(value, str) else value


@functools.cache
def _spellings(cls: type[enum.Enum]) -> dict[str, object]:
    return {_bare(str(member.value)): member.value for member in cls} | {
        str(number): value for number, value in _numbered(cls).items()
    }


@functools.cache
def _numbered(cls: type[enum.Enum]) -> dict[int, object]:
    """The numbers of the values: their positions, unless the enum says otherwise (``NUMBERS``)."""
    members = list(cls)
    return {
        number: member.value
        for number, member in zip(getattr(cls, "NUMBERS", range(len(members))), members, strict=True)
    }


def _bare(text: str) -> str:
    return text.replace("_", "").replace(" ", "").lower()


def utc(instant: dt.datetime, name: str = "") -> dt.datetime:
    """The instant in UTC; one without a zone was meant as UTC. Raises WireError (800002), naming the property, beyond
    the years there are.
    """
    if instant.tzinfo is None:
        return instant.replace(tzinfo=dt.UTC)
    try:
        return instant.astimezone(dt.UTC)
    except OverflowError as error:
        text = _("A value is out of range: %(error)s.") % {"error": instant.isoformat()}
        raise WireError(400, 800002, text, *filter(None, [name])) from error
