"""Check the log without any key: lines in the order of their numbers are in the order of their
times, numbers come from one sequence, no line stays unsealed, and a log is as old as its
installation.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import connection

from alliance.sql.hospitals import IN_USE
from consent import from_records
from consent.audit.archive_manifest import LinePlace
from consent.audit.archive_tree import Run
from consent.audit.log_report import LineRuns, LogReport, shift_time, stream_log_rows

SLACK = dt.timedelta(seconds=-10)  # number and moment of a line are taken in one statement
PATIENCE = dt.timedelta(minutes=-10)  # what waits longer for the sealer is told
SOON, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
LINES_BY_NUMBER_SQL = """
SELECT id, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
FROM consent_audit_event WHERE {after} ORDER BY id, consent_audit_event.recorded
"""


# index: consent_audit_leaf_pkey
ARCHIVED_BETWEEN_SQL = """SELECT count(*) FROM consent_audit_leaf
  WHERE position BETWEEN %s AND %s AND event_id BETWEEN %s AND %s"""


def check_line_numbers(report: LogReport, archived: Sequence[Run] = (), after: int = 0) -> int:
    """Check that numbers are given once, upwards from 1, and none before the moment of a smaller
    one. Returns the smallest (0: no line). archived: positions whose lines stand in archives: their
    numbers were given, too. after: the number up to which an earlier run has checked them.
    """
    backwards = LineRuns(
        "is older than a line with a smaller number: dated back, or the clock was set back, or the"
        " other one was dated ahead"
    )
    first, last, gaps, newest, floor = 0, after, 0, "", ""
    if after:
        with connection.cursor() as cursor:
            cursor.execute("SELECT coalesce(min(id), 0) FROM consent_audit_event")
            first = cursor.fetchone()[0]
    for number, recorded in stream_log_rows(
        LINES_BY_NUMBER_SQL.format(after=f"id > {int(after)}" if after else "true")
    ):
        if number < 1:
            report.faults.append(
                f"audit line {number} ({recorded}) has a number that the sequence never gives: it"
                " was put in by hand"
            )
        elif report.lines and number == last:
            report.faults.append(
                f"audit line {number} ({recorded}) is there twice: one of them was put in by hand"
            )
        elif last > 0:
            gaps += number - last - 1
        backwards.add_line(recorded < floor, number, recorded)
        if recorded > newest:
            newest, floor = recorded, shift_time(recorded, SLACK)
        first, last = first or number, number
        report.lines += 1
    report.faults += backwards.found
    report.number = last
    with connection.cursor() as cursor:
        for run in archived:
            cursor.execute(ARCHIVED_BETWEEN_SQL, [*run, max(first, after + 1), last])
            gaps -= cursor.fetchone()[0]
    if last > (given := last_sequence_value()):
        report.faults.append(
            f"audit line {last} has a number that was not given yet (the sequence stands at"
            f" {given}): it was put in by hand, or the sequence was set back"
        )
    if given > last and has_no_running_writer():
        report.notices.append(
            f"{given - last} numbers were given after the last line: transactions that were rolled"
            " back, or lines that were deleted"
        )
    if gaps:
        report.notices.append(
            f"{gaps} numbers between the lines have no line: transactions that were rolled back, or"
            " lines deleted before they were sealed"
        )
    return first


def last_sequence_value() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('consent_audit_event', 'id')")
        cursor.execute(
            f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}"
        )
        return int(cursor.fetchone()[0])


def has_no_running_writer() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM pg_snapshot_xip(pg_current_snapshot()))")
        return bool(cursor.fetchone()[0])


UNSEALED_LINES_SQL = """
SELECT count(*), min(e.recorded) < now() - interval '10 minutes', min(e.recorded)::text,
       array_agg(e.id ORDER BY e.id) FILTER (WHERE (e.xid, e.id) <= (h.last_xid, h.last_id))
FROM consent_audit_event e
LEFT JOIN (SELECT last_xid, last_id FROM consent_audit_head ORDER BY size DESC LIMIT 1) h ON true
WHERE NOT EXISTS (SELECT FROM consent_audit_leaf l WHERE l.event_id = e.id)
"""


def check_unsealed_lines(report: LogReport) -> None:
    """Check the lines that are not sealed yet: none of a transaction that the sealer has passed,
    and none for long.
    """
    with connection.cursor() as cursor:
        cursor.execute(UNSEALED_LINES_SQL)
        report.unsealed, long, oldest, passed = cursor.fetchone()
    if passed:
        report.faults += [
            f"audit line {n} is not sealed and never will be: its transaction number is behind the"
            " sealer's. It was put in by hand; what an earlier release left behind is sealed when"
            " the sealer starts"
            for n in passed[:100]
        ]
    elif long:
        report.notices.append(
            f"the oldest of {report.unsealed} lines that wait for the sealer is of {oldest}: the"
            " sealer stands still, or a transaction is open since"
        )


# What is never written without a line in the same transaction.
OLDEST_DECISION_SQL = f"""
SELECT min(at) FROM (
  SELECT min(recorded_at) AS at FROM consent_directive
  UNION ALL SELECT min(opened_at) FROM consent_emergency
  UNION ALL SELECT min(sealed_at) FROM consent_incidentseal
  UNION ALL {from_records.asked.oldest_decision}
) t
"""


def check_log_age(report: LogReport, first: int, archived: LinePlace | None = None) -> None:
    """Report a log that is empty, or whose first numbers are missing, while what it should tell of
    is there. archived: the first line that stands in an archive.
    """
    with connection.cursor() as cursor:
        if not first and not report.lines:
            cursor.execute(f"SELECT min(applied)::text, {IN_USE} FROM django_migrations")
            since, used = cursor.fetchone()
            if used or last_sequence_value():
                report.faults.append(
                    f"the log is empty: it was emptied, for the installation is there since {since}"
                    " and is in use"
                )
            return
        cursor.execute("SELECT min(recorded) FROM consent_audit_event")
        begins = cursor.fetchone()[0]
        if archived is not None and archived.id < first:
            first, begins = archived.id, dt.datetime.fromisoformat(archived.recorded)
        cursor.execute(OLDEST_DECISION_SQL)
        oldest = cursor.fetchone()[0]
    if oldest and begins - oldest > (SOON if first > 1 else DAY):
        report.faults.append(
            f"the log begins with line {first} of {begins}, and decisions are there since {oldest}:"
            " its beginning was taken out"
        )
