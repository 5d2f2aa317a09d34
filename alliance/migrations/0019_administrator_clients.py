"""Clients that act for one administrator through the administration API, and their tokens."""

import django.db.models.deletion
from django.db import migrations, models

STAFF = "alliance.staff"


class Migration(migrations.Migration):
    dependencies = [("alliance", "0018_appointments")]
    operations = [
        migrations.AddField(
            "client",
            "registered_through",
            models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.CreateModel(
            "AdministratorClient",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("client_id", models.CharField(max_length=64, unique=True)),
                ("alliance_wide", models.BooleanField()),
                ("password_digest", models.BinaryField(max_length=32)),
                ("authenticator_id", models.BigIntegerField()),
                ("name", models.CharField(max_length=100)),
                ("secret_hash", models.BinaryField(max_length=32)),
                ("jwks", models.JSONField(null=True)),
                ("scopes", models.TextField()),
                ("registered_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("agreed_at", models.DateTimeField(null=True)),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "agreed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=STAFF,
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "revoked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=STAFF,
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="administrator_clients",
                        to=STAFF,
                    ),
                ),
            ],
            options={"ordering": ["-registered_at"]},
        ),
        migrations.CreateModel(
            "AdministratorToken",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("scopes", models.TextField()),
                (
                    "client",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="tokens",
                        to="alliance.administratorclient",
                    ),
                ),
            ],
        ),
    ]
