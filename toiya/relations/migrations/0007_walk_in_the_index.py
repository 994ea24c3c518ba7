"""On PostgreSQL the index of a partner's list carries the search keys: a search that walks along the list reads the index
alone, half a microsecond a row instead of more than one.
"""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

NAME, TABLE = "customers_of_partner", "relations_resellerrelationship"
INDEX = f"CREATE INDEX {NAME} ON {TABLE} (partner_id, customer_sort_key, id) {{more}} WHERE ended_at IS NULL"
# An index has no room for more (core/text.py); only signs that are written out, or many domains, come to as much. The
# organisation's own key is what its next relationship takes over.
CUT = [
    f"UPDATE {table} SET {key} = left({key}, 437) WHERE octet_length({key}) > 1750"  # noqa: S608
    for table, key in ((TABLE, "customer_search_key"), ("directory_tenant", "search_key"))
]


def carry(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        for statement in (*CUT, f"DROP INDEX {NAME}", INDEX.format(more="INCLUDE (customer_search_key)")):
            schema_editor.execute(statement)


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        for statement in (f"DROP INDEX {NAME}", INDEX.format(more="")):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [("relations", "0006_customer_beginnings")]

    operations = [migrations.RunPython(carry, drop)]
