"""Invitations that are for everybody and do not lapse; one of each kind."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0006_registration_number"),
    ]

    operations = [
        migrations.AddField(
            model_name="relationshipinvitation",
            name="is_standing",
            field=models.BooleanField(default=False),
        ),
        migrations.AddConstraint(
            model_name="relationshipinvitation",
            constraint=models.UniqueConstraint(
                condition=Q(("is_standing", True), ("provider__isnull", True), ("state", "open")),
                fields=("tenant", "reseller"),
                name="one_standing_link_as_reseller",
            ),
        ),
        migrations.AddConstraint(
            model_name="relationshipinvitation",
            constraint=models.UniqueConstraint(
                condition=Q(("is_standing", True), ("reseller__isnull", True), ("state", "open")),
                fields=("tenant", "provider"),
                name="one_standing_link_as_provider",
            ),
        ),
        migrations.AddConstraint(
            model_name="relationshipinvitation",
            constraint=models.UniqueConstraint(
                condition=Q(("is_standing", True), ("state", "open")),
                fields=("tenant", "reseller", "provider"),
                name="one_standing_link_for_both",
            ),
        ),
    ]
