"""Gather the log's lines of staff about patients into episodes: what one of the staff did about
one patient within twelve hours of the first line.

Lines are taken in the order of their transactions, below the horizon of those that still run; how
far it came is written in the transaction that writes the episodes. So a line is counted once,
whenever the worker is stopped and however late its transaction has ended.
"""

from typing import Any

from django.conf import settings
from django.db import connection, transaction

from alliance.sql.hospitals import HOSPITALS
from consent.audit.event import EventCode
from consent.sql.accesses import ACCESS_LINES, BATCH_END

HOURS = 12
BATCH = 50_000  # lines of the log in one transaction
NIGHT = (22, 6)  # hours, from and before
OPENINGS = tuple(
    f"records:record:{verb}" for verb in ("read", "history", "open", "export", "print")
)
SEARCHES = (EventCode.RECORD_SEARCH.value,)
FINDINGS = (EventCode.PERSON_FIND.value, EventCode.PERSON_READ.value)
# Something is written for the patient, which others see and can ask about: no look alone.
TASKS = tuple(
    str(code)
    for code in EventCode
    if code.rsplit(":", 1)[0]
    in ("consent:directive", "consent:access", "consent:tie", "consent:withdrawal", "records:link")
    and not code.endswith(":read")
) + tuple(
    f"records:person:{verb}"
    for verb in ("link", "merge", "split", "differ", "identify", "confirm", "correct")
)
KINDS_SQL = """CASE WHEN e.code = ANY(%(openings)s) THEN 'open'
    WHEN e.code = ANY(%(searches)s) AND e.person IS NOT NULL THEN 'open'
    WHEN e.code = ANY(%(findings)s) AND e.person IS NOT NULL THEN 'find'
    WHEN e.code = ANY(%(tasks)s) AND e.person IS NOT NULL THEN 'task' END"""
# The person as whom the index knows them now: later links are followed by whoever asks.
# index: records_sourcepatient_home_key
NEW_LINES_SQL = f"""
CREATE TEMP TABLE access_line ON COMMIT DROP AS
SELECT l.id, l.recorded, l.staff, h.id AS hospital, l.role,
  coalesce(s.person_id, l.person) AS person, l.kind, l.emergency, l.printed, l.launched
FROM ({ACCESS_LINES.format(kinds=KINDS_SQL)}) l
JOIN {HOSPITALS} h ON h.code = l.actor_hospital
LEFT JOIN records_sourcepatient s ON s.home = l.person
"""
SUMS = """min(recorded) AS first_at, max(recorded) AS last_at,
  (array_agg(id ORDER BY recorded, id))[1] AS first_line, (array_agg(role ORDER BY recorded))[1]
    AS role, count(*) FILTER (WHERE kind = 'open') AS opens,
  count(*) FILTER (WHERE kind = 'find') AS finds, count(*) FILTER (WHERE printed) AS prints,
  min(id) FILTER (WHERE kind = 'task') AS task_line, min(id) FILTER (WHERE launched) AS launch_line,
  bool_or(emergency) AS emergency"""
# A line of a transaction that ended late may be a little older than its episode.
# index: record_access_episode_pair
JOIN_EPISODES_SQL = f"""
WITH taken AS (DELETE FROM access_line l USING record_access_episode e
  WHERE e.person = l.person AND e.staff = l.staff AND e.hospital = l.hospital
    AND l.recorded >= e.first_at - interval '10 minutes'
    AND l.recorded < e.first_at + interval '{HOURS} hours'
  RETURNING e.id AS episode, l.*),
summed AS (SELECT episode, {SUMS} FROM taken GROUP BY episode)
UPDATE record_access_episode e SET first_at = least(e.first_at, s.first_at),
  last_at = greatest(e.last_at, s.last_at), opens = e.opens + s.opens, finds = e.finds + s.finds,
  prints = e.prints + s.prints, task_line = coalesce(e.task_line, s.task_line),
  launch_line = coalesce(e.launch_line, s.launch_line), emergency = e.emergency OR s.emergency,
  stale = true
FROM summed s WHERE e.id = s.episode
"""
# One episode of each pair, from its first line on; what is later begins the next one.
NEW_EPISODES_SQL = f"""
WITH starts AS (SELECT staff, hospital, person, min(recorded) AS start FROM access_line
  GROUP BY 1, 2, 3),
taken AS (DELETE FROM access_line l USING starts s
  WHERE l.staff = s.staff AND l.hospital = s.hospital AND l.person = s.person
    AND l.recorded < s.start + interval '{HOURS} hours' RETURNING l.*),
made AS (INSERT INTO record_access_episode (staff, hospital, person, first_at, last_at, first_line,
    role, opens, finds, prints, task_line, launch_line, emergency)
  SELECT staff, hospital, person, {SUMS} FROM taken GROUP BY staff, hospital, person
  HAVING bool_or(kind IN ('open', 'find'))
  RETURNING staff, hospital, role, first_at AT TIME ZONE %(zone)s AS local)
INSERT INTO record_access_day AS d (staff, hospital, day, role, episodes, nights)
SELECT staff, hospital, local::date, min(role), count(*), count(*) FILTER (
  WHERE extract(hour FROM local) >= {NIGHT[0]} OR extract(hour FROM local) < {NIGHT[1]})
FROM made GROUP BY staff, hospital, local::date
ON CONFLICT (staff, hospital, day) DO UPDATE
  SET episodes = d.episodes + excluded.episodes, nights = d.nights + excluded.nights
"""
# One run at a time: the row is held until its transaction ends.
POSITION_SQL = "SELECT xid, line FROM record_access_position FOR UPDATE"
ADVANCE_SQL = "UPDATE record_access_position SET xid = %(end_xid)s, line = %(end)s, run_at = now()"


def build_episodes() -> int:
    """All that came since the last time; how many batches it took."""
    batches = 0
    while build_batch():
        batches += 1
    return batches


@transaction.atomic
def build_batch() -> bool:
    """Whether there was anything."""
    with connection.cursor() as cursor:
        cursor.execute(POSITION_SQL)
        xid, line = cursor.fetchone()
        values: dict[str, Any] = {
            "xid": xid,
            "line": line,
            "most": BATCH,
            "openings": list(OPENINGS),
            "searches": list(SEARCHES),
            "findings": list(FINDINGS),
            "tasks": list(TASKS),
            "print": EventCode.RECORD_PRINT.value,
            "zone": settings.TIME_ZONE,
        }
        cursor.execute(BATCH_END, values)
        end = cursor.fetchone()
        if end is None:
            return False
        values |= {"end_xid": end[0], "end": end[1]}
        cursor.execute(NEW_LINES_SQL, values)
        cursor.execute("ANALYZE access_line")
        while True:
            cursor.execute(JOIN_EPISODES_SQL)
            cursor.execute("SELECT count(*) FROM access_line")
            if not cursor.fetchone()[0]:
                break
            cursor.execute(NEW_EPISODES_SQL, values)
        cursor.execute("DROP TABLE access_line")
        cursor.execute(ADVANCE_SQL, values)
    return True
