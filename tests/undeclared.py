"""Every writing request of every story over the API, sent again with what it does not declare (G-06, T-36).

The stories know bodies that succeed, which no generated one would; so each is first sent as it is and undone, then
with every field of every model that it wrote, in both spellings, in the body, in each object of the body and in the
address, and undone again. Time and randomness are the same both times: the rows must be equal to the last digit, no
other table may be written, and the answer must be the same. After that the story goes on with its own request.
Planted fault that this finds: properties that the API does not know, assigned to the rows that are saved
(``test_mass_assignment.py`` plants it).
"""

import contextlib
import datetime as dt
import os
import random
import re
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, TypeAlias, cast
from urllib.parse import urlencode

import msgspec
import pytest
from django.apps import apps
from django.db import connection, models, transaction

from tests.api.speaking import Api, Told
from tests.declared import IS_ASKED, TAKEN, with_one_more
from toiya.api import resources  # noqa: F401  (fills the table)
from toiya.api.operations import OPERATIONS, Operation
from toiya.api.routing import Routes
from toiya.core import clock

Rows: TypeAlias = Counter[tuple[tuple[str, str], ...]]
WRITE = re.compile(r'\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+"?(\w+)', re.IGNORECASE)
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
NOBODY = uuid.UUID("66666666-6666-4666-8666-666666666666")
FAR = dt.datetime(2099, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
# The hash of the body that was sent, with an answer sealed at the time of the machine; calls, which are told once in
# a while; keys that OpenSSL makes.
NEVER_THE_SAME = frozenset(
    {"requests_replay", "requests_limitcounter", "tokens_signingkey", "webhooks_signingcertificate"}
)
# Names that others have been caught with, whether or not a model has them.
KNOWN_BAIT: Mapping[str, object] = {
    "id": str(NOBODY),
    "pk": str(NOBODY),
    "tenantId": str(NOBODY),
    "owner": str(NOBODY),
    "ownerId": str(NOBODY),
    "role": "global_admin",
    "roles": ["global_admin", "admin_agent"],
    "permissions": ["people_manage"],
    "isVetted": True,
    "isAdmin": True,
    "price": 0,
    "unitPrice": 0,
    "status": "active",
    "state": "approved",
    "expiresAt": FAR.isoformat(),
    "createdAt": FAR.isoformat(),
    "approvedAt": FAR.isoformat(),
    "version": 4711,
    "_state": {"adding": True},
}
# Operations whose requests cannot be walked, and why.
EXCEPTIONS: dict[str, str] = {}

WALKED: Counter[str] = Counter()  # requests of each operation that were sent with undeclared properties
SENT: Counter[str] = Counter()  # the undeclared properties themselves
TRIED: Counter[str] = (
    Counter()
)  # declared properties of each operation, where they are asked for (declared.py)


def writing() -> list[str]:
    """The operations that are no reading."""
    return [row.id for row in OPERATIONS.values() if row.method not in SAFE]


def unwalked() -> list[str]:
    """Writing operations of which no story has sent a request that succeeds."""
    return sorted(set(writing()) - set(WALKED) - set(EXCEPTIONS))


def told_of_walks() -> str:
    """The figures."""
    return (
        f"undeclared properties (G-06): {WALKED.total():,} requests of {len(WALKED)} of {len(writing())} writing "
        f"operations, {SENT.total():,} properties of {len(SENT)} names"
        + (f"; {TRIED.total():,} declared ones of {len(TRIED)} operations" if TRIED else "")
    )


# ---------------------------------------------------------------- what is sent
def camel(name: str) -> str:
    """As the wire spells it."""
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def bait_of(field: "models.Field[Any, Any]", taken: set[object]) -> object:
    """A value that the field could keep, and that it does not have anyway."""
    kind = field.get_internal_type()
    if field.remote_field is not None:
        related = field.remote_field.model
        rows = list(related._base_manager.values_list("pk", flat=True)[:5])
        return next((str(pk) for pk in rows if str(pk) not in taken), str(NOBODY))
    if kind == "BooleanField":
        return taken != {"True"}
    if field.choices:
        return next((value for value, _label in field.flatchoices if str(value) not in taken), "other")
    if "Integer" in kind or "AutoField" in kind:
        return 4711
    return {
        "UUIDField": str(NOBODY),
        "DateTimeField": FAR.isoformat(),
        "DateField": FAR.date().isoformat(),
        "JSONField": {"bait": "mallory"},
    }.get(kind, "mallory")


def bait(written: Mapping[str, Rows]) -> dict[str, object]:
    """Every field of the models that were written, as ``snake_case`` and as ``camelCase``; the business's own first."""
    found: dict[str, object] = {}
    tables = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    for table in sorted(written, key=lambda name: (name.startswith(("audit_", "mail_", "webhooks_")), name)):
        fields = tables[table]._meta.concrete_fields if table in tables else ()
        for field in fields:
            value = bait_of(field, {dict(row)[str(field.column)] for row in written[table]})
            for name in (field.name, field.attname, camel(field.name), camel(field.attname)):
                found.setdefault(name, value)
    for name, value in KNOWN_BAIT.items():
        found.setdefault(name, value)
    return found


def with_bait(value: object, kind: msgspec.inspect.Type, baits: Mapping[str, object]) -> object:
    """The value with whatever its type does not declare, in each of its objects."""
    if isinstance(kind, msgspec.inspect.UnionType):
        parts = [part for part in kind.types if not isinstance(part, msgspec.inspect.NoneType)]
        return with_bait(value, parts[0], baits)
    if isinstance(kind, msgspec.inspect.ListType) and isinstance(value, list):
        return [with_bait(item, kind.item_type, baits) for item in value]
    if not isinstance(kind, msgspec.inspect.StructType) or not isinstance(value, dict):
        return value
    declared = {field.encode_name.lower(): field.type for field in kind.fields}
    kept = {
        name: with_bait(part, declared[name.lower()], baits) if name.lower() in declared else part
        for name, part in value.items()
    }
    present = {name.lower() for name in kept}
    return {**_undeclared(baits, declared.keys() | present), **kept}


def _undeclared(baits: Mapping[str, object], declared: Iterable[str]) -> dict[str, object]:
    known = set(declared)
    sent = {name: value for name, value in baits.items() if name.lower() not in known}
    SENT.update(sent.keys())
    return sent


def body_with_bait(operation: Operation, body: object, baits: Mapping[str, object]) -> object:
    """The body as it is sent; where the operation reads none, nothing but bait."""
    if operation.body is None:
        return _undeclared(baits, ())
    if operation.body is bytes or isinstance(body, bytes):
        return body
    return with_bait({} if body is None else body, msgspec.inspect.type_info(operation.body), baits)


def path_with_bait(operation: Operation, path: str, baits: Mapping[str, object]) -> str:
    """The address with everything behind the question mark that the operation does not read there."""
    fields = msgspec.structs.fields(operation.query) if operation.query is not None else ()
    read = {_bare(field.encode_name) for field in fields} | {_bare(name) for name, _ in operation.from_query}
    asked = urlencode({name: value for name, value in baits.items() if _bare(name) not in read})
    return f"{path}{'&' if '?' in path else '?'}{asked}"


def _bare(name: str) -> str:
    return name.replace("_", "").replace("$", "").lower()


# ---------------------------------------------------------------- sending it twice
@dataclass(frozen=True)
class Outcome:
    """What a request was answered, and all rows of the tables that it wrote."""

    told: Told
    written: Mapping[str, Rows]


@contextlib.contextmanager
def same_moment(now: dt.datetime) -> Iterator[None]:
    """Time stands still, and what is random is the same each time."""
    stream = random.Random(4711)  # noqa: S311  (not for secrets)
    still = SimpleNamespace(datetime=SimpleNamespace(now=now.astimezone), UTC=dt.UTC)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "dt", still)
        patch.setattr(time, "time", now.timestamp)  # stands in what is encrypted
        patch.setattr(os, "urandom", stream.randbytes)
        patch.setattr(random, "_urandom", stream.randbytes)
        yield


def tried(
    api: Api, method: str, path: str, body: object, *, headers: Mapping[str, str], now: dt.datetime
) -> Outcome:
    """The request, and what it wrote before it was undone."""
    written: set[str] = set()

    def note(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001
        if write := WRITE.match(sql):
            written.add(write[1].lower())
        return execute(sql, params, many, context)

    with same_moment(now), transaction.atomic():
        with connection.execute_wrapper(note):
            told = _call(api, method, path, body, **headers)
        outcome = Outcome(told, {table: rows_of(table) for table in written - NEVER_THE_SAME})
        transaction.set_rollback(True)
    return outcome


def rows_of(table: str) -> Rows:
    """All of them, each as its columns and values."""
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608  (a name from a statement of the application)
        names = [column[0] for column in cursor.description]
        return Counter(tuple(zip(names, map(str, row), strict=True)) for row in cursor.fetchall())


def differences(plain: Outcome, baited: Outcome) -> list[str]:
    """What the undeclared properties have changed."""
    told = [
        f"the answer: {mine!r} instead of {own!r}"[:600]
        for own, mine in (
            (plain.told.status, baited.told.status),
            (plain.told.content, baited.told.content),
            (_of_the_answer(plain.told), _of_the_answer(baited.told)),
        )
        if own != mine
    ]
    for table in sorted(plain.written.keys() | baited.written.keys()):
        own, mine = (outcome.written.get(table, Counter()) for outcome in (plain, baited))
        for row in (mine - own) or (own - mine):
            near = min(own, key=lambda other: len(set(row) - set(other)), default=())
            told.append(f"{table}: {dict(set(row) - set(near))}"[:600])
    return told


def _of_the_answer(told: Told) -> dict[str, str]:
    return {name: value for name, value in told.headers.items() if name != "MS-RequestId"}


def walk(api: Api, operation: Operation, path: str, body: object, headers: Mapping[str, str]) -> None:
    """Send it as it is and with what it does not declare, undo both, and compare. A refusal is no walk."""
    now, headers = clock.real_now(), {**headers, "MS_RequestId": str(uuid.uuid4())}
    plain = tried(api, operation.method, path, body, headers=headers, now=now)
    if plain.told.status >= HTTPStatus.BAD_REQUEST:
        return
    baits = bait(plain.written)
    more = body_with_bait(operation, body, baits)
    baited = tried(
        api, operation.method, path_with_bait(operation, path, baits), more, headers=headers, now=now
    )
    WALKED[operation.id] += 1
    found = differences(plain, baited)
    assert not found, f"{operation.id} takes what it does not declare (G-06):\n" + "\n".join(found)


def taken_beside(
    api: Api, operation: Operation, path: str, body: object, headers: Mapping[str, str]
) -> list[str]:
    """Declared properties that the story does not send and that change a row, of the operation's first request."""
    if operation.id in TRIED or operation.body in {None, bytes} or isinstance(body, bytes):
        return []
    now, headers = clock.real_now(), {**headers, "MS_RequestId": str(uuid.uuid4())}
    plain = tried(api, operation.method, path, body, headers=headers, now=now)
    if plain.told.status >= HTTPStatus.BAD_REQUEST:
        return []
    found = []
    for place, more in with_one_more({} if body is None else body, msgspec.inspect.type_info(operation.body)):
        TRIED[operation.id] += 1
        if place.rpartition(".")[2] in TAKEN.get(operation.id, ()):
            continue
        told = tried(api, operation.method, path, more, headers=headers, now=now)
        if told.told.status < HTTPStatus.BAD_REQUEST and told.written != plain.written:
            found.append(place)
    return found


_call = Api.call


def watch_calls(patch: pytest.MonkeyPatch) -> None:
    """Every request of a story that changes something is walked before the story sends it."""
    routes = Routes(list(OPERATIONS.values()))

    def walked(self: Api, method: str, path: str, body: object = None, **headers: str) -> Told:
        if method not in SAFE and _can_be_undone():
            found = routes.find(path.partition("?")[0])
            named = found[0].get(method) if found else None
            if named is not None:
                log, operation = list(connection.queries_log), cast("Operation", named)
                walk(self, operation, path, body, headers)
                if IS_ASKED:
                    taken = taken_beside(self, operation, path, body, headers)
                    assert not taken, (
                        f"{operation.id} takes {taken}: if that is meant, tests/declared.py lists it"
                    )
                connection.queries_log.clear()
                connection.queries_log.extend(log)
        return _call(self, method, path, body, **headers)

    patch.setattr(Api, "call", walked)


def _can_be_undone() -> bool:
    """Inside the transaction of a story, on the database where numbers of rows are given back, and not where another
    walk counts what is written.
    """
    return connection.vendor == "sqlite" and connection.in_atomic_block and not connection.execute_wrappers
