"""/fhir/definitions: what our own extensions, codes and operation mean, for everyone who meets
them (read, and search by address). It holds no record of anybody.
"""

from records.fhir import bundle, own_definitions
from records.fhir.issues import Issue, MethodNotAllowed, NotFound, NotSupported
from records.fhir.json_codec import dump_json
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import FORMAT_PARAMETERS, Pairs, build_link
from records.interactions.response_entries import READ_METHODS
from records.requests.fhir_request import FhirResponse


def answer_definitions(method: str, parts: list[str], pairs: Pairs, root: str) -> FhirResponse:
    """parts: below the base. Raises NotFound, NotSupported, MethodNotAllowed."""
    if method not in READ_METHODS:
        problem = MethodNotAllowed(Issue("not-supported", "The definitions are only read: GET."))
        problem.allowed = READ_METHODS
        raise problem
    here = f"{root}/{own_definitions.BASE}"
    match parts:
        case ["metadata"]:
            return FhirResponse(200, dump_json(build_definitions_statement(here)))
        case [] | [_]:
            return search_definitions(here, parts, pairs)
        case [name, definition] if (name, definition) in own_definitions.load_own_definitions():
            return FhirResponse(
                200, dump_json(own_definitions.load_own_definitions()[name, definition])
            )
    raise NotFound(ABSENT)


def search_definitions(here: str, parts: list[str], pairs: Pairs) -> FhirResponse:
    """All of a type, or of all types; those with an address."""
    if parts and parts[0] not in own_definitions.list_defined_types():
        raise NotFound(
            Issue(
                "not-found",
                f"Definitions are of the types {', '.join(own_definitions.list_defined_types())}.",
            )
        )
    name = own_definitions.ADDRESS_PARAMETERS.get(parts[0], "url") if parts else "url"
    if wrong := [k for k, _ in pairs if k not in (name, *FORMAT_PARAMETERS)]:
        raise NotSupported(
            Issue(
                "not-supported",
                f"Definitions are found by {name}=<address>, not by {wrong[0][:60]!r}.",
            )
        )
    wanted = [set(v.split(",")) for k, v in pairs if k == name]
    found = [
        d
        for (kind, _), d in own_definitions.load_own_definitions().items()
        if kind in (parts or own_definitions.list_defined_types())
        and all(w & own_definitions.definition_addresses(d) for w in wanted)
    ]
    entries = [
        bundle.build_entry(
            f"{here}/{d['resourceType']}/{d['id']}", dump_json(d), search={"mode": "match"}
        )
        for d in found
    ]
    return FhirResponse(
        200,
        bundle.build_bundle(
            "searchset",
            entries,
            [("self", build_link("/".join([here, *parts]), pairs))],
            len(found),
        ),
    )


def build_definitions_statement(here: str) -> dict[str, object]:
    """The CapabilityStatement of this base."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": "2026-11-29",
        "kind": "instance",
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "software": {"name": "Xinglin"},
        "implementation": {
            "description": (
                "Definitions of Xinglin's own extensions, codes and operation; open to everyone"
            ),
            "url": here,
        },
        "rest": [
            {
                "mode": "server",
                "interaction": [{"code": "search-system"}],
                "resource": [
                    {
                        "type": name,
                        "interaction": [{"code": "read"}, {"code": "search-type"}],
                        "searchParam": [
                            {
                                "name": (by := own_definitions.ADDRESS_PARAMETERS.get(name, "url")),
                                "type": "uri" if by == "url" else "string",
                            }
                        ],
                    }
                    for name in own_definitions.list_defined_types()
                ],
            }
        ],
    }
