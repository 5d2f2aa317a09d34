"""The processes that carry out bulk jobs: take one up, or help with an import that is under way."""

import logging
import time

from django.db import InterfaceError, OperationalError

from alliance.auth.errors import Forbidden
from consent.terms import Refused
from records.fhir.issues import Problem
from records.interactions import bulk, export, importing
from records.models import BulkJob
from records.store import chunks

log = logging.getLogger("xinglin.bulk")
RUN = {BulkJob.Kind.EXPORT: export.run, BulkJob.Kind.IMPORT: importing.run}


def drain() -> int:
    """Work until there is nothing to do; how many jobs were worked on."""
    done = 0
    while (job := bulk.take_up() or under_way()) is not None:
        work(job)
        done += 1
    return done


def under_way() -> BulkJob | None:
    """An import with chunks left that another process works on."""
    running = BulkJob.objects.filter(kind=BulkJob.Kind.IMPORT, state=BulkJob.State.RUNNING).order_by("created_at")
    return next((j for j in running if chunks.progress(j.pk)[0] > 1), None)


def work(job: BulkJob) -> None:
    try:
        RUN[BulkJob.Kind(job.kind)](job)
    except (Refused, Forbidden):
        bulk.end(job, BulkJob.State.FAILED, "This system, or its hospital, may no longer do this.")
    except Problem as problem:
        bulk.end(job, BulkJob.State.FAILED, problem.issues[0].says)
    except (OperationalError, InterfaceError) as error:
        log.warning("BULK503 a job meets a busy or restarting database, and is taken up again: %s", type(error).__name__)
        time.sleep(1)
    except Exception:
        log.exception("BULK500 a job failed")
        bulk.end(job, BulkJob.State.FAILED, f"The server failed. Tell the operator the job {job.pk}.")
