"""Mutual recognition of results: catalogue, qualifications, prompts, decisions (docs/adr/0085)."""

import django.db.models.deletion
from django.db import migrations, models

from records.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("records", "0042_access_review"),
    ]

    operations = [
        migrations.CreateModel(
            name="RecognitionItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32, unique=True)),
                ("list_code", models.CharField(blank=True, max_length=40)),
                ("name_zh", models.CharField(max_length=100)),
                ("name_en", models.CharField(max_length=100)),
                ("loincs", models.CharField(max_length=300)),
                ("window", models.SmallIntegerField(null=True)),
                ("upward", models.BooleanField(default=False)),
                (
                    "scope",
                    models.CharField(
                        choices=[
                            ("nation", "Nation"),
                            ("province", "Province"),
                            ("city", "City"),
                            ("alliance", "Alliance"),
                        ],
                        default="alliance",
                        max_length=8,
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=20)),
                ("specimens", models.CharField(blank=True, max_length=200)),
                ("methods", models.CharField(blank=True, max_length=200)),
                ("price", models.DecimalField(decimal_places=2, max_digits=9, null=True)),
                ("source", models.CharField(blank=True, max_length=200)),
                ("active", models.BooleanField(default=True)),
                ("changed_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["code"],
            },
        ),
        migrations.CreateModel(
            name="RecognitionPrompt",
            fields=[
                ("id", models.UUIDField(primary_key=True, serialize=False)),
                ("asker", models.CharField(max_length=60)),
                ("department", models.CharField(blank=True, max_length=60)),
                ("person", models.UUIDField()),
                ("hits", models.JSONField()),
                ("day", models.DateField()),
                ("asked_at", models.DateTimeField()),
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
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="records.recognitionitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecognitionDecision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("decision", models.CharField(max_length=8)),
                ("result", models.CharField(blank=True, max_length=200)),
                ("reason", models.CharField(blank=True, max_length=20)),
                ("note", EncryptedTextField(blank=True)),
                ("told", models.BooleanField(default=False)),
                ("quoted", models.BooleanField(default=False)),
                ("price", models.DecimalField(decimal_places=2, max_digits=9, null=True)),
                ("key", models.CharField(blank=True, max_length=64)),
                ("actor", models.CharField(max_length=60)),
                ("decided_at", models.DateTimeField()),
                (
                    "prompt",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="decisions",
                        to="records.recognitionprompt",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="RecognitionQualification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts", models.DateField()),
                ("ends", models.DateField(null=True)),
                (
                    "quality",
                    models.CharField(
                        choices=[
                            ("unknown", "Unknown"),
                            ("passed", "Passed"),
                            ("failed", "Failed"),
                        ],
                        default="unknown",
                        max_length=8,
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("made_at", models.DateTimeField()),
                ("end_reason", models.CharField(blank=True, max_length=200)),
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
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="qualifications",
                        to="records.recognitionitem",
                    ),
                ),
            ],
            options={
                "ordering": ["item", "hospital", "starts"],
            },
        ),
        migrations.AddIndex(
            model_name="recognitionprompt",
            index=models.Index(fields=["day", "hospital"], name="recognition_prompt_day"),
        ),
        migrations.AddConstraint(
            model_name="recognitionprompt",
            constraint=models.UniqueConstraint(
                fields=("person", "item", "hospital", "asker", "day"), name="one_recognition_prompt"
            ),
        ),
        migrations.AddConstraint(
            model_name="recognitiondecision",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True),
                fields=("prompt", "key"),
                name="one_recognition_decision",
            ),
        ),
    ]
