"""Work on the database that is done once and then repeated: the statements that changed something, in their order."""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from django.db import connection

Execute: TypeAlias = Callable[[str, Any, bool, dict[str, Any]], Any]
Statement: TypeAlias = tuple[str, Any, bool]
# Neither questions nor the brackets of transactions.
CHANGING = re.compile(r"\s*(CREATE|ALTER|DROP|INSERT|UPDATE|DELETE|COMMENT|SET CONSTRAINTS)\b", re.IGNORECASE)


def recorded(act: Callable[[], object]) -> list[Statement]:
    """Act, and keep the statements that did it."""
    statements: list[Statement] = []

    def note(execute: Execute, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:  # noqa: ANN401, FBT001
        result = execute(sql, params, many, context)
        if CHANGING.match(sql):
            statements.append((sql, params, many))
        return result

    with connection.execute_wrapper(note):
        act()
    return statements


def repeat(statements: list[Statement]) -> None:
    """Do it again."""
    with connection.cursor() as cursor:
        for sql, params, many in statements:
            if many:
                cursor.executemany(sql, params)
            else:
                cursor.execute(sql, params)
