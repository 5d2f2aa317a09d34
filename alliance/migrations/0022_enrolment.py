"""Codes by which a machine becomes a system with a key of its own; sandboxes of members
(docs/adr/0064).
"""

import django.db.models.deletion
from django.db import migrations, models

PROTECT = {"on_delete": django.db.models.deletion.PROTECT}
APART = {**PROTECT, "related_name": "+"}
NUMBER = (
    "id",
    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
)
# The first code that knows sandboxes, as alliance.database.release counts. Older code would take one
# for a member, and link its patients: the first sandbox closes the database to it.
KNOWS_SANDBOXES = 74
CLOSE = f"""
CREATE FUNCTION alliance_close_to_older_code() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = public, pg_temp AS $body$
BEGIN UPDATE alliance_release SET served_since = greatest(served_since, {KNOWS_SANDBOXES});
  NOTIFY xinglin_release; RETURN NEW;
END $body$;
CREATE TRIGGER alliance_sandbox AFTER INSERT OR UPDATE ON alliance_hospital FOR EACH ROW
WHEN (NEW.sandbox_of_id IS NOT NULL) EXECUTE FUNCTION alliance_close_to_older_code();
"""
REOPEN = """
DROP TRIGGER IF EXISTS alliance_sandbox ON alliance_hospital;
DROP FUNCTION IF EXISTS alliance_close_to_older_code();
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0021_launches")]
    operations = [
        migrations.AddField(
            "hospital",
            "sandbox_of",
            models.ForeignKey(
                **APART,
                db_constraint=False,  # the table is not held for it; hospitals are never deleted
                db_index=False,
                editable=False,
                null=True,
                to="alliance.hospital",
            ),
        ),
        migrations.RunSQL(CLOSE, REOPEN),
        migrations.AddField("client", "witness_key", models.BinaryField(max_length=32, null=True)),
        migrations.CreateModel(
            "EnrolmentCode",
            [
                NUMBER,
                ("digest", models.BinaryField(max_length=32, unique=True)),
                ("scopes", models.TextField(default="system/*.cruds")),
                (
                    "made_through",
                    models.CharField(blank=True, db_default="", default="", max_length=64),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(db_index=True)),
                ("withdrawn_at", models.DateTimeField(null=True)),
                ("used_at", models.DateTimeField(null=True)),
                ("client", models.ForeignKey(**APART, null=True, to="alliance.client")),
                ("hospital", models.ForeignKey(**APART, to="alliance.hospital")),
                ("made_by", models.ForeignKey(**APART, null=True, to="alliance.staff")),
            ],
            options={"ordering": ["-made_at"]},
        ),
        migrations.CreateModel(
            "AcceptanceMark",
            [
                NUMBER,
                ("behaviour", models.CharField(max_length=32)),
                ("seen_at", models.DateTimeField()),
                (
                    "client",
                    models.ForeignKey(
                        **PROTECT, related_name="acceptance_marks", to="alliance.client"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["client", "behaviour"], name="acceptance_mark_once"
                    )
                ]
            },
        ),
    ]
