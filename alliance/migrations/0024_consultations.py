"""Remote consultations: what was asked, experts, meetings, drafts, signed opinions, ratings
(docs/adr/0088).
"""

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedBinaryField, EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0023_work"),
    ]

    operations = [
        migrations.AlterField(
            model_name="workitem",
            name="kind",
            field=models.CharField(
                choices=[
                    ("referral-up", "Referral up"),
                    ("referral-down", "Referral down"),
                    ("referral-sideways", "Referral between equals"),
                    ("consultation", "Remote consultation"),
                    ("consultation-joint", "Remote consultation of several departments"),
                    ("reading-ecg", "Remote reading of an ECG"),
                    ("reading-imaging", "Remote reading of images"),
                    ("reading-pathology", "Remote reading of pathology"),
                ],
                max_length=20,
            ),
        ),
        migrations.CreateModel(
            name="ConsultationRating",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("score", models.SmallIntegerField()),
                ("comment", EncryptedTextField(blank=True, max_length=4000)),
                ("at", models.DateTimeField()),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rating",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsultationRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("fields", EncryptedTextField(max_length=40000)),
                (
                    "agreement",
                    models.CharField(
                        choices=[
                            ("signed", "In writing, signed"),
                            ("spoken", "Spoken, noted in the record"),
                            ("impossible", "Nobody could be asked: emergency"),
                        ],
                        max_length=12,
                    ),
                ),
                ("agreed_by", EncryptedTextField(max_length=200)),
                ("agreed_at", models.DateTimeField()),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="asked",
                        to="alliance.workitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SignedOpinion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("fields", EncryptedTextField(max_length=40000)),
                ("document", EncryptedBinaryField()),
                ("signature", EncryptedTextField(max_length=40000)),
                ("key", models.CharField(max_length=80)),
                ("digest", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="opinion",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ConsultationExpert",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("team", models.IntegerField()),
                ("leads", models.BooleanField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="experts",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("item", "team", "staff"), name="expert_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="ConsultationMeeting",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("team", models.IntegerField()),
                ("starts_at", models.DateTimeField()),
                ("link", EncryptedTextField(blank=True, max_length=500)),
                ("participants", EncryptedTextField(blank=True, max_length=4000)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="meetings",
                        to="alliance.workitem",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("item", "team"), name="meeting_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="OpinionDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.IntegerField()),
                ("fields", EncryptedTextField(max_length=40000)),
                ("at", models.DateTimeField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="drafts",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("item", "number"), name="draft_once")
                ],
            },
        ),
    ]
