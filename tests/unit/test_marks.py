"""What Chinese laboratories write beside a result, and the codes of HL7, as one level."""

from typing import Any

import pytest

from records.meaning.flag_words import flag_from_quality, flag_from_word, split_value_mark
from records.meaning.interpretation import CODES, read_interpretation
from records.meaning.result_flags import ResultFlag

F = ResultFlag


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("高", F.HIGH),
        ("偏高", F.HIGH),
        ("升高", F.HIGH),
        ("增高", F.HIGH),
        ("↑", F.HIGH),
        ("H", F.HIGH),
        ("h", F.HIGH),
        ("Ｈ", F.HIGH),
        ("(H)", F.HIGH),
        ("H↑", F.HIGH),
        ("↑ 偏高", F.HIGH),
        ("【↑】", F.HIGH),
        ("▲", F.HIGH),
        ("H*", F.HIGH),
        ("*↑", F.HIGH),
        ("高于正常值", F.HIGH),
        ("低", F.LOW),
        ("偏低", F.LOW),
        ("降低", F.LOW),
        ("↓", F.LOW),
        ("L", F.LOW),
        ("（低）", F.LOW),
        ("⬇", F.LOW),
        ("↑↑", F.CRITICAL_HIGH),
        ("↑↑↑", F.CRITICAL_HIGH),
        ("HH", F.CRITICAL_HIGH),
        ("危急值↑", F.CRITICAL_HIGH),
        ("危急值 偏高", F.CRITICAL_HIGH),
        ("危急高值", F.CRITICAL_HIGH),
        ("高，危急值", F.CRITICAL_HIGH),
        ("↓↓", F.CRITICAL_LOW),
        ("LL", F.CRITICAL_LOW),
        ("危急值(低)", F.CRITICAL_LOW),
        ("危急值", F.CRITICAL),
        ("危", F.CRITICAL),
        ("【危急】", F.CRITICAL),
        ("AA", F.CRITICAL),
        ("危急值：请立即处理", F.CRITICAL),
        ("阳性", F.POSITIVE),
        ("弱阳性", F.POSITIVE),
        ("阳性(+)", F.POSITIVE),
        ("(+)", F.POSITIVE),
        ("++", F.POSITIVE),
        ("3+", F.POSITIVE),
        ("阳性(2+)", F.POSITIVE),
        ("POS", F.POSITIVE),
        ("有反应性", F.POSITIVE),
        ("阴性", F.NORMAL),
        ("阴性(-)", F.NORMAL),
        ("(-)", F.NORMAL),
        ("未检出", F.NORMAL),
        ("正常", F.NORMAL),
        ("N", F.NORMAL),
        ("未见异常", F.NORMAL),
        ("异常", F.ABNORMAL),
        ("*", F.ABNORMAL),
        ("A", F.ABNORMAL),
        ("耐药", F.ABNORMAL),
        ("±", F.UNCLEAR),
        ("可疑", F.UNCLEAR),
        ("灰区", F.UNCLEAR),
        ("中介", F.UNCLEAR),
        ("-", None),
        ("--", None),
        (" － ", None),
        ("—", None),
        ("危急值：否", None),
        ("危急值:无", None),
        ("危急值 N", None),
        ("危急值=0", None),
        ("不属于危急值", None),
        ("未触发危急值", None),
        ("危急值取消", None),
        ("危急值：否，已复核", None),
        ("危急值已取消", None),
        ("无危急值", None),
        ("危急值：是", F.CRITICAL),
        ("危急值=1", F.CRITICAL),
        ("危急值：无法联系医生", F.CRITICAL),
        ("危急值未处理", F.CRITICAL),
        ("危急值(未通知)", F.CRITICAL),
        ("不排除危急值", F.CRITICAL),
        ("危急值 Y", F.CRITICAL),
        ("N/A", None),
        ("n/a", None),
        ("NA", None),
        ("H-", None),
        ("H+", None),
        ("L-", None),
        ("H/L", None),
        ("阴性-", F.NORMAL),
        ("阴性/弱阳性", None),
        ("见备注", None),
        ("不高", None),
        ("非危急值", None),
        ("未达危急值", None),
        ("已复核", None),
        ("", None),
        ("高密度脂蛋白", None),
        ("低密度", None),
        ("标本溶血", None),
    ],
)
def test_words_and_signs(text: str, flag: ResultFlag | None) -> None:
    assert flag_from_word(text) == flag


def coded(
    code: str,
    system: str | None = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation",
    **more: str,
) -> dict[str, Any]:
    return {"coding": [{"code": code, **({"system": system} if system else {}), **more}]}


@pytest.mark.parametrize(("code", "flag"), list(CODES.items()))
def test_each_code_of_the_value_set(code: str, flag: ResultFlag) -> None:
    assert (
        read_interpretation([coded(code)])[0] == flag == read_interpretation([coded(code, None)])[0]
    )
    if code in ("POS", "NEG", "DET", "ND", "IND", "R", "S", "I"):
        assert not flag.high and not flag.low, "a quality is never high"


@pytest.mark.parametrize(
    ("sent", "flag", "said"),
    [
        ([coded("H") | {"text": "↑"}], F.HIGH, "↑"),
        ([{"coding": [{"code": "N"}, {"code": "HH"}]}], F.CRITICAL_HIGH, "N"),
        ([coded("A"), coded("H")], F.HIGH, "A、H"),
        ([coded("H"), coded("L")], F.ABNORMAL, "H、L"),
        ([coded("AA"), {"text": "高"}], F.CRITICAL_HIGH, "AA、高"),
        ([coded("1", "urn:lis", display="偏高")], F.HIGH, "偏高"),
        ([coded("偏低", "urn:lis")], F.LOW, "偏低"),
        ([coded("h", "urn:lis")], F.HIGH, "h"),
        ([coded("A", "urn:lis", display="正常")], F.NORMAL, "正常"),
        ([coded("N", "urn:lis", display="未审核")], None, "未审核"),
        ([coded("-")], None, "-"),
        ([coded("-", "urn:lis")], None, "-"),
        ([{"text": "-"}], None, "-"),
        ([coded("ZZ")], None, "ZZ"),
        ([coded("0", "urn:lis")], None, "0"),
        ([coded("-"), coded("H")], F.HIGH, "-、H"),
        ([coded("H", display="危急值")], F.CRITICAL_HIGH, "危急值"),
        ([coded("W")], F.NONE, "W"),
        ([{"text": "见备注"}], None, "见备注"),
        ([], None, ""),
        (None, None, ""),
        ([coded("H", text="") | {"text": "危急值"}], F.CRITICAL_HIGH, "危急值"),
        (
            [coded("281302008", "http://snomed.info/sct", display="Above reference range")],
            F.HIGH,
            "Above reference range",
        ),
        ({"text": "低"}, F.LOW, "低"),
    ],
)
def test_all_codings_and_texts_count(sent: Any, flag: ResultFlag | None, said: str) -> None:
    assert read_interpretation(sent) == (flag, said)


@pytest.mark.parametrize(
    ("text", "value", "flag"),
    [
        ("52↑", "52", F.HIGH),
        ("52 ↑", "52", F.HIGH),
        ("52↑↑", "52", F.CRITICAL_HIGH),
        ("3.1↓", "3.1", F.LOW),
        ("98(低)", "98", F.LOW),
        ("98（L）", "98", F.LOW),
        ("6.8 危急值", "6.8", F.CRITICAL),
        ("6.8危急值↑", "6.8", F.CRITICAL_HIGH),
        ("5.2H", "5.2", F.HIGH),
        ("12.3*", "12.3", F.ABNORMAL),
        ("52 U/L ↑", "52 U/L", F.HIGH),
        ("1:80阳性", "1:80", F.POSITIVE),
        ("<0.5↓", "<0.5", F.LOW),
        ("0.9(+)", "0.9", F.POSITIVE),
        ("1.5L", "1.5L", F.NONE),
        ("24h", "24h", F.NONE),
        ("12 h", "12 h", F.NONE),
        ("24(h)", "24(h)", F.NONE),
        ("24 hh", "24 hh", F.NONE),
        ("5 ll", "5 ll", F.NONE),
        ("52", "52", F.NONE),
        ("阴性", "阴性", F.NONE),
        ("双肺未见明显异常", "双肺未见明显异常", F.NONE),
        ("血压较前升高", "血压较前升高", F.NONE),
        ("2026-11-05", "2026-11-05", F.NONE),
        ("O", "O", F.NONE),
        ("5-10", "5-10", F.NONE),
    ],
)
def test_marks_behind_a_number_in_one_text(text: str, value: str, flag: ResultFlag) -> None:
    assert split_value_mark(text)[:2] == (value, flag)


@pytest.mark.parametrize(
    ("text", "flag"),
    [
        ("阳性", F.POSITIVE),
        ("阳性(+)", F.POSITIVE),
        ("++", F.POSITIVE),
        ("+", F.POSITIVE),
        ("弱阳性（±）", F.POSITIVE),
        ("阴性", F.NORMAL),
        ("阴性(-)", F.NORMAL),
        ("-", F.NORMAL),
        ("±", F.UNCLEAR),
        ("Negative", F.NORMAL),
        ("A+", F.NONE),
        ("A", F.NONE),
        ("Rh(+)", F.NONE),
        ("AB型 阳性", F.NONE),
        ("黄色", F.NONE),
        ("", F.NONE),
        ("H", F.NONE),
        ("52", F.NONE),
        ("-5", F.NONE),
        ("正常窦性心律", F.NONE),
    ],
)
def test_values_that_are_a_quality(text: str, flag: ResultFlag) -> None:
    assert flag_from_quality(text) == flag
