"""Lines of the audit log as AuditEvents: FHIR's structure, and what BALP's profiles ask for, which
the guide's own examples are held against as well.
"""

import base64
import copy
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B.auditevent import AuditEvent as Judge

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.event import AuditOutcome, EventCode
from consent.audit.event_words import EVENT_WORDS
from consent.audit.line_names import LineNames, StaffName, SystemName
from records.audit_events.audit_event import LINE_URL, build_audit_event
from records.audit_events.event_shapes import PROFILES as OURS
from records.fhir.own_definitions import load_own_definitions
from records.fhir.structure_check import is_certainly_valid
from tests.support.balp import PROFILES, balp_faults, profile_name

EXAMPLES = Path(__file__).resolve().parents[3] / "shared/data/ihe-pcf/balp"
ROOT = "https://alliance.example.org/fhir"
ONE, TWO = "0b6d1c1a-0000-4000-8000-000000000001", "0b6d1c1a-0000-4000-8000-000000000002"
NAMES = LineNames(
    ("own",),
    {"7": StaffName("测试员", "u7", "clinician", "own")},
    {"own": Hospital(code="own", name_zh="本院", name_en="Own")},
    {"own-1a2b": SystemName("HIS", "own")},
)


def line(code: str = "records:record:read", **more: Any) -> dict[str, Any]:
    return {
        "id": 41,
        "recorded": "2026-12-01T04:00:00.123456Z",
        "code": code,
        "actor_kind": "staff",
        "actor": "7",
        "actor_hospital": "own",
        "role": "clinician",
        "purpose": "TREAT",
        "outcome": "success",
        "reason": "",
        "person": ONE,
        "target": "own/Observation/o1",
        "detail": "",
        "refs": ["own/Observation/o1/3"],
        "address": "192.0.2.7",
        "request_id": "7f3a",
        **more,
    }


def event(code: str = "records:record:read", **more: Any) -> dict[str, Any]:
    return build_audit_event(line(code, **more), NAMES, ROOT)


def entities(found: dict[str, Any], system: str) -> list[dict[str, Any]]:
    return [e for e in found.get("entity", []) if e["type"]["system"].endswith(system)]


def references(found: dict[str, Any]) -> list[str]:
    return [e["what"]["reference"] for e in found["entity"] if "reference" in e.get("what", {})]


def examples() -> list[dict[str, Any]]:
    if not EXAMPLES.is_dir():
        pytest.skip("the examples of IHE BALP (../shared/data/ihe-pcf/balp) are not here")
    return [json.loads(p.read_text()) for p in sorted(EXAMPLES.glob("AuditEvent-*.json"))]


def test_the_table_holds_of_the_guides_examples() -> None:
    found = examples()
    assert len(found) == 46
    known = [e for e in found if profile_name(e) in PROFILES]
    assert len(known) == 38, "the others are of OAuth and SAML tokens, which no line holds"
    assert {profile_name(e) for e in known} >= set(OURS) - {"Query"}
    assert [(e["id"], f) for e in known if (f := balp_faults(e, profile_name(e)))] == []


def test_the_table_tells_what_is_taken_out_of_an_example() -> None:
    for example in examples():
        if (name := profile_name(example)) not in PROFILES:
            continue
        for change in ({"action": "X"}, {"entity": []}, {"agent": example["agent"][:1]}):
            changed = copy.deepcopy(example) | change
            assert balp_faults(changed, name), (example["id"], change)


REFS: tuple[list[str], ...] = (
    [],
    ["own/Observation/o1/3"],
    ["other/Observation/o2/1", "own/Patient/p/2"],
    ["other/Observation/o2/1"],
    ["own/Patient/p/2", "own/Observation/o1/3"],
)
ACTORS = (
    ("administrator_client", "7"),
    ("staff", "7"),
    ("client", "own-1a2b"),
    ("patient", ONE),
    ("operator", "root"),
    ("", ""),
)


@pytest.mark.parametrize("code", [*EventCode, "records:later:unknown"])
def test_every_kind_of_line_is_an_event(code: str) -> None:
    refs_in_turn, actors_in_turn = itertools.cycle(REFS), itertools.cycle(ACTORS)
    for outcome, people in itertools.product(AuditOutcome, ([], [ONE], [ONE, TWO])):
        refs, actor = next(refs_in_turn), next(actors_in_turn)
        found = event(
            str(code),
            outcome=str(outcome),
            reason="" if outcome == "success" else "no_consent",
            person=people[0] if len(people) == 1 else None,
            persons=people if len(people) > 1 else [],
            refs=refs,
            actor_kind=actor[0],
            actor=actor[1],
            actor_hospital="own" if actor[0] else "",
            role="" if not actor[0] else "clinician",
            address="192.0.2.7" if refs else "",
        )
        assert is_certainly_valid(found), found
        assert name_fits(found), (profile_name(found), found)
    Judge.model_validate(found)


@pytest.mark.parametrize("value", ["", " ", "x", "其他", "a/b c", "x" * 300, "\u2028", "a\n\tb"])
@pytest.mark.parametrize(
    "column",
    [x for x, at in line().items() if isinstance(at, str) and x not in ("recorded", "person")],
)
def test_whatever_stands_in_a_column_it_is_an_event(column: str, value: str) -> None:
    """A line of a release that said otherwise, or of somebody who forged it, is shown as well."""
    for code in ("records:record:read", "records:record:search", "alliance:staff:enrol", "x"):
        for outcome in ("success", "refused", ""):
            found = event(**{"code": code, "outcome": outcome, column: value})
            assert is_certainly_valid(found), (column, value, found)
            assert name_fits(found), (profile_name(found), found)
    bare = {x: "" for x, at in line().items() if isinstance(at, str) and x != "recorded"}
    assert is_certainly_valid(event(**bare | {"person": None, "refs": [], column: value}))


def name_fits(found: dict[str, Any]) -> bool:
    name = profile_name(found)
    return not name or (name in OURS and balp_faults(found, name) == [])


@pytest.mark.parametrize(
    ("code", "more", "profile"),
    [
        ("records:record:read", {}, "PatientRead"),
        ("records:record:read", {"person": None}, "Read"),
        ("records:record:open", {"target": "alliance/record", "refs": []}, "PatientRead"),
        ("records:record:search", {"detail": "code&patient"}, "PatientQuery"),
        ("records:record:search", {"person": None, "persons": [ONE, TWO]}, "Query"),
        ("records:record:create", {}, "PatientCreate"),
        ("records:record:update", {"person": None}, "Update"),
        ("records:record:patch", {}, "PatientUpdate"),
        ("records:record:delete", {}, "PatientDelete"),
        ("records:record:read", {"outcome": "not-found"}, ""),
        ("records:record:read", {"outcome": "refused", "reason": "no_consent"}, "AuthZconsent"),
        ("records:record:read", {"outcome": "refused", "reason": "role"}, ""),
        (
            "records:record:search",
            {"refs": ["other/Observation/o2/1"]},
            "PrivacyDisclosure.Source",
        ),
        ("records:record:read", {"address": ""}, ""),
        ("alliance:session:sign-in", {"person": None}, ""),
    ],
)
def test_the_profile_by_code_and_outcome(code: str, more: dict[str, Any], profile: str) -> None:
    found = event(code, **more)
    assert profile_name(found) == profile and name_fits(found)


def test_who_did_it() -> None:
    application, platform, user, hospital = event()["agent"]
    assert user["who"]["identifier"] == {"system": "urn:xinglin:staff", "value": "7"}
    assert user["name"] == "测试员" and user["requestor"] is True
    assert user["role"][0]["coding"][0]["code"] == "clinician"
    assert application["network"] == {"address": "192.0.2.7", "type": "2"}
    assert platform["who"] == event()["source"]["observer"]
    assert hospital["who"]["identifier"]["value"] == "own"
    by_system = event(actor_kind="client", actor="own-1a2b", role="member_system")["agent"]
    assert by_system[0]["who"]["identifier"]["value"] == "own-1a2b" and len(by_system) == 3
    assert by_system[0]["requestor"] is True
    as_doctor = event(detail="summary · by client/own-1a2b")["agent"]
    assert as_doctor[0]["who"]["identifier"]["value"] == "own-1a2b" and len(as_doctor) == 4


def test_of_another_hospital_no_name_is_told() -> None:
    told = json.dumps(event(actor_hospital="other"), ensure_ascii=False)
    assert "测试员" not in told and "测试员" in json.dumps(event(), ensure_ascii=False)


def test_what_it_was_about() -> None:
    found = event(refs=["own/Observation/o1/3", "other/Condition/c/1"])
    assert references(found) == [
        f"{ROOT}/alliance/Patient/{ONE}",
        f"{ROOT}/own/Observation/o1",
        f"{ROOT}/own/Observation/o1/_history/3",
        f"{ROOT}/other/Condition/c/_history/1",
    ]
    [request] = entities(found, "BasicAuditEntityType")
    assert request["what"]["identifier"]["value"] == "7f3a"
    [query] = [
        e
        for e in event("records:record:search", target="own/Observation", detail="code")["entity"]
        if "query" in e
    ]
    assert base64.b64decode(query["query"]).decode() == f"GET {ROOT}/own/Observation?code"


def test_a_line_about_several_is_one_event_and_says_where_it_is_cut() -> None:
    found = event(person=None, persons=[ONE, TWO])
    assert len(entities(found, "audit-entity-type")) == 3 and "tag" not in found.get("meta", {})
    cut = event(person=None, persons=[ONE, TWO], several=50)
    assert cut["meta"]["tag"][0]["code"] == "SUBSETTED"


def test_its_seal_can_be_asked_for() -> None:
    sealed = event(position=40, hash="ab" * 32)
    [extension] = sealed["extension"]
    parts = {p["url"]: p.get("valueString") for p in extension["extension"]}
    assert parts == {"code": None, "number": "41", "position": "40", "hash": "ab" * 32}
    assert sealed["id"] == "41" and extension["url"] == LINE_URL
    [unsealed] = event()["extension"]
    assert [p["url"] for p in unsealed["extension"]] == ["code", "number"]
    refused = event(outcome="refused", reason="patient_denied")
    parts = {p["url"]: p.get("valueString") for p in refused["extension"][0]["extension"]}
    assert parts["target"] == "own/Observation/o1" and parts["request"] == "7f3a"
    assert refused["outcome"] == "8" and refused["outcomeDesc"]


def test_what_is_our_own_is_published() -> None:
    own = load_own_definitions()
    codes = [c["code"] for c in own["CodeSystem", "audit-event"]["concept"]]
    assert codes == [c.value for c in EventCode] and set(codes) == set(EVENT_WORDS)
    assert [c["code"] for c in own["CodeSystem", "role"]["concept"]] == [r.value for r in Role]
    slices = own["StructureDefinition", "audit-line"]["differential"]["element"]
    assert {e["sliceName"] for e in slices if "sliceName" in e} == {
        "code",
        "number",
        "position",
        "hash",
        "target",
        "request",
    }
