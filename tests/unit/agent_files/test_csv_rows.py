"""CSV as exports write it."""

from pathlib import Path

import pytest

from records.agent.files import csv_rows
from records.agent.files.csv_rows import (
    LONGEST_RECORD,
    LONGEST_ROW,
    WIDEST,
    find_separator,
    open_csv,
)
from records.agent.files.table import UnreadableFile
from records.agent.files.text_encoding import find_encoding


def rows_of(folder: Path, text: str, codec: str = "gb18030") -> list[tuple[int, list[str]]]:
    path = folder / "a.csv"
    path.write_bytes(text.encode(codec))
    return list(open_csv(path).read_rows())


@pytest.mark.parametrize("separator", list(",\t;，|"))
def test_separators(tmp_path: Path, separator: str) -> None:
    line = ["姓名", "性别", "备注、说明"]
    text = "\n".join(separator.join(line) for _ in range(3))
    assert rows_of(tmp_path, text) == [(i, line) for i in (1, 2, 3)]


def test_the_separator_is_not_the_comma_of_a_text() -> None:
    assert find_separator(["a;b;c,d,e,f,g\n", "1;2;3\n", "1;2;x\n"]) == ";"


def test_newlines_quotes_and_trailing_separators(tmp_path: Path) -> None:
    text = 'a,b,c,,\r\n1,"第一行\r\n第二行 ""引""",3,,\r\n\r\n4,5,6,,\r\n'
    assert rows_of(tmp_path, text) == [
        (1, ["a", "b", "c", "", ""]),
        (2, ["1", '第一行\r\n第二行 "引"', "3", "", ""]),
        (3, []),
        (4, ["4", "5", "6", "", ""]),
    ]


def test_numbers_that_excel_was_made_to_leave_alone(tmp_path: Path) -> None:
    text = 'a,b\n="00123","=""00456"""\n'
    assert rows_of(tmp_path, text)[1] == (2, ["00123", "00456"])


def test_line_ends_of_all_kinds(tmp_path: Path) -> None:
    for end in ("\r\n", "\n", "\r"):
        assert [cells for _, cells in rows_of(tmp_path, end.join(("a,b", "1,2", "3,4")))] == [
            ["a", "b"],
            ["1", "2"],
            ["3", "4"],
        ]


def test_a_quote_that_nobody_closes_takes_no_neighbours(tmp_path: Path) -> None:
    lines = ["编号,内容,备注", '1,"坏了,x', *(f"{i},好,y" for i in range(2, 40))]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    table = open_csv(path)
    found = list(table.read_rows())
    assert [(n, c[0]) for n, c in found[1:]] == [(i + 1, str(i)) for i in range(1, 40)]
    assert [(f.row, f.rule.code, f.warning) for f in table.faults] == [(2, "row.open-quote", True)]


def test_two_stray_quotes_do_not_join_the_rows_between(tmp_path: Path) -> None:
    lines = ["编号,内容,备注", '1,"坏,x', "2,好,y", '3,"也坏",z', "4,好,y", '5,b",c']
    found = rows_of(tmp_path, "\n".join(lines))
    assert [cells[0] for _, cells in found] == ["编号", "1", "2", "3", "4", "5"]


def test_a_long_text_with_many_lines_is_one_cell(tmp_path: Path) -> None:
    many = "\n".join(f"第{i}段" for i in range(LONGEST_RECORD - 10))
    found = rows_of(tmp_path, f'a,b,c\n1,"{many}",3\n4,5,6\n')
    assert len(found) == 3
    assert found[1][1][1] == many


def test_rows_begin_anew_each_time(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    table = open_csv(tmp_path / "a.csv")
    assert list(table.read_rows()) == list(table.read_rows())


def refusal_of(folder: Path, text: str) -> tuple[int, str, str, str]:
    """(row, rule, why and mend in Chinese, both in English) of the file that holds it."""
    with pytest.raises(UnreadableFile) as refused:
        rows_of(folder, text, "utf-8")
    told = refused.value.refusal
    says = [f"{told.why(language)} {told.mend(language)}" for language in ("zh", "en")]
    return told.row, told.rule.code, *says


@pytest.mark.parametrize("quote", ["", '"'])
def test_a_row_of_millions_of_columns_is_refused_with_its_number(
    tmp_path: Path, quote: str
) -> None:
    wide = ",".join([f"{quote}1{quote}"] * (WIDEST + 1))
    row, rule, zh, en = refusal_of(tmp_path, f"a,b,c\n1,2,3\n{wide}\n4,5,6\n")
    assert (row, rule) == (3, "file.too-wide")
    assert "16,385 列" in zh and "重新导出" in zh and "16,385 columns" in en and "export it" in en
    fits = ",".join([f"{quote}1{quote}"] * WIDEST)
    assert len(rows_of(tmp_path, f"a,b,c\n{fits}\n4,5,6\n")) == 3


def test_what_has_no_line_ends_is_refused_without_being_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "LONGEST_ROW", 5_000)
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n" + "1," * 10_000 + "\n3,4\n", encoding="utf-8")
    read: list[int] = []
    with open(path, encoding="utf-8", newline="") as stream:
        read += [len(line) for line in csv_rows.read_lines(stream)]
    assert read == [4, 4, 5_001], "no more than may be kept"
    assert refusal_of(tmp_path, path.read_text("utf-8"))[:2] == (3, "file.too-long-row")


def test_a_quote_that_swallows_the_rest_is_refused_with_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_rows, "LONGEST_ROW", 3_000)
    long = "x" * 100
    lines = ["编号,内容,备注", "1,好,y", f'2,"坏了,{long}', *(f"{i},好,{long}" for i in range(90))]
    row, rule, zh, en = refusal_of(tmp_path, "\n".join(lines))
    assert (row, rule) == (3, "file.too-long-row") and "双引号" in zh and "quote" in en


def test_a_long_text_of_a_document_still_fits(tmp_path: Path) -> None:
    text = "、".join(["主诉"] * 100_000)
    assert len(text) < LONGEST_ROW
    [_, (_, cells)] = rows_of(tmp_path, f'a,b\n1,"{text}"\n', "utf-8")
    assert cells == ["1", text]


def test_the_encoding_of_a_file_without_line_ends_is_found_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(("姓名,王芳" * 100_000).encode("gb18030") + b"\xff\xff")
    assert find_encoding(path) == "gb18030"
