"""The referrals of a hospital: whose turn is ours, sent, received, closed; by urgency and time
left, page by page.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import WorkDebt, WorkItem
from alliance.operations.state_verdict import describe_duration
from alliance.roles import Permission
from alliance.workflow.debts import list_debts
from alliance.workflow.thread import count_unread
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.models import SourcePatient
from records.mpi.index.patient_search import DisplayedPerson
from records.web.consultation_words import CONSULTATION_STATES
from records.web.home_plan_display import count_overdue
from records.web.page_pulse import list_pulse
from records.web.referral_words import DEBT_WORDS, STATE_WORDS
from records.work_faces.known_patients import is_access_open, show_faces

PAGE = 50
SHOWS = ("turn", "received", "sent", "owed", "closed")


@dataclass(frozen=True, slots=True)
class ReferralRow:
    """left: how long until the first of its timers, "" where one is over or it has ended; debts:
    (words, whether overdue) of what the sender owes; unread: messages of the other hospital that
    the reader has not had before them.
    """

    item: WorkItem
    face: DisplayedPerson | None
    state: str
    left: str
    is_overdue: bool
    late_tasks: int = 0  # of its home plan, that are overdue
    debts: tuple[tuple[str, bool], ...] = ()
    unread: int = 0


def query_open(
    acting: Principal, show: str, kinds: frozenset[WorkItem.Kind] = WorkItem.REFERRALS
) -> QuerySet[WorkItem]:
    """index: work_turn, work_sent, work_received"""
    of_hospital: dict[str, Q] = {
        "turn": Q(owner_id=acting.hospital_id),
        "sent": Q(sender_id=acting.hospital_id),
        "received": Q(receiver_id=acting.hospital_id),
        "owed": Q(
            Exists(WorkDebt.objects.filter(item=OuterRef("pk"), settled_at=None)),
            sender_id=acting.hospital_id,
        ),
    }
    return WorkItem.objects.filter(of_hospital[show], kind__in=kinds, closed_at=None)


def list_open(
    acting: Principal,
    show: str,
    after: str,
    kinds: frozenset[WorkItem.Kind] = WorkItem.REFERRALS,
) -> list[WorkItem]:
    """One more than a page holds. after: the cursor of the last row before."""
    return cut_page(query_open(acting, show, kinds), after)


def cut_page(found: QuerySet[WorkItem], after: str) -> list[WorkItem]:
    """Of open items, the most urgent first, as list_open."""
    rows = found.order_by("rank", "due_at", "id")
    if (cursor := read_cursor(after)) is not None:
        rank, due, pk = cursor
        rows = rows.filter(rank__gte=rank).filter(
            Q(rank__gt=rank) | Q(due_at__gt=due) | Q(due_at=due, id__gt=pk)
        )
    return list(rows.select_related("sender", "receiver")[: PAGE + 1])


def list_closed(
    acting: Principal, after: str, kinds: frozenset[WorkItem.Kind] = WorkItem.REFERRALS
) -> list[WorkItem]:
    """The newest first. index: work_sent_closed, work_received_closed"""
    found: list[WorkItem] = []
    cursor = read_cursor(after)
    for side in ("sender_id", "receiver_id"):
        rows = WorkItem.objects.filter(
            **{side: acting.hospital_id}, kind__in=kinds, closed_at__isnull=False
        )
        if cursor is not None:
            _rank, closed, pk = cursor
            rows = rows.filter(closed_at__lte=closed).filter(Q(closed_at__lt=closed) | Q(id__lt=pk))
        found += rows.order_by("-closed_at", "-id").select_related("sender", "receiver")[: PAGE + 1]
    return sorted(found, key=lambda i: (i.closed_at, i.pk), reverse=True)[: PAGE + 1]


def write_cursor(item: WorkItem) -> str:
    moment = item.closed_at or item.due_at
    return f"{item.rank}~{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%fZ}~{item.pk}"


def read_cursor(text: str) -> tuple[int, dt.datetime, int] | None:
    """None for what is no cursor: the list then begins anew."""
    parts = text.split("~")
    try:
        moment = parse_datetime(parts[1])
        return (int(parts[0]), moment, int(parts[2])) if moment else None
    except (ValueError, IndexError):
        return None


def build_rows(items: Sequence[WorkItem], acting: Principal) -> list[ReferralRow]:
    faces, now = show_faces(items, acting.hospital_id), timezone.now()
    late = count_overdue(items)
    debts, unread = list_debts(items), count_unread(items, acting)
    return [
        ReferralRow(
            i,
            faces.get(i.person),
            name_state(i),
            ""
            if i.closed_at or i.due_at <= now
            else describe_duration((i.due_at - now).total_seconds()),
            i.closed_at is None and i.due_at <= now,
            late.get(i.pk, 0),
            tuple(
                (str(DEBT_WORDS[d.kind]), d.due_at <= now)
                for d in debts.get(i.pk, ())
                if is_known_to(d, i, acting)
            ),
            unread.get(i.pk, 0) if is_access_open(i, now) else 0,
        )
        for i in items
    ]


def name_state(item: WorkItem, state: str = "") -> str:
    """Its own, or another of its table."""
    words = CONSULTATION_STATES if item.kind in WorkItem.CONSULTATIONS else STATE_WORDS
    return str(words[state or item.state])


def is_known_to(debt: WorkDebt, item: WorkItem, acting: Principal) -> bool:
    """Approval is the sending hospital's own matter."""
    return debt.kind == WorkDebt.Kind.PAPERS or item.sender_id == acting.hospital_id


def audit_list(
    items: Sequence[WorkItem], show: str, acting: Principal, target: str = "referrals"
) -> None:
    """Whom the list names stands in the log, as the index has them today."""
    persons = SourcePatient.objects.filter(pk__in={i.source_patient for i in items})
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.WORK_LIST,
            target=target,
            detail=show,
            persons=tuple(sorted(set(persons.values_list("person_id", flat=True)))),
        )
    )


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def referrals_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    show = request.GET.get("show", "turn")
    show = show if show in SHOWS else "turn"
    after = request.GET.get("after", "")
    pulse = list_pulse(acting.hospital_id, request.get_full_path(), reloads=not after)
    found = list_closed(acting, after) if show == "closed" else list_open(acting, show, after)
    items = found[:PAGE]
    audit_list(items, show, acting)
    context: dict[str, Any] = {
        "show": show,
        "shows": SHOWS,
        "rows": build_rows(items, acting),
        "next": write_cursor(items[-1]) if len(found) > PAGE else "",
        "begun": bool(after),
        "pulse": pulse,
    }
    return render(request, "records/referrals.html", context)
