"""The auditor's buttons: export the lines of a filter with their proofs; is the log intact."""

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.database.statement_time import set_work_kind
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit import log_query
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_note import note_export
from consent.audit.export_order import (
    MAX_REASON_LENGTH,
    PACKAGE_FORMS,
    Exporter,
    ExportOrder,
    clean_reason,
)
from consent.audit.inclusion_proofs import LogDamaged
from consent.audit.log_export import WRITERS, count_export_lines, describe_export
from consent.audit.pack_export import pack_export
from consent.audit.verify import verify_log
from consent.web.audit_filter_form import AuditFilterForm, filter_from_form, has_reversed_range

SEALER_SECONDS = 20


@require_POST
@require_staff(Permission.AUDIT_EXPORT)
def export_audit_log(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """A ZIP of the lines and their signed manifest; the export is written down before a byte
    leaves. Lines are proved whole or not at all: what others did about the hospital's patients,
    which its auditor may see in part, is not among them.
    """
    set_work_kind("export")
    hospitals = hospitals_with_permission(acting, "audit_hospital")
    form = AuditFilterForm(request.POST, hospitals=hospitals)
    kind = request.POST.get("format", "csv")
    if kind not in (*WRITERS, *PACKAGE_FORMS):
        raise Forbidden("format", _("Choose the evidence package, CSV, NDJSON or XLSX."))
    reason = clean_reason(request.POST.get("why", ""))
    if len(reason) > MAX_REASON_LENGTH or (kind in PACKAGE_FORMS and not reason):
        messages.error(
            request,
            _("Type in at most %(most)s characters why the package is made.")
            % {"most": MAX_REASON_LENGTH},
        )
        return redirect("audit")
    if has_reversed_range(request, form):
        return redirect("audit")
    wanted = filter_from_form(form, acting, hospitals, patients=False)
    if not log_query.wait_until_sealed(SEALER_SECONDS):
        messages.error(
            request,
            _(
                "The audit sealer does not answer: without its seal nothing is exported. Tell the"
                " operator."
            ),
        )
        return redirect("audit")
    rows, head = count_export_lines(wanted)
    note_export(
        AuditEvent.from_principal(
            acting, EventCode.AUDIT_EXPORT, detail=describe_export(kind, wanted, rows, reason)
        ),
        wanted,
        kind,
    )
    order = ExportOrder(wanted, head, rows, None, Exporter.from_principal(acting), reason)
    name = f"xinglin-audit-{timezone.localtime():%Y%m%d-%H%M%S}"
    try:
        packed = pack_export(order, kind, name)
    except LogDamaged as error:
        messages.error(request, _("NOT INTACT, nothing is exported: %s") % error)
        return redirect("audit")
    return FileResponse(packed, as_attachment=True, filename=f"{name}.zip")


@require_POST
@require_staff(Permission.AUDIT_READ)
def check_audit_log(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    set_work_kind("export")
    report = verify_log()
    if report.intact:
        messages.success(
            request,
            _("Intact. Sealed lines: %(sealed)s; signed heads: %(heads)s.")
            % {
                "sealed": report.sealed,
                "heads": report.heads,
            },
        )
    else:
        messages.error(
            request,
            _("NOT INTACT: %(first)s (findings: %(n)s)")
            % {
                "first": report.faults[0],
                "n": len(report.faults),
            },
        )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_READ,
            target="verify",
            detail="intact" if report.intact else "not intact",
        )
    )
    return redirect("audit")
