"""The list of holds that stand over the audit log, for auditors of the whole alliance: what stays
online whatever its age, by which case file; and from when on the log is online.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.archived_months import online_log_begins
from consent.audit.event import AuditEvent, EventCode
from consent.models import Hold


@require_GET
@require_staff(Permission.CASE_KEEP)
def show_holds(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Set and lifted in their case files, by two people. Looking leaves a line that names whom the
    holds are about.
    """
    if not acting.alliance_wide:
        raise Forbidden("role", _("Only an auditor of the whole alliance sees all holds."))
    holds = list(Hold.objects.filter(lifted_at=None).select_related("case", "set_by"))
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_READ,
            persons=tuple(sorted({hold.person for hold in holds if hold.person})),
            target="holds",
        )
    )
    return render(request, "consent/holds.html", {"holds": holds, "begins": online_log_begins()})
