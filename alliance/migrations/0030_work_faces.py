"""What a sender's system calls a work item; whether a system refers in a doctor's name
(docs/adr/0090).
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0029_work_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkNumber",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("system", models.CharField(max_length=200)),
                ("value", models.CharField(max_length=64)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="senders_number",
                        to="alliance.workitem",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="worknumber",
            constraint=models.UniqueConstraint(
                fields=("hospital", "system", "value"), name="work_number_once"
            ),
        ),
        migrations.AddField(
            model_name="launchpermission",
            name="works",
            field=models.BooleanField(db_default=False, default=False),
        ),
    ]
