"""The clinician's pages: find a patient, open the shared record."""

import datetime as dt
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.office import privacy_officers
from consent.models import Relationship
from consent.services.confirmations import declarations
from consent.services.directives import knows
from consent.terms import Refused, Scope
from records.interactions.ask import base
from records.interactions.record import open_record
from records.meaning.lifetime import lifetime
from records.meaning.patient import describe_patient
from records.models import SourcePatient
from records.mpi import find, sources
from records.web.banner import MOST, banner
from records.web.breaking import breaking
from records.web.searches import answered, keep, look, recall
from records.web.sections import contents

ALWAYS = {"Patient": 20, **MOST}
# tab -> {type: how many of the newest}
TABS: dict[str, dict[str, int]] = {
    "summary": {"Condition": 50, "MedicationRequest": 50, "MedicationStatement": 50, "Observation": 60, "Encounter": 10, "DiagnosticReport": 10, "DocumentReference": 10},
    "problems": {"Condition": 500},
    "medicines": {"MedicationRequest": 500, "MedicationStatement": 200},
    "results": {"Observation": 1000},
    "encounters": {"Encounter": 500},
    "documents": {"DiagnosticReport": 200, "DocumentReference": 200, "Composition": 100},
}
HOME = {
    Permission.EMERGENCY_REVIEW: "privacy", Permission.RECORD_READ: "patients", Permission.PERSON_FIND: "patients", Permission.AUDIT_READ: "audit",
    Permission.HOSPITAL_MANAGE: "hospitals", Permission.STAFF_MANAGE: "staff",
}


DOORS = {Permission.RECORD_READ: "person", Permission.CONSENT_RECORD: "consent", Permission.EMERGENCY_REVIEW: "person-privacy"}  # where a hit of the search leads


@require_GET
@page()
def home(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """To the first page of one's role."""
    return redirect(next((name for permission, name in HOME.items() if acting.may(permission)), "account"))


@page(Permission.PERSON_FIND)
def patients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What is typed goes by POST: a name or number never stands in a URL. Back from a record makes the list again."""
    if request.method == "POST":
        return keep(request, request.path)
    text = recall(request)
    found = look(request, text, acting) if text else None
    door = next((name for permission, name in DOORS.items() if acting.may(permission)), "")
    shut = set() if door != "consent" or not found else {f.person for f in found if not f.own} - treated([f.person for f in found], acting)
    stopped = bool(getattr(request, "stopped", 0))
    return answered(request, render(request, "records/patients.html", {
        "q": text, "found": found, "door": door, "shut": shut, "short": bool(text) and len(text.strip()) < 2, "most": find.MOST, "stopped": stopped,
        "urgent": f"?s={request.GET.get('s', '')}&urgent=1" if stopped and acting.may(Permission.EMERGENCY_OPEN) else ""}))


def treated(persons: list[UUID], acting: Principal) -> set[UUID]:
    """Those of the persons whom the hospital treats now."""
    now = timezone.now()
    current = Relationship.objects.filter(hospital_id=acting.hospital_id, starts_at__lte=now, ends_at__gt=now).values("person")
    return set(SourcePatient.objects.filter(person__in=persons, home__in=current).values_list("person_id", flat=True))


@require_GET
@page(Permission.RECORD_READ)
def person(request: HttpRequest, person_id: UUID, tab: str = "summary", *, acting: Principal) -> HttpResponse:
    """The shared record; or, where the gate refuses, what can be done about it."""
    if tab not in TABS:
        return redirect("person", person_id)
    face = find.face(person_id, acting.hospital_id)
    try:
        opened = open_record(base(acting, "alliance", "/fhir"), person_id, {t: max(ALWAYS.get(t, 0), TABS[tab].get(t, 0)) for t in ALWAYS | TABS[tab]}, tab)
    except Refused as refusal:
        return render(request, "records/closed.html", {
            "face": face, "person": person_id, "why": refusal.code, "officers": call_about(acting) if refusal.code == "sealed" else [],
            "overridable": refusal.overridable, "known_here": knows(acting, person_id, sources.of_person(person_id)),
            "breaking": breaking(person_id, acting) if refusal.code == "patient_denied" else None,
            "asked": asked(person_id, acting)}, status=403)
    shown = {
        "person": person_id, "tab": tab, "tabs": list(TABS), "scope": opened.scope, "face": face,
        "breaking": breaking(person_id, acting) if "patient_denied" in opened.scope.withheld else None,
        "actions": find_actions(opened.scope, acting), "minutes": minutes_left(opened.scope.until),
        "asked": asked(person_id, acting) if "unconfirmed" in opened.scope.withheld else None,
        "banner": banner(opened.golden, opened.rows["Patient"], opened.rows["AllergyIntolerance"], opened.rows["Flag"], opened.rows["Observation"]),
        **contents(opened.rows, TABS[tab], describe_patient(opened.golden), lifetime(opened.golden))}
    return render(request, f"records/{tab}.html", shown)


def asked(person_id: UUID, acting: Principal) -> Relationship | None:
    """The viewer's own word, which holds still, that they treat the patient."""
    return next((d for d in declarations(acting.hospital_id, person_id, sources.of_person(person_id)) if d.declared_by_id == int(acting.id)), None)


def call_about(acting: Principal) -> list[Staff]:
    """Whom to call about a sealed record: the privacy officers of the whole alliance and of the viewer's own hospital, whoever has sealed it and wherever it lies."""
    return [s for s in privacy_officers() if s.alliance_wide or s.hospital_id == acting.hospital_id]


ACTIONS = {"unconfirmed": ("treat", Permission.RELATION_DECLARE), "unconfirmed_consent": ("consent", Permission.CONSENT_RECORD),
           "no_relationship": ("treat", Permission.RELATION_DECLARE), "no_consent": ("consent", Permission.CONSENT_RECORD), "unverified": ("consent", Permission.CONSENT_RECORD),
           "policy_closed": ("consent", Permission.CONSENT_RECORD)}


def find_actions(scope: Scope, acting: Principal) -> set[str]:
    """What the viewer can do about records that are withheld: "treat", "consent"; after a refusal the patient is not asked."""
    found = {ACTIONS[code][0] for code in scope.withheld if code in ACTIONS and acting.may(ACTIONS[code][1])}
    return found - {"consent"} if "patient_denied" in scope.withheld else found


def minutes_left(until: dt.datetime | None) -> int:
    """Whole minutes from now, at least one while it lasts."""
    return max(1, int((until - timezone.now()).total_seconds() // 60)) if until else 0


@page(Permission.AUDIT_READ)
def audited_patient(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The auditor names a patient as a clinician would; the log is then asked by person id."""
    if request.method == "POST":
        return keep(request, request.path)
    found = look(request, recall(request), acting, needs=Permission.AUDIT_READ)
    if len(found) == 1:
        return redirect(f"/audit/?person={found[0].person}")
    return answered(request, render(request, "consent/choose.html", {"found": found}))
