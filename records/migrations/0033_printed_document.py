"""What was printed, so that paper can be held against it (docs/adr/0058)."""

import django.db.models.deletion
from django.db import migrations, models

from records.migrations._encrypted_fields import EncryptedBinaryField, EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [("records", "0032_newest_by_key"), ("alliance", "0015_epoch")]
    operations = [
        migrations.CreateModel(
            name="PrintedDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=12, unique=True)),
                ("key", EncryptedBinaryField()),
                ("person", models.UUIDField()),
                ("patient", EncryptedTextField(max_length=60)),
                ("printed_at", models.DateTimeField()),
                ("part", models.CharField(max_length=12)),
                ("pages", models.SmallIntegerField()),
                ("digest", models.BinaryField()),
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
                    "printed_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
    ]
