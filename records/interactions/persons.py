"""Persons at the shared base: the golden record as Patient, its FHIR Person, what stands at a former id, and the lists that lead there by identifier
(IHE PIXm ITI-83) or demographics (IHE PDQm ITI-78)."""

from collections.abc import Sequence
from uuid import UUID

from alliance.auth.role_check import must_hold
from alliance.auth.scope_check import must_cover
from alliance.auth.scopes import Need
from alliance.roles import Permission
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.facade import demographics, golden
from records.fhir import bundle
from records.fhir.issues import Issue, Malformed, NotFound, NotSupported, Problem, TooLarge
from records.fhir.json import dump, parse
from records.fhir.outcome import ABSENT
from records.fhir.query import link
from records.interactions.ask import NOBODY, Answer, Ask, as_uuid, own_request, person_request
from records.interactions.evenly import always_evenly
from records.mpi import find, sources
from records.mpi.correction import Correction
from records.search.escapes import single
from records.store import record
from records.store.rows import Row

MOST = 50  # Patients of one person
SEARCHING = Need("s", ("Patient",))
Pairs = list[tuple[str, str]]


class Ambiguous(Problem):
    kind = "multiple-matches"


def golden_record(ask: Ask, person: UUID, rows: Sequence[Row]) -> bytes:
    """rows: the Patients of his that the gate let through."""
    return golden.record(person, list(rows), ask.root, standing(rows))


def standing(rows: Sequence[Row]) -> dict[int, golden.Standing]:
    out = {}
    for i, (confirmed, correction, _) in sources.said_of([r.patient for r in rows]).items():
        c = Correction.opened(correction, i) if correction else None
        out[i] = golden.Standing(confirmed, c.wrong if c else "", c.right if c else "", c is not None)
    return out


def read(ask: Ask, type_name: str, fhir_id: str) -> Answer:
    """Patient/<person id> or Person/<person id> of the shared base, made of what the gate lets through. Raises NotFound, Refused."""
    person = as_uuid(fhir_id) if type_name in ("Patient", "Person") else None
    request = person_request(ask, EventCode.PERSON_READ, f"{type_name}/{fhir_id}", person, need=Need("r", ("Person", "Patient") if type_name == "Person" else (type_name,)))
    try:
        scope = gate.enter(request)
    except Refused as refusal:
        if type_name not in ("Patient", "Person"):
            raise NotFound(Issue("not-found", "The shared base reads Patient/<person id>; other resources are read at the fullUrl that a search gives.")) from refusal
        raise
    rows = record.sections(scope, {"Patient": MOST})
    if person is None or not rows:
        raise NotFound(ABSENT)
    now, changed = request.known[0].home, max(r.last_updated for r in rows)
    if type_name == "Person":
        return Answer(200, as_person(ask, now, rows), None, changed)
    if now != person:
        return Answer(200, golden.pointer(person, now, ask.root), None, changed)
    return Answer(200, golden_record(ask, person, rows), None, changed)


def as_person(ask: Ask, person: UUID, rows: Sequence[Row]) -> bytes:
    said, urls = sources.said_of([r.patient for r in rows]), {r.patient: ask.url(r) for r in rows}
    by_human = frozenset(urls[i] for i, (_, _, by) in said.items() if by.startswith("staff/"))
    return golden.person(golden_record(ask, person, rows), person, ask.root, {urls[i]: s for i, s in standing(rows).items()}, by_human)


def opened(ask: Ask, person: UUID) -> tuple[UUID, list[Row]]:
    """(his id now, his Patients that the gate lets through), none where it refuses; each look is in the audit log. Whom the index does not know is asked about like
    anybody, so that absence takes as long as refusal."""
    request = person_request(ask, EventCode.PERSON_READ, f"Patient/{person}", person, need=SEARCHING)
    try:
        scope = gate.enter(request)
    except Refused:
        return person, []
    return request.known[0].home, record.sections(scope, {"Patient": MOST})


@always_evenly()
def search(ask: Ask, pairs: Pairs) -> Answer:
    """Patient?… at the shared base (PDQm): persons whose record the gate opens, as golden records. Something has to name one: no list of all."""
    must_cover(ask.principal, SEARCHING)
    wanted = demographics.understood(pairs)
    out = []
    for person in candidates(ask, wanted) or [NOBODY]:
        now, rows = opened(ask, person)
        if rows and demographics.fits(parse(body := golden_record(ask, now, rows)), wanted):
            out.append(bundle.entry(f"{ask.root}/alliance/Patient/{now}", body, search={"mode": "match"}))
    here = f"{ask.root}/alliance/Patient"
    links = [("self", link(here, pairs))]
    if wanted.offset + wanted.count < len(out) and wanted.count:
        links.append(("next", link(here, pairs, _offset=str(wanted.offset + wanted.count))))
    return Answer(200, bundle.bundle("searchset", out[wanted.offset :][: wanted.count], links, len(out)))


def candidates(ask: Ask, wanted: demographics.Wanted) -> list[UUID]:
    if wanted.ids:
        return [p for p in map(as_uuid, wanted.ids) if p]
    found: dict[UUID, None] = {}
    for text in wanted.finders:
        some = find.find(text, acting=ask.principal)
        if len(some) == find.MOST:
            raise TooLarge(Issue("too-costly", f"{find.MOST} persons and more are called so: name one by identifier, or ask Patient/$match with what else is known."))
        found |= {f.person: None for f in some}
    return list(found)


@always_evenly()
def crossreference(ask: Ask, pairs: Pairs) -> Answer:
    """Patient/$ihe-pix?sourceIdentifier=system|value&targetSystem=system: the other identifiers of whoever has this one, and his Patients, as far as the
    gate opens them (PIXm 2:3.83). Raises NotFound where nobody has it whom the caller may see."""
    must_cover(ask.principal, SEARCHING)
    if ask.hospital_id is not None:
        gate.enter(own_request(ask, EventCode.RECORD_SEARCH, "Patient/$ihe-pix", need=SEARCHING))
    must_hold(ask.principal, Permission.PERSON_FIND, "This role does not look for patients.")
    given = {k: v for k, v in pairs if k not in ("_format", "_pretty")}
    if len(given) != len([k for k, _ in pairs if k not in ("_format", "_pretty")]) or not given.keys() <= {"sourceIdentifier", "targetSystem"}:
        raise NotSupported(Issue("not-supported", "$ihe-pix has the parameters sourceIdentifier and targetSystem, each once."))
    system, *rest = single(given.get("sourceIdentifier", "")).pieces
    value = "|".join(rest)
    if not system or not value:
        raise Malformed(Issue("required", "sourceIdentifier is system|value: the system is that of the identifier in the hospital's Patient.", "sourceIdentifier"))
    persons: dict[UUID, list[Row]] = {}
    for found in [f.person for f in find.find(value, acting=ask.principal)] or [NOBODY]:
        now, rows = opened(ask, found)
        if any(demographics.has(i, system, value) for r in rows for i in parse(r.body).get("identifier", [])):
            persons[now] = rows
    if not persons:
        raise NotFound(Issue("not-found", "sourceIdentifier Patient Identifier not found: nobody whose record is shared with you has it.", "sourceIdentifier"))
    if len(persons) > 1:
        raise Ambiguous(Issue("multiple-matches", "More than one person has this identifier: a curator has to look at them.", "sourceIdentifier"))
    person, rows = persons.popitem()
    target = given.get("targetSystem", "")
    united = parse(golden_record(ask, person, rows)).get("identifier", [])
    out = [{"name": "targetIdentifier", "valueIdentifier": {k: v for k, v in i.items() if k in ("use", "type", "system", "value", "assigner")}}
           for i in united if (not target or i.get("system") == target) and not demographics.has(i, system, value)]
    out += [{"name": "targetId", "valueReference": {"reference": url}} for url in [f"{ask.root}/alliance/Patient/{person}", *map(ask.url, rows)]] if not target else []
    return Answer(200, dump({"resourceType": "Parameters", "parameter": out} if out else {"resourceType": "Parameters"}))
