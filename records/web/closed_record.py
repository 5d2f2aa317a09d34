"""The page in place of a record that the gate does not open: why, and what can be done about it."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.services.office import hospitals_of_officer, list_privacy_officers
from consent.models import Relationship
from consent.services.directives import is_known_at_hospital
from consent.services.tie_confirmations import list_declarations
from consent.terms import Refused
from records.mpi.index import source_patients
from records.mpi.index.patient_search import DisplayedPerson
from records.web.break_glass import find_break_glass_options


def show_closed_record(
    request: HttpRequest,
    person_id: UUID,
    face: DisplayedPerson | None,
    refusal: Refused,
    acting: Principal,
) -> HttpResponse:
    """face: the patient as a search would show them to the viewer."""
    return render(
        request,
        "records/closed.html",
        {
            "face": face,
            "person": person_id,
            "why": refusal.code,
            "officers": officers_for_sealed(acting) if refusal.code == "sealed" else [],
            "overridable": refusal.overridable,
            "known_here": is_known_at_hospital(
                acting, person_id, source_patients.sources_of_person(person_id)
            ),
            "breaking": (
                find_break_glass_options(person_id, acting)
                if refusal.code == "patient_denied"
                else None
            ),
            "asked": own_standing_declaration(person_id, acting),
        },
        status=403,
    )


def own_standing_declaration(person_id: UUID, acting: Principal) -> Relationship | None:
    """The viewer's own word, which holds still, that they treat the patient."""
    return next(
        (
            d
            for d in list_declarations(
                acting.hospital_id, person_id, source_patients.sources_of_person(person_id)
            )
            if d.declared_by_id == int(acting.id)
        ),
        None,
    )


def officers_for_sealed(acting: Principal) -> list[Staff]:
    """Whom to call about a sealed record: the privacy officers of the whole alliance and those who
    serve the viewer's own hospital, whoever has sealed it and wherever it lies.
    """
    return [
        s
        for s in list_privacy_officers()
        if s.alliance_wide or acting.hospital_id in hospitals_of_officer(s)
    ]
