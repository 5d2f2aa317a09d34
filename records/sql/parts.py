"""The state of the subscription worker, the bulk jobs and the index, for /readyz, doctor and the
metrics, in SQL.
"""

COURIER_BEAT = "(SELECT max(beat_at) FROM records_feedposition)"  # NULL: there never was one
FILLING = "SELECT version, filling, remaining FROM record_index WHERE filling IS NOT NULL"
INDEX_THERE = "to_regclass('record_index') IS NOT NULL"  # after the first `setup`
# the column came with number 60
INDEX_ROW = (
    "(SELECT version, coalesce((to_jsonb(x)->>'switching')::boolean, false) AS switching FROM"
    " record_index x)"
)
# seconds that the oldest batch of a member's system has waited for its turn; 0: none does
# index: record_sync_batch_waiting
SYNC_OLDEST = (
    "(SELECT coalesce(extract(epoch FROM clock_timestamp() - min(taken_at)), 0)"
    " FROM record_sync_batch WHERE done_at IS NULL)::float8"
)
SWITCH = "UPDATE record_index SET switching = {}"  # true: nobody serves
INDEX = "SELECT version, switching, filling, remaining, contracted FROM record_index"
INDEX_VERSION = "(SELECT max(version) FROM record_index)"
STAMPS_AHEAD = (  # seconds
    "SELECT extract(epoch FROM max(floor) - clock_timestamp())::float8 FROM record_clock"
)


def measures(most: int) -> str:
    """Columns of a SELECT: numbers for the metrics. most: notifications that are counted of
    those that are due, and letters of those that are open or wait.
    """
    # index: notification_due, subscription_state, bulk_job_state, record_sync_batch_waiting,
    # record_sync_dead_letter_shared
    # record_sync_dead_letter_record, record_sync_dead_letter_unkept
    return f"""(SELECT count(*)
        FROM (SELECT FROM records_notification n
          JOIN records_subscriptionstate s ON s.rid = n.subscription_id AND s.state = 'active'
          WHERE n.due_at <= now() LIMIT {most}) w)
    AS notifications_due,
  (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(n.changed_at)), 0)
      FROM (SELECT changed_at FROM records_notification n
    JOIN records_subscriptionstate s ON s.rid = n.subscription_id AND s.state = 'active'
      WHERE n.due_at <= now() ORDER BY n.due_at
      LIMIT {most}) n)::float8 AS notification_oldest_seconds,
  (SELECT jsonb_object_agg(state, n)
      FROM (SELECT state, count(*) AS n FROM records_subscriptionstate
        GROUP BY state) s) AS subscriptions,
  (SELECT jsonb_object_agg(state, n)
      FROM (SELECT state, count(*) AS n FROM records_bulkjob
        WHERE state IN ('taking', 'waiting', 'running') GROUP BY state) s) AS bulk_jobs,
  (SELECT coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0) FROM records_bulkjob
      WHERE state = 'waiting')::float8 AS bulk_oldest_waiting_seconds,
  (SELECT count(*) FROM (SELECT FROM record_sync_batch WHERE done_at IS NULL LIMIT {most}) b)
    AS sync_batches_waiting,
  {SYNC_OLDEST} AS sync_oldest_batch_seconds,
  (SELECT coalesce(sum(done), 0) FROM record_sync_stream)::float8 AS sync_batches_done,
  {count_letters("open", most)} AS sync_letters_open,
  {count_letters("waiting", most)} AS sync_letters_waiting,
  (SELECT count(*) FROM (SELECT FROM record_sync_dead_letter
      WHERE state = 'open' AND size = 0 LIMIT {most}) w) AS sync_letters_unkept,
  {INDEX_VERSION} AS index_version"""


def count_letters(state: str, most: int) -> str:
    return (
        "(SELECT count(*) FROM (SELECT FROM record_sync_dead_letter"
        f" WHERE state = '{state}' LIMIT {most}) w)"
    )
