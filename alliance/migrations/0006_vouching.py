"""Who made an account, and who stands behind it. Accounts of earlier releases are vouched for; one that an earlier release makes beside this one is not."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

FILL = "UPDATE alliance_staff SET vouched_at = now(), vouched_as = role WHERE vouched_at IS NULL"
ISSUES = [
    ("enrol", "enrolled"),
    ("reset", "password or second factor reset"),
    ("change", "name, role, hospital or e-mail changed"),
    ("return", "taken back"),
]


class Migration(migrations.Migration):
    dependencies = [("alliance", "0005_sign_in_and_forms")]
    operations = [
        migrations.AddField(
            "staff",
            "issued_as",
            models.CharField(
                blank=True, choices=ISSUES, db_default="", default="", editable=False, max_length=8
            ),
        ),
        migrations.AddField("staff", "issued_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "staff",
            "issuers",
            django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(),
                db_default=[],
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.AddField("staff", "vouched_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "staff",
            "vouched_by",
            models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="alliance.staff",
            ),
        ),
        migrations.AddField(
            "staff",
            "vouched_as",
            models.CharField(blank=True, db_default="", default="", editable=False, max_length=16),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
