"""What of sync is not needed any more goes (docs/adr/0062): settled letters a good year later, and
the batches of a system that was revoked so long ago, for nobody can ask for their receipts. Ledger
and sums stay.
"""

from django.db import connection

from alliance.sql.hospitals import REVOKED_SYSTEMS

DAYS = 400  # a year, and the month in which somebody compares with the one before
PIECE = 10_000  # rows of a transaction
LETTERS = """
DELETE FROM record_sync_dead_letter WHERE id IN (SELECT id FROM record_sync_dead_letter
  WHERE state NOT IN ('open', 'waiting') AND settled_at < clock_timestamp() - %(kept)s::interval
  LIMIT %(piece)s)
"""
# index: record_sync_stream_client_name_key, record_sync_batch_pkey
BATCHES = f"""
DELETE FROM record_sync_batch b USING (SELECT o.stream, o.number FROM record_sync_batch o
  JOIN record_sync_stream s ON s.id = o.stream WHERE s.client IN ({REVOKED_SYSTEMS})
  LIMIT %(piece)s) o WHERE b.stream = o.stream AND b.number = o.number
"""
STREAMS = f"""
DELETE FROM record_sync_stream s WHERE s.client IN ({REVOKED_SYSTEMS})
  AND NOT EXISTS (SELECT FROM record_sync_batch b WHERE b.stream = s.id)
"""


def forget_old_sync() -> int:
    """How many rows went."""
    count = 0
    for statement in (LETTERS, BATCHES, STREAMS):
        while True:
            with connection.cursor() as cursor:
                cursor.execute(statement, {"kept": f"{DAYS} days", "piece": PIECE})
                count += cursor.rowcount
                if cursor.rowcount < PIECE or statement is STREAMS:
                    break
    return count
