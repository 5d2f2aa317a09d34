"""Who stands behind what opens a record; when a relationship was first noted; when a withdrawn refusal was lifted."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

STAFF = {
    "null": True,
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.staff",
}
HOSPITAL = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.hospital",
}
SUBJECTS = [
    ("tie", "The hospital treats the patient"),
    ("directive", "The patient's decision"),
    ("withdrawal", "The end of a refusal"),
    ("intake", "All registrations of a hospital"),
]
VERDICTS = [
    ("full", "Confirmed"),
    ("provisional", "Confirmed provisionally"),
    ("refused", "Refused"),
]
# What the previous release writes meanwhile is noted now, and what it withdraws refuses on until it is lifted.
FILL = """
UPDATE consent_directive SET lifted_at = withdrawn_at WHERE withdrawn_at IS NOT NULL AND lifted_at IS NULL;
UPDATE consent_relationship SET noted_at = least(starts_at, noted_at) WHERE starts_at < noted_at;
"""


class Migration(migrations.Migration):
    dependencies = [("consent", "0007_hospital_of_the_act")]

    operations = [
        migrations.CreateModel(
            "Confirmation",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("subject", models.CharField(choices=SUBJECTS, max_length=10)),
                ("verdict", models.CharField(choices=VERDICTS, max_length=11)),
                ("voice", models.CharField(max_length=9)),
                ("person", models.UUIDField(null=True)),
                (
                    "covers",
                    django.contrib.postgres.fields.ArrayField(
                        models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("evidence", models.CharField(max_length=200, verbose_name="What was compared")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("until", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "ended_reason",
                    models.CharField(blank=True, db_default="", default="", max_length=200),
                ),
                ("hospital", models.ForeignKey(**HOSPITAL)),
                (
                    "directive",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="confirmations",
                        to="consent.directive",
                    ),
                ),
                ("asserted_by", models.ForeignKey(**STAFF)),
                ("staff", models.ForeignKey(**STAFF)),
                ("acted_at", models.ForeignKey(null=True, **HOSPITAL)),
                ("ended_by", models.ForeignKey(**STAFF)),
            ],
            {
                "ordering": ["id"],
                "indexes": [
                    models.Index(fields=["person"], name="confirmation_person"),
                    models.Index(
                        fields=["hospital"],
                        name="confirmation_intake",
                        condition=models.Q(("subject", "intake")),
                    ),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("until__isnull", False), ("verdict", "provisional")),
                            models.Q(
                                models.Q(("verdict", "provisional"), _negated=True), ("until", None)
                            ),
                            _connector="OR",
                        ),
                        name="provisional_ends",
                    )
                ],
            },
        ),
        migrations.AddField("directive", "lifted_at", models.DateTimeField(null=True)),
        migrations.AddField(
            "relationship",
            "noted_at",
            models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
