"""Patient/$match: patients that may be the one who is described (FHIR R4 patient-operation-match.html, IHE PDQm ITI-119). In a member's own store
its own Patients; at the shared base persons, as golden records, whose record the gate opens to the caller."""

from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.role_check import must_hold
from alliance.auth.scope_check import must_cover
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append
from consent.audit.event import Event, EventCode
from consent.terms import Refused
from records.fhir import bundle
from records.fhir.hashes import named
from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.validate import validate
from records.interactions.ask import NOBODY, Answer, Ask, own_request, person_request
from records.interactions.evenly import always_evenly
from records.interactions.persons import SEARCHING, golden_record
from records.mpi import quota
from records.mpi.features import words_of
from records.mpi.match import Grade, Similar, similar
from records.mpi.profile import Words
from records.search.plan import Plan
from records.store import query, record

GRADE = "http://hl7.org/fhir/StructureDefinition/match-grade"
USUAL, MOST = 10, 50
PARAMETERS = {"resource", "onlyCertainMatches", "count"}


class BadMatch(Problem):
    kind = "invalid"


def match(ask: Ask, body: Any) -> Answer:
    """body: Parameters (resource, onlyCertainMatches, count), or the Patient alone. The answer's Bundle has the most probable first."""
    must_cover(ask.principal, SEARCHING)
    patient, certain, count = asked(body)
    words = words_of(patient, timezone.localdate())
    with always_evenly():
        entries = of_the_store(ask, words, certain, count) if ask.hospital_id is not None else of_the_alliance(ask, words, certain, count)
    return Answer(200, bundle.bundle("searchset", entries, [("self", f"{ask.root}/{ask.base}/Patient/$match")], len(entries)))


def asked(body: Any) -> tuple[dict[str, Any], bool, int]:
    """(Patient, only certain ones, how many)."""
    if isinstance(body, dict) and body.get("resourceType") == "Patient":
        body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]}
    if not isinstance(body, dict) or body.get("resourceType") != "Parameters" or not isinstance(body.get("parameter"), list):
        raise Malformed(Issue("structure", "$match takes Parameters with the Patient as \"resource\".", "Parameters"))
    given: dict[str, Any] = {}
    for p in body["parameter"]:
        label = p.get("name") if isinstance(p, dict) else None
        if label not in PARAMETERS or label in given:
            raise BadMatch(Issue("invalid", f"$match has the parameters resource, onlyCertainMatches and count, each once; not {str(label)[:60]!r}.", "Parameters.parameter.name"))
        given[label] = p
    patient, certain, count = (given[label].get(kind) if label in given else usual for label, kind, usual in (
        ("resource", "resource", None), ("onlyCertainMatches", "valueBoolean", False), ("count", "valueInteger", USUAL)))
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        raise Malformed(Issue("structure", "The parameter \"resource\" is a Patient.", "Parameters.parameter.resource"))
    if not isinstance(certain, bool) or not isinstance(count, int) or isinstance(count, bool) or not 0 < count <= MOST:
        raise BadMatch(Issue("value", f"onlyCertainMatches is true or false (valueBoolean), count a whole number from 1 to {MOST} (valueInteger).", "Parameters.parameter"))
    validate(patient)
    return patient, certain, count


def entry(url: str, body: bytes, found: Similar) -> bytes:
    return bundle.entry(url, body, search={"extension": [{"url": GRADE, "valueCode": found.grade.value}], "mode": "match", "score": round(found.score, 4)})


def of_the_store(ask: Ask, words: Words, certain: bool, count: int) -> list[bytes]:
    scope = gate.enter(own_request(ask, EventCode.RECORD_SEARCH, "Patient/$match", need=SEARCHING))
    found = {f.fhir_id: f for f in similar(words, ask.hospital_id, certain)[:count]}
    rows = query.page(scope, Plan("NOT r.deleted AND r.type = %(type)s AND r.named = ANY(%(named)s)", "r.rid ASC", "r.rid::text", MOST + 1,
                                  {"type": query.PATIENT, "named": [named(f"Patient/{i}") for i in found]}))
    return [entry(ask.url(r), r.body, found[r.fhir_id]) for r in sorted((r for r in rows if r.fhir_id in found), key=lambda r: (-found[r.fhir_id].score, r.rid))]


def of_the_alliance(ask: Ask, words: Words, certain: bool, count: int) -> list[bytes]:
    """One entry a person, by the registration that fits best among those that the gate opens: what is closed neither finds nor raises anybody."""
    must_hold(ask.principal, Permission.PERSON_FIND, "This role does not look for patients.")
    append(Event.of(ask.principal, EventCode.PERSON_FIND, target="alliance/Patient/$match"))
    everybody = quota.may_look(ask.principal)
    candidates = similar(words, None if everybody else ask.principal.hospital_id, certain)
    if not any(f.hospital == ask.principal.hospital and f.grade is not Grade.POSSIBLE for f in candidates):
        if not everybody:
            raise quota.too_many(ask.principal)
        quota.write_search(ask.principal, 0)
    of: dict[UUID, list[Similar]] = {}
    for f in candidates:
        of.setdefault(f.person, []).append(f)
    out: list[tuple[Similar, bytes]] = []
    for person, found in list(of.items())[:MOST] or [(NOBODY, [])]:  # absence takes as long as refusal
        try:
            scope = gate.enter(person_request(ask, EventCode.PERSON_READ, f"Patient/{person}", person, need=SEARCHING))
        except Refused:
            continue
        if {f.source for f in found} & {p for p, _ in scope.patients}:
            rows = record.sections(scope, {"Patient": 50})
            open_ones = [f for f in found if f.source in {r.patient for r in rows}]
            if open_ones:
                out.append((open_ones[0], golden_record(ask, person, rows)))
    out.sort(key=lambda o: (-o[0].score, o[0].person))
    return [entry(f"{ask.root}/alliance/Patient/{f.person}", body, f) for f, body in out[:count]]
