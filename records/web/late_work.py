"""What nobody answered in time: a hospital's for its duty office, with whom to call; all hospitals'
for the alliance's office, without patients; and how each keeps its time, month by month.
"""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import WorkItem
from alliance.operations.state_verdict import describe_duration
from alliance.roles import Permission
from alliance.workflow.answer_rates import list_rates
from alliance.workflow.contacts import find_duty_phones
from alliance.workflow.state_table import Alarm
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.web.page_pulse import list_pulse
from records.web.referral_list import ReferralRow, audit_list, build_rows, name_state

MOST = 200  # rows, the oldest first


@dataclass(frozen=True, slots=True)
class LateRow:
    """since: how long it is overdue; phone: of the duty office of whose turn it is; shown: with the
    patient, for the hospitals concerned; None for the alliance's office.
    """

    item: WorkItem
    state: str
    since: str
    phone: str
    shown: ReferralRow | None = None


def list_late(whose: Q) -> list[WorkItem]:
    """index: work_alarm"""
    rows = WorkItem.objects.filter(whose, alarm__gte=Alarm.DUTY, closed_at=None)
    return list(rows.select_related("sender", "receiver", "owner").order_by("due_at", "id")[:MOST])


def build_late_rows(items: list[WorkItem], shown: list[ReferralRow] | None) -> list[LateRow]:
    now, phones = timezone.now(), find_duty_phones({i.owner_id for i in items})
    return [
        LateRow(
            item,
            name_state(item),
            describe_duration(max(0.0, (now - item.due_at).total_seconds())),
            phones.get(item.owner_id, ""),
            shown[n] if shown else None,
        )
        for n, item in enumerate(items)
    ]


@require_GET
@require_staff(Permission.REFERRAL_SEE)
def late_referrals(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Of the acting one's hospital, on whichever side."""
    pulse = list_pulse(acting.hospital_id, request.path, reloads=True)
    ours = Q(sender_id=acting.hospital_id) | Q(receiver_id=acting.hospital_id)
    items = list_late(ours)
    audit_list(items, "late", acting)
    rows = build_late_rows(items, build_rows(items, acting))
    return render(
        request,
        "records/late_referrals.html",
        {
            "pulse": pulse,
            "most": len(items) == MOST,
            "groups": [
                (True, [r for r in rows if r.item.owner_id == acting.hospital_id]),
                (False, [r for r in rows if r.item.owner_id != acting.hospital_id]),
            ],
        },
    )


@require_GET
@require_staff(Permission.REFERRAL_OVERSEE)
def late_work(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Of all hospitals, for the alliance's office: no patient, no text."""
    if not acting.alliance_wide:
        raise Forbidden("object", "Only an administrator of the whole alliance may do this.")
    items = list_late(Q())
    append_event(
        AuditEvent.from_principal(acting, EventCode.WORK_LIST, target="late-work", detail="late")
    )
    context: dict[str, Any] = {
        "rows": build_late_rows(items, None),
        "most": len(items) == MOST,
        "rates": [
            (r, describe_duration(r.median) if r.median is not None else "—")
            for r in list_rates(timezone.now())
        ],
    }
    return render(request, "records/late_work.html", context)
