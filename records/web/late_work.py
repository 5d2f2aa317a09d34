"""What nobody answered in time: a hospital's for its duty office, with whom to call; all hospitals'
for the alliance's office, without patients; and how each keeps its time, month by month.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, WorkItem
from alliance.operations.state_verdict import describe_duration
from alliance.roles import Permission
from alliance.workflow.contacts import find_duty_phones
from alliance.workflow.state_table import Alarm
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from records.web.page_pulse import list_pulse
from records.web.referral_list import ReferralRow, audit_list, build_rows
from records.web.referral_words import STATE_WORDS

MOST = 200  # rows, the oldest first
MONTHS = 6
# Who answered of what was sent to them, and when. In time: before the duty office was to be told.
# index: work_sent_at, work_transition_once, alliance_worktimer_item_id
RATES_SQL = """
SELECT to_char(i.sent_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM') AS month, i.receiver_id,
  count(*), count(a.at), count(*) FILTER (WHERE a.at <= d.due_at),
  percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM a.at - i.sent_at))
FROM alliance_workitem i
LEFT JOIN LATERAL (
  SELECT min(t.at) AS at FROM alliance_worktransition t
  WHERE t.item_id = i.id AND t.version > 1 AND t.hospital_id = i.receiver_id
) a ON true
LEFT JOIN LATERAL (
  SELECT min(t.due_at) AS due_at FROM alliance_worktimer t
  WHERE t.item_id = i.id AND t.action = 'duty'
) d ON true
WHERE i.sent_at >= %(since)s
GROUP BY 1, 2 ORDER BY 1 DESC, 2
"""


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


@dataclass(frozen=True, slots=True)
class AnswerRate:
    month: str
    hospital: Hospital
    sent: int
    answered: int
    in_time: int
    median: str

    @property
    def percent(self) -> int:
        return round(100 * self.in_time / self.sent)


def list_late(whose: Q) -> list[WorkItem]:
    """index: work_alarm"""
    rows = WorkItem.objects.filter(whose, alarm__gte=Alarm.DUTY, closed_at=None)
    return list(rows.select_related("sender", "receiver", "owner").order_by("due_at", "id")[:MOST])


def build_late_rows(items: list[WorkItem], shown: list[ReferralRow] | None) -> list[LateRow]:
    now, phones = timezone.now(), find_duty_phones({i.owner_id for i in items})
    return [
        LateRow(
            item,
            str(STATE_WORDS.get(item.state, item.state)),
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
        "rates": list_rates(timezone.now()),
    }
    return render(request, "records/late_work.html", context)


def list_rates(now: dt.datetime) -> list[AnswerRate]:
    """Of this month and the five before."""
    first = timezone.localtime(now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    for _month in range(MONTHS - 1):
        first = (first - dt.timedelta(days=1)).replace(day=1)
    with connection.cursor() as cursor:
        cursor.execute(RATES_SQL, {"since": first})
        found = cursor.fetchall()
    hospitals = Hospital.objects.in_bulk({row[1] for row in found})
    return [
        AnswerRate(
            month,
            hospitals[receiver],
            sent,
            answered,
            in_time,
            describe_duration(float(median)) if median is not None else "—",
        )
        for month, receiver, sent, answered, in_time, median in found
    ]
