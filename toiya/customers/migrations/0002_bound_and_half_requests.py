"""An invitation may be bound to a domain, and may be the reseller's half of a declined one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name="relationshipinvitation",
            name="named_domain",
            field=models.CharField(blank=True, default="", max_length=253),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="relationshipinvitation",
            name="instead_of_id",
            field=models.UUIDField(blank=True, null=True),
        ),
    ]
