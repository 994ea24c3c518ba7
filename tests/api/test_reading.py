"""Requests are read with mercy, answers are written to the letter (conventions.md sections 4 to 7)."""

import datetime as dt
import enum

import msgspec
import pytest

from toiya.api.errors import WireError
from toiya.api.filters import Condition, conditions, ordered
from toiya.api.routing import Routes
from toiya.api.wire import Wire, encode, read_body, utc


class Colour(enum.Enum):
    """An enum of the wire."""

    NONE = "none"
    ONE_TIME = "one_time"
    ODD_ONE = "o_o_b_e"


class Part(Wire):
    """Something inside."""

    amount: int | None = None
    colour: Colour | None = None


class Thing(Wire):
    """Something with everything in it."""

    friendly_name: str | None = None
    parts: list[Part] | None = None
    by_name: dict[str, str] | None = None
    is_open: bool | None = None
    at: dt.datetime | None = None
    colour: Colour | None = None


@pytest.mark.parametrize(
    "body",
    [
        b'{"friendlyName":"a","parts":[{"amount":1,"colour":"one_time"}]}',
        b'{"FriendlyName":"a","Parts":[{"Amount":1,"Colour":"OneTime"}],"ByName":null,"At":null}',
        b'{"FRIENDLYNAME":"a","parts":[{"AMOUNT":"1","colour":1,"unknown":[1,2]}],"unknown":{"x":1}}',
        b'\xef\xbb\xbf{"friendlyName":"a","parts":[{"amount":1,"colour":"1"}],"at":"0001-01-01T00:00:00"}',
    ],
)
def test_names_nulls_and_enums_in_every_spelling(body: bytes) -> None:
    """Any case, null means not given, snake_case, PascalCase and the position of an enum are one.

    Plant: names compared as written, and the second and third body have no name.
    """
    assert read_body(body, Thing) == Thing(friendly_name="a", parts=[Part(amount=1, colour=Colour.ONE_TIME)])


class Plan(Wire):
    """Something whose part can be taken away."""

    part: Part | msgspec.UnsetType | None = msgspec.UNSET


@pytest.mark.parametrize(
    ("body", "part"),
    [(b"{}", msgspec.UNSET), (b'{"Part":null}', None), (b'{"part":{"amount":1}}', Part(amount=1))],
)
def test_what_null_takes_away(body: bytes, part: object) -> None:
    """A property that is UNSET by default tells null from nothing; the answer leaves out what is UNSET.

    Plant: without ``tells_null`` null is nothing there, too.
    """
    assert read_body(body, Plan).part == part
    assert encode(Plan()) == b"{}"


def test_odd_snake_forms() -> None:
    """``o_o_b_e`` is OOBE as well."""
    assert read_body(b'{"colour":"OOBE"}', Thing).colour is Colour.ODD_ONE


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01T09:00:00Z",
        "2026-04-01T18:00:00+09:00",
        "2026-04-01T09:00:00",
        "2026-04-01T09:00:00.0000000Z",
    ],
)
def test_dates_with_and_without_a_zone(text: str) -> None:
    """Up to seven fraction digits, Z, an offset, or nothing, which means UTC."""
    at = read_body(f'{{"at":"{text}"}}'.encode(), Thing).at
    assert utc(at) == dt.datetime(2026, 4, 1, 9, tzinfo=dt.UTC)
    day = read_body(b'{"at":"2026-04-01"}', Thing).at
    assert utc(day) == dt.datetime(2026, 4, 1, tzinfo=dt.UTC)


def test_answers_leave_out_what_is_not_there() -> None:
    """camelCase, no nulls, but false and 0 are told."""
    assert encode(Thing(friendly_name="a", is_open=False, parts=[Part(amount=0)])) == (
        b'{"friendlyName":"a","parts":[{"amount":0}],"isOpen":false}'
    )


@pytest.mark.parametrize(
    ("body", "property_"),
    [
        (b'{"parts":[{"amount":"many"}]}', "parts[0].amount"),
        (b'{"parts":{"amount":1}}', "parts"),
        (b'{"colour":"green"}', "colour"),
        (b'{"at":"yesterday"}', "at"),
        (b'{"friendlyName":"a\\u0000"}', None),
        (b'{"byName":{"a":"\\u0000"}}', None),
        (b"[]", "$"),
        (b'"success"', "$"),
        (b"{", None),
        (b"\xff\xfe", None),
        (b"[" * 100_000, None),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, property_: str | None) -> None:
    """400 with 800002, and the property in ``data``."""
    with pytest.raises(WireError) as told:
        read_body(body, Thing)
    assert (told.value.status, told.value.code) == (400, 800002)
    assert told.value.data == ((property_,) if property_ else ())


FIELDS = {"CompanyName": ("starts_with",), "InvoiceDate": ("greater_than_or_equals", "less_than")}


def test_filters_in_every_spelling() -> None:
    """Simple and compound; Java writes PascalCase operators and a FieldType."""
    assert conditions('{"Field":"CompanyName","Value":"日","Operator":"starts_with"}', FIELDS) == [
        Condition("CompanyName", "starts_with", "日")
    ]
    compound = (
        '{"LeftFilter":{"field":"invoicedate","value":"2026-01-01","operator":"GreaterThanOrEquals","FieldType":"x"},'
        '"RightFilter":{"Field":"InvoiceDate","Value":"2026-02-01","Operator":"less_than"},"Operator":"And"}'
    )
    assert conditions(compound, FIELDS) == [
        Condition("InvoiceDate", "greater_than_or_equals", "2026-01-01"),
        Condition("InvoiceDate", "less_than", "2026-02-01"),
    ]
    assert conditions("", FIELDS) == []


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "[" * 100_000,
        '{"Field":"Colour","Value":"x","Operator":"equals"}',
        '{"Field":"CompanyName","Value":"x","Operator":"equals"}',
        '{"Field":"CompanyName","Value":null,"Operator":"starts_with"}',
        '{"Field":"CompanyName","Value":"\\u0000","Operator":"starts_with"}',
        '{"Field":"CompanyName","Value":"\\ud800","Operator":"starts_with"}',
        '{"LeftFilter":{},"RightFilter":{},"Operator":"or"}',
        '{"LeftFilter":' * 12 + "{}" + ',"RightFilter":{},"Operator":"and"}' * 12,
    ],
)
def test_filters_that_the_list_does_not_know(text: str) -> None:
    """400 with 800002, never an error of the server."""
    with pytest.raises(WireError) as told:
        conditions(text, FIELDS)
    assert (told.value.status, told.value.code) == (400, 800002)


def test_sorting() -> None:
    """A known field, either way; the first one where nothing was said."""
    assert ordered(None, None, ("DisplayName", "Id")) == ("DisplayName", False)
    assert ordered("id", "Descending", ("DisplayName", "Id")) == ("Id", True)
    for field, way in (("Colour", None), (None, "Sideways")):
        with pytest.raises(WireError):
            ordered(field, way, ("DisplayName", "Id"))


class Row:
    """An entry of the table."""

    def __init__(self, method: str, path: str) -> None:
        self.method, self.path = method, path


def test_addresses_find_their_operation() -> None:
    """Literal segments win over parameters; a segment may hold parameters itself."""
    sheet = "/v1.0/sales/pricesheets(Market='{market}',PricesheetView='{view}')/$value"
    rows = [
        Row("GET", "/v1/customers/{customer_id}"),
        Row("GET", "/v1/customers/relationshiprequests"),
        Row("GET", "/v1/customers/{customer_id}/users/{user_id}"),
        Row("GET", "/v1/customers/usagerecords"),
        Row("GET", sheet),
    ]
    routes = Routes(rows)

    def found(path: str) -> tuple[str, tuple[str, ...]] | None:
        named = routes.find(path)
        return (named[0]["GET"].path, named[1]) if named else None

    assert found("/v1/customers/RelationshipRequests") == ("/v1/customers/relationshiprequests", ())
    assert found("/V1//customers/ABC/") == ("/v1/customers/{customer_id}", ("ABC",))
    assert found("/ja-JP/v1/customers/a/Users/b") == (
        "/v1/customers/{customer_id}/users/{user_id}",
        ("a", "b"),
    )
    assert found("/v1.0/sales/pricesheets(market='JP',pricesheetview='licensebased')/$value") == (
        sheet,
        ("JP", "licensebased"),
    )
    assert found("/v1/customers/a/b/c/d") is None
    assert found("/v1") is None
