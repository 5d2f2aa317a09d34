"""Deadlines and working days as the alliance sets them, duty offices, notices of work
(docs/adr/0092).
"""

from typing import Any

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedTextField

NUMBER = models.BigAutoField(
    auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
)


def refers_to(model: str, **more: Any) -> Any:
    return models.ForeignKey(
        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=model, **more
    )


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0025_directory"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("works", models.BooleanField()),
                ("name", models.CharField(blank=True, max_length=40)),
                ("changed_at", models.DateTimeField()),
                ("changed_by", refers_to("alliance.staff", db_index=False, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="DutyOffice",
            fields=[
                (
                    "hospital",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="alliance.hospital",
                    ),
                ),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("place", models.CharField(blank=True, max_length=80)),
                ("changed_at", models.DateTimeField()),
                (
                    "members",
                    models.ManyToManyField(blank=True, related_name="+", to="alliance.staff"),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WorkDeadline",
            fields=[
                ("id", NUMBER),
                ("name", models.CharField(max_length=30)),
                ("urgency", models.CharField(blank=True, max_length=12)),
                ("amount", models.IntegerField()),
                (
                    "unit",
                    models.CharField(
                        choices=[
                            ("minutes", "minutes by the clock"),
                            ("hours", "hours by the clock"),
                            ("days", "days by the clock"),
                            ("working-hours", "working hours"),
                            ("working-days", "working days"),
                            ("moment", "minutes of the day"),
                        ],
                        max_length=16,
                    ),
                ),
                ("set_at", models.DateTimeField()),
                ("proposed_by", refers_to("alliance.staff", db_index=False, null=True)),
                ("agreed_by", refers_to("alliance.staff", db_index=False, null=True)),
            ],
            options={
                "indexes": [
                    models.Index(fields=["name", "urgency", "-id"], name="work_deadline_newest")
                ],
            },
        ),
        migrations.CreateModel(
            name="WorkNoticeAddress",
            fields=[
                ("id", NUMBER),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "Mail"), ("webhook", "Webhook, signed")], max_length=10
                    ),
                ),
                ("target", models.CharField(max_length=300)),
                ("secret", EncryptedTextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("hospital", refers_to("alliance.hospital")),
            ],
        ),
        migrations.CreateModel(
            name="WorkNotice",
            fields=[
                ("id", NUMBER),
                ("verb", models.CharField(max_length=20)),
                ("state", models.CharField(max_length=20)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("tries", models.SmallIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=80)),
                ("sent_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
                ("address", refers_to("alliance.worknoticeaddress")),
                ("item", refers_to("alliance.workitem", db_index=False)),
            ],
            options={
                "indexes": [
                    models.Index(
                        condition=models.Q(("given_up_at", None), ("sent_at", None)),
                        fields=["due_at", "id"],
                        name="work_notice_due",
                    )
                ],
            },
        ),
    ]
