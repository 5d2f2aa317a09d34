"""That a seal is opened, one officer asks and another agrees."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("consent", "0008_confirmation"), ("alliance", "0007_proposals")]
    operations = [
        migrations.AddField("incidentseal", "asked_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "incidentseal",
            "asked_by",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField(
            "incidentseal",
            "asked_reason",
            models.CharField(blank=True, db_default="", default="", max_length=300),
        ),
    ]
