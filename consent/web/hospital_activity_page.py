"""The auditor's page of one hospital: what its staff and systems did, by role and kind of event,
and who of other hospitals read its records.
"""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Department, Hospital, Staff
from alliance.platform.dates import HOSPITAL_ZONE
from alliance.roles import STAFF_ROLES, Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan
from consent.audit.event import AuditEvent, EventCode
from consent.audit.event_groups import EVENT_GROUPS
from consent.audit.hospital_activity import HospitalActivity, count_hospital_activity
from consent.audit.line_names import is_number, load_staff_names, load_system_names
from consent.audit.line_words import ACTOR_KINDS
from consent.models import Emergency
from consent.web.day_span_form import read_day_span

MOST_STAFF = 20
USUAL_SHARE = 0.01  # of opens of other hospitals' records that may be emergencies


@dataclass(frozen=True, slots=True)
class DepartmentRow:
    """months: emergencies opened in each; opens, broken: looks at other hospitals' records, and how
    many of them were emergencies.
    """

    name: str
    months: list[int]
    emergencies: int
    opens: int
    broken: int

    @property
    def percent(self) -> float:
        return 100 * self.broken / self.opens if self.opens else 0.0

    @property
    def is_unusual(self) -> bool:
        return self.broken > USUAL_SHARE * self.opens


@dataclass(frozen=True, slots=True)
class StaffRow:
    """number: of the account, where its own page may be asked for."""

    number: str
    name: str
    account: str
    role: str
    lines: int


@require_GET
@require_staff(Permission.AUDIT_READ)
def show_hospital_activity(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Of a hospital that the auditor audits. It names no patient; the look is itself in the log."""
    audited = hospitals_with_permission(acting, "audit_hospital")
    hospital = next((h for h in audited if h.code == code), None)
    if hospital is None:
        raise Http404
    form, span = read_day_span(request)
    page: dict[str, Any] = {"hospital": hospital, "form": form}
    if span is None:
        return render(request, "consent/hospital_activity.html", page, status=400)
    activity = count_hospital_activity(code, span)
    append_event(AuditEvent.from_principal(acting, EventCode.AUDIT_READ, target=f"hospital/{code}"))
    months = list_months(span)
    departments = list_departments(hospital, span, months, activity)
    return render(
        request,
        "consent/hospital_activity.html",
        page
        | tabulate_kinds(activity, span, code)
        | {
            "span": span,
            "activity": activity,
            "log_query": span.query(hospital=code),
            "refusal_query": span.query(hospital=code, outcome="refused"),
            "emergency_query": span.query(hospital=code, emergency="on"),
            "busiest": list_staff(activity, audited),
            "staff_count": len(activity.staff),
            "systems": list_systems(activity, span),
            "refusals": activity.refusals.most_common(),
            "months": months,
            "departments": departments,
            "unusual": any(row.is_unusual for row in departments),
            "readers": list_readers(activity),
        },
    )


def list_months(span: DaySpan) -> list[str]:
    return list(dict.fromkeys(f"{day:%Y-%m}" for day in span.days))


def tabulate_kinds(activity: HospitalActivity, span: DaySpan, code: str) -> dict[str, Any]:
    """Roles across, the busiest first, and kinds of event down."""
    totals: Counter[str] = Counter()
    for counts in activity.by_kind.values():
        totals.update(counts)
    roles = [role for role, _n in totals.most_common()]
    return {
        "roles": [describe_role(role) for role in roles],
        "kinds": [
            (
                EVENT_GROUPS[kind].words,
                [activity.by_kind[kind][role] for role in roles],
                activity.by_kind[kind].total(),
                span.query(hospital=code, kind=kind),
            )
            for kind in EVENT_GROUPS
            if kind in activity.by_kind
        ],
    }


def describe_role(role: str) -> str:
    return str(dict(STAFF_ROLES).get(role) or ACTOR_KINDS.get(role) or _("others"))


def list_staff(activity: HospitalActivity, audited: list[Hospital]) -> list[StaffRow]:
    """The most active accounts; of who works at a hospital now that the auditor does not audit the
    number alone.
    """
    counts = activity.staff.most_common(MOST_STAFF)
    names = load_staff_names({int(actor) for actor, _n in counts if is_number(actor)})
    codes = {h.code for h in audited}
    rows = []
    for actor, n in counts:
        known = names.get(actor)
        if known is not None and known.hospital in codes:
            rows.append(StaffRow(actor, known.name, known.account, describe_role(known.role), n))
        else:
            rows.append(StaffRow("", f"{ACTOR_KINDS['staff']} {actor}", "", "", n))
    return rows


def list_systems(activity: HospitalActivity, span: DaySpan) -> list[tuple[str, str, int, str]]:
    """(name, client id, lines, the query of the log by it)."""
    names = load_system_names(set(activity.systems))
    return [
        (names[client].name if client in names else "", client, n, span.query(system=client))
        for client, n in activity.systems.most_common()
    ]


def list_departments(
    hospital: Hospital, span: DaySpan, months: list[str], activity: HospitalActivity
) -> list[DepartmentRow]:
    """Where emergencies were opened or other hospitals' records looked at, most emergencies first;
    of more than one department the whole hospital above them.
    """
    opened: dict[int | None, Counter[str]] = {}
    rows = (
        Emergency.objects.filter(
            Q(hospital=hospital) | Q(hospital=None, staff__hospital=hospital),
            opened_at__gte=span.start,
            opened_at__lt=span.end,
        )
        .order_by()
        .annotate(month=TruncMonth("opened_at", tzinfo=HOSPITAL_ZONE))
        .values_list("staff__department_id", "month")
        .annotate(n=Count("pk"))
    )
    for department, month, n in rows:
        opened.setdefault(department, Counter())[f"{month:%Y-%m}"] += n
    of_staff = dict(
        Staff.objects.filter(pk__in=[int(a) for a in activity.opens if is_number(a)])
        .order_by()
        .values_list("pk", "department_id")
    )
    opens: Counter[int | None] = Counter()
    broken: Counter[int | None] = Counter()
    for actor, n in activity.opens.items():
        department = of_staff.get(int(actor)) if is_number(actor) else None
        opens[department] += n
        broken[department] += activity.broken[actor]
    names: dict[int | None, str] = {
        pk: str(d) for pk, d in Department.objects.in_bulk([d for d in opened | opens if d]).items()
    }
    found = [
        DepartmentRow(
            names.get(department) or _("without a department"),
            [opened.get(department, Counter[str]())[month] for month in months],
            opened.get(department, Counter[str]()).total(),
            opens[department],
            broken[department],
        )
        for department in opened | opens
    ]
    found.sort(key=lambda row: (-row.emergencies, -row.broken, row.name))
    if len(found) > 1:
        found.insert(
            0,
            DepartmentRow(
                _("whole hospital"),
                [sum(row.months[n] for row in found) for n in range(len(months))],
                *(
                    sum(getattr(row, name) for row in found)
                    for name in ("emergencies", "opens", "broken")
                ),
            ),
        )
    return found


def list_readers(activity: HospitalActivity) -> list[tuple[str, str, int, int]]:
    """(hospital, role, lines, of them in an emergency) of who read this one's records."""
    names = {h.code: str(h) for h in Hospital.with_sandboxes.all()}
    lines: Counter[tuple[str, str]] = Counter()
    broken: Counter[tuple[str, str]] = Counter()
    for (hospital, role, emergency), n in activity.read_by.items():
        lines[hospital, role] += n
        broken[hospital, role] += n if emergency else 0
    return [
        (names.get(hospital, hospital), describe_role(role), n, broken[hospital, role])
        for (hospital, role), n in lines.most_common()
    ]
