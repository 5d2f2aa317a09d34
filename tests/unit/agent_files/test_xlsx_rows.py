"""Workbooks: written by a library of others, and by hand where it writes none of that."""

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from records.agent.files.open_tables import open_tables
from records.agent.files.table import UnreadableFile
from records.agent.files.xlsx_rows import date_from_serial, number_as_shown

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"


def write_by_hand(
    path: Path, sheet: str, strings: str = "", styles: str = "", more: str = ""
) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><workbookPr {more}/><sheets>'
            '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{RELATIONS}"><Relationship Id="rId1" Type="{OFFICE}/worksheet"'
            f' Target="/xl/worksheets/sheet1.xml"/><Relationship Id="rId2" Type="{OFFICE}/sharedStrings"'
            f' Target="sharedStrings.xml"/><Relationship Id="rId3" Type="{OFFICE}/styles"'
            ' Target="styles.xml"/></Relationships>',
        )
        archive.writestr("xl/worksheets/sheet1.xml", sheet)
        if strings:
            archive.writestr("xl/sharedStrings.xml", strings)
        if styles:
            archive.writestr("xl/styles.xml", styles)


def rows_of(path: Path) -> list[tuple[int, list[str]]]:
    return list(open_tables(path)[0].read_rows())


def refusal_of(path: Path) -> str:
    with pytest.raises(UnreadableFile) as caught:
        for table in open_tables(path):
            list(table.read_rows())
    assert "{" not in caught.value.refusal.why("zh") + caught.value.refusal.mend("en")
    return caught.value.refusal.rule.code


def test_cells_of_all_kinds(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = xlsxwriter.Workbook(str(path))
    sheet = workbook.add_worksheet("检验")
    day = workbook.add_format({"num_format": "yyyy-mm-dd"})
    chinese = workbook.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
    clock = workbook.add_format({"num_format": "yyyy/m/d h:mm"})
    padded = workbook.add_format({"num_format": "00000000"})
    money = workbook.add_format({"num_format": '"Total" #,##0.00'})
    sheet.write_row(0, 0, ["共享", 5.6, True, "  <&>"])
    sheet.write_datetime(1, 0, dt.datetime(2026, 1, 2), day)
    sheet.write_datetime(1, 1, dt.datetime(2026, 1, 2, 14, 5), clock)
    sheet.write_datetime(1, 2, dt.datetime(2026, 1, 2), chinese)
    sheet.write_number(1, 3, 123, padded)
    sheet.write_number(1, 4, 12.5, money)
    sheet.write_formula(3, 0, "=NA()", None, "#N/A")
    sheet.write_formula(3, 1, "=1+1", None, 2)
    sheet.write_formula(3, 3, '="王"', None, "王")
    sheet.write_rich_string(4, 0, "谷", workbook.add_format({"bold": True}), "丙")
    workbook.close()
    assert rows_of(path) == [
        (1, ["共享", "5.6", "TRUE", "  <&>"]),
        (2, ["2026-01-02", "2026-01-02 14:05:00", "2026-01-02", "00000123", "12.5"]),
        (4, ["#N/A", "2", "", "王"]),
        (5, ["谷丙"]),
    ]


def test_merged_cells_are_filled_downwards(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = xlsxwriter.Workbook(str(path))
    sheet = workbook.add_worksheet()
    sheet.merge_range(0, 0, 0, 2, "检验结果一览")
    sheet.write_row(1, 0, ["姓名", "项目", "结果"])
    sheet.merge_range(2, 0, 4, 0, "王芳")
    for row in range(3):
        sheet.write_row(2 + row, 1, [f"项目{row}", str(row)])
    sheet.write_row(5, 0, ["张伟", "项目", "9"])
    workbook.close()
    assert [cells[0] for _, cells in rows_of(path)] == [
        "检验结果一览",
        "姓名",
        "王芳",
        "王芳",
        "王芳",
        "张伟",
    ]
    assert rows_of(path)[0][1] == ["检验结果一览"]


def test_sheets_and_hidden_ones(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    workbook = xlsxwriter.Workbook(str(path))
    for name in ("甲", "乙", "丙"):
        workbook.add_worksheet(name).write(0, 0, name)
    workbook.get_worksheet_by_name("乙").hide()
    workbook.close()
    tables = open_tables(path)
    assert [t.name for t in tables] == ["a.xlsx[甲]", "a.xlsx[丙]"]
    assert [(n.rule.code, n.value) for t in tables for n in t.notices] == [("sheet.hidden", "乙")]


def test_what_other_writers_do(tmp_path: Path) -> None:
    """Inline strings, prefixes, no cell addresses, phonetic runs, ISO dates, escapes."""
    path = tmp_path / "a.xlsx"
    sheet = (
        f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>甲</x:t>'
        '</x:is></x:c><x:c t="s"><x:v>0</x:v></x:c><x:c t="d"><x:v>2026-01-02T03:04:05</x:v></x:c>'
        '</x:row><x:row r="5"><x:c r="C5" t="str"><x:v>a_x000D_b</x:v></x:c></x:row></x:sheetData>'
        "</x:worksheet>"
    )
    strings = f'<sst xmlns="{MAIN}"><si><t>谷</t><rPh sb="0" eb="1"><t>gu</t></rPh></si></sst>'
    write_by_hand(path, sheet, strings)
    assert rows_of(path) == [(1, ["甲", "谷", "2026-01-02 03:04:05"]), (5, ["", "", "a\rb"])]


@pytest.mark.parametrize(
    ("serial", "since_1904", "said"),
    [
        ("0", False, "1900-01-00"),
        ("1", False, "1900-01-01"),
        ("59", False, "1900-02-28"),
        ("61", False, "1900-03-01"),
        ("46024", False, "2026-01-02"),
        ("46024.586805555555", False, "2026-01-02 14:05:00"),
        ("44562", True, "2026-01-02"),
        ("1e300", False, "1e300"),
    ],
)
def test_serial_dates(serial: str, since_1904: bool, said: str) -> None:
    assert date_from_serial(serial, since_1904) == said


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("5.5999999999999996", "5.6"),
        ("0.1", "0.1"),
        ("42.0", "42"),
        ("13800000000", "13800000000"),
        ("330382196803070000", "3.30382196803070E+17"),
        ("3.3038219680307002E+17", "3.30382196803070E+17"),
        ("1E-3", "0.001"),
        ("1.0000000000000001E-5", "0.00001"),
        ("x", "x"),
    ],
)
def test_numbers_are_as_shown_and_rounded_ones_show(written: str, shown: str) -> None:
    assert number_as_shown(written) == shown


def test_files_that_are_none(tmp_path: Path) -> None:
    told: dict[str, Any] = {
        "old.xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file.old-xls"),
        "locked.xlsx": (
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"),
            "file.encrypted",
        ),
        "page.xls": ("<html><table><tr><td>姓名".encode("gb18030"), "file.web-page"),
        "xml.xls": (b'<?xml version="1.0"?><Workbook/>', "file.web-page"),
        "cut.xlsx": (b"PK\x03\x04" + bytes(400), "file.broken-xlsx"),
        "a.csv": (b"%PDF-1.4", "file.other-kind"),
        "empty.csv": (b"", "file.empty"),
        "bom.csv": (b"\xef\xbb\xbf\r\n", "file.empty"),
    }
    for name, (data, code) in told.items():
        path = tmp_path / name
        path.write_bytes(data)
        assert refusal_of(path) == code, name
    assert refusal_of(tmp_path / "missing.csv") == "file.unreadable"
    with zipfile.ZipFile(tmp_path / "other.xlsx", "w") as archive:
        archive.writestr("word/document.xml", "<a/>")
    assert refusal_of(tmp_path / "other.xlsx") == "file.broken-xlsx"


def test_text_under_the_name_of_a_workbook_is_read(tmp_path: Path) -> None:
    path = tmp_path / "导出.xls"
    path.write_bytes("姓名\t性别\r\n王芳\t女\r\n".encode("gb18030"))
    assert [cells for _, cells in rows_of(path)] == [["姓名", "性别"], ["王芳", "女"]]


def test_bombs_and_entities_are_refused(tmp_path: Path) -> None:
    rows = '<row r="1"><c r="A1"><v>1</v></c></row>'
    bomb = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData>{" " * (20 << 20)}</worksheet>'
    write_by_hand(tmp_path / "bomb.xlsx", bomb)
    assert refusal_of(tmp_path / "bomb.xlsx") == "file.unsafe-xlsx"
    entity = (
        '<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
        f'<worksheet xmlns="{MAIN}"><sheetData><row><c t="str"><v>&a;</v></c></row></sheetData></worksheet>'
    )
    write_by_hand(tmp_path / "entity.xlsx", entity)
    assert refusal_of(tmp_path / "entity.xlsx") == "file.unsafe-xlsx"
    plain = f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    write_by_hand(tmp_path / "plain.xlsx", plain)
    assert rows_of(tmp_path / "plain.xlsx") == [(1, ["1"])]


def test_a_workbook_that_breaks_off_says_so_and_keeps_its_rows(tmp_path: Path) -> None:
    rows = "".join(f'<row r="{i}"><c r="A{i}"><v>{i}</v></c></row>' for i in range(1, 50))
    write_by_hand(tmp_path / "a.xlsx", f'<worksheet xmlns="{MAIN}"><sheetData>{rows}<row')
    found = []
    with pytest.raises(UnreadableFile) as caught:
        for row in open_tables(tmp_path / "a.xlsx")[0].read_rows():
            found.append(row)
    assert len(found) == 49
    assert caught.value.refusal.rule.code == "file.broken-xlsx"


@pytest.mark.parametrize(
    "cell", ['<c r="ZZZZ1"><v>1</v></c>', '<c r="A1" t="s"><v>99</v></c>', '<c r="1"><v>1</v></c>']
)
def test_cells_that_cannot_be(tmp_path: Path, cell: str) -> None:
    sheet = f'<worksheet xmlns="{MAIN}"><sheetData><row>{cell}</row></sheetData></worksheet>'
    write_by_hand(tmp_path / "a.xlsx", sheet)
    assert refusal_of(tmp_path / "a.xlsx") == "file.broken-xlsx"
