"""Which work a hospital wants approved by a second person of its own before it leaves the house
(院内审核): set by its administrators, each change with a line in the log.
"""

from collections.abc import Collection

from django.db import transaction

from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import ApprovalRule, WorkItem
from alliance.roles import Permission
from alliance.workflow.move_item import database_now
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode


def needs_approval(hospital_id: int, kind: str) -> bool:
    """index: one_approval_rule"""
    return ApprovalRule.objects.filter(hospital_id=hospital_id, kind=kind, ended_at=None).exists()


def list_approved_kinds(hospital_id: int) -> frozenset[str]:
    rules = ApprovalRule.objects.filter(hospital_id=hospital_id, ended_at=None)
    return frozenset(rules.values_list("kind", flat=True))


@transaction.atomic
def do_set_approval(kinds: Collection[str], *, acting: Principal) -> None:
    """From now on these kinds of the acting one's own hospital are approved first, and no others.
    Raises Forbidden.
    """
    check_permission(acting, Permission.HOSPITAL_MANAGE, "Your role does not set this.")
    now = database_now()
    held = {
        r.kind: r
        for r in ApprovalRule.objects.select_for_update().filter(
            hospital_id=acting.hospital_id, ended_at=None
        )
    }
    for kind in WorkItem.Kind.values:
        if kind in kinds and kind not in held:
            ApprovalRule.objects.create(
                hospital_id=acting.hospital_id, kind=kind, set_at=now, set_by_id=int(acting.id)
            )
        elif kind not in kinds and kind in held:
            held[kind].ended_at, held[kind].ended_by_id = now, int(acting.id)
            held[kind].save(update_fields=["ended_at", "ended_by_id"])
        else:
            continue
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.WORK_RULE,
                target="approval-on" if kind in kinds else "approval-off",
                detail=kind,
            )
        )
