"""What tests that commit leave behind is taken away: the rows of the tables that have any.

Django's own way empties every table and tells every application again that it has been migrated, which takes longer
than most of these tests. What the migrations' last signal writes (permissions and what they are about) stays.
"""

import functools

from django.db import connection, transaction

from toiya.audit.append_only import LOG
from toiya.billing.append_only import INVOICES

KEPT = frozenset({"auth_permission", "django_content_type", "django_migrations"})


@functools.cache
def _which_have_rows() -> str:
    """One question about all tables."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - KEPT)
    return " UNION ALL ".join(f"SELECT '{one}' WHERE EXISTS (SELECT 1 FROM \"{one}\")" for one in tables)  # noqa: S608


def empty_database() -> None:
    """All tables are empty again. Only this passes the guards of activity log and invoices."""
    with connection.cursor() as cursor:
        cursor.execute(_which_have_rows())
        filled = [table for (table,) in cursor.fetchall()]
    if not filled:
        return
    LOG.unguard(connection)
    INVOICES.unguard(connection)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            for table in filled:
                cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608  (the names are the models')
    finally:
        LOG.guard(connection)
        INVOICES.guard(connection)
