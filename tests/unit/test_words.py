"""Pure rooms by table: citizen numbers, names, dates, labels, decimals."""

import re

import pytest

from alliance.platform.dates import parse_date_range
from consent.labels import Label
from records.fhir.json_codec import InvalidJson, dump_json, parse_json
from records.fhir.sensitivity_labels import labels_of
from records.mpi.matching.rules import name_forms, name_keys, resident_number


@pytest.mark.parametrize(
    ("sent", "normal"),
    [
        ("11010519491231002X", "11010519491231002X"),
        ("11010519491231002x", "11010519491231002X"),
        ("110105491231002", "11010519491231002X"),
        ("110105 19491231 002X", "11010519491231002X"),
        ("\ufeff110105\u200b19491231\u2060002X\u202c", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "11010519491231002X"),
        ("110105\xa019491231\u3000002х", "11010519491231002X"),
        ("110105–19491231‑002Χ", "11010519491231002X"),
        ("11010519491231002×", "11010519491231002X"),
        ("\u202d110105194912310 02X\u202c\t", "11010519491231002X"),
        ("١١٠١٠٥١٩٤٩١٢٣١٠٠٢X", "11010519491231002X"),
        ("1\ufe0f10105491231002", "11010519491231002X"),
    ],
)
def test_citizen_numbers(sent: str, normal: str) -> None:
    assert resident_number.normalize_resident_number(sent) == normal


@pytest.mark.parametrize(
    "wrong",
    [
        "110105194912310021",
        "11010519491331002X",
        "1101051949123100",
        "ABCDEFGHIJKLMNOPQR",
        "",
        "11010519490230002X",
    ],
)
def test_wrong_citizen_numbers_are_not_quoted(wrong: str) -> None:
    with pytest.raises(resident_number.InvalidResidentNumber) as error:
        resident_number.normalize_resident_number(wrong)
    assert not wrong or wrong not in str(error.value)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ("11010519491231·002X", "character 15 of it is U+00B7 (MIDDLE DOT)"),
        ("l1010519491231002X", "character 1 of it is U+006C (LATIN SMALL LETTER L)"),
        ("1101051949123100\u200b二X", "character 18 of it is U+4E8C (CJK UNIFIED IDEOGRAPH-4E8C)"),
        ("110105\ue00019491231002X", "character 7 of it is U+E000 (a character without a name)"),
    ],
)
def test_a_stray_character_of_a_citizen_number_is_named(sent: str, said: str) -> None:
    with pytest.raises(resident_number.InvalidResidentNumber, match=re.escape(said)):
        resident_number.normalize_resident_number(sent)


@pytest.mark.parametrize(
    ("one", "two", "same"),
    [
        ("张伟", "張偉", True),
        ("张 伟", "张伟", True),
        ("阿卜杜拉·买买提", "阿卜杜拉买买提", True),
        ("José Núñez", "nunez jose", True),
        ("张伟", "张维", False),
        ("", "", False),
        ("髙橋﨑", "高桥崎", True),
        ("吳黃戶", "吴黄户", True),
        ("戸田靑", "户田青", True),
        ("兪愼", "俞慎", True),
        ("渡辺", "渡邊", True),
        ("刘\ue863", "刘䶮", True),
        ("\ue816\ue864", "𠂇龻", True),
        ("刘\ue000", "刘\ue001", False),
        ("凃伟", "涂伟", False),
        ("甯静", "宁静", False),
        ("王喆", "王哲", False),
        ("王祐", "王佑", False),
        ("王\u200b伟\ufeff", "王伟", True),
        ("葛\U000e0100飾", "葛饰", True),
        ("王丽双胎A", "王丽双胎a", True),
        ("Anna·Smith", "Anna Smith", True),
        ("Smith,Anna", "anna smith", True),
        ("", "\u200b", False),
    ],
)
def test_names(one: str, two: str, same: bool) -> None:
    assert name_forms.is_same_name(one, two) is same


SEPARATORS = "·•・‧․⋅∙。.．﹒˙･'ʼ`‘’＇-‐‑–—―_＿－ \u3000\xa0\u2009\u200b\u200d\ufeff，,、"


@pytest.mark.parametrize("separator", list(SEPARATORS))
def test_what_stands_between_the_parts_of_a_name_makes_no_difference(separator: str) -> None:
    plain = name_keys.name_search_keys("阿卜杜买买提")
    assert (
        name_keys.name_search_keys(f"阿卜杜{separator}买买提") == plain
        and name_keys.parse_name_query(f"阿卜杜{separator}买买提").whole[0] in plain
    )
    for typed in (f"Anna{separator}Smith", f"Smith{separator}Anna"):
        assert set(name_keys.parse_name_query(typed).whole) & {
            k for k, whole in name_keys.name_search_keys("Anna Smith").items() if whole
        }, typed
        assert set(name_keys.parse_name_query("anna smith").whole) & {
            k for k, whole in name_keys.name_search_keys(typed).items() if whole
        }, typed


def test_name_keys() -> None:
    assert name_keys.name_search_keys("张伟") == {
        "张伟": True,
        "zhangwei": True,
        "zhangw": False,
        "zw": False,
    }
    assert (
        name_forms.mask_name("欧阳明月") == "欧**月"
        and name_forms.mask_name("张伟") == "张*"
        and name_forms.mask_name("Ann Lee") == "A*** L***"
    )


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", "2025-12-31T16:00:00+00:00", "2026-12-31T16:00:00+00:00"),
        ("2026-02", "2026-01-31T16:00:00+00:00", "2026-02-28T16:00:00+00:00"),
        ("2026-01-31T08:30:00Z", "2026-01-31T08:30:00+00:00", "2026-01-31T08:30:01+00:00"),
        ("2026-01-31T08:30+08:00", "2026-01-31T00:30:00+00:00", "2026-01-31T00:31:00+00:00"),
    ],
)
def test_dates_are_ranges(text: str, low: str, high: str) -> None:
    assert [x.isoformat() for x in parse_date_range(text)] == [low, high]


@pytest.mark.parametrize("wrong", ["2026-13", "yesterday", "2026-1-1", "", "2026-02-30"])
def test_no_dates(wrong: str) -> None:
    with pytest.raises(ValueError):
        parse_date_range(wrong)


@pytest.mark.parametrize(
    ("system", "code", "label"),
    [
        ("http://hl7.org/fhir/sid/icd-10", "B20.100", Label.HIV),
        ("http://hl7.org/fhir/sid/icd-10", "F32.100", Label.PSY),
        ("http://hl7.org/fhir/sid/icd-10", "F10.200", Label.ALCOHOL),
        ("http://hl7.org/fhir/sid/icd-10", "E11.900", Label.NONE),
        ("http://loinc.org", "75622-1", Label.HIV),
        ("http://elsewhere", "B20", Label.NONE),
    ],
)
def test_labels(system: str, code: str, label: Label) -> None:
    assert (
        labels_of(
            {"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}
        )
        == label
    )


def test_a_sender_may_add_labels() -> None:
    assert (
        labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "V"}]}})
        == Label.VERY_RESTRICTED
    )
    assert (
        labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "unheard-of"}]}})
        == Label.RESTRICTED
    ), "unknown tags close, not open"
    assert (
        labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "N"}]}})
        == Label.NONE
    )


def test_decimals_keep_their_digits() -> None:
    text = b'{"a":1.50,"b":100000000000000000.10,"c":1E2,"d":0.000001000}'
    assert dump_json(parse_json(text)) == text
    for wrong in (b"NaN", b'{"a":1,"a":2}', b"{", b"\xff"):
        with pytest.raises(InvalidJson):
            parse_json(wrong)
