"""What a clinician or clerk does about a patient's record: declare treatment, break the glass and close it."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.services.emergencies import do_break_glass, do_close_glass
from consent.services.relationships import do_declare_relationship
from records.mpi import find, sources
from records.mpi.find import Found
from records.web.forms import EmergencyForm, TreatForm


def known(person_id: UUID, acting: Principal) -> Found:
    """Whom the page is about, as the index may show him; the look is written down."""
    face = find.face(person_id, acting.hospital_id)
    append(Event.of(acting, EventCode.PERSON_READ, person=person_id, target="face", outcome=Outcome.SUCCESS if face else Outcome.NOT_FOUND))
    if face is None:
        raise Http404
    return face


@page(Permission.RELATION_DECLARE)
def treat(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    face = known(person_id, acting)
    form = TreatForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_declare_relationship(person_id, reason=form.cleaned_data["reason"], acting=acting)
        messages.success(request, _("Your hospital now treats this patient; this holds for 24 hours."))
        return redirect("person", person_id)
    return render(request, "records/treat.html", {"form": form, "face": face, "person": person_id})


@reauthentication_required
@page(Permission.EMERGENCY_OPEN)
def emergency(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only to somebody who has given his password again within five minutes: an open screen breaks no glass."""
    face = known(person_id, acting)
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        do_break_glass(person_id, ground=data["ground"], reason=data["reason"], hours=data["hours"], acting=acting)
        messages.warning(request, _("The record is open to you for %(hours)s h. Each look is written down.") % {"hours": data["hours"]})
        return redirect("person", person_id)
    return render(request, "records/emergency.html", {"form": form, "face": face, "person": person_id})


@require_POST
@page(Permission.EMERGENCY_OPEN)
def close_emergency(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    do_close_glass(person_id, sources=sources.of_person(person_id), acting=acting)
    messages.success(request, _("The emergency access is closed."))
    return redirect("person", person_id)
