"""An index of character pairs over the names of organisations, on PostgreSQL (customers/search.py)."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

# Each single character, and every pair: those that begin at odd places, then those that begin at even ones.
FUNCTION = r"""
CREATE FUNCTION toiya_grams(text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
  SELECT string_to_array($1, NULL)
    || string_to_array(regexp_replace($1, '(..)', E'\\1\x01', 'g'), E'\x01')
    || string_to_array(regexp_replace(substr($1, 2), '(..)', E'\\1\x01', 'g'), E'\x01')
$$
"""
INDEX = "CREATE INDEX tenants_by_pairs ON directory_tenant USING gin (toiya_grams(search_key))"


def make_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(FUNCTION)
        schema_editor.execute(INDEX)


def drop_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP INDEX tenants_by_pairs")
        schema_editor.execute("DROP FUNCTION toiya_grams(text)")


class Migration(migrations.Migration):
    dependencies = [
        ("directory", "0002_deleted_people"),
    ]

    operations = [migrations.RunPython(make_index, drop_index)]
