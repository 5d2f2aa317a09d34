"""The directory of departments, clinics and their slots, and the places that arrangements take
(docs/adr/0091).
"""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("alliance", "0024_consultations"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferedDepartment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64, verbose_name="Code")),
                ("name_zh", models.CharField(max_length=100, verbose_name="Name in Chinese")),
                (
                    "name_en",
                    models.CharField(blank=True, max_length=100, verbose_name="Name in English"),
                ),
                (
                    "standard",
                    models.CharField(
                        blank=True, max_length=8, verbose_name="National code of the department"
                    ),
                ),
                (
                    "takes",
                    models.CharField(blank=True, max_length=500, verbose_name="What it takes"),
                ),
                ("for_referral", models.BooleanField(default=True, verbose_name="Takes referrals")),
                (
                    "for_consultation",
                    models.BooleanField(default=False, verbose_name="Gives consultations"),
                ),
                (
                    "most_urgent",
                    models.CharField(
                        choices=[
                            ("emergency", "Emergency"),
                            ("urgent", "Urgent"),
                            ("routine", "Routine"),
                        ],
                        default="emergency",
                        max_length=12,
                        verbose_name="The most urgent that it takes",
                    ),
                ),
                (
                    "phone",
                    models.CharField(
                        blank=True, max_length=40, verbose_name="Telephone of the desk"
                    ),
                ),
                ("from_system", models.BooleanField(default=False, editable=False)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
                (
                    "hospital",
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
            name="OfferedClinic",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64, verbose_name="Code")),
                (
                    "kind",
                    models.CharField(
                        choices=[("clinic", "Clinic"), ("beds", "Beds")],
                        default="clinic",
                        max_length=8,
                        verbose_name="Kind of place",
                    ),
                ),
                (
                    "name",
                    models.CharField(max_length=100, verbose_name="Name of the clinic or ward"),
                ),
                ("doctor", models.CharField(blank=True, max_length=60, verbose_name="Doctor")),
                ("title", models.CharField(blank=True, max_length=60, verbose_name="Title")),
                (
                    "takes",
                    models.CharField(blank=True, max_length=500, verbose_name="What it takes"),
                ),
                ("hours", models.CharField(blank=True, max_length=200, verbose_name="Hours")),
                ("from_system", models.BooleanField(default=False, editable=False)),
                ("ended_at", models.DateTimeField(editable=False, null=True)),
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
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="alliance.staff",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="clinics",
                        to="alliance.offereddepartment",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="OfferedSlot",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=64)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("places", models.IntegerField()),
                ("taken", models.IntegerField(default=0)),
                ("stopped_at", models.DateTimeField(null=True)),
                ("stopped_reason", models.CharField(blank=True, max_length=200)),
                (
                    "clinic",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="slots",
                        to="alliance.offeredclinic",
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
            ],
        ),
        migrations.CreateModel(
            name="PlaceTaken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("taken_at", models.DateTimeField()),
                ("freed_at", models.DateTimeField(null=True)),
                ("freed_by", models.CharField(blank=True, max_length=20)),
                (
                    "item",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="places",
                        to="alliance.workitem",
                    ),
                ),
                (
                    "slot",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="takings",
                        to="alliance.offeredslot",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="offereddepartment",
            constraint=models.UniqueConstraint(
                fields=("hospital", "code"), name="offered_department_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="offeredclinic",
            constraint=models.UniqueConstraint(
                fields=("hospital", "code"), name="offered_clinic_code"
            ),
        ),
        migrations.AddIndex(
            model_name="offeredslot",
            index=models.Index(fields=["clinic", "starts_at"], name="offered_slot_clinic"),
        ),
        migrations.AddIndex(
            model_name="offeredslot",
            index=models.Index(
                condition=models.Q(("stopped_at", None), ("taken__lt", models.F("places"))),
                fields=["starts_at", "clinic"],
                name="offered_slot_free",
            ),
        ),
        migrations.AddConstraint(
            model_name="offeredslot",
            constraint=models.UniqueConstraint(
                fields=("hospital", "code"), name="offered_slot_code"
            ),
        ),
        migrations.AddConstraint(
            model_name="offeredslot",
            constraint=models.CheckConstraint(
                condition=models.Q(("taken__gte", 0), ("taken__lte", models.F("places"))),
                name="offered_slot_places",
            ),
        ),
        migrations.AddConstraint(
            model_name="offeredslot",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="offered_slot_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="placetaken",
            constraint=models.UniqueConstraint(
                condition=models.Q(("freed_at", None)), fields=("item",), name="place_taken_once"
            ),
        ),
    ]
