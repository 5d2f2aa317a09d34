"""Patient/$match: patients that may be the one who is described (FHIR R4
patient-operation-match.html, IHE PDQm ITI-119). In a member's own store its own Patients; at the
shared base persons, as golden records, whose record the gate opens to the caller.
"""

from typing import Any
from uuid import UUID

from django.utils import timezone

from alliance.auth.role_check import check_permission
from alliance.auth.scope_check import check_token_scopes
from alliance.roles import Permission
from consent import gate
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.terms import Refused
from records.fhir import bundle
from records.fhir.hashes import reference_hash
from records.fhir.issues import Issue, Malformed, Problem
from records.fhir.validate import validate_resource
from records.identity.persons import PATIENT_SEARCH_NEED, make_golden_record
from records.mpi.index import stranger_quota
from records.mpi.index.similar_patients import MatchGrade, SimilarPatient, find_similar_patients
from records.mpi.matching.fhir_patient import demographics_from_patient
from records.mpi.matching.profile import Demographics
from records.requests.fhir_request import (
    NOBODY_ID,
    FhirRequest,
    FhirResponse,
    request_own_access,
    request_person_access,
)
from records.requests.timing_grid import delay_all_answers
from records.search.search_plan import SearchPlan
from records.store import search_query, section_query

MATCH_GRADE_URL = "http://hl7.org/fhir/StructureDefinition/match-grade"
USUAL, MOST = 10, 50
MATCH_PARAMETERS = {"resource", "onlyCertainMatches", "count"}


class BadMatchParameter(Problem):
    kind = "invalid"


def find_matching_patients(fhir_request: FhirRequest, body: Any) -> FhirResponse:
    """body: Parameters (resource, onlyCertainMatches, count), or the Patient alone. The answer's
    Bundle has the most probable first.
    """
    check_token_scopes(fhir_request.principal, PATIENT_SEARCH_NEED)
    patient, certain, count = parse_match_parameters(body)
    demographics = demographics_from_patient(patient, timezone.localdate())
    with delay_all_answers():
        entries = (
            match_in_store(fhir_request, demographics, certain, count)
            if fhir_request.hospital_id is not None
            else match_in_alliance(fhir_request, demographics, certain, count)
        )
    return FhirResponse(
        200,
        bundle.build_bundle(
            "searchset",
            entries,
            [("self", f"{fhir_request.root}/{fhir_request.base}/Patient/$match")],
            len(entries),
        ),
    )


def parse_match_parameters(body: Any) -> tuple[dict[str, Any], bool, int]:
    """(Patient, only certain ones, how many)."""
    if isinstance(body, dict) and body.get("resourceType") == "Patient":
        body = {"resourceType": "Parameters", "parameter": [{"name": "resource", "resource": body}]}
    if (
        not isinstance(body, dict)
        or body.get("resourceType") != "Parameters"
        or not isinstance(body.get("parameter"), list)
    ):
        raise Malformed(
            Issue(
                "structure", '$match takes Parameters with the Patient as "resource".', "Parameters"
            )
        )
    parameters: dict[str, Any] = {}
    for p in body["parameter"]:
        label = p.get("name") if isinstance(p, dict) else None
        if label not in MATCH_PARAMETERS or label in parameters:
            raise BadMatchParameter(
                Issue(
                    "invalid",
                    "$match has the parameters resource, onlyCertainMatches and count, each once;"
                    f" not {str(label)[:60]!r}.",
                    "Parameters.parameter.name",
                )
            )
        parameters[label] = p
    patient, certain, count = (
        parameters[label].get(kind) if label in parameters else usual
        for label, kind, usual in (
            ("resource", "resource", None),
            ("onlyCertainMatches", "valueBoolean", False),
            ("count", "valueInteger", USUAL),
        )
    )
    if not isinstance(patient, dict) or patient.get("resourceType") != "Patient":
        raise Malformed(
            Issue(
                "structure",
                'The parameter "resource" is a Patient.',
                "Parameters.parameter.resource",
            )
        )
    if (
        not isinstance(certain, bool)
        or not isinstance(count, int)
        or isinstance(count, bool)
        or not 0 < count <= MOST
    ):
        raise BadMatchParameter(
            Issue(
                "value",
                "onlyCertainMatches is true or false (valueBoolean), count a whole number from 1"
                f" to {MOST} (valueInteger).",
                "Parameters.parameter",
            )
        )
    validate_resource(patient)
    return patient, certain, count


def build_match_entry(url: str, body: bytes, match: SimilarPatient) -> bytes:
    return bundle.build_entry(
        url,
        body,
        search={
            "extension": [{"url": MATCH_GRADE_URL, "valueCode": match.grade.value}],
            "mode": "match",
            "score": round(match.score, 4),
        },
    )


def match_in_store(
    fhir_request: FhirRequest, demographics: Demographics, certain_only: bool, count: int
) -> list[bytes]:
    scope = gate.authorize_access(
        request_own_access(
            fhir_request, EventCode.RECORD_SEARCH, "Patient/$match", need=PATIENT_SEARCH_NEED
        )
    )
    matches_by_id = {
        f.fhir_id: f
        for f in find_similar_patients(demographics, fhir_request.hospital_id, certain_only)[:count]
    }
    rows = search_query.fetch_page(
        scope,
        SearchPlan(
            "NOT r.deleted AND r.type = %(type)s AND r.named = ANY(%(named)s)",
            "r.rid ASC",
            "r.rid::text",
            MOST + 1,
            {
                "type": search_query.PATIENT,
                "named": [reference_hash(f"Patient/{i}") for i in matches_by_id],
            },
        ),
    )
    return [
        build_match_entry(fhir_request.full_url(r), r.body, matches_by_id[r.fhir_id])
        for r in sorted(
            (r for r in rows if r.fhir_id in matches_by_id),
            key=lambda r: (-matches_by_id[r.fhir_id].score, r.resource_id),
        )
    ]


def match_in_alliance(
    fhir_request: FhirRequest, demographics: Demographics, certain_only: bool, count: int
) -> list[bytes]:
    """One entry a person, by the registration that fits best among those that the gate opens:
    what is closed neither finds nor raises anybody.
    """
    check_permission(
        fhir_request.principal, Permission.PERSON_FIND, "This role does not look for patients."
    )
    append_event(
        AuditEvent.from_principal(
            fhir_request.principal, EventCode.PERSON_FIND, target="alliance/Patient/$match"
        )
    )
    everybody = stranger_quota.may_search_strangers(fhir_request.principal)
    candidates = find_similar_patients(
        demographics, None if everybody else fhir_request.principal.hospital_id, certain_only
    )
    if not any(
        f.hospital == fhir_request.principal.hospital and f.grade is not MatchGrade.POSSIBLE
        for f in candidates
    ):
        if not everybody:
            raise stranger_quota.record_refused_search(fhir_request.principal)
        stranger_quota.record_stranger_search(fhir_request.principal, 0)
    matches_of_person: dict[UUID, list[SimilarPatient]] = {}
    for f in candidates:
        matches_of_person.setdefault(f.person_id, []).append(f)
    ranked_entries: list[tuple[SimilarPatient, bytes]] = []
    for person_id, matches in list(matches_of_person.items())[:MOST] or [
        (NOBODY_ID, [])
    ]:  # absence takes as long as refusal
        try:
            scope = gate.authorize_access(
                request_person_access(
                    fhir_request,
                    EventCode.PERSON_READ,
                    f"Patient/{person_id}",
                    person_id,
                    need=PATIENT_SEARCH_NEED,
                )
            )
        except Refused:
            continue
        if {f.source_patient_id for f in matches} & {p for p, _ in scope.patients}:
            rows = section_query.fetch_sections(scope, {"Patient": 50})
            open_ones = [
                f for f in matches if f.source_patient_id in {r.source_patient_id for r in rows}
            ]
            if open_ones:
                ranked_entries.append(
                    (open_ones[0], make_golden_record(fhir_request, person_id, rows))
                )
    ranked_entries.sort(key=lambda o: (-o[0].score, o[0].person_id))
    return [
        build_match_entry(f"{fhir_request.root}/alliance/Patient/{f.person_id}", body, f)
        for f, body in ranked_entries[:count]
    ]
