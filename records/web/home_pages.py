"""The first page of everybody who works here: whom they have to do with and what waits for them,
one part for each thing that their role may do.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.own_lines import list_opened_persons
from consent.terms import Refused
from records.meaning.resource_reading import interpret_resource
from records.meaning.times import Moment, moment_of_element
from records.models import SourcePatient
from records.mpi.index.patient_search import DisplayedPerson, displayed_persons
from records.operations.admissions import list_admissions
from records.web.home_blocks import list_home_blocks, list_own_emergencies
from records.web.record_frame import minutes_left

MAX_RECENT = 10


@dataclass(frozen=True, slots=True)
class Admitted:
    """A patient in the hospital: since when, and what the encounter says of itself."""

    face: DisplayedPerson
    since: Moment
    title: str
    place: str


@require_GET
@require_staff()
def home_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    blocks = list_home_blocks(acting)
    context: dict[str, Any] = {
        "waiting": [block for block in blocks if block.waits],
        "quiet": [block for block in blocks if not block.waits],
        "finds": acting.may(Permission.PERSON_FIND),
    }
    if acting.may(Permission.RECORD_READ):
        context |= describe_patients(request, acting)
    return render(request, "records/home.html", context)


def describe_patients(request: HttpRequest, acting: Principal) -> dict[str, Any]:
    """Whom a clinician has opened lately, has open in an emergency, and who is in the hospital.
    One audit line names those of the first two lists, the search of the encounters the others.
    """
    opened = list_opened_persons(acting.id, acting.hospital, MAX_RECENT)
    emergencies = list_own_emergencies(acting)
    asked = [person for person, _ in opened] + [e.person for e in emergencies]
    faces = displayed_persons(asked, acting.hospital_id) if asked else {}
    recent = {
        faces[person].person: (faces[person], at)
        for person, at in reversed(opened)
        if person in faces
    }  # two who were joined since are one
    if faces:
        shown = sorted({face.person for face in faces.values()})
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.PERSON_FIND,
                target="home",
                persons=tuple(shown),
                refs=tuple(f"person/{p}" for p in shown),
            )
        )
    return {
        "recent": list(recent.values())[::-1],
        "emergencies": [
            (faces[e.person], minutes_left(e.until)) for e in emergencies if e.person in faces
        ],
        **describe_admissions(request, acting),
    }


def describe_admissions(request: HttpRequest, acting: Principal) -> dict[str, Any]:
    """Those of the clinician's department first; of the whole hospital where it is asked for."""
    works_in = (
        Staff.objects.filter(pk=int(acting.id)).values_list("department__code", flat=True).first()
    )
    everywhere = request.GET.get("all") == "1"
    try:
        page = list_admissions(
            acting, "" if everywhere else works_in or "", request.GET.get("after", "")
        )
    except Refused:
        return {"admitted": None}
    rows = SourcePatient.objects.in_bulk({source for source, _ in page.rows})
    faces = displayed_persons([row.home for row in rows.values()], acting.hospital_id)
    return {
        "admitted": [
            describe_admitted(faces[rows[source].home], encounter)
            for source, encounter in page.rows
            if source in rows
        ],
        "admitted_total": page.total,
        "admitted_next": page.next,
        "narrowed": not page.all_departments,
        "everywhere": everywhere,
    }


def describe_admitted(face: DisplayedPerson, encounter: dict[str, Any]) -> Admitted:
    places = [
        str((entry.get("location") or {}).get("display") or "")
        for entry in encounter.get("location") or []
        if isinstance(entry, dict)
    ]
    provider = str((encounter.get("serviceProvider") or {}).get("display") or "")
    return Admitted(
        face,
        moment_of_element(encounter, "period"),
        interpret_resource(encounter).title,
        " · ".join(dict.fromkeys(p for p in (provider, *places[-1:]) if p)),
    )
