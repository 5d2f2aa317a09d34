"""search-type, search of a whole base and of a compartment, at a member's base and at the shared base (FHIR R4 http.html#search)."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from alliance.auth.scopes import Need
from consent import gate
from consent.audit.event import EventCode
from consent.terms import AccessRequest, Scope
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported, Problem, TooLarge
from records.fhir.json import parse as parse_json
from records.fhir.outcome import ABSENT
from records.fhir.query import link
from records.fhir.references import ID
from records.interactions import persons
from records.interactions.ask import Answer, Ask, as_uuid, known_type, own_request, person_request, summary
from records.interactions.asked import asked
from records.interactions.covering import must_cover_ways
from records.interactions.pages import page
from records.interactions.terminology import spelled_out
from records.search import page as cursors
from records.search.compartment import belongs, members
from records.search.include import MOST
from records.search.kinds import near
from records.search.parse import SearchRequest
from records.search.subjects import Subjects
from records.store import query
from records.store.rows import SEARCH, Row

Pairs = list[tuple[str, str]]


def search(ask: Ask, type_name: str, pairs: Pairs, lenient: bool = False) -> Answer:
    """A searchset Bundle; type_name "" for all types of the base. Raises Problem for what cannot be understood, Refused by the gate.
    lenient: leave that out."""
    if type_name:
        known_type(type_name)
    if ask.hospital_id is None and type_name == "Patient":
        return persons.search(ask, pairs)
    types = (type_name,) if type_name else ()
    if lenient:
        pairs = understood(ask, types, pairs)
    request = asked(types, spelled_out(ask, types, pairs), ask.address, inside=True)
    return run(ask, enter(ask, request, type_name, types or "_type" in request.keys), request, pairs, type_name)


def in_compartment(ask: Ask, kind: str, fhir_id: str, type_name: str, pairs: Pairs, lenient: bool = False) -> Answer:
    """Patient/1/Observation?…, Encounter/7/*: what belongs to the one resource (FHIR R4 compartmentdefinition.html)."""
    if type_name != "*":
        known_type(type_name)
    if not ID.fullmatch(fhir_id):
        raise NotFound(ABSENT)
    types = members(kind, type_name)
    if lenient:
        pairs = understood(ask, types, pairs)
    request = asked(types, spelled_out(ask, types, pairs), ask.address, inside=True)
    if type_name == "*" or len(request.types) > 1:
        request.types = tuple(t for t in request.types if t in types)
    if ask.hospital_id is None and kind == "Patient":
        request.subjects.append(Subjects([fhir_id]))
    else:
        request.conditions.append(belongs(kind, fhir_id, request.types))
    address = f"{kind}/{fhir_id}/{type_name}"
    named = (fhir_id,) if kind == "Patient" else ()
    return run(ask, enter(ask, request, address, type_name != "*", named), request, pairs, address)


def understood(ask: Ask, types: tuple[str, ...], pairs: Pairs) -> Pairs:
    """Those that can be served, each looked at alone."""
    out = []
    for pair in pairs:
        try:
            asked(types, spelled_out(ask, types, [pair]), ask.address, inside=True)
        except Problem:
            continue
        out.append(pair)
    return out


def enter(ask: Ask, request: SearchRequest, target: str, types: object = True, named: tuple[str, ...] = ()) -> Scope:
    """Through the gate. types: whether the question names the types that it is about; of a base or compartment as a whole those are left out that the token may
    not search. The patients whom the question names stand in the audit log whatever is found: that nothing is, or how many, tells of them, too."""
    scope = gate.enter(access(ask, request, target, Need(SEARCH, request.types if types else ())))
    must_cover_ways(ask.principal, request.types, request.keys, request.includes)
    if ask.hospital_id is not None and (subjects := {*named, *(i for s in request.subjects for i in s.ids)}):
        return replace(scope, event=scope.event.but(subjects=tuple(sorted(subjects))))
    return scope


def access(ask: Ask, request: SearchRequest, target: str, need: Need) -> AccessRequest:
    detail = summary(request.names)
    if ask.hospital_id is not None:
        return own_request(ask, EventCode.RECORD_SEARCH, target, detail=detail, need=need)
    people = {i for s in request.subjects for i in s.ids}
    if len(people) != 1:
        raise NotSupported(Issue("not-supported", "A search of the shared record names one patient: add patient=<person id>."))
    return person_request(ask, EventCode.RECORD_SEARCH, target, as_uuid(people.pop()), detail, need=need)


def run(ask: Ask, scope: Scope, request: SearchRequest, pairs: Pairs, address: str) -> Answer:
    """address: what was asked, below the base."""
    question = f"{ask.base}/{address}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    position = cursors.read(scope, question, request.cursor) if request.cursor else None
    here = f"{ask.root}/{ask.base}/{address}"
    links = [("self", link(here, pairs))]
    rows, at, total = page(scope, request, ask.hospital_id, position)
    if at is not None:
        cursor = cursors.write(scope, question, at)
        links.append(("next", link(here, pairs, _cursor=cursor)))
    found = [bundle.entry(ask.url(r), request.view(r.body), search=matched(request, r)) for r in rows]
    found += [bundle.entry(ask.url(r), request.view(r.body), search={"mode": "include"}) for r in follow(scope, request, rows)]
    return Answer(200, bundle.bundle("searchset", found, links, total))


def matched(request: SearchRequest, row: Row) -> dict[str, Any]:
    """What a match is, with its distance where a place was asked for (FHIR R4 extension-location-distance.html)."""
    position = parse_json(row.body).get("position") if request.place else None
    if request.place is None or not near.located(position):
        return {"mode": "match"}
    away = {"value": round(near.away(position, request.place), 3), "unit": "km", "system": "http://unitsofmeasure.org", "code": "km"}
    return {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/location-distance", "valueDistance": away}], "mode": "match"}


def follow(scope: Scope, request: SearchRequest, rows: list[Row]) -> list[Row]:
    """The included rows of a page, each once. Raises TooCostly beyond a limit: a page is never cut short in silence."""
    out: list[Row] = []
    have = {r.rid for r in rows}
    fresh, steps = rows, request.includes
    while fresh and steps:
        more: list[Row] = []
        for step in steps:
            start = [r.rid for r in fresh if (step.target in (None, r.type_name) if step.backward else r.type_name == step.source)]
            if start:
                found = query.included(scope, step, start, sorted(have), MOST + 1 - len(out))
                have |= {r.rid for r in found}
                more += found
        out += more
        if len(out) > MOST:
            raise TooLarge(Issue("too-costly", f"More than {MOST} resources are included: ask with a smaller _count, or in two steps."))
        fresh, steps = more, [s for s in request.includes if s.again]
    return out

