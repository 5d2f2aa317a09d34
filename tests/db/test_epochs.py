"""The numbers of commits as the database gives them: inlined where they are asked, by index, and
followed by plans that were made before (docs/adr/0041).
"""

import datetime as dt

import pytest
from django.db import connection, transaction

from alliance.database import epoch, release
from alliance.models import Epoch
from alliance.operations.restore_recording import (
    AHEAD,
    NotRestored,
    record_restore,
    shift_transaction_numbers,
)
from alliance.operations.transaction_numbers import fetch_newest_number
from records.store import changes


class Undo(Exception):
    pass


def explain(sql: str, **values: object) -> str:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + sql, values)
        return "\n".join(r[0] for r in cursor.fetchall())


def explain_changes() -> str:
    return explain(changes.CHANGES_SINCE_SQL, hospital=1, xid="5", rid=1, version=1, limit=10)


def test_plans_ask_the_server_itself_and_follow_an_epoch(world: None) -> None:
    """In the statement of the feed itself, wherever its plan puts the condition; by index, shown on
    a table that has one index, where no statistics choose.
    """
    with pytest.raises(Undo), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE numbered (xid xid8 PRIMARY KEY) ON COMMIT DROP")
        for way in ("seqscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        by_number = "SELECT FROM numbered WHERE xid < alliance_horizon()"
        plan = explain_changes()
        assert "alliance_horizon" not in plan, plan
        assert plan.count("xid < pg_snapshot_xmin(pg_current_snapshot())") == 2, plan
        assert "Index Cond: (xid < pg_snapshot_xmin" in explain(by_number)
        cursor.execute(
            "PREPARE numbers AS SELECT alliance_xid()::text::bigint -"
            " pg_current_xact_id()::text::bigint, alliance_next()::text::bigint -"
            " alliance_horizon()::text::bigint"
        )
        for _ in range(7):
            cursor.execute("EXECUTE numbers")
        assert cursor.fetchone()[0] == 0
        shift_transaction_numbers(cursor, AHEAD)
        cursor.execute("EXECUTE numbers")
        ahead, between = cursor.fetchone()
        assert ahead == AHEAD and 0 <= between < AHEAD
        plan = explain_changes()
        assert plan.count(f"'{AHEAD}'::bigint") == 2, plan
        plan = explain(by_number)
        assert "Index Cond" in plan and str(AHEAD) in plan, plan
        raise Undo


@pytest.mark.parametrize(
    ("reason", "since", "nothing", "says"),
    [
        (" ", None, False, "takes a reason"),
        ("a", dt.datetime.now(dt.UTC), True, "Either"),
        ("a", dt.datetime.now(dt.UTC) + dt.timedelta(1), False, "lies in the past"),
        ("a", dt.datetime.now(), False, "has a time zone"),
    ],
)
def test_what_cannot_be_is_not_recorded(
    world: None, reason: str, since: dt.datetime | None, nothing: bool, says: str
) -> None:
    with pytest.raises(NotRestored, match=says):
        record_restore(reason, since, nothing)


def test_what_is_recorded_of_a_restore(world: None) -> None:
    """From when on something may be lost, and where readers are led back to: what the backup
    itself tells, and what the operator knows beyond it.
    """
    with pytest.raises(Undo), transaction.atomic(), connection.cursor() as cursor:
        first = Epoch.objects.latest("number")
        assert epoch.find_epoch_fault(cursor) == ""
        at = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
        Epoch.objects.filter(pk=first.pk).update(
            system_identifier=first.system_identifier + 1, passed=500, passed_at=at
        )
        assert f"comes from server {first.system_identifier + 1}" in epoch.find_epoch_fault(cursor)
        made = record_restore("a", None, nothing_lost=True)
        assert (made.horizon, made.lost_until, made.system_identifier) == (
            500,
            None,
            first.system_identifier,
        ) and epoch.find_epoch_fault(cursor) == ""
        cursor.execute(
            "SELECT alliance_xid()::text::bigint, (SELECT xid::text::bigint FROM"
            " consent_audit_event WHERE code = 'alliance:restore:record' ORDER BY id DESC LIMIT 1)"
        )
        number, line = cursor.fetchone()
        assert AHEAD < made.passed <= number == line
        Epoch.objects.filter(pk=made.pk).update(horizon=400, passed_at=at)
        assert (last := record_restore("b", None)).lost_from == at - dt.timedelta(
            minutes=1
        ) and last.horizon == made.passed
        earlier = record_restore("c", at - dt.timedelta(days=1))
        assert earlier.lost_from == at - dt.timedelta(days=1) and earlier.horizon == min(
            0, 400, made.passed
        ), "all that began since then is in doubt"
        cursor.execute("SELECT served_since FROM alliance_release")
        assert cursor.fetchone()[0] >= release.KNOWS_EPOCHS
        raise Undo


def test_a_database_that_was_restored_before_there_were_epochs(world: None) -> None:
    """Its rows bear numbers that its server has not reached: `setup` does not call that the
    first epoch of this server.
    """
    with pytest.raises(Undo), transaction.atomic(), connection.cursor() as cursor:
        Epoch.objects.all().delete()
        epoch.record_first_epoch(fetch_newest_number)
        assert epoch.find_epoch_fault(cursor) == "", "the control"
        Epoch.objects.all().delete()
        cursor.execute(
            "INSERT INTO records_feedposition (hospital_id, xid, rid, version, beat_at) VALUES (0,"
            " (pg_current_xact_id()::text::bigint + 1000)::text, 0, 0, now())"
        )
        epoch.record_first_epoch(fetch_newest_number)
        assert "numbers went further" in epoch.find_epoch_fault(cursor)
        made = record_restore("a", None)
        assert (
            (made.horizon, made.lost_from) == (0, None)
            and made.lost_until
            and epoch.find_epoch_fault(cursor) == ""
        )
        raise Undo
