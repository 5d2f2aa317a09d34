"""CapabilityStatement of a base, generated from the tables that do the work (FHIR R4 capabilitystatement.html)."""

from typing import Any

from alliance.models import Hospital
from records.facade import demographics
from records.fhir import limits, published
from records.fhir.json import dump
from records.fhir.types import TYPES, table
from records.search.chain import enclosed
from records.search.definitions import parameters
from records.search.include import references
from records.search.referrers import FREE

OWN = ("read", "vread", "update", "patch", "delete", "history-instance", "history-type", "create", "search-type")
SHARED = ("search-type",)
COMMON = (("_id", "token"), ("_lastUpdated", "date"), ("_list", "special"), ("_text", "string"), ("_content", "string"))
BASE = "http://hl7.org/fhir/OperationDefinition/"
BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
# operation -> (its definition, the types that have it ("": the base, "*": every type), served at the shared base too)
OPERATIONS: dict[str, tuple[str, tuple[str, ...], bool]] = {
    "everything": (BASE + "Patient-everything", ("Patient",), True),
    "summary": ("http://hl7.org/fhir/uv/ips/OperationDefinition/summary", ("Patient",), True),
    "lastn": (BASE + "Observation-lastn", ("Observation",), True),
    "match": (BASE + "Patient-match", ("Patient",), True),
    "ihe-pix": ("https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix", ("Patient",), True),
    "validate": (BASE + "Resource-validate", ("*",), False),
    "meta": (BASE + "Resource-meta", ("", "*"), False),
    "meta-add": (BASE + "Resource-meta-add", ("*",), False),
    "meta-delete": (BASE + "Resource-meta-delete", ("*",), False),
    "export": (BULK + "export", ("",), False),
    "patient-export": (BULK + "patient-export", ("Patient",), True),  # called as $export, named as the guide's CapabilityStatement names it
    "group-export": (BULK + "group-export", ("Group",), False),
    "import": ("urn:xinglin:operation:import", ("", "*"), False),
    "expand": (BASE + "ValueSet-expand", ("ValueSet",), False),
    "validate-code": (BASE + "ValueSet-validate-code", ("ValueSet", "CodeSystem"), False),
    "lookup": (BASE + "CodeSystem-lookup", ("CodeSystem",), False),
    "subsumes": (BASE + "CodeSystem-subsumes", ("CodeSystem",), False),
    "translate": (BASE + "ConceptMap-translate", ("ConceptMap",), False),
    "status": ("http://hl7.org/fhir/uv/subscriptions-backport/OperationDefinition/backport-subscription-status", ("Subscription",), False),
}
FEED = ("_history of a resource and of a type is newest first; that of the whole base is a feed, oldest first: follow its link next to the end, keep the last one, and ask it again "
        "for what has come since.")
SECURITY = ("SMART Backend Services: a token has scopes system/Type.cruds (system/Type.read and .write, too), and each interaction asks for its letter: c create; r read, vread, history of "
            "a resource; u update, with r patch; d delete; s search, history of a type, and beside the other letter each condition. Without a scope in its request a system gets all that it is "
            "registered for. Pages in browsers: origins of registered systems.")
STARTED = "2026-11-26"


def statement(base: str, root: str) -> bytes:
    shared = base == "alliance"
    enforced, versioned = Hospital.objects.filter(code=base).values_list("enforces_references", "requires_version").first() or (True, False)
    names = [n for n, t in TYPES.items() if not shared or n == "Patient" or t.subject_params]
    interactions = ("search-system",) if shared else ("transaction", "batch", "search-system", "history-system")
    return dump({
        "resourceType": "CapabilityStatement", "status": "active", "date": STARTED, "kind": "instance", "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"], "patchFormat": ["application/json-patch+json", "application/fhir+json"], "software": {"name": "Xinglin"},
        "implementation": {"description": f"Xinglin, base {base}", "url": f"{root}/{base}"},
        **({} if shared else {"instantiates": ["http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"]}),
        "rest": [{
            "mode": "server",
            "documentation": f"{limits.told()} {FEED} What is our own, extensions, codes and $import, is defined at {root}/{published.BASE}.",
            "security": {
                "cors": True, "description": SECURITY,
                "service": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/restful-security-service", "code": "SMART-on-FHIR"}]}],
            },
            "resource": [*(resource(n, shared) | ({} if shared else integrity(enforced and n not in FREE, versioned)) for n in names),
                         *([{"type": "Person", "interaction": [{"code": "read"}]}] if shared else [])],
            "interaction": [{"code": c} for c in interactions],
            **({"operation": found} if (found := operations("", shared)) else {}),
            "compartment": [f"http://hl7.org/fhir/CompartmentDefinition/{k.lower()}" for k in (["Patient"] if shared else sorted(table("compartments")))],
        }],
    })


def operations(name: str, shared: bool) -> list[dict[str, str]]:
    """Of a type, or of the base."""
    return [{"name": op, "definition": url} for op, (url, types, both) in OPERATIONS.items()
            if (both or not shared) and (name in types or (name and "*" in types))]


def resource(name: str, shared: bool) -> dict[str, Any]:
    codes = (*SHARED, "read") if shared and name == "Patient" else SHARED if shared else OWN
    if shared and name == "Patient":
        asked: list[tuple[str, str]] = [("_id", "token"), *((n, p.kind) for n in demographics.PARAMETERS if (p := parameters(name).get(n)))]
    else:
        asked = [*COMMON, *((p.code, p.kind) for p in parameters(name).values() if not enclosed(p))]
    out: dict[str, Any] = {"type": name, "interaction": [{"code": c} for c in codes], "searchParam": [{"name": n, "type": k} for n, k in asked]}
    if found := operations(name, shared):
        out["operation"] = found
    if not shared:
        out |= {"readHistory": True, "updateCreate": True, "conditionalCreate": True,
                "conditionalUpdate": True, "conditionalDelete": "single", "conditionalRead": "full-support",
                "searchInclude": ["*", *(f"{name}:{p.code}" for p in references(name))], "searchRevInclude": reverse(name)}
    return out


def integrity(enforced: bool, versioned: bool) -> dict[str, Any]:
    """Whether an update must name the version, and what references are held to (FHIR R4 CapabilityStatement.rest.resource.versioning, referencePolicy)."""
    return {"versioning": "versioned-update" if versioned else "versioned", "referencePolicy": ["literal", "logical", *(["enforced"] if enforced else [])]}


def reverse(name: str) -> list[str]:
    """Reference parameters of other types that lead here."""
    return [f"{other}:{p.code}" for other in TYPES for p in references(other) if name in p.targets]
