"""Refer a patient from the opened record, in three steps: to whom, why, what goes along. Before it
is sent the page says how much of the own hospital's records the receiver will see.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, WorkItem
from alliance.roles import Permission, Role
from alliance.workflow.send_item import NewItem, do_send
from consent import facts
from consent.audit.event import EventCode
from consent.explain import explain_access
from consent.services.referral_rights import open_relationship
from consent.terms import Refused
from records.models import SourcePatient
from records.mpi.index import patient_search
from records.operations.shared_record import SectionWindow, open_record
from records.requests.fhir_request import build_fhir_request, request_person_access
from records.web.closed_record import show_closed_record
from records.web.record_frame import open_record_frame
from records.web.refer_destination import name_wish, search_destinations
from records.web.referral_documents import list_offered, referral_windows
from records.web.referral_forms import ReferralForm

TIER_RANKS = {"township": 0, "community": 0, "tertiary": 1}


@require_staff(Permission.REFERRAL_SEND)
def refer_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    now = timezone.now()
    try:
        frame = open_record_frame(person_id, acting, "refer", referral_windows(now))
    except Refused as refusal:
        face = patient_search.displayed_person(person_id, acting.hospital_id)
        return show_closed_record(request, person_id, face, refusal, acting)
    own = own_registration(person_id, acting)
    hospitals = list_destinations(acting)
    receiver = next((h for h in hospitals if h.code == request.GET.get("to")), None)
    shown = frame.context | {"own": own, "receiver": receiver}
    if own is None or receiver is None:
        first = search_destinations(request, hospitals, acting)
        return render(request, "records/refer.html", shown | {"first": first})
    sight = foresee_sight(own, receiver, acting, referral_windows(now))
    offered = [o for o in list_offered(frame.opened, now) if o.url in sight.urls]
    form = ReferralForm(
        request.POST or None,
        along=[(o.value, o.words) for o in offered],
        initial={
            "kind": guess_kind(acting, receiver),
            "department": name_wish(request, receiver),
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            item = do_send(
                NewItem(
                    WorkItem.Kind(data["kind"]),
                    own.home,
                    own.pk,
                    receiver,
                    data["urgency"],
                    data["reason"],
                    data["department"],
                    data["question"],
                    data["transport"],
                    data["wish"],
                ),
                [o.document for o in offered if o.value in data.get("along", ())],
                acting=acting,
            )
        except ValidationError as error:
            form.add_error(None, error)
        else:
            messages.success(
                request,
                _("Sent to %(hospital)s. It is their turn now.") % {"hospital": receiver.name},
            )
            return redirect("referral", item.pk)
    return render(
        request,
        "records/refer.html",
        shown | {"form": form, "extent": sight.extent, "along": bool(offered)},
    )


def own_registration(person_id: UUID, acting: Principal) -> SourcePatient | None:
    """The newest that the acting one's hospital has of the patient."""
    home = SourcePatient.objects.filter(home=person_id).values("person_id")
    return (
        SourcePatient.objects.filter(
            person_id__in=home, hospital_id=acting.hospital_id, registered=True
        )
        .order_by("-pk")
        .first()
    )


def list_destinations(acting: Principal) -> list[Hospital]:
    """Those of the higher tier first."""
    others = [h for h in Hospital.objects.exclude(pk=acting.hospital_id) if h.active]
    return sorted(others, key=lambda h: (-TIER_RANKS.get(h.tier, 0), h.name))


def guess_kind(acting: Principal, receiver: Hospital) -> str:
    """The direction by the two hospitals' tiers."""
    sender = Hospital.objects.get(pk=acting.hospital_id)
    here, there = (TIER_RANKS.get(h.tier, 0) for h in (sender, receiver))
    if here == there:
        return WorkItem.Kind.SIDEWAYS.value
    return (WorkItem.Kind.UP if there > here else WorkItem.Kind.DOWN).value


@dataclass(frozen=True, slots=True)
class Foresight:
    """What the receiver's clinicians would see once it is sent. extent: of the own hospital's
    records "all", "part" or "none"; urls: of what could go along.
    """

    extent: str
    urls: frozenset[str] = frozenset()


def foresee_sight(
    own: SourcePatient, receiver: Hospital, acting: Principal, windows: Mapping[str, SectionWindow]
) -> Foresight:
    """By the gate itself, on the facts as they would be; nothing of it stays, nor its line."""
    viewer = Principal("staff", "0", receiver.pk, receiver.code, Role.CLINICIAN)
    asking = build_fhir_request(viewer, "alliance", "/fhir")
    asked = request_person_access(asking, EventCode.CONSENT_READ, "explanation", own.person_id)
    with transaction.atomic():
        open_relationship(str(own.home), receiver.pk, own.pk, timezone.now())
        extent = explain_access(asked, facts.load_facts(asked), [acting.hospital])[0].extent
        try:
            rows = open_record(asking, own.person_id, windows, "refer").rows
        except Refused:
            rows = {}
        transaction.set_rollback(True)
    return Foresight(extent, frozenset(s.url for found in rows.values() for s in found))
