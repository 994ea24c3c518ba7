"""Whether orders wait for the customer agreement."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("programme", "0005_customer_agreement"),
    ]

    operations = [
        migrations.AddField(
            model_name="programme",
            name="orders_need_agreement",
            field=models.BooleanField(default=True),
        ),
    ]
