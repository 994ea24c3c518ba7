"""A relationship carries how its customer's name and domain begin, each with an index per partner.

On PostgreSQL both columns are compared byte by byte, whatever the database's language is: what begins with a text is
then one piece of the index.
"""

from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps
from django.db.models import OuterRef, Q, Subquery

from toiya.core.text import name_key

BATCH = 2_000
COLUMNS = (("customer_name_key", 200), ("customer_domain", 253))


def compare_bytes(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del apps
    if schema_editor.connection.vendor == "postgresql":
        for name, length in COLUMNS:
            schema_editor.execute(
                f'ALTER TABLE relations_resellerrelationship ALTER {name} TYPE varchar({length}) COLLATE "C"'
            )


def copy_beginnings(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    del schema_editor
    rows = apps.get_model("relations", "ResellerRelationship").objects.all()
    domains = apps.get_model("directory", "Domain").objects.filter(
        tenant_id=OuterRef("customer_id"), is_primary=True
    )
    batch = []
    named = rows.annotate(found=Subquery(domains.values("name")[:1])).select_related("customer")
    for row in named.order_by("pk").iterator(chunk_size=BATCH):
        row.customer_name_key, row.customer_domain = name_key(row.customer.name), row.found or ""
        batch.append(row)
        if len(batch) == BATCH:
            rows.bulk_update(batch, [name for name, _length in COLUMNS])
            batch.clear()
    rows.bulk_update(batch, [name for name, _length in COLUMNS])


def keep(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """The columns go; there is nothing to take back in them."""


class Migration(migrations.Migration):
    dependencies = [
        ("relations", "0005_grant_expiry_told"),
    ]

    operations = [
        migrations.AddField(
            model_name="resellerrelationship",
            name="customer_name_key",
            field=models.CharField(default="", editable=False, max_length=200),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="resellerrelationship",
            name="customer_domain",
            field=models.CharField(default="", editable=False, max_length=253),
            preserve_default=False,
        ),
        migrations.RunPython(compare_bytes, keep),
        migrations.RunPython(copy_beginnings, keep),
        migrations.AddIndex(
            model_name="resellerrelationship",
            index=models.Index(
                condition=Q(("ended_at__isnull", True)),
                fields=["partner", "customer_name_key", "id"],
                name="customers_by_name",
            ),
        ),
        migrations.AddIndex(
            model_name="resellerrelationship",
            index=models.Index(
                condition=Q(("ended_at__isnull", True)),
                fields=["partner", "customer_domain", "id"],
                name="customers_by_domain",
            ),
        ),
    ]
