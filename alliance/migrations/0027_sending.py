"""The sending side: drafts, approval, what is owed, messages, arrivals (docs/adr/0093)."""

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0026_work_settings"),
    ]

    operations = [
        migrations.CreateModel(
            name="WorkDraft",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.UUIDField()),
                ("source_patient", models.BigIntegerField()),
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
                ("department", models.CharField(blank=True, max_length=80)),
                ("reason", EncryptedTextField(blank=True, max_length=4000)),
                ("question", EncryptedTextField(blank=True, max_length=4000)),
                ("transport", EncryptedTextField(blank=True, max_length=4000)),
                ("wish", EncryptedTextField(blank=True, max_length=4000)),
                ("along", EncryptedTextField(blank=True, max_length=32000)),
                ("plan", EncryptedTextField(blank=True, max_length=64000)),
                ("state", models.CharField(max_length=20)),
                ("version", models.IntegerField()),
                ("saved_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "author",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
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
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.workitem",
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
            ],
        ),
        migrations.CreateModel(
            name="WorkDraftStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.IntegerField()),
                ("verb", models.CharField(max_length=20)),
                ("to_state", models.CharField(max_length=20)),
                ("role", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("note", EncryptedTextField(blank=True, max_length=4000)),
                (
                    "draft",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="steps",
                        to="alliance.workdraft",
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
            name="WorkMessage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("text", EncryptedTextField(max_length=4000)),
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
                        related_name="messages",
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
            name="WorkMessageSight",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("last", models.BigIntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
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
            name="ApprovalRule",
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
                ("set_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
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
                    "set_by",
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
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("hospital", "kind"),
                        name="one_approval_rule",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkArrival",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.UUIDField()),
                ("source_patient", models.BigIntegerField()),
                ("reported_at", models.DateTimeField()),
                ("note", EncryptedTextField(max_length=4000)),
                ("due_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("reported", "Reported"),
                            ("confirmed", "Confirmed"),
                            ("refused", "Refused"),
                            ("withdrawn", "Withdrawn"),
                        ],
                        max_length=12,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("answer", EncryptedTextField(blank=True, max_length=4000)),
                (
                    "closed_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.workitem",
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
                    "reported_by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
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
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["sender", "due_at", "id"],
                        name="work_arrival_sender",
                    ),
                    models.Index(
                        condition=models.Q(("closed_at", None)),
                        fields=["receiver", "due_at", "id"],
                        name="work_arrival_receiver",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkDebt",
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
                        choices=[("papers", "Papers"), ("approval", "Approval")], max_length=12
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("settled_at", models.DateTimeField(null=True)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="debts",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)),
                        fields=["due_at"],
                        name="work_debt_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("item", "kind"), name="work_debt_once")
                ],
            },
        ),
        migrations.AddIndex(
            model_name="workdraft",
            index=models.Index(
                condition=models.Q(("closed_at", None)),
                fields=["hospital", "due_at", "id"],
                name="work_draft_open",
            ),
        ),
        migrations.AddConstraint(
            model_name="workdraftstep",
            constraint=models.UniqueConstraint(
                fields=("draft", "version"), name="work_draft_step_once"
            ),
        ),
        migrations.AddIndex(
            model_name="workmessage",
            index=models.Index(fields=["item", "id"], name="work_message_item"),
        ),
        migrations.AddConstraint(
            model_name="workmessagesight",
            constraint=models.UniqueConstraint(
                fields=("item", "staff"), name="work_message_sight_once"
            ),
        ),
    ]
