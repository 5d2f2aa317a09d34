"""References in a document: to its own entries, or by identifier."""

from typing import Any

import pytest

from records.facade.document_references import URI_SYSTEM, enclose_references
from records.fhir.json_codec import dump_json, parse_json

STORE = "https://x/fhir/own"
ENTRIES = {
    f"{STORE}/Observation/in": f"{STORE}/Observation/in",
    f"{STORE}/Patient/source": "https://x/fhir/alliance/Patient/person",
}


def made(reference: dict[str, Any]) -> dict[str, Any]:
    body = dump_json(
        {
            "resourceType": "Observation",
            "id": "o",
            "status": "final",
            "code": {"text": "x"},
            "focus": [reference],
        }
    )
    return parse_json(enclose_references(body, f"{STORE}/Observation/o", ENTRIES))["focus"][0]  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("said", "now"),
    [
        ("Observation/in", "Observation/in"),
        (f"{STORE}/Observation/in", f"{STORE}/Observation/in"),
        ("Observation/in/_history/2", f"{STORE}/Observation/in"),
        ("Patient/source", "https://x/fhir/alliance/Patient/person"),
        ("Patient/source/_history/1", "https://x/fhir/alliance/Patient/person"),
    ],
)
def test_what_is_there_is_led_to(said: str, now: str) -> None:
    assert made({"reference": said, "display": "d"}) == {"reference": now, "display": "d"}


@pytest.mark.parametrize(
    ("said", "where", "kind"),
    [
        ("Encounter/out", f"{STORE}/Encounter/out", "Encounter"),
        ("Encounter/out/_history/3", f"{STORE}/Encounter/out/_history/3", "Encounter"),
        ("https://other/fhir/Observation/in", "https://other/fhir/Observation/in", "Observation"),
        ("https://other/somewhere", "https://other/somewhere", ""),
        ("Observation/in2", f"{STORE}/Observation/in2", "Observation"),
    ],
)
def test_what_is_not_there_is_named(said: str, where: str, kind: str) -> None:
    expected = {"display": "d", "identifier": {"system": URI_SYSTEM, "value": where}} | (
        {"type": kind} if kind else {}
    )
    assert made({"reference": said, "display": "d"}) == expected


def test_what_it_says_already_stays() -> None:
    own = {"type": "Encounter", "identifier": {"system": "urn:visits", "value": "7"}}
    assert made({"reference": "Encounter/out", **own}) == own
    assert made(own) == own


def test_contained_ones_and_the_bytes_stay() -> None:
    body = (
        b'{"resourceType":"Observation","id":"o","contained":[{"resourceType":"Device","id":"d"}],'
        b'"device":{"reference":"#d"},"valueQuantity":{"value":1.50}}'
    )
    assert enclose_references(body, f"{STORE}/Observation/o", ENTRIES) is body
    changed = body.replace(b'"#d"', b'"Device/out"')
    assert b'"value":1.50' in enclose_references(
        changed, f"{STORE}/Observation/o", ENTRIES
    ) and b'"reference"' not in enclose_references(changed, f"{STORE}/Observation/o", ENTRIES)


def test_inside_extensions_and_contained_resources_too() -> None:
    body = dump_json(
        {
            "resourceType": "Observation",
            "id": "o",
            "extension": [{"url": "urn:x", "valueReference": {"reference": "Patient/source"}}],
            "contained": [
                {
                    "resourceType": "Specimen",
                    "id": "s",
                    "subject": {"reference": "Patient/elsewhere"},
                }
            ],
        }
    )
    found = parse_json(enclose_references(body, f"{STORE}/Observation/o", ENTRIES))
    assert found["extension"][0]["valueReference"] == {
        "reference": "https://x/fhir/alliance/Patient/person"
    }
    assert found["contained"][0]["subject"]["identifier"]["value"] == f"{STORE}/Patient/elsewhere"
