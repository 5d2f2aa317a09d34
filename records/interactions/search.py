"""search-type, search of a whole base and of a compartment, at a member's base and at the shared base (FHIR R4 http.html#search)."""

from urllib.parse import urlencode

from consent import gate
from consent.audit.event import EventCode
from consent.terms import AccessRequest, Scope
from records.fhir import bundle
from records.fhir.issues import Issue, NotFound, NotSupported, Problem, TooLarge
from records.fhir.outcome import ABSENT
from records.fhir.references import ID
from records.interactions import persons
from records.interactions.ask import Answer, Ask, as_uuid, known_type, own_request, person_request, summary
from records.interactions.pages import page
from records.interactions.terminology import spelled_out
from records.search import page as cursors
from records.search.compartment import belongs, members
from records.search.include import MOST
from records.search.parse import SearchRequest, parse
from records.store import query
from records.store.rows import Row

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
    request = parse(types, spelled_out(ask, types, pairs), inside=True)
    scope = gate.enter(access(ask, request, type_name))
    return run(ask, scope, request, pairs, type_name)


def in_compartment(ask: Ask, kind: str, fhir_id: str, type_name: str, pairs: Pairs, lenient: bool = False) -> Answer:
    """Patient/1/Observation?…, Encounter/7/*: what belongs to the one resource (FHIR R4 compartmentdefinition.html)."""
    if type_name != "*":
        known_type(type_name)
    if not ID.fullmatch(fhir_id):
        raise NotFound(ABSENT)
    types = members(kind, type_name)
    if lenient:
        pairs = understood(ask, types, pairs)
    request = parse(types, spelled_out(ask, types, pairs), inside=True)
    if type_name == "*" or len(request.types) > 1:
        request.types = tuple(t for t in request.types if t in types)
    if ask.hospital_id is None and kind == "Patient":
        request.subjects.append([fhir_id])
    else:
        request.conditions.append(belongs(kind, fhir_id, request.types))
    address = f"{kind}/{fhir_id}/{type_name}"
    return run(ask, gate.enter(access(ask, request, address)), request, pairs, address)


def understood(ask: Ask, types: tuple[str, ...], pairs: Pairs) -> Pairs:
    """Those that can be served, each looked at alone."""
    out = []
    for pair in pairs:
        try:
            parse(types, spelled_out(ask, types, [pair]), inside=True)
        except Problem:
            continue
        out.append(pair)
    return out


def access(ask: Ask, request: SearchRequest, target: str) -> AccessRequest:
    detail = summary(request.names)
    if ask.hospital_id is not None:
        return own_request(ask, EventCode.RECORD_SEARCH, target, detail=detail)
    people = {i for ids in request.subjects for i in ids}
    if len(people) != 1:
        raise NotSupported(Issue("not-supported", "A search of the shared record names one patient: add patient=<person id>."))
    return person_request(ask, EventCode.RECORD_SEARCH, target, as_uuid(people.pop()), detail)


def run(ask: Ask, scope: Scope, request: SearchRequest, pairs: Pairs, address: str) -> Answer:
    """address: what was asked, below the base."""
    asked = f"{ask.base}/{address}?{urlencode(sorted((k, v) for k, v in pairs if k != '_cursor'))}"
    position = cursors.read(scope, asked, request.cursor) if request.cursor else None
    here = f"{ask.root}/{ask.base}/{address}"
    links = [("self", f"{here}?{urlencode([(k, v) for k, v in pairs])}" if pairs else here)]
    rows, at, total = page(scope, request, ask.hospital_id, position)
    if at is not None:
        cursor = cursors.write(scope, asked, at)
        links.append(("next", f"{here}?{urlencode([(k, v) for k, v in pairs if k != '_cursor'] + [('_cursor', cursor)])}"))
    found = [bundle.entry(ask.url(r), request.view(r.body), search={"mode": "match"}) for r in rows]
    found += [bundle.entry(ask.url(r), request.view(r.body), search={"mode": "include"}) for r in follow(scope, request, rows)]
    return Answer(200, bundle.bundle("searchset", found, links, total))


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

