"""Case files of auditors, holds on the log, and two more findings about an emergency access."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from consent.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0022_enrolment"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("consent", "0029_work"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField(
            model_name="emergency",
            name="finding",
            field=models.CharField(
                blank=True,
                choices=[
                    ("justified", "Justified"),
                    ("unrecorded", "Justified, but not documented"),
                    ("abuse", "Not justified: reported"),
                    ("unclear", "Cannot be told"),
                    ("doubtful", "Doubtful: to be explained"),
                ],
                max_length=10,
                verbose_name="Finding",
            ),
        ),
        migrations.CreateModel(
            name="Case",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", EncryptedTextField(max_length=120, verbose_name="Title of the case")),
                ("about", EncryptedTextField(max_length=2000, verbose_name="What it is about")),
                (
                    "origin",
                    models.CharField(
                        choices=[
                            ("court", "Order of a court"),
                            ("authority", "Inquiry by an authority"),
                            ("complaint", "Complaint"),
                            ("finding", "Own finding"),
                        ],
                        max_length=10,
                        verbose_name="Who asked",
                    ),
                ),
                (
                    "origin_number",
                    models.CharField(
                        blank=True,
                        max_length=80,
                        verbose_name="Number of the order, inquiry or complaint",
                    ),
                ),
                ("opened_at", models.DateTimeField(auto_now_add=True)),
                (
                    "outcome",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("lawful", "Everything was lawful"),
                            ("unrecorded", "Lawful, but not documented"),
                            ("violation", "A violation"),
                            ("unclear", "Cannot be told"),
                            ("handed", "Handed over to the court or authority"),
                        ],
                        max_length=10,
                        verbose_name="Outcome",
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                (
                    "closed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "closing_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "hospital",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "opened_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
                "permissions": [("work_case", "see it and work on it")],
            },
        ),
        migrations.CreateModel(
            name="CaseEntry",
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
                            ("note", "Note"),
                            ("given", "Access given"),
                            ("taken", "Access ended"),
                            ("closing", "Closing proposed"),
                            ("goes-on", "Closing refused: the case goes on"),
                            ("closed", "Closed"),
                            ("reopened", "Opened again"),
                        ],
                        max_length=10,
                    ),
                ),
                ("text", EncryptedTextField(blank=True, max_length=2000, verbose_name="Note")),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="entries",
                        to="consent.case",
                    ),
                ),
                (
                    "whom",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseLook",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField(auto_now_add=True)),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="looks",
                        to="consent.case",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("whole_case", models.BooleanField(default=False)),
                ("person", models.UUIDField(null=True)),
                ("first_line", models.BigIntegerField(null=True)),
                ("last_line", models.BigIntegerField(null=True)),
                ("starts_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("reason", EncryptedTextField(max_length=300, verbose_name="Why it is held")),
                ("set_at", models.DateTimeField(auto_now_add=True)),
                (
                    "lift_reason",
                    EncryptedTextField(
                        blank=True, max_length=300, verbose_name="Why the hold is lifted"
                    ),
                ),
                ("lift_asked_at", models.DateTimeField(null=True)),
                ("lifted_at", models.DateTimeField(null=True)),
                (
                    "case",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="holds",
                        to="consent.case",
                    ),
                ),
                (
                    "lift_asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
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
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="CaseItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=12)),
                ("ref", models.CharField(max_length=80)),
                ("line", models.BigIntegerField(null=True)),
                ("recorded", models.DateTimeField(null=True)),
                (
                    "why",
                    EncryptedTextField(
                        blank=True, max_length=300, verbose_name="Why it belongs to the case"
                    ),
                ),
                ("added_at", models.DateTimeField(auto_now_add=True)),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="consent.case",
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("line", None), _negated=True),
                        fields=["line"],
                        name="case_item_line",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "kind", "ref"), name="one_case_item")
                ],
            },
        ),
        migrations.CreateModel(
            name="CaseUserObjectPermission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "content_object",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="consent.case"
                    ),
                ),
                (
                    "permission",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to="auth.permission"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "abstract": False,
                "unique_together": {("user", "permission", "content_object")},
            },
        ),
    ]
