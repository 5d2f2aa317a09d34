"""The audit log: sealing, tampering, the web role's walls."""

import pytest
from django.db import DatabaseError, connection, transaction

from consent.audit import canonical, tree
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.seal import seal_all
from consent.audit.verify import verify
from tests.factories.alliance import OPERATOR
from tests.until import until


def three() -> list[int]:
    for i in range(3):
        append(Event.of(OPERATOR, EventCode.AUDIT_READ, target=f"t{i}"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM consent_audit_event WHERE actor = 'test' ORDER BY id DESC LIMIT 3")
        made = [r[0] for r in cursor.fetchall()]
    until(lambda: sealed(made), "the three are sealed")
    return made


def sealed(made: list[int]) -> bool:
    """Another sealer may be at work, or an older transaction still open: then it takes more than one try."""
    seal_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM consent_audit_leaf WHERE event_id = ANY(%s)", [made])
        return bool(cursor.fetchone()[0] == len(made))


class Undo(Exception):
    pass


def tampered(sql: str) -> list[str]:
    """The faults that verify finds after a change by the superuser; the change is rolled back."""
    found: list[str] = []
    with pytest.raises(Undo), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")  # as verify asks: a sealer is at work beside it
            cursor.execute("SELECT current_setting('is_superuser')")
            assert cursor.fetchone()[0] == "on"
            cursor.execute(sql)
            assert cursor.rowcount == 1
        from consent.audit import verify as module

        report = module.Report()
        heads = module.read_heads(report)
        module.check_lines(report, heads)
        found += report.faults
        raise Undo
    return found


def test_untouched_log_is_intact(world: None) -> None:
    three()
    report = verify()
    assert report.intact and report.sealed >= 3, report.faults


@pytest.mark.parametrize(("change", "says"), [
    ("UPDATE consent_audit_event SET actor = 'somebody' WHERE id = {id}", "audit line {id} "),
    ("DELETE FROM consent_audit_event WHERE id = {id}", "audit line {id} (leaf"),
    ("DELETE FROM consent_audit_leaf WHERE event_id = {id}", "missing from the tree"),
    ("UPDATE consent_audit_leaf SET hash = decode(repeat('00', 32), 'hex') WHERE event_id = {id}", "audit line {id} "),
    ("DELETE FROM consent_audit_leaf WHERE position >= (SELECT max(position) FROM consent_audit_leaf)", "the log was cut"),
    ("UPDATE consent_audit_head SET root = decode(repeat('00', 32), 'hex') WHERE size = (SELECT max(size) FROM consent_audit_head)", "signature does not fit"),
])
def test_every_change_is_told(world: None, change: str, says: str) -> None:
    target = three()[1]
    faults = tampered(change.format(id=target))
    assert any(says.format(id=target) in f for f in faults), faults
    assert verify().intact, "the control: rolled back, the log is intact again"


def test_web_role_cannot_touch_the_evidence(world: None) -> None:
    target = three()[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = 'xinglin_web'")
        assert cursor.fetchone()
    for sql in (f"UPDATE consent_audit_event SET actor = 'x' WHERE id = {target}", f"DELETE FROM consent_audit_event WHERE id = {target}",
                "TRUNCATE consent_audit_event", "DELETE FROM consent_audit_leaf", "DELETE FROM record_history", "DELETE FROM record_resource"):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE xinglin_web")
            cursor.execute(sql)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL ROLE xinglin_web")
        append(Event.of(OPERATOR, EventCode.AUDIT_READ))


def test_inclusion_proofs_for_all_sizes() -> None:
    for size in range(1, 40):
        leaves = [canonical.leaf_hash(bytes([i])) for i in range(size)]
        frontier = tree.Frontier()
        for leaf in leaves:
            frontier.add(leaf)
        rows = tree.levels(leaves)
        assert rows[-1][0] == frontier.root()
        for i, leaf in enumerate(leaves):
            assert tree.root_from_proof(leaf, i, size, tree.inclusion_proof(rows, i)) == frontier.root()
            assert tree.root_from_proof(canonical.leaf_hash(b"other"), i, size, tree.inclusion_proof(rows, i)) != frontier.root()
