"""The timeline of a shared record, and one encounter of it with what belongs to it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.principal import Principal
from consent.audit.last_look import find_last_look
from records.fhir.issues import NotFound
from records.meaning.encounter import ENCOUNTER_KINDS, kind_of_encounter, speciality_of_encounter
from records.meaning.lifetime import Lifetime, lifetime_of_patient
from records.meaning.patient_details import traits_of_patient
from records.meaning.reference_ranges import PatientTraits
from records.meaning.resource_facts import DATED
from records.meaning.sense import Sense
from records.meaning.trend import trend_order
from records.meaning.unknown_modifiers import has_unknown_modifier
from records.operations.shared_encounter import open_encounter
from records.operations.shared_record import SectionWindow, ShownResource
from records.requests.fhir_request import build_fhir_request
from records.web.banner import build_banner
from records.web.record_frame import minutes_left, open_record_frame, record_view
from records.web.record_sections import Notice, document_url, list_hidden_notices
from records.web.resource_display import (
    DisplayLine,
    build_display_line,
    mark_doubtful_dates,
    sort_newest_first,
)
from records.web.result_display import ResultLine, build_result_lines
from records.web.result_grid import group_rows
from records.web.timeline import build_timeline, list_timeline_entries

MOST_ENCOUNTERS = 5000  # that are counted and filtered; beyond it the page says so
DOCUMENTS = frozenset({"Composition", "DiagnosticReport", "DocumentReference"})
# heading -> types, in the order of the page
ENCOUNTER_GROUPS = (
    (gettext_lazy("Diagnoses"), ("Condition",)),
    (gettext_lazy("Procedures"), ("Procedure",)),
    (gettext_lazy("Medicines"), ("MedicationRequest", "MedicationStatement")),
    (gettext_lazy("Reports and documents"), tuple(sorted(DOCUMENTS))),
    (gettext_lazy("Allergies"), ("AllergyIntolerance",)),
    (gettext_lazy("Immunisations"), ("Immunization",)),
    (gettext_lazy("Devices"), ("DeviceUseStatement",)),
    (gettext_lazy("Alerts"), ("Flag",)),
    (gettext_lazy("Parts of this encounter"), ("Encounter",)),
)


@dataclass(frozen=True, slots=True)
class EncounterPart:
    """What belongs to an encounter, or was done on its days: lines by heading, results apart;
    unshown: how many entries are of types that no page shows.
    """

    groups: tuple[tuple[str, tuple[DisplayLine, ...]], ...]
    results: tuple[ResultLine, ...]
    notices: tuple[Notice, ...]
    unshown: int

    @property
    def empty(self) -> bool:
        return not (self.groups or self.results or self.notices or self.unshown)


@record_view
def timeline_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """All encounters, by year and month."""
    frame = open_record_frame(
        person_id, acting, "encounters", {"Encounter": SectionWindow(MOST_ENCOUNTERS)}
    )
    rows = frame.opened.rows["Encounter"]
    return render(
        request,
        "records/encounters.html",
        {
            **frame.context,
            "timeline": build_timeline(
                person_id, list_timeline_entries(rows), request.GET.dict(), frame.life
            ),
            "notices": list_hidden_notices(rows),
            "cut": MOST_ENCOUNTERS if len(rows) == MOST_ENCOUNTERS else 0,
        },
    )


@record_view
def encounter_page(
    request: HttpRequest, person_id: UUID, hospital: str, fhir_id: str, *, acting: Principal
) -> HttpResponse:
    """One encounter, what names it, and apart what was done on its days without naming one. Raises
    Http404 for what is hidden, another patient's or not there, of which the read has written its
    line.
    """
    last_look = find_last_look(person_id, acting.id)
    try:
        opened = open_encounter(
            build_fhir_request(acting, "alliance", "/fhir"), person_id, hospital, fhir_id, last_look
        )
    except NotFound as error:
        absent = Http404()
        absent.written = True  # type: ignore[attr-defined]
        raise absent from error
    whom, life = traits_of_patient(opened.golden), lifetime_of_patient(opened.golden)
    shown = opened.encounter
    parts = [
        (_("Belongs to this encounter"), build_part(person_id, opened.named, whom, life)),
        (
            _("Same hospital, same days, without naming an encounter"),
            build_part(person_id, drop_foreign(opened.days), whom, life),
        ),
    ]
    return render(
        request,
        "records/encounter.html",
        {
            "person": person_id,
            "scope": opened.scope,
            "minutes": minutes_left(opened.scope.until),
            "banner": build_banner(opened.golden, opened.patients, [], []),
            "hidden": list_hidden_notices([shown]),
            "line": mark_doubtful_dates([build_display_line(shown)], life)[0],
            "kind": ENCOUNTER_KINDS[kind_of_encounter(shown.resource)],
            "speciality": speciality_of_encounter(shown.resource, shown.hospital.name),
            "critical": group_rows(x for _words, part in parts for x in part.results if x.critical),
            "parts": parts,
            "cut": opened.cut,
        },
    )


def drop_foreign(rows: Iterable[ShownResource]) -> list[ShownResource]:
    """Without what names an encounter in an element that no search reads."""
    return [s for s in rows if not (s.resource.get("encounter") or {}).get("reference")]


def build_part(
    person: UUID, rows: list[ShownResource], whom: PatientTraits, life: Lifetime
) -> EncounterPart:
    clear = [s for s in rows if not has_unknown_modifier(s.resource)]
    groups = []
    for words, types in ENCOUNTER_GROUPS:
        lines = sort_newest_first(
            [
                build_part_line(person, s)
                for s in clear
                if s.resource["resourceType"] in types and s.resource["resourceType"] in DATED
            ]
        )
        if kept := [x for x in lines if x.sense is not Sense.VOID]:
            groups.append((str(words), tuple(mark_doubtful_dates(kept, life))))
    known = {t for _words, types in ENCOUNTER_GROUPS for t in types} | {"Observation"}
    observations = [s for s in clear if s.resource["resourceType"] == "Observation"]
    results = [x for s in observations for x in build_result_lines(s, whom, life)]
    worst_first = sorted(results, key=lambda x: (not x.critical, not x.abnormal, *trend_order(x)))
    return EncounterPart(
        tuple(groups),
        tuple(worst_first),
        tuple(list_hidden_notices(rows)),
        sum(s.resource["resourceType"] not in known for s in clear),
    )


def build_part_line(person: UUID, s: ShownResource) -> DisplayLine:
    line = build_display_line(s)
    return (
        replace(line, href=document_url(person, s))
        if s.resource["resourceType"] in DOCUMENTS
        else line
    )
