"""The submission with which a provider added a customer, so that a second click finds it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("customers", "0003_customer_account")]

    operations = [
        migrations.AddField(
            model_name="customeraccount",
            name="submission_key",
            field=models.CharField(blank=True, max_length=100, null=True, unique=True),
        ),
    ]
