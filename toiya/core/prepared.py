"""Questions whose SQL is made once and asked again and again with other values (docs/adr, "Prepared questions").

Building a queryset and its SQL takes Python half a millisecond to two, asking the database a tenth of that. A function
that is marked ``@prepared`` builds its queryset once for each *shape* of its arguments; from then on only the values
are filled in. The rule stays where it was: in the queryset.
"""

import copy
import datetime as dt
import functools
import uuid
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, Generic, NamedTuple, ParamSpec, TypeVar, cast

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.models import (
    AutoField,
    DateField,
    DateTimeField,
    Expression,
    Field,
    Model,
    QuerySet,
    TextField,
    UUIDField,
)
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from toiya.core.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")
MOST_SHAPES = 512
MOST_IN_LIST = 20  # longer lists have too many shapes
FIELDS: Mapping[type, "Field[Any, Any]"] = {
    uuid.UUID: UUIDField(),
    str: TextField(),
    dt.date: DateField(),
    dt.datetime: DateTimeField(),
}
OF_ACTOR: Mapping[str, "Field[Any, Any]"] = {
    "person_id": UUIDField(),
    "tenant_id": UUIDField(),
    "family_id": UUIDField(),
    "now": DateTimeField(),
}
HIDDEN = (
    "name",
    "user_name",
    "tenant_name",
    "tenant_latin_name",
    "language",
    "application_id",
    "second_factor_at",
)


class Whence(NamedTuple):
    """Where a value comes from: an argument, and the way to the part of it."""

    argument: int | str
    way: tuple[int | str, ...] = ()

    def of(self, part: int | str) -> "Whence":
        """A part of it: an entry, or an attribute."""
        return Whence(self.argument, (*self.way, part))

    def value_in(self, arguments: Mapping[int | str, Any]) -> Any:  # noqa: ANN401  (whatever was given)
        """The value of this call."""
        value = arguments[self.argument]
        for part in self.way:
            value = value[part] if isinstance(part, int) else getattr(value, part)
        return value


class Slot(Expression):
    """A value that is filled in when the question is asked; several, in parentheses, for a list (``__in``)."""

    def __init__(self, *places: Whence, is_list: bool = False, output_field: "Field[Any, Any]") -> None:
        super().__init__(output_field=output_field)
        self.places, self.is_list = places, is_list

    def as_sql(self, _compiler: SQLCompiler, _connection: object) -> tuple[str, Any]:
        """As many signs as there are values; what stands for the values are the places."""
        signs = ", ".join(["%s"] * len(self.places))
        return f"({signs})" if self.is_list else signs, [_Gap(one, self.output_field) for one in self.places]


def arguments_of(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> dict[int | str, Any]:
    """The arguments of a call by their places and names."""
    arguments: dict[int | str, Any] = dict(enumerate(args))
    arguments.update(kwargs)
    return arguments


@dataclass(frozen=True, slots=True)
class _Gap:
    """Among the parameters of the SQL: a value that is not known yet."""

    place: Whence
    field: "Field[Any, Any]"


@dataclass(frozen=True, slots=True)
class _Made:
    """What is kept of a queryset: its SQL, and what turns the database's rows into those that it promises."""

    rows: Any
    compiler: SQLCompiler
    sql: str
    parameters: tuple[object, ...]
    converters: object

    def filled(self, arguments: Mapping[int | str, Any]) -> tuple[object, ...]:
        """The parameters of one call."""
        database = connections[DEFAULT_DB_ALIAS]
        return tuple(
            one.field.get_db_prep_value(one.place.value_in(arguments), database)
            if isinstance(one, _Gap)
            else one
            for one in self.parameters
        )


class Prepared(Generic[P, R]):
    """A function that answers with the rows of the queryset that ``make`` builds.

    ``make`` sees, instead of ids, texts, dates and instants, expressions that stand for them, and of an actor its ids,
    its time, roles and capacities. It may hand them to filters and annotations, and decide by nothing but what
    belongs to the shape: numbers and enums, whether a text is empty or None is given, and how many a list or tuple has.
    It reads no clock and no language. tests/questions.py compares the calls of all stories with the queryset.
    """

    def __init__(self, make: Callable[P, QuerySet[Any, R]]) -> None:
        functools.update_wrapper(self, make)
        self.make = make
        self._made: dict[Hashable, _Made | None] = {}

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> list[R]:
        """The rows; one statement, none where nothing can be found."""
        arguments = arguments_of(args, kwargs)
        if any(isinstance(value, list) and len(value) > MOST_IN_LIST for value in arguments.values()):
            return list(self.make(*args, **kwargs))
        made = self.made_for(arguments)
        if made is None:
            return []
        if made.compiler.query.select_for_update and not connection.in_atomic_block:
            raise TransactionManagementError(made.sql)
        compiler: Any = copy.copy(made.compiler)
        compiler.connection = connections[DEFAULT_DB_ALIAS]
        compiler.as_sql = lambda: (made.sql, made.filled(arguments))
        compiler.get_converters = lambda _expressions: made.converters
        asked = SimpleNamespace(
            db=DEFAULT_DB_ALIAS,
            model=made.rows.model,
            query=SimpleNamespace(get_compiler=lambda *_place, **_using: compiler),
            _known_related_objects={},
        )
        make_rows = made.rows._iterable_class  # noqa: SLF001  (no public name)
        found: list[R] = list(make_rows(asked))
        return found

    def statement(self, *args: P.args, **kwargs: P.kwargs) -> tuple[str, tuple[Any, ...]] | None:
        """SQL and parameters, to stand inside of a larger statement; None where no row can fit."""
        arguments = arguments_of(args, kwargs)
        made = self.made_for(arguments)
        return None if made is None else (made.sql, made.filled(arguments))

    def made_for(self, arguments: Mapping[int | str, Any]) -> _Made | None:
        """What is kept for arguments of this shape; None where no row can fit."""
        shape = tuple((name, _shape_of(value)) for name, value in arguments.items())
        made = self._made.get(shape, self)
        if not isinstance(made, Prepared):
            return made
        if len(self._made) >= MOST_SHAPES:
            self._made.clear()
        fresh = self._made[shape] = self._make(arguments)
        return fresh

    def _make(self, arguments: Mapping[int | str, Any]) -> _Made | None:
        given = {name: _stand_in(Whence(name), value) for name, value in arguments.items()}
        args = [value for name, value in given.items() if isinstance(name, int)]
        named = {name: value for name, value in given.items() if isinstance(name, str)}
        rows: Any = cast("Callable[..., Any]", self.make)(*args, **named)
        if rows._prefetch_related_lookups:  # noqa: SLF001  (no public name)
            raise TypeError(f"{self.make.__name__}: prefetch_related needs statements of its own")
        compiler = rows.query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, parameters = compiler.as_sql()
        except EmptyResultSet:
            return None
        fields = [entry[0] for entry in compiler.select[: compiler.col_count]]
        return _Made(rows, compiler, sql, tuple(parameters), compiler.get_converters(fields))


def prepared(make: Callable[P, QuerySet[Any, R]]) -> Prepared[P, R]:
    """The function's queryset is made once for each shape of its arguments; calling it answers with the rows."""
    return Prepared(make)


def know(owner: Model, name: str, rows: Sequence[Model]) -> None:
    """What stands under the name in the owner, where it was read or written otherwise: as ``prefetch_related`` would
    have found it.
    """
    found = getattr(owner, name).all()
    found._result_cache, found._prefetch_done = list(rows), True  # noqa: SLF001  (no public name)
    vars(owner).setdefault("_prefetched_objects_cache", {})[name] = found


def insert(*rows: Model) -> None:
    """New rows of one table by one statement, as ``save`` writes them; numbers that the database gives are set.

    For tables that are written at every order; the fields hold values, never expressions.
    """
    sql, fields = _insertion(type(rows[0]), len(rows))
    database = connections[DEFAULT_DB_ALIAS]
    values = [
        field.get_db_prep_save(field.pre_save(row, add=True), database) for row in rows for field in fields
    ]
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        keys = cursor.fetchall()
    for row, (key,) in zip(rows, keys, strict=True):
        if row.pk is None:
            row.pk = key
        row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@functools.cache
def _insertion(model: type[Model], count: int) -> tuple[str, Sequence[Any]]:
    """The statement for so many rows, and the fields that it writes: all but a number that the database gives."""
    table, key = model._meta, model._meta.pk
    fields = [field for field in table.concrete_fields if not isinstance(field, AutoField)]
    name = connection.ops.quote_name
    columns = ", ".join(name(str(field.column)) for field in fields)
    signs = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * count)
    into = f"INSERT INTO {name(table.db_table)} ({columns})"
    return f"{into} VALUES {signs} RETURNING {name(str(key.column))}", fields


def _shape_of(value: object) -> Hashable:
    if isinstance(value, Actor):
        return value.roles, value.capacities, value.suspended, value.in_sandbox
    if isinstance(value, tuple | list):
        return type(value), *map(_shape_of, value)
    kind: Hashable = type(value) if value and type(value) in FIELDS else value
    return kind


def _stand_in(place: Whence, value: object) -> object:
    """What ``make`` sees instead of the value."""
    if isinstance(value, Actor):
        hidden: dict[str, Any] = dict.fromkeys(HIDDEN, "")
        slots: dict[str, Any] = {
            part: Slot(place.of(part), output_field=kind) for part, kind in OF_ACTOR.items()
        }
        return replace(value, **hidden, **slots)
    if isinstance(value, tuple):
        parts = [_stand_in(place.of(number), one) for number, one in enumerate(value)]
        return value._make(parts) if hasattr(value, "_make") else tuple(parts)
    if isinstance(value, list) and value:
        places = [place.of(number) for number in range(len(value))]
        return Slot(*places, is_list=True, output_field=FIELDS[type(value[0])])
    kind = FIELDS.get(type(value)) if value else None
    return value if kind is None else Slot(place, output_field=kind)
