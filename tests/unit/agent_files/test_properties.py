"""Whatever comes, readers do not fail and lose nothing: properties."""

import csv
import io
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from records.agent.files.csv_rows import open_csv
from records.agent.files.open_tables import open_tables
from records.agent.files.private_use import mend_private_use
from records.agent.files.table import UnreadableFile
from records.agent.reports.workbook import Workbook
from records.agent.sets.column_set import Site
from records.agent.sets.kinds import KINDS, read_cell
from records.agent.values.identity_number import check_digit, parse_identity_number
from records.agent.values.invalid_value import InvalidValue
from records.agent.values.results import flag_code, parse_range, parse_result, quality_code
from tests.support.agent_tables import Read

FOLDER = tempfile.TemporaryDirectory(prefix="agent-files-")
CELLS = st.text(
    st.characters(
        codec="gb18030",
        exclude_categories=["Cs", "Co", "Cn"],
        exclude_characters="\r\n\0\x1a\x1c\x1d\x1e\x85\u2028\u2029\x0b\x0c",
    ),
    max_size=12,
)


def on_disk(data: bytes, name: str = "a.csv") -> Path:
    path = Path(FOLDER.name) / name
    path.write_bytes(data)
    return path


@settings(max_examples=80, deadline=None)
@given(
    rows=st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=2, max_size=8),
    codec=st.sampled_from(["utf-8-sig", "gb18030", "utf-16"]),
    separator=st.sampled_from(",\t;"),
)
def test_what_a_csv_writer_writes_is_read_again(
    rows: list[list[str]], codec: str, separator: str
) -> None:
    header = ["病人编号", "姓名", "结果"]
    text = io.StringIO()
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([header, *rows])
    path = on_disk(text.getvalue().encode(codec))
    found = list(open_csv(path).read_rows())
    assert [number for number, _ in found] == list(range(1, len(rows) + 2))
    for row, (_, cells) in zip(rows, found[1:], strict=True):
        told = list(row)
        if not any(told):
            assert cells == []
            continue
        if any(c.strip().startswith('="') for c in told):
            continue
        assert cells == [mend_private_use(c) for c in told]
    path.unlink()


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=400))
def test_no_bytes_make_the_reader_fail(data: bytes) -> None:
    path = on_disk(data)
    try:
        for table in open_tables(path):
            list(table.read_rows())
    except UnreadableFile as told:
        assert told.refusal.why("zh")
    path.unlink()


@settings(max_examples=60, deadline=None)
@given(
    row=st.lists(st.text(max_size=12), min_size=10, max_size=10),
    header=st.sampled_from(
        [
            "报告单号,病人ID,姓名,项目代码,项目名称,结果,单位,参考值,提示,检验日期",
            "病人ID,姓名,性别,出生日期,身份证号,电话,民族,婚姻,联系人,联系人电话",
            "处方号,病人ID,药品名称,规格,次剂量,剂量单位,频次,天数,数量,开方时间",
        ]
    ),
)
def test_no_row_makes_the_intake_fail(row: list[str], header: str) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header.split(","), row])
    path = on_disk(text.getvalue().encode("utf-16", "replace"))
    read = Read(path)
    assert read.counts.rows == read.counts.accepted + read.counts.refused
    path.unlink()


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=20), kind=st.sampled_from(sorted(KINDS)))
def test_every_cell_is_read_or_refused(text: str, kind: str) -> None:
    try:
        read_cell(kind, text, Site())
    except InvalidValue as fault:
        fault.rule.why_zh.format(value=text, column="列", **fault.words)


@settings(max_examples=200, deadline=None)
@given(text=st.text("0123456789.<>≤~-－～↑高()（） E+阴性", max_size=14))
def test_results_never_fail_and_numbers_are_what_was_written(text: str) -> None:
    found = parse_result(text)
    assert found.text == text
    flag_code(text), quality_code(text)
    low, high = parse_range(text)
    assert low is None or high is None or low <= high


@settings(max_examples=100, deadline=None)
@given(
    first=st.from_regex(
        r"33038219[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}", fullmatch=True
    ),
    place=st.integers(0, 16),
    other=st.integers(1, 9),
)
def test_one_wrong_digit_of_a_number_is_always_noticed(first: str, place: int, other: int) -> None:
    number = first + check_digit(first)
    assert parse_identity_number(number) == number
    wrong = number[:place] + str((int(number[place]) + other) % 10) + number[place + 1 :]
    try:
        assert parse_identity_number(wrong) == ""  # nothing but zeros or one digit
    except InvalidValue:
        pass


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.lists(st.text(max_size=10), min_size=1, max_size=4), min_size=1, max_size=6)
)
def test_the_workbook_that_is_written_can_be_read_and_holds_no_formula(
    rows: list[list[str]],
) -> None:
    path = on_disk(b"", "a.xlsx")
    with Workbook(path) as workbook:
        workbook.add_sheet("甲", rows)
    found = dict(open_tables(path)[0].read_rows())
    for number, row in enumerate(rows, 1):
        read = found.get(number, [])
        for index, cell in enumerate(row):
            shown = read[index] if index < len(read) else ""
            if cell.isprintable() and "_x" not in cell:
                assert shown == cell
    assert b"<f>" not in path.read_bytes()
    path.unlink()
