"""Which reports are due by the clock of the database, who makes one, how far it is, and when its
file goes. Each span of a report is one row, whoever asks and however often.
"""

import datetime as dt
import threading
from contextlib import suppress

from django.db import Error, connection, transaction
from django.db.models import F, Q

from alliance.platform.dates import HOSPITAL_ZONE
from consent.audit.export_order import ExportProgress
from consent.models import AuditReport, AuditReportChunk, AuditReportRun
from consent.reports.report_spans import KEPT_DAYS, spans_due

S = AuditReportRun.State
SILENCE = dt.timedelta(minutes=3)  # after which another worker takes it up
BEAT = 2.0  # seconds
MOST_TRIES = 3


def fetch_moment() -> dt.datetime:
    """By the clock of the database."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]  # type: ignore[no-any-return]


def add_due_runs(now: dt.datetime) -> None:
    """Of each report that goes on, what is over by now."""
    today = now.astimezone(HOSPITAL_ZONE).date()
    for report in AuditReport.objects.filter(ended_at=None):
        set_on = report.set_at.astimezone(HOSPITAL_ZONE).date()
        AuditReportRun.objects.bulk_create(
            [
                AuditReportRun(report=report, first=span.first, last=span.last)
                for span in spans_due(today, set_on, report.rhythm)
            ],
            ignore_conflicts=True,
        )


def claim_run(now: dt.datetime) -> AuditReportRun | None:
    """The next that waits, or whose worker went silent; it is this worker's now. One is made at a
    time, so that housekeeping goes on beside it.
    """
    if AuditReportRun.objects.filter(state=S.RUNNING, beat_at__gte=now - SILENCE).exists():
        return None
    silent = Q(state=S.RUNNING, beat_at__lt=now - SILENCE)
    with transaction.atomic():
        run = (
            AuditReportRun.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(Q(state=S.WAITING) | silent)
            .order_by("pk")
            .first()
        )
        if run is None:
            return None
        if run.tries >= MOST_TRIES:
            end_run(run, "server", now)
            return claim_run(now)
        AuditReportRun.objects.filter(pk=run.pk).update(
            state=S.RUNNING, tries=F("tries") + 1, beat_at=now, done=0
        )
    run.refresh_from_db()
    return run


def put_back(run: AuditReportRun, fault: str) -> None:
    """It waits on, and the try does not count."""
    AuditReportRun.objects.filter(pk=run.pk).update(
        state=S.WAITING, tries=F("tries") - 1, fault=fault
    )


def end_run(run: AuditReportRun, fault: str, now: dt.datetime) -> None:
    """It failed; the code says why."""
    AuditReportRun.objects.filter(pk=run.pk).update(state=S.FAILED, fault=fault, finished_at=now)


def forget_old_files(now: dt.datetime) -> int:
    """Files whose time is over; what was made, when and by whom stays. How many."""
    gone = 0
    for rhythm, days in KEPT_DAYS.items():
        for run in AuditReportRun.objects.filter(
            report__rhythm=rhythm,
            state=S.DONE,
            forgotten_at=None,
            finished_at__lt=now - dt.timedelta(days=days),
        ):
            with transaction.atomic():
                AuditReportChunk.objects.filter(run=run).delete()
                AuditReportRun.objects.filter(pk=run.pk).update(forgotten_at=now)
            gone += 1
    return gone


class RunHeartbeat:
    """Says while a report is written that its worker lives, and how far it is; by a connection of
    its own, for the lines are read in one transaction.
    """

    def __init__(self, run: AuditReportRun, progress: ExportProgress) -> None:
        self.run, self.progress = run, progress
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.beat, daemon=True)

    def __enter__(self) -> None:
        self.thread.start()

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self.thread.join()

    def beat(self) -> None:
        while not self.over.wait(BEAT):
            with suppress(Error):
                AuditReportRun.objects.filter(pk=self.run.pk, state=S.RUNNING).update(
                    beat_at=fetch_moment(), done=self.progress.lines
                )
        connection.close()
