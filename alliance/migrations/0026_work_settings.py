"""Deadlines and working days as the alliance sets them, duty offices, notices of work
(docs/adr/0092).
"""

import django.db.models.deletion
from django.db import migrations, models

from alliance.migrations._encrypted_fields import EncryptedTextField


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0023_work"),
    ]

    operations = [
        migrations.CreateModel(
            name="CalendarDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("works", models.BooleanField()),
                ("name", models.CharField(blank=True, max_length=40)),
                ("changed_at", models.DateTimeField()),
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
            ],
        ),
        migrations.CreateModel(
            name="WorkDeadline",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
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
            ],
        ),
        migrations.CreateModel(
            name="WorkNotice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("verb", models.CharField(max_length=20)),
                ("state", models.CharField(max_length=20)),
                ("made_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("tries", models.SmallIntegerField(default=0)),
                ("fault", models.CharField(blank=True, max_length=80)),
                ("sent_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="WorkNoticeAddress",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[("mail", "Mail"), ("webhook", "Webhook")], max_length=10
                    ),
                ),
                ("target", models.CharField(max_length=300)),
                ("secret", EncryptedTextField(blank=True)),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["sender", "-entered_at"], name="work_sent_newest"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["receiver", "-entered_at"], name="work_received_newest"),
        ),
        migrations.AddIndex(
            model_name="workitem",
            index=models.Index(fields=["sent_at"], name="work_sent_at"),
        ),
        migrations.AddField(
            model_name="calendarday",
            name="changed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField(
            model_name="dutyoffice",
            name="members",
            field=models.ManyToManyField(blank=True, related_name="+", to="alliance.staff"),
        ),
        migrations.AddField(
            model_name="workdeadline",
            name="agreed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField(
            model_name="workdeadline",
            name="proposed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField(
            model_name="worknotice",
            name="item",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.workitem",
            ),
        ),
        migrations.AddField(
            model_name="worknoticeaddress",
            name="hospital",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.hospital",
            ),
        ),
        migrations.AddField(
            model_name="worknotice",
            name="address",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.worknoticeaddress",
            ),
        ),
        migrations.AddIndex(
            model_name="workdeadline",
            index=models.Index(fields=["name", "urgency", "-id"], name="work_deadline_newest"),
        ),
        migrations.AddIndex(
            model_name="worknotice",
            index=models.Index(
                condition=models.Q(("given_up_at", None), ("sent_at", None)),
                fields=["due_at", "id"],
                name="work_notice_due",
            ),
        ),
    ]
