"""The first hits along a long list on PostgreSQL, each step bounded (docs/adr, "Search by pairs of characters")."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from django.db.models import BooleanField, Expression, Func, QuerySet, Subquery, UUIDField, Value
from django.db.models.sql.compiler import SQLCompiler

Row = TypeVar("Row")
SAMPLED, FREQUENT = 1_000, 10
STEPS = 10_000
# The database stops where it has enough hits. strpos, because LIKE takes several times as long for Japanese text.
PASSED = """(
SELECT passed.id FROM ({rows}) AS passed
WHERE strpos(passed.sought, {text}) > 0 AND {hits} = (
SELECT count(*) FROM (SELECT FROM ({sample}) AS seen WHERE strpos(seen.sought, {text}) > 0 LIMIT {hits}) AS hits)
ORDER BY {order} LIMIT {wanted})"""


class Walk(NamedTuple):
    """So many rows of the list are passed if the text is frequent: if so many rows of a sample have so many hits."""

    steps: int
    sampled: int
    hits: int


class Passed(Expression):
    """The keys of the first ``wanted`` hits of a walk; none where the text is rare.

    ``rows``: the rest of the list in its ``order``, with the columns of the order, ``id``, and as ``sought`` what is
    compared with the folded text; ``sample``: the ``sought`` of the same kind of rows, by chance.
    """

    output_field = UUIDField()

    def __init__(
        self,
        walk: Walk,
        rows: QuerySet[Any, Any],
        *,
        order: Sequence[str],
        sample: QuerySet[Any, Any],
        folded: str | Expression,
        wanted: int,
    ) -> None:
        super().__init__()
        self.rows, self.sample, self.folded = (
            rows[: walk.steps],
            sample[: walk.sampled],
            as_expression(folded),
        )
        ways = (f"passed.{name.removeprefix('-')}{' DESC' if name.startswith('-') else ''}" for name in order)
        self.numbers = {"hits": walk.hits, "wanted": wanted, "order": ", ".join(ways)}

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:  # noqa: ANN401  (Django's)
        """The keys in parentheses."""
        text, given = compiler.compile(self.folded)
        rows, of_rows = self.rows.query.get_compiler(connection=connection).as_sql()
        sample, of_sample = self.sample.query.get_compiler(connection=connection).as_sql()
        sql = PASSED.format(rows=rows, sample=sample, text=text, **self.numbers)
        return sql, [*of_rows, *given, *of_sample, *given]


def first_hits(
    wanted: int, *, walk: Callable[[Walk], Sequence[Row]], look_up: Callable[[], Sequence[Row]]
) -> Sequence[Row]:
    """The first rows that contain a text. Frequent texts are found by walking along the list, rare ones by an index
    (``look_up``); each way is one statement.
    """
    found = walk(Walk(STEPS, SAMPLED, FREQUENT))
    return found if len(found) == wanted else look_up()


def is_among(keys: Expression | Subquery) -> Func:
    """The row's key is one of these. As an array, so that the database goes from the keys to the rows; planned for any
    partner, a semi-join may go through the whole list for them.
    """
    return Func(
        "pk", keys, arg_joiner=" = ANY(ARRAY", template="%(expressions)s)", output_field=BooleanField()
    )


def as_expression(text: str | Expression) -> Expression:
    """The text; in a prepared question something stands for it that is one already."""
    return text if isinstance(text, Expression) else Value(text)
