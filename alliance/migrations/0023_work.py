"""Work between hospitals: referrals, their transitions, timers and documents (docs/adr/0086)."""

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("referral-up", "Referral up"),
                            ("referral-down", "Referral down"),
                            ("referral-sideways", "Referral between equals"),
                        ],
                        max_length=20,
                    ),
                ),
                ("person", models.UUIDField()),
                ("source_patient", models.BigIntegerField()),
                ("department", models.CharField(blank=True, max_length=80)),
                (
                    "urgency",
                    models.CharField(
                        choices=[
                            ("emergency", "Emergency"),
                            ("urgent", "Urgent"),
                            ("routine", "Routine"),
                        ],
                        max_length=12,
                    ),
                ),
                ("rank", models.SmallIntegerField()),
                ("state", models.CharField(max_length=20)),
                ("version", models.IntegerField()),
                ("reason", EncryptedTextField(max_length=4000)),
                ("question", EncryptedTextField(blank=True, max_length=4000)),
                ("transport", EncryptedTextField(blank=True, max_length=4000)),
                ("wish", EncryptedTextField(blank=True, max_length=4000)),
                ("arrangement", EncryptedTextField(blank=True, max_length=4000)),
                ("arranged_for", models.DateTimeField(null=True)),
                ("outcome", EncryptedTextField(blank=True, max_length=4000)),
                ("sent_at", models.DateTimeField()),
                ("entered_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                ("alarm", models.SmallIntegerField(default=0)),
                ("opened_home", models.BooleanField(default=False)),
                ("rights_end", models.DateTimeField(null=True)),
                (
                    "owner",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "receiver",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "sender",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "sender_staff",
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
            name="WorkDocument",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("type_name", models.CharField(max_length=40)),
                ("fhir_id", models.CharField(max_length=64)),
                ("version", models.CharField(max_length=20)),
                ("digest", models.CharField(max_length=64)),
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
                        related_name="documents",
                        to="alliance.workitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkTimer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("action", models.CharField(max_length=20)),
                ("due_at", models.DateTimeField()),
                ("fired_at", models.DateTimeField(null=True)),
                ("cancelled_at", models.DateTimeField(null=True)),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="timers",
                        to="alliance.workitem",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkTransition",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.IntegerField()),
                ("verb", models.CharField(max_length=20)),
                ("from_state", models.CharField(blank=True, max_length=20)),
                ("to_state", models.CharField(max_length=20)),
                ("role", models.CharField(blank=True, max_length=16)),
                ("at", models.DateTimeField()),
                ("note", EncryptedTextField(blank=True, max_length=4000)),
                ("arranged_for", models.DateTimeField(null=True)),
                (
                    "hospital",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
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
                        related_name="transitions",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["owner", "rank", "due_at", "id"],
                name="work_turn",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["sender", "rank", "due_at", "id"],
                name="work_sent",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["receiver", "rank", "due_at", "id"],
                name="work_received",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)),
                fields=["sender", "-closed_at", "-id"],
                name="work_sent_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("closed_at__isnull", False)),
                fields=["receiver", "-closed_at", "-id"],
                name="work_received_closed",
            ),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["source_patient", "receiver"], name="work_patient"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(
                condition=models.Q(("alarm__gte", 2), ("closed_at", None)),
                fields=["due_at"],
                name="work_alarm",
            ),
        ),
        migrations.AddIndex(
            model_name="worktimer",
            index=models.Index(
                models.F("due_at"),
                condition=models.Q(("cancelled_at", None), ("fired_at", None)),
                name="work_timer_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="worktransition",
            constraint=models.UniqueConstraint(
                fields=("item", "version"), name="work_transition_once"
            ),
        ),
    ]
