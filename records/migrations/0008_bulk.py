"""Bulk jobs and their chunks."""

import uuid

from django.db import migrations, models

CHUNKS = """
CREATE TABLE record_bulk_chunk (
  job     uuid NOT NULL REFERENCES records_bulkjob ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  -- of an export its output file; of an import 0 patients, 1 the rest, 2 errors
  file    integer NOT NULL,
  seq     integer NOT NULL,
  -- first byte in the file (export), first line (import)
  start   bigint NOT NULL,
  length  bigint NOT NULL,                        -- bytes (export), lines (import)
  good    integer,                                -- of an import, when it is done: lines taken
  bad     integer,
  -- compressed and sealed with the key of the system's hospital
  content bytea NOT NULL,
  PRIMARY KEY (job, file, seq)
);
CREATE INDEX record_resource_gone ON record_resource (hospital, last_updated) WHERE deleted;
ALTER TABLE record_bulk_chunk ALTER COLUMN content SET STORAGE EXTERNAL;
"""


class Migration(migrations.Migration):
    dependencies = [("records", "0007_sealed_bodies")]
    operations = [
        migrations.CreateModel(
            name="BulkJob",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("export", "Export"), ("import", "Import")], max_length=6
                    ),
                ),
                ("base", models.CharField(max_length=32)),
                ("hospital_id", models.IntegerField()),
                ("client", models.CharField(max_length=64)),
                ("root", models.CharField(max_length=200)),
                ("asked", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("taking", "Taking"),
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                        ],
                        default="waiting",
                        max_length=7,
                    ),
                ),
                ("says", models.CharField(blank=True, max_length=300)),
                ("files", models.JSONField(default=list)),
                ("persons", models.JSONField(default=dict)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("as_of", models.DateTimeField(null=True)),
                ("beat_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ["created_at"],
                "indexes": [models.Index(fields=["state", "created_at"], name="bulk_job_state")],
            },
        ),
        migrations.RunSQL(CHUNKS, "DROP TABLE record_bulk_chunk; DROP INDEX record_resource_gone"),
    ]
