"""CapabilityStatement of a base, made from what does the work: the URLconf of the FHIR door, the
tables of types and of search parameters (FHIR R4 capabilitystatement.html).
"""

from functools import cache
from typing import Any

from alliance.models import Hospital
from records.audit_events import parse_search
from records.audit_events.event_shapes import BALP, PROFILES
from records.facade import patient_query
from records.facade.directory_resources import DECLARED
from records.fhir import limits, own_definitions
from records.fhir.json_codec import dump_json
from records.fhir.resource_types import TYPES, load_definition_table
from records.requests import served_routes
from records.requests.interaction import THE_BASE
from records.search.chain import is_enclosed
from records.search.include import reference_parameters
from records.search.referrers import UNENFORCED_TYPES
from records.search.search_parameters import parameters_of_type
from records.work_faces import parse_search as work_search
from records.work_faces import read_work

# FHIR's codes in FHIR's order (type-restful-interaction, system-restful-interaction)
TYPE_INTERACTIONS = (
    "read",
    "vread",
    "update",
    "patch",
    "delete",
    "history-instance",
    "history-type",
    "create",
    "search-type",
)
BASE_INTERACTIONS = ("transaction", "batch", "search-system", "history-system")
COMMON = (
    ("_id", "token"),
    ("_lastUpdated", "date"),
    ("_list", "special"),
    ("_text", "string"),
    ("_content", "string"),
)
FEED = (
    "_history of a resource and of a type is newest first; that of the whole base is a feed, oldest"
    " first: follow its link next to the end, keep the last one, and ask it again for what has come"
    " since."
)
SECURITY = (
    "SMART Backend Services: a token has scopes system/Type.cruds (system/Type.read and .write,"
    " too), and each interaction asks for its letter: c create; r read, vread, history of a"
    " resource; u update, with r patch; d delete; s search, history of a type, and beside the other"
    " letter each condition. Without a scope in its request a system gets all that it is registered"
    " for. Pages in browsers: origins of registered systems."
)
PUSHES = (
    "At a member's own base a transaction, batch, create or update with Prefer: respond-async is"
    " stored and answered with 202 and Content-Location; those of one system are done in order,"
    " each once, and the address gives a batch-response with one entry, for two days (FHIR R5,"
    " Asynchronous Interaction Request Pattern). Of one system 5000, and 256 MiB, may wait."
)
AUDIT_LOG = (
    "Lines of the alliance's audit log, for systems with the scope alliance/AuditEvent.rs: what"
    " their own hospital's staff and systems did, the newest first. Staff and systems are asked for"
    " by agent:identifier, a request by entity:identifier."
)
WORK = (
    "Work between hospitals, for systems of the two, who moves it by Task/<id>/$move:"
    " docs/how-to/refer-by-fhir.md."
)
MEANT = (
    " A search that names no patient, or names a hospital of the alliance as Organization/<code>,"
    " or has _tag=urn:xinglin:codesystem:work-kind| finds it; any other the shared record's."
)
OPINIONS = (
    "The signed opinion of a consultation, for systems of the two hospitals: Task.output names it,"
    " the Provenance of the verb sign has the signature."
)
DIRECTORY = (
    "The alliance's directory: HealthcareServices are departments, Schedules their clinics, Slots"
    " times with places (extensions slot-places and slot-taken). A hospital's system writes them at"
    " its own base. Arrangements with a place are found by"
    " Appointment?identifier=urn:xinglin:work|&patient=<person id>."
)
STARTED = "2026-11-26"


def capability_statement(base: str, root: str) -> bytes:
    shared = base == "alliance"
    enforced, versioned = Hospital.with_sandboxes.filter(code=base).values_list(
        "enforces_references", "requires_version"
    ).first() or (True, False)
    return dump_json(
        {
            "resourceType": "CapabilityStatement",
            "status": "active",
            "date": STARTED,
            "kind": "instance",
            "fhirVersion": "4.0.1",
            "format": ["application/fhir+json"],
            "patchFormat": ["application/json-patch+json", "application/fhir+json"],
            "software": {"name": "Xinglin"},
            "implementation": {"description": f"Xinglin, base {base}", "url": f"{root}/{base}"},
            **(
                {}
                if shared
                else {
                    "instantiates": [
                        "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
                    ]
                }
            ),
            "rest": [
                {
                    "mode": "server",
                    "documentation": (
                        f"{limits.describe_limits()} {FEED} {'' if shared else PUSHES} What is our"
                        " own, extensions, codes and $import, is defined at"
                        f" {root}/{own_definitions.BASE}."
                    ),
                    "security": {
                        "cors": True,
                        "description": SECURITY,
                        "service": [
                            {
                                "coding": [
                                    {
                                        "system": (
                                            "http://terminology.hl7.org/CodeSystem/restful-security-service"
                                        ),
                                        "code": "SMART-on-FHIR",
                                    }
                                ]
                            }
                        ],
                    },
                    "resource": list_resource_capabilities(shared, enforced, versioned),
                    "interaction": list_interactions(THE_BASE, shared),
                    **(
                        {"operation": found}
                        if (found := describe_operations(THE_BASE, shared))
                        else {}
                    ),
                    "compartment": [
                        f"http://hl7.org/fhir/CompartmentDefinition/{k.lower()}"
                        for k in (
                            ["Patient"] if shared else sorted(load_definition_table("compartments"))
                        )
                    ],
                }
            ],
        }
    )


@cache
def list_resource_capabilities(
    shared: bool, enforced: bool, versioned: bool
) -> list[dict[str, Any]]:
    """The types of a base: nearly all of a statement, the same for every base of a kind, and made
    once a process.
    """
    if not shared:
        return [
            resource_capability(name, shared)
            | integrity_capability(enforced and name not in UNENFORCED_TYPES, versioned)
            for name in TYPES
        ]
    person = {"type": "Person", "interaction": list_interactions("Person", shared)}
    return [
        *(resource_capability(name, shared) for name in served_routes.SHARED_TYPES),
        person,
        describe_audit_log(),
        *(describe_work(name) for name in work_search.DECLARED),
        describe_opinions(),
        *map(describe_directory, DECLARED),
    ]


def describe_directory(type_name: str) -> dict[str, Any]:
    """Departments, clinics and times that the hospitals offer."""
    return {
        "type": type_name,
        "documentation": DIRECTORY,
        "interaction": list_interactions(type_name, shared=True),
        "searchParam": [{"name": n, "type": k} for n, k in DECLARED[type_name]],
    }


def describe_audit_log() -> dict[str, Any]:
    """AuditEvents of the shared base are lines of the alliance's audit log."""
    return {
        "type": "AuditEvent",
        "supportedProfile": [f"{BALP}{name}" for name in PROFILES],
        "documentation": AUDIT_LOG,
        "interaction": list_interactions("AuditEvent", shared=True),
        "searchParam": [{"name": n, "type": k} for n, k in parse_search.DECLARED],
    }


def describe_work(name: str) -> dict[str, Any]:
    """Types that the shared base has of work between hospitals alone."""
    found = describe_operations(name, shared=True)
    return {
        "type": name,
        "documentation": WORK,
        "interaction": list_interactions(name, shared=True),
        "searchParam": [{"name": n, "type": k} for n, k in work_search.DECLARED[name]],
        **({"operation": found} if found else {}),
    }


def describe_opinions() -> dict[str, Any]:
    """Signed opinions of consultations, as documents alone."""
    return {
        "type": "Composition",
        "documentation": OPINIONS,
        "operation": describe_operations("Composition", shared=True),
    }


def list_interactions(type_name: str, shared: bool) -> list[dict[str, str]]:
    """Of a type, or of the base, as the URLconf serves them."""
    served = served_routes.list_interaction_names(type_name, shared=shared)
    codes = TYPE_INTERACTIONS if type_name else BASE_INTERACTIONS
    return [{"code": code} for code in codes if code in served]


def describe_operations(type_name: str, shared: bool) -> list[dict[str, str]]:
    return [
        {"name": o.name, "definition": o.definition}
        for o in served_routes.list_operations(type_name, shared=shared)
    ]


def resource_capability(name: str, shared: bool) -> dict[str, Any]:
    if shared and name == "Patient":
        asked: list[tuple[str, str]] = [
            ("_id", "token"),
            *(
                (n, p.kind)
                for n in patient_query.QUERY_PARAMETERS
                if (p := parameters_of_type(name).get(n))
            ),
        ]
    else:
        asked = [
            *COMMON,
            *((p.code, p.kind) for p in parameters_of_type(name).values() if not is_enclosed(p)),
        ]
    out: dict[str, Any] = {
        "type": name,
        "interaction": list_interactions(name, shared),
        "searchParam": [{"name": n, "type": k} for n, k in asked],
    }
    if found := describe_operations(name, shared):
        out["operation"] = found
    if shared and name in read_work.FACES:
        out["documentation"] = WORK + MEANT
    if not shared:
        out |= {
            "readHistory": True,
            "updateCreate": True,
            "conditionalCreate": True,
            "conditionalUpdate": True,
            "conditionalDelete": "single",
            "conditionalRead": "full-support",
            "searchInclude": ["*", *(f"{name}:{p.code}" for p in reference_parameters(name))],
            "searchRevInclude": list_reverse_includes(name),
        }
    return out


def integrity_capability(enforced: bool, versioned: bool) -> dict[str, Any]:
    """Whether an update must name the version, and what references are held to (FHIR R4
    CapabilityStatement.rest.resource.versioning, referencePolicy).
    """
    return {
        "versioning": "versioned-update" if versioned else "versioned",
        "referencePolicy": ["literal", "logical", *(["enforced"] if enforced else [])],
    }


def list_reverse_includes(name: str) -> list[str]:
    """Reference parameters of other types that lead here."""
    return [
        f"{other}:{p.code}"
        for other in TYPES
        for p in reference_parameters(other)
        if name in p.targets
    ]
