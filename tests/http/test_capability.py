"""What the CapabilityStatement states is so: it is read, and each thing in it is tried."""

import json
import re
from urllib.parse import urlsplit

import pytest

from alliance.models import Hospital
from records.fhir.validate import check_by_model
from records.requests.served_routes import list_metric_names
from tests.factories.fhir import Api, make_bundle, make_patient
from tests.support.official import sample

NEVER = {
    "token": "never-said",
    "string": "nowhere",
    "reference": "never-there",
    "date": "1066",
    "number": "98765432",
    "quantity": "98765432",
    "uri": "urn:never",
    "special": "-89|-179|1|km",
}


def stated(api: Api, base: str = "") -> dict[str, object]:
    found = api("GET", "metadata", base=base).json
    check_by_model(found, "CapabilityStatement")
    return found["rest"][0]  # type: ignore[no-any-return]


def test_every_parameter_that_is_stated_is_served_and_tells_apart(api: Api) -> None:
    """The store holds one resource of each type: with a value that none has it is not found, so
    no parameter is taken and passed over. That each finds what it should, tests/differential says.
    """
    Hospital.objects.filter(code=api.base).update(enforces_references=False)
    for known in sorted(set(re.findall(rb'"Patient/([A-Za-z0-9.-]+)"', b"".join(sample())))):
        assert (
            api("PUT", f"Patient/{known.decode()}", make_patient() | {"id": known.decode()}).status
            == 201
        )
    stored = api(
        "POST",
        "",
        make_bundle(
            *[("PUT", f"{r['resourceType']}/{r['id']}", r) for r in map(json.loads, sample())],
            kind="batch",
        ),
    ).json["entry"]
    types = {
        e["response"]["location"].split("/")[-4]
        for e in stored
        if e["response"]["status"].startswith("2")
    }
    assert len(types) > 80, [
        e["response"] for e in stored if not e["response"]["status"].startswith("2")
    ][:3]
    queries = []
    for row in stated(api)["resource"]:  # type: ignore[attr-defined]
        queries.append(row["type"])
        for p in row["searchParam"]:
            kinds = composite(row["type"], p["name"]) if p["type"] == "composite" else [p["type"]]
            values = ["never" if p["name"] == "_list" else NEVER[k] for k in kinds]
            queries.append(f"{row['type']}?{p['name']}={'$'.join(values)}")
    assert len(queries) > 2000
    found = {}
    for i in range(0, len(queries), 100):
        asked = [q + ("&" if "?" in q else "?") + "_summary=count" for q in queries[i : i + 100]]
        for query, entry in zip(
            queries[i : i + 100],
            api("POST", "", make_bundle(*[("GET", q, None) for q in asked], kind="batch")).json[
                "entry"
            ],
            strict=True,
        ):
            assert entry["response"]["status"].startswith("200"), (query, entry["response"])
            found[query] = entry["resource"]["total"]
    assert {q for q, total in found.items() if "?" not in q and total} >= types, (
        "the control: what was stored is found"
    )
    assert not [q for q, total in found.items() if "?" in q and total], (
        "a parameter that is stated and passed over"
    )


def composite(type_name: str, code: str) -> list[str]:
    from records.search.search_parameters import parameters_of_type

    return [p.kind for p in parameters_of_type(type_name)[code].contexts[0].parts]


def test_every_include_that_is_stated_is_served(api: Api) -> None:
    for row in stated(api)["resource"]:  # type: ignore[attr-defined]
        includes = [f"_include={i}" for i in row["searchInclude"]] + [
            f"_revinclude={i}" for i in row["searchRevInclude"]
        ]
        for i in range(0, len(includes), 25):
            reply = api("GET", f"{row['type']}?_id=x&{'&'.join(includes[i : i + 25])}")
            assert reply.status == 200, (row["type"], reply.body)


def called(operation: dict[str, str]) -> str:
    """The code by which it is called: the Bulk Data guide's own CapabilityStatement gives one
    code, export, three names.
    """
    return (
        "export" if operation["name"] in ("patient-export", "group-export") else operation["name"]
    )


def test_exports_are_stated_as_the_bulk_data_guide_names_them(api: Api) -> None:
    rest = stated(api)
    found = {
        (
            r.get("type", ""),
            o["name"],
            o["definition"].rpartition("uv/bulkdata/OperationDefinition/")[2],
        )  # type: ignore[attr-defined]
        for r in [rest, *rest["resource"]]
        for o in r.get("operation", [])
        if "export" in o["name"]
    }  # type: ignore[misc]
    assert found == {
        ("", "export", "export"),
        ("Patient", "patient-export", "patient-export"),
        ("Group", "group-export", "group-export"),
    }


def test_every_operation_and_only_those(api: Api) -> None:
    rest = stated(api)
    told = {called(o) for r in [rest, *rest["resource"]] for o in r.get("operation", [])}  # type: ignore[misc]
    shared = {
        called(o)
        for r in stated(api, "alliance")["resource"]
        for o in r.get("operation", [])  # type: ignore[attr-defined]
    }
    of_work = {"recognition-check", "recognition-decision", "send", "move", "document"}
    assert shared - told == of_work, "of the shared base alone"
    assert told | shared == {name[1:] for name in list_metric_names() if name.startswith("$")}
    for level, names in (
        ("", [called(o) for o in rest["operation"]]),
        *((r["type"], [called(o) for o in r.get("operation", [])]) for r in rest["resource"]),
    ):  # type: ignore[attr-defined]
        for name in names:
            replies = [
                api(method, f"{path}${name}", {} if method == "POST" else None)
                for method in ("GET", "POST")
                for path in (f"{level}/" if level else "", f"{level}/x/" if level else "")
            ]
            assert any(
                r.status not in (404, 405) or "no such address" not in r.says for r in replies
            ), (level, name)
            assert all(r.status < 500 for r in replies), (level, name, [r.body for r in replies])


@pytest.mark.parametrize(
    "kind", ["Patient", "Encounter", "Practitioner", "Device", "RelatedPerson"]
)
def test_compartments(api: Api, kind: str) -> None:
    assert f"http://hl7.org/fhir/CompartmentDefinition/{kind.lower()}" in stated(api)["compartment"]  # type: ignore[operator]
    assert api("GET", f"{kind}/x/*").status == 200


def test_the_shared_base_states_less(api: Api) -> None:
    rest = stated(api, "alliance")
    assert [i["code"] for i in rest["interaction"]] == ["search-system"]  # type: ignore[attr-defined]
    assert {o["name"] for r in rest["resource"] for o in r.get("operation", [])} == {
        "everything",
        "summary",
        "lastn",
        "patient-export",
        "match",
        "ihe-pix",
        "recognition-check",
        "recognition-decision",
        "send",
        "move",
        "document",
    }  # type: ignore[attr-defined]
    assert api("POST", "Patient", make_patient(), base="alliance").status == 403
    assert (
        urlsplit(api("GET", "metadata", base="alliance").json["implementation"]["url"]).path
        == "/fhir/alliance"
    )
