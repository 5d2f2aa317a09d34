"""What the server answers is FHIR R4: by our own checks always, by the HL7 validator where it is
(README.md).
"""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from records.facade.golden_patient import ORIGIN_URL
from records.fhir import own_definitions
from tests.conformance import validator
from tests.conformance.invariants import faults

Json = dict[str, Any]
ROOT = Path(__file__).resolve().parents[2]
KINDS = (
    "read",
    "search-",
    "history-",
    "transaction",
    "batch",
    "error-",
    "shared-",
    "summary",
    "export-",
    "told-",
    "subscription-status-",
    "definition",
    "meta",
    "match",
    "validate-",
)


def test_each_answer_keeps_the_invariants(answers: dict[str, Json]) -> None:
    assert len(answers) > 100 and all(any(name.startswith(k) for name in answers) for k in KINDS)
    assert {name: found for name, resource in answers.items() if (found := faults(resource))} == {}


def twice(b: Json) -> None:
    b["entry"].append(b["entry"][1])


WRONG: tuple[tuple[str, Callable[[Json], Any], str], ...] = (
    ("search-plain", lambda b: b["entry"][0].pop("fullUrl"), "has no fullUrl"),
    (
        "search-plain",
        lambda b: b["entry"][0].update(fullUrl="http://x/Observation/1"),
        "fullUrl and id differ",
    ),
    ("search-plain", twice, "bdl-7"),
    ("search-plain", lambda b: b["entry"][0].update(response={"status": "200"}), "bdl-2, 3, 4"),
    ("history-instance", lambda b: b["entry"][0].pop("request"), "bdl-3, 4"),
    ("told-id-only-1", lambda b: b["entry"][0].pop("fullUrl"), "has no fullUrl"),
    ("meta", lambda p: p["parameter"][0].pop("valueMeta"), "inv-1"),
    ("meta-type-empty", lambda p: p["parameter"][0].update(valueMeta={}), "ele-1"),
    (
        "summary",
        lambda b: b["entry"][3]["resource"].update(encounter={"reference": "Encounter/x"}),
        "leads out of the document",
    ),
    ("summary", lambda b: b.pop("timestamp"), "bdl-9, 10, 11"),
    (
        "shared-golden",
        lambda r: r["name"][0]["extension"].append(
            {"url": "urn:xinglin:extension:other", "valueCode": "x"}
        ),
        "defined nowhere",
    ),
    ("shared-golden", lambda r: r["name"][0]["extension"].append({"url": ORIGIN_URL}), "ext-1"),
    (
        "shared-golden",
        lambda r: r.update(contained=[{"resourceType": "Basic", "id": "b", "code": {"text": "x"}}]),
        "dom-3",
    ),
    ("shared-golden", lambda r: r.update(managingOrganization={"reference": "#nothing"}), "ref-1"),
    ("error-404", lambda r: r["issue"][0].pop("severity"), "severity"),
)


@pytest.mark.parametrize(("name", "spoil", "says"), WRONG)
def test_the_checks_find_what_is_wrong(
    answers: dict[str, Json], name: str, spoil: Callable[[Json], Any], says: str
) -> None:
    resource = copy.deepcopy(answers[name])
    assert not faults(resource), "the control"
    spoil(resource)
    assert any(says in f for f in faults(resource)), faults(resource)


def test_the_hl7_validator_finds_nothing(answers: dict[str, Json], tmp_path: Path) -> None:
    if why := validator.missing():
        pytest.skip(why)
    wrong = {"resourceType": "Patient", "extension": [{"url": ORIGIN_URL, "valueCode": "bogus"}]}
    unknown = {
        "resourceType": "Patient",
        "extension": [{"url": f"{ORIGIN_URL}-2", "valueCode": "card"}],
    }
    lost = copy.deepcopy(answers["told-id-only-1"])
    del lost["entry"][0]["fullUrl"]
    controls = {"control-code": wrong, "control-extension": unknown, "control-bundle": lost}
    found = validator.run({**answers, **controls}, tmp_path)
    assert controls.keys() <= found.keys(), "the control: it looks at all this"
    assert {name: says for name, says in found.items() if name not in controls} == {}


OF_OTHER_KINDS = (
    "urn:xinglin:nothing",
    "urn:xinglin:demo:",
    "urn:xinglin:topic:",
    "urn:xinglin:local:",  # of each hospital: docs/how-to/column-sets.md
    "urn:xinglin:map:",  # a ConceptMap of each hospital
)
BEGINNINGS = {"urn:xinglin:codesystem:"}  # what no address is, but all of a kind begin with


def test_each_address_of_our_own_is_published() -> None:
    known = {
        a
        for d in own_definitions.load_own_definitions().values()
        for a in own_definitions.definition_addresses(d)
    }
    written = {
        a
        for room in ("alliance", "consent", "records")
        for p in (ROOT / room).rglob("*.py")
        for a in re.findall(r"urn:xinglin:[a-z0-9:-]+", p.read_text())
    }
    ours = {a for a in written if not a.startswith(OF_OTHER_KINDS)} - BEGINNINGS
    assert len(ours) > 5 and not ours - known, sorted(ours - known)
