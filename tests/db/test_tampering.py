"""What a superuser of the database does to the log, each on a copy of its own, and what the
check says; and honest logs, which stay intact.
"""

import time

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from consent.audit import order_checks, sealer, verify
from consent.audit.sealer import LogCut, seal_all
from tests.support.audit_tampering import cut, told_by_readyz
from tests.support.tampering import (
    REBUILT,
    Undo,
    all_sealed,
    base,
    faults,
    forged,
    line,
    log,
    seal_settled,
    sql,
)
from tests.wait_until import wait_until

__all__ = ["base", "log"]


EMPTY = "TRUNCATE consent_audit_event, consent_audit_person, consent_audit_leaf, consent_audit_head"
CASES = {
    "a line altered": (
        ["UPDATE consent_audit_event SET actor = '999' WHERE id = 3"],
        "audit line 3 (leaf 2, ",
    ),
    "a line's person altered": (
        ["UPDATE consent_audit_event SET person = gen_random_uuid() WHERE id = 3"],
        "audit line 3 (leaf 2, ",
    ),
    "a line's moment altered": (
        ["UPDATE consent_audit_event SET recorded = recorded + interval '1 second' WHERE id = 3"],
        "audit line 3 (leaf 2, ",
    ),
    "a line deleted": (
        ["DELETE FROM consent_audit_event WHERE id = 3"],
        "audit line 3 (leaf 2) was deleted",
    ),
    "a line and its leaf deleted": (
        [
            "DELETE FROM consent_audit_leaf WHERE event_id = 3",
            "DELETE FROM consent_audit_event WHERE id = 3",
        ],
        "leaves 2 to 2 are missing",
    ),
    "the same, and the gap closed": (
        [
            "DELETE FROM consent_audit_leaf WHERE event_id = 3",
            "DELETE FROM consent_audit_event WHERE id = 3",
            "UPDATE consent_audit_leaf SET position = -position WHERE position > 2",
            "UPDATE consent_audit_leaf SET position = -position - 1 WHERE position < 0",
        ],
        "do not lead to the signed root of size 5",
    ),
    "two lines exchanged": (
        [
            "UPDATE consent_audit_event e SET target = o.target FROM consent_audit_event o WHERE"
            " (e.id, o.id) IN ((3, 4), (4, 3))"
        ],
        "audit line 4 (leaf 3, ",
    ),
    "a forged leaf": (
        ["INSERT INTO consent_audit_leaf VALUES (31, 1000, '\\x00')"],
        "audit line 1000 (leaf 31) was deleted",
    ),
    "two leaves exchanged": (
        [
            (
                "UPDATE consent_audit_leaf SET position = CASE position WHEN 2 THEN -3 ELSE -2 END"
                " WHERE position IN (2, 3)"
            ),
            "UPDATE consent_audit_leaf SET position = -position WHERE position < 0",
        ],
        "do not lead to the signed root of size 5",
    ),
    "lines cut at the end": (
        ["DELETE FROM consent_audit_event WHERE id > 30"],
        "(leaf 30) was deleted",
    ),
    "lines, leaves and heads cut at the end": (
        cut("20"),
        "covers more than there is: the log was cut, emptied or rolled back to 20",
    ),
    "all but the last head deleted": (
        ["DELETE FROM consent_audit_head WHERE size < 31"],
        "tree head 31 of",
    ),
    "a head deleted": (
        ["DELETE FROM consent_audit_head WHERE size = 10"],
        "the heads between 5 and 15 are gone",
    ),
    "a head's time altered": (
        [
            "UPDATE consent_audit_head SET sealed_at = '2020-01-01T00:00:00.000+00:00' WHERE size"
            " = 10"
        ],
        "tree head 10 of 2020",
    ),
    "a head made one of an earlier release": (
        ["UPDATE consent_audit_head SET previous = NULL, through = NULL WHERE size = 10"],
        "tree head 10 of",
    ),
    "everything emptied": ([EMPTY], "the log is empty: it was emptied"),
    "everything emptied, numbers too": ([EMPTY + " RESTART IDENTITY"], "covers more than there is"),
    "a month taken away": (
        [
            "DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE consent_audit_event DETACH PARTITION"
            " %s', tableoid::regclass) FROM consent_audit_event LIMIT 1); END $$"
        ],
        "audit line 1 (leaf 0) was deleted",
    ),
    "a line that is never sealed": ([forged("xid, ", "'1', ")], "is not sealed and never will be"),
    "a number that was not given yet": (
        [forged("id, ", "500000, ")],
        "audit line 500000 has a number that was not given yet",
    ),
    "the sequence set back": (
        ["ALTER TABLE consent_audit_event ALTER COLUMN id RESTART WITH 5"],
        "that was not given yet",
    ),
}


def test_tampering_is_told(log: None) -> None:
    for what, (statements, says) in CASES.items():
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            found = verify.verify_log_in_transaction().faults
            assert any(says in f for f in found), (what, says, found)
            raise Undo
    assert faults() == [], "the control"


SEALED = {
    "dated back by a year": (
        forged("recorded, ", "now() - interval '1 year', "),
        "is older than a line with a smaller number",
    ),
    "dated back by a minute": (
        forged("recorded, ", "now() - interval '1 minute', "),
        "is older than a line with a smaller number",
    ),
    "a number below all": (
        forged("id, recorded, ", "-5, now() - interval '1 year', "),
        "audit line -5 (",
    ),
    "the number of another line": (forged("id, recorded, ", "3, now(), "), "audit line 3 ("),
    "a free number of long ago, a time that goes with it": (
        forged(
            "id, recorded, ",
            "6, (SELECT recorded + interval '1 ms' FROM consent_audit_event WHERE id = 5), ",
        ),
        "audit line 6 (",
    ),
    "dated ahead by a day": (
        forged("recorded, ", "now() + interval '1 day', "),
        "is dated later than its seal",
    ),
}


@pytest.mark.parametrize(("statement", "says"), SEALED.values(), ids=SEALED)
def test_a_forged_line_that_the_sealer_has_sealed_is_told(
    log: None, statement: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verify, "BACK", order_checks.dt.timedelta(milliseconds=-200))
    time.sleep(0.5)
    line("so that the log is sealed beyond it")
    wait_until(all_sealed, "it is sealed")
    seal_all()
    line("once more: a head tells what was whole the round before")
    wait_until(all_sealed, "it is sealed")
    assert faults() == [], "the control"
    sql(statement)
    seal_settled()
    assert any(says in f for f in faults()), (says, faults())


def test_a_line_put_in_at_its_time_is_what_only_its_writer_knows(log: None) -> None:
    """The bound of what can be told from inside (docs/threat-model.md); and a transaction's
    number is no evidence of anything.
    """
    sql(forged(), "UPDATE consent_audit_event SET xid = '3' WHERE id = 3")
    seal_settled()
    assert faults() == []


def test_lines_that_go_before_they_are_sealed_leave_their_numbers(log: None) -> None:
    before = verify.verify_log().notices
    line("to vanish")
    sql("DELETE FROM consent_audit_event WHERE target = 'to vanish'")
    line("after it")
    wait_until(all_sealed, "it is sealed")
    report = verify.verify_log()
    assert (
        report.intact
        and before != report.notices
        and "numbers between the lines have no line" in report.notices[0]
    )


def test_the_sealer_does_not_go_on_over_a_cut(
    log: None, capsys: pytest.CaptureFixture[str]
) -> None:
    for statements, says in (
        (cut("20"), "the log has 20: it was cut, emptied or rolled back"),
        ([EMPTY], "the log has 0"),
        (REBUILT, "the log has 0"),
    ):
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            with pytest.raises(LogCut, match=says):
                seal_all()
            raise Undo
    sealer.seen_whole.clear()
    with pytest.raises(Undo), transaction.atomic():
        sql("DELETE FROM consent_audit_leaf WHERE position = 3")
        with pytest.raises(LogCut, match="1 leaves are missing from the tree"):
            seal_all()
        raise Undo
    assert seal_all() == 0 and told_by_readyz() == "ok", "the control"
    sql("DELETE FROM consent_audit_leaf WHERE position = 30")
    with pytest.raises(
        CommandError,
        match="Not sealed: the newest signed head covers 31 lines, and the tree has 30",
    ):
        call_command("audit_seal", once=True)
    assert told_by_readyz() == "failing"
