"""Refer a patient from the opened record, in three steps: to whom, why, what goes along. Before it
is sent the page says how much of the own hospital's records the receiver will see.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, WorkItem
from alliance.referrals.drafts import DraftMoved
from alliance.referrals.plan_text import read_plan
from alliance.roles import Permission, Role
from alliance.workflow.work_settings import load_work_settings
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
from records.web.home_plan_page import is_whole, take_plan
from records.web.home_plan_proposals import plan_windows
from records.web.record_frame import open_record_frame
from records.web.refer_destination import name_wish, search_destinations
from records.web.refer_preview import compare_counts, count_windows
from records.web.refer_sending import (
    Begun,
    find_followed,
    find_own_draft,
    make_texts,
    read_initial,
    repeat_initial,
    send_emergency,
    send_or_keep,
)
from records.web.referral_documents import list_offered, referral_windows
from records.web.referral_forms import EmergencyForm, ReferralForm

TIER_RANKS = {"township": 0, "community": 0, "tertiary": 1}


@require_staff(Permission.REFERRAL_SEND)
def refer_page(request: HttpRequest, person_id: UUID, *, acting: Principal) -> HttpResponse:
    now = timezone.now()
    windows = referral_windows(now) | count_windows(acting.hospital_id)
    try:
        frame = open_record_frame(person_id, acting, "refer", windows | plan_windows())
    except Refused as refusal:
        face = patient_search.displayed_person(person_id, acting.hospital_id)
        return show_closed_record(request, person_id, face, refusal, acting)
    own = own_registration(person_id, acting)
    hospitals = list_destinations(acting)
    receiver = next((h for h in hospitals if h.code == request.GET.get("to")), None)
    act = request.POST.get("act", "send")
    posted = request.method == "POST" and act != "emergency"
    draft, moved = None, False
    try:
        draft = find_own_draft(request.GET.get("draft", ""), person_id, acting)
    except DraftMoved:
        if request.method != "POST":
            raise Http404 from None
        moved = True  # what was typed stays on the page, and nothing is sent
        messages.warning(request, _("Nothing was changed by you: the draft has been moved on."))
    shown = frame.context | {"own": own, "receiver": receiver}
    if own is None or receiver is None:
        first = search_destinations(request, hospitals, acting)
        return render(request, "records/refer.html", shown | {"first": first})
    followed = (
        draft.follows if draft else find_followed(request.GET.get("follows", ""), own, acting)
    )
    sight = foresee_sight(own, receiver, acting, windows)
    offered = [o for o in list_offered(frame.opened, now) if o.url in sight.urls]
    form = ReferralForm(
        request.POST if posted else None,
        along=[(o.value, o.words) for o in offered],
        initial=(
            read_initial(draft, offered)
            if draft
            else repeat_initial(followed, offered)
            if followed
            else {"kind": guess_kind(acting, receiver), "department": name_wish(request, receiver)}
        ),
    )
    form.fields["reason"].required = act != "save"
    plan = take_plan(request, frame, acting, form, read_plan(draft) if draft else None)
    emergency = EmergencyForm(request.POST if request.method == "POST" and not posted else None)
    if request.method == "POST" and not moved:
        begun = Begun(own, receiver, draft, request.POST.get("version", ""), followed)
        try:
            if posted and is_whole(form, plan, keeps_faults=act == "save"):
                chosen = set(form.cleaned_data.get("along", ()))
                documents = tuple(o.document for o in offered if o.value in chosen)
                texts = make_texts(
                    begun, form.cleaned_data, documents, plan.draft if plan else None
                )
                return send_or_keep(request, act, begun, texts, acting)
            if not posted and emergency.is_valid():
                reason, kind = emergency.cleaned_data["line"], guess_kind(acting, receiver)
                return send_emergency(request, begun, kind, reason, acting)
        except ValidationError as error:
            (form if posted else emergency).add_error(None, error.messages)
    return render(
        request,
        "records/refer.html",
        shown
        | {
            "form": form,
            "plan": plan,
            "emergency": emergency,
            "draft": draft,
            "followed": followed,
            "extent": sight.extent,
            "rights_days": load_work_settings().rights_after_end.days,
            "along": bool(offered),
            "counts": list(compare_counts(frame.opened.totals, sight.totals)),
        },
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
    records "all", "part" or "none"; urls: of what could go along; totals: as OpenedRecord's.
    """

    extent: str
    urls: frozenset[str] = frozenset()
    totals: Mapping[str, int] = field(default_factory=dict)


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
            opened = open_record(asking, own.person_id, windows, "refer")
            rows, totals = opened.rows, opened.totals
        except Refused:
            rows, totals = {}, {}
        transaction.set_rollback(True)
    return Foresight(extent, frozenset(s.url for found in rows.values() for s in found), totals)
