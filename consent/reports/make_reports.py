"""Make the reports that are due: for each the right is asked anew, what is in it leaves a line, and
the file is kept encrypted until its auditor fetches it.
"""

import logging
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.database.statement_time import set_work_kind
from alliance.platform.database_away import find_retryable_cause
from consent.audit.append import append_event
from consent.audit.day_span import DaySpan
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.export_order import PACKAGE_FORMS, Exporter, ExportOrder, ExportProgress
from consent.audit.inclusion_proofs import LogDamaged
from consent.audit.log_export import NothingSealed, count_export_lines, describe_export
from consent.audit.log_query import wait_until_sealed
from consent.audit.pack_export import pack_export
from consent.models import AuditReport, AuditReportRun
from consent.reports import report_files, report_runs
from consent.reports.overview_text import DiskRoom, describe_overview
from consent.reports.report_forms import (
    OVERVIEW_PRINTERS,
    write_overview_csv,
    write_overview_xlsx,
)
from consent.reports.report_rights import filter_of_report, load_auditor

log = logging.getLogger("xinglin.reports")
SEALER_SECONDS = 20
MeasureDisks = Callable[[], DiskRoom]


class SealerSilent(Exception):
    """Without its seal nothing is exported."""


def make_due_reports(measure_disks: MeasureDisks) -> int:
    """All that are due now; how many were looked at."""
    now = report_runs.fetch_moment()
    report_runs.add_due_runs(now)
    report_runs.forget_old_files(now)
    made = 0
    while run := report_runs.claim_run(report_runs.fetch_moment()):
        made += 1
        if not make_report(run, measure_disks):
            break
    return made


def make_report(run: AuditReportRun, measure_disks: MeasureDisks) -> bool:
    """Of a claimed run; False where none can be made now, and this one waits on. A database that is
    away is for the caller: another try takes it up.
    """
    set_work_kind("export")
    report = AuditReport.objects.get(pk=run.report_id)
    try:
        acting = load_auditor(report, run.pk)
        with translation.override(report.language):
            write_report(run, report, acting, measure_disks)
    except Forbidden as error:
        refuse_run(run, report, error)
    except (SealerSilent, NothingSealed):
        report_runs.put_back(run, "sealer")
        return False
    except LogDamaged:
        report_runs.end_run(run, "damaged", report_runs.fetch_moment())
    except Exception as error:
        if find_retryable_cause(error):
            raise
        log.exception("REPORT500 a report of the audit log could not be made")
        report_runs.end_run(run, "server", report_runs.fetch_moment())
    return True


def refuse_run(run: AuditReportRun, report: AuditReport, error: Forbidden) -> None:
    """Who may not any more gets nothing, and the log tells it."""
    staff = report.staff
    append_event(
        AuditEvent(
            EventCode.AUDIT_EXPORT,
            "staff",
            str(staff.pk),
            staff.hospital.code,
            staff.role,
            "HCOMPL",
            outcome=AuditOutcome.REFUSED,
            reason=error.code,
            target=f"report/{run.pk}",
        )
    )
    report_runs.end_run(run, "right", report_runs.fetch_moment())


def write_report(
    run: AuditReportRun, report: AuditReport, acting: Principal, measure_disks: MeasureDisks
) -> None:
    span = DaySpan(run.first, run.last)
    wanted = filter_of_report(report, span, acting)
    if not wait_until_sealed(SEALER_SECONDS):
        raise SealerSilent
    rows, head = count_export_lines(wanted)
    progress = ExportProgress()
    AuditReportRun.objects.filter(pk=run.pk).update(
        lines=rows, hospitals=None if wanted.hospitals is None else list(wanted.hospitals)
    )
    order = ExportOrder(
        wanted, head, rows, None, Exporter.from_principal(acting), report.name, progress=progress
    )
    with (
        report_runs.RunHeartbeat(run, progress),
        write_file(order, report, span, measure_disks) as f,
    ):
        with transaction.atomic():
            size, digest = report_files.keep_file(run, f)
            kept = AuditReportRun.objects.filter(
                pk=run.pk, state=AuditReportRun.State.RUNNING, tries=run.tries
            ).update(
                state=AuditReportRun.State.DONE,
                finished_at=report_runs.fetch_moment(),
                fault="",
                done=rows,
                size=size,
                digest=digest,
            )
            if not kept:  # another worker has taken it up meanwhile
                transaction.set_rollback(True)
                return
            append_event(
                AuditEvent.from_principal(
                    acting,
                    EventCode.AUDIT_REPORT,
                    target=f"report/{run.pk}",
                    detail=describe_export(report.form, wanted, rows),
                )
            )
    tell_auditor(report)


def write_file(
    order: ExportOrder, report: AuditReport, span: DaySpan, measure_disks: MeasureDisks
) -> IO[bytes]:
    """The file, open for reading, which is gone once it is closed."""
    name = f"xinglin-report-{span.first}-{span.last}"
    if report.content == AuditReport.Content.LINES:
        return pack_export(order, report.form, name)
    whole = replace(order, audit_filter=replace(order.audit_filter, codes=()))
    text = describe_overview(whole, span, measure_disks())
    out = tempfile.TemporaryFile()  # noqa: SIM115
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if report.form in ("pdf", "zip"):
            (folder / f"{name}.pdf").write_bytes(OVERVIEW_PRINTERS[0](text))
        if report.form in ("csv", "zip"):
            write_overview_csv(text, folder / f"{name}.csv")
        if report.form == "xlsx":
            write_overview_xlsx(text, folder / f"{name}.xlsx")
        if report.content == AuditReport.Content.BUNDLE:
            PACKAGE_FORMS["package"](order, folder / f"{name}-evidence.zip")
        if report.form == "pdf":
            out.write((folder / f"{name}.pdf").read_bytes())
        else:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in sorted(folder.iterdir()):
                    archive.write(file, file.name)
    out.seek(0)
    return out


def tell_auditor(report: AuditReport) -> None:
    """By mail where it is set up: that one is there, and nothing of what is in it."""
    address = report.staff.user.email
    if not (report.mails and settings.MAIL and address):
        return
    root = settings.PUBLIC_URL or ""
    text = _("A report of the audit log that you have set up is there. Sign in to fetch it.")
    try:
        EmailMessage(
            str(_("A report of the audit log")),
            f"{text}\n\n{root}/audit/reports/\n" if root else f"{text}\n",
            to=[address],
        ).send()
    except OSError as error:  # smtplib's are such, too
        log.warning("REPORT503 a mail about a report did not leave: %s", type(error).__name__)
