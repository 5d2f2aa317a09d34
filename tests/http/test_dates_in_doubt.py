"""Dates before a patient's birth or after their death are taken, and whoever sends them is told."""

from typing import Any

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient

BIRTH, DEATH = "before the patient's birth date", "after the patient's death"


def told(outcome: dict[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (i["severity"], i["expression"][0], i["diagnostics"])
        for i in outcome["issue"]
        if i["severity"] != "information"
    ]


def test_a_transaction_tells_of_them_entry_by_entry(api: Api) -> None:
    urn = "urn:uuid:00000000-0000-4000-8000-000000000001"
    sent = make_bundle(
        (
            "POST",
            "Patient",
            make_patient(birth="1958-03-12")
            | {
                "deceasedDateTime": "2026-01-05T17:30:00Z",
                "fullUrl": urn,
            },
        ),
        ("POST", "Observation", make_observation(urn, date="1949-10-01")),
        ("POST", "Observation", make_observation(urn, date="2026-01-06T23:00:00+08:00")),
        ("POST", "Observation", make_observation(urn, date="2026-01-06T16:00:01Z")),
        ("POST", "Observation", make_observation(urn, date="1958")),
    )
    reply = api("POST", "", sent)
    assert reply.status == 200, "warned of, never refused"
    outcomes = [told(e["response"].get("outcome", {"issue": []})) for e in reply.json["entry"]]
    assert [len(o) for o in outcomes] == [
        0,
        1,
        0,
        1,
        0,
    ], "the day of death is the 6th here, and a year is not before a day of it"
    assert (
        outcomes[1][0][:2] == ("warning", "Bundle.entry[1].resource.effectiveDateTime")
        and BIRTH in outcomes[1][0][2]
        and DEATH in outcomes[3][0][2]
    )


def test_of_patients_who_are_stored_and_of_themselves(api: Api) -> None:
    about = api.create(make_patient(birth="1958-03-12") | {"deceasedDateTime": "2026-01-05"})
    odd = make_observation(about, date="2026-01-07T08:00:00+08:00")
    assert api("POST", "Observation", odd).json["resourceType"] == "Observation"
    stored = api("POST", "Observation", odd, Prefer="return=OperationOutcome")
    assert stored.status == 201 and [t[:2] for t in told(stored.json)] == [
        ("warning", "Observation.effectiveDateTime")
    ]
    fine = api(
        "POST",
        "Observation",
        make_observation(about, date="2026-01-05T23:59:00+08:00"),
        Prefer="return=OperationOutcome",
    )
    assert fine.status == 201 and told(fine.json) == []
    asked = api(
        "POST",
        "Condition/$validate",
        {
            "resourceType": "Condition",
            "subject": {"reference": about},
            "onsetDateTime": "1950",
            "code": {"text": "高血压"},
        },
    )
    assert [t[1] for t in told(asked.json)] == ["Condition.onsetDateTime"]
    batch = api(
        "POST",
        "",
        make_bundle(
            ("POST", "Observation", odd),
            ("POST", "Observation", make_observation(about)),
            kind="batch",
        ),
    ).json
    assert ["outcome" in e["response"] for e in batch["entry"]] == [True, False]
    dead = api(
        "POST", "Patient/$validate", make_patient(birth="1958-03-12") | {"deceasedDateTime": "1957"}
    )
    assert [t[:2] for t in told(dead.json)] == [("warning", "Patient.deceasedDateTime")]


def test_the_summary_tells_the_days_of_the_hospitals_clock(api: Api) -> None:
    about = api.create(make_patient())
    api.create(make_observation(about, date="2026-01-05T17:30:00Z"))
    api.create(make_observation(about, date="2026-01"))
    sections = api("GET", f"{about}/$summary").json["entry"][0]["resource"]["section"]
    lines = next(s["text"]["div"] for s in sections if s["code"]["coding"][0]["code"] == "30954-2")
    assert "2026-01-06" in lines and "2026-01-05" not in lines and "2026-01<" in lines
