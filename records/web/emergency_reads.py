"""What a clinician looked at by an emergency access, as the log tells it."""

import dataclasses
from typing import Any

from alliance.auth.principal import Principal, hospitals_served
from alliance.models import Hospital
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.log_query import AuditFilter, count_audit_lines, list_audit_lines
from consent.models import Emergency

MOST_LINES = 100


def emergency_lines_filter(e: Emergency) -> AuditFilter:
    """The lines of the record that the clinician read during the emergency access."""
    return AuditFilter(
        start=e.opened_at,
        end=e.closed_at or e.until,
        person=e.person,
        actor_kind="staff",
        actor=str(e.staff_id),
        emergency=True,
        room="records",
    )


def count_emergency_reads(e: Emergency) -> int:
    """How often the clinician looked at the record during the emergency access."""
    return count_audit_lines(emergency_lines_filter(e))


def list_emergency_reads(e: Emergency, acting: Principal) -> list[dict[str, Any]]:
    """The lines, newest first, as far as the acting one may see them: those of the hospitals that
    an officer serves or an auditor audits.
    """
    if acting.alliance_wide:
        codes = None
    elif acting.may(Permission.EMERGENCY_REVIEW):
        served = Hospital.objects.filter(pk__in=hospitals_served(acting))
        codes = tuple(served.order_by("code").values_list("code", flat=True))
    else:
        codes = tuple(h.code for h in hospitals_with_permission(acting, "audit_hospital"))
    wanted = dataclasses.replace(emergency_lines_filter(e), hospitals=codes)
    return list_audit_lines(wanted, None, MOST_LINES)
