"""The inbox of emergency accesses: what waits for its finding, with the hours that are left; for
the privacy officer who decides, and for the auditor who sees that it is done.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal, hospitals_served
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.operations.state_verdict import describe_duration
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.event import EventCode
from consent.audit.line_names import LineNames, load_person_names
from consent.models import Emergency
from consent.services.emergencies import hospital_of_emergency
from consent.services.seen_emergencies import (
    list_emergencies_elsewhere,
    overdue_since,
    query_overdue_emergencies,
    query_seen_emergencies,
    review_hours,
    sort_by_urgency,
)
from records.mpi.index import patient_search
from records.web.emergency_reads import count_emergency_reads
from records.web.pending_confirmations import paginate_rows
from records.web.served_hospitals import append_list_events

MOST_ELSEWHERE = 20
STATES = {
    "waiting": gettext_lazy("What waits"),
    "overdue": gettext_lazy("Overdue"),
    "untold": gettext_lazy("Patient not told yet"),
    "done": gettext_lazy("Done"),
    "all": gettext_lazy("all"),
}


@dataclass(frozen=True, slots=True)
class InboxRow:
    """left: the hours until the finding is due, in words; overdue: by how long it is past, ""
    where it is not; read: how often the record was looked at.
    """

    emergency: Emergency
    patient: str
    hospital: Hospital
    left: str
    overdue: str
    read: int
    is_open: bool


class InboxForm(forms.Form):
    state = forms.ChoiceField(
        label=gettext_lazy("State"), choices=list(STATES.items()), required=False
    )
    hospital = forms.ModelChoiceField(
        label=gettext_lazy("Hospital"),
        queryset=Hospital.objects.none(),
        to_field_name="code",
        required=False,
        empty_label=gettext_lazy("all"),
    )

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(  # type: ignore[attr-defined]
            pk__in=[h.pk for h in hospitals]
        )


def list_inbox_hospitals(acting: Principal) -> list[Hospital]:
    """Whose staff's emergency accesses the acting one sees."""
    if acting.may(Permission.EMERGENCY_REVIEW) and not acting.alliance_wide:
        return list(Hospital.objects.filter(pk__in=hospitals_served(acting)))
    return hospitals_with_permission(acting, "audit_hospital")


@require_GET
@require_staff(Permission.EMERGENCY_SEE)
def emergency_inbox_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Whose names it shows stands in the log."""
    hospitals = list_inbox_hospitals(acting)
    form = InboxForm(request.GET or None, hospitals=hospitals)
    is_understood = not form.is_bound or form.is_valid()
    data = form.cleaned_data if form.is_bound and is_understood else {}
    every = query_seen_emergencies(acting)
    found = paginate_rows(
        filter_by_state(filter_by_hospital(every, data.get("hospital")), data.get("state") or ""),
        request.GET.get("page"),
    )
    elsewhere = list_emergencies_elsewhere(acting, MOST_ELSEWHERE)
    names = name_patients([*found, *elsewhere], acting)
    append_list_events(
        acting,
        EventCode.EMERGENCY_READ,
        "list",
        (
            *((hospital_of_emergency(e), e.person) for e in found),
            *((acting.hospital_id, e.person) for e in elsewhere),
        ),
    )
    keep = request.GET.copy()
    keep.pop("page", None)
    return render(
        request,
        "records/emergency_inbox.html",
        {
            "form": form,
            "hours": review_hours(),
            "overdue": query_overdue_emergencies(acting).count(),
            "waiting": every.filter(reviewed_at=None).count(),
            "rows": [build_inbox_row(e, names[e.pk]) for e in found],
            "found": found,
            "keep": keep.urlencode(),
            "elsewhere": [(e, names[e.pk]) for e in elsewhere],
            "reviews": acting.may(Permission.EMERGENCY_REVIEW),
        },
        status=200 if is_understood else 400,
    )


def filter_by_hospital(
    found: QuerySet[Emergency], hospital: Hospital | None
) -> QuerySet[Emergency]:
    if hospital is None:
        return found
    return found.filter(Q(hospital=hospital) | Q(hospital=None, staff__hospital=hospital))


def filter_by_state(found: QuerySet[Emergency], state: str) -> QuerySet[Emergency]:
    """In the order in which somebody would take them up."""
    if state == "overdue":
        return found.filter(reviewed_at=None, opened_at__lte=overdue_since()).order_by("opened_at")
    if state == "untold":
        return found.filter(told_at=None).order_by("opened_at")
    if state == "done":
        return found.exclude(reviewed_at=None).exclude(told_at=None).order_by("-opened_at")
    if state == "all":
        return found.order_by("-opened_at")
    return sort_by_urgency(found.filter(Q(reviewed_at=None) | Q(told_at=None)))


def name_patients(found: list[Emergency], acting: Principal) -> dict[int, str]:
    """{emergency: the patient's name}: to the officer as their other pages show it, to the auditor
    as the log does.
    """
    persons = {e.person for e in found}
    if acting.may(Permission.EMERGENCY_REVIEW):
        faces = patient_search.displayed_persons(persons, *hospitals_served(acting))
        return {
            e.pk: " · ".join(filter(None, (f.name, f.birth_date)))
            if (f := faces.get(e.person))
            else "—"
            for e in found
        }
    codes = (
        None
        if acting.alliance_wide
        else tuple(h.code for h in hospitals_with_permission(acting, "audit_hospital"))
    )
    known = LineNames(codes, persons=load_person_names({str(p) for p in persons}, codes))
    return {e.pk: known.person_words(e.person) for e in found}


def build_inbox_row(emergency: Emergency, patient: str) -> InboxRow:
    now = timezone.now()
    due = emergency.opened_at + dt.timedelta(hours=review_hours())
    span = describe_duration(abs((due - now).total_seconds()))
    waits = emergency.reviewed_at is None
    return InboxRow(
        emergency,
        patient,
        emergency.hospital or emergency.staff.hospital,
        _("%(span)s left") % {"span": span} if waits and due > now else "",
        _("overdue for %(span)s") % {"span": span} if waits and due <= now else "",
        count_emergency_reads(emergency),
        emergency.closed_at is None and emergency.until > now,
    )
