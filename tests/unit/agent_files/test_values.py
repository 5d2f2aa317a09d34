"""Single values as clinics write them."""

from decimal import Decimal
from typing import Any

import pytest

from records.agent.sets.column_set import Site
from records.agent.sets.kinds import read_cell
from records.agent.sets.standard_codes import icd_code, loinc_code
from records.agent.values.invalid_value import InvalidValue
from records.agent.values.results import flag_code, parse_range, parse_result, quality_code

SITE = Site("his", "nanqiao")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("20260102", "2026-01-02"),
        ("2026-1-2", "2026-01-02"),
        ("2026/1/2", "2026-01-02"),
        ("2026.1.2", "2026-01-02"),
        ("２０２６－１－２", "2026-01-02"),
        ("2026年1月2日", "2026-01-02"),
        ("2026年1月2日 14:05", "2026-01-02T14:05:00+08:00"),
        ("2026年1月2日14时5分", "2026-01-02T14:05:00+08:00"),
        ("2026-1-2 14:05:33", "2026-01-02T14:05:33+08:00"),
        ("2026-01-02T14:05:33", "2026-01-02T14:05:33+08:00"),
        ("2026-01-02 14:05:33.127", "2026-01-02T14:05:33+08:00"),
        ("2026-01-02T06:05:33Z", "2026-01-02T06:05:33Z"),
        ("2026-01-02T14:05:33+0800", "2026-01-02T14:05:33+08:00"),
        ("2026/1/2 下午 3:05:00", "2026-01-02T15:05:00+08:00"),
        ("2026/1/2 上午 12:05:00", "2026-01-02T12:05:00+08:00"),
        ("2026-1-2 3:05 PM", "2026-01-02T15:05:00+08:00"),
        ("2026-1-2 12:05 AM", "2026-01-02T00:05:00+08:00"),
        ("2026-01-02 24:00", "2026-01-03T00:00:00+08:00"),
        ("20260102140533", "2026-01-02T14:05:33+08:00"),
        ("202601021405", "2026-01-02T14:05:00+08:00"),
        ("20260102T140533", "2026-01-02T14:05:33+08:00"),
        ("46024", "2026-01-02"),
        ("46024.5868055556", "2026-01-02T14:05:00+08:00"),
        ("2026-01", "2026-01"),
        ("2026年1月", "2026-01"),
    ],
)
def test_dates(text: str, said: str) -> None:
    assert read_cell("moment", text, SITE) == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\u3000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "1900-01-00",
        "1900-01-01",
        "1900/1/1 0:00:00",
    ]
    + [
        "1753-01-01",
        "0001-01-01",
        "无",
        "/",
        "-",
        "不详",
        "NULL",
        "\\N",
        "9999-12-31",
        "0",
        "00:00:00",
    ],
)
def test_no_date(text: str) -> None:
    assert read_cell("moment", text, SITE) is None


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2026-02-30", "date.unreadable"),
        ("2026-13-01", "date.unreadable"),
        ("2026-01-02 25:00", "date.unreadable"),
        ("昨天", "date.unreadable"),
        ("01/02/2026", "date.ambiguous"),
        ("26-1-2", "date.ambiguous"),
        ("26年1月2日", "date.ambiguous"),
        ("1700-01-02", "date.unreadable"),
        ("2.02601E+13", "cell.rounded-number"),
        ("12", "date.unreadable"),
    ],
)
def test_dates_that_are_none(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_cell("moment", text, SITE)
    assert caught.value.rule.code == code


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        (" 110105 19491231 002X\t", "11010519491231002X"),
        ("'11010519491231002X", "11010519491231002X"),
        ("11010519491231002×", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),
        ("无", None),
        ("000000000000000000", None),
        ("111111111111111111", None),
    ],
)
def test_identity_numbers(text: str, said: str | None) -> None:
    assert read_cell("identity", text, SITE) == said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.10105E+17", "cell.rounded-number"),
        ("1.10105194912310E+17", "cell.rounded-number"),
        ("110105194912310000", "cell.rounded-number"),
        ("110105194912310021", "id.check-digit"),
        ("1101051949123100", "id.shape"),
        ("11010519491231002", "id.shape"),
        ("10105194912310", "id.shape"),
        ("110105********002X", "id.masked"),
        ("110105490231002", "id.birth-date"),
        ("H12345678", "id.shape"),
    ],
)
def test_identity_numbers_that_are_none(text: str, code: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        read_cell("identity", text, SITE)
    assert caught.value.rule.code == code
    assert "{" not in caught.value.rule.why_zh.format(value=text, **caught.value.words)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("3.50", "3.50"),
        ("3．5", "3.5"),
        ("3。5", "3.5"),
        ("3,5", "3.5"),
        ("1,234.5", "1234.5"),
        ("１２", "12"),
        ("-1", "-1"),
        ("/", None),
    ],
)
def test_numbers(text: str, said: str | None) -> None:
    found = read_cell("decimal", text, SITE)
    assert found == (None if said is None else Decimal(said))
    assert said is None or str(found) == said


def test_record_numbers_keep_zeros_and_show_rounding() -> None:
    assert read_cell("record", " ００12345 ", SITE) == "0012345"
    assert read_cell("record", "无", SITE) is None
    assert read_cell("record", "1E5", SITE) == "1E5"  # a number of a laboratory, no rounding
    with pytest.raises(InvalidValue):
        read_cell("record", "1.10101E+17", SITE)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("13800000001", ["13800000001"]),
        ("138-0000-0001", ["13800000001"]),
        ("+8613800000001", ["+8613800000001"]),
        ("0577-60000001/13800000001", ["057760000001", "13800000001"]),
        ("13800000001（母亲），13800000002", ["13800000001", "13800000002"]),
        ("60000001", ["60000001"]),
        ("无", None),
    ],
)
def test_phones(text: str, said: list[str] | None) -> None:
    assert read_cell("phones", text, SITE) == said


def test_an_odd_phone_leaves_the_others() -> None:
    with pytest.raises(InvalidValue) as caught:
        read_cell("phones", "12/13800000001", SITE)
    assert (caught.value.soft, caught.value.kept) == (True, ["13800000001"])


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("gender", "男", "male"),
        ("gender", "Ｆ", "female"),
        ("gender", "2", "female"),
        ("gender", "1-男", "male"),
        ("gender", "9", "unknown"),
        ("gender", "0", "unknown"),
        ("gender", "未说明的性别", "unknown"),
        ("class", "住院", "IMP"),
        ("class", "4", "AMB"),
        ("yes", "√", "yes"),
        ("certainty", "待查", "provisional"),
        ("report-state", "审核", "final"),
    ],
)
def test_codes(kind: str, text: str, said: str) -> None:
    assert read_cell(kind, text, SITE) == said


def test_unknown_codes_say_what_is_known() -> None:
    with pytest.raises(InvalidValue) as caught:
        read_cell("gender", "先生", SITE)
    assert caught.value.words["known"] == "男、女、未说明"


@pytest.mark.parametrize(
    ("text", "number", "comparator", "mark", "unit"),
    [
        ("52", "52", "", "", ""),
        ("5.60", "5.60", "", "", ""),
        ("52↑", "52", "", "↑", ""),
        ("3.1 ↓", "3.1", "", "↓", ""),
        ("98(低)", "98", "", "低", ""),
        ("98（高）", "98", "", "高", ""),
        ("6.8 危急值", "6.8", "", "危急值", ""),
        ("12.5*", "12.5", "", "*", ""),
        ("12.5H", "12.5", "", "H", ""),
        ("<0.01", "0.01", "<", "", ""),
        ("≤5", "5", "<=", "", ""),
        ("＞1000", "1000", ">", "", ""),
        (">=1000", "1000", ">=", "", ""),
        ("１２．５", "12.5", "", "", ""),
        ("3,5", "3.5", "", "", ""),
        ("5.6 mmol/L", "5.6", "", "", "mmol/L"),
        ("1.25E+05", "1.25E+5", "", "", ""),
        ("-2.5", "-2.5", "", "", ""),
        (".5", "0.5", "", "", ""),
    ],
)
def test_results_that_are_numbers(
    text: str, number: str, comparator: str, mark: str, unit: str
) -> None:
    found = parse_result(text)
    assert (str(found.number), found.comparator, found.mark, found.unit) == (
        number,
        comparator,
        mark,
        unit,
    )


@pytest.mark.parametrize(
    "text",
    [
        "阴性(-)",
        "+-",
        "1:160",
        "7 ~ 40",
        "3-5/HP",
        "+1",
        "2+",
        "007",
        "A+",
        "未见",
        "1.2×10^3",
        "120/80",
        "3 5",
        "",
        "10^5",
    ],
)
def test_results_that_are_words(text: str) -> None:
    assert parse_result(text).number is None
    assert parse_result(text).text == text


@pytest.mark.parametrize(
    ("text", "code"),
    [("高", "H"), ("↓", "L"), ("偏高", "H"), ("Ｈ", "H"), ("HH", "HH"), ("LL", "LL"), ("↑↑", "HH")]
    + [
        ("异常", "A"),
        ("*", "A"),
        ("正常", "N"),
        ("危急值", "AA"),
        ("阳性", "POS"),
        ("阴性(-)", "NEG"),
        ("复查", ""),
    ],
)
def test_flags(text: str, code: str) -> None:
    assert flag_code(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("阴性(-)", "NEG"),
        ("阴性（－）", "NEG"),
        ("阳性(+)", "POS"),
        ("2+", "POS"),
        ("+-", "IND"),
        ("±", "IND"),
    ]
    + [
        ("A+", ""),
        ("-", ""),
        ("淡黄色", ""),
        ("阴性1:20", ""),
        ("未检出", "NEG"),
        ("阴性/阳性", ""),
    ],
)
def test_qualities(text: str, code: str) -> None:
    assert quality_code(text) == code


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("7 ~ 40", "7", "40"),
        ("3.5-5.5", "3.5", "5.5"),
        ("3.5--5.5", "3.5", "5.5"),
        ("110～160", "110", "160"),
        ("3．5－5．5", "3.5", "5.5"),
        ("参考值：3.5～5.5", "3.5", "5.5"),
        ("0至5", "0", "5"),
        ("3.5-5.5 mmol/L", "3.5", "5.5"),
        ("<10", None, "10"),
        ("≤5", None, "5"),
        ("＞1000", "1000", None),
        ("≥90", "90", None),
        ("-2.5-2.5", "-2.5", "2.5"),
        ("阴性", None, None),
        ("男:57-97 女:41-73", None, None),
        ("5-3", None, None),
        ("", None, None),
    ],
)
def test_ranges(text: str, low: str | None, high: str | None) -> None:
    def number(said: str | None) -> Any:
        return None if said is None else Decimal(said)

    assert parse_range(text) == (number(low), number(high))


def test_standard_codes_by_their_shape() -> None:
    for code in ("J06.900", "I10.x00x002", "A00.000x001", "M17.9", "E11", "C34.900x001"):
        assert icd_code(code) == code
    for code in ("X0001", "B1", "高血压", "j06.900", "J06900"):
        assert icd_code(code) == ""
    assert loinc_code("1742-6") == "1742-6"
    assert loinc_code("1742-7") == ""
    assert loinc_code("ALT") == ""
