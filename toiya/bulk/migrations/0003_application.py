from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bulk", "0002_language")]

    operations = [
        migrations.AddField(
            model_name="bulkfile",
            name="application_id",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
