"""A patient came from another hospital without a referral: the receiver registers it, the hospital
that they came from sees it, confirms it with a referral or refuses it. Until then nothing opens.
"""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, WorkArrival
from alliance.referrals.arrivals import (
    ArrivalAnswered,
    Registration,
    append_arrival_event,
    do_confirm_arrival,
    do_end_arrival,
    do_report_arrival,
)
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.mpi.index.patient_search import displayed_persons
from records.web.closed_record import show_closed_record
from records.web.record_frame import open_record_frame
from records.web.refer_page import guess_kind, list_destinations, own_registration
from records.web.referral_forms import make_text_field
from records.web.referral_words import ARRIVAL_WORDS

MOST = 200  # of a hospital that a page lists


class ArrivalForm(forms.Form):
    note = make_text_field(
        gettext_lazy("What happened: when, how, with what complaint"), required=True, rows=2
    )

    def __init__(self, data: object, *, hospitals: list[Hospital]) -> None:
        super().__init__(data)  # type: ignore[arg-type]
        self.fields["sender"] = forms.ChoiceField(
            label=gettext_lazy("From which hospital"),
            choices=[(h.code, f"{h.name} · {h.get_tier_display()}") for h in hospitals],
        )


class AnswerForm(forms.Form):
    note = make_text_field(gettext_lazy("Reason"), required=True, rows=2)


@require_staff(Permission.REFERRAL_ARRANGE)
def report_arrival(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    """Raises Http404 where the own hospital has no registration of the patient."""
    own = own_registration(person_id, acting)
    if own is None:
        raise Http404
    hospitals = list_destinations(acting)
    form = ArrivalForm(request.POST or None, hospitals=hospitals)
    if request.method == "POST" and form.is_valid():
        sender = next(h for h in hospitals if h.code == form.cleaned_data["sender"])
        of = Registration(own.home, own.pk)
        try:
            arrival = do_report_arrival(of, sender, form.cleaned_data["note"], acting=acting)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request, _("Registered. No record opens until that hospital has confirmed it.")
            )
            return redirect("arrival", arrival.pk)
    face = patient_search.displayed_person(person_id, acting.hospital_id)
    return render(request, "records/arrival_new.html", {"form": form, "face": face})


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def arrivals_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """index: work_arrival_sender, work_arrival_receiver"""
    of = Q(sender_id=acting.hospital_id) | Q(receiver_id=acting.hospital_id)
    found = WorkArrival.objects.filter(of, closed_at=None).select_related("sender", "receiver")
    arrivals = list(found.order_by("due_at", "pk")[:MOST])
    persons = SourcePatient.objects.filter(pk__in={a.source_patient for a in arrivals})
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_LIST,
            target="referrals",
            detail="arrivals",
            persons=tuple(sorted(set(persons.values_list("person_id", flat=True)))),
        )
    )
    faces = displayed_persons(
        {a.person for a in arrivals}, acting.hospital_id, *{a.receiver_id for a in arrivals}
    )
    now = timezone.now()
    rows = [(a, faces.get(a.person), a.due_at <= now) for a in arrivals]
    return render(request, "records/arrivals.html", {"rows": rows, "own": acting.hospital_id})


def find_arrival(arrival_id: int, acting: Principal) -> WorkArrival:
    """Raises DoesNotExist also where it is between others."""
    return (
        WorkArrival.objects.select_related("sender", "receiver", "reported_by", "closed_by", "item")
        .filter(Q(sender_id=acting.hospital_id) | Q(receiver_id=acting.hospital_id))
        .get(pk=arrival_id)
    )


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def arrival_page(request: HttpRequest, arrival_id: int, *, acting: Principal) -> HttpResponse:
    arrival = find_arrival(arrival_id, acting)
    return render_arrival(request, arrival, acting, AnswerForm())


def render_arrival(
    request: HttpRequest, arrival: WorkArrival, acting: Principal, form: AnswerForm
) -> HttpResponse:
    """To the sender the patient is named as the receiver has them, until it was refused. Each look
    is a line of the log.
    """
    append_arrival_event(arrival, acting, "arrival")
    is_sender = arrival.sender_id == acting.hospital_id
    named = not is_sender or arrival.state in ("reported", "confirmed")
    seen_by = (acting.hospital_id, arrival.receiver_id) if named else (acting.hospital_id,)
    return render(
        request,
        "records/arrival.html",
        {
            "arrival": arrival,
            "state": ARRIVAL_WORDS[arrival.state],
            "face": displayed_persons({arrival.person}, *seen_by).get(arrival.person),
            "named": named,
            "is_sender": is_sender,
            "own": own_of_arrival(arrival, acting) if is_sender else None,
            "sends": acting.may(Permission.REFERRAL_SEND),
            "answers": acting.may(Permission.REFERRAL_ARRANGE),
            "form": form,
        },
        status=422 if form.errors else 200,
    )


def own_of_arrival(arrival: WorkArrival, acting: Principal) -> SourcePatient | None:
    """The acting one's hospital's registration of the patient, by the index of today."""
    said = SourcePatient.objects.get(pk=arrival.source_patient)
    return own_registration(said.home, acting)


@require_POST
@require_staff(Permission.REFERRAL_ARRANGE)
def answer_arrival(request: HttpRequest, arrival_id: int, *, acting: Principal) -> HttpResponse:
    arrival, form = find_arrival(arrival_id, acting), AnswerForm(request.POST)
    if not form.is_valid():
        return render_arrival(request, arrival, acting, form)
    note = form.cleaned_data["note"]
    try:
        if request.POST.get("act") == "confirm":
            own = own_of_arrival(arrival, acting)
            if own is None:
                raise ValidationError(
                    _("Your hospital has no registration of this patient: register them first.")
                )
            open_record_frame(own.person_id, acting, "refer", {})  # who opens none refers nobody
            kind, of = guess_kind(acting, arrival.receiver), Registration(own.home, own.pk)
            arrival = do_confirm_arrival(arrival.pk, of, kind, note, acting=acting)
        else:
            arrival = do_end_arrival(arrival.pk, note, acting=acting)
    except Refused as refusal:
        face = displayed_persons({arrival.person}, acting.hospital_id).get(arrival.person)
        return show_closed_record(request, arrival.person, face, refusal, acting)
    except ArrivalAnswered:
        messages.warning(request, _("Nothing was changed by you: it has been answered."))
    except ValidationError as error:
        form.add_error(None, error)
        return render_arrival(request, arrival, acting, form)
    else:
        if arrival.item is not None:
            messages.warning(request, _("Add the papers within 24 hours."))
            return redirect("referral", arrival.item.pk)
        messages.success(request, _("Noted."))
    return redirect("arrival", arrival.pk)
