"""Bundles that are stored as they are: a closed world, filed with the patient whom the document
brings along, as the index knows them (FHIR R4 documents.html).
"""

from typing import Any

import pytest

from tests import draws
from tests.factories.fhir import Api, make_citizen_number, make_patient
from tests.support.world import World, related, w

__all__ = ["w"]

ROOT = "http://sender.example/fhir"


def document(
    about: dict[str, Any], root: str = ROOT, subject: str = "", kind: str = "document"
) -> dict[str, Any]:
    """A discharge letter as another server sends it; about: its inner Patient, with an id."""
    url = f"{root}/Patient/{about['id']}" if root.startswith("http") else root
    letter = {
        "resourceType": "Composition",
        "id": "c",
        "status": "final",
        "type": {"text": "出院小结"},
        "subject": {"reference": subject or f"Patient/{about['id']}"},
        "date": "2026-11-01",
        "author": [{"reference": "Practitioner/d"}],
        "title": "出院小结",
    }
    return {
        "resourceType": "Bundle",
        "type": kind,
        "timestamp": "2026-11-01T00:00:00Z",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": f"urn:oid:1.2.{draws.randbelow(10**9)}",
        },
        "entry": [
            {"fullUrl": f"{ROOT}/Composition/c", "resource": letter},
            {"fullUrl": url, "resource": about},
            {
                "fullUrl": f"{ROOT}/Practitioner/d",
                "resource": {"resourceType": "Practitioner", "id": "d"},
            },
        ],
    }


def chart(api: Api, about: str, base: str = "") -> list[str]:
    return [
        e["resource"]["resourceType"]
        for e in api("GET", f"Patient/{about}/$everything", base=base).json["entry"]
    ]


def stored(api: Api, whole: dict[str, Any], way: str) -> tuple[str, str]:
    """(id, what the sender was told)"""
    if way == "alone":
        reply = api("POST", "Bundle", whole)
        assert reply.status == 201, reply.body
        return reply.headers["location"].split("/")[-3], reply.headers.get("warning", "")
    reply = api(
        "POST",
        "",
        {
            "resourceType": "Bundle",
            "type": way,
            "entry": [{"resource": whole, "request": {"method": "POST", "url": "Bundle"}}],
        },
    )
    answer = reply.json["entry"][0]["response"]
    assert answer["status"].startswith("201"), reply.body
    return answer["location"].split("/")[1], str(answer.get("outcome", ""))


@pytest.mark.parametrize("way", ["alone", "batch", "transaction"])
def test_a_strangers_document_is_not_filed_with_whoever_has_the_same_id(api: Api, way: str) -> None:
    i = f"d{draws.token_hex(4)}"
    api("PUT", f"Patient/{i}", make_patient() | {"id": i})
    for inner in (i, f"n{draws.token_hex(4)}"):
        whole = document(make_patient() | {"id": inner})
        kept, told = stored(api, whole, way)
        assert "nobody's record here" in told
        assert api("GET", f"Bundle/{kept}").json["entry"] == whole["entry"], "as it was sent"
    assert chart(api, i) == ["Patient"]


@pytest.mark.parametrize("way", ["alone", "batch", "transaction"])
def test_a_document_is_filed_by_its_patients_identifiers(api: Api, way: str) -> None:
    resident = make_citizen_number()
    mine = make_patient(resident=resident)
    own = api.create(mine).partition("/")[2]
    url = "urn:uuid:6a6a1b1e-53d4-4a6b-9a4c-0d4f0f0f0f0f"
    for whole in (
        document(mine | {"id": "x"}),
        document(mine | {"id": "x"}, url, subject=url),
        document({"resourceType": "Patient", "id": "x", "identifier": mine["identifier"][:1]}),
    ):
        _, told = stored(api, whole, way)
        assert not told
    assert chart(api, own) == ["Patient", "Bundle", "Bundle", "Bundle"]
    for other in (
        make_patient(resident=resident, birth="1990-05-06", gender="female"),
        make_patient(),
        {"resourceType": "Patient", "name": mine["name"]},
        mine | {"identifier": [{"value": mine["identifier"][0]["value"]}]},
    ):
        _, told = stored(api, document(other | {"id": "x"}), way)
        assert "nobody's record here" in told, other
    stored(api, document(mine | {"id": "x"}, kind="collection"), way)
    assert chart(api, own) == [
        "Patient",
        "Bundle",
        "Bundle",
        "Bundle",
    ], "only a document says whom it is about"


def test_a_document_never_reaches_a_strangers_shared_record(w: World) -> None:
    """The reader at the other hospital sees the document that is theirs, and not the one whose
    inner id happens to be theirs.
    """
    related(w)
    w.permit()
    before = chart(w.ask, str(w.person), base="alliance")
    stored(w.hold, document(make_patient() | {"id": w.at_b.partition("/")[2]}), "alone")
    assert chart(w.ask, str(w.person), base="alliance") == before
    mine = w.hold("GET", w.at_b).json
    stored(w.hold, document({k: v for k, v in mine.items() if k != "meta"} | {"id": "x"}), "alone")
    assert chart(w.ask, str(w.person), base="alliance").count("Bundle") == 1, "the control"


def test_a_contained_or_logical_patient(api: Api) -> None:
    mine = make_patient(resident=make_citizen_number())
    own = api.create(mine).partition("/")[2]
    note: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    inside = note | {"contained": [mine | {"id": "p"}], "subject": {"reference": "#p"}}
    logical = note | {"subject": {"identifier": mine["identifier"][1], "display": "姓名"}}
    assert [api("POST", "Observation", r).headers.get("warning") for r in (inside, logical)] == [
        None,
        None,
    ]
    assert (
        chart(api, own) == ["Patient", "Observation", "Observation"]
        and api("GET", f"Observation?patient={own}&_summary=count").json["total"] == 2
    )
    assert (
        "nobody's record here"
        in api("POST", "Observation", note | {"subject": {"display": "姓名"}}).headers["warning"]
    )
    for nobody in (
        note | {"contained": [make_patient() | {"id": "p"}], "subject": {"reference": "#p"}},
        note | {"subject": {"identifier": {"system": "urn:mrn", "value": draws.token_hex(6)}}},
        note | {"subject": {"reference": f"{ROOT}/Patient/{own}"}},
    ):
        assert "nobody's record here" in api("POST", "Observation", nobody).headers["warning"]
    assert len(chart(api, own)) == 3


@pytest.mark.parametrize(
    ("held", "told", "filed"),
    [
        ({"name": [{"text": "王小明"}]}, {"name": [{"text": "王小明"}]}, True),
        (
            {"name": [{"text": "王小明"}], "birthDate": "1980-02-03", "gender": "male"},
            {"name": [{"text": "王小明"}]},
            True,
        ),
        (
            {"name": [{"text": "王小明"}], "birthDate": "1980-02-03"},
            {"birthDate": "1980-02-03"},
            True,
        ),
        ({"birthDate": "1980-02-03"}, {"birthDate": "1980"}, True),
        ({"gender": "male"}, {}, True),
        (
            {"name": [{"text": "王小明"}], "birthDate": "1980-02-03"},
            {"name": [{"text": "Wang Xiaoming"}], "birthDate": "1980-02-03"},
            True,
        ),
        ({"name": [{"text": "王小明"}]}, {"name": [{"text": "李大华"}]}, False),
        (
            {"name": [{"text": "王小明"}], "birthDate": "1980-02-03"},
            {"birthDate": "1981-07-03"},
            False,
        ),
        ({"name": [{"text": "王小明"}], "gender": "male"}, {"gender": "female"}, False),
        (
            {"name": [{"text": "王小明"}], "birthDate": "1980-02-03", "gender": "male"},
            {"name": [{"text": "王小明"}], "birthDate": "1991-11-23", "gender": "male"},
            False,
        ),
    ],
)
def test_only_what_contradicts_keeps_a_document_from_its_patient(
    api: Api, held: dict[str, Any], told: dict[str, Any], filed: bool
) -> None:
    """However many others have that name: the number says who is meant."""
    n = [{"system": "urn:house:mrn", "value": draws.token_hex(6)}]
    own = api.create({"resourceType": "Patient", "identifier": n, **held}).partition("/")[2]
    _, says = stored(
        api, document({"resourceType": "Patient", "id": "x", "identifier": n, **told}), "alone"
    )
    assert chart(api, own) == ["Patient"] + ["Bundle"] * filed and bool(says) is not filed


def test_a_search_into_a_stored_bundle_is_refused(api: Api) -> None:
    """Nothing is kept of what stands inside, so no hits would look like an answer."""
    stored(api, document(make_patient() | {"id": "x"}), "alone")
    for asked in (
        "composition.title=x",
        "composition.patient=Patient/x",
        "composition:Composition.type=x",
        "composition=Composition/c",
        "message.event=x",
        "message=MessageHeader/m",
    ):
        reply = api("GET", f"Bundle?{asked}")
        assert reply.status == 400 and "look into it" in reply.says, asked
    assert api("GET", "Bundle?composition:missing=false&type=document").json["total"] == 1, (
        "the control"
    )
