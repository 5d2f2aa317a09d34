"""Ask another hospital's experts about a patient from the opened record: whom, what, what goes
along, and that the patient was told and agreed. What goes along is fixed as it is now.
"""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.consultations.request_consultation import NewRequest, do_request_consultation
from alliance.models import Hospital, Staff, WorkItem
from alliance.roles import Permission
from alliance.workflow.send_item import NewItem
from alliance.workflow.work_settings import load_work_settings
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.web.closed_record import show_closed_record
from records.web.consultation_documents import fix_documents
from records.web.consultation_forms import (
    ALWAYS_ASKED,
    READINGS,
    ConsultForm,
    FurtherForm,
)
from records.web.record_frame import open_record_frame
from records.web.refer_destination import name_wish, search_destinations
from records.web.refer_page import foresee_sight, list_destinations, own_registration
from records.web.referral_documents import Offered, list_offered, referral_windows


@require_staff(Permission.REFERRAL_SEND)
def consult_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    now = timezone.now()
    try:
        frame = open_record_frame(person_id, acting, "consult", referral_windows(now))
    except Refused as refusal:
        face = patient_search.displayed_person(person_id, acting.hospital_id)
        return show_closed_record(request, person_id, face, refusal, acting)
    own = own_registration(person_id, acting)
    hospitals = list_destinations(acting)
    receiver = next((h for h in hospitals if h.code == request.GET.get("to")), None)
    shown: dict[str, Any] = frame.context | {"own": own, "receiver": receiver}
    if own is None or receiver is None:
        first = search_destinations(request, hospitals, acting, for_consultation=True)
        return render(request, "records/consult.html", shown | {"first": first})
    sight = foresee_sight(own, receiver, acting, referral_windows(now))
    offered = [o for o in list_offered(frame.opened, now) if o.url in sight.urls]
    form = ConsultForm(
        request.POST or None,
        along=[(o.value, o.words) for o in offered],
        initial={
            "asking_department": find_department(acting),
            "department": name_wish(request, receiver),
        },
    )
    further = FurtherForm(request.POST or None)
    if request.method == "POST" and are_valid(form, further):
        try:
            item = send_consultation(form, further, own, receiver, offered, acting)
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request,
                _("Sent to %(hospital)s. It is their turn now.") % {"hospital": receiver.name},
            )
            return redirect("consultation", item.pk)
    return render(
        request,
        "records/consult.html",
        shown
        | {
            "form": form,
            "further": further,
            "unfold": bool(further.errors) if further.is_bound else False,
            "extent": sight.extent,
            "rights_days": load_work_settings().rights_after_end.days,
            "along": bool(offered),
        },
        status=422 if form.is_bound else 200,
    )


def find_department(acting: Principal) -> str:
    """The acting one's own, "" where none is on record."""
    staff = Staff.objects.select_related("department").get(pk=acting.id)
    return str(staff.department) if staff.department else ""


def are_valid(form: ConsultForm, further: FurtherForm) -> bool:
    """Both; and what is read is named where a reading is asked for."""
    if not all([form.is_valid(), further.is_valid()]):
        return False
    if form.cleaned_data["kind"] in READINGS and not further.cleaned_data["examination"]:
        further.add_error("examination", _("Name the examination that is to be read."))
    return further.is_valid()


def send_consultation(
    form: ConsultForm,
    further: FurtherForm,
    own: SourcePatient,
    receiver: Hospital,
    offered: list[Offered],
    acting: Principal,
) -> WorkItem:
    data = form.cleaned_data
    texts = form.texts()
    asked = {n: texts[n] for n in (*ALWAYS_ASKED, "asking_department") if n in texts}
    chosen = [o for o in offered if o.value in data.get("along", ())]
    return do_request_consultation(
        NewItem(
            WorkItem.Kind(data["kind"]),
            own.home,
            own.pk,
            receiver,
            data["urgency"],
            data["reason"],
            data["department"],
            data["question"],
        ),
        NewRequest(
            asked | further.texts(), data["agreement"], data["agreed_by"], data["agreed_at"]
        ),
        fix_documents(chosen, Hospital.objects.in_bulk(), acting),
        acting=acting,
    )
