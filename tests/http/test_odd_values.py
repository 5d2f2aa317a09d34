"""Legal resources of every hosted type with the oddest values: taken, or refused with a reason;
none makes the server fail. ODD=n draws n times as many.
"""

import json
import os
import random
from typing import Any

import pytest

from records.fhir.resource_types import TYPES
from tests.factories import odd_resources
from tests.factories.fhir import Api, make_bundle, make_patient

TIMES = int(os.environ.get("ODD", "1"))
TOGETHER = 61


def answers(api: Api, drawn: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """(status, what is said) of each."""
    reply = api(
        "POST", "", make_bundle(*[("POST", r["resourceType"], r) for r in drawn], kind="batch")
    )
    assert reply.status == 200, reply.body[:500]
    rows = [e["response"] for e in reply.json["entry"]]
    return [(r["status"], str((r.get("outcome") or {}).get("issue", ""))) for r in rows]


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_every_type_with_odd_values(api: Api, seed: int) -> None:
    rng = random.Random(seed)
    known = api.create(make_patient())
    types = [t for t in TYPES if t != "Bundle"]
    drawn = [odd_resources.make_odd_resource(rng, t, known) for t in types]
    found: list[tuple[str, str]] = []
    for i in range(0, len(drawn), TOGETHER):
        found += answers(api, drawn[i : i + TOGETHER])
    failed = [
        (d, f)
        for d, f in zip(drawn, found, strict=True)
        if f[0].startswith("5") or "'exception'" in f[1]
    ]
    assert not failed, failed[0]
    taken = sum(f[0].startswith("2") for f in found)
    assert taken > 0.5 * len(drawn), [f for f in found if not f[0].startswith("2")][:5]


@pytest.mark.parametrize("seed", range(2 * TIMES))
def test_a_chart_of_odd_values_can_be_read(api: Api, seed: int) -> None:
    """One value that nobody can show must not take the whole of a patient's record away."""
    rng = random.Random(100 + seed)
    about = api.create(make_patient())
    drawn = [
        odd_resources.make_odd_resource(rng, t, about) for t in (*READ * 4, *TYPES) if t != "Bundle"
    ]
    for i in range(0, len(drawn), TOGETHER):
        answers(api, drawn[i : i + TOGETHER])
    for number in NUMBERS:
        whole = {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "subject": {"reference": about},
            "valueQuantity": {"value": 7, "unit": "g"},
            "referenceRange": [{"low": {"value": 7}, "high": {"value": 7}}],
        }
        assert (
            api(
                "POST", "Observation", json.dumps(whole).replace(": 7", f": {number}").encode()
            ).status
            == 201
        ), number
    for question in (
        f"{about}/$summary",
        f"{about}/$everything?_count=1000",
        f"Observation/$lastn?patient={about}",
        f"Observation?patient={about}&_sort=-date,value-quantity",
    ):
        assert api("GET", question).status == 200, question


READ = (
    "Observation",
    "Condition",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "Procedure",
    "Immunization",
    "DiagnosticReport",
    "Encounter",
)
NUMBERS = (
    "123456789012345678901234567890.123456789",
    "1e308",
    "1e-308",
    "1e-400",
    "0." + "1" * 60,
    "-0.0",
    "9007199254740993",
)
ABSENT = odd_resources.ABSENT
TEN = "2026-01-02T03:04:05.1234567890Z"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Observation", "effectiveDateTime": TEN},
        {"resourceType": "Observation", "issued": TEN},
        {"resourceType": "Observation", "effectiveTiming": {"event": [None], "_event": [ABSENT]}},
        {"resourceType": "Observation", "_status": ABSENT},
        {"resourceType": "Immunization", "_occurrenceDateTime": ABSENT},
        {"resourceType": "Immunization", "_occurrenceString": ABSENT},
        {"resourceType": "MedicationAdministration", "_effectiveDateTime": ABSENT},
        {
            "resourceType": "Patient",
            "_birthDate": ABSENT,
            "name": [{"given": [None, "x"], "_given": [ABSENT, None]}],
        },
        {"resourceType": "EpisodeOfCare", "period": {"start": "9999-12-31"}},
        {
            "resourceType": "Patient",
            "extension": [{"url": "http://e.example/x", "_valueDateTime": ABSENT}],
        },
        {
            "resourceType": "Patient",
            "_birthDate": {"extension": [{"url": "http://e.example/x", "_valueString": ABSENT}]},
        },
    ],
    ids=lambda r: f"{r['resourceType']}.{list(r)[1]}",
)
def test_what_has_no_value_or_an_odd_one_is_taken_and_read_again(
    api: Api, resource: dict[str, Any]
) -> None:
    about = {"reference": api.create(make_patient())}
    rest = {
        "Observation": {"status": "final", "code": {"text": "x"}, "subject": about},
        "Immunization": {"status": "completed", "vaccineCode": {"text": "乙肝"}, "patient": about},
        "MedicationAdministration": {
            "status": "completed",
            "medicationCodeableConcept": {"text": "x"},
            "subject": about,
        },
        "Patient": {},
        "EpisodeOfCare": {"status": "active", "patient": about},
    }[resource["resourceType"]]
    whole = {k: v for k, v in rest.items() if f"_{k}" not in resource} | resource
    made = api.create(whole)
    assert {k: v for k, v in api("GET", made).json.items() if k not in ("id", "meta")} == whole
    assert made.split("/")[1] in [
        e["resource"]["id"]
        for e in api("GET", f"{resource['resourceType']}?_count=1000").json["entry"]
    ]


def test_an_extension_without_a_value_is_looked_into(api: Api) -> None:
    """Its value may be an extension alone, and that is tried like any other."""
    inner: Any
    for inner in (
        "x",
        [ABSENT],
        {"extension": [{"url": "http://e.example/y", "valueNothing": "x"}]},
        {"name": "x"},
    ):
        reply = api(
            "POST",
            "Patient",
            {
                "resourceType": "Patient",
                "extension": [{"url": "http://e.example/x", "_valueCode": inner}],
            },
        )
        assert reply.status == 422 and "Patient.extension[0]" in reply.says, inner
    assert (
        api(
            "POST",
            "Patient",
            {
                "resourceType": "Patient",
                "extension": [
                    {"url": "http://e.example/x", "_valueCode": ABSENT, "valueString": "x"}
                ],
            },
        ).status
        == 422
    ), "two choices"


@pytest.mark.parametrize(
    "missing", [{"_occurrenceDateTime": {"id": "x"}}, {}, {"_occurrence": ABSENT}]
)
def test_a_required_choice_without_value_and_extension_is_refused(
    api: Api, missing: dict[str, Any]
) -> None:
    about = api.create(make_patient())
    reply = api(
        "POST",
        "Immunization",
        {
            "resourceType": "Immunization",
            "status": "completed",
            "vaccineCode": {"text": "x"},
            "patient": {"reference": about},
            **missing,
        },
    )
    assert reply.status == 422 and "Immunization" in reply.says


def test_a_subscription_without_a_status(api: Api) -> None:
    asked = {
        "resourceType": "Subscription",
        "_status": ABSENT,
        "reason": "x",
        "criteria": "Observation?code=1",
        "channel": {"type": "rest-hook", "endpoint": "http://127.0.0.1:1/x"},
    }
    reply = api("POST", "Subscription", asked)
    assert reply.status == 422 and "not on the list" in reply.says
