"""FHIRPath Patch, and PATCH and GET inside Bundles."""

import base64
import json
from typing import Any

import pytest

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient


def operation(kind: str, path: str, **parts: Any) -> dict[str, Any]:
    out: list[dict[str, Any]] = [
        {"name": "type", "valueCode": kind},
        {"name": "path", "valueString": path},
    ]
    for name, value in parts.items():
        if name in ("index", "source", "destination"):
            out.append({"name": name, "valueInteger": value})
        elif name == "name":
            out.append({"name": name, "valueString": value})
        else:
            out.append({"name": "value", **value})
    return {"name": "operation", "part": out}


def patch(*operations: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Parameters", "parameter": list(operations)}


@pytest.fixture
def about(api: Api) -> str:
    return api.create(
        make_patient("张伟")
        | {
            "telecom": [{"system": "phone", "value": "1"}, {"system": "email", "value": "a@b"}],
            "contact": [{"name": {"text": "王丽"}, "gender": "female"}],
        }
    )


def after(api: Api, about: str, *operations: dict[str, Any]) -> Any:
    reply = api("PATCH", about, patch(*operations))
    assert reply.status == 200, reply.body
    assert api("GET", about).json == reply.json and reply.json["meta"]["versionId"] == "2"
    return reply.json


def test_replace_add_delete(api: Api, about: str) -> None:
    found = after(
        api,
        about,
        operation("replace", "Patient.birthDate", value={"valueDate": "1958-03-13"}),
        operation(
            "add", "Patient", name="maritalStatus", value={"valueCodeableConcept": {"text": "已婚"}}
        ),
        operation(
            "add",
            "Patient",
            name="telecom",
            value={"valueContactPoint": {"system": "phone", "value": "2"}},
        ),
        operation("replace", "Patient.contact[0].name.text", value={"valueString": "王莉"}),
        operation("delete", "Patient.telecom.where(system = 'email')"),
    )
    assert (
        found["birthDate"] == "1958-03-13"
        and found["maritalStatus"] == {"text": "已婚"}
        and found["contact"][0]["name"]["text"] == "王莉"
    )
    assert [t["value"] for t in found["telecom"]] == ["1", "2"]


def test_lists_and_choices(api: Api, about: str) -> None:
    found = after(
        api,
        about,
        operation(
            "insert",
            "Patient.telecom",
            index=0,
            value={"valueContactPoint": {"system": "phone", "value": "0"}},
        ),
        operation("move", "Patient.telecom", source=2, destination=0),
        operation("add", "Patient", name="deceased", value={"valueBoolean": False}),
        operation(
            "add",
            "Patient.contact.first()",
            name="relationship",
            value={"valueCodeableConcept": {"text": "配偶"}},
        ),
    )
    assert [t["value"] for t in found["telecom"]] == ["a@b", "0", "1"] and found[
        "deceasedBoolean"
    ] is False
    assert found["contact"][0]["relationship"] == [{"text": "配偶"}]
    seen = api.create(make_observation(about))
    reply = api(
        "PATCH",
        seen,
        patch(
            operation("replace", "Observation.value.value", value={"valueDecimal": 8.5}),
            operation(
                "replace",
                "Observation.code.coding.where(code='4548-4').display",
                value={"valueString": "HbA1c"},
            ),
        ),
    )
    assert (
        reply.status == 422 and "names no elements" in reply.says and "parameter[1]" in reply.says
    ), "there is no display yet"
    reply = api(
        "PATCH",
        seen,
        patch(operation("replace", "Observation.value.value", value={"valueDecimal": 8.5})),
    )
    assert reply.json["valueQuantity"] == {"value": 8.5, "unit": "%"}


def test_a_whole_element_in_parts(api: Api, about: str) -> None:
    contact = {
        "part": [
            {"name": "name", "valueHumanName": {"text": "李雷"}},
            {"name": "relationship", "valueCodeableConcept": {"text": "子"}},
        ]
    }
    found = after(api, about, operation("add", "Patient", name="contact", value=contact))
    assert found["contact"][1] == {"name": {"text": "李雷"}, "relationship": [{"text": "子"}]}


def test_choices_by_their_base_name(api: Api, about: str) -> None:
    assert (
        after(
            api,
            about,
            operation("add", "Patient", name="deceased", value={"valueDateTime": "2020-01-01"}),
        )["deceasedDateTime"]
        == "2020-01-01"
    )
    again = api(
        "PATCH",
        about,
        patch(operation("add", "Patient", name="deceased", value={"valueBoolean": True})),
    )
    assert again.status == 422 and "there already" in again.says, "under another type"
    swapped = api(
        "PATCH",
        about,
        patch(operation("replace", "Patient.deceased", value={"valueBoolean": True})),
    ).json
    assert swapped["deceasedBoolean"] is True and "deceasedDateTime" not in swapped
    seen = api.create(make_observation(about))
    for path, value in (
        ("(Observation.value as Quantity).value", {"valueDecimal": 8.5}),
        ("Observation.value.as(Quantity).unit", {"valueString": "g"}),
        ("(Observation.value as FHIR.Quantity)", {"valueQuantity": {"value": 1}}),
        ("Observation.value as Quantity", {"valueQuantity": {"value": 2}}),
        ("Observation.value", {"valueString": "阴性"}),
        ("Observation.value", {"valueCodeableConcept": {"text": "阳性"}}),
    ):
        reply = api("PATCH", seen, patch(operation("replace", path, value=value)))
        assert reply.status == 200, (path, reply.body)
    assert (
        reply.json["valueCodeableConcept"] == {"text": "阳性"}
        and not {"valueString", "valueQuantity"} & reply.json.keys()
    )
    assert (
        api(
            "PATCH",
            seen,
            patch(
                operation(
                    "replace", "(Observation.value as Quantity).value", value={"valueDecimal": 1}
                )
            ),
        ).status
        == 422
    ), "it is no Quantity now"
    component = {
        "part": [
            {"name": "code", "valueCodeableConcept": {"text": "收缩压"}},
            {"name": "value", "valueQuantity": {"value": 120}},
        ]
    }
    assert api(
        "PATCH", seen, patch(operation("add", "Observation", name="component", value=component))
    ).json["component"] == [{"code": {"text": "收缩压"}, "valueQuantity": {"value": 120}}]
    assert (
        "valueCodeableConcept"
        not in api("PATCH", seen, patch(operation("delete", "Observation.value"))).json
    )


def test_no_operation_changes_nothing(api: Api, about: str) -> None:
    before = api("GET", about).json
    for body in (patch(), {"resourceType": "Parameters"}):
        reply = api("PATCH", about, body)
        assert reply.status == 200 and {k: v for k, v in reply.json.items() if k != "meta"} == {
            k: v for k, v in before.items() if k != "meta"
        }


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        (
            patch(operation("replace", "Patient.birthDate.", value={"valueDate": "1958-03-13"})),
            400,
            "not understood from",
        ),
        (
            patch(
                operation("replace", "Patient.name.given | Patient.id", value={"valueString": "x"})
            ),
            400,
            "not understood from",
        ),
        (patch(operation("delete", "Patient.telecom")), 422, "names 2 elements"),
        (patch(operation("change", "Patient.id")), 400, "one of add, insert, delete"),
        (
            patch(operation("add", "Patient", name="colour", value={"valueString": "x"})),
            422,
            "no element 'colour'",
        ),
        (
            patch(operation("add", "Patient", name="gender", value={"valueCode": "female"})),
            422,
            "is there already",
        ),
        (
            patch(operation("replace", "Patient.gender", value={"valueCode": "frau"})),
            422,
            "value set",
        ),
        (
            patch(operation("replace", "Patient.id", value={"valueId": "other"})),
            422,
            "does not change the id",
        ),
        (patch(operation("delete", "Patient")), 422, "deleted by DELETE"),
        (
            patch(
                operation(
                    "insert",
                    "Patient.telecom",
                    index=9,
                    value={"valueContactPoint": {"value": "0"}},
                )
            ),
            422,
            "from 0 to 2",
        ),
        ({"resourceType": "Parameters", "parameter": {}}, 400, "parameters named operation"),
        ({"resourceType": "Patient"}, 400, "parameters named operation"),
        (
            patch(
                {
                    "name": "operation",
                    "part": [
                        {"name": "type", "valueCode": "replace"},
                        {"name": "path", "valueString": "Patient.gender"},
                        {"name": "value", "value": 5},
                    ],
                }
            ),
            400,
            "needs value",
        ),
        (
            patch(
                operation("add", "Patient", name="deceased", value={"valueQuantity": {"value": 1}})
            ),
            422,
            "valueBoolean, valueDateTime",
        ),
        (
            patch(operation("replace", "(Patient.gender as", value={"valueCode": "female"})),
            400,
            "not understood from",
        ),
        (
            patch({"name": "operation", "part": [{"name": "type", "valueCode": "add"}]}),
            400,
            "needs path and name and value",
        ),
    ],
)
def test_what_cannot_be_applied_changes_nothing(
    api: Api, about: str, body: Any, status: int, says: str
) -> None:
    reply = api("PATCH", about, body)
    assert (reply.status, says in reply.says) == (status, True), reply.body
    assert api("GET", about).json["meta"]["versionId"] == "1"


@pytest.mark.parametrize("kind", ["transaction", "batch"])
def test_patch_and_get_in_bundles(api: Api, about: str, kind: str) -> None:
    seen = api.create(make_observation(about))
    packed = base64.b64encode(
        json.dumps([{"op": "replace", "path": "/status", "value": "amended"}]).encode()
    ).decode()
    sent = make_bundle(
        (
            "PATCH",
            about,
            patch(operation("replace", "Patient.gender", value={"valueCode": "other"})),
        ),
        (
            "PATCH",
            "Observation?code=4548-4",
            {
                "resourceType": "Binary",
                "contentType": "application/json-patch+json",
                "data": packed,
            },
        ),
        ("GET", seen, None),
        ("GET", f"Observation?patient={about}&_summary=count", None),
        ("GET", f"{about}/_history/1", None),
        kind=kind,
    )
    reply = api("POST", "", sent)
    assert reply.status == 200, reply.body
    rows = reply.json["entry"]
    assert [r["response"]["status"][:3] for r in rows] == ["200"] * 5
    assert rows[2]["resource"]["status"] == "amended", "a GET sees what the Bundle wrote"
    assert rows[3]["resource"]["total"] == 1 and rows[4]["resource"]["gender"] == "male"
    assert api("GET", about).json["gender"] == "other"


def test_a_transaction_whose_get_or_patch_fails_writes_nothing(api: Api, about: str) -> None:
    for bad in (
        ("GET", "Patient/nobody", None),
        ("PATCH", "Patient/nobody", patch(operation("delete", "Patient.gender"))),
        ("PATCH", "Patient?identifier=nobody", patch(operation("delete", "Patient.gender"))),
        ("GET", "Patient?colour=blue", None),
    ):
        reply = api("POST", "", make_bundle(("POST", "Observation", make_observation(about)), bad))  # type: ignore[arg-type]
        assert 400 <= reply.status < 500 and "entry[1]" in reply.says, reply.body
    assert api("GET", "Observation?_summary=count").json["total"] == 0
