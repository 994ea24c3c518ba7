"""The list of subscriptions is read backwards, the latest first and of one instant the greatest key: its indexes stand in
that order as well. Before, the keys of one instant stood the other way round, and had to be read and sorted whole.
"""

from django.db import migrations, models

INDEXES = {
    "subscriptions_of_customer": ["customer", "tenant", "created_at", "id"],
    "subscriptions_of_provider": ["tenant", "created_at", "id"],
    "subscriptions_of_reseller": ["reseller", "created_at", "id"],
}


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0001_initial")]

    operations = [
        operation
        for name, fields in INDEXES.items()
        for operation in (
            migrations.RemoveIndex(model_name="subscription", name=name),
            migrations.AddIndex(model_name="subscription", index=models.Index(fields=fields, name=name)),
        )
    ]
