"""Local codes: what is one code, what is added and taken off, which suggestions come first, what
contradicts, and what a table says.
"""

import copy
from typing import Any

import pytest

from records.mapping.apply_mappings import MappedTarget, apply_mappings
from records.mapping.code_names import core_name, fold_name, initials_of, pinyin_of
from records.mapping.contradictions import Contradiction, find_contradictions
from records.mapping.import_list import BadList, targets_from_code_system, targets_from_rows
from records.mapping.kinds import ICD10_CLINICAL, KINDS, MappingKind, is_shared_system
from records.mapping.local_code import read_local_code, walk_places
from records.mapping.map_table import write_csv, write_xlsx
from records.mapping.mapped_mark import MAPPED
from records.mapping.sheet_reader import BadTable, read_table
from records.mapping.standard_codes import (
    StandardTarget,
    build_target_index,
    list_shipped_targets,
)
from records.mapping.suggestions import OtherMembersMapping, suggest_targets
from records.mapping.value_profile import (
    ENOUGH,
    FEWEST,
    SampledElement,
    ValueProfile,
    make_profile,
    read_profile,
    sent_range,
)
from records.meaning.laboratory_panels import places_by_code
from records.meaning.observation_results import read_results
from records.meaning.range_display import range_text
from records.meaning.reference_ranges import PatientTraits
from records.meaning.result_identity import LOINC
from tests.factories.local_codes import make_local_result

LABORATORY = MappingKind.LABORATORY
INDEX = build_target_index(list_shipped_targets(LABORATORY))
ALT = MappedTarget(LOINC, "1742-6", "丙氨酸氨基转移酶", "urn:xinglin:map:h:laboratory|1")


def digest(resource: dict[str, Any], kind: MappingKind = LABORATORY) -> str:
    [found] = [
        k for p in walk_places(resource) if p.kind is kind and (k := read_local_code(p)) is not None
    ]
    return found.digest


def result(**more: Any) -> dict[str, Any]:
    return make_local_result("Patient/1", "h", **more)


def test_what_is_added_comes_off_again_and_adding_twice_adds_once() -> None:
    for sent in (result(), result() | {"code": {"text": "谷丙转氨酶"}}):
        mappings = {digest(sent): (ALT,)}
        mapped = copy.deepcopy(sent)
        apply_mappings(mapped, mappings)
        assert mapped["code"]["coding"][-1]["code"] == "1742-6"
        again = copy.deepcopy(mapped)
        apply_mappings(again, mappings)
        assert again == mapped
        apply_mappings(again, {})
        assert again == sent
        assert digest(mapped) == digest(sent), "the mapped code is nobody's own"


def test_a_component_and_every_kind_has_its_place() -> None:
    part = {"code": {"text": "收缩"}, "valueQuantity": {"value": 1, "unit": "格"}}
    resource = {"resourceType": "Observation", "component": [part]}
    assert {p.kind for p in walk_places(resource)} == {LABORATORY, MappingKind.UNIT}
    assert set(KINDS) == set(MappingKind)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("★血红蛋白", "血红蛋白"),
        ("【全国HR】血红蛋白", "血红蛋白"),
        ("血紅蛋白", "血红蛋白"),
        ("ＷＢＣ", "wbc"),
        ("谷丙转氨酶（ALT）", "谷丙转氨酶(ALT)"),
    ],
)
def test_names_that_are_one(one: str, other: str) -> None:
    assert fold_name(one) == fold_name(other)


def test_names_that_are_not_one() -> None:
    assert fold_name("血红蛋白") != fold_name("糖化血红蛋白")
    assert core_name("肌酐测定(CREA)") == core_name("肌酐")
    assert (pinyin_of("钾"), initials_of("血红蛋白")) == ("jia", "xhdb")


@pytest.mark.parametrize(
    ("name", "unit", "code"),
    [
        ("★谷丙转氨酶(ALT)", "U/L", "1742-6"),
        ("血清肌酐测定", "μmol/L", "14682-9"),
        ("肌酐", "mg/dL", "2160-0"),
        ("【全国HR】葡萄糖", "mmol/L", "14749-6"),
        ("ＷＢＣ", "10^9/L", "6690-2"),
        ("血紅蛋白", "g/L", "718-7"),
        ("CA-125", "U/mL", "10334-1"),
        ("总胆固醇(CHOL)", "mmol/L", "14647-2"),
    ],
)
def test_the_first_suggestion(name: str, unit: str, code: str) -> None:
    profile = ValueProfile(units={unit: 10}, numbers=10)
    first = suggest_targets(LABORATORY, "", name, profile, INDEX, {})[0]
    assert first.target.code == code
    assert first.score == sum(p.points for p in first.parts) and not first.contradictions


def test_what_members_with_the_same_product_decided_is_a_part_of_the_score() -> None:
    other = {(LOINC, "1920-8"): OtherMembersMapping(LOINC, "1920-8", 2, 1)}
    found = suggest_targets(LABORATORY, "A7", "某酶", ValueProfile(), INDEX, other)
    assert [(s.target.code, [p.reason for p in s.parts]) for s in found] == [("1920-8", ["brand"])]
    assert not suggest_targets(LABORATORY, "A7", "某酶", ValueProfile(), INDEX, {})


def contradictions(profile: ValueProfile, target: StandardTarget) -> list[Contradiction]:
    return [c.kind for c in find_contradictions(LABORATORY, profile, target)]


def test_what_contradicts_and_what_does_not() -> None:
    glucose = StandardTarget(LOINC, "14749-6", "葡萄糖", (), "mmol/L", "quantitative")
    assert contradictions(ValueProfile(units={"mg/dL": 9}), glucose) == [Contradiction.UNIT]
    assert contradictions(ValueProfile(units={"umol/L": 9}), glucose) == []
    assert contradictions(ValueProfile(units={"mmol/L": 95, "mg/dL": 5}), glucose) == []
    assert contradictions(ValueProfile(texts=9, numbers=1), glucose) == [
        Contradiction.VALUES_ARE_WORDS
    ]
    surface = StandardTarget(LOINC, "5195-3", "乙肝表面抗原", (), "", "ordinal")
    assert contradictions(ValueProfile(numbers=9, units={"IU/mL": 9}), surface) == [
        Contradiction.VALUES_ARE_NUMBERS
    ]
    assert contradictions(ValueProfile(texts=9), surface) == []
    prostate = StandardTarget(ICD10_CLINICAL, "C61.x00", "前列腺恶性肿瘤", ())
    assert contradictions(ValueProfile(sexes={"female": 2, "male": 3}), prostate) == [
        Contradiction.SEX
    ]
    assert contradictions(ValueProfile(sexes={"female": 1, "male": 30}), prostate) == []


def test_a_profile_says_nothing_of_one_patient() -> None:
    def sampled(patient: int, **value: Any) -> SampledElement:
        return SampledElement(result() | value, patient)

    few = [sampled(n, valueQuantity={"value": n, "unit": "U/L"}) for n in range(ENOUGH - 1)]
    assert make_profile(few, {}).quantiles is None
    profile = make_profile([*few, sampled(99)], {99: "male"})
    assert profile.quantiles and profile.units == {"U/L": ENOUGH}
    assert read_profile(profile.write()) == profile
    word = {"valueString": "阴性(-)"}
    names = [sampled(n, **word) for n in range(FEWEST - 1)]
    bare = [
        SampledElement({k: v for k, v in s.element.items() if k != "valueQuantity"}, s.patient)
        for s in names
    ]
    assert make_profile(bare, {}).words == {}
    last = SampledElement({**bare[0].element}, 50)
    assert list(make_profile([*bare, last], {}).words.values()) == [FEWEST]


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        ({"high": {"value": 8}}, "≤ 8"),
        ({"low": {"value": 3.5}}, "≥ 3.5"),
        ({"low": {"value": 3}, "high": {"value": 8}}, "3–8"),
        ({"low": {"value": -3}, "high": {"value": 0}}, "-3–0"),
        ({"high": {"value": 8, "comparator": "<"}}, "<8"),
        ({"low": {"value": 3, "comparator": ">"}, "high": {"value": 8}}, ">3–8"),
        ({"high": {"value": 8}, "text": "<8.0"}, "<8.0"),
        ({"low": "3", "high": [8]}, ""),
    ],
)
def test_a_range_with_one_end_says_which(bounds: dict[str, Any], shown: str) -> None:
    assert sent_range({"referenceRange": [bounds]}) == shown
    assert range_text(bounds) == shown, "the clinician's page says the same"


def test_a_mapped_result_stands_in_one_line_with_the_same_test_elsewhere() -> None:
    here, there = result(), result()
    there["code"] = {"coding": [{"system": LOINC, "code": "1742-6"}], "text": "ALT"}

    def line(resource: dict[str, Any], hospital: str) -> Any:
        return read_results(resource, PatientTraits(), hospital)[0].identity

    assert line(here, "h") != line(there, "k")
    apply_mappings(here, {digest(here): (ALT,)})
    assert line(here, "h") == line(there, "k")


def test_the_table_that_comes_along_agrees_with_the_panels() -> None:
    codes = [t.code for t in list_shipped_targets(LABORATORY)]
    assert len(codes) == len(set(codes)) > 80
    assert not set(codes) - places_by_code().keys()


def test_tables_go_out_and_come_back() -> None:
    rows = [["code", "text"], ["=1+1", "+甲"], ["B", '说"好"，,']]
    for written in (write_csv(iter(rows)), write_xlsx(iter(rows))):
        found = read_table(written)
        assert [list(r.values()) for r in found] == rows[1:]
    assert b"\t=1+1" in write_csv(iter(rows)), "no spreadsheet runs it"
    with pytest.raises(BadTable):
        read_table(b"a\n" * 20, most_bytes=10)


def test_lists_are_read_by_the_columns_that_they_have() -> None:
    rows = read_table(b"LOINC_NUM,LONG_COMMON_NAME,SCALE_TYP,EXAMPLE_UCUM_UNITS\n1-8,X,Qn,mg;g\n")
    [target] = targets_from_rows(LOINC, rows)
    assert (target.code, target.scale, target.unit) == ("1-8", "quantitative", "mg")
    [own] = targets_from_rows("urn:x", read_table("编码,名称,性别\nA1,甲,女\n".encode("gb18030")))
    assert (own.display, own.sex) == ("甲", "female")
    with pytest.raises(BadList):
        list(targets_from_rows("urn:x", read_table(b"code,what\nA,B\n")))
    system = {
        "url": "urn:x",
        "concept": [{"code": "1", "display": "内科", "concept": [{"code": "2"}]}],
    }
    assert [t.code for t in targets_from_code_system(system)] == ["1", "2"]


def test_which_systems_all_share() -> None:
    assert is_shared_system(LOINC) and is_shared_system(ICD10_CLINICAL)
    assert not is_shared_system("urn:xinglin:local:h:lis:laboratory")
    assert not is_shared_system("http://his.example/codes") and not is_shared_system("")


def test_the_mark_is_what_the_definitions_say() -> None:
    sent = result()
    apply_mappings(sent, {digest(sent): (ALT,)})
    assert sent["code"]["coding"][1]["extension"] == [{"url": MAPPED, "valueUri": ALT.source}]
