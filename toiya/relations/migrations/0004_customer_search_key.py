"""A relationship carries the search key of its customer; on PostgreSQL its character pairs are indexed per partner.

The index of the pairs moves here from the organisations (directory.0003): there every partner's search found the
customers of all.
"""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Subquery

# The partner is one more word of the row, so that the index finds the partner's own customers only. Then each single
# character, and every pair: those that begin at odd places, then those that begin at even ones. Only built-in
# functions: a restored backup makes the index without any search path.
GRAMS = r"""string_to_array({key}, NULL)
    || string_to_array(regexp_replace({key}, '(..)', E'\\1\x01', 'g'), E'\x01')
    || string_to_array(regexp_replace(substr({key}, 2), '(..)', E'\\1\x01', 'g'), E'\x01')"""
OPTIONS = "LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE"
FUNCTION = f"""
CREATE FUNCTION toiya_words(partner uuid, search_key text) RETURNS text[] {OPTIONS} AS $$
  SELECT ARRAY['@' || $1::text] || {GRAMS.format(key="$2")}
$$
"""
OLD_FUNCTION = (
    f"CREATE FUNCTION toiya_grams(text) RETURNS text[] {OPTIONS} AS $$ SELECT {GRAMS.format(key='$1')} $$"
)
OLD_INDEX = "CREATE INDEX tenants_by_pairs ON directory_tenant USING gin (toiya_grams(search_key))"
INDEX = """
CREATE INDEX customers_by_pairs ON relations_resellerrelationship
USING gin (toiya_words(partner_id, customer_search_key)) WHERE ended_at IS NULL
"""


def copy_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del schema_editor
    tenants = apps.get_model("directory", "Tenant").objects.filter(pk=OuterRef("customer_id"))
    rows = apps.get_model("relations", "ResellerRelationship").objects.all()
    rows.update(customer_search_key=Subquery(tenants.values("search_key")[:1]))


def keep(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The column goes; there is nothing to take back in it."""


def make_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        for statement in (FUNCTION, INDEX, "DROP INDEX tenants_by_pairs", "DROP FUNCTION toiya_grams(text)"):
            schema_editor.execute(statement)


def drop_index(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        for statement in (
            "DROP INDEX customers_by_pairs",
            "DROP FUNCTION toiya_words(uuid, text)",
            OLD_FUNCTION,
            OLD_INDEX,
        ):
            schema_editor.execute(statement)


class Migration(migrations.Migration):
    dependencies = [
        ("relations", "0003_origin_added"),
        ("directory", "0003_search_by_pairs"),
    ]

    operations = [
        migrations.AddField(
            model_name="resellerrelationship",
            name="customer_search_key",
            field=models.TextField(default="", editable=False),
            preserve_default=False,
        ),
        migrations.RunPython(copy_keys, keep),
        migrations.RunPython(make_index, drop_index),
    ]
