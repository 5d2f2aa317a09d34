"""Before an evidence package of the log is made: what it will hold, how many lines, and why."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.database.statement_time import set_work_kind
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.append import append_event
from consent.audit.archived_months import find_archived_part
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_order import MAX_REASON_LENGTH
from consent.audit.filter_words import describe_filter
from consent.audit.log_export import NothingSealed, count_export_lines
from consent.web.audit_filter_form import AuditFilterForm, filter_from_form, has_reversed_range

LINES_A_SECOND = 2_000  # that are packed at least (docs/implementation/performance.md)


@require_GET
@require_staff(Permission.AUDIT_EXPORT)
def show_package(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """How many lines fit the filter now; the package itself holds those that are sealed when it is
    made.
    """
    set_work_kind("export")
    hospitals = hospitals_with_permission(acting, "audit_hospital")
    form = AuditFilterForm(request.GET, hospitals=hospitals)
    if has_reversed_range(request, form):
        return redirect("audit")
    wanted = filter_from_form(form, acting, hospitals, patients=False)
    try:
        rows, _head = count_export_lines(wanted)
    except NothingSealed:
        messages.error(
            request,
            _(
                "The audit sealer does not answer: without its seal nothing is exported. Tell the"
                " operator."
            ),
        )
        return redirect("audit")
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.AUDIT_READ, person=wanted.person, target="package"
        )
    )
    return render(
        request,
        "consent/package.html",
        {
            "form": form,
            "person": wanted.person,
            "case": wanted.case,
            "rows": rows,
            "minutes": -(-rows // (60 * LINES_A_SECOND)),
            "words": describe_filter(wanted),
            "most": MAX_REASON_LENGTH,
            "restricted": wanted.hospitals is not None,
            "begins": find_archived_part(wanted),
        },
    )
