"""Legal holds over lines of the audit log: who set them, and who lifted them (docs/adr/0082)."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("consent", "0033_audit_archives"),
    ]

    operations = [
        migrations.CreateModel(
            name="LegalHold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("person", "one patient’s lines"),
                            ("period", "a period"),
                            ("lines", "lines, by their numbers"),
                            ("all", "the whole log"),
                        ],
                        max_length=8,
                    ),
                ),
                ("person", models.UUIDField(null=True)),
                ("first_day", models.DateField(null=True)),
                ("last_day", models.DateField(null=True)),
                ("first_line", models.BigIntegerField(null=True)),
                ("last_line", models.BigIntegerField(null=True)),
                ("reason", models.CharField(max_length=300)),
                ("set_at", models.DateTimeField(auto_now_add=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lift_reason", models.CharField(default="", max_length=300)),
                (
                    "lifted_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "set_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("person__isnull", False), ("scope", "person")),
                            models.Q(
                                ("first_day__isnull", False),
                                ("last_day__isnull", False),
                                ("scope", "period"),
                            ),
                            models.Q(
                                ("first_line__isnull", False),
                                ("last_line__isnull", False),
                                ("scope", "lines"),
                            ),
                            ("scope", "all"),
                            _connector="OR",
                        ),
                        name="consent_legalhold_scope",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("lifted_at", None), ("lifted_by", None)),
                            models.Q(
                                ("lifted_at__isnull", False),
                                ("lifted_by__isnull", False),
                                models.Q(("lifted_by", models.F("set_by")), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="consent_legalhold_another",
                    ),
                ],
            },
        ),
    ]
