"""A subscription whose queue was given up (records.subscriptions.overdue)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0026_clock")]
    operations = [
        migrations.AlterField(
            "subscriptionstate",
            "state",
            models.CharField(
                choices=[
                    ("requested", "Requested"),
                    ("active", "Active"),
                    ("error", "Error"),
                    ("off", "Off"),
                    ("lost", "Lost"),
                ],
                max_length=9,
            ),
        ),
    ]
