"""Reports of the audit log that are made by rule: what was set up, what was made, and the files."""

import django.db.models.deletion
from django.db import migrations, models

from consent.migrations._encrypted_fields import EncryptedBinaryField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("consent", "0032_audit_archives"),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditReport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=60)),
                (
                    "content",
                    models.CharField(
                        choices=[
                            ("lines", "Lines of a filter"),
                            ("overview", "Overview of the log"),
                            ("bundle", "Bundle for a grading inspection"),
                        ],
                        max_length=8,
                    ),
                ),
                ("filter", models.JSONField(default=dict)),
                ("filter_name", models.CharField(blank=True, max_length=60)),
                ("form", models.CharField(max_length=8)),
                (
                    "rhythm",
                    models.CharField(
                        choices=[
                            ("weekly", "each week"),
                            ("monthly", "each month"),
                            ("quarterly", "each quarter"),
                            ("half-yearly", "each half-year"),
                        ],
                        max_length=11,
                    ),
                ),
                ("language", models.CharField(max_length=10)),
                ("mails", models.BooleanField(default=False)),
                ("set_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="AuditReportRun",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("first", models.DateField()),
                ("last", models.DateField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits"),
                            ("running", "is made"),
                            ("done", "is there"),
                            ("failed", "failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("tries", models.SmallIntegerField(default=0)),
                ("lines", models.BigIntegerField(default=0)),
                ("done", models.BigIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=12)),
                ("hospitals", models.JSONField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("size", models.BigIntegerField(default=0)),
                ("digest", models.BinaryField(default=b"")),
                ("fetched_at", models.DateTimeField(null=True)),
                ("forgotten_at", models.DateTimeField(null=True)),
                (
                    "report",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="runs",
                        to="consent.auditreport",
                    ),
                ),
            ],
            options={
                "ordering": ["-last", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="AuditReportChunk",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("place", models.IntegerField()),
                ("content", EncryptedBinaryField()),
                (
                    "run",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="consent.auditreportrun",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="auditreportrun",
            constraint=models.UniqueConstraint(
                fields=("report", "first"), name="consent_auditreportrun_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="auditreportchunk",
            constraint=models.UniqueConstraint(
                fields=("run", "place"), name="consent_auditreportchunk_place"
            ),
        ),
    ]
