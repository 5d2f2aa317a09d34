"""The processes that carry out bulk jobs: take one up, or help with an import that is under way."""

import logging
import time

from django.db import Error

from alliance.auth.errors import Forbidden
from alliance.config.away import give_up, passing
from alliance.config.connections import drop_the_dead
from consent.terms import Refused
from records.fhir.issues import Problem
from records.interactions import bulk, export, importing
from records.models import BulkJob
from records.store import chunks

log = logging.getLogger("xinglin.bulk")
RUN = {BulkJob.Kind.EXPORT: export.run, BulkJob.Kind.IMPORT: importing.run}


PAUSE, PATIENCE = 1.0, 600.0  # seconds before a database that is away is asked again; in all, before the job is left to another process


def drain() -> int:
    """Work until there is nothing to do; how many jobs were worked on."""
    done = 0
    while (job := bulk.take_up() or under_way()) is not None:
        work(job)
        done += 1
    return done


def work(job: BulkJob) -> None:
    """Also over an outage of the database: the process that has the job goes on with it."""
    while not carried_out(job):
        if not back(job):
            return


def back(job: BulkJob) -> bool:
    """Wait until the database is back; whether the job is still this process's."""
    limit = time.monotonic() + PATIENCE
    while time.monotonic() < limit:
        time.sleep(PAUSE)
        try:
            return bulk.still_mine(job)
        except Error as error:
            if not passing(error):
                raise
            give_up()
    return False


def under_way() -> BulkJob | None:
    """An import with chunks left that another process works on."""
    running = BulkJob.objects.filter(kind=BulkJob.Kind.IMPORT, state=BulkJob.State.RUNNING).order_by("created_at")
    return next((j for j in running if chunks.progress(j.pk)[0] > 1), None)


def carried_out(job: BulkJob) -> bool:
    """False where the database went away."""
    drop_the_dead()
    try:
        RUN[BulkJob.Kind(job.kind)](job)
    except (Refused, Forbidden):
        bulk.end(job, BulkJob.State.FAILED, "This system, or its hospital, may no longer do this.")
    except Problem as problem:
        bulk.end(job, BulkJob.State.FAILED, problem.issues[0].says)
    except Exception as error:
        if cause := passing(error):
            log.warning("BULK503 the database is away, and the job goes on when it is back: %s", cause)
            give_up()
            return False
        log.exception("BULK500 a job failed")
        bulk.end(job, BulkJob.State.FAILED, f"The server failed. Tell the operator the job {job.pk}.")
    return True
