"""What a superuser of the database does to the log, each on a copy of its own, and what the check says; and honest logs, which stay intact."""

import json
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import RequestFactory

from alliance.config.guard import print_of
from alliance.config.health import ready
from alliance.models import KeyPrint
from consent.audit import kept, keys, memory, order, seal, verify
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.export import export
from consent.audit.head import newest
from consent.audit.manifest import manifest_path
from consent.audit.query import Filter
from consent.audit.seal import Cut, seal_all
from tests.factories.alliance import OPERATOR
from tests.factories.copied import drop, make, on, restore
from tests.settle import settle
from tests.until import until

NAME = f"tampered_{secrets.token_hex(4)}"
BASE = f"{NAME}_base"
FIELDS = "code, actor_kind, actor, actor_hospital, role, purpose, outcome, reason, person, target, detail, refs, address, request_id"
FORGED = "'records:record:open', 'staff', '2', 'donghu', 'clinician', 'TREAT', 'success', '', NULL, 'alliance/record', 'results', '{}', '10.0.0.7', 'f00d'"


class Undo(Exception):
    pass


def line(target: str = "") -> None:
    append(Event.of(OPERATOR, EventCode.AUDIT_READ, target=target))


def sql(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def one(query: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def seal_settled() -> None:
    """Seal all that was written so far, in one go: a sealer's round in another database may be open for a moment."""
    settle()
    seal_all()


def all_sealed() -> bool:
    seal_settled()
    return one("SELECT count(*) FROM consent_audit_event e WHERE NOT EXISTS (SELECT FROM consent_audit_leaf l WHERE l.event_id = e.id)") == 0


def faults() -> list[str]:
    return verify.verify().faults


@pytest.fixture(scope="module")
def base(world: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A log of its own: thirty lines under six heads, among them numbers of transactions that were rolled back."""
    folder = tmp_path_factory.mktemp("base")
    restore(BASE, folder / "dump")
    with on(BASE):
        sql("TRUNCATE consent_audit_event, consent_audit_person, consent_audit_leaf, consent_audit_head, consent_audit_sealer RESTART IDENTITY",
            "TRUNCATE consent_directive, consent_emergency, consent_incidentseal, records_decision CASCADE")
        for i in range(6):
            for n in range(5):
                line(f"t{i}/{n}")
            with transaction.atomic():
                line("rolled back")
                transaction.set_rollback(True)
            until(all_sealed, "they are sealed")
        export(Filter(), "csv", folder / "kept.csv")
    yield folder
    drop(BASE)


@pytest.fixture
def log(base: Path) -> Iterator[None]:
    """A copy of it, sealed and intact."""
    make(NAME, BASE)
    with on(NAME):
        line("after the copy")
        until(all_sealed, "it is sealed")
        report = verify.verify()
        assert report.intact and not report.unsealed and report.lines == report.sealed == 31 and report.heads == 7, (report, "the control")
        yield
    drop(NAME)


def cut(size: str) -> list[str]:
    return [f"DELETE FROM consent_audit_head WHERE size > {size}", f"DELETE FROM consent_audit_event WHERE id IN (SELECT event_id FROM consent_audit_leaf WHERE position >= {size})",
            f"DELETE FROM consent_audit_leaf WHERE position >= {size}"]


def forged(what: str = "", values: str = "") -> str:
    return f"INSERT INTO consent_audit_event ({what}{FIELDS}) OVERRIDING SYSTEM VALUE SELECT {values}{FORGED}"


EMPTY = "TRUNCATE consent_audit_event, consent_audit_person, consent_audit_leaf, consent_audit_head"
CASES = {
    "a line altered": (["UPDATE consent_audit_event SET actor = '999' WHERE id = 3"], "audit line 3 (leaf 2, "),
    "a line's person altered": (["UPDATE consent_audit_event SET person = gen_random_uuid() WHERE id = 3"], "audit line 3 (leaf 2, "),
    "a line's moment altered": (["UPDATE consent_audit_event SET recorded = recorded + interval '1 second' WHERE id = 3"], "audit line 3 (leaf 2, "),
    "a line deleted": (["DELETE FROM consent_audit_event WHERE id = 3"], "audit line 3 (leaf 2) was deleted"),
    "a line and its leaf deleted": (["DELETE FROM consent_audit_leaf WHERE event_id = 3", "DELETE FROM consent_audit_event WHERE id = 3"], "leaves 2 to 2 are missing"),
    "the same, and the gap closed": (["DELETE FROM consent_audit_leaf WHERE event_id = 3", "DELETE FROM consent_audit_event WHERE id = 3",
                                      "UPDATE consent_audit_leaf SET position = -position WHERE position > 2", "UPDATE consent_audit_leaf SET position = -position - 1 WHERE position < 0"],
                                     "do not lead to the signed root of size 5"),
    "two lines exchanged": (["UPDATE consent_audit_event e SET target = o.target FROM consent_audit_event o WHERE (e.id, o.id) IN ((3, 4), (4, 3))"], "audit line 4 (leaf 3, "),
    "a forged leaf": (["INSERT INTO consent_audit_leaf VALUES (31, 1000, '\\x00')"], "audit line 1000 (leaf 31) was deleted"),
    "two leaves exchanged": (["UPDATE consent_audit_leaf SET position = CASE position WHEN 2 THEN -3 ELSE -2 END WHERE position IN (2, 3)",
                              "UPDATE consent_audit_leaf SET position = -position WHERE position < 0"], "do not lead to the signed root of size 5"),
    "lines cut at the end": (["DELETE FROM consent_audit_event WHERE id > 30"], "(leaf 30) was deleted"),
    "lines, leaves and heads cut at the end": (cut("20"), "covers more than there is: the log was cut, emptied or rolled back to 20"),
    "all but the last head deleted": (["DELETE FROM consent_audit_head WHERE size < 31"], "tree head 31 of"),
    "a head deleted": (["DELETE FROM consent_audit_head WHERE size = 10"], "the heads between 5 and 15 are gone"),
    "a head's time altered": (["UPDATE consent_audit_head SET sealed_at = '2020-01-01T00:00:00.000+00:00' WHERE size = 10"], "tree head 10 of 2020"),
    "a head made one of an earlier release": (["UPDATE consent_audit_head SET previous = NULL, through = NULL WHERE size = 10"], "tree head 10 of"),
    "everything emptied": ([EMPTY], "the log is empty: it was emptied"),
    "everything emptied, numbers too": ([EMPTY + " RESTART IDENTITY"], "covers more than there is"),
    "a month taken away": (["DO $$ BEGIN EXECUTE (SELECT format('ALTER TABLE consent_audit_event DETACH PARTITION %s', tableoid::regclass) FROM consent_audit_event LIMIT 1); END $$"],
                           "audit line 1 (leaf 0) was deleted"),
    "a line that is never sealed": ([forged("xid, ", "'1', ")], "is not sealed and never will be"),
    "a number that was not given yet": ([forged("id, ", "500000, ")], "audit line 500000 has a number that was not given yet"),
    "the sequence set back": (["ALTER TABLE consent_audit_event ALTER COLUMN id RESTART WITH 5"], "that was not given yet"),
}


def test_tampering_is_told(log: None) -> None:
    for what, (statements, says) in CASES.items():
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            found = verify.examine().faults
            assert any(says in f for f in found), (what, says, found)
            raise Undo
    assert faults() == [], "the control"


SEALED = {
    "dated back by a year": (forged("recorded, ", "now() - interval '1 year', "), "is older than a line with a smaller number"),
    "dated back by a minute": (forged("recorded, ", "now() - interval '1 minute', "), "is older than a line with a smaller number"),
    "a number below all": (forged("id, recorded, ", "-5, now() - interval '1 year', "), "audit line -5 ("),
    "the number of another line": (forged("id, recorded, ", "3, now(), "), "audit line 3 ("),
    "a free number of long ago, a time that goes with it": (forged("id, recorded, ", "6, (SELECT recorded + interval '1 ms' FROM consent_audit_event WHERE id = 5), "),
                                                           "audit line 6 ("),
    "dated ahead by a day": (forged("recorded, ", "now() + interval '1 day', "), "is dated later than its seal"),
}


@pytest.mark.parametrize(("statement", "says"), SEALED.values(), ids=SEALED)
def test_a_forged_line_that_the_sealer_has_sealed_is_told(log: None, statement: str, says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "BACK", order.dt.timedelta(milliseconds=-200))
    time.sleep(0.5)
    line("so that the log is sealed beyond it")
    until(all_sealed, "it is sealed")
    seal_all()
    line("once more: a head tells what was whole the round before")
    until(all_sealed, "it is sealed")
    assert faults() == [], "the control"
    sql(statement)
    seal_settled()
    assert any(says in f for f in faults()), (says, faults())


def test_a_line_put_in_at_its_time_is_what_only_its_writer_knows(log: None) -> None:
    """The bound of what can be told from inside (docs/threat-model.md); and a transaction's number is no evidence of anything."""
    sql(forged(), "UPDATE consent_audit_event SET xid = '3' WHERE id = 3")
    seal_settled()
    assert faults() == []


def test_lines_that_go_before_they_are_sealed_leave_their_numbers(log: None) -> None:
    before = verify.verify().notices
    line("to vanish")
    sql("DELETE FROM consent_audit_event WHERE target = 'to vanish'")
    line("after it")
    until(all_sealed, "it is sealed")
    report = verify.verify()
    assert report.intact and before != report.notices and "numbers between the lines have no line" in report.notices[0]


REBUILT = ["TRUNCATE consent_audit_leaf, consent_audit_head", "UPDATE consent_audit_event SET actor = '999' WHERE id = 3", "UPDATE consent_audit_event SET xid = '3'"]


def forgotten() -> None:
    """The forger has the machine, too."""
    memory.place().unlink()


def told_by_readyz() -> str:
    return str(json.loads(ready(RequestFactory().get("/readyz")).content)["checks"]["audit log"])


def test_the_sealer_does_not_go_on_over_a_cut(log: None, capsys: pytest.CaptureFixture[str]) -> None:
    for statements, says in ((cut("20"), "the log has 20: it was cut, emptied or rolled back"), ([EMPTY], "the log has 0"), (REBUILT, "the log has 0")):
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            with pytest.raises(Cut, match=says):
                seal_all()
            raise Undo
    seal.seen_whole.clear()
    with pytest.raises(Undo), transaction.atomic():
        sql("DELETE FROM consent_audit_leaf WHERE position = 3")
        with pytest.raises(Cut, match="1 leaves are missing from the tree"):
            seal_all()
        raise Undo
    assert seal_all() == 0 and told_by_readyz() == "ok", "the control"
    sql("DELETE FROM consent_audit_leaf WHERE position = 30")
    with pytest.raises(CommandError, match="Not sealed: the newest signed head covers 31 lines, and the tree has 30"):
        call_command("audit_seal", once=True)
    assert told_by_readyz() == "failing"


def test_after_a_restore_its_operator_goes_on(log: None, capsys: pytest.CaptureFixture[str]) -> None:
    sql(*cut("20"))
    line("after the restore")
    with pytest.raises(Cut):
        seal_all()
    with pytest.raises(CommandError, match="takes a reason"):
        call_command("audit_seal", after_restore=" ")
    call_command("audit_seal", after_restore="restored from the backup of the night")
    assert "goes on from 20:" in capsys.readouterr().out
    until(all_sealed, "they are sealed")
    assert faults() == []
    assert one("SELECT count(*) FROM consent_audit_event WHERE code = 'consent:audit:restore' AND reason LIKE 'restored%%' AND detail LIKE '31:%%-> 20:%%'") == 1
    assert told_by_readyz() == "ok"


def rebuilt() -> None:
    sql(*REBUILT)
    seal_settled()


def emptied_and_begun_anew() -> None:
    sql(EMPTY + " RESTART IDENTITY")
    for _ in range(40):
        line("a new life")
    seal_settled()


def cut_and_gone_on() -> None:
    sql(*cut("20"))
    for _ in range(20):
        line("a new life")
    seal_settled()


def put_in_before() -> None:
    sql(*REBUILT[::2], forged("id, recorded, xid, ", "6, (SELECT recorded + interval '1 ms' FROM consent_audit_event WHERE id = 5), '3', "))
    seal_settled()


@pytest.mark.parametrize("forge", [rebuilt, emptied_and_begun_anew, cut_and_gone_on, put_in_before], ids=lambda f: f.__name__)
def test_a_head_that_was_kept_elsewhere_tells_what_the_key_signs_anew(log: None, base: Path, forge: Callable[[], None], capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = base / "kept.csv"
    call_command("audit_verify", against=elsewhere)
    assert "intact" in capsys.readouterr().out, "the control"
    forgotten()
    forge()
    until(all_sealed, "all is sealed again")
    with pytest.raises(SystemExit):
        call_command("audit_verify", against=manifest_path(elsewhere))
    said = capsys.readouterr().out
    assert "that kept.csv.manifest.json keeps: lines before it were changed" in said, said
    if forge is rebuilt:
        assert "leaf 2 (now audit line 3) is another one than kept.csv.manifest.json keeps" in said, "the lines of the export say where"


def test_a_database_that_was_rolled_back_is_told_by_what_was_kept(log: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    head = tmp_path / "head.json"
    call_command("audit_verify", keep=head)
    assert kept.read(head).head == newest()
    make(f"{NAME}_back", BASE)
    try:
        with on(f"{NAME}_back"):
            assert faults() == [], "alone it is intact, and older"
            with pytest.raises(SystemExit):
                call_command("audit_verify", against=head)
            assert "the head of 31 lines" in (said := capsys.readouterr().out) and "rolled back to 30" in said
            told = json.loads(head.read_text())
            head.write_text(json.dumps({**told, "size": 30}))
            with pytest.raises(SystemExit):
                call_command("audit_verify", against=head)
            assert "its signature does not fit" in capsys.readouterr().out, "a kept head proves itself, too"
    finally:
        drop(f"{NAME}_back")


def test_another_key_is_told(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    pins = keys.own()
    monkeypatch.setattr(settings, "AUDIT_KEY", b"\x11" * 32)
    assert sum("a key that is not pinned" in f for f in faults()) == 8, "seven heads, and the one that this machine remembers"
    forgotten()
    sql("TRUNCATE consent_audit_leaf, consent_audit_head", "UPDATE consent_audit_event SET xid = '3'")
    until(all_sealed, "all is signed anew")
    assert faults() == [], "who takes the key from the machine of the forger believes it"
    assert any("a key that is not pinned" in f for f in verify.verify(pins=pins).faults)


def test_an_old_key_goes_on_to_prove_what_it_signed(log: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import consent.management.commands.audit_key as command

    monkeypatch.setattr("alliance.config.home.home", lambda: tmp_path)
    monkeypatch.setattr(command, "home", lambda: tmp_path)
    (tmp_path / "secrets").mkdir()
    with pytest.raises(CommandError, match="The sealer runs"):
        call_command("audit_key", renew=True)
    sql("UPDATE consent_audit_sealer SET checked_at = now() - interval '1 minute'")
    old = keys.own()[-1].fingerprint
    call_command("audit_key", renew=True)
    made = (tmp_path / "secrets/audit_key").read_text()
    assert KeyPrint.objects.get(name="audit_key").fingerprint == print_of("audit_key", made), "every process starts with this one alone"
    monkeypatch.setattr(settings, "AUDIT_KEY", bytes.fromhex(made))
    line("under the new key")
    until(all_sealed, "it is sealed")
    assert faults() == [] and len({p.fingerprint for p in keys.own()}) == 2
    capsys.readouterr()
    call_command("audit_key")
    printed = tmp_path / "auditor.pem"
    printed.write_text(capsys.readouterr().out)
    pins = keys.given(str(printed))
    assert pins[0].fingerprint == old and verify.verify(pins=pins).intact
    monkeypatch.setattr(settings, "AUDIT_KEY", b"\x11" * 32)
    line("under a key that nobody knows")
    with pytest.raises(Cut, match="a key that is not pinned"):
        seal_all()
