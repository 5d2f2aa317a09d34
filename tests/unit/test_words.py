"""Pure rooms by table: citizen numbers, names, dates, labels, decimals."""

import pytest

from alliance.config.dates import span
from consent.labels import Label
from records.fhir.json import InvalidJson, dump, parse
from records.fhir.labels import labels_of
from records.mpi.rules import name, resident_number


@pytest.mark.parametrize(("sent", "normal"), [
    ("11010519491231002X", "11010519491231002X"), ("11010519491231002x", "11010519491231002X"), ("110105491231002", "11010519491231002X"),
    ("110105 19491231 002X", "11010519491231002X"),
])
def test_citizen_numbers(sent: str, normal: str) -> None:
    assert resident_number.normal(sent) == normal


@pytest.mark.parametrize("wrong", ["110105194912310021", "11010519491331002X", "1101051949123100", "ABCDEFGHIJKLMNOPQR", "", "11010519490230002X"])
def test_wrong_citizen_numbers_are_not_quoted(wrong: str) -> None:
    with pytest.raises(resident_number.NotANumber) as error:
        resident_number.normal(wrong)
    assert not wrong or wrong not in str(error.value)


@pytest.mark.parametrize(("one", "two", "same"), [
    ("张伟", "張偉", True), ("张 伟", "张伟", True), ("阿卜杜拉·买买提", "阿卜杜拉买买提", True), ("José Núñez", "nunez jose", True), ("张伟", "张维", False), ("", "", False),
])
def test_names(one: str, two: str, same: bool) -> None:
    assert name.same(one, two) is same


def test_name_keys() -> None:
    assert name.keys("张伟") == {"张伟": True, "zhangwei": True, "zhang wei": True, "zw": False}
    assert name.masked("欧阳明月") == "欧**月" and name.masked("张伟") == "张*" and name.masked("Ann Lee") == "A*** L***"


@pytest.mark.parametrize(("text", "low", "high"), [
    ("2026", "2025-12-31T16:00:00+00:00", "2026-12-31T16:00:00+00:00"), ("2026-02", "2026-01-31T16:00:00+00:00", "2026-02-28T16:00:00+00:00"),
    ("2026-01-31T08:30:00Z", "2026-01-31T08:30:00+00:00", "2026-01-31T08:30:01+00:00"), ("2026-01-31T08:30+08:00", "2026-01-31T00:30:00+00:00", "2026-01-31T00:31:00+00:00"),
])
def test_dates_are_ranges(text: str, low: str, high: str) -> None:
    assert [x.isoformat() for x in span(text)] == [low, high]


@pytest.mark.parametrize("wrong", ["2026-13", "yesterday", "2026-1-1", "", "2026-02-30"])
def test_no_dates(wrong: str) -> None:
    with pytest.raises(ValueError):
        span(wrong)


@pytest.mark.parametrize(("system", "code", "label"), [
    ("http://hl7.org/fhir/sid/icd-10", "B20.100", Label.HIV), ("http://hl7.org/fhir/sid/icd-10", "F32.100", Label.PSY), ("http://hl7.org/fhir/sid/icd-10", "F10.200", Label.ALCOHOL),
    ("http://hl7.org/fhir/sid/icd-10", "E11.900", Label.NONE), ("http://loinc.org", "75622-1", Label.HIV), ("http://elsewhere", "B20", Label.NONE),
])
def test_labels(system: str, code: str, label: Label) -> None:
    assert labels_of({"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}) == label


def test_a_sender_may_add_labels() -> None:
    assert labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "V"}]}}) == Label.VERY_RESTRICTED
    assert labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "unheard-of"}]}}) == Label.RESTRICTED, "unknown tags close, not open"
    assert labels_of({"resourceType": "Observation", "meta": {"security": [{"code": "N"}]}}) == Label.NONE


def test_decimals_keep_their_digits() -> None:
    text = b'{"a":1.50,"b":100000000000000000.10,"c":1E2,"d":0.000001000}'
    assert dump(parse(text)) == text
    for wrong in (b"NaN", b'{"a":1,"a":2}', b"{", b"\xff"):
        with pytest.raises(InvalidJson):
            parse(wrong)
