"""Every form of a reference x every way into a store, against a plain table of what each means:
a record is found in its patient's chart, or it is refused.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests import draws
from tests.factories.bulk_jobs import taken
from tests.factories.fhir import Api, make_bundle, make_patient

# form of the reference to the patient -> what becomes of it: "own" (theirs), "foreign" (kept,
# nobody's), or "" (refused)
FORMS = {
    "Patient/{id}": "own",
    "{base}/Patient/{id}": "own",
    "{tls}/Patient/{id}": "own",
    "Patient/{id}/_history/1": "own",
    "{base}/Patient/{id}/_history/1": "own",
    "/Patient/{id}": "",
    "./Patient/{id}": "",
    "../Patient/{id}": "",
    "patient/{id}": "",
    "PATIENT/{id}": "",
    "{id}": "",
    "Patient/{id}#x": "",
    "Patient/{id}/": "",
    "Patient//{id}": "",
    "Patient/{id}?x=1": "",
    " Patient/{id}": "",
    "Patient/{id}|1": "",
    "Patient": "",
    "Patient/": "",
    "Person/{id}": "",
    "Medication/{id}": "",
    "Klient/{id}": "",
    "#{id}": "",
    "#": "",
    "Patient?identifier=urn:mrn|{mrn}": "",
    "Patient?identifier=urn:mrn|nobody": "",
    "urn:uuid:6a6a1b1e-53d4-4a6b-9a4c-0d4f0f0f0f0f": "",
    "urn:oid:1.2.3": "",
    "{base}/patient/{id}": "",
    "{base}/{id}": "",
    "ftp://other.example/Patient/{id}": "",
    "http://": "",
    "http://other.example/fhir/Patient/{id}": "foreign",
    "https://other.example/Patient/{id}/_history/3": "foreign",
    "{root}/alliance/Patient/{id}": "foreign",
    "{base}x/Patient/{id}": "foreign",
}
IN_TRANSACTION = {
    "Patient?identifier=urn:mrn|{mrn}": "own"
}  # http.html#trules gives it a meaning there, and there alone


def allergy(reference: str, fhir_id: str = "") -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        **({"id": fhir_id} if fhir_id else {}),
        "code": {"text": "青霉素"},
        "criticality": "high",
        "patient": {"reference": reference},
    }


def created(api: Api, reference: str, about: str) -> bool:
    return api("POST", "AllergyIntolerance", allergy(reference)).status == 201


def updated(api: Api, reference: str, about: str) -> bool:
    i = draws.token_hex(6)
    return api("PUT", f"AllergyIntolerance/{i}", allergy(reference, i)).status == 201


def patched(api: Api, reference: str, about: str) -> bool:
    other = api.create(make_patient())
    i = api.create(allergy(other))
    change = json.dumps(
        [{"op": "replace", "path": "/patient/reference", "value": reference}]
    ).encode()
    return api("PATCH", i, change, Content_Type="application/json-patch+json").status == 200


def conditionally(api: Api, reference: str, about: str) -> bool:
    return (
        api(
            "PUT", f"AllergyIntolerance?identifier=urn:a|{draws.token_hex(6)}", allergy(reference)
        ).status
        == 201
    )


def in_a_batch(api: Api, reference: str, about: str) -> bool:
    reply = api(
        "POST", "", make_bundle(("POST", "AllergyIntolerance", allergy(reference)), kind="batch")
    )
    return str(reply.json["entry"][0]["response"]["status"]).startswith("201")


def in_a_transaction(api: Api, reference: str, about: str) -> bool:
    return (
        api("POST", "", make_bundle(("POST", "AllergyIntolerance", allergy(reference)))).status
        == 200
    )


def validated(api: Api, reference: str, about: str) -> bool:
    return not any(
        i["severity"] == "error"
        for i in api("POST", "AllergyIntolerance/$validate", allergy(reference)).json["issue"]
    )


WAYS: list[Callable[[Api, str, str], bool]] = [
    created,
    updated,
    patched,
    conditionally,
    in_a_batch,
    in_a_transaction,
    validated,
]


def spelled(form: str, api: Api, about: str, mrn: str) -> str:
    root = f"http://{api.at.netloc}/fhir"
    return form.format(
        id=about.partition("/")[2],
        base=f"{root}/{api.base}",
        tls=f"https://{api.at.netloc}/fhir/{api.base}",
        root=root,
        mrn=mrn,
    )


@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
def test_a_record_is_its_patients_or_is_refused(
    api: Api, way: Callable[[Api, str, str], bool]
) -> None:
    for form, meant in (FORMS | (IN_TRANSACTION if way is in_a_transaction else {})).items():
        mrn = draws.token_hex(6)
        about = api.create(make_patient(mrn=mrn))
        stored = way(api, spelled(form, api, about, mrn), about)
        assert stored is (meant != ""), f"{way.__name__} {form}"
        chart = [
            e["resource"]
            for e in api("GET", f"{about}/$everything").json["entry"]
            if e["resource"]["resourceType"] == "AllergyIntolerance"
        ]
        found = api("GET", f"AllergyIntolerance?patient={about}&_summary=count").json["total"]
        wanted = int(meant == "own" and way is not validated)
        assert (len(chart), found) == (
            wanted,
            wanted,
        ), f"{way.__name__} {form}: in the chart, and found by the patient"
        assert all(r["patient"]["reference"].startswith("Patient/") for r in chart), (
            "as the store keeps it"
        )


def test_an_import_takes_the_same_forms(api: Api) -> None:
    mrn = draws.token_hex(6)
    about = api.create(make_patient(mrn=mrn))
    lines = {f"l{n}": spelled(form, api, about, mrn) for n, form in enumerate(FORMS)}
    taken(api, [allergy(reference, i) for i, reference in lines.items()])
    assert {i for i, form in zip(lines, FORMS, strict=True) if FORMS[form]} == {
        i for i in lines if api("GET", f"AllergyIntolerance/{i}").status == 200
    }
    chart = {e["resource"]["id"] for e in api("GET", f"{about}/$everything").json["entry"]} - {
        about.partition("/")[2]
    }
    assert chart == {i for i, form in zip(lines, FORMS, strict=True) if FORMS[form] == "own"}


def test_a_refusal_names_the_place_and_the_mend(api: Api) -> None:
    about = api.create(make_patient())
    i = about.partition("/")[2]
    for reference, mend in (
        (i, "write the type before it"),
        (f"/{about}", "leave out what stands before it"),
        (about.lower().replace(i.lower(), i), "capital letter"),
        (f"{about}#x", "leave out what stands behind #"),
        ("Patient?identifier=x", "in a transaction only"),
        (f"Klient/{i}", "no resource type Klient"),
    ):
        reply = api("POST", "AllergyIntolerance", allergy(reference))
        assert (
            reply.status == 422
            and "AllergyIntolerance.patient.reference" in reply.says
            and mend in reply.says
        ), (reference, reply.says)


def test_a_reference_leads_to_what_its_element_may_lead_to(api: Api) -> None:
    about, device = api.create(make_patient()), api.create({"resourceType": "Device"})
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": about},
    }
    note: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": about},
    }
    at = api.create(encounter)
    assert (
        api(
            "POST",
            "Observation",
            note | {"encounter": {"reference": at}, "device": {"reference": device}},
        ).status
        == 201
    ), "the control"
    for wrong in (
        {"encounter": {"reference": about}},
        {"device": {"reference": about}},
        {"subject": {"reference": at}},
        {"encounter": {"reference": at, "type": "Patient"}},
        {
            "component": [
                {
                    "code": {"text": "x"},
                    "extension": [
                        {"url": "http://e.example", "valueReference": {"reference": "x"}}
                    ],
                }
            ]
        },
        {
            "_issued": {
                "extension": [{"url": "http://e.example", "valueReference": {"reference": "x"}}]
            }
        },
    ):
        assert api("POST", "Observation", note | wrong).status == 422, wrong
    anything = {"extension": [{"url": "http://e.example", "valueReference": {"reference": device}}]}
    assert api("POST", "Observation", note | anything).status == 201, (
        "an extension may lead anywhere"
    )


def test_what_is_called_reference_and_is_none_is_left_alone(api: Api) -> None:
    about = api.create(make_patient())
    assert (
        api(
            "POST",
            "DetectedIssue",
            {
                "resourceType": "DetectedIssue",
                "status": "final",
                "patient": {"reference": about},
                "reference": "guideline-7",
            },
        ).status
        == 201
    )


def test_contained_resources(api: Api) -> None:
    about = api.create(make_patient())
    note: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": about},
        "device": {"reference": "#d"},
    }
    inside = {
        "resourceType": "Device",
        "id": "d",
        "patient": {"reference": about},
        "parent": {"reference": "#e"},
    }
    assert (
        api(
            "POST",
            "Observation",
            note | {"contained": [inside, {"resourceType": "Device", "id": "e"}]},
        ).status
        == 201
    )
    for contained in (
        [],
        [inside],
        [{"resourceType": "Device", "id": "other"}],
        [{"resourceType": "Specimen", "id": "d"}],
    ):
        assert (
            api(
                "POST", "Observation", note | ({"contained": contained} if contained else {})
            ).status
            == 422
        ), contained
    back = {
        "resourceType": "Provenance",
        "id": "d",
        "target": [{"reference": "#"}],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    assert (
        api(
            "POST",
            "Observation",
            {k: v for k, v in note.items() if k != "device"} | {"contained": [back]},
        ).status
        == 201
    ), "# is what is around it"


def test_contained_resources_have_an_id_each_and_contain_nothing(api: Api) -> None:
    """Of two with one id a reference would mean either, and a patient's record would be
    whoever's stands first.
    """
    about = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": "#p"},
    }
    one, two = {**make_patient(), "id": "p"}, {**make_patient(), "id": "p"}
    for contained, says in (
        ([one, two], "contained[1].id"),
        ([{**one, "contained": [two]}], "contained[0].contained"),
    ):
        reply = api("POST", "Observation", {**about, "contained": contained})
        assert reply.status == 422 and says in reply.says, reply.body
    assert (
        api("POST", "Observation", {**about, "contained": [one, {**two, "id": "q"}]}).status == 201
    ), "the control"
