"""One pass of the review of accesses, in the worker: read the log, judge, list, forget. May be
broken off and begun again.
"""

import datetime as dt

from django.db import connection
from django.utils import timezone

from records.access_review.build_episodes import build_episodes
from records.access_review.judge_episodes import judge_episodes
from records.access_review.list_episodes import list_due_episodes
from records.access_review.staff_keys import refresh_staff_keys

KEPT_DAYS = 120  # of an episode that was on no list: the log has its lines
DAYS_KEPT = 400
PIECE = 20_000
# index: record_access_episode_first, record_access_listed_pkey
FORGET_SQL = f"""
DELETE FROM record_access_episode WHERE id IN (SELECT e.id FROM record_access_episode e
  WHERE e.first_at < clock_timestamp() - interval '{KEPT_DAYS} days'
    AND NOT EXISTS (SELECT FROM record_access_listed l WHERE l.episode = e.id) LIMIT {PIECE})
"""
# index: record_access_day_day
FORGET_DAYS_SQL = f"DELETE FROM record_access_day WHERE day < current_date - {DAYS_KEPT}"


def run_access_review() -> dict[str, int]:
    """How much was done."""
    batches = build_episodes()
    keys = refresh_staff_keys()
    return {
        "batches": batches,
        "staff_keys": keys,
        "judged": judge_episodes(),
        "lists": list_due_episodes(database_now()),
        "forgotten": forget_episodes(),
    }


def database_now() -> dt.datetime:
    """In the installation's time zone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
    return timezone.localtime(moment)


def forget_episodes() -> int:
    count = 0
    with connection.cursor() as cursor:
        cursor.execute(FORGET_DAYS_SQL)
        while True:
            cursor.execute(FORGET_SQL)
            count += cursor.rowcount
            if cursor.rowcount < PIECE:
                return count
