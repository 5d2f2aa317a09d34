"""Old tree heads are thinned out, and nothing that the log proves goes with them."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import ProgrammingError, connection, transaction

from alliance.database.grants import ensure_role
from consent.audit import kept_head, local_head, verify
from consent.audit.export_manifest import manifest_path
from consent.audit.sealer import LogCut, seal_all
from consent.audit.thin_heads import KEEP, thin_heads_once
from consent.audit.thinning_statement import read_thinnings
from consent.audit.tree_head import COLUMNS, TreeHead
from tests.support.tampering import Undo, base, line, log, one, seal_settled, sql

__all__ = ["base", "log"]
ALL = dt.timedelta(hours=-2)  # whatever its age


def thinned() -> int:
    """Thin all heads, as the sealer does in its rounds; how many are gone."""
    before, after = one("SELECT count(*) FROM consent_audit_head"), 0
    while (following := thin_heads_once(after, ALL)) > after:
        after = following
    return before - one("SELECT count(*) FROM consent_audit_head")


def head_of(size: int) -> TreeHead:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {COLUMNS} FROM consent_audit_head WHERE size = %s", [size])
        return TreeHead.from_row(cursor.fetchone())


def test_a_thinned_log_proves_what_it_did(log: None, base: Path) -> None:
    early = head_of(10)
    assert thin_heads_once(0, KEEP) == 0 and not read_thinnings(), "young heads stay"
    gone = thinned()
    report = verify.verify_log([kept_head.read_kept_head(manifest_path(base / "kept.csv"))])
    assert gone >= 5 and report.intact and (report.heads, report.thinned) == (7 - gone, gone), (
        report
    )
    assert not [n for n in report.notices if "ten minutes" in n]
    assert verify.verify_log([kept_head.KeptHead(early, "somebody keeps")]).intact, (
        "a head that is gone is still led to"
    )
    other = replace(early, root=b"\x01" * 32)
    assert any(
        "do not lead to the head" in f
        for f in verify.verify_log([kept_head.KeptHead(other, "somebody keeps")]).faults
    ), "the control"
    line("after it")
    seal_settled()
    assert verify.verify_log().intact and thinned() >= 0 and verify.verify_log().intact, (
        "once more: two statements follow each other"
    )


def test_a_machine_that_remembers_a_head_that_is_gone_goes_on(log: None) -> None:
    early = head_of(10)
    assert thinned()
    line("after it")
    local_head.store_local_head(early)
    seal_settled()
    assert verify.verify_log().intact and not one(
        "SELECT count(*) FROM consent_audit_event e WHERE NOT EXISTS (SELECT FROM"
        " consent_audit_leaf l WHERE l.event_id = e.id)"
    )
    local_head.store_local_head(replace(early, root=b"\x01" * 32))
    with pytest.raises(LogCut, match="does not lead to the head of 10 lines"):
        seal_all()


SPOILT = {
    "heads taken out without a statement": (["DELETE FROM consent_audit_thinning"], "are gone"),
    "a statement altered": (
        ["UPDATE consent_audit_thinning SET heads = heads + 1"],
        "signature does not fit",
    ),
    "a statement stretched": (
        ["UPDATE consent_audit_thinning SET above = 1, last = 2 WHERE above = 0"],
        "signature does not fit",
    ),
    "a statement of one's own": (
        [
            (
                "DELETE FROM consent_audit_head WHERE size < (SELECT max(size) FROM"
                " consent_audit_head)"
            ),
            "DELETE FROM consent_audit_thinning",
            (
                "INSERT INTO consent_audit_thinning SELECT 0, size, previous, 9, '\\x00',"
                " sealed_at, signature, key FROM consent_audit_head"
            ),
        ],
        "signature does not fit",
    ),
}


def test_only_who_has_the_key_can_take_heads_out(log: None) -> None:
    assert thinned()
    for what, (statements, says) in SPOILT.items():
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            found = verify.verify_log_in_transaction().faults
            assert any(says in f for f in found), (what, found)
            raise Undo
    assert verify.verify_log().faults == [], "the control"


def test_the_table_lets_no_head_go_that_no_statement_covers(log: None) -> None:
    """Not even for the owner of the tables; the site's role may delete none at all."""
    size = one("SELECT max(size) FROM consent_audit_head")
    with pytest.raises(Undo), transaction.atomic():
        sql(
            "CREATE ROLE xinglin_owner_of_heads",
            "GRANT SELECT, DELETE ON consent_audit_head, consent_audit_thinning TO"
            " xinglin_owner_of_heads",
            "SET LOCAL ROLE xinglin_owner_of_heads",
        )
        for statement in (
            f"DELETE FROM consent_audit_head WHERE size = {size}",
            "DELETE FROM consent_audit_head WHERE size = 10",
        ):
            with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
                sql(statement)
        sql(
            "RESET ROLE",
            "INSERT INTO consent_audit_thinning VALUES (5, 15, 10, 1, '\\x00', '', '\\x00',"
            " '\\x00')",
            "SET LOCAL ROLE xinglin_owner_of_heads",
            "DELETE FROM consent_audit_head WHERE size = 10",
        )
        raise Undo
    assert ensure_role("xinglin_web")
    with pytest.raises(Undo), transaction.atomic():
        sql("SET LOCAL ROLE xinglin_web", "SELECT FROM consent_audit_head")
        for statement in (
            "DELETE FROM consent_audit_head",
            (
                "INSERT INTO consent_audit_thinning VALUES (5, 15, 10, 1, '\\x00', '', '\\x00',"
                " '\\x00')"
            ),
        ):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                sql(statement)
        raise Undo
