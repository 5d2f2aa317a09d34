"""What a clinician or clerk does about a patient's record: declare treatment, open and end an emergency access."""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import page
from alliance.roles import Permission
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome
from consent.services.emergencies import do_break_glass, do_close_glass
from consent.services.emergency_rates import AT_ONCE, TooFast, note_stop
from consent.services.relationships import do_declare_relationship
from consent.services.ties import facts_at
from consent.strength import Strength
from records.meaning.ages import age_of
from records.models import SourcePatient
from records.mpi import find, sources
from records.mpi.find import Found
from records.web.ages import age_words
from records.web.breaking import breaking, note_barred
from records.web.forms import EmergencyForm, TreatForm
from records.web.sides import words_for


def known(person_id: UUID, acting: Principal) -> Found:
    """Whom the page is about, as the index may show them; the look is written down."""
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
        tied = facts_at(acting.hospital_id, person_id, sources.of_person(person_id), int(acting.id)).tie is not Strength.NONE
        messages.success(request, _("Noted for you, for 24 hours.") if tied else
                         _("Noted for you, for 24 hours. Now a record clerk of your hospital compares the card, under Confirmations; then what the patient's "
                           "decision or the alliance's rule permits opens."))
        return redirect("person", person_id)
    return render(request, "records/treat.html", {"form": form, "face": face, "person": person_id})


@reauthentication_required
@page(Permission.EMERGENCY_OPEN)
def emergency(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only to somebody who has given the password again within five minutes: an open screen opens no record. To nobody whom the patient's own decision about emergencies
    leaves out."""
    face = known(person_id, acting)
    found = breaking(person_id, acting)
    if found.barred:
        note_barred(person_id, acting)
        return render(request, "records/closed.html", {"face": face, "person": person_id, "why": "patient_denied", "overridable": False, "breaking": found}, status=403)
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            do_break_glass(person_id, ground=data["ground"], reason=data["reason"], hours=data["hours"], sources=sources.of_person(person_id), acting=acting)
        except TooFast as error:
            note_stop(acting, error)
            form.add_error(None, _("You have opened %(n)s records within a minute. Save again in %(seconds)s seconds: what you have written stays here.") % {
                "n": AT_ONCE, "seconds": error.seconds})
            stopped = asked(request, form, face, acting, status=429)
            stopped["Retry-After"] = str(error.seconds)
            return stopped
        messages.warning(request, _("Emergency access is open to you for %(hours)s h. Each look is written down.") % {"hours": data["hours"]})
        return redirect("person", person_id)
    return asked(request, form, face, acting)


def asked(request: HttpRequest, form: EmergencyForm, face: Found, acting: Principal, status: int = 200) -> HttpResponse:
    """The form, beside who the patient is."""
    return render(request, "records/emergency.html", {
        "form": form, "face": face, "person": face.person, "age": age_words(age_of({"birthDate": face.birth_date}, timezone.now())), "numbers": numbers_of(face.person, acting)}, status=status)


def numbers_of(person_id: UUID, acting: Principal) -> list[str]:
    """Citizen numbers of the patient's registrations: the last four digits, to be compared with a card."""
    rows = SourcePatient.objects.filter(pk__in=[s.id for s in sources.of_person(person_id)])
    return sorted({"*" * (len(n) - 4) + n[-4:] for r in rows if len(n := words_for(r, acting).number) > 8})


@page(Permission.EMERGENCY_OPEN)
def close_emergency(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Asks once more: to open it again takes a password and a reason."""
    if request.method != "POST":
        return render(request, "records/emergency_close.html", {"face": known(person_id, acting), "person": person_id})
    do_close_glass(person_id, sources=sources.of_person(person_id), acting=acting)
    messages.success(request, _("The emergency access has ended."))
    return redirect("person", person_id)
