"""Actions of a clinician or clerk on a patient's record: declare treatment, open and end an
emergency access.
"""

from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.services.emergencies import do_break_glass, do_close_glass
from consent.services.emergency_rates import MAX_PER_MINUTE, EmergencyRateExceeded, log_rate_refusal
from consent.services.relationships import do_declare_relationship
from consent.services.ties import load_facts_at_hospital
from consent.strength import Strength
from records.meaning.ages import age_of_patient
from records.models import SourcePatient
from records.mpi.index import patient_search, source_patients
from records.mpi.index.patient_search import DisplayedPerson
from records.web.age_text import describe_age
from records.web.break_glass import audit_barred_emergency, find_break_glass_options
from records.web.forms import EmergencyForm, TreatmentForm
from records.web.registration_display import visible_demographics


def load_person_audited(person_id: UUID, acting: Principal) -> DisplayedPerson:
    """Whom the page is about, as the index may show them; the look is written down."""
    face = patient_search.displayed_person(person_id, acting.hospital_id)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.PERSON_READ,
            person=person_id,
            target="face",
            outcome=AuditOutcome.SUCCESS if face else AuditOutcome.NOT_FOUND,
        )
    )
    if face is None:
        raise Http404
    return face


@require_staff(Permission.RELATION_DECLARE)
def treatment_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    face = load_person_audited(person_id, acting)
    form = TreatmentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        do_declare_relationship(person_id, reason=form.cleaned_data["reason"], acting=acting)
        tied = (
            load_facts_at_hospital(
                acting.hospital_id,
                person_id,
                source_patients.sources_of_person(person_id),
                int(acting.id),
            ).tie
            is not Strength.NONE
        )
        messages.success(
            request,
            (
                _("Noted for you, for 24 hours.")
                if tied
                else _(
                    "Noted for you, for 24 hours. Now a record clerk of your hospital compares the"
                    " card, under Confirmations; then what the patient's decision or the alliance's"
                    " rule permits opens."
                )
            ),
        )
        return redirect("person", person_id)
    return render(request, "records/treat.html", {"form": form, "face": face, "person": person_id})


@reauthentication_required
@require_staff(Permission.EMERGENCY_OPEN)
def emergency_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Only to somebody who has given the password again within five minutes: an open screen
    opens no record. To nobody whom the patient's own decision about emergencies leaves out.
    """
    face = load_person_audited(person_id, acting)
    found = find_break_glass_options(person_id, acting)
    if found.barred:
        audit_barred_emergency(person_id, acting)
        return render(
            request,
            "records/closed.html",
            {
                "face": face,
                "person": person_id,
                "why": "patient_denied",
                "overridable": False,
                "breaking": found,
            },
            status=403,
        )
    form = EmergencyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            do_break_glass(
                person_id,
                ground=data["ground"],
                reason=data["reason"],
                hours=data["hours"],
                sources=source_patients.sources_of_person(person_id),
                acting=acting,
            )
        except EmergencyRateExceeded as error:
            log_rate_refusal(acting, error)
            form.add_error(
                None,
                _(
                    "You have opened %(n)s records within a minute. Save again in %(seconds)s"
                    " seconds: what you have written stays here."
                )
                % {"n": MAX_PER_MINUTE, "seconds": error.seconds},
            )
            stopped = render_emergency_form(request, form, face, acting, status=429)
            stopped["Retry-After"] = str(error.seconds)
            return stopped
        messages.warning(
            request,
            _("Emergency access is open to you for %(hours)s h. Every look is logged.")
            % {"hours": data["hours"]},
        )
        return redirect("person", person_id)
    return render_emergency_form(request, form, face, acting)


def render_emergency_form(
    request: HttpRequest,
    form: EmergencyForm,
    face: DisplayedPerson,
    acting: Principal,
    status: int = 200,
) -> HttpResponse:
    """The form, beside who the patient is."""
    return render(
        request,
        "records/emergency.html",
        {
            "form": form,
            "face": face,
            "person": face.person,
            "age": describe_age(age_of_patient({"birthDate": face.birth_date}, timezone.now())),
            "numbers": masked_numbers_of_person(face.person, acting),
        },
        status=status,
    )


def masked_numbers_of_person(person_id: UUID, acting: Principal) -> list[str]:
    """Citizen numbers of the patient's registrations: the last four digits, to be compared with
    a card.
    """
    rows = SourcePatient.objects.filter(
        pk__in=[s.id for s in source_patients.sources_of_person(person_id)]
    )
    return sorted(
        {
            "*" * (len(n) - 4) + n[-4:]
            for r in rows
            if len(n := visible_demographics(r, acting).number) > 8
        }
    )


@require_staff(Permission.EMERGENCY_OPEN)
def close_emergency_page(
    request: HttpRequest, person_id: UUID, *, acting: Principal
) -> HttpResponse:
    """Ask for confirmation, then end the emergency access: to open it again takes a password and a
    reason.
    """
    if request.method != "POST":
        return render(
            request,
            "records/emergency_close.html",
            {"face": load_person_audited(person_id, acting), "person": person_id},
        )
    do_close_glass(person_id, sources=source_patients.sources_of_person(person_id), acting=acting)
    messages.success(request, _("The emergency access has ended."))
    return redirect("person", person_id)
