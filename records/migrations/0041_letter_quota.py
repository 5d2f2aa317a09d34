"""Indexes by which the quota of dead letters is counted, the board with it, and by which a record
of sync is found that FHIR writes (docs/adr/0071).
"""

from django.db import migrations

KEPT = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_dead_letter_kept
  ON record_sync_dead_letter (client) INCLUDE (size)
  WHERE state IN ('open', 'waiting') AND size > 0"""
UNKEPT = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_dead_letter_unkept
  ON record_sync_dead_letter (hospital) WHERE state = 'open' AND size = 0"""
# The board's index, with the size: what counts reads it alone.
COUNTED = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_dead_letter_counted
  ON record_sync_dead_letter (hospital, rule, field, state, id) INCLUDE (client, made_at, size)
  WHERE state IN ('open', 'waiting')"""
BEFORE = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_dead_letter_cause
  ON record_sync_dead_letter (hospital, rule, field, state, id) INCLUDE (client, made_at)
  WHERE state IN ('open', 'waiting')"""

# Of ids that do not say their record number.
HASHED = """CREATE INDEX CONCURRENTLY IF NOT EXISTS record_sync_ledger_hashed
  ON record_sync_ledger (hospital, fhir_id) WHERE fhir_id LIKE '%-h.%'"""


class Migration(migrations.Migration):
    atomic = False  # indexes beside those who write

    dependencies = [("records", "0040_letter_size")]
    operations = [
        migrations.RunSQL(KEPT, "DROP INDEX record_sync_dead_letter_kept"),
        migrations.RunSQL(UNKEPT, "DROP INDEX record_sync_dead_letter_unkept"),
        migrations.RunSQL(HASHED, "DROP INDEX record_sync_ledger_hashed"),
        migrations.RunSQL(COUNTED, "DROP INDEX record_sync_dead_letter_counted"),
        migrations.RunSQL(
            "DROP INDEX CONCURRENTLY IF EXISTS record_sync_dead_letter_cause", BEFORE
        ),
    ]
