from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0004_actions_are_data"),
    ]

    operations = [
        migrations.AddField(
            model_name="auditrecord",
            name="application_id",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
