"""The column sets: both ways, valid resources, headers that mean one thing, and the page about
them.
"""

import datetime as dt
import json
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from records.agent.files.open_tables import open_tables
from records.agent.item import derive_fhir_id
from records.agent.mapping.exact_json import decode_exactly, encode_exactly
from records.agent.mapping.row_mapper import RowMapper
from records.agent.reports.templates import choices_of, example_rows, write_template
from records.agent.sets.all_sets import BY_NAME, SETS
from records.agent.sets.column_set import ColumnSet, Site
from records.agent.sets.columns_page import columns_page
from records.agent.sets.laboratory_reports import LABORATORY_REPORTS
from records.agent.sets.recognise import build_words, fold_header, recognise
from records.agent.values.identity_number import check_digit
from records.fhir.validate import validate_resource

SITE = Site("his", "nanqiao")
PAGE = Path(__file__).parents[3] / "docs/how-to/column-sets.md"
DEFAULTS = {  # what a resource says although the row did not
    "diagnosis": {"course": "现患", "certainty": "确诊"},
    "laboratory": {"state": "已审核"},
    "laboratory-report": {"state": "已审核"},
    "examination": {"state": "已审核"},
    "order": {"state": "已完成"},
    "allergy": {"certain": "确认"},
    "vaccination": {"state": "已接种"},
}
EVERY = {s.name: s for s in (*SETS, LABORATORY_REPORTS)}


def read_row(mapper: RowMapper, row: dict[str, str]) -> dict[str, Any]:
    values, faults = mapper.read_cells(row.items())
    assert faults == []
    return values


def carried(resource: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from a platform: through JSON, every digit kept."""
    return decode_exactly(encode_exactly(resource))


@pytest.mark.parametrize("column_set", SETS, ids=lambda s: s.name)
def test_the_examples_go_there_and_back(column_set: ColumnSet) -> None:
    """A row gives this resource, and the resource gives the row."""
    mapper = RowMapper(column_set, SITE)
    reports = RowMapper(column_set.group, SITE) if column_set.group else None
    rows = example_rows(column_set)
    assert rows
    for row in rows:
        values = read_row(mapper, row)
        resource = mapper.make_resource(values)
        back = mapper.say_row(mapper.read_resource(carried(resource)))
        if reports is not None:  # what is of the report stands there
            report = reports.make_resource({k: v for k, v in values.items() if k in reports.kinds})
            back = {**reports.say_row(reports.read_resource(carried(report))), **back}
        assert back == {**DEFAULTS.get(column_set.name, {}), **row}
        again = mapper.make_resource(read_row(mapper, back))
        assert encode_exactly(again) == encode_exactly(resource)


@pytest.mark.parametrize("column_set", SETS, ids=lambda s: s.name)
def test_the_examples_are_valid_for_the_platform(column_set: ColumnSet) -> None:
    mapper = RowMapper(column_set, SITE)
    for row in example_rows(column_set):
        item = mapper.make_item(read_row(mapper, row), "R1", "here")
        types = (column_set.type, column_set.other.type if column_set.other else "")
        assert validate_resource(json.loads(item.body)) in types
        assert item.day or column_set.name == "patient"
        assert item.patient


def some_values(kind: str, choices: list[str]) -> st.SearchStrategy[Any]:
    words = st.text("王芳abc 、（）<&\"'，。-/0123", min_size=1, max_size=20).map(
        lambda t: " ".join(t.split()) or "甲"
    )
    moments = st.dates(
        min_value=dt.date(1950, 1, 1),
        max_value=dt.date(2026, 1, 1),
    ).map(lambda d: d.isoformat())
    by_kind: dict[str, st.SearchStrategy[Any]] = {
        "moment": st.one_of(moments, moments.map(lambda d: f"{d} 08:05")),
        "date": moments,
        "decimal": st.decimals(
            min_value=0, max_value=10_000, places=2, allow_nan=False, allow_infinity=False
        ).map(str),
        "integer": st.integers(1, 90).map(str),
        "record": st.text("ABC123-/.号", min_size=1, max_size=70),
        "code": st.text("ABC123.-x", min_size=1, max_size=12),
        "order-kind": st.sampled_from(["西药", "中成药", "检验", "护理", "长期医嘱", "手术"]),
        "phones": st.sampled_from(["13800000001", "13800000001/057760000001"]),
        "identity": st.sampled_from([f"33038219680307004{check_digit('33038219680307004')}"]),
        "name": st.sampled_from(["王芳", "Anna Li", "买买提·艾山"]),
        "yes": st.just("否"),
    }
    if choices:
        return st.sampled_from(choices)
    return by_kind.get(kind, words)


@pytest.mark.parametrize("name", EVERY)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_any_row_goes_there_and_back_and_is_valid(name: str, data: st.DataObject) -> None:
    """Whatever is filled in: what the resource gives back makes the same resource again."""
    column_set = EVERY[name]
    mapper = RowMapper(column_set, SITE)
    needed = {*column_set.required, *(name for group in column_set.one_of for name in group)}
    row = {}
    for column in column_set.columns:
        if column.name in ("void", "deleted"):
            continue
        if column.name in needed or data.draw(st.booleans()):
            row[column.name] = data.draw(some_values(column.kind, choices_of(column)))
    values, faults = mapper.read_cells(row.items())
    if column_set.name == "document":
        values["content"], values["content_type"] = b"%PDF", "application/pdf"
    if faults or any(name not in values for name in needed):
        return
    resource = mapper.make_resource(values)
    validate_resource(json.loads(encode_exactly(resource)))
    read = mapper.read_resource(carried(resource))
    assert encode_exactly(mapper.make_resource(read)) == encode_exactly(resource)
    for kept in (
        "patient",
        "visit",
        "record",
        "code",
        "medicine",
        "allergen",
        "conclusion",
        "note",
    ):
        if kept in values and kept in read:
            assert read[kept] == values[kept], kept


@pytest.mark.parametrize("column_set", SETS, ids=lambda s: s.name)
def test_a_header_means_one_column(column_set: ColumnSet) -> None:
    """The templates' own names are never a synonym of another column."""
    words = build_words(column_set)
    for column in column_set.columns:
        assert words[fold_header(column.zh)][0] == column.name
        assert words[fold_header(column.name)][0] == column.name
    assert len({c.name for c in column_set.columns}) == len(column_set.columns)
    mapped = {name for both in column_set.table for name in both.columns}
    if column_set.group:
        mapped |= {name for both in column_set.group.table for name in both.columns}
    left = {c.name for c in column_set.columns} - mapped - {"void", "deleted"}
    assert left == set(), "a column that goes nowhere"
    assert mapped - {""} <= {c.name for c in column_set.columns}


@pytest.mark.parametrize("column_set", SETS, ids=lambda s: s.name)
def test_headers_tell_the_set_whatever_the_file_is_called(column_set: ColumnSet) -> None:
    for header in ([c.zh for c in column_set.columns], [c.name for c in column_set.columns]):
        found = recognise([(1, ["导出"]), (2, header)], "新建文件.csv")
        assert found is not None
        assert (found.set.name, found.row, found.unknown, found.missing) == (
            column_set.name,
            2,
            [],
            [],
        )


HEADERS = {
    "patient": "病人ID,姓名,性别,出生日期,身份证号,联系电话,家庭住址,登记日期,操作员",
    "visit": "门诊号,病人ID,姓名,就诊类型,就诊日期,科室名称,医生,主诉,挂号费",
    "diagnosis": "病人ID,就诊号,ICD编码,诊断名称,诊断类型,诊断时间",
    "order": "处方号,病人ID,姓名,药品名称,规格,次剂量,剂量单位,频次,用法,数量,单位,开方时间,单价",
    "laboratory": "条码号,病人ID,姓名,项目代码,项目名称,结果,单位,参考值,提示,检验日期",
    "examination": "检查号,病人ID,姓名,检查类别,检查项目,检查所见,诊断意见,检查日期",
    "document": "文书编号,病人ID,文书类别,文件名,书写时间",
    "allergy": "病人ID,姓名,过敏药物,过敏反应,登记日期",
    "vaccination": "病人ID,姓名,疫苗名称,接种日期,剂次,批号",
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers_of_real_systems(name: str) -> None:
    found = recognise([(1, HEADERS[name].split(","))], "a.csv")
    assert found is not None
    assert (found.set.name, found.missing) == (name, [])


def test_remarks_marks_and_width_of_a_header() -> None:
    header = [
        "*病人ID（必填）",
        "姓 名",
        "PATIENT_NAME",
        "项目名称：",
        "结果(定量)",
        "检验日期",
        "报告单号",
    ]
    found = recognise([(1, header)], "a.csv")
    assert found is not None
    assert found.set.name == "laboratory"
    assert {"patient", "patient_name", "item", "result", "reported", "report"} <= set(found.places)
    assert found.unknown == ["姓 名"]  # the set's own name is nearer


def test_no_header_is_no_set() -> None:
    assert recognise([(1, ["王芳", "女", "52"]), (2, ["张伟", "男", "40"])], "检验.csv") is None


def test_record_numbers_and_ids() -> None:
    mapper = RowMapper(BY_NAME["laboratory"], SITE)
    values = {"report": "R1", "code": "ALT", "item": "谷丙转氨酶"}
    assert mapper.record_of(values) == "R1/ALT"
    assert mapper.record_of({**values, "record": "77"}) == "77"
    assert mapper.record_of({"report": "R1"}) == ""
    item = mapper.make_item({**values, "patient": "00012345"}, "R1/ALT", "x")
    body = json.loads(item.body)
    assert body["id"] == derive_fhir_id("his", "R1/ALT")
    assert body["subject"]["reference"] == "Patient/his-00012345"


def test_a_number_that_no_id_shows_is_kept_beside_it() -> None:
    mapper = RowMapper(BY_NAME["visit"], SITE)
    row = {"visit": "MZ/1", "patient": "患者1", "class": "门诊", "started": "2026-01-02"}
    resource = mapper.make_resource(read_row(mapper, row))
    assert resource["subject"]["reference"].startswith("Patient/his-h.")
    assert mapper.read_resource(resource)["patient"] == "患者1"


@pytest.mark.parametrize(("column", "action"), [("void", "recall"), ("deleted", "delete")])
def test_marks_of_deletion(column: str, action: str) -> None:
    mapper = RowMapper(BY_NAME["diagnosis"], SITE)
    values = {"patient": "1", "visit": "2", "code": "J06.900", column: "yes"}
    item = mapper.make_item(values, "2/J06.900", "x")
    assert (item.action, item.body) == (action, b"")


def test_laboratory_rows_have_flag_range_and_comparator_in_their_elements() -> None:
    mapper = RowMapper(BY_NAME["laboratory"], SITE)

    def made(**row: str) -> dict[str, Any]:
        return mapper.make_resource(read_row(mapper, row))

    high = made(item="谷丙转氨酶", result="52", unit="U/L", range="7 ~ 40", flag="高")
    assert high["interpretation"][0]["coding"][0]["code"] == "H"
    assert high["interpretation"][0]["text"] == "高"
    assert high["referenceRange"][0]["low"]["value"] == Decimal(7)
    assert high["referenceRange"][0]["high"]["unit"] == "U/L"
    assert high["referenceRange"][0]["text"] == "7 ~ 40"
    below = made(item="肌钙蛋白", result="<0.01", unit="ng/ml", range="＜0.04")
    assert below["valueQuantity"]["comparator"] == "<"
    assert below["valueQuantity"]["unit"] == "ng/ml"
    assert below["valueQuantity"]["code"] == "ng/mL"
    assert "low" not in below["referenceRange"][0]
    assert made(item="乙肝", result="阴性(-)")["interpretation"][0]["coding"][0]["code"] == "NEG"
    assert made(item="梅毒", result="1:160", unit="滴度")["valueString"] == "1:160"
    assert made(item="钾", result="3.10", flag="↓")["valueQuantity"]["value"] == Decimal("3.10")
    assert b'"value":3.10' in encode_exactly(made(item="钾", result="3.10"))
    two = made(item="钾", result="3.1", range_low="3.5", range_high="5.5", unit="mmol/L")
    assert two["referenceRange"][0]["text"] == "3.5-5.5"
    assert two["referenceRange"][0]["high"]["value"] == Decimal("5.5")
    assert "dataAbsentReason" in made(item="钾")
    words = made(item="钾", result="3.1", flag="见备注")
    assert words["interpretation"] == [{"text": "见备注"}]


@pytest.mark.parametrize("column_set", SETS, ids=lambda s: s.name)
def test_templates_are_read_as_what_they_are(column_set: ColumnSet, tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    data = BytesIO()
    write_template(column_set, data)
    path.write_bytes(data.getvalue())
    tables = open_tables(path)
    assert [t.sheet for t in tables] == [column_set.zh, "填写说明"]
    rows = list(tables[0].read_rows())
    found = recognise(rows, "a.xlsx")
    assert found is not None
    assert found.set is column_set
    assert len(rows) == 1 + len(example_rows(column_set))
    explained = list(tables[1].read_rows())
    assert len(explained) == 1 + len(column_set.columns)


def test_the_page_of_column_sets_is_what_the_sets_say() -> None:
    """To make it anew: python -m records.agent.sets.columns_page > docs/how-to/column-sets.md"""
    assert PAGE.read_text() == columns_page()
