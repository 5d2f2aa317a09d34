"""The way home: plans of work items, their medicines, tasks and measured values (docs/adr/0094)."""

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0027_sending"),
    ]

    operations = [
        migrations.CreateModel(
            name="HomeMeasure",
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
                            ("pressure", "Blood pressure (mmHg)"),
                            ("glucose", "Blood glucose (mmol/L)"),
                            ("weight", "Weight (kg)"),
                        ],
                        max_length=12,
                    ),
                ),
                ("value", EncryptedTextField(max_length=20)),
                (
                    "transition",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="measures",
                        to="alliance.worktransition",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HomePlan",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("record_number", EncryptedTextField(blank=True, max_length=300)),
                ("diagnosis", EncryptedTextField(blank=True, max_length=4000)),
                ("findings", EncryptedTextField(blank=True, max_length=4000)),
                ("course", EncryptedTextField(blank=True, max_length=4000)),
                ("advice", EncryptedTextField(max_length=4000)),
                ("warning_signs", EncryptedTextField(max_length=4000)),
                ("call_name", EncryptedTextField(max_length=300)),
                ("call_phone", EncryptedTextField(max_length=300)),
                (
                    "home",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "item",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="home_plan",
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
                (
                    "summary",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.workdocument",
                    ),
                ),
                (
                    "treating",
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
            name="HomeMedicine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.SmallIntegerField()),
                (
                    "change",
                    models.CharField(
                        choices=[
                            ("new", "Newly begun"),
                            ("changed", "Changed"),
                            ("stopped", "Stopped"),
                            ("unchanged", "Unchanged"),
                        ],
                        max_length=12,
                    ),
                ),
                ("name", EncryptedTextField(max_length=300)),
                ("dosage", EncryptedTextField(blank=True, max_length=300)),
                ("before", EncryptedTextField(blank=True, max_length=300)),
                ("why", EncryptedTextField(blank=True, max_length=300)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="medicines",
                        to="alliance.homeplan",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="HomeTask",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.SmallIntegerField()),
                ("what", EncryptedTextField(max_length=300)),
                ("due_on", models.DateField()),
                (
                    "doer",
                    models.CharField(
                        choices=[
                            ("community", "Community doctor"),
                            ("patient", "The patient"),
                            ("hospital", "Hospital"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Not done yet"),
                            ("done", "Has been done"),
                            ("dropped", "No longer needed"),
                        ],
                        default="open",
                        max_length=12,
                    ),
                ),
                ("entries", models.SmallIntegerField(default=0)),
                (
                    "home",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.hospital",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tasks",
                        to="alliance.homeplan",
                    ),
                ),
                (
                    "treating",
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
            name="HomeTaskEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.SmallIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "Not done yet"),
                            ("done", "Has been done"),
                            ("dropped", "No longer needed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("role", models.CharField(max_length=16)),
                ("at", models.DateTimeField()),
                ("note", EncryptedTextField(blank=True, max_length=300)),
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
                    "staff",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "task",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="course",
                        to="alliance.hometask",
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="hometask",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["home", "due_on"],
                name="home_task_open",
            ),
        ),
        migrations.AddIndex(
            model_name="hometask",
            index=models.Index(
                condition=models.Q(("doer", "hospital"), ("state", "open")),
                fields=["treating", "due_on"],
                name="home_task_treating",
            ),
        ),
        migrations.AddConstraint(
            model_name="hometaskentry",
            constraint=models.UniqueConstraint(
                fields=("task", "number"), name="home_task_entry_once"
            ),
        ),
    ]
