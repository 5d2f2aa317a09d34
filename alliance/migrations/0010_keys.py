"""Fingerprints of keys, and the keys of encrypted columns."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("alliance", "0009_factor_trace")]
    operations = [
        migrations.CreateModel(
            "KeyPrint",
            [
                ("name", models.CharField(max_length=20, primary_key=True, serialize=False)),
                ("fingerprint", models.CharField(max_length=32)),
                ("recorded_at", models.DateTimeField(auto_now=True)),
            ],
        ),
        migrations.CreateModel(
            "ColumnKey",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("wrapped", models.BinaryField(max_length=128)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
    ]
