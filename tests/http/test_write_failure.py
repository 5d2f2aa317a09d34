"""Bad input: the right status, the place, the mend; and nothing half-stored. Each has its
positive control in the success file.
"""

import json
from typing import Any

import pytest

from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)

BROKEN: list[tuple[str, Any, int, str]] = [
    ("not JSON", b'{"resourceType": "Patient",', 400, "line 1"),
    ("empty", b"", 400, "empty"),
    ("a list", b"[]", 422, "JSON object"),
    ("a key twice", b'{"resourceType":"Patient","gender":"male","gender":"female"}', 400, "twice"),
    ("not UTF-8", '{"resourceType":"Patient","name":[{"text":"张"}]}'.encode("gbk"), 400, "UTF-8"),
    ("unknown element", {**make_patient(), "nick": "x"}, 422, "Patient.nick"),
    ("wrong type", {**make_patient(), "name": {"text": "x"}}, 422, "Patient.name"),
    ("bogus code", {**make_patient(), "gender": "m"}, 422, "Patient.gender"),
    (
        "nested bogus code",
        {**make_patient(), "telecom": [{"system": "pigeon", "value": "1"}]},
        422,
        "Patient.telecom[0].system",
    ),
    ("future birth", make_patient(birth="2999-01-01"), 422, "Patient.birthDate"),
    (
        "a number as an address",
        {"resourceType": "Patient", "photo": [{"url": 5}]},
        422,
        "Patient.photo[0].url The JSON form is wrong: an address",
    ),
    (
        "a number as text",
        {**make_patient(), "multipleBirthInteger": "2"},
        422,
        "Patient.multipleBirthInteger The JSON form is wrong: a whole number",
    ),
    ("a truth as text", {**make_patient(), "active": "true"}, 422, "Patient.active"),
    ("a truth as number", {**make_patient(), "active": 1}, 422, "Patient.active"),
    ("a date as number", {**make_patient(), "birthDate": 19580312}, 422, "Patient.birthDate"),
    (
        "a number as text, deep",
        {**make_patient(), "extension": [{"url": "urn:x", "valueQuantity": {"value": "5"}}]},
        422,
        "Patient.extension[0].valueQuantity.value",
    ),
    (
        "in a contained resource",
        {
            **make_patient(),
            "contained": [{"resourceType": "Organization", "id": "o", "active": "no"}],
        },
        422,
        "Patient.contained[0].active",
    ),
    ("null", {**make_patient(), "gender": None}, 422, "Patient.gender An empty value"),
    ("an empty array", {**make_patient(), "telecom": []}, 422, "Patient.telecom An empty value"),
    (
        "an empty object",
        {**make_patient(), "maritalStatus": {}},
        422,
        "Patient.maritalStatus An empty value",
    ),
    (
        "an empty text",
        {**make_patient(), "name": [{"text": ""}]},
        422,
        "Patient.name[0].text An empty value",
    ),
    (
        "a control character",
        {**make_patient(), "name": [{"text": "a\u0007"}]},
        422,
        "Patient.name[0].text A control character",
    ),
    (
        "half a character",
        b'{"resourceType":"Patient","name":[{"text":"\\ud83d"}]}',
        422,
        "Patient.name[0].text A control character",
    ),
    ("no date", make_patient(birth="12.03.1958"), 422, "Patient.birthDate"),
    ("wrong check digit", make_patient(resident="110101199003070000"), 422, "check digit"),
    ("another type", make_observation("Patient/x"), 400, "make them agree"),
]


@pytest.mark.parametrize(("what", "body", "status", "says"), BROKEN, ids=[b[0] for b in BROKEN])
def test_refused_with_place_and_mend(
    api: Api, what: str, body: Any, status: int, says: str
) -> None:
    reply = api("POST", "Patient", body)
    assert reply.status == status and reply.json["resourceType"] == "OperationOutcome"
    assert says in reply.says
    assert api("GET", "Patient?_summary=count").json["total"] == 0


def test_identifier_twice_in_one_patient(api: Api) -> None:
    twice = make_patient()
    twice["identifier"] *= 2
    assert api("POST", "Patient", twice).status == 422


def test_same_hospital_number_for_two_patients_is_a_conflict(api: Api) -> None:
    api.create(make_patient(mrn="M1"))
    reply = api("POST", "Patient", make_patient("王芳", mrn="M1"))
    assert reply.status == 409 and "hospital number" in reply.says


def test_faulty_transaction_stores_nothing_and_names_every_fault(api: Api) -> None:
    reply = api(
        "POST",
        "",
        make_bundle(
            ("POST", "Patient", make_patient()),
            ("POST", "Patient", {**make_patient(), "gender": "m"}),
            (
                "POST",
                "Observation",
                make_observation("urn:uuid:00000000-0000-4000-8000-00000000dead"),
            ),
        ),
    )
    assert reply.status == 422
    assert api("GET", "Patient?_summary=count").json["total"] == 0
    places = [i["expression"][0] for i in reply.json["issue"]]
    assert any(p.startswith("Bundle.entry[2].resource.subject") for p in places), places


def test_dangling_literal_reference_in_a_transaction(api: Api) -> None:
    about = api.create(make_patient())
    seen = {**make_observation(about), "encounter": {"reference": "Encounter/nowhere"}}
    reply = api("POST", "", make_bundle(("POST", "Observation", seen)))
    assert reply.status == 422 and "Encounter/nowhere" in reply.says
    assert (
        api("POST", "", make_bundle(("POST", "Observation", make_observation(about)))).status == 200
    )


def test_record_of_an_unknown_patient(api: Api) -> None:
    reply = api("POST", "Observation", make_observation("Patient/nobody"))
    assert reply.status == 422 and "Patient/nobody is not in this store" in reply.says


@pytest.mark.parametrize("bad", ["a_b", "x" * 65, "%E5%BC%A0"])
def test_odd_ids(api: Api, bad: str) -> None:
    reply = api("PUT", f"Patient/{bad}", {**make_patient(), "id": bad})
    assert reply.status == 400 and "64 letters" in reply.says


def test_stale_update(api: Api) -> None:
    who = api.create(make_patient())
    body = api("GET", who).json
    assert api("PUT", who, body, If_Match='W/"7"').status == 412
    assert api("PUT", who, body, If_Match='W/"1"').status == 200


def test_wrong_content_type(api: Api) -> None:
    assert (
        api("POST", "Patient", json.dumps(make_patient()).encode(), Content_Type="text/xml").status
        == 415
    )
    assert api("GET", "Patient", Accept="application/fhir+xml").status == 406


def test_body_over_the_limit(api: Api) -> None:
    reply = api("POST", "Patient", b" " * (64 * 1024 * 1024 + 1))
    assert reply.status == 413 and "64 MiB" in reply.says


def test_a_bundle_of_50_mb_is_taken_whole_or_refused_whole(api: Api) -> None:
    about = api.create(make_patient())
    note = {"text": "x" * 250_000}
    rows = [
        ("POST", "Observation", {**make_observation(about), "note": [note]}) for _ in range(200)
    ]
    assert api("POST", "", make_bundle(*rows)).status == 200
    assert api("GET", f"Observation?subject={about}&_summary=count").json["total"] == 200


def test_foreign_store_takes_nothing(api: Api, stranger: Api) -> None:
    assert stranger("POST", "Patient", make_patient(), base=api.base).status == 403
    assert (
        stranger("POST", "", make_bundle(("POST", "Patient", make_patient())), base=api.base).status
        == 403
    )
    assert stranger("PUT", "Patient/x", {**make_patient(), "id": "x"}, base=api.base).status == 403
    assert stranger("POST", "Patient", make_patient(), base="alliance").status == 403
    assert api("GET", "Patient?_summary=count").json["total"] == 0
    assert api("POST", "Patient", make_patient()).status == 201


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_no_or_unknown_token(api: Api, token: str) -> None:
    reply = Api(f"http://{api.at.netloc}", api.base, token)("GET", "Patient")
    assert (
        reply.status == 401 and "/oauth/token" in reply.says and "www-authenticate" in reply.headers
    )


def test_citizen_numbers_of_all_valid_forms_are_taken(api: Api) -> None:
    for good in (
        make_citizen_number(),
        "11010519491231002X",
        "１１０１０５１９４９１２３１００２ｘ",
        "110105491231002",
    ):
        assert api("POST", "Patient", make_patient(resident=good)).status == 201, good
