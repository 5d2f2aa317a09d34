"""A referral that follows one that was declined, whom its receiver proposed, and which registrations
the way back has opened (docs/adr/0086, docs/adr/0093).
"""

import django.db.models.deletion
from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models

# Without a constraint of the database, which would be set while writers wait.
APART = {"null": True, "db_index": False, "db_constraint": False, "related_name": "+"}


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0031_recent_work"),
    ]

    operations = [
        migrations.AddField(
            model_name="workitem",
            name="home_sources",
            field=ArrayField(models.BigIntegerField(), null=True),
        ),
        migrations.AddField(
            model_name="workitem",
            name="proposed",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="alliance.hospital", **APART
            ),
        ),
        migrations.AddField(
            model_name="workitem",
            name="follows",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="alliance.workitem", **APART
            ),
        ),
        migrations.AddField(
            model_name="workdraft",
            name="follows",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="alliance.workitem", **APART
            ),
        ),
    ]
