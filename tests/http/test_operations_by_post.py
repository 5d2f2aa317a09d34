"""Every operation is asked by POST as it is by GET, with Parameters or with nothing at all (FHIR
R4 operations.html#executing).
"""

from typing import Any

import pytest

from tests.factories.fhir import FHIR, Api, make_observation, make_patient


def posted(api: Api, path: str, *pairs: tuple[str, str, Any]) -> Any:
    return api(
        "POST",
        path,
        {
            "resourceType": "Parameters",
            **({"parameter": [{"name": n, k: v} for n, k, v in pairs]} if pairs else {}),
        },
    )


def about(api: Api) -> tuple[str, str]:
    who = api.create(make_patient(mrn="O-1"))
    return who, api.create(make_observation(who))


@pytest.mark.parametrize(
    "path",
    [
        "{who}/$everything",
        "{who}/$summary",
        "{who}/$meta",
        "Patient/$meta",
        "$meta",
        "Observation/$lastn?patient={who}",
        "{who}/$everything?_type=Observation",
    ],
)
def test_by_post_with_and_without_a_body(api: Api, path: str) -> None:
    path = path.format(who=about(api)[0])
    wanted = api("GET", path)
    assert wanted.status == 200, wanted.body
    for found in (posted(api, path), api("POST", path), api("POST", path, b"")):
        assert found.status == 200 and len(found.json.get("entry", [])) == len(
            wanted.json.get("entry", [])
        ), found.body
    bare = api.raw(
        "POST", f"/fhir/{api.base}/{path}", None, {"Authorization": f"Bearer {api.token}"}
    )
    assert bare.status == 200, "without a Content-Type"
    for body, kind, status in ((b"{", FHIR, 400), (b"{}", FHIR, 400), (b"<a/>", "text/xml", 415)):
        assert (
            api.raw(
                "POST",
                f"/fhir/{api.base}/{path}",
                body,
                {"Authorization": f"Bearer {api.token}", "Content-Type": kind},
            ).status
            == status
        )


def test_parameters_of_a_body_count_as_those_of_the_address(api: Api) -> None:
    who, seen = about(api)
    everything = posted(
        api,
        f"{who}/$everything",
        ("_type", "valueString", "Observation"),
        ("_count", "valueInteger", 5),
    )
    assert [e["resource"]["id"] for e in everything.json["entry"]] == [seen.split("/")[1]]
    lastn = posted(
        api,
        "Observation/$lastn",
        ("patient", "valueReference", {"reference": who}),
        ("max", "valueInteger", 2),
    )
    assert [e["resource"]["id"] for e in lastn.json["entry"]] == [seen.split("/")[1]]
    pix = posted(api, "Patient/$ihe-pix", ("sourceIdentifier", "valueString", "urn:mrn|O-1"))
    assert pix.status == api("GET", "Patient/$ihe-pix?sourceIdentifier=urn:mrn|O-1").status
    for path in (f"{who}/$summary", f"{who}/$everything", "Observation/$lastn", f"{who}/$meta"):
        assert posted(api, path, ("sideways", "valueString", "x")).status == 400, path


def test_exports_are_kicked_off_by_an_empty_post(api: Api) -> None:
    for path in ("$export", "Patient/$export", "Patient/$export?_type=Patient"):
        found = api("POST", path, Prefer="respond-async")
        assert found.status == 202, found.body
        api("DELETE", found.headers["content-location"].split(f"/{api.base}/")[1])
    assert posted(api, "$export", ("_type", "valueString", "Nothing")).status == 400


def test_an_instance_is_validated(api: Api) -> None:
    who, _ = about(api)
    body = api("GET", who).json
    assert "would be taken" in api("POST", f"{who}/$validate", body).says
    assert (
        "would be taken"
        in api(
            "POST",
            f"{who}/$validate",
            {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]},
        ).says
    )
    for wrong, says in (
        (body | {"id": "other"}, "must agree"),
        (body | {"gender": "m"}, "Patient.gender"),
    ):
        found = api("POST", f"{who}/$validate", wrong)
        assert found.status == 200 and says in found.says
