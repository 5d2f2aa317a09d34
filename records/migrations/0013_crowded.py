"""Registrations of which only some look-alikes were compared wait for a curator."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("records", "0012_marks")]
    operations = [
        migrations.AddField("sourcepatient", "crowded_at", models.DateTimeField(null=True)),
        migrations.AddIndex(
            "sourcepatient",
            models.Index(
                fields=["crowded_at"],
                condition=models.Q(crowded_at__isnull=False),
                name="source_crowded",
            ),
        ),
    ]
