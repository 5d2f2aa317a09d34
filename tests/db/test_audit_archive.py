"""A month of the audit log is archived, read back, taken out of the online log and put in again;
what is done to the file or to the database is named.
"""

import datetime as dt
import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError, connection, transaction

from alliance.auth.operator_identity import server_operator
from alliance.database.connection_settings import WEB_ROLE
from alliance.database.grants import grant_privileges
from alliance.operations.archive_inspection import inspect_archives
from alliance.roles import Role
from consent.audit import detach_month as months
from consent.audit import read_archive, signing_keys, verify
from consent.audit.archived_months import list_detached_months
from consent.audit.canonical_line import encode_canonical_json
from consent.audit.log_query import AuditFilter
from consent.audit.write_archive import MonthRefused, write_archive
from consent.models import Case, CaseItem, Hold
from records.interactions.audit_log import list_archive_entries
from tests.factories.alliance import make_hospital, make_staff
from tests.support.tampering import (
    FIELDS,
    FORGED,
    Undo,
    all_sealed,
    base,
    line,
    log,
    one,
    seal_settled,
    sql,
)

__all__ = ["base", "log"]
MONTH = dt.date(2021, 3, 1)
NAME = "xinglin-audit-2021-03.ndjson.gz"
PERSONS = ["0b8a4d3e-0000-4000-8000-000000000001", "0b8a4d3e-0000-4000-8000-000000000002"]


def one_line(before: str) -> tuple[int, dt.datetime]:
    """The last line before a day: number and moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, recorded FROM consent_audit_event WHERE recorded < %s"
            " ORDER BY recorded DESC LIMIT 1",
            [before],
        )
        number, moment = cursor.fetchone()
    return number, moment


def make_case(holding: int | None = None, recorded: dt.datetime | None = None) -> Case:
    """A case file, which has gathered the line."""
    at = make_hospital("holder")
    who = make_staff(at, Role.AUDITOR)
    case = Case.objects.create(
        hospital=at, title="test", about="test", origin="finding", opened_by=who
    )
    if holding:
        CaseItem.objects.create(
            case=case,
            kind="line",
            ref=str(holding),
            line=holding,
            recorded=recorded,
            added_by=who,
        )
    return case


@pytest.fixture
def month(log: None, tmp_path: Path) -> Iterator[Path]:
    """Lines of March 2021 in a partition of their own, sealed, the last of them about two persons;
    then lines of today. The log's other lines were sealed before.
    """
    for parent in months.PARENTS:
        sql(
            f"CREATE TABLE {parent}_2021_03 PARTITION OF {parent} FOR VALUES FROM"
            " ('2021-03-01 00:00+00') TO ('2021-04-01 00:00+00')"
        )
    for n in range(9):
        sql(
            f"INSERT INTO consent_audit_event (recorded, {FIELDS}) SELECT"
            f" '2021-03-0{n + 1} 08:00+00', {FORGED}"
        )
    sql(
        "UPDATE consent_audit_event SET reason = '昏迷', person = gen_random_uuid(), refs ="
        " ARRAY['a/\"b\",c', 'd\\e', '{}'], detail = E'tab\\t, line\\n, \\\\N' WHERE recorded ="
        " '2021-03-02 08:00+00'"
    )
    sql(
        "INSERT INTO consent_audit_person SELECT max(id), '2021-03-09 08:00+00', p::uuid FROM"
        f" consent_audit_event, unnest(ARRAY{PERSONS}) p GROUP BY p"
    )
    seal_settled()
    for n in range(3):
        line(f"today/{n}")
    assert all_sealed()
    yield tmp_path


def of_march(faults: list[str]) -> list[str]:
    """Lines that are dated back are told as such: that is what this test did to make them."""
    return [f for f in faults if "dated back" not in f and "dated ahead" not in f]


def check(folder: Path | None = None) -> list[str]:
    return of_march(verify.verify_log(archives=folder).faults)


def archived(folder: Path) -> Path:
    return write_archive(MONTH, folder)


def rewritten(path: Path, change: Any) -> Path:
    """The same file with other rows; the manifest is a row of its own, the first."""
    rows = gzip.decompress(path.read_bytes()).splitlines(keepends=True)
    path.write_bytes(gzip.compress(b"".join(change(rows))))
    return path


def test_a_month_leaves_when_its_archive_was_read_back_and_comes_again(month: Path) -> None:
    path = archived(month)
    before = verify.verify_log()
    assert not of_march(before.faults) and before.archived == 0
    months.detach_month(path, server_operator())
    assert one("SELECT count(*) FROM consent_audit_event WHERE recorded < '2022-01-01'") == 0
    assert one("SELECT count(*) FROM consent_audit_person WHERE written < '2022-01-01'") == 0
    assert one("SELECT count(*) FROM consent_audit_out_2021_03.consent_audit_event_2021_03") == 9
    after = verify.verify_log()
    assert not of_march(after.faults) and after.archived == 9, after.faults
    assert after.sealed == before.sealed + 1 or after.sealed == before.sealed
    assert any("stand in archives" in n for n in after.notices)
    assert not [n for n in after.notices if "have no line" in n and n.startswith("1" * 3)]
    assert check(month) == []
    [told] = list_archive_entries(AuditFilter())
    assert json.loads(told)["search"] == {"mode": "outcome"} and b"2021-04-01" in told
    assert list_archive_entries(AuditFilter(start=dt.datetime(2021, 4, 1, tzinfo=dt.UTC))) == []
    line("a later line")
    seal_settled()
    assert check(month) == []
    months.attach_month(path, server_operator())
    assert one("SELECT count(*) FROM consent_audit_event WHERE recorded < '2022-01-01'") == 9
    assert one("SELECT count(*) FROM consent_audit_person WHERE written < '2022-01-01'") == 2
    again = verify.verify_log()
    assert not of_march(again.faults) and again.archived == 0 and not list_detached_months()
    assert list_archive_entries(AuditFilter()) == [], "all of it is online"
    with pytest.raises(MonthRefused, match="not out of the online log"):
        months.attach_month(path, server_operator())
    months.detach_month(path, server_operator())
    assert check(month) == [] and verify.verify_log().archived == 9, "a second time"


def test_what_may_not_leave_stays(month: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each refusal by itself, and then, by the same call, the month leaves."""
    path, operator = archived(month), server_operator()
    with pytest.raises(MonthRefused, match="there already"):
        archived(month)
    with pytest.raises(MonthRefused, match="no partition of 2020-01"):
        write_archive(dt.date(2020, 1, 1), month)
    this = one("SELECT extract(year FROM now())"), one("SELECT extract(month FROM now())")
    with pytest.raises(MonthRefused, match="is written still"):
        write_archive(dt.date(*this, 1), month)
    monkeypatch.setenv("XINGLIN_AUDIT_ONLINE_MONTHS", "1200")
    with pytest.raises(MonthRefused, match="stays online for 1200 months"):
        months.detach_month(path, operator)
    monkeypatch.setenv("XINGLIN_AUDIT_ONLINE_MONTHS", "36")
    with transaction.atomic():
        number, moment = one_line("2022-01-01")
        case = make_case(holding=number, recorded=moment)
        for scope in (
            {"whole_case": True},
            {"person": PERSONS[1]},
            {"starts_at": "2021-03-31T00:00Z", "ends_at": "2021-05-01T00:00Z"},
            {"first_line": number, "last_line": number + 5},
        ):
            hold = Hold.objects.create(case=case, reason="test", set_by=case.opened_by, **scope)
            with pytest.raises(MonthRefused, match=f"hold {hold.pk} of case file {case.pk} covers"):
                months.detach_partitions(read_archive.load_archive_manifest(path), operator)
            hold.lifted_at = moment
            hold.save()  # the control: a lifted one is in nobody's way
        empty = make_case()
        for scope in (
            {"whole_case": True},
            {"person": "0b8a4d3e-0000-4000-8000-000000000003"},
            {"first_line": number + 1, "last_line": number + 5},
            {"starts_at": "2021-04-01T00:00Z", "ends_at": "2021-05-01T00:00Z"},
        ):  # the control: what covers other lines is in nobody's way
            Hold.objects.create(case=empty, reason="elsewhere", set_by=empty.opened_by, **scope)
    assert one("SELECT count(*) FROM consent_audit_event WHERE recorded < '2022-01-01'") == 9
    months.detach_month(path, operator)
    assert one("SELECT count(*) FROM consent_audit_event WHERE recorded < '2022-01-01'") == 0


def test_the_site_takes_nothing_out(month: Path) -> None:
    assert grant_privileges()
    path = archived(month)
    months.detach_month(path, server_operator())
    with connection.cursor() as cursor:
        for statement in (
            "ALTER TABLE consent_audit_event DETACH PARTITION consent_audit_event_rest",
            (
                "INSERT INTO consent_audit_archive (month, act, manifest, done_at, signature, key)"
                " VALUES ('2021-04-01', 'detach', '', '', '', '')"
            ),
            "SELECT count(*) FROM consent_audit_out_2021_03.consent_audit_event_2021_03",
        ):
            with pytest.raises(ProgrammingError), transaction.atomic():
                cursor.execute(f"SET LOCAL ROLE {WEB_ROLE}")
                cursor.execute(statement)
        with transaction.atomic():
            cursor.execute(f"SET LOCAL ROLE {WEB_ROLE}")
            with pytest.raises(MonthRefused, match="the site's role"):
                months.require_owner()
            cursor.execute("SELECT count(*) FROM consent_audit_archive")
            assert cursor.fetchone()[0] == 1, "the control"


def changed_line(rows: list[bytes]) -> list[bytes]:
    return [*rows[:4], rows[4].replace(b'"actor":"2"', b'"actor":"9"'), *rows[5:]]


def resigned(rows: list[bytes], **changes: Any) -> list[bytes]:
    """With a manifest that fits the rows again but for its signature."""
    import hashlib

    manifest = json.loads(rows[0])
    manifest["sha256"] = hashlib.sha256(b"".join(rows[1:])).hexdigest()
    if manifest["sm3"]:
        manifest["sm3"] = hashlib.new("sm3", b"".join(rows[1:])).hexdigest()
    manifest |= {"size": sum(map(len, rows[1:])), **changes}
    return [encode_canonical_json(manifest) + b"\n", *rows[1:]]


CHANGES: dict[str, tuple[Any, str]] = {
    "a line altered": (changed_line, "do not lead to the signed head"),
    "its digest altered, too": (lambda r: resigned(changed_line(r)), "its signature does not fit"),
    "a line taken out": (lambda r: [*r[:4], *r[5:]], "taken out, put in or moved"),
    "the last line taken out": (lambda r: r[:-1], "8 of 9 lines are there: the file was cut"),
    "two lines exchanged": (lambda r: [*r[:4], r[5], r[4], *r[6:]], "taken out, put in or moved"),
    "a line doubled": (lambda r: [*r[:4], r[3], *r[4:]], "taken out, put in or moved"),
    "a line added at the end": (lambda r: [*r, r[-1]], "more lines than the 9"),
    "a person taken off a line": (
        lambda r: [*r[:-1], r[-1].replace(f'"{PERSONS[0]}",'.encode(), b"")],
        "do not lead to the signed head",
    ),
    "a transaction's number altered": (
        lambda r: [*r[:-1], r[-1].replace(b'"xid":"', b'"xid":"1')],
        "its SHA-256 is not that of its manifest",
    ),
    "another head": (
        lambda r: resigned(r, head=json.loads(r[0])["head"] | {"root": "00" * 32}),
        "its signature does not fit",
    ),
    "other lines": (lambda r: [r[0], *(b"{}\n" for _ in r[1:])], "not as an archive has its lines"),
    "no manifest": (lambda r: r[1:], "no archive of an audit log"),
}


def test_a_changed_archive_is_named(month: Path) -> None:
    path = archived(month)
    whole = path.read_bytes()
    months.detach_month(path, server_operator())
    pins = signing_keys.load_own_pins()
    assert read_archive.check_archive(path, pins) == [], "the control: the file alone"
    for what, (change, says) in CHANGES.items():
        rewritten(path, change)
        try:
            told = read_archive.check_archive(path, pins)
        except read_archive.UnreadableArchive as error:
            told = [str(error)]
        assert any(says in t for t in told), (what, says, told)
        named = check(month)
        assert any("2021-03" in f for f in named), (what, named)
        with pytest.raises((MonthRefused, read_archive.UnreadableArchive)):
            months.attach_month(path, server_operator())
        path.write_bytes(whole)
    rewritten(path, changed_line)
    assert any("line 4 (position" in f and "it was changed" in f for f in check(month)), (
        "the online leaf names the line"
    )
    for cut in (len(whole) // 2, len(whole) - 4):
        path.write_bytes(whole[:cut])
        assert any("damaged" in f or "no archive" in f for f in check(month)), cut
    path.unlink()
    assert any("the archive of 2021-03 is missing" in f for f in check(month))
    path.write_bytes(whole)
    assert check(month) == []
    other = [signing_keys.PinnedKey("00" * 32, "another key")]
    assert any("not pinned" in f for f in read_archive.check_archive(path, other))


def test_what_is_done_to_the_database_is_named(month: Path) -> None:
    path = archived(month)
    months.detach_month(path, server_operator())
    seal_settled()
    for statements, says in (
        (["DELETE FROM consent_audit_archive"], "was deleted"),
        (["UPDATE consent_audit_archive SET month = '2021-04-01'"], "its signature does not fit"),
        (
            ["UPDATE consent_audit_archive SET manifest = replace(manifest, '\"lines\":9', '')"],
            "its signature does not fit",
        ),
        (
            [
                "UPDATE consent_audit_leaf SET hash = '\\x00' WHERE position ="
                " (SELECT max(position) - 6 FROM consent_audit_leaf)"
            ],
            "do not lead to",
        ),
        (
            [
                "DELETE FROM consent_audit_event WHERE id ="
                " (SELECT max(id) FROM consent_audit_event)"
            ],
            "was deleted",
        ),
    ):
        with pytest.raises(Undo), transaction.atomic():
            sql(*statements)
            found = of_march(verify.verify_log_in_transaction(archives=month).faults)
            assert any(says in f for f in found), (statements, found)
            raise Undo
    assert check(month) == [], "the control"


def test_an_altered_line_is_not_archived(month: Path) -> None:
    """Nothing leaves under which a line would vanish that the log would have told of."""
    with pytest.raises(MonthRefused, match="was changed after it was sealed"):
        with transaction.atomic():
            sql("UPDATE consent_audit_event SET actor = '9' WHERE recorded < '2021-03-03'")
        archived(month)
    assert not list(month.iterdir())


def test_the_operators_command(
    month: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CommandError, match="no folder"):
        call_command("audit_archive", month="2021-03")
    call_command("audit_archive", month="2021-03", to=month)
    assert "archived and read back" in capsys.readouterr().out
    with connection.cursor() as cursor:
        before = inspect_archives(cursor)
    assert before.ok and before.look and "due: 2021-03" in before.says
    call_command("audit_archive", month="2021-03", to=month, detach=True)
    with connection.cursor() as cursor:
        after = inspect_archives(cursor)
        assert after.ok and not after.look and "1 months are in archives" in after.says
        monkeypatch.setenv("XINGLIN_AUDIT_ARCHIVES", str(month / "elsewhere"))
        assert NAME in inspect_archives(cursor).says and not inspect_archives(cursor).ok
        monkeypatch.delenv("XINGLIN_AUDIT_ARCHIVES")
    assert "out of the online log" in capsys.readouterr().out
    for start, told in (("2021-03-20", True), ("2021-04-02", False)):
        call_command("audit_export", start=start, form="csv", out=month / f"{start}.csv")
        assert ("months are in archives" in capsys.readouterr().err) == told, start
    call_command("audit_archive", check=month / NAME)
    assert "intact" in capsys.readouterr().out
    call_command("audit_archive", attach=month / NAME)
    assert (
        one(
            "SELECT count(*) FROM consent_audit_event WHERE code IN ('consent:audit:archive',"
            " 'consent:audit:detach', 'consent:audit:attach') AND target = 'month/2021-03'"
        )
        == 3
    )
    rewritten(month / NAME, changed_line)
    with pytest.raises(SystemExit):
        call_command("audit_archive", check=month / NAME)
    assert "NOT INTACT" in capsys.readouterr().out
