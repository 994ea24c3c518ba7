"""Questions whose SQL is made once and asked again and again with other values (docs/adr, "Prepared questions").

Building a queryset and its SQL takes Python half a millisecond to two, asking the database a tenth of that. A function
that is marked ``@prepared`` builds its queryset once for each *shape* of its arguments; from then on only the values
are filled in. The rule stays where it was: in the queryset.
"""

import datetime as dt
import functools
import uuid
from collections import namedtuple
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, Generic, NamedTuple, ParamSpec, TypeAlias, TypeVar, cast

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
from django.db.models.query import (
    FlatValuesListIterable,
    ModelIterable,
    NamedValuesListIterable,
    ValuesIterable,
    ValuesListIterable,
    get_related_populators,
)
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from toiya.core.actor import Actor

P = ParamSpec("P")
R = TypeVar("R")
Row: TypeAlias = tuple[Any, ...]  # as the database answers
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

    sql: str
    parameters: tuple[object, ...]
    locks: bool
    is_native: bool  # ids, texts, dates and instants go to the database as they are
    promised: Callable[[list[Row]], list[Any]]

    def filled(self, arguments: Mapping[int | str, Any]) -> tuple[Any, ...]:
        """The parameters of one call."""
        if self.is_native:
            return tuple(
                [one.place.value_in(arguments) if type(one) is _Gap else one for one in self.parameters]
            )
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
        if made.locks and not connection.in_atomic_block:
            raise TransactionManagementError(made.sql)
        found = rows_of(made.sql, made.filled(arguments))
        return made.promised(found) if found else []

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
        return _Made(
            sql,
            tuple(parameters),
            rows.query.select_for_update,
            connection.features.has_native_uuid_field,
            _promise_of(rows, compiler),
        )


def rows_of(sql: str, parameters: Sequence[Any]) -> list[Row]:
    """All rows of one statement; on PostgreSQL with nothing between us and the driver (core/postgresql)."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql":
        found: list[Row] = database.rows_of(sql, parameters)
        return found
    with database.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def _promise_of(rows: Any, compiler: Any) -> Callable[[list[Row]], list[Any]]:  # noqa: ANN401  (Django's)
    """What makes objects, tuples or values of the database's rows, as the queryset itself would."""
    make = _maker_of(rows, compiler)
    fields = [entry[0] for entry in compiler.select[: compiler.col_count]]
    converters, width = compiler.get_converters(fields), compiler.col_count
    if compiler.has_composite_fields(fields):
        raise TypeError(f"{rows.model.__name__}: composite keys are not read here")

    def promised(found: list[Row]) -> list[Any]:
        if compiler.has_extra_select:  # what it is ordered by
            found = [row[:width] for row in found]
        if converters:
            found = [tuple(row) for row in compiler.apply_converters(found, converters)]
        return found if make is None else [make(row) for row in found]

    return promised


def _maker_of(rows: Any, compiler: Any) -> Callable[[Row], Any] | None:  # noqa: ANN401  (Django's)
    """What makes one row of the queryset's kind; None where it stays as it is."""
    kind = rows._iterable_class  # noqa: SLF001  (no public name)
    if kind is ValuesListIterable:
        return None
    if kind is FlatValuesListIterable:
        return itemgetter(0)
    if kind is NamedValuesListIterable:
        made: Callable[[Row], Any] = namedtuple("Row", rows._fields)._make  # type: ignore[attr-defined]  # noqa: PYI024
        return made
    if kind is ModelIterable:
        return _model_of(compiler)
    if kind is ValuesIterable:
        names = tuple(rows.query.selected)
        return lambda row: dict(zip(names, row, strict=True))
    raise TypeError(f"{kind.__name__} of {rows.model.__name__}: prepared questions do not answer with these")


def _model_of(compiler: Any) -> Callable[[Row], Model]:  # noqa: ANN401  (Django's)
    """Rows become objects as in Django's ModelIterable; what is the same for every row is found once."""
    about = compiler.klass_info
    table, places, annotations = about["model"], about["select_fields"], compiler.annotation_col_map or {}
    start, end = places[0], places[-1] + 1
    names = [entry[0].target.attname for entry in compiler.select[start:end]]
    related = get_related_populators(about, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]

    def model_of(row: Row) -> Model:
        found: Model = table.from_db(DEFAULT_DB_ALIAS, names, row[start:end])
        for one in related:
            one.populate(row, found)
        for name, place in annotations.items():
            setattr(found, name, row[place])
        return found

    return model_of


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
        return value.standing
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
