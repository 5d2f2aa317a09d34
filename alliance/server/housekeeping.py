"""Housekeeping of the job worker: partitions ahead of time; expired tokens and sessions, and
jobs that are done, away.
"""

import datetime as dt
import logging

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app

from alliance.operations import database_state, disk_space
from consent.audit.partition_indexes import build_partition_indexes
from consent.audit.partitions import prepare_partitions

log = logging.getLogger("xinglin.jobs")
JOBS_KEPT = 7 * 24  # hours
# seconds of each minute, as long as older entries are left: a worker that ends waits for no longer
CONTRACTING = 20.0
MAPPING = 20.0  # seconds of each minute, for the same reason


@app.periodic(cron="7 * * * *")
@app.task(name="partitions", queueing_lock="partitions")
def prepare_log_partitions(timestamp: int) -> None:
    """The next months' partitions of the audit log, long before they are needed; where somebody
    reads the log the whole night, an hour later.
    """
    log_partition_faults(prepare_partitions())
    log_partition_faults(build_partition_indexes())


def log_partition_faults(faults: list[str]) -> None:
    for fault in faults:
        log.warning("AUDIT004 a partition waits: %s", fault)


def catch_up_partitions() -> None:
    """At the worker's start, for whoever is switched off at every full hour; it does not keep
    the worker waiting.
    """
    try:
        log_partition_faults(prepare_partitions(tries=1))
    except (OperationalError, InterfaceError) as error:
        log.warning("AUDIT004 a partition waits: %s", type(error).__name__)
    connection.close()


@app.periodic(cron="* * * * *")
@app.task(name="older_index", queueing_lock="older_index")
def remove_older_index(timestamp: int) -> None:
    """The entries of the last release's index go, once nobody searches by them (docs/adr/0043)."""
    from records.maintenance.index_fill import contract_index

    for _ in contract_index(CONTRACTING):
        pass


@app.periodic(cron="* * * * *")
@app.task(name="mappings", queueing_lock="mappings")
def follow_code_mappings(timestamp: int) -> None:
    """Which local codes wait, and what decisions about them have changed (docs/adr/0068)."""
    from records.mapping.work import run_mapping_work

    run_mapping_work(MAPPING)


@app.periodic(cron="* * * * *")
@app.task(name="sync_notices", queueing_lock="sync_notices")
def tell_sync_troubles(timestamp: int) -> None:
    """Find what is wrong with members' systems, and tell whoever wants to know (docs/adr/0069)."""
    from records.sync.notice_delivery import deliver_notices
    from records.sync.notice_watch import watch_systems

    now = timezone.now()
    watch_systems(now)
    deliver_notices(timezone.now())


@app.periodic(cron="* * * * *")
@app.task(name="audit_reports", queueing_lock="audit_reports")
def make_audit_reports(timestamp: int) -> None:
    """Reports of the audit log that auditors had made by rule (docs/adr/0083)."""
    from consent.reports.make_reports import make_due_reports

    def measure() -> dict[str, tuple[int, int]]:
        with connection.cursor() as cursor:
            data = database_state.fetch_data_directory(cursor)
        return disk_space.measure_disks(data, connection.connection.info.host)

    make_due_reports(measure)


@app.periodic(cron="* * * * *")
@app.task(name="work_timers", queueing_lock="work_timers")
def fire_work_timers(timestamp: int) -> None:
    """Referrals whose time is over are told to whom it concerns (docs/adr/0086)."""
    from alliance.workflow.timers import fire_due_timers

    fire_due_timers()


@app.periodic(cron="*/20 * * * *")
@app.task(name="access_review", queueing_lock="access_review")
def review_accesses(timestamp: int) -> None:
    """What staff did about patients, and whether a reason for it is on record (docs/adr/0079)."""
    from records.access_review.run_review import run_access_review

    run_access_review()


@app.periodic(cron="2 * * * *")
@app.task(name="disk_samples", queueing_lock="disk_samples")
def sample_disks(timestamp: int) -> None:
    """How full the disks are, for the forecast; samples that are too old go."""
    with connection.cursor() as cursor:
        disk_space.save_disk_samples(
            cursor,
            disk_space.measure_disks(
                database_state.fetch_data_directory(cursor), connection.connection.info.host
            ),
        )
        disk_space.delete_old_samples(cursor)


@app.periodic(cron="23 4 * * *")
@app.task(name="old_jobs", queueing_lock="old_jobs", pass_context=True)
async def delete_ended_jobs(context: JobContext, timestamp: int) -> None:
    """The queue's own rows of jobs that ended days ago."""
    await remove_old_jobs(
        context, max_hours=JOBS_KEPT, remove_failed=True, remove_cancelled=True, remove_aborted=True
    )


@app.periodic(cron="41 3 * * *")
@app.task(name="old_sync", queueing_lock="old_sync")
def delete_old_sync(timestamp: int) -> None:
    """Letters that were settled, and receipts that nobody can ask for, a good year ago."""
    from records.sync.forget import forget_old_sync

    forget_old_sync()


@app.periodic(cron="*/30 * * * *")
@app.task(name="expired", queueing_lock="expired")
def delete_expired(timestamp: int) -> None:
    from alliance.models import AccessToken, AdministratorToken, FormUse, GuessCount, KnownPlace
    from alliance.services.handover import forget_expired_secrets
    from alliance.services.launches import delete_old_launches
    from records.bulk import bulk_jobs
    from records.mpi.index.stranger_quota import delete_old_searches
    from records.pushes import push

    now = timezone.now()
    AccessToken.objects.filter(expires_at__lt=now).delete()
    AdministratorToken.objects.filter(expires_at__lt=now).delete()
    FormUse.objects.filter(
        used_at__lt=now - dt.timedelta(days=1)
    ).delete()  # no session lives so long
    GuessCount.objects.filter(
        counted_at__lt=now - dt.timedelta(days=3), until__lt=now
    ).delete()  # all that is in one has leaked
    KnownPlace.objects.filter(seen_at__lt=now - dt.timedelta(days=180)).delete()
    delete_old_searches(now)
    bulk_jobs.delete_expired_jobs()
    push.delete_expired_pushes(now)
    forget_expired_secrets()
    delete_old_launches(now)
    call_command("clearsessions")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alliance_cache WHERE expires < now()")
