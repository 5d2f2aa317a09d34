"""A log of its own in a copied database, for whoever forges it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, transaction

from consent.audit import local_head, verify
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.log_export import export_log
from consent.audit.log_query import AuditFilter
from consent.audit.sealer import seal_all
from tests import draws
from tests.factories.alliance import OPERATOR
from tests.factories.database_copies import (
    connected_to_database,
    drop_database,
    make_database,
    restore_database,
)
from tests.feed_horizon import wait_for_feed
from tests.wait_until import wait_until

NAME = f"tampered_{draws.token_hex(4)}"
BASE = f"{NAME}_base"
FIELDS = (
    "code, actor_kind, actor, actor_hospital, role, purpose, outcome, reason, person, target,"
    " detail, refs, address, request_id"
)
REBUILT = [
    "TRUNCATE consent_audit_leaf, consent_audit_head",
    "UPDATE consent_audit_event SET actor = '999' WHERE id = 3",
    "UPDATE consent_audit_event SET xid = '3'",
]
FORGED = (
    "'records:record:open', 'staff', '2', 'donghu', 'clinician', 'TREAT', 'success', '', NULL,"
    " 'alliance/record', 'results', '{}', '10.0.0.7', 'f00d'"
)


class Undo(Exception):
    pass


def line(target: str = "") -> None:
    append_event(AuditEvent.from_principal(OPERATOR, EventCode.AUDIT_READ, target=target))


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def one(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def seal_settled() -> None:
    """Seal all that was written so far, in one go: a sealer's round in another database may be
    open for a moment.
    """
    wait_for_feed()
    seal_all()


def all_sealed() -> bool:
    seal_settled()
    return (
        one(
            "SELECT count(*) FROM consent_audit_event e WHERE NOT EXISTS (SELECT FROM"
            " consent_audit_leaf l WHERE l.event_id = e.id)"
        )
        == 0
    )


def faults() -> list[str]:
    return verify.verify_log().faults


@pytest.fixture(scope="module")
def base(world: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A log of its own: thirty lines under six heads, among them numbers of transactions that
    were rolled back.
    """
    folder = tmp_path_factory.mktemp("base")
    restore_database(BASE, folder / "dump")
    with connected_to_database(BASE):
        sql(
            "TRUNCATE consent_audit_event, consent_audit_person, consent_audit_leaf,"
            " consent_audit_head, consent_audit_sealer RESTART IDENTITY",
            "TRUNCATE consent_directive, consent_emergency, consent_incidentseal, records_decision"
            " CASCADE",
        )
        for i in range(6):
            for n in range(5):
                line(f"t{i}/{n}")
            with transaction.atomic():
                line("rolled back")
                transaction.set_rollback(True)
            wait_until(all_sealed, "they are sealed")
        export_log(AuditFilter(), "csv", folder / "kept.csv")
    yield folder
    drop_database(BASE)


@pytest.fixture
def log(base: Path) -> Iterator[None]:
    """A copy of it, sealed and intact."""
    make_database(NAME, BASE)
    with connected_to_database(NAME):
        line("after the copy")
        wait_until(all_sealed, "it is sealed")
        report = verify.verify_log()
        assert (
            report.intact
            and not report.unsealed
            and report.lines == report.sealed == 31
            and report.heads == 7
        ), (report, "the control")
        yield
    drop_database(NAME)


def forged(what: str = "", values: str = "") -> str:
    return (
        f"INSERT INTO consent_audit_event ({what}{FIELDS}) OVERRIDING SYSTEM VALUE SELECT"
        f" {values}{FORGED}"
    )


def forgotten() -> None:
    """The forger has the machine, too."""
    local_head.local_head_path().unlink()
