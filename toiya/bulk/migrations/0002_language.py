"""A file says in which language its rows are answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bulk", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="bulkfile",
            name="language",
            field=models.CharField(blank=True, default="", max_length=5),
        ),
    ]
