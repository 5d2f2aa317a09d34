"""Marks of mutual recognition are taken out of the names of tests, and nothing else is."""

import pytest

from records.meaning.recognition_mark import RecognitionScope, split_recognition_marks
from records.meaning.result_family import row_identity
from tests.support.results import line, quantity

NATION, PROVINCE, CITY, PLACE, UNSAID = RecognitionScope


@pytest.mark.parametrize(
    ("name", "bare", "scopes", "places"),
    [
        ("【全国HR】乙肝表面抗原", "乙肝表面抗原", [NATION], ["全国"]),
        ("肌酐(昆明HR)", "肌酐", [PLACE], ["昆明"]),
        ("肌酐（大连ＨＲ）", "肌酐", [PLACE], ["大连"]),
        ("[全国互认]葡萄糖", "葡萄糖", [NATION], ["全国"]),
        ("〔本省HR〕尿酸", "尿酸", [PROVINCE], ["本省"]),
        ("总胆固醇(城市HR)", "总胆固醇", [CITY], ["城市"]),
        ("葡萄糖（互认项目）", "葡萄糖", [UNSAID], [""]),
        ("鄂HR白蛋白", "白蛋白", [PLACE], ["鄂"]),
        ("白蛋白-全国HR", "白蛋白", [NATION], ["全国"]),
        ("★钾", "钾", [UNSAID], [""]),
        ("★【全国HR】钾(鄂HR)", "钾", [NATION, PLACE, UNSAID], ["全国", "鄂", ""]),
    ],
)
def test_marks(name: str, bare: str, scopes: list[RecognitionScope], places: list[str]) -> None:
    found, marks = split_recognition_marks(name)
    assert (found, [m.scope for m in marks], [m.place for m in marks]) == (bare, scopes, places)


@pytest.mark.parametrize(
    "name",
    [
        "HR",
        "心率(HR)",
        "心率（最大HR）",
        "(静息HR)心率",
        "平均HR",
        "高危型人乳头瘤病毒(HR-HPV)",
        "HRV 分析",
        "【全国HR】",
        "★",
        "血钾",
        "【全国HR】" + "长" * 200,
    ],
)
def test_what_is_no_mark(name: str) -> None:
    assert split_recognition_marks(name) == (name, ())


def test_a_marked_name_is_the_same_test() -> None:
    plain = line(code="", text="乙肝表面抗原", valueString="阴性")
    marked = line(code="", text="【全国HR】乙肝表面抗原", valueString="阴性")
    assert row_identity(plain.identity) == row_identity(marked.identity)
    assert (marked.title, marked.sent_title) == ("乙肝表面抗原", "【全国HR】乙肝表面抗原")
    other = line(code="", text="乙肝表面抗体", valueString="阴性")
    assert row_identity(plain.identity) != row_identity(other.identity), "the control"
    assert not line(valueQuantity=quantity(4, "mmol/L")).recognised
