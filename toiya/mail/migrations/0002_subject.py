"""The subject of a sent mail, for the mailbox page."""

from typing import ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies: ClassVar = [("mail", "0001_initial")]
    operations: ClassVar = [
        migrations.AddField(
            model_name="outgoingmail",
            name="subject",
            field=models.CharField(blank=True, max_length=400),
        ),
    ]
