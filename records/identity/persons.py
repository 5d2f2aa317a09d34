"""Persons at the shared base: the golden record as Patient, its FHIR Person, what stands at a
former id, and the lists that lead there by identifier (IHE PIXm ITI-83) or demographics (IHE PDQm
ITI-78).
"""

from collections.abc import Sequence
from uuid import UUID

from alliance.auth.role_check import check_permission
from alliance.auth.scope_check import check_token_scopes
from alliance.auth.scopes import ScopeNeed
from alliance.roles import Permission
from consent import gate
from consent.audit.event import EventCode
from consent.terms import Refused
from records.facade import golden_patient, patient_query
from records.fhir import bundle
from records.fhir.issues import Issue, Malformed, NotFound, NotSupported, Problem, TooLarge
from records.fhir.json_codec import dump_json, parse_json
from records.fhir.operation_outcome import ABSENT
from records.fhir.query_string import build_link
from records.mpi.index import patient_search, source_patients
from records.mpi.index.number_correction import NumberCorrection
from records.requests.fhir_request import (
    NOBODY_ID,
    FhirRequest,
    FhirResponse,
    parse_uuid,
    request_own_access,
    request_person_access,
)
from records.requests.timing_grid import delay_all_answers
from records.search.escapes import parse_single
from records.store import section_query
from records.store.rows import Row

MOST_PATIENTS = 50  # Patients of one person
PATIENT_SEARCH_NEED = ScopeNeed("s", ("Patient",))
Pairs = list[tuple[str, str]]


class AmbiguousIdentifier(Problem):
    kind = "multiple-matches"


def make_golden_record(fhir_request: FhirRequest, person: UUID, rows: Sequence[Row]) -> bytes:
    """rows: the person's Patients that the gate let through."""
    return golden_patient.assemble_golden_record(
        person, list(rows), fhir_request.root, build_curator_states(rows)
    )


def build_curator_states(rows: Sequence[Row]) -> dict[int, golden_patient.CuratorState]:
    states = {}
    for i, (confirmed, correction, _) in source_patients.load_curation_fields(
        [r.source_patient_id for r in rows]
    ).items():
        c = NumberCorrection.decrypt(correction, i) if correction else None
        states[i] = golden_patient.CuratorState(
            confirmed, c.wrong if c else "", c.right if c else "", c is not None
        )
    return states


def read_person(fhir_request: FhirRequest, type_name: str, fhir_id: str) -> FhirResponse:
    """Patient/<person id> or Person/<person id> of the shared base, made of what the gate lets
    through. Raises NotFound, Refused.
    """
    person = parse_uuid(fhir_id) if type_name in ("Patient", "Person") else None
    request = request_person_access(
        fhir_request,
        EventCode.PERSON_READ,
        f"{type_name}/{fhir_id}",
        person,
        need=ScopeNeed("r", ("Person", "Patient") if type_name == "Person" else (type_name,)),
    )
    try:
        scope = gate.authorize_access(request)
    except Refused as refusal:
        if type_name not in ("Patient", "Person"):
            raise NotFound(
                Issue(
                    "not-found",
                    "The shared base reads Patient/<person id>; other resources are read at the"
                    " fullUrl that a search gives.",
                )
            ) from refusal
        raise
    rows = section_query.fetch_sections(scope, {"Patient": MOST_PATIENTS})
    if person is None or not rows:
        raise NotFound(ABSENT)
    person_id, last_updated = request.all_sources[0].home, max(r.last_updated for r in rows)
    if type_name == "Person":
        return FhirResponse(
            200, build_person_resource(fhir_request, person_id, rows), None, last_updated
        )
    if person_id != person:
        return FhirResponse(
            200,
            golden_patient.person_pointer(person, person_id, fhir_request.root),
            None,
            last_updated,
        )
    return FhirResponse(200, make_golden_record(fhir_request, person, rows), None, last_updated)


def build_person_resource(fhir_request: FhirRequest, person_id: UUID, rows: Sequence[Row]) -> bytes:
    curation_fields, urls = (
        source_patients.load_curation_fields([r.source_patient_id for r in rows]),
        {r.source_patient_id: fhir_request.full_url(r) for r in rows},
    )
    by_human = frozenset(
        urls[i] for i, (_, _, by) in curation_fields.items() if by.startswith("staff/")
    )
    return golden_patient.build_fhir_person(
        make_golden_record(fhir_request, person_id, rows),
        person_id,
        fhir_request.root,
        {urls[i]: s for i, s in build_curator_states(rows).items()},
        by_human,
    )


def open_person(fhir_request: FhirRequest, person: UUID) -> tuple[UUID, list[Row]]:
    """(the person's id now, their Patients that the gate lets through), none where it refuses; each
    look is in the audit log. Whom the index does not know is asked about like anybody, so that
    absence takes as long as refusal.
    """
    request = request_person_access(
        fhir_request, EventCode.PERSON_READ, f"Patient/{person}", person, need=PATIENT_SEARCH_NEED
    )
    try:
        scope = gate.authorize_access(request)
    except Refused:
        return person, []
    return request.all_sources[0].home, section_query.fetch_sections(
        scope, {"Patient": MOST_PATIENTS}
    )


@delay_all_answers()
def search_persons(fhir_request: FhirRequest, pairs: Pairs) -> FhirResponse:
    """Patient?… at the shared base (PDQm): persons whose record the gate opens, as golden
    records. Something has to name one: no list of all.
    """
    check_token_scopes(fhir_request.principal, PATIENT_SEARCH_NEED)
    patient_query_asked = patient_query.parse_patient_query(pairs)
    out = []
    for person in find_candidate_persons(fhir_request, patient_query_asked) or [NOBODY_ID]:
        current_id, rows = open_person(fhir_request, person)
        if rows and patient_query.matches_query(
            parse_json(body := make_golden_record(fhir_request, current_id, rows)),
            patient_query_asked,
        ):
            out.append(
                bundle.build_entry(
                    f"{fhir_request.root}/alliance/Patient/{current_id}",
                    body,
                    search={"mode": "match"},
                )
            )
    search_url = f"{fhir_request.root}/alliance/Patient"
    links = [("self", build_link(search_url, pairs))]
    if (
        patient_query_asked.offset + patient_query_asked.count < len(out)
        and patient_query_asked.count
    ):
        links.append(
            (
                "next",
                build_link(
                    search_url,
                    pairs,
                    _offset=str(patient_query_asked.offset + patient_query_asked.count),
                ),
            )
        )
    return FhirResponse(
        200,
        bundle.build_bundle(
            "searchset",
            out[patient_query_asked.offset :][: patient_query_asked.count],
            links,
            len(out),
        ),
    )


def find_candidate_persons(
    fhir_request: FhirRequest, query: patient_query.PatientQuery
) -> list[UUID]:
    if query.ids:
        return [p for p in map(parse_uuid, query.ids) if p]
    person_ids: dict[UUID, None] = {}
    for text in query.finders:
        displayed = patient_search.find_persons(text, acting=fhir_request.principal)
        if len(displayed) == patient_search.MAX_FOUND:
            raise TooLarge(
                Issue(
                    "too-costly",
                    f"{patient_search.MAX_FOUND} persons and more are called so: name one by"
                    " identifier, or ask Patient/$match with what else is known.",
                )
            )
        person_ids |= {f.person: None for f in displayed}
    return list(person_ids)


@delay_all_answers()
def crossreference_identifiers(fhir_request: FhirRequest, pairs: Pairs) -> FhirResponse:
    """Patient/$ihe-pix?sourceIdentifier=system|value&targetSystem=system: the other identifiers
    of whoever has this one, and their Patients, as far as the gate opens them (PIXm 2:3.83). Raises
    NotFound where nobody has it whom the caller may see.
    """
    check_token_scopes(fhir_request.principal, PATIENT_SEARCH_NEED)
    if fhir_request.hospital_id is not None:
        gate.authorize_access(
            request_own_access(
                fhir_request, EventCode.RECORD_SEARCH, "Patient/$ihe-pix", need=PATIENT_SEARCH_NEED
            )
        )
    check_permission(
        fhir_request.principal, Permission.PERSON_FIND, "This role does not look for patients."
    )
    parameters = {k: v for k, v in pairs if k not in ("_format", "_pretty")}
    if len(parameters) != len(
        [k for k, _ in pairs if k not in ("_format", "_pretty")]
    ) or not parameters.keys() <= {"sourceIdentifier", "targetSystem"}:
        raise NotSupported(
            Issue(
                "not-supported",
                "$ihe-pix has the parameters sourceIdentifier and targetSystem, each once.",
            )
        )
    system, *rest = parse_single(parameters.get("sourceIdentifier", "")).pieces
    value = "|".join(rest)
    if not system or not value:
        raise Malformed(
            Issue(
                "required",
                "sourceIdentifier is system|value: the system is that of the identifier in the"
                " hospital's Patient.",
                "sourceIdentifier",
            )
        )
    persons: dict[UUID, list[Row]] = {}
    for person_id in [
        f.person for f in patient_search.find_persons(value, acting=fhir_request.principal)
    ] or [NOBODY_ID]:
        current_id, rows = open_person(fhir_request, person_id)
        if any(
            patient_query.is_identifier(i, system, value)
            for r in rows
            for i in parse_json(r.body).get("identifier", [])
        ):
            persons[current_id] = rows
    if not persons:
        raise NotFound(
            Issue(
                "not-found",
                "sourceIdentifier Patient Identifier not found: nobody whose record is shared with"
                " you has it.",
                "sourceIdentifier",
            )
        )
    if len(persons) > 1:
        raise AmbiguousIdentifier(
            Issue(
                "multiple-matches",
                "More than one person has this identifier: a curator has to look at them.",
                "sourceIdentifier",
            )
        )
    person, rows = persons.popitem()
    target = parameters.get("targetSystem", "")
    united = parse_json(make_golden_record(fhir_request, person, rows)).get("identifier", [])
    out = [
        {
            "name": "targetIdentifier",
            "valueIdentifier": {
                k: v for k, v in i.items() if k in ("use", "type", "system", "value", "assigner")
            },
        }
        for i in united
        if (not target or i.get("system") == target)
        and not patient_query.is_identifier(i, system, value)
    ]
    out += (
        [
            {"name": "targetId", "valueReference": {"reference": url}}
            for url in [
                f"{fhir_request.root}/alliance/Patient/{person}",
                *map(fhir_request.full_url, rows),
            ]
        ]
        if not target
        else []
    )
    return FhirResponse(
        200,
        dump_json(
            {"resourceType": "Parameters", "parameter": out}
            if out
            else {"resourceType": "Parameters"}
        ),
    )
