"""$everything and $validate."""

from typing import Any

import pytest

from tests.factories.fhir import Api, make_citizen_number, make_observation, make_patient


def kinds(reply) -> list[tuple[str, str]]:  # type: ignore[no-untyped-def]
    assert reply.status == 200, reply.body
    return [
        (e["search"]["mode"], e["resource"]["resourceType"]) for e in reply.json.get("entry", [])
    ]


def test_everything_of_one_patient_and_of_nobody_else(api: Api) -> None:
    who = api.create({"resourceType": "Practitioner", "name": [{"text": "化验员"}]})
    about, other = api.create(make_patient()), api.create(make_patient("别人"))
    for date in ("2024-05-01", "2025-05-01", "2026-05-01"):
        api.create(make_observation(about, date=date) | {"performer": [{"reference": who}]})
    api.create(make_observation(other))
    everything = f"{about}/$everything"
    assert sorted(kinds(api("GET", everything))) == [
        ("include", "Practitioner"),
        *[("match", "Observation")] * 3,
        ("match", "Patient"),
    ]
    assert (
        kinds(api("GET", f"{everything}?start=2025-01-01&end=2025-12-31")).count(
            ("match", "Observation")
        )
        == 1
    )
    allergy = api.create(
        {
            "resourceType": "AllergyIntolerance",
            "patient": {"reference": about},
            "code": {"text": "青霉素"},
        }
    )
    for when in ("start=2025-01-01", "end=2025-12-31"):
        assert ("match", "AllergyIntolerance") in kinds(api("GET", f"{everything}?{when}")), (
            "what has no date belongs to every time"
        )
    assert api("DELETE", allergy).status == 204
    assert kinds(api("GET", f"{everything}?_type=Observation")).count(("match", "Observation")) == 3
    assert kinds(api("GET", f"{everything}?_type=Patient")) == [("match", "Patient")]
    assert kinds(api("GET", f"{everything}?_since=2999-01-01")) == []
    seen, link = [], everything
    while link:
        page = api(
            "GET", f"{link.split(api.base + '/')[-1]}" if "://" in link else f"{link}?_count=2"
        ).json
        seen += [e["fullUrl"] for e in page["entry"] if e["search"]["mode"] == "match"]
        link = next((x["url"] for x in page["link"] if x["relation"] == "next"), "")
    assert len(seen) == len(set(seen)) == 4, "pages give each once"


def test_everything_takes_what_only_names_him_besides_another(api: Api) -> None:
    about, other = api.create(make_patient()), api.create(make_patient("别人"))
    meeting = {
        "resourceType": "Appointment",
        "status": "booked",
        "participant": [{"actor": {"reference": p}, "status": "accepted"} for p in (other, about)],
    }
    both = api.create(meeting)
    api.create({**meeting, "participant": meeting["participant"][:1]})  # type: ignore[index]
    group = api.create(
        {
            "resourceType": "Group",
            "type": "person",
            "actual": True,
            "member": [{"entity": {"reference": about}}],
        }
    )
    found = {
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in api("GET", f"{about}/$everything").json["entry"]
    }
    assert found == {about, both, group}
    assert {
        f"{e['resource']['resourceType']}/{e['resource']['id']}"
        for e in api("GET", f"{about}/*").json["entry"]
    } == found, "it is the compartment"


def test_everything_refuses(api: Api, stranger: Api) -> None:
    about = api.create(make_patient())
    assert (
        api("GET", "Patient/nobody/$everything").status
        == api("GET", "Patient/nobody/$everything?_count=9").status
        == 404
    )
    for query in ("_type=Nonsense", "start=soon", "_count=0", "shoe=44", "start=2025&start=2026"):
        assert api("GET", f"{about}/$everything?{query}").status == 400, query
    assert (
        api("GET", "Observation/x/$everything").status == 400
        and api("DELETE", f"{about}/$everything").status == 405
    )
    assert stranger("GET", f"{about}/$everything", base=api.base).status in (403, 404)
    assert api("GET", f"{about}/$everything").status == 200, "the control"


def test_validate_tells_and_stores_nothing(api: Api) -> None:
    about = api.create(make_patient())
    fine = api("POST", "Observation/$validate", make_observation(about))
    assert fine.status == 200 and fine.json["issue"][0]["severity"] == "information"
    wrapped = {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "mode", "valueCode": "create"},
            {"name": "resource", "resource": make_observation(about) | {"status": "bogus"}},
        ],
    }
    assert "Observation.status" in api("POST", "Observation/$validate", wrapped).says
    assert (
        "Patient/nobody is not in this store"
        in api("POST", "Observation/$validate", make_observation("Patient/nobody")).says
    )
    assert (
        "check digit"
        in api(
            "POST", "Patient/$validate", make_patient(resident=make_citizen_number()[:-1] + "#")
        ).says
    )
    assert "JSON object" in api("POST", "Patient/$validate", {"resourceType": "Parameters"}).says
    assert (
        api("GET", "Observation?_summary=count").json["total"] == 0
        and api("GET", "Patient?_summary=count").json["total"] == 1
    )


@pytest.mark.parametrize(
    "parameter",
    [
        5,
        "x",
        [5],
        [{"name": []}],
        [{"name": {}}],
        [{"name": "mode", "valueCode": "delete"}],
        [{"name": "profile", "valueUri": "urn:x"}],
        None,
    ],
)
def test_validate_refuses_what_it_would_not_look_at(api: Api, parameter: Any) -> None:
    reply = api("POST", "Patient/$validate", {"resourceType": "Parameters", "parameter": parameter})
    assert reply.status in (200, 400) and reply.json["issue"][0]["severity"] == "error", reply.body
