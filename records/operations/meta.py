"""$meta of a resource, a type or a base; $meta-add and $meta-delete of a resource (FHIR R4
resource-operation-meta.html, -meta-add, -meta-delete).
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from alliance.auth.scopes import ScopeNeed
from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Issue, Malformed, NotSupported, TooLarge
from records.fhir.json_codec import dump_json, parse_json
from records.interactions.patch import write_changed_version
from records.interactions.preconditions import ANY_CURRENT_VERSION
from records.interactions.read import read_resource
from records.interactions.write import check_id_form, request_write_access
from records.requests.fhir_request import (
    FhirRequest,
    FhirResponse,
    check_hosted_type,
    request_own_access,
)
from records.search.parse import parse_search
from records.search.post_filter import MOST
from records.search.search_plan import plan_search
from records.store import search_query

META_LISTS = ("profile", "security", "tag")  # what the operations are about
EMPTY_META = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "not-applicable",
        }
    ]
}
Json = dict[str, Any]


def read_meta(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    return build_meta_response(
        parse_json(read_resource(fhir_request, type_name, fhir_id).body).get("meta", {})
    )


def read_meta_of_type(fhir_request: FhirRequest, type_name: str) -> FhirResponse:
    """The profiles, labels and tags that stand in any resource of the type; "" for the whole
    base. Raises TooLarge where there are too many resources to look into.
    """
    if type_name:
        check_hosted_type(type_name)
    if fhir_request.hospital_id is None:
        raise NotSupported(
            Issue(
                "not-supported",
                "$meta of a type or base is served at a member's own base: at the shared one"
                " resources are asked for by patient.",
            )
        )
    scope = gate.authorize_access(
        request_own_access(
            fhir_request,
            EventCode.RECORD_SEARCH,
            type_name,
            detail="$meta",
            need=ScopeNeed("s", (type_name,) if type_name else ()),
        )
    )
    everything = plan_search(
        replace(parse_search([type_name] if type_name else [], []), count=MOST),
        scope.store_hospital_id,
        None,
    )
    resource_count, bodies = search_query.fetch_inner_bodies(scope, everything, MOST + 1)
    if resource_count > MOST:
        raise TooLarge(
            Issue(
                "too-costly",
                f"$meta looks into each resource, and there are more than {MOST}: ask for one type,"
                " or one resource.",
            )
        )
    search_query.count_matches(scope, everything)  # the line in the log: how many were looked into
    return build_meta_response(unite_metas(parse_json(body).get("meta", {}) for _, body in bodies))


def add_meta(
    fhir_request: FhirRequest, type_name: str, fhir_id: str, parameters: Any
) -> FhirResponse:
    """A new version with these, too. What it has already is not added twice."""
    added = parse_meta_parameter(parameters)
    return change_meta(
        fhir_request, type_name, fhir_id, lambda meta: {**meta, **unite_metas([meta, added])}
    )


def delete_meta(
    fhir_request: FhirRequest, type_name: str, fhir_id: str, parameters: Any
) -> FhirResponse:
    """A new version without these. A label once written goes on to count at the gate
    (records/fhir/sensitivity_labels.py).
    """
    removed = parse_meta_parameter(parameters)

    def without(meta: Json) -> Json:
        gone = {
            kind: {derive_meta_key(kind, v) for v in removed.get(kind, ())} for kind in META_LISTS
        }
        left = {
            kind: [v for v in meta.get(kind, ()) if derive_meta_key(kind, v) not in gone[kind]]
            for kind in META_LISTS
        }
        return {
            **{k: v for k, v in meta.items() if k not in META_LISTS},
            **{k: v for k, v in left.items() if v},
        }

    return change_meta(fhir_request, type_name, fhir_id, without)


def change_meta(
    fhir_request: FhirRequest, type_name: str, fhir_id: str, change: Callable[[Json], Json]
) -> FhirResponse:
    check_hosted_type(type_name)
    check_id_form(fhir_id)

    def resource(body: bytes) -> Json:
        stored = parse_json(body)
        return {**stored, "meta": change(stored.get("meta", {}))}

    with gate.audited_write(
        request_write_access(
            fhir_request,
            EventCode.RECORD_UPDATE,
            f"{type_name}/{fhir_id}",
            ScopeNeed("ru", (type_name,)),
        )
    ) as (scope, ledger):
        fhir_response = write_changed_version(
            fhir_request, scope, ledger, type_name, fhir_id, resource, ANY_CURRENT_VERSION
        )
    return build_meta_response(parse_json(fhir_response.body).get("meta", {}))


def parse_meta_parameter(parameters: Any) -> Json:
    """The parameter "meta". Raises Malformed."""
    parts = parameters.get("parameter") if isinstance(parameters, dict) else None
    meta = (
        next(
            (
                p["valueMeta"]
                for p in parts
                if isinstance(p, dict) and isinstance(p.get("valueMeta"), dict)
            ),
            None,
        )
        if isinstance(parts, list)
        else None
    )
    if meta is None or not any(isinstance(meta.get(k), list) for k in META_LISTS):
        raise Malformed(
            Issue(
                "required",
                'Send Parameters with {"name": "meta", "valueMeta": {…}} that holds profile,'
                " security or tag.",
                "Parameters.parameter",
            )
        )
    return {k: v for k, v in meta.items() if k in META_LISTS and isinstance(v, list)}


def derive_meta_key(kind: str, value: Any) -> str:
    """Two codings of one system and code are the same, however they are displayed. Of anything
    else, which validation will refuse, its text.
    """
    return (
        repr((value.get("system"), value.get("code")))
        if kind != "profile" and isinstance(value, dict)
        else repr(value)
    )


def unite_metas(metas: Iterable[Json]) -> Json:
    united: dict[str, dict[str, Any]] = {kind: {} for kind in META_LISTS}
    for meta in metas:
        for kind in META_LISTS:
            for value in meta.get(kind, ()):
                united[kind].setdefault(derive_meta_key(kind, value), value)
    return {kind: list(found.values()) for kind, found in united.items() if found}


def build_meta_response(meta: Json) -> FhirResponse:
    """Without profiles, labels and tags the Meta says that it has none, for a parameter has a
    value, and an object is not empty (FHIR R4 parameters.html#invs, inv-1).
    """
    return FhirResponse(
        200,
        dump_json(
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "return", "valueMeta": meta or EMPTY_META}],
            }
        ),
    )
