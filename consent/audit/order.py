"""What a log tells without any key: lines in the order of their numbers are in the order of their times, numbers come from one sequence, nothing
waits for ever, and a log is as old as its installation."""

import datetime as dt

from django.db import connection

from consent.audit.report import Report, Runs, shifted, stream

SLACK = dt.timedelta(seconds=-10)  # number and moment of a line are taken in one statement
PATIENCE = dt.timedelta(minutes=-10)  # what waits longer for the sealer is told
SOON, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
BY_NUMBER = """
SELECT id, to_char(recorded AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM consent_audit_event ORDER BY id, consent_audit_event.recorded
"""


def check_numbers(report: Report) -> int:
    """Numbers are given once, upwards from 1, and none before the moment of a smaller one. Returns the smallest (0: no line)."""
    backwards = Runs("is older than a line with a smaller number: dated back, or the clock was set back, or the other one was dated ahead")
    first, last, gaps, newest, floor = 0, 0, 0, "", ""
    for number, recorded in stream(BY_NUMBER):
        if number < 1:
            report.faults.append(f"audit line {number} ({recorded}) has a number that the sequence never gives: it was put in by hand")
        elif report.lines and number == last:
            report.faults.append(f"audit line {number} ({recorded}) is there twice: one of them was put in by hand")
        elif last > 0:
            gaps += number - last - 1
        backwards.take(recorded < floor, number, recorded)
        if recorded > newest:
            newest, floor = recorded, shifted(recorded, SLACK)
        first, last = first or number, number
        report.lines += 1
    report.faults += backwards.found
    if last > (given := numbers_given()):
        report.faults.append(f"audit line {last} has a number that was not given yet (the sequence stands at {given}): it was put in by hand, or the sequence was set back")
    if given > last and nobody_writes():
        report.notices.append(f"{given - last} numbers were given after the last line: transactions that were rolled back, or lines that were deleted")
    if gaps:
        report.notices.append(f"{gaps} numbers between the lines have no line: transactions that were rolled back, or lines deleted before they were sealed")
    return first


def numbers_given() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('consent_audit_event', 'id')")
        cursor.execute(f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {cursor.fetchone()[0]}")
        return int(cursor.fetchone()[0])


def nobody_writes() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM pg_snapshot_xip(pg_current_snapshot()))")
        return bool(cursor.fetchone()[0])


WAITING = """
SELECT count(*), min(e.recorded) < now() - interval '10 minutes', min(e.recorded)::text,
       array_agg(e.id ORDER BY e.id) FILTER (WHERE (e.xid, e.id) <= (h.last_xid, h.last_id) AND h.last_xid < pg_snapshot_xmax(pg_current_snapshot()))
FROM consent_audit_event e LEFT JOIN (SELECT last_xid, last_id FROM consent_audit_head ORDER BY size DESC LIMIT 1) h ON true
WHERE NOT EXISTS (SELECT FROM consent_audit_leaf l WHERE l.event_id = e.id)
"""


def check_waiting(report: Report) -> None:
    """Lines that are not sealed yet: none of a transaction that the sealer has passed, and none for long."""
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        report.unsealed, long, oldest, passed = cursor.fetchone()
    if passed:
        report.faults += [f"audit line {n} is not sealed and never will be: its transaction number is behind the sealer's. It was put in by hand; what an earlier release left "
                          "behind is sealed when the sealer starts" for n in passed[:100]]
    elif long:
        report.notices.append(f"the oldest of {report.unsealed} lines that wait for the sealer is of {oldest}: the sealer stands still, or a transaction is open since")


# What is never written without a line in the same transaction.
OLDEST = """
SELECT min(at) FROM (
  SELECT min(recorded_at) AS at FROM consent_directive UNION ALL SELECT min(opened_at) FROM consent_emergency
  UNION ALL SELECT min(sealed_at) FROM consent_incidentseal UNION ALL (SELECT at FROM records_decision ORDER BY id LIMIT 1)
) t
"""


def check_age(report: Report, first: int) -> None:
    """A log that is empty, or whose first numbers are missing, while what it should tell of is there."""
    with connection.cursor() as cursor:
        if not report.lines:
            cursor.execute("SELECT min(applied)::text, EXISTS (SELECT FROM alliance_hospital) OR EXISTS (SELECT FROM alliance_user) FROM django_migrations")
            since, used = cursor.fetchone()
            if used or numbers_given():
                report.faults.append(f"the log is empty: it was emptied, for the installation is there since {since} and is in use")
            return
        cursor.execute("SELECT min(recorded) FROM consent_audit_event")
        begins = cursor.fetchone()[0]
        cursor.execute(OLDEST)
        oldest = cursor.fetchone()[0]
    if oldest and begins - oldest > (SOON if first > 1 else DAY):
        report.faults.append(f"the log begins with line {first} of {begins}, and decisions are there since {oldest}: its beginning was taken out")
