"""Why a consent was withdrawn and how the patient asked for it; the words of two choices."""

from django.db import migrations, models

POLICIES = [
    ("Policy-break-glass-only", "Nothing crosses, but for an emergency"),
    (
        "Policy-basic-normal",
        "Hospitals that treat the patient see records that are not specially protected",
    ),
    ("Policy-all-normal", "Hospitals that treat the patient see all records"),
    ("Policy-deny", "Nothing crosses, not in an emergency either"),
]
METHODS = [
    ("paper", "Signed on paper"),
    ("screen", "Signed on the screen"),
    ("spoken", "Spoken, before a witness"),
    ("guardian", "Signed by a guardian"),
    ("online", "By the patient, on their own page"),
    ("system", "Sent by a hospital's system"),
]


class Migration(migrations.Migration):
    dependencies = [("consent", "0005_images")]

    operations = [
        migrations.AddField(
            "directive",
            "withdrawn_reason",
            models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="Reason"
            ),
        ),
        migrations.AddField(
            "directive",
            "withdrawn_evidence",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                max_length=120,
                verbose_name="How the patient asked for it",
            ),
        ),
        migrations.AlterField(
            "alliancepolicy",
            "code",
            models.CharField(choices=POLICIES, max_length=24, verbose_name="Rule"),
        ),
        migrations.AlterField(
            "directive",
            "method",
            models.CharField(choices=METHODS, max_length=8, verbose_name="How it was given"),
        ),
    ]
