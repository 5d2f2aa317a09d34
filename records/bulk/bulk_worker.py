"""The processes that carry out bulk jobs: take one up, or help with an import that is under way."""

import logging
import time

from django.db import Error

from alliance.auth.errors import Forbidden
from alliance.database.connections import drop_dead_connections
from alliance.platform.database_away import close_connections, find_retryable_cause
from consent.terms import Refused
from records.bulk import bulk_jobs, export_job, import_job
from records.fhir.issues import Problem
from records.models import BulkJob
from records.store import chunks

log = logging.getLogger("xinglin.bulk")
RUNNER_BY_KIND = {
    BulkJob.Kind.EXPORT: export_job.run_export,
    BulkJob.Kind.IMPORT: import_job.run_import,
}


PAUSE, PATIENCE = (
    1.0,
    600.0,
    # seconds before a database that is away is asked again; in all, before the job is left to
    # another process
)


def run_bulk_jobs() -> int:
    """Work until there is nothing to do; how many jobs were worked on."""
    done = 0
    while (job := bulk_jobs.claim_bulk_job() or find_running_import()) is not None:
        run_job_over_outages(job)
        done += 1
    return done


def run_job_over_outages(job: BulkJob) -> None:
    """Also over an outage of the database: the process that has the job goes on with it."""
    while not try_bulk_job(job):
        if not wait_until_database_back(job):
            return


def wait_until_database_back(job: BulkJob) -> bool:
    """Wait until the database is back; whether the job is still this process's."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        time.sleep(PAUSE)
        try:
            return bulk_jobs.reclaim_bulk_job(job)
        except Error as error:
            if not find_retryable_cause(error):
                raise
            close_connections()
    return False


def find_running_import() -> BulkJob | None:
    """An import with chunks left that another process works on."""
    running = BulkJob.objects.filter(
        kind=BulkJob.Kind.IMPORT, state=BulkJob.State.RUNNING
    ).order_by("created_at")
    return next((j for j in running if chunks.fetch_import_progress(j.pk)[0] > 1), None)


def try_bulk_job(job: BulkJob) -> bool:
    """False where the database went away."""
    drop_dead_connections()
    try:
        RUNNER_BY_KIND[BulkJob.Kind(job.kind)](job)
    except (Refused, Forbidden):
        bulk_jobs.end_bulk_job(
            job, BulkJob.State.FAILED, "This system, or its hospital, may no longer do this."
        )
    except Problem as problem:
        bulk_jobs.end_bulk_job(job, BulkJob.State.FAILED, problem.issues[0].says)
    except Exception as error:
        if cause := find_retryable_cause(error):
            log.warning(
                "BULK503 the database is away, and the job goes on when it is back: %s", cause
            )
            close_connections()
            return False
        log.exception("BULK500 a job failed")
        bulk_jobs.end_bulk_job(
            job, BulkJob.State.FAILED, f"The server failed. Tell the operator the job {job.pk}."
        )
    return True
