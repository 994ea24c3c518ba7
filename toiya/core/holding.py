"""Rows that many transactions hold at the same time: all of them may read, none may change them meanwhile.

Django knows only locks that one transaction has alone (``select_for_update``); those make people queue who do not touch
each other. On SQLite the immediate transaction is the lock.
"""

from typing import Any

from django.db import connections
from django.db.models import QuerySet, TextChoices


class Strength(TextChoices):
    """What waits until the transactions that hold the row have ended."""

    UNCHANGED = "FOR SHARE"  # every change, and ``select_for_update`` with and without ``no_key``
    PRESENT = (
        "FOR KEY SHARE"  # its end, and ``select_for_update`` without ``no_key``; the lock of a foreign key
    )


def hold(rows: QuerySet[Any], strength: Strength) -> bool:
    """Hold the rows until the transaction ends; whether there are any. A change under way is waited for."""
    connection = connections[rows.db]
    if not connection.features.has_select_for_update:
        return rows.exists()
    statement, values = rows.order_by().values("pk").query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute(f"{statement} {strength.value}", values)
        return cursor.fetchone() is not None
