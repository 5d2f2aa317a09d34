"""The auditor's page of one of the staff: who they are, and what they did in the last weeks beside
what is usual.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital, Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan
from consent.audit.event import AuditEvent, EventCode
from consent.audit.line_names import LineNames, load_person_names
from consent.audit.staff_activity import (
    NIGHT,
    PEERS,
    PatientCount,
    StaffActivity,
    compute_peer_median,
    count_staff_activity,
)
from consent.models import Emergency
from consent.web.day_chart import draw_days
from consent.web.day_span_form import read_day_span

MOST_EMERGENCIES = 20  # that are listed, the newest


@dataclass(frozen=True, slots=True)
class EmergencyRow:
    opened: dt.datetime
    person: UUID
    name: str
    ground: str
    finding: str
    finding_words: str


@dataclass(frozen=True, slots=True)
class PatientRow:
    count: PatientCount
    name: str
    query: str


@require_GET
@require_staff(Permission.AUDIT_READ)
def show_staff_activity(request: HttpRequest, staff_id: int, *, acting: Principal) -> HttpResponse:
    """Of somebody whose hospital the auditor audits, what they did for these hospitals. The look is
    itself in the log, with everybody whose name it showed.
    """
    audited = hospitals_with_permission(acting, "audit_hospital")
    staff = load_audited_staff(staff_id, audited)
    form, span = read_day_span(request)
    page: dict[str, Any] = {"subject": staff, "form": form, "voucher": voucher_name(staff, audited)}
    if span is None:
        return render(request, "consent/staff_activity.html", page, status=400)
    codes = None if acting.alliance_wide else tuple(h.code for h in audited)
    activity = count_staff_activity(str(staff.pk), span, codes)
    emergencies, findings = list_emergencies(staff, span, audited)
    shown = {c.person for c in activity.patients} | {e.person for e in emergencies}
    names = LineNames(codes, persons=load_person_names({str(p) for p in shown}, codes))
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_READ,
            persons=tuple(sorted(shown)),
            target=f"staff/{staff.pk}",
        )
    )
    return render(
        request,
        "consent/staff_activity.html",
        page
        | describe_days(staff, activity, span, codes)
        | {
            "span": span,
            "log_query": span.query(actor=str(staff.pk)),
            "emergency_query": span.query(actor=str(staff.pk), emergency="on"),
            "refusal_query": span.query(actor=str(staff.pk), outcome="refused"),
            "activity": activity,
            "night_from": NIGHT[0],
            "night_until": NIGHT[1],
            "emergencies": [name_emergency(e, names) for e in emergencies],
            "findings": findings,
            "emergency_count": sum(n for _words, n, _bad in findings),
            "patients": [
                PatientRow(
                    count,
                    names.person_words(count.person),
                    span.query(actor=str(staff.pk), person=str(count.person)),
                )
                for count in activity.patients
            ],
        },
    )


def load_audited_staff(staff_id: int, audited: list[Hospital]) -> Staff:
    """Raises Http404 for whom the auditor does not audit, as for whom there is not."""
    found = (
        Staff.objects.select_related("user", "hospital", "department", "vouched_by__hospital")
        .filter(pk=staff_id, hospital__in=audited)
        .first()
        if staff_id < 2**63
        else None
    )
    if found is None:
        raise Http404
    return found


def voucher_name(staff: Staff, audited: list[Hospital]) -> str:
    """Who vouched for the account, "" where the auditor is not told their name."""
    by = staff.vouched_by
    return by.name if by is not None and by.hospital in audited else ""


def describe_days(
    staff: Staff, activity: StaffActivity, span: DaySpan, codes: tuple[str, ...] | None
) -> dict[str, Any]:
    """The chart, and the numbers that stand beside it for whoever does not see it."""
    peers = Staff.objects.filter(hospital=staff.hospital_id, role=staff.role).exclude(pk=staff.pk)
    numbers = [str(pk) for pk in peers.order_by("-pk").values_list("pk", flat=True)[:PEERS]]
    peer_median, peer_count = compute_peer_median(numbers, span, codes)
    chart = draw_days(activity.by_day, span, (activity.median, peer_median))
    return {
        "chart": chart,
        "bars": [(bar, DaySpan(bar.day, bar.day).query(actor=str(staff.pk))) for bar in chart.bars],
        "median": activity.median,
        "peer_median": peer_median,
        "peer_count": peer_count,
        "busiest": max(chart.bars, key=lambda bar: bar.count) if chart.bars else None,
    }


def list_emergencies(
    staff: Staff, span: DaySpan, audited: list[Hospital]
) -> tuple[list[Emergency], list[tuple[str, int, bool]]]:
    """(the newest, how many there are with each finding of the privacy officer's review)."""
    found = Emergency.objects.filter(
        Q(hospital__in=audited) | Q(hospital=None),
        staff=staff,
        opened_at__gte=span.start,
        opened_at__lt=span.end,
    )
    counts = Counter(found.order_by().values_list("finding", flat=True))
    words = dict(Emergency.Finding.choices)
    return list(found.order_by("-opened_at")[:MOST_EMERGENCIES]), [
        (str(words.get(finding, "")), n, finding not in ("", Emergency.Finding.JUSTIFIED))
        for finding, n in counts.most_common()
    ]


def name_emergency(emergency: Emergency, names: LineNames) -> EmergencyRow:
    return EmergencyRow(
        emergency.opened_at,
        emergency.person,
        names.person_words(emergency.person),
        emergency.get_ground_display(),
        emergency.finding,
        emergency.get_finding_display() if emergency.finding else "",
    )
