"""How often an organisation replaced its links for all customers."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0008_administration_requests"),
        ("directory", "0006_closed_families"),
    ]

    operations = [
        migrations.CreateModel(
            name="StandingGeneration",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="directory.tenant",
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(default=0)),
            ],
        ),
    ]
