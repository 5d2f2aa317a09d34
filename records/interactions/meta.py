"""$meta of a resource, a type or a base; $meta-add and $meta-delete of a resource (FHIR R4 resource-operation-meta.html, -meta-add, -meta-delete)."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from records.fhir.issues import Issue, Malformed, NotSupported, TooLarge
from records.fhir.json import dump, parse
from records.interactions.ask import Answer, Ask, known_type, own_request
from records.interactions.patch import changed
from records.interactions.preconditions import WHATEVER
from records.interactions.read import read
from records.interactions.write import good_id, request
from records.search.parse import parse as asked
from records.search.plan import plan
from records.search.sift import MOST
from records.store import query

KEPT = ("profile", "security", "tag")  # what the operations are about
NONE = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "not-applicable"}]}
Json = dict[str, Any]


def of_resource(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    return told(parse(read(ask, type_name, fhir_id).body).get("meta", {}))


def of_type(ask: Ask, type_name: str) -> Answer:
    """The profiles, labels and tags that stand in any resource of the type; "" for the whole base. Raises TooLarge where there are too many
    resources to look into."""
    if type_name:
        known_type(type_name)
    if ask.hospital_id is None:
        raise NotSupported(Issue("not-supported", "$meta of a type or base is served at a member's own base: at the shared one resources are asked for by patient."))
    scope = gate.enter(own_request(ask, EventCode.RECORD_SEARCH, type_name, detail="$meta", need=Need("s", (type_name,) if type_name else ())))
    everything = plan(replace(asked([type_name] if type_name else [], []), count=MOST), scope.whole, None)
    found = query.candidates(scope, everything, MOST + 1)
    if len(found) > MOST:
        raise TooLarge(Issue("too-costly", f"$meta looks into each resource, and there are more than {MOST}: ask for one type, or one resource."))
    query.total(scope, everything)  # the line in the log: how many were looked into
    return told(united(parse(body).get("meta", {}) for _, body in found))


def add(ask: Ask, type_name: str, fhir_id: str, parameters: Any) -> Answer:
    """A new version with these, too. What it has already is not added twice."""
    more = given(parameters)
    return altered(ask, type_name, fhir_id, lambda meta: {**meta, **united([meta, more])})


def remove(ask: Ask, type_name: str, fhir_id: str, parameters: Any) -> Answer:
    """A new version without these. A label once written goes on to count at the gate (records/fhir/labels.py)."""
    less = given(parameters)

    def without(meta: Json) -> Json:
        gone = {kind: {key(kind, v) for v in less.get(kind, ())} for kind in KEPT}
        left = {kind: [v for v in meta.get(kind, ()) if key(kind, v) not in gone[kind]] for kind in KEPT}
        return {**{k: v for k, v in meta.items() if k not in KEPT}, **{k: v for k, v in left.items() if v}}

    return altered(ask, type_name, fhir_id, without)


def altered(ask: Ask, type_name: str, fhir_id: str, change: Callable[[Json], Json]) -> Answer:
    known_type(type_name)
    good_id(fhir_id)

    def resource(body: bytes) -> Json:
        whole = parse(body)
        return {**whole, "meta": change(whole.get("meta", {}))}

    with gate.writing(request(ask, EventCode.RECORD_UPDATE, f"{type_name}/{fhir_id}", Need("ru", (type_name,)))) as (scope, written):
        answer = changed(ask, scope, written, type_name, fhir_id, resource, WHATEVER)
    return told(parse(answer.body).get("meta", {}))


def given(parameters: Any) -> Json:
    """The parameter "meta". Raises Malformed."""
    parts = parameters.get("parameter") if isinstance(parameters, dict) else None
    found = next((p["valueMeta"] for p in parts if isinstance(p, dict) and isinstance(p.get("valueMeta"), dict)), None) if isinstance(parts, list) else None
    if found is None or not any(isinstance(found.get(k), list) for k in KEPT):
        raise Malformed(Issue("required", 'Send Parameters with {"name": "meta", "valueMeta": {…}} that holds profile, security or tag.', "Parameters.parameter"))
    return {k: v for k, v in found.items() if k in KEPT and isinstance(v, list)}


def key(kind: str, value: Any) -> str:
    """Two codings of one system and code are the same, however they are displayed. Of anything else, which validation will refuse, its text."""
    return repr((value.get("system"), value.get("code"))) if kind != "profile" and isinstance(value, dict) else repr(value)


def united(metas: Iterable[Json]) -> Json:
    out: dict[str, dict[str, Any]] = {kind: {} for kind in KEPT}
    for meta in metas:
        for kind in KEPT:
            for value in meta.get(kind, ()):
                out[kind].setdefault(key(kind, value), value)
    return {kind: list(found.values()) for kind, found in out.items() if found}


def told(meta: Json) -> Answer:
    """Without profiles, labels and tags the Meta says that it has none, for a parameter has a value, and an object is not empty (FHIR R4 parameters.html#invs, inv-1)."""
    return Answer(200, dump({"resourceType": "Parameters", "parameter": [{"name": "return", "valueMeta": meta or NONE}]}))
