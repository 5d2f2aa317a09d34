"""Indexes by which the board of sync counts (docs/adr/0069)."""

from django.db import migrations

# What the board counts is read from these alone.
LETTERS = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_dead_letter_cause
  ON record_sync_dead_letter (hospital, rule, field, state, id) INCLUDE (client, made_at)
  WHERE state IN ('open', 'waiting')"""
BATCHES = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_batch_board
  ON record_sync_batch (hospital, taken_at) INCLUDE (client, done_at, items, refused, waiting)"""


class Migration(migrations.Migration):
    atomic = False  # indexes beside those who write

    dependencies = [("records", "0038_sync_notices")]
    operations = [
        migrations.RunSQL(LETTERS, "DROP INDEX record_sync_dead_letter_cause"),
        migrations.RunSQL(BATCHES, "DROP INDEX record_sync_batch_board"),
    ]
