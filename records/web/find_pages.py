"""The page that finds a patient."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.models import Relationship
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.mpi.matching.rules.typed_search import parse_typed_search
from records.web.stored_searches import (
    recall_search,
    search_patients,
    store_search,
    with_retry_after,
)

PAGE_OF_HIT = {
    Permission.RECORD_READ: "person",
    Permission.CONSENT_RECORD: "consent",
    Permission.EMERGENCY_REVIEW: "person-privacy",
}  # where a hit of the search leads


@require_staff(Permission.PERSON_FIND)
def patients_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What is typed goes by POST: a name or number never stands in a URL. Back from a record
    makes the list again.
    """
    if request.method == "POST":
        return store_search(request, request.path)
    text = recall_search(request)
    found = search_patients(request, text, acting) if text else None
    typed = parse_typed_search(text, timezone.localdate())
    door = next((name for permission, name in PAGE_OF_HIT.items() if acting.may(permission)), "")
    shut = (
        set()
        if door != "consent" or not found
        else {f.person for f in found if not f.own}
        - persons_treated_here([f.person for f in found], acting)
    )
    stopped = bool(getattr(request, "stopped", 0))
    return with_retry_after(
        request,
        render(
            request,
            "records/patients.html",
            {
                "q": text,
                "found": found,
                "door": door,
                "shut": shut,
                "short": bool(text) and typed.means_nothing,
                "newest": bool(typed.family),
                "most": patient_search.MAX_FOUND,
                "stopped": stopped,
                "urgent": (
                    f"?s={request.GET.get('s', '')}&urgent=1"
                    if stopped and acting.may(Permission.EMERGENCY_OPEN)
                    else ""
                ),
            },
        ),
    )


def persons_treated_here(persons: list[UUID], acting: Principal) -> set[UUID]:
    """Those of the persons whom the hospital treats now."""
    now = timezone.now()
    current = Relationship.objects.filter(
        hospital_id=acting.hospital_id, starts_at__lte=now, ends_at__gt=now
    ).values("person")
    return set(
        SourcePatient.objects.filter(person__in=persons, home__in=current).values_list(
            "person_id", flat=True
        )
    )


@require_staff(Permission.AUDIT_READ)
def audited_patient_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """The auditor names a patient as a clinician would; the log is then asked by person id."""
    if request.method == "POST":
        return store_search(request, request.path)
    found = search_patients(request, recall_search(request), acting, needs=Permission.AUDIT_READ)
    if len(found) == 1:
        return redirect(f"/audit/?person={found[0].person}")
    return with_retry_after(request, render(request, "consent/choose.html", {"found": found}))
