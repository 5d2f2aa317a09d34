"""Which problems are one and which are not, row by row; what contradicts is said."""

from typing import Any

import pytest
from django.utils.translation import override

from records.meaning.facts import Fact
from records.meaning.problem_facts import merge_problems
from records.meaning.sense import Sense
from tests.support.readings import coded, problem

SNOMED = "http://snomed.info/sct"


def merged(*entries: dict[str, Any], apart: bool = True) -> list[Fact]:
    """Each entry of another hospital, or all of one."""
    with override("en"):
        return merge_problems((chr(97 + i) if apart else "a", e) for i, e in enumerate(entries))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (problem("2型糖尿病"), problem("２型糖尿病")),
        (problem("2型糖尿病"), problem("II型糖尿病")),
        (problem("2型糖尿病"), problem("Ⅱ型 糖尿病")),
        (problem("2型糖尿病"), problem("二型糖尿病")),
        (problem("2型糖尿病"), problem("2型糖尿病。")),
        (problem("2型糖尿病"), problem("Type 2 diabetes mellitus")),
        (problem("Type II diabetes mellitus (disorder)"), problem("2型糖尿病")),
        (problem("高血压病"), problem("原发性高血压")),
        (problem("冠心病"), problem("冠状动脉粥样硬化性心脏病")),
        (problem("痛風"), problem("痛风")),
        (problem("糖尿病伴并发症", "E11.8"), problem("2型糖尿病性并发症", "E11.800")),
        (problem("消渴", "E11.9"), problem("2型糖尿病", "E11.9x00")),
        (problem("Gout", "90560007", SNOMED), problem("痛风", "90560007", SNOMED)),
        (problem("右肾结石"), problem("右肾结石", bodySite=[{"text": "右肾"}])),
        (problem("R肾结石", "N20.0"), problem("右侧肾结石", "N20.0")),
        (problem("脑供血不足", "I67.8"), problem("脑供血不足", "I67.800")),
        (
            problem("肾结石", "N20.0", bodySite=[coded("18639004")]),
            problem("肾的结石", "N20.0", bodySite=[coded("18639004")]),
        ),
    ],
)
def test_one_problem(one: dict[str, Any], other: dict[str, Any]) -> None:
    found = merged(one, other)
    assert len(found) == 1 and len(found[0].statements) == 2
    assert not found[0].against


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (problem("糖尿病"), problem("2型糖尿病")),
        (problem("2型糖尿病"), problem("1型糖尿病")),
        (problem("2型糖尿病"), problem("2型糖尿病肾病")),
        (problem("高血压1级"), problem("高血压2级")),
        (problem("左乳癌", "C50.9"), problem("右乳癌", "C50.9")),
        (
            problem("肾结石", "N20.0", bodySite=[{"text": "左肾"}]),
            problem("肾结石", "N20.0", bodySite=[{"text": "右肾"}]),
        ),
        (problem("2型糖尿病", "E11.9"), problem("糖尿病足", "E11.5")),
        (problem("甲项", "X1", "urn:his"), problem("乙项", "X1", "urn:his")),
        (problem("2型糖尿病", "E11.900"), problem("糖尿病性周围神经病", "E11.900x001")),
        (problem(""), problem("")),
        (problem("肺炎"), problem("否认肺炎")),
        (problem("L肾结石", "N20.0"), problem("R肾结石", "N20.0")),
        (problem("白内障 OS", "H26.9"), problem("白内障 OD", "H26.9")),
        (problem("股骨颈骨折(L)", "S72.0"), problem("股骨颈骨折(R)", "S72.0")),
        (
            problem("肾结石", "N20.0", bodySite=[coded("18639004")]),
            problem("肾结石", "N20.0", bodySite=[coded("9846003")]),
        ),
        (problem("脑供血不足", "I67.8"), problem("脑白质疏松", "I67.800")),
        (problem("血钾≥5.5"), problem("血钾≤5.5")),
        (problem("腹主动脉瘤3.5cm"), problem("腹主动脉瘤35cm")),
    ],
)
def test_two_problems(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert len(merged(one, other)) == 2


def test_a_slip_of_a_code_joins_no_two_illnesses() -> None:
    found = merged(
        problem("高血压", "I10"), problem("高血压", "E11.9"), problem("2型糖尿病", "E11.9")
    )
    assert sorted(len(f.statements) for f in found) == [1, 2]


def test_what_contradicts_is_said_and_the_illness_stands() -> None:
    active = problem("肺结核", recordedDate="2025-05-01")
    resolved = active | {"clinicalStatus": coded("resolved"), "recordedDate": "2025-06-01"}
    refuted = active | {"verificationStatus": coded("refuted"), "recordedDate": "2020-06-01"}
    [fact] = merged(active, resolved, refuted)
    assert fact.sense is Sense.CURRENT and fact.lead.source == "a"
    assert [s.source for s in fact.against] == ["b", "c"] and not fact.before
    assert len(fact.statements) == 3, "nothing is dropped"
    [past] = merged(resolved, refuted)
    assert past.sense is Sense.PAST and not past.against


def test_an_end_that_is_older_is_told_and_no_contradiction() -> None:
    active = problem("肺炎", recordedDate="2025-05-01")
    earlier = active | {"clinicalStatus": coded("resolved"), "recordedDate": "2010-01-01"}
    [fact] = merged(active, earlier)
    assert not fact.against and [s.source for s in fact.before] == ["b"]
    [fact] = merged(active, earlier | {"abatementDateTime": "2025-06-01"})
    assert [s.source for s in fact.against] == ["b"], "recorded long ago, ended after that"
    [fact] = merged(active, {k: v for k, v in earlier.items() if k != "recordedDate"})
    assert [s.source for s in fact.against] == ["b"], "nobody knows which is older"


def test_an_older_end_at_the_same_hospital_is_no_contradiction() -> None:
    earlier = problem("肺炎", clinicalStatus=coded("resolved"), recordedDate="2020-01-01")
    now = problem("肺炎", recordedDate="2026-01-01")
    [fact] = merged(earlier, now, apart=False)
    assert fact.sense is Sense.CURRENT and not fact.against
    [fact] = merged(now, earlier | {"recordedDate": "2026-02-01"}, apart=False)
    assert len(fact.against) == 1, "the control: it ended after that"


def test_what_is_suspected_at_one_and_sure_at_another_is_sure_and_keeps_its_doubt() -> None:
    [fact] = merged(problem("胰腺癌？"), problem("胰腺癌"))
    assert fact.sense is Sense.CURRENT and fact.names == ("胰腺癌？",)


def test_withdrawn_entries_are_none_and_ones_that_agree_stand_once() -> None:
    many = [problem("2型糖尿病", recordedDate=f"2026-0{i}-01") for i in range(1, 10)]
    [fact] = merged(
        *many,
        problem("2型糖尿病", verificationStatus=coded("entered-in-error")),
    )
    assert len(fact.statements) == 9 and fact.lead.place == 8
