"""How large a sandbox may grow."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("programme", "0006_orders_need_agreement"),
    ]

    operations = [
        migrations.AddField(
            model_name="programme",
            name="sandbox_partners",
            field=models.PositiveIntegerField(default=25),
        ),
        migrations.AddField(
            model_name="programme",
            name="sandbox_customers",
            field=models.PositiveIntegerField(default=500),
        ),
        migrations.AddField(
            model_name="programme",
            name="sandbox_subscriptions",
            field=models.PositiveIntegerField(default=100),
        ),
        migrations.AddField(
            model_name="programme",
            name="sandbox_licences",
            field=models.PositiveIntegerField(default=1000),
        ),
    ]
