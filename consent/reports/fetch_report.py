"""Set up and end reports, and fetch what was made: each leaves its line, and the right is asked
again.
"""

from collections.abc import Iterator
from typing import Any

from django.db import transaction

from alliance.auth.principal import Principal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.audit.export_note import note_export
from consent.audit.log_export import describe_export
from consent.models import AuditReport, AuditReportRun
from consent.reports import report_files, report_runs
from consent.reports.report_rights import filter_of_run

MOST = 20  # of one auditor that go on


class TooManyReports(Exception):
    """As many as one auditor may have go on."""


@transaction.atomic
def do_set_report(acting: Principal, **values: Any) -> AuditReport:
    """Raises TooManyReports."""
    own = AuditReport.objects.filter(staff_id=int(acting.id), ended_at=None)
    if own.count() >= MOST:
        raise TooManyReports
    report = AuditReport.objects.create(
        staff_id=int(acting.id), set_at=report_runs.fetch_moment(), **values
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.AUDIT_REPORT,
            target=f"report-rule/{report.pk}",
            detail=" · ".join(["rule set", report.content, report.form, report.rhythm]),
        )
    )
    return report


@transaction.atomic
def do_end_report(acting: Principal, report_id: int) -> bool:
    """One's own; of anybody else's nothing is changed. Whether one ended."""
    ended = AuditReport.objects.filter(pk=report_id, staff_id=int(acting.id), ended_at=None).update(
        ended_at=report_runs.fetch_moment()
    )
    if ended:
        append_event(
            AuditEvent.from_principal(
                acting,
                EventCode.AUDIT_REPORT,
                target=f"report-rule/{report_id}",
                detail="rule ended",
            )
        )
    return bool(ended)


@transaction.atomic
def open_report(acting: Principal, run_id: int) -> tuple[AuditReportRun, Iterator[bytes]]:
    """The file of one's own report. The first time the line is about everybody whose name leaves in
    it, later it names the file. Raises AuditReportRun.DoesNotExist, Forbidden, AlteredReport.
    """
    run = (
        AuditReportRun.objects.select_for_update(of=("self",))
        .select_related("report")
        .get(
            pk=run_id,
            report__staff_id=int(acting.id),
            state=AuditReportRun.State.DONE,
            forgotten_at=None,
        )
    )
    report = run.report
    wanted = filter_of_run(run, acting)
    report_files.check_file(run)
    event = AuditEvent.from_principal(
        acting,
        EventCode.AUDIT_EXPORT,
        target=f"report/{run.pk}",
        detail=describe_export(report.form, wanted, run.lines),
    )
    if run.fetched_at is None and report.content != AuditReport.Content.OVERVIEW:
        note_export(event, wanted, report.form)
    else:
        append_event(event)
    if run.fetched_at is None:
        AuditReportRun.objects.filter(pk=run.pk).update(fetched_at=report_runs.fetch_moment())
    return run, report_files.read_file(run)
