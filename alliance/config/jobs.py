"""Housekeeping of the job worker: partitions ahead of time; expired tokens and sessions, and jobs that are done, away."""

import datetime as dt
import logging

from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from procrastinate import JobContext
from procrastinate.builtin_tasks import remove_old_jobs
from procrastinate.contrib.django import app

from consent.audit.partitions import prepare

log = logging.getLogger("xinglin.jobs")
JOBS_KEPT = 7 * 24  # hours


@app.periodic(cron="7 * * * *")
@app.task(name="partitions", queueing_lock="partitions")
def partitions(timestamp: int) -> None:
    """The next months' partitions of the audit log, long before they are needed; where somebody reads the log the whole night, an hour later."""
    say(prepare())


def say(faults: list[str]) -> None:
    for fault in faults:
        log.warning("AUDIT004 a partition waits: %s", fault)


def catch_up() -> None:
    """At the worker's start, for whoever is switched off at every full hour; it does not keep the worker waiting."""
    try:
        say(prepare(tries=1))
    except (OperationalError, InterfaceError) as error:
        log.warning("AUDIT004 a partition waits: %s", type(error).__name__)
    connection.close()


@app.periodic(cron="23 4 * * *")
@app.task(name="old_jobs", queueing_lock="old_jobs", pass_context=True)
async def old_jobs(context: JobContext, timestamp: int) -> None:
    """The queue's own rows of jobs that ended days ago."""
    await remove_old_jobs(context, max_hours=JOBS_KEPT, remove_failed=True, remove_cancelled=True, remove_aborted=True)


@app.periodic(cron="*/30 * * * *")
@app.task(name="expired", queueing_lock="expired")
def expired(timestamp: int) -> None:
    from alliance.models import AccessToken, FormUse, GuessCount, KnownPlace
    from alliance.services.handover import forget_expired
    from records.interactions.bulk import expire
    from records.mpi.quota import forget_searches

    now = timezone.now()
    AccessToken.objects.filter(expires_at__lt=now).delete()
    FormUse.objects.filter(used_at__lt=now - dt.timedelta(days=1)).delete()  # no session lives so long
    GuessCount.objects.filter(counted_at__lt=now - dt.timedelta(days=3), until__lt=now).delete()  # all that is in one has leaked
    KnownPlace.objects.filter(seen_at__lt=now - dt.timedelta(days=180)).delete()
    forget_searches(now)
    expire()
    forget_expired()
    call_command("clearsessions")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM alliance_cache WHERE expires < now()")
