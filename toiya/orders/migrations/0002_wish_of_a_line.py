"""A line knows the customer's request that it carries out."""

from django.db import migrations, models
from django.db.models.deletion import PROTECT


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations = [
        migrations.AddField(
            model_name=line,
            name="wish",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=PROTECT, related_name="+", to="orders.customerwish"
            ),
        )
        for line in ("cartline", "orderline", "orderrequestline")
    ]
