"""What the register of organisations calls a customer, since when it is in its segment, and a second line of its street."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0005_customer_agreement"),
    ]

    operations = [
        migrations.AddField(
            model_name="customeraccount",
            name="registration_number",
            field=models.CharField(blank=True, max_length=22),
        ),
        migrations.AddField(
            model_name="customeraccount",
            name="street_more",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="customeraccount",
            name="segment_since",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
