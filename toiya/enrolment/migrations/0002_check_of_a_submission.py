"""A check is about one submission."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrolment", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="check",
            name="submission_number",
            field=models.PositiveIntegerField(default=1),
            preserve_default=False,
        ),
    ]
