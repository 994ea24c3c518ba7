from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("bulk", "0003_application")]

    operations = [
        migrations.AlterField(
            model_name="bulkfile",
            name="kind",
            field=models.CharField(
                choices=[
                    ("customers", "Customers"),
                    ("invitations", "Relationship invitations"),
                    ("users", "Users of a customer"),
                    ("licences", "Licenses"),
                    ("orders", "Orders"),
                    ("devices", "Devices"),
                ],
                max_length=12,
            ),
        ),
    ]
