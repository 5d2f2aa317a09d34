"""Open one encounter of the shared record of a person with what belongs to it: through the gate as
the record is, in one statement under one audit line that names it.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.models import Hospital
from consent import gate
from consent.audit.event import EventCode
from consent.audit.last_look import LastLook
from consent.terms import Scope
from records.fhir.issues import NotFound
from records.fhir.json_codec import parse_json
from records.fhir.operation_outcome import ABSENT
from records.identity.persons import make_golden_record
from records.meaning.encounter import STAY_CLASSES
from records.meaning.medicine import join_medication
from records.meaning.value_text import drop_nulls
from records.operations.medications import read_medications
from records.operations.shared_record import ShownResource
from records.requests.fhir_request import FhirRequest, request_person_access
from records.requests.timing_grid import delay_refusals
from records.store.encounter_query import fetch_encounter
from records.store.rows import Row

# what may stand beside an encounter because it was done on its days
CLINICAL_TYPES = (
    "AllergyIntolerance",
    "Composition",
    "Condition",
    "DeviceUseStatement",
    "DiagnosticReport",
    "DocumentReference",
    "ImagingStudy",
    "Immunization",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Procedure",
    "ServiceRequest",
)
MOST_SHOWN = 500  # of what names it, and of what was done besides


@dataclass(frozen=True, slots=True)
class OpenedEncounter:
    """golden: the Patient made of the registrations that are shown, {} where there are none; named:
    what names it or is named by it; days: what its hospital did on its days that names none; cut:
    whether there may be more of either.
    """

    scope: Scope
    golden: dict[str, Any]
    encounter: ShownResource
    patients: list[ShownResource]
    named: list[ShownResource]
    days: list[ShownResource]
    cut: bool


def open_encounter(
    fhir_request: FhirRequest,
    person: UUID,
    hospital_code: str,
    fhir_id: str,
    last_look: LastLook | None,
) -> OpenedEncounter:
    """last_look: the reader's, by which what it missed is marked. Raises Refused where the gate
    opens nothing of the person, and NotFound for an encounter that is hidden, another patient's,
    or not there: one looks like the other.
    """
    with delay_refusals(True):
        scope = gate.authorize_access(
            request_person_access(
                replace(fhir_request, base=hospital_code),
                EventCode.RECORD_OPEN,
                f"Encounter/{fhir_id}",
                person,
                "encounter",
            )
        )
        hospitals = {h.code: h for h in Hospital.objects.all()}
        hospital = hospitals.get(hospital_code)
        found = fetch_encounter(
            scope,
            hospital.pk if hospital else 0,
            fhir_id,
            CLINICAL_TYPES,
            STAY_CLASSES,
            MOST_SHOWN,
        )
        if found.encounter is None or hospital is None:
            raise NotFound(ABSENT)
    medications = {
        f"Medication/{r.fhir_id}": drop_nulls(parse_json(r.body))
        for r in read_medications(scope, [*found.named, *found.days])
    }

    def show(row: Row) -> ShownResource:
        return ShownResource(
            join_medication(drop_nulls(parse_json(row.body)), medications),
            hospitals[row.hospital],
            fhir_request.full_url(row),
            row.last_updated,
            last_look is not None and last_look.has_missed(row.hospital, row.last_updated),
        )

    return OpenedEncounter(
        scope,
        drop_nulls(parse_json(make_golden_record(fhir_request, person, found.patients)))
        if found.patients
        else {},
        show(found.encounter),
        [show(r) for r in found.patients],
        [show(r) for r in found.named],
        [show(r) for r in found.days],
        MOST_SHOWN in (len(found.named), len(found.days)),
    )
