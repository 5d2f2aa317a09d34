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
HOME = {Permission.RECORD_READ: "patients", Permission.PERSON_FIND: "patients", Permission.AUDIT_READ: "audit", Permission.HOSPITAL_MANAGE: "hospitals", Permission.STAFF_MANAGE: "staff"}


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
    face = find.face(person_id, acting.hospital_id)
    try:
        opened = open_record(base(acting, "alliance", "/fhir"), person_id, ALWAYS | TABS.get(tab, {}), tab)
    except Refused as refusal:
        return render(request, "records/closed.html", {"face": face, "person": person_id, "why": refusal.code, "overridable": refusal.overridable}, status=403)
    if tab not in TABS:
        return redirect("person", person_id)
    shown = {
        "person": person_id, "tab": tab, "tabs": list(TABS), "scope": opened.scope, "face": face,
        "banner": banner(opened.rows["Patient"], opened.rows["AllergyIntolerance"], opened.rows["Flag"]), **contents(opened)}
    return render(request, f"records/{tab}.html", shown)


def contents(opened: Opened) -> dict[str, object]:
    rows = opened.rows
    conditions = present.newest([present.problem(s) for s in rows.get("Condition", [])])
    medicines = present.newest([present.medicine(s) for s in [*rows.get("MedicationRequest", []), *rows.get("MedicationStatement", [])]])
    results = present.series([line for s in rows.get("Observation", []) for line in present.result(s)])
    documents = [present.document(s) for name in ("DiagnosticReport", "DocumentReference", "Composition") for s in rows.get(name, [])]
    return {
        "problems": [c for c in conditions if c.status not in ("resolved", "inactive", "remission")],
        "past_problems": [c for c in conditions if c.status in ("resolved", "inactive", "remission")],
        "medicines": [m for m in medicines if m.status in ("active", "on-hold", "draft", "unknown", "")],
        "past_medicines": [m for m in medicines if m.status not in ("active", "on-hold", "draft", "unknown", "")],
        "results": [(s, draw(s)) for s in results],
        "encounters": present.newest([present.encounter(s) for s in rows.get("Encounter", [])]),
        "documents": present.newest(documents),
    }


@require_POST
@page(Permission.AUDIT_READ)
def audited_patient(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The auditor names a patient as a clinician would; the log is then asked by person id."""
    found = find.find(request.POST.get("q", ""), acting=acting, needs=Permission.AUDIT_READ)
    if len(found) == 1:
        return redirect(f"/audit/?person={found[0].person}")
    return render(request, "consent/choose.html", {"found": found})
