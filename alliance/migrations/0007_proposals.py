"""What one administrator of the alliance proposes and another agrees to."""

import django.db.models.deletion
from django.db import migrations, models

STAFF = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.staff",
}


class Migration(migrations.Migration):
    dependencies = [("alliance", "0006_vouching")]
    operations = [
        migrations.CreateModel(
            "Proposal",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("act", models.CharField(max_length=16)),
                ("target", models.CharField(max_length=80)),
                ("values", models.JSONField()),
                ("reason", models.CharField(blank=True, max_length=300, verbose_name="Reason")),
                ("proposed_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[("agreed", "agreed"), ("refused", "refused")],
                        max_length=8,
                    ),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                ("decided_reason", models.CharField(blank=True, max_length=300)),
                ("proposed_by", models.ForeignKey(**STAFF)),
                ("decided_by", models.ForeignKey(null=True, **STAFF)),
            ],
            options={"ordering": ["-proposed_at"]},
        )
    ]
