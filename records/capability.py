"""CapabilityStatement of a base, generated from the tables that do the work (FHIR R4 capabilitystatement.html)."""

from typing import Any

from records.fhir.json import dump
from records.fhir.types import TYPES
from records.search.definitions import parameters
from records.search.include import references

OWN = ("read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type")
SHARED = ("search-type",)
COMMON = (("_id", "token"), ("_lastUpdated", "date"))
EVERYTHING = {"name": "everything", "definition": "http://hl7.org/fhir/OperationDefinition/Patient-everything"}
VALIDATE = {"name": "validate", "definition": "http://hl7.org/fhir/OperationDefinition/Resource-validate"}
STARTED = "2026-11-23"


def statement(base: str, root: str) -> bytes:
    shared = base == "alliance"
    codes = SHARED if shared else OWN
    names = [n for n, t in TYPES.items() if not shared or n == "Patient" or t.subject_params]
    return dump({
        "resourceType": "CapabilityStatement", "status": "active", "date": STARTED, "kind": "instance", "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"], "patchFormat": ["application/json-patch+json", "application/fhir+json"], "software": {"name": "Xinglin"},
        "implementation": {"description": f"Xinglin, base {base}", "url": f"{root}/{base}"},
        "rest": [{
            "mode": "server",
            "security": {
                "service": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}],
                "extension": [{"url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                               "extension": [{"url": "token", "valueUri": root.removesuffix("/fhir") + "/oauth/token"}]}],
            },
            "resource": [resource(n, codes + ("read",) if shared and n == "Patient" else codes, shared) for n in names],
            **({} if shared else {"interaction": [{"code": "transaction"}, {"code": "batch"}, {"code": "history-system"}]}),
        }],
    })


def resource(name: str, codes: tuple[str, ...], shared: bool) -> dict[str, Any]:
    if shared and name == "Patient":
        asked: list[tuple[str, str]] = [("identifier", "token"), ("name", "string"), ("_id", "token")]
    else:
        asked = [*COMMON, *((p.code, p.kind) for p in parameters(name).values())]
    out: dict[str, Any] = {"type": name, "interaction": [{"code": c} for c in codes], "searchParam": [{"name": n, "type": k} for n, k in asked]}
    operations = ([EVERYTHING] if name == "Patient" else []) + ([] if shared else [VALIDATE])
    if operations:
        out["operation"] = operations
    if not shared:
        out |= {"versioning": "versioned-update", "readHistory": True, "updateCreate": True, "conditionalCreate": True,
                "conditionalUpdate": True, "conditionalDelete": "single", "conditionalRead": "full-support",
                "searchInclude": ["*", *(f"{name}:{p.code}" for p in references(name))], "referencePolicy": ["literal", "enforced"]}
    return out
