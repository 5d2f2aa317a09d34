"""One emergency access: who opened it, why, what was read, whether treatment followed; its finding,
and how the patient was told.
"""

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, act_for_hospital
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.models import Emergency
from consent.services.emergencies import (
    do_review_emergency,
    do_tell_patient,
    hospital_of_emergency,
)
from consent.services.seen_emergencies import find_seen_emergency, review_hours
from records.web.emergency_inbox import build_inbox_row, name_patients
from records.web.emergency_reads import list_emergency_reads
from records.web.forms import EmergencyReviewForm

WAYS = {
    "person": gettext_lazy("in person"),
    "phone": gettext_lazy("by telephone"),
    "letter": gettext_lazy("by letter"),
    "family": gettext_lazy("through the family"),
}


class PatientNoticeForm(forms.Form):
    """When and how the patient was told."""

    way = forms.ChoiceField(
        label=gettext_lazy("How the patient was told"), choices=list(WAYS.items())
    )
    day = forms.DateField(
        label=gettext_lazy("On which day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    more = forms.CharField(label=gettext_lazy("Remark"), max_length=60, required=False)

    def __init__(self, *args: Any, opened_at: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.opened_on = timezone.localdate(opened_at)

    def clean_day(self) -> dt.date:
        day: dt.date = self.cleaned_data["day"]
        if not self.opened_on <= day <= timezone.localdate():
            raise forms.ValidationError(_("Choose a day from the emergency access until today."))
        return day

    def words(self) -> str:
        data = self.cleaned_data
        return " · ".join(
            filter(None, (data["day"].isoformat(), str(WAYS[data["way"]]), data["more"]))
        )


@require_http_methods(["GET", "POST"])
@require_staff(Permission.EMERGENCY_SEE)
def emergency_page(request: HttpRequest, emergency_id: int, *, acting: Principal) -> HttpResponse:
    """The privacy officer writes down finding and notice here; the auditor reads."""
    emergency = find_seen_emergency(emergency_id, acting) if emergency_id < 2**63 else None
    if emergency is None:
        raise Http404
    reviews = acting.may(Permission.EMERGENCY_REVIEW)
    asked = "finding" if "finding" in request.POST else "way" if "way" in request.POST else ""
    review = EmergencyReviewForm(request.POST if asked == "finding" else None)
    tell = PatientNoticeForm(
        request.POST if asked == "way" else None,
        initial={"day": timezone.localdate()},
        opened_at=emergency.opened_at,
    )
    if request.method == "POST":
        if not reviews:
            raise Forbidden("role", _("This role does not review emergencies."))
        if write_down(request, emergency, asked, review, tell, acting):
            return redirect("emergency-page", emergency.pk)
    append_event(
        AuditEvent.from_principal(
            act_for_hospital(acting, hospital_of_emergency(emergency)),
            EventCode.EMERGENCY_READ,
            person=emergency.person,
            target=f"emergency/{emergency.pk}",
        )
    )
    lines = list_emergency_reads(emergency, acting)
    return render(
        request,
        "records/emergency_page.html",
        {
            "row": build_inbox_row(emergency, name_patients([emergency], acting)[emergency.pk]),
            "e": emergency,
            "hours": review_hours(),
            "lines": [(x, dt.datetime.fromisoformat(x["recorded"])) for x in lines],
            "reviews": reviews,
            "own": emergency.staff_id == int(acting.id),
            "audits": acting.may(Permission.AUDIT_READ),
            "review": review,
            "tell": tell,
        },
    )


def write_down(
    request: HttpRequest,
    emergency: Emergency,
    asked: str,
    review: EmergencyReviewForm,
    tell: PatientNoticeForm,
    acting: Principal,
) -> bool:
    """Whether the form was understood, and what it says is written down."""
    if asked == "finding" and review.is_valid():
        do_review_emergency(emergency.pk, acting=acting, **review.cleaned_data)
        messages.success(request, _("The finding is written down."))
        return True
    if asked == "way" and tell.is_valid():
        do_tell_patient(emergency.pk, how=tell.words(), acting=acting)
        messages.success(request, _("It is written down that the patient was told."))
        return True
    if not asked:
        messages.error(request, _("Choose a finding, and say in a few words why."))
    return False
