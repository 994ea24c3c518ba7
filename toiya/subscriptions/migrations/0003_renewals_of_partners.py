"""A partner's renewals stand in an index of its own; before, it was looked for among everybody's."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("subscriptions", "0002_latest_first")]

    operations = [
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=Q(state__in=["active", "suspended"]),
                fields=["tenant", "term_end", "id"],
                name="renewals_of_provider",
            ),
        ),
        migrations.AddIndex(
            model_name="subscription",
            index=models.Index(
                condition=Q(state__in=["active", "suspended"], reseller__isnull=False),
                fields=["reseller", "term_end", "id"],
                name="renewals_of_reseller",
            ),
        ),
    ]
