"""The clinician's pages: find a patient, open the shared record."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.terms import Refused
from records.interactions.ask import base
from records.interactions.record import Opened, open_record
from records.mpi import find
from records.web import present
from records.web.banner import banner
from records.web.chart import draw

ALWAYS = {"Patient": 20, "AllergyIntolerance": 100, "Flag": 50}
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


@require_GET
@page()
def home(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """To the first page of one's role."""
    return redirect(next((name for permission, name in HOME.items() if acting.may(permission)), "account_logout"))


@page(Permission.PERSON_FIND)
def patients(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What is typed goes by POST: a name or number never stands in a URL."""
    text = request.POST.get("q", "") if request.method == "POST" else ""
    found = find.find(text, acting=acting) if text else None
    template = "records/found.html" if request.headers.get("HX-Request") else "records/patients.html"
    return render(request, template, {"q": text, "found": found, "short": bool(text) and len(text.strip()) < 2, "most": find.MOST})


@require_GET
@page(Permission.RECORD_READ)
def person(request: HttpRequest, person_id: UUID, tab: str = "summary", *, acting: Principal) -> HttpResponse:
    """The shared record; or, where the gate refuses, what can be done about it."""
    if tab not in TABS:
        return redirect("person", person_id)
    face = find.face(person_id, acting.hospital_id)
    try:
        opened = open_record(base(acting, "alliance", "/fhir"), person_id, ALWAYS | TABS[tab], tab)
    except Refused as refusal:
        return render(request, "records/closed.html", {"face": face, "person": person_id, "why": refusal.code, "overridable": refusal.overridable}, status=403)
    shown = {
        "person": person_id, "tab": tab, "tabs": list(TABS), "scope": opened.scope, "face": face,
        "banner": banner(opened.golden, opened.rows["Patient"], opened.rows["AllergyIntolerance"], opened.rows["Flag"]), **contents(opened, TABS[tab])}
    return render(request, f"records/{tab}.html", shown)


# section -> the types that it is made of
SECTIONS = {
    "problems": ("Condition",), "medicines": ("MedicationRequest", "MedicationStatement"), "results": ("Observation",),
    "encounters": ("Encounter",), "documents": ("DiagnosticReport", "DocumentReference", "Composition"),
}
PAST_PROBLEM = frozenset({"resolved", "inactive", "remission"})
PRESENT_MEDICINE = frozenset({"active", "on-hold", "draft", "unknown", ""})


def contents(opened: Opened, most: dict[str, int]) -> dict[str, object]:
    """What the sections show; cut: those of which there may be more than the newest that are shown."""
    found = {name: [s for t in types for s in opened.rows.get(t, []) if not present.mistaken(s)] for name, types in SECTIONS.items()}
    problems = present.newest([present.problem(s) for s in found["problems"]])
    medicines = present.newest([present.medicine(s) for s in found["medicines"]])
    results = present.series([line for s in found["results"] for line in present.result(s)])
    return {
        "problems": [c for c in problems if c.status not in PAST_PROBLEM],
        "past_problems": [c for c in problems if c.status in PAST_PROBLEM],
        "medicines": [m for m in medicines if m.status in PRESENT_MEDICINE],
        "past_medicines": [m for m in medicines if m.status not in PRESENT_MEDICINE],
        "results": [(s, draw(s)) for s in results],
        "encounters": present.newest([present.encounter(s) for s in found["encounters"]]),
        "documents": present.newest([present.document(s) for s in found["documents"]]),
        "cut": {name: max(most[t] for t in types if t in most) for name, types in SECTIONS.items()
                if any(t in most and len(opened.rows.get(t, [])) >= most[t] for t in types)},
    }


@require_POST
@page(Permission.AUDIT_READ)
def audited_patient(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The auditor names a patient as a clinician would; the log is then asked by person id."""
    found = find.find(request.POST.get("q", ""), acting=acting, needs=Permission.AUDIT_READ)
    if len(found) == 1:
        return redirect(f"/audit/?person={found[0].person}")
    return render(request, "consent/choose.html", {"found": found})
