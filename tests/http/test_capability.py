"""What the CapabilityStatement states is so: it is read, and each thing in it is tried."""

import re
from urllib.parse import urlsplit

import pytest

from records.api.interactions import INTERACTIONS
from records.fhir.validate import judge
from tests.factories.fhir import Api, patient

VALUES = {"token": "a", "string": "a", "reference": "x", "date": "2026", "number": "1", "quantity": "1", "uri": "urn:a", "special": "1|1|1|km"}


def stated(api: Api, base: str = "") -> dict[str, object]:
    found = api("GET", "metadata", base=base).json
    judge(found, "CapabilityStatement")
    return found["rest"][0]  # type: ignore[no-any-return]


def test_every_parameter_that_is_stated_is_served(api: Api) -> None:
    tried = 0
    for row in stated(api)["resource"]:  # type: ignore[attr-defined]
        pairs = []
        for p in row["searchParam"]:
            if p["type"] == "composite":
                parts = composite(row["type"], p["name"])
                pairs.append(f"{p['name']}={'$'.join(VALUES[k] for k in parts)}")
            else:
                pairs.append(f"{p['name']}={'x' if p['name'] == '_list' else VALUES[p['type']]}")
        for i in range(0, len(pairs), 12):
            reply = api("GET", f"{row['type']}?{'&'.join(pairs[i:i + 12])}")
            assert reply.status == 200, (row["type"], pairs[i:i + 12], reply.body)
        tried += len(pairs)
    assert tried > 2000


def composite(type_name: str, code: str) -> list[str]:
    from records.search.definitions import parameters

    return [p.kind for p in parameters(type_name)[code].contexts[0].parts]


def test_every_include_that_is_stated_is_served(api: Api) -> None:
    for row in stated(api)["resource"]:  # type: ignore[attr-defined]
        includes = [f"_include={i}" for i in row["searchInclude"]] + [f"_revinclude={i}" for i in row["searchRevInclude"]]
        for i in range(0, len(includes), 25):
            reply = api("GET", f"{row['type']}?_id=x&{'&'.join(includes[i:i + 25])}")
            assert reply.status == 200, (row["type"], reply.body)


def called(operation: dict[str, str]) -> str:
    """The code by which it is called: the Bulk Data guide's own CapabilityStatement gives one code, export, three names."""
    return "export" if operation["name"] in ("patient-export", "group-export") else operation["name"]


def test_exports_are_stated_as_the_bulk_data_guide_names_them(api: Api) -> None:
    rest = stated(api)
    found = {(r.get("type", ""), o["name"], o["definition"].rpartition("uv/bulkdata/OperationDefinition/")[2])  # type: ignore[attr-defined]
             for r in [rest, *rest["resource"]] for o in r.get("operation", []) if "export" in o["name"]}  # type: ignore[misc]
    assert found == {("", "export", "export"), ("Patient", "patient-export", "patient-export"), ("Group", "group-export", "group-export")}


def test_every_operation_and_only_those(api: Api) -> None:
    rest = stated(api)
    told = {called(o) for r in [rest, *rest["resource"]] for o in r.get("operation", [])}  # type: ignore[misc]
    assert told == {m.group(1) for _, s in INTERACTIONS if (m := re.search(r"\$(.+)", s))}
    for level, names in (("", [called(o) for o in rest["operation"]]), *((r["type"], [called(o) for o in r.get("operation", [])]) for r in rest["resource"])):  # type: ignore[attr-defined]
        for name in names:
            replies = [api(method, f"{path}${name}", {} if method == "POST" else None) for method in ("GET", "POST") for path in (f"{level}/" if level else "", f"{level}/x/" if level else "")]
            assert any(r.status not in (404, 405) or "no such address" not in r.says for r in replies), (level, name)
            assert all(r.status < 500 for r in replies), (level, name, [r.body for r in replies])


@pytest.mark.parametrize("kind", ["Patient", "Encounter", "Practitioner", "Device", "RelatedPerson"])
def test_compartments(api: Api, kind: str) -> None:
    assert f"http://hl7.org/fhir/CompartmentDefinition/{kind.lower()}" in stated(api)["compartment"]  # type: ignore[operator]
    assert api("GET", f"{kind}/x/*").status == 200


def test_the_shared_base_states_less(api: Api) -> None:
    rest = stated(api, "alliance")
    assert [i["code"] for i in rest["interaction"]] == ["search-system"]  # type: ignore[attr-defined]
    assert {o["name"] for r in rest["resource"] for o in r.get("operation", [])} == {"everything", "summary", "lastn", "patient-export", "match", "ihe-pix"}  # type: ignore[attr-defined]
    assert api("POST", "Patient", patient(), base="alliance").status == 403
    assert urlsplit(api("GET", "metadata", base="alliance").json["implementation"]["url"]).path == "/fhir/alliance"
