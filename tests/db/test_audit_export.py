"""Exports of the log: nothing is cut by what a spreadsheet holds, the manifest counts what is
there, and a range without a moment is refused.
"""

import csv
import datetime as dt
import json
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from alliance.platform.dates import format_local_time
from alliance.roles import Role
from consent.audit import export_manifest, workbook
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_check import check_export
from consent.audit.export_columns import ALL_HEADINGS, COLUMNS, HEADINGS
from consent.audit.export_manifest import manifest_path
from consent.audit.export_order import Exporter
from consent.audit.log_export import WRITERS, export_log
from consent.audit.log_query import (
    AuditFilter,
    EmptyTimeRange,
    count_audit_lines,
    iterate_sealed_lines,
    list_audit_lines,
)
from consent.audit.sealed_cells import escape_formula
from consent.audit.sealer import seal_all
from consent.audit.signing_keys import load_signing_key, own_public_key_bytes
from tests import draws
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.wait_until import wait_until

REFS = tuple(f"donghu/Observation/bulk-{i:05d}-laboratory-result/1" for i in range(1200))
NAMES = COLUMNS


@pytest.fixture
def lines(world: None) -> AuditFilter:
    """Three lines of one actor, the second with 1,200 references, the third with what a
    spreadsheet would run.
    """
    who = str(10**12 + draws.randbelow(10**12))
    for more in (
        {},
        {"refs": REFS},
        {"detail": "=1+1", "reason": "＝cmd", "target": "-2+3", "role": "@x"},
    ):
        append_event(
            AuditEvent(
                EventCode.RECORD_SEARCH,
                "staff",
                who,
                "donghu",
                more.pop("role", "clinician"),
                "TREAT",
                **more,
            )
        )  # type: ignore[arg-type]
    chosen = AuditFilter(actor_kind="staff", actor=who)
    wait_until(
        lambda: (seal_all(), len(list(iterate_sealed_lines(chosen))) == 3)[1],
        "the three are sealed",
    )
    return chosen


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_a_line_with_many_references_is_exported_whole(
    lines: AuditFilter, form: str, tmp_path: Path
) -> None:
    path = tmp_path / f"log.{form}"
    manifest = export_log(lines, form, path)
    assert (
        manifest["rows"] == len(json.loads(manifest_path(path).read_text())["proofs"]) == 3
        and check_export(path) == []
    )
    if form == "ndjson":
        refs = [tuple(json.loads(x)["refs"] or ()) for x in path.read_text().splitlines()]
    else:
        rows = (
            list(workbook.read_workbook(path, covers=1))
            if form == "xlsx"
            else list(csv.reader(path.read_text("utf-8-sig").splitlines()))[1:]
        )
        refs = [tuple(r[NAMES.index("refs")].split()) for r in rows]
        assert [rows[2][NAMES.index(n)] for n in ("detail", "reason", "target", "role")] == [
            "'=1+1",
            "'＝cmd",
            "'-2+3",
            "'@x",
        ], "text, in every spreadsheet"
    assert refs == [(), REFS, ()]
    if form == "xlsx":
        assert manifest["continued"] == 1 and manifest["sheets"] == [{"name": "audit", "rows": 4}]
        sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet2.xml").decode()
        assert "<f>" not in sheet and max(map(len, sheet.split("<t"))) < workbook.UNITS + 50


def test_more_lines_than_a_sheet_holds_go_into_further_sheets(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    rows = [[str(i), "x" * (workbook.UNITS + 1 if i % 5 == 2 else 3)] for i in range(12)]
    layout = workbook.write_workbook(path, ["id", "text"], rows, most=4)
    assert list(workbook.read_workbook(path)) == rows
    assert layout == {
        "covers": 0,
        "sheets": [
            {"name": f"audit-{n}" if n > 1 else "audit", "rows": r}
            for n, r in enumerate((2, 3, 3, 3, 3), 1)
        ],
        "continued": 2,
    }
    assert sum(s["rows"] for s in layout["sheets"]) == len(rows) + layout["continued"]
    with pytest.raises(workbook.CellNotWritten):
        workbook.write_workbook(
            tmp_path / "narrow.xlsx", ["id", "text"], [["1", "x" * 3 * workbook.UNITS]], most=3
        )
    workbook.write_workbook(path, ["id"], [], most=4)
    assert list(workbook.read_workbook(path)) == [], "headings only"


def test_a_cell_that_is_not_written_whole_stops_the_export(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "cut.xlsx"), {"constant_memory": True})
    sheet = book.add_worksheet()
    workbook.write_sheet_row(sheet, 0, ["1", "x" * workbook.UNITS])
    for row, text in ((1, "x" * (workbook.UNITS + 1)), (workbook.ROWS, "x")):
        with pytest.raises(workbook.CellNotWritten, match=f"row {row + 1}, column 2"):
            workbook.write_sheet_row(sheet, row, ["", text])
    book.close()


@pytest.mark.parametrize("text", ["", "x" * 100, "ab " * 40, "𠮷" * 30, "a𠮷b " * 20, " " * 50])
def test_pieces_are_the_whole_text(text: str) -> None:
    parts = workbook.split_cell_text(text, 16)
    assert (
        "".join(parts) == text
        and all(len(p.encode("utf-16-le")) <= 32 for p in parts)
        and (all(parts) or parts == [""])
    )


def test_a_workbook_that_lost_a_row_or_a_part_is_told(lines: AuditFilter, tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    export_log(lines, "xlsx", path)
    whole = zipfile.ZipFile(path)
    for number, says in (
        (3, "missing or out of order"),
        (4, "is missing or out of order"),
        (5, "was taken out"),
        (2, "was taken out"),
    ):

        def without(name: str, number: int = number) -> bytes:
            content = whole.read(name)
            if name != "xl/worksheets/sheet2.xml":
                return content
            start = content.index(f'<row r="{number}"'.encode())
            return content[:start] + content[content.index(b"</row>", start) + 6 :]

        lost = tmp_path / "lost.xlsx"
        with zipfile.ZipFile(lost, "w") as archive:
            for name in whole.namelist():
                archive.writestr(name, without(name))
        manifest_path(lost).write_text(manifest_path(path).read_text())
        faults = check_export(lost)
        assert any("SHA-256" in f for f in faults) and any(says in f for f in faults), (
            number,
            faults,
        )
    lost.write_bytes(b"no workbook")
    assert any("no workbook that can be read" in f for f in check_export(lost))


CONTROLS = "a\x01b_x0041_c\rd\x1fe\ufffe\uffff"


def test_what_xml_cannot_hold_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "controls.xlsx"
    workbook.write_workbook(path, ["id", "text"], [["1", CONTROLS]])
    assert list(workbook.read_workbook(path)) == [["1", CONTROLS]]


def test_a_range_without_a_moment_exports_nothing(lines: AuditFilter, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    exports = AuditFilter(codes=(EventCode.AUDIT_EXPORT.value,))
    before = count_audit_lines(exports)
    for start, end, says in (
        ("2026-02-01", "2026-01-01", "ends"),
        ("2026-02-01", "2026-02-01", "is empty"),
    ):
        with pytest.raises(CommandError, match=f"Nothing is exported: the range {says}"):
            call_command("audit_export", start=start, end=end, form="csv", out=out)
    assert not out.exists() and count_audit_lines(exports) == before, (
        "and no line says that something was"
    )
    with pytest.raises(EmptyTimeRange):
        export_log(
            AuditFilter(
                start=dt.datetime(2026, 2, 2, tzinfo=dt.UTC),
                end=dt.datetime(2026, 2, 1, tzinfo=dt.UTC),
            ),
            "csv",
            out,
        )
    call_command("audit_export", start="2026-01-01", end="2026-01-02", form="csv", out=out)
    assert out.exists(), "the control"
    browser = signed_in(alliance.make_staff(alliance.make_hospital("exp"), Role.AUDITOR))
    form = {"format": "xlsx", "start": "2026-02-02", "end": "2026-02-01"}
    for tongue, says in (
        ("en", "The last day is before the first one."),
        ("zh-hans", "结束日期早于开始日期"),
    ):
        answer = browser.post(
            "/audit/export/", form, headers={"Accept-Language": tongue}, follow=True
        )
        assert "Content-Disposition" not in answer.headers and says in answer.content.decode()
        listed = browser.get(
            "/audit/",
            {"start": "2026-02-02", "end": "2026-02-01"},
            headers={"Accept-Language": tongue},
        )
        assert (
            listed.status_code == 400
            and says in listed.content.decode()
            and "<time>" not in listed.content.decode()
        )


def test_a_workbook_has_a_cover_that_says_what_it_is(lines: AuditFilter, tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    exporter = Exporter("陆审计", "audit1", "东湖", "审计员")
    manifest = export_log(lines, "xlsx", path, exporter=exporter, reason="=法院第12号")
    assert manifest["covers"] == 1 and manifest["reason"] == "=法院第12号"
    assert manifest["exported_by"]["name"] == "陆审计"
    cover = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in cover and "<t>=法院第12号</t>" in cover
    assert "陆审计 · audit1 · 审计员 · 东湖" in cover and manifest["head"]["root"] in cover
    assert check_export(path) == []


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_words_say_what_codes_mean_and_none_is_a_formula(
    lines: AuditFilter, form: str, tmp_path: Path
) -> None:
    path = tmp_path / f"log.{form}"
    export_log(lines, form, path)
    rows = (
        list(workbook.read_workbook(path, covers=1))
        if form == "xlsx"
        else list(csv.reader(path.read_text("utf-8-sig").splitlines()))[1:]
    )
    said = [dict(zip(ALL_HEADINGS, row, strict=True)) for row in rows]
    assert said[0]["行为 Act"] and said[0]["行为 Act"] != said[0]["事件 code"]
    assert said[0]["本地时间 Time (UTC+08:00)"].endswith("+08:00")
    assert said[0]["时间 recorded (UTC)"].endswith("Z")
    assert said[2]["内容 What"].startswith("'-2+3") and "=1+1" in said[2]["内容 What"]
    assert not [c for row in rows for c in row if c.startswith(("=", "+", "-", "@", "＝"))]


def test_a_file_of_an_earlier_release_is_checked_as_it_is(
    lines: AuditFilter, tmp_path: Path
) -> None:
    """The sealed columns alone, with the time on the hospitals' clock."""
    path = tmp_path / "old.csv"
    export_log(lines, "csv", path)
    manifest = export_manifest.load_manifest(manifest_path(path))
    proofs = manifest.pop("proofs")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file)
        out.writerow(HEADINGS.values())
        for proof in proofs:
            line = json.loads(proof["line"])
            line["recorded"] = format_local_time(line["recorded"])
            out.writerow(escape_formula(line.get(name)) for name in HEADINGS)
    told = {k: v for k, v in manifest.items() if k not in ("signature", "key", "v")}
    told |= {"columns": list(HEADINGS), "headings": list(HEADINGS.values())}
    told |= {"sha256": export_manifest.hash_file(path)}
    for version, intact in ((export_manifest.LOCAL_TIMES, True), (export_manifest.VERSION, False)):
        unsigned = {**told, "v": version, "key": own_public_key_bytes().hex()}
        signed = load_signing_key().sign(export_manifest.signed_manifest_bytes(unsigned))
        whole = {**unsigned, "signature": signed.hex(), "proofs": proofs}
        manifest_path(path).write_text(json.dumps(whole, ensure_ascii=False))
        assert (check_export(path) == []) is intact, version


def test_the_operator_s_export_is_in_the_log_with_its_reason(
    lines: AuditFilter, tmp_path: Path
) -> None:
    call_command("audit_export", form="csv", out=tmp_path / "x.csv", reason="  年度\n检查  ")
    exports = AuditFilter(codes=(EventCode.AUDIT_EXPORT.value,))
    newest = list_audit_lines(exports, None, 1)[0]
    assert newest["detail"].startswith("csv · ") and newest["detail"].endswith("reason=年度 检查")
    with pytest.raises(CommandError, match="--reason has 201 characters"):
        call_command("audit_export", form="csv", out=tmp_path / "y.csv", reason="x" * 201)
    assert not (tmp_path / "y.csv").exists()
