"""In which order lines are sealed, whoever writes beside the sealer: long transactions, a sealer
that begins, transaction numbers of another length.
"""

import threading
import time

import pytest
from django.db import connection, transaction

from consent.audit import order_checks, sealer, verify
from consent.audit.log_query import AuditFilter, count_audit_lines
from consent.audit.sealer import seal_all
from tests.support.tampering import (
    REBUILT,
    all_sealed,
    base,
    faults,
    forged,
    forgotten,
    line,
    log,
    one,
    sql,
)
from tests.wait_until import wait_until

__all__ = ["base", "log"]


def late() -> int:
    """Lines that were sealed after one that is more than the slack younger."""
    return one(
        "SELECT count(*) FROM (SELECT e.recorded, max(e.recorded) OVER (ORDER BY l.position) AS"
        " newest FROM consent_audit_event e JOIN consent_audit_leaf l ON l.event_id = e.id) t WHERE"
        " newest > recorded + interval '200 ms'"
    )


def whole() -> int:
    """How often a head told anew how far the log is whole."""
    return one("SELECT count(DISTINCT through) FROM consent_audit_head")


def test_many_writers_and_long_transactions_stay_intact(
    log: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines are numbered, dated, committed and sealed in four different orders; with slacks of a
    fifth of a second, transactions of seconds are what hours are to ten.
    """
    for module, name in ((verify, "BACK"), (order_checks, "SLACK")):
        monkeypatch.setattr(module, name, order_checks.dt.timedelta(milliseconds=-200))
    enough = threading.Event()
    broken: list[BaseException] = []

    def writer(number: int, pause: float, lines: int) -> None:
        try:
            while not enough.is_set():
                with transaction.atomic():
                    for n in range(lines):
                        line(f"w{number}/{n}")
                        time.sleep(pause)
                    if n % 7 == 6:
                        transaction.set_rollback(True)
        except BaseException as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=writer, args=(i, pause, lines))
        for i, (pause, lines) in enumerate(
            [(0.01, 1), (0.003, 2), (0.5, 3), (1.3, 2), (0.02, 7), (2.0, 1)]
        )
    ]
    for thread in threads:
        thread.start()
    checks = 0

    def check() -> bool:
        """Seal and look, until all that the test is about has happened."""
        nonlocal checks
        for _ in range(3):
            sealer.seal_once()
            time.sleep(0.05)
        assert faults() == []
        checks += 1
        return checks > 5 and count_audit_lines(AuditFilter()) > 150 and late() > 3 and whole() > 3

    try:
        wait_until(check, "lines are late, and heads tell how far the log is whole")
    finally:
        enough.set()
        for thread in threads:
            thread.join()
    assert not broken
    wait_until(all_sealed, "all are sealed")
    report = verify.verify_log()
    assert report.intact and report.lines == count_audit_lines(AuditFilter()) > 150, report


def test_what_commits_while_the_sealer_begins_leaves_no_older_line_behind(
    log: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of a transaction that is younger than the sealer's, and done before it looks, waits
    with those that are older and still open.
    """
    held = connection.copy()

    def meanwhile(*_: object) -> None:
        with held.cursor() as other:
            other.execute("BEGIN")
            other.execute(forged().replace("f00d", "older"))
        younger = connection.copy()
        with younger.cursor() as other:
            other.execute(forged().replace("f00d", "younger"))
        younger.close()

    monkeypatch.setattr(sealer, "require_unbroken_log", meanwhile)
    try:
        assert sealer.seal_once() == 0, "the older one is open"
        monkeypatch.undo()
        assert faults() == []
        with held.cursor() as other:
            other.execute("COMMIT")
    finally:
        held.close()
    wait_until(all_sealed, "both are sealed")
    assert faults() == []
    sql(
        "UPDATE consent_audit_event SET xid = '1' WHERE id = 3",
        "DELETE FROM consent_audit_leaf",
        "DELETE FROM consent_audit_head",
    )
    forgotten()
    line("first of all")
    sql("UPDATE consent_audit_event SET xid = '2' WHERE target = 'first of all'")
    wait_until(all_sealed, "all are sealed")
    sql(forged("xid, ", "'1', "))
    assert seal_all() == 0 and any("never will be" in f for f in faults())
    assert sealer.seal_once(from_the_front=True) == 1 and faults() == []


def test_lines_are_sealed_in_the_order_of_their_transactions_as_numbers(log: None) -> None:
    """Number 10 comes after 9, not before it: else a batch that ends at 9 leaves 10 behind for
    good.
    """
    forgotten()
    sql(REBUILT[0], "UPDATE consent_audit_event SET xid = id::text::xid8")
    seal_all()
    assert one("SELECT max(event_id) FROM consent_audit_leaf") > 30
    assert (
        one(
            "SELECT count(*) FROM consent_audit_leaf a JOIN consent_audit_leaf b ON b.position ="
            " a.position + 1 WHERE b.event_id < a.event_id"
        )
        == 0
    )
