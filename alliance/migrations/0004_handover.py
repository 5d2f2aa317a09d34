"""First passwords and secrets, for the minutes in which their maker may still see them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0003_privacy_officer")]
    operations = [
        migrations.CreateModel(
            "Handover",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("target", models.CharField(max_length=80, unique=True)),
                ("sealed", models.BinaryField(max_length=256)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "holder",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        )
    ]
