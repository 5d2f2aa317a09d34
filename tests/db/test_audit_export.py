"""Exports of the log: nothing is cut by what a spreadsheet holds, the manifest counts what is there, and a range without a moment is refused."""

import csv
import datetime as dt
import json
import secrets
import zipfile
from pathlib import Path

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from alliance.roles import Role
from consent.audit import workbook
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.audit.export import HEADINGS, WRITERS, export
from consent.audit.manifest import manifest_path
from consent.audit.package import check
from consent.audit.query import EmptyRange, Filter, count, sealed_lines
from consent.audit.seal import seal_all
from tests.factories import alliance
from tests.http.test_administration import signed_in
from tests.until import until

REFS = tuple(f"donghu/Observation/bulk-{i:05d}-laboratory-result/1" for i in range(1200))
NAMES = list(HEADINGS)


@pytest.fixture
def lines(world: None) -> Filter:
    """Three lines of one actor, the second with 1,200 references, the third with what a spreadsheet would run."""
    who = str(10**12 + secrets.randbelow(10**12))
    for more in ({}, {"refs": REFS}, {"detail": "=1+1", "reason": "＝cmd", "target": "-2+3", "role": "@x"}):
        append(Event(EventCode.RECORD_SEARCH, "staff", who, "donghu", more.pop("role", "clinician"), "TREAT", **more))  # type: ignore[arg-type]
    chosen = Filter(actor_kind="staff", actor=who)
    until(lambda: (seal_all(), len(list(sealed_lines(chosen))) == 3)[1], "the three are sealed")
    return chosen


@pytest.mark.parametrize("form", sorted(WRITERS))
def test_a_line_with_many_references_is_exported_whole(lines: Filter, form: str, tmp_path: Path) -> None:
    path = tmp_path / f"log.{form}"
    manifest = export(lines, form, path)
    assert manifest["rows"] == len(json.loads(manifest_path(path).read_text())["proofs"]) == 3 and check(path) == []
    if form == "ndjson":
        refs = [tuple(json.loads(x)["refs"] or ()) for x in path.read_text().splitlines()]
    else:
        rows = list(workbook.read(path)) if form == "xlsx" else list(csv.reader(path.read_text("utf-8-sig").splitlines()))[1:]
        refs = [tuple(r[NAMES.index("refs")].split()) for r in rows]
        assert [rows[2][NAMES.index(n)] for n in ("detail", "reason", "target", "role")] == ["'=1+1", "'＝cmd", "'-2+3", "'@x"], "text, in every spreadsheet"
    assert refs == [(), REFS, ()]
    if form == "xlsx":
        assert manifest["continued"] == 1 and manifest["sheets"] == [{"name": "audit", "rows": 4}]
        sheet = zipfile.ZipFile(path).read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet and max(map(len, sheet.split("<t"))) < workbook.UNITS + 50


def test_more_lines_than_a_sheet_holds_go_into_further_sheets(tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    rows = [[str(i), "x" * (workbook.UNITS + 1 if i % 5 == 2 else 3)] for i in range(12)]
    layout = workbook.write(path, ["id", "text"], rows, most=4)
    assert list(workbook.read(path)) == rows
    assert layout == {"sheets": [{"name": f"audit-{n}" if n > 1 else "audit", "rows": r} for n, r in enumerate((2, 3, 3, 3, 3), 1)], "continued": 2}
    assert sum(s["rows"] for s in layout["sheets"]) == len(rows) + layout["continued"]
    with pytest.raises(workbook.Unwritten):
        workbook.write(tmp_path / "narrow.xlsx", ["id", "text"], [["1", "x" * 3 * workbook.UNITS]], most=3)
    workbook.write(path, ["id"], [], most=4)
    assert list(workbook.read(path)) == [], "headings only"


def test_a_cell_that_is_not_written_whole_stops_the_export(tmp_path: Path) -> None:
    book = xlsxwriter.Workbook(str(tmp_path / "cut.xlsx"), {"constant_memory": True})
    sheet = book.add_worksheet()
    workbook.put(sheet, 0, ["1", "x" * workbook.UNITS])
    for row, text in ((1, "x" * (workbook.UNITS + 1)), (workbook.ROWS, "x")):
        with pytest.raises(workbook.Unwritten, match=f"row {row + 1}, column 2"):
            workbook.put(sheet, row, ["", text])
    book.close()


@pytest.mark.parametrize("text", ["", "x" * 100, "ab " * 40, "𠮷" * 30, "a𠮷b " * 20, " " * 50])
def test_pieces_are_the_whole_text(text: str) -> None:
    parts = workbook.pieces(text, 16)
    assert "".join(parts) == text and all(len(p.encode("utf-16-le")) <= 32 for p in parts) and (all(parts) or parts == [""])


def test_a_workbook_that_lost_a_row_or_a_part_is_told(lines: Filter, tmp_path: Path) -> None:
    path = tmp_path / "log.xlsx"
    export(lines, "xlsx", path)
    whole = zipfile.ZipFile(path)
    for number, says in ((3, "missing or out of order"), (4, "is missing or out of order"), (5, "was taken out"), (2, "was taken out")):
        def without(name: str, number: int = number) -> bytes:
            content = whole.read(name)
            if name != "xl/worksheets/sheet1.xml":
                return content
            start = content.index(f'<row r="{number}"'.encode())
            return content[:start] + content[content.index(b"</row>", start) + 6:]

        lost = tmp_path / "lost.xlsx"
        with zipfile.ZipFile(lost, "w") as archive:
            for name in whole.namelist():
                archive.writestr(name, without(name))
        manifest_path(lost).write_text(manifest_path(path).read_text())
        faults = check(lost)
        assert any("SHA-256" in f for f in faults) and any(says in f for f in faults), (number, faults)
    lost.write_bytes(b"no workbook")
    assert any("no workbook that can be read" in f for f in check(lost))


CONTROLS = "a\x01b_x0041_c\rd\x1fe\ufffe\uffff"


def test_what_xml_cannot_hold_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "controls.xlsx"
    workbook.write(path, ["id", "text"], [["1", CONTROLS]])
    assert list(workbook.read(path)) == [["1", CONTROLS]]


def test_a_range_without_a_moment_exports_nothing(lines: Filter, tmp_path: Path) -> None:
    out = tmp_path / "x.csv"
    before = count(Filter())
    for start, end, says in (("2026-02-01", "2026-01-01", "ends"), ("2026-02-01", "2026-02-01", "is empty")):
        with pytest.raises(CommandError, match=f"Nothing is exported: the range {says}"):
            call_command("audit_export", start=start, end=end, form="csv", out=out)
    assert not out.exists() and count(Filter()) == before, "and no line says that something was"
    with pytest.raises(EmptyRange):
        export(Filter(start=dt.datetime(2026, 2, 2, tzinfo=dt.UTC), end=dt.datetime(2026, 2, 1, tzinfo=dt.UTC)), "csv", out)
    call_command("audit_export", start="2026-01-01", end="2026-01-02", form="csv", out=out)
    assert out.exists(), "the control"
    browser = signed_in(alliance.staff(alliance.hospital("exp"), Role.AUDITOR))
    form = {"format": "xlsx", "start": "2026-02-02", "end": "2026-02-01"}
    for tongue, says in (("en", "The last day is before the first one."), ("zh-hans", "结束日期早于开始日期")):
        answer = browser.post("/audit/export/", form, headers={"Accept-Language": tongue}, follow=True)
        assert "Content-Disposition" not in answer.headers and says in answer.content.decode()
        listed = browser.get("/audit/", {"start": "2026-02-02", "end": "2026-02-01"}, headers={"Accept-Language": tongue})
        assert listed.status_code == 400 and says in listed.content.decode() and "<time>" not in listed.content.decode()
