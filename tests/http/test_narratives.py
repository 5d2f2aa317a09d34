"""A narrative that acts or is broken is refused at every way in, with its place, and its good
neighbours are kept where they may be.
"""

from typing import Any

from tests.factories.bulk_jobs import read_export_lines, taken
from tests.factories.fhir import Api, make_bundle, make_observation, make_patient


def told(inner: str) -> dict[str, Any]:
    return {
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inner}</div>',
        }
    }


SCRIPT, BOLD = told("<script>1</script>"), told("<b>糖尿病</b>")


def test_one_resource(api: Api) -> None:
    for wrong, says in (
        (SCRIPT, "<script>"),
        (told("<p onclick='x()'>x</p>"), "onclick"),
        (told("a&nbsp;b"), "&#160;"),
        (told("<p>x"), "well-formed"),
        (told(" "), "txt-2"),
    ):
        found = api("POST", "Patient", make_patient() | wrong)
        assert found.status == 422 and "Patient.text.div" in found.says and says in found.says
        assert says in api("POST", "Patient/$validate", make_patient() | wrong).says
    about = api.create(make_patient() | BOLD)
    assert api("GET", about).json["text"] == BOLD["text"], "the control: as it came"
    assert api("PUT", about, api("GET", about).json | SCRIPT).status == 422
    assert (
        api(
            "PATCH",
            about,
            b'[{"op": "replace", "path": "/text/div", "value": "<div>"}]',
            Content_Type="application/json-patch+json",
        ).status
        == 422
    )
    assert api("GET", about).json["meta"]["versionId"] == "1"


def test_many_at_once(api: Api) -> None:
    rows = (
        ("POST", "Patient", make_patient() | BOLD),
        ("POST", "Patient", make_patient() | SCRIPT),
    )
    whole = api("POST", "", make_bundle(*rows))
    assert (
        whole.status == 422
        and "Bundle.entry[1].resource.text.div" in whole.says
        and api("GET", "Patient?_summary=count").json["total"] == 0
    )
    apart = api("POST", "", make_bundle(*rows, kind="batch")).json["entry"]
    assert [e["response"]["status"][:3] for e in apart] == ["201", "422"]
    found = taken(
        api,
        [
            make_patient() | {"id": "n1"},
            make_observation("Patient/n1") | SCRIPT,
            make_observation("Patient/n1") | BOLD,
        ],
    )
    assert found["extension"] == {"lines": 3, "taken": 2, "refused": 1}
    assert "Observation.text.div" in str(read_export_lines(api, found, "error"))


def test_comments_of_dstu2(api: Api) -> None:
    found = api("POST", "Patient", make_patient() | {"fhir_comments": ["x"]})
    assert found.status == 422 and "Patient.fhir_comments" in found.says and "DSTU2" in found.says
    assert (
        "DSTU2" in api("POST", "Patient/$validate", make_patient() | {"fhir_comments": ["x"]}).says
    )
