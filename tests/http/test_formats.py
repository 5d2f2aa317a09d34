"""_format and Accept: JSON is served and said so in the same words at every door, whatever was
asked (FHIR R4 http.html#mime-type).
"""

import json
from typing import Any

import pytest

from tests.factories.fhir import FHIR, Api, make_bundle, make_patient

JSON = (
    "json",
    "application/json",
    "application/fhir%2Bjson",
    "application/fhir+json",
    "application/fhir+json;fhirVersion=4.0",
    "",
)
FOREIGN = (
    "xml",
    "application/fhir+xml",
    "text/xml",
    "application/foobar",
    "html",
    "application/fhir+json;fhirVersion=5.0",
)
DOORS = (
    "{about}",
    "{about}/_history/1",
    "{about}/_history",
    "Patient?_id=x",
    "",
    "metadata",
    "_history",
    "Patient/nobody",
    "nowhere/at/all/x/y",
    "{about}/$everything",
    "{about}/$summary",
    "{about}/$meta",
    "Observation/$lastn?patient={about}",
    "Encounter/1/Observation",
    "ValueSet/$expand?url=urn:x",
)


def ask(
    api: Api,
    path: str,
    accept: str = "text/html",
    method: str = "GET",
    body: Any = None,
    kind: str = FHIR,
) -> tuple[int, Any, str]:
    head = {"Authorization": f"Bearer {api.token}", "Accept": accept, "Content-Type": kind}
    reply = api.raw(method, f"/fhir/{api.base}/{path}", body, head)
    return reply.status, reply.body and reply.json, reply.headers.get("content-type", "")


@pytest.mark.parametrize("door", DOORS)
def test_every_door_serves_json_and_nothing_else(api: Api, door: str) -> None:
    path = door.format(about=api.create(make_patient()))
    mark = "&" if "?" in path else "?"
    good = ask(api, path, FHIR)[0]
    assert ask(api, path, FHIR, "HEAD")[:2] == (good, b""), "HEAD is everywhere where GET is"
    for said in JSON:
        if said:
            assert ask(api, f"{path}{mark}_format={said}")[0] == good, "it wins over Accept"
    for said in FOREIGN:
        status, told, kind = ask(api, f"{path}{mark}_format={said}", FHIR)
        assert (status, told["resourceType"], kind.split(";")[0]) == (
            406,
            "OperationOutcome",
            FHIR,
        ), (path, said)
    for accept, status in (
        ("application/fhir+xml", 406),
        ("text/html", 406),
        ("application/fhir+json;q=0", 406),
        ("application/fhir+json; fhirVersion=5.0", 406),
        ("application/fhir+json; fhirVersion=4.0", good),
        ("application/fhir+xml, application/fhir+json;q=0.1", good),
        ("*/*", good),
        ("text/html, */*;q=0.1", good),
    ):
        assert ask(api, path, accept)[0] == status, accept


def test_forms_and_bundles_say_it_too(api: Api) -> None:
    form = "application/x-www-form-urlencoded"
    assert ask(api, "Patient/_search", "text/html", "POST", b"_format=json", form)[0] == 406, (
        "the door asks before the form is read"
    )
    assert (
        ask(api, "Patient/_search", "*/*", "POST", b"_format=application/fhir%2Bjson", form)[0]
        == 200
    )
    assert ask(api, "Patient/_search", "*/*", "POST", b"_format=xml", form)[0] == 406
    rows = api(
        "POST",
        "",
        make_bundle(
            *(
                ("GET", f"{path}_format={f}", None)
                for path in ("Patient?", "metadata?", "Patient/x/_history?")
                for f in ("xml", "json")
            ),
            kind="batch",
        ),
    ).json["entry"]
    assert [r["response"]["status"][:3] for r in rows] == ["406", "200", "406", "200", "406", "404"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", ""),
        ("POST", "Patient"),
        ("PUT", "Patient/x"),
        ("PATCH", "Patient/x"),
        ("POST", "Patient/$validate"),
        ("POST", "Patient/x/$everything"),
        ("POST", "Patient/$match"),
        ("POST", "Patient/_search"),
        ("POST", "Patient/$import"),
    ],
)
def test_bodies_in_xml_are_refused_alike(api: Api, method: str, path: str) -> None:
    for kind in ("application/fhir+xml", "text/xml", "application/fhir+json; charset=gbk"):
        status, told, said = ask(
            api, path, FHIR, method, b"<Patient xmlns='http://hl7.org/fhir'/>", kind
        )
        assert (status, told["resourceType"], said.split(";")[0]) == (415, "OperationOutcome", FHIR)


def test_errors_before_the_door_is_open_are_json(api: Api) -> None:
    reply = api.raw("GET", f"/fhir/{api.base}/Patient", headers={"Accept": FHIR})
    assert reply.status == 401 and json.loads(reply.body)["resourceType"] == "OperationOutcome"


def test_a_body_of_another_version_is_refused(api: Api) -> None:
    """FHIR R4 http.html#version-parameter."""
    for version, status in (("5.0", 415), ("3.0", 415), ("4.0", 201), ("4.0.1", 201)):
        assert (
            api(
                "POST",
                "Patient",
                make_patient(),
                **{"Content-Type": f"application/fhir+json; fhirVersion={version}"},
            ).status
            == status
        ), version
