"""Turns of the worker's duties."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("requests", "0001_initial")]
    operations: ClassVar = [
        migrations.CreateModel(
            name="DutyTurn",
            fields=[
                ("duty", models.CharField(max_length=60, primary_key=True, serialize=False)),
                ("due_at", models.DateTimeField()),
            ],
        ),
    ]
