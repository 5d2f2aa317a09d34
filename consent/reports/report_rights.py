"""Whether the auditor of a report may still export the log, and which lines are theirs: asked when
it is set up, made and fetched.
"""

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal, principal_from_staff
from alliance.auth.role_check import check_permission
from alliance.models import Staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.day_span import DaySpan
from consent.audit.event_groups import EVENT_GROUPS, codes_of_group
from consent.audit.log_query import AuditFilter
from consent.models import AuditReport, AuditReportRun

BUNDLE_KINDS = ("staff", "system", "session", "door", "audit", "emergency")  # GB/T 22239 8.1.4.3


def load_auditor(report: AuditReport, number: int) -> Principal:
    """As employed now, for the worker. Raises Forbidden for who may not export the log any more."""
    staff = (
        Staff.objects.with_served_hospitals()
        .select_related("hospital", "user")
        .get(pk=report.staff_id)
    )
    acting = principal_from_staff(staff, request_id=f"report-{number}")
    if not staff.user.is_active:
        raise Forbidden("role", "The account is closed.")
    check_permission(acting, Permission.AUDIT_EXPORT, "This role does not export the log.")
    return acting


def filter_of_report(report: AuditReport, span: DaySpan, acting: Principal) -> AuditFilter:
    """Never wider than what they audit today. Raises Forbidden where that is nothing."""
    hospitals = tuple(h.code for h in hospitals_with_permission(acting, "audit_hospital"))
    if not hospitals:
        raise Forbidden("object", "Nothing is audited by this account any more.")
    return filter_from_saved(report, span, None if acting.alliance_wide else hospitals)


def filter_of_run(run: AuditReportRun, acting: Principal) -> AuditFilter:
    """Of what was made. Raises Forbidden where it reaches beyond what they audit today."""
    made = None if run.hospitals is None else tuple(run.hospitals)
    now = {h.code for h in hospitals_with_permission(acting, "audit_hospital")}
    if not acting.alliance_wide and (made is None or not set(made) <= now):
        raise Forbidden("object", "It holds lines of a hospital that is not theirs any more.")
    return filter_from_saved(run.report, DaySpan(run.first, run.last), made)


def filter_from_saved(
    report: AuditReport, span: DaySpan, hospitals: tuple[str, ...] | None
) -> AuditFilter:
    saved = report.filter
    kind = saved.get("kind", "")
    codes = codes_of_group(kind) if kind in EVENT_GROUPS else ()
    if report.content == AuditReport.Content.BUNDLE:
        codes = tuple(c for k in BUNDLE_KINDS for c in codes_of_group(k))
    return AuditFilter(
        start=span.start,
        end=span.end,
        actor_kind="staff" if saved.get("actor") else "",
        actor=saved.get("actor", ""),
        outcome=saved.get("outcome", ""),
        emergency=bool(saved.get("emergency")),
        hospitals=hospitals,
        address=saved.get("address", ""),
        hospital=saved.get("hospital", ""),
        purpose=saved.get("purpose", ""),
        codes=codes,
        system=saved.get("system", ""),
    )
