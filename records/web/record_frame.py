"""What every page of an opened record shows around its own section: the patient's banner, what is
withheld and what can be done about it.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import wraps
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.event import EventCode
from consent.audit.last_look import LastLook, find_last_look
from consent.reason_words import WITHHELD_STATES
from consent.terms import Refused, Scope
from records.meaning.ages import AgeUnit, age_of_patient
from records.meaning.lifetime import Lifetime, lifetime_of_patient
from records.meaning.patient_details import traits_of_patient
from records.meaning.reference_ranges import PatientTraits
from records.mpi.index import patient_search
from records.operations.shared_record import OpenedRecord, SectionWindow, open_record
from records.requests.fhir_request import build_fhir_request
from records.web.banner import build_banner
from records.web.banner_windows import banner_windows
from records.web.break_glass import find_break_glass_options
from records.web.closed_record import own_standing_declaration, show_closed_record

NOTHING_NEW: Mapping[str, SectionWindow] = MappingProxyType({})
ADULT_FROM = 18  # years
TABS = ("summary", "problems", "medicines", "results", "encounters", "history", "documents")


@dataclass(frozen=True, slots=True)
class RecordFrame:
    """An opened record for one of its pages. whom, life: what ranges and dates are judged by;
    context: what the frame's template shows; last_look: the reader's own, before this visit.
    """

    opened: OpenedRecord
    whom: PatientTraits
    life: Lifetime
    context: dict[str, Any]
    last_look: LastLook | None = None


def record_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A GET page of an opened record for those who may read records; where the gate refuses, the
    page in place of the record.
    """

    @require_GET
    @require_staff(Permission.RECORD_READ)
    @wraps(view)
    def framed(
        request: HttpRequest, person_id: UUID, *args: Any, acting: Principal, **more: Any
    ) -> HttpResponse:
        try:
            return view(request, person_id, *args, acting=acting, **more)
        except Refused as refusal:
            face = patient_search.displayed_person(person_id, acting.hospital_id)
            return show_closed_record(request, person_id, face, refusal, acting)

    return framed


def open_record_frame(
    person_id: UUID,
    acting: Principal,
    tab: str,
    windows: Mapping[str, int | SectionWindow],
    news: Mapping[str, SectionWindow] = NOTHING_NEW,
    code: EventCode = EventCode.RECORD_OPEN,
) -> RecordFrame:
    """windows, code: as for open_record; tab: what the audit line says; news: sections that take
    only what the reader's last look missed, none where there was none. Raises Refused.
    """
    last_look = find_last_look(person_id, acting.id)
    missed = {name: replace(w, missed=last_look) for name, w in news.items() if last_look}
    opened = open_record(
        build_fhir_request(acting, "alliance", "/fhir"),
        person_id,
        # called apart from the sections of a page, which may take other rows of a type
        {"Patient": SectionWindow(20), **banner_windows(timezone.now()), **windows, **missed},
        tab,
        last_look,
        code,
    )
    scope = opened.scope
    return RecordFrame(
        opened,
        traits_of_patient(opened.golden),
        lifetime_of_patient(opened.golden),
        {
            "person": person_id,
            "tab": tab,
            "tabs": (*TABS, "growth") if is_child(opened.golden) or tab == "growth" else TABS,
            "scope": scope,
            "face": patient_search.displayed_person(person_id, acting.hospital_id),
            "breaking": (
                find_break_glass_options(person_id, acting)
                if "patient_denied" in scope.withheld
                else None
            ),
            "actions": find_actions(scope, acting),
            "states": list_withheld_states(scope),
            "minutes": minutes_left(scope.until),
            "asked": (
                own_standing_declaration(person_id, acting)
                if "unconfirmed" in scope.withheld
                else None
            ),
            "banner": build_banner(
                opened.golden,
                opened.rows["Patient"],
                opened.rows["banner AllergyIntolerance"],
                opened.rows["banner Flag"],
                opened.rows,
            ),
        },
        last_look,
    )


def is_child(patient: dict[str, Any]) -> bool:
    """Whether the patient is, or was at their death, younger than a chart of growth reaches."""
    age = age_of_patient(patient, timezone.now())
    return age is not None and (age.unit is not AgeUnit.YEARS or age.number < ADULT_FROM)


ACTION_BY_REASON = {
    "unconfirmed": ("treat", Permission.RELATION_DECLARE),
    "unconfirmed_consent": ("consent", Permission.CONSENT_RECORD),
    "no_relationship": ("treat", Permission.RELATION_DECLARE),
    "no_consent": ("consent", Permission.CONSENT_RECORD),
    "unverified": ("consent", Permission.CONSENT_RECORD),
    "policy_closed": ("consent", Permission.CONSENT_RECORD),
}


def find_actions(scope: Scope, acting: Principal) -> set[str]:
    """What the viewer can do about records that are withheld: "treat", "consent"; after a
    refusal the patient is not asked.
    """
    found = {
        ACTION_BY_REASON[code][0]
        for code in scope.withheld
        if code in ACTION_BY_REASON and acting.may(ACTION_BY_REASON[code][1])
    }
    return found - {"consent"} if "patient_denied" in scope.withheld else found


def list_withheld_states(scope: Scope) -> list[str]:
    """How far asking for what is withheld has come, each state once."""
    return list(
        dict.fromkeys(
            str(WITHHELD_STATES[code]) for code in scope.withheld if code in WITHHELD_STATES
        )
    )


def minutes_left(until: dt.datetime | None) -> int:
    """Whole minutes from now, at least one while it lasts."""
    return max(1, int((until - timezone.now()).total_seconds() // 60)) if until else 0
