from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("membership", "0001_initial")]

    operations = [
        migrations.AddField("providerentry", "proposed", models.JSONField(blank=True, default=dict)),
        migrations.AddField("providerentry", "proposed_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("providerentry", "review_note", models.TextField(blank=True)),
        migrations.AddField("providerentry", "version", models.PositiveIntegerField(default=1)),
    ]
