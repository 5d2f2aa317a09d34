"""Directives become FHIR Consents; the alliance's policy, seals and the review of broken glass get their tables."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def coding(system, code):
    return {"system": system, "code": code}


def actor(role, hospital):
    return {
        "role": {"coding": [coding(f"{TERMINOLOGY}/v3-ParticipationType", role)]},
        "reference": {
            "type": "Organization",
            "identifier": {"system": "urn:xinglin:hospital", "value": hospital},
        },
    }


def consent_of(refuses, recipient, source, sensitive):
    """The FHIR Consent of one old directive: recipient and source are codes of hospitals, None for all of them; sensitive: shares what is specially protected as well."""
    who = [actor("IRCP", recipient)] * bool(recipient) + [actor("CST", source)] * bool(source)
    rule = {"type": "deny" if refuses else "permit"} | ({"actor": who} if who else {})
    if not refuses:
        rule["purpose"] = [coding(f"{TERMINOLOGY}/v3-ActReason", "TREAT")]
        if sensitive:
            rule["provision"] = [
                {
                    "type": "permit",
                    "securityLabel": [coding(f"{TERMINOLOGY}/v3-Confidentiality", "R")],
                }
            ]
    return {
        "resourceType": "Consent",
        "status": "active",
        "scope": {"coding": [coding(f"{TERMINOLOGY}/consentscope", "patient-privacy")]},
        "category": [{"coding": [coding("http://loinc.org", "59284-0")]}],
        "policyRule": {
            "coding": [coding(f"{TERMINOLOGY}/v3-ActCode", "OPTOUT" if refuses else "OPTIN")]
        },
        "provision": rule,
    }


def forward(apps, schema_editor):
    """Each old directive as the template that it was, in the hospital of who recorded it."""
    for d in apps.get_model("consent", "Directive").objects.select_related(
        "recipient", "source", "recorded_by"
    ):
        refuses = d.effect == "deny"
        d.resource = consent_of(
            refuses, d.recipient and d.recipient.code, d.source and d.source.code, d.sensitive
        )
        d.denies, d.template, d.hospital_id = (
            refuses,
            "nothing" if refuses else "share",
            d.recorded_by.hospital_id,
        )
        d.verified_at, d.verified_by_id = d.recorded_at, d.recorded_by_id
        d.save()


METHODS = [
    ("paper", "Signed on paper"),
    ("screen", "Signed on the screen"),
    ("spoken", "Spoken, before a witness"),
    ("guardian", "Signed by a guardian"),
    ("online", "By the patient himself"),
    ("system", "Sent by a hospital's system"),
]
FINDINGS = [
    ("justified", "Justified"),
    ("doubtful", "Doubtful: to be explained"),
    ("abuse", "Not justified: reported"),
]
POLICIES = [
    ("Policy-break-glass-only", "Nothing crosses, but for an emergency"),
    (
        "Policy-basic-normal",
        "Hospitals that treat him see records that are not specially protected",
    ),
    ("Policy-all-normal", "Hospitals that treat him see all records"),
    ("Policy-deny", "Nothing crosses, not in an emergency either"),
]
GROUNDS = [
    ("dispute", "Medical dispute"),
    ("attention", "Public attention"),
    ("inquiry", "Inquiry by an authority"),
]
STAFF = {
    "on_delete": django.db.models.deletion.PROTECT,
    "related_name": "+",
    "to": "alliance.staff",
}


class Migration(migrations.Migration):
    dependencies = [("consent", "0003_covered_registrations"), ("alliance", "0001_initial")]

    operations = [
        migrations.AddField(
            "directive", "resource", models.JSONField(default=dict), preserve_default=False
        ),
        migrations.AddField(
            "directive", "denies", models.BooleanField(default=True), preserve_default=False
        ),
        migrations.AddField(
            "directive",
            "template",
            models.CharField(blank=True, max_length=20, default=""),
            preserve_default=False,
        ),
        migrations.AddField(
            "directive",
            "hospital",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.hospital",
            ),
        ),
        migrations.AddField("directive", "rid", models.BigIntegerField(null=True, db_index=True)),
        migrations.AddField("directive", "signature", models.BinaryField(null=True)),
        migrations.AddField(
            "directive",
            "guardian",
            models.CharField(
                blank=True, max_length=60, default="", verbose_name="Guardian who signs"
            ),
            preserve_default=False,
        ),
        migrations.AddField("directive", "verified_at", models.DateTimeField(null=True)),
        migrations.AddField("directive", "verified_by", models.ForeignKey(null=True, **STAFF)),
        migrations.AlterField("directive", "recorded_by", models.ForeignKey(null=True, **STAFF)),
        migrations.AlterField(
            "directive",
            "method",
            models.CharField(choices=METHODS, max_length=8, verbose_name="How it was given"),
        ),
        migrations.RunPython(forward, migrations.RunPython.noop),
        migrations.RunSQL("SET CONSTRAINTS ALL IMMEDIATE", "SET CONSTRAINTS ALL IMMEDIATE"),
        migrations.RemoveIndex("directive", "directive_covers"),
        migrations.RemoveField("directive", "effect"),
        migrations.RemoveField("directive", "recipient"),
        migrations.RemoveField("directive", "source"),
        migrations.RemoveField("directive", "sensitive"),
        migrations.AlterField(
            "directive",
            "hospital",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.hospital",
            ),
        ),
        migrations.AddIndex(
            "directive",
            django.contrib.postgres.indexes.GinIndex(
                fields=["covers"],
                condition=models.Q(denies=True),
                fastupdate=False,
                name="directive_covers",
            ),
        ),
        migrations.AddField(
            "emergency",
            "finding",
            models.CharField(
                blank=True, choices=FINDINGS, max_length=10, default="", verbose_name="Finding"
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            "emergency",
            "comment",
            models.CharField(blank=True, max_length=500, default="", verbose_name="Comment"),
            preserve_default=False,
        ),
        migrations.AddField("emergency", "reviewed_at", models.DateTimeField(null=True)),
        migrations.AddField("emergency", "reviewed_by", models.ForeignKey(null=True, **STAFF)),
        migrations.AddField("emergency", "told_at", models.DateTimeField(null=True)),
        migrations.AddField("emergency", "told_by", models.ForeignKey(null=True, **STAFF)),
        migrations.AddField(
            "emergency",
            "told_how",
            models.CharField(
                blank=True, max_length=120, default="", verbose_name="How the patient was told"
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            "relationship",
            "basis",
            models.CharField(
                max_length=9,
                choices=[
                    ("encounter", "Encounter"),
                    ("referral", "Referral"),
                    ("panel", "Panel"),
                    ("admission", "Admission"),
                    ("declared", "Declared"),
                ],
            ),
        ),
        migrations.RemoveConstraint("relationship", "one_by_encounter"),
        migrations.AddConstraint(
            "relationship",
            models.UniqueConstraint(
                fields=["source_patient", "hospital", "basis"],
                condition=models.Q(("basis", "declared"), _negated=True),
                name="one_by_basis",
            ),
        ),
        migrations.CreateModel(
            "PatientAccess",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.UUIDField(db_index=True)),
                ("code", models.BinaryField(unique=True)),
                ("made_at", models.DateTimeField(auto_now_add=True)),
                ("expires_at", models.DateTimeField()),
                ("wrong", models.PositiveSmallIntegerField(default=0)),
                ("closed_at", models.DateTimeField(null=True)),
                ("made_by", models.ForeignKey(**STAFF)),
            ],
        ),
        migrations.CreateModel(
            "AlliancePolicy",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(choices=POLICIES, max_length=24, verbose_name="Rule")),
                ("basis", models.CharField(max_length=200, verbose_name="Legal basis")),
                (
                    "reason",
                    models.CharField(max_length=300, verbose_name="Resolution of the alliance"),
                ),
                ("starts_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(auto_now_add=True)),
                ("decided_by", models.ForeignKey(**STAFF)),
            ],
            {"ordering": ["-starts_at", "-id"]},
        ),
        migrations.CreateModel(
            "IncidentSeal",
            [
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("person", models.UUIDField(db_index=True)),
                (
                    "covers",
                    django.contrib.postgres.fields.ArrayField(models.BigIntegerField(), size=None),
                ),
                ("ground", models.CharField(choices=GROUNDS, max_length=10, verbose_name="Ground")),
                ("reason", models.CharField(max_length=300, verbose_name="Reason")),
                (
                    "listed",
                    django.contrib.postgres.fields.ArrayField(
                        models.BigIntegerField(), default=list, size=None
                    ),
                ),
                ("sealed_at", models.DateTimeField()),
                ("sealed_by", models.ForeignKey(**STAFF)),
                ("lifted_at", models.DateTimeField(null=True)),
                ("lifted_by", models.ForeignKey(null=True, **STAFF)),
                ("lifted_reason", models.CharField(blank=True, max_length=300)),
                ("manifest", models.TextField(blank=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
            ],
            {"ordering": ["-sealed_at"]},
        ),
    ]
