"""The register of the keys that sign documents in a hospital's name (docs/adr/0089)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("records", "0043_recognition"),
    ]

    operations = [
        migrations.CreateModel(
            name="HospitalSigningKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("generation", models.IntegerField()),
                ("key", models.BinaryField()),
                ("since", models.DateTimeField()),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("hospital", "generation"), name="records_signing_key_once"
                    )
                ],
            },
        ),
    ]
