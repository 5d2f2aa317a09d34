"""Epochs of the database, and the numbers of commits that do not begin anew with a restore (docs/adr/0041)."""

from django.db import migrations, models

SQL = """
CREATE FUNCTION alliance_xid() RETURNS xid8 LANGUAGE sql STABLE RETURN pg_current_xact_id();
CREATE FUNCTION alliance_horizon() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE RETURN pg_snapshot_xmin(pg_current_snapshot());
CREATE FUNCTION alliance_next() RETURNS xid8 LANGUAGE sql STABLE PARALLEL SAFE RETURN pg_snapshot_xmax(pg_current_snapshot());
CREATE OR REPLACE FUNCTION alliance_factor_trace() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('is_superuser') <> 'on' AND NOT EXISTS (
      SELECT FROM public.consent_audit_event WHERE xid = public.alliance_xid() AND code LIKE ANY ('{alliance:session:%,alliance:staff:%}')) THEN
    RAISE EXCEPTION 'a second factor goes only in a transaction that says so in the audit log' USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("alliance", "0014_release")]
    operations = [
        migrations.RunSQL(SQL),
        migrations.CreateModel(
            "Epoch",
            [
                ("number", models.IntegerField(primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("first", "First"),
                            ("promoted", "Promoted"),
                            ("restored", "Restored"),
                        ],
                        max_length=8,
                    ),
                ),
                ("system_identifier", models.BigIntegerField()),
                ("database", models.BigIntegerField()),
                ("timeline", models.IntegerField()),
                ("began_at", models.DateTimeField()),
                ("horizon", models.BigIntegerField()),
                ("added", models.BigIntegerField(default=0)),
                ("passed", models.BigIntegerField()),
                ("passed_at", models.DateTimeField(null=True)),
                ("lost_from", models.DateTimeField(null=True)),
                ("lost_until", models.DateTimeField(null=True)),
                ("reason", models.TextField(default="")),
                ("recorded_by", models.CharField(default="", max_length=150)),
                ("subscribers_told", models.BooleanField(default=False)),
            ],
        ),
    ]
