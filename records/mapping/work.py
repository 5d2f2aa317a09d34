"""One pass of the job behind the workbench, in the worker: follow the stores, store anew what a
decision has changed, publish the maps, look at values. May be broken off and begun again.
"""

import logging
import time
import traceback
from pathlib import Path

from django.db.models import F

from alliance.models import Hospital
from alliance.platform.database_away import find_retryable_cause
from records.mapping.follow_store import follow_store
from records.mapping.profile_codes import profile_code, query_codes_to_profile
from records.mapping.publish_map import publish_map
from records.mapping.rewrite_history import rewrite_next_batch
from records.models import CodeMap, LocalCode

log = logging.getLogger("xinglin.jobs")


def run_mapping_work(seconds: float = float("inf"), hospitals: list[Hospital] | None = None) -> int:
    """Until nothing is left, or for so long; how much was done. hospitals: these alone."""
    limit, done = time.monotonic() + seconds, 0
    failed: set[int] = set()
    while time.monotonic() < limit:
        chosen = hospitals or Hospital.objects.order_by("pk")
        there = [h for h in chosen if h.active and h.pk not in failed]
        now = 0
        for hospital in there:
            try:
                now += work_on_hospital(hospital)
            except Exception as error:  # one store that fails holds up no other
                if find_retryable_cause(error):
                    raise
                log.error(
                    "MAP500 local codes of %s are not followed: %s", hospital.code, place_of(error)
                )
                failed.add(hospital.pk)
        if not now:
            break
        done += now
    return done


def work_on_hospital(hospital: Hospital) -> int:
    """One step; values are looked at when nothing else is left."""
    there = [hospital]
    return follow_store(hospital) + rewrite_due(there) + publish_due(there) or profile_due(there)


def place_of(error: Exception) -> str:
    """What failed and where, without its words: they could hold a patient's."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} ({Path(last.filename).name}:{last.lineno})"


def rewrite_due(hospitals: list[Hospital]) -> int:
    due = LocalCode.objects.filter(redo_after__isnull=False, hospital__in=hospitals)
    return sum(1 + rewrite_next_batch(code) for code in due.select_related("hospital")[:20])


def publish_due(hospitals: list[Hospital]) -> int:
    due = CodeMap.objects.filter(published__lt=F("version"), hospital__in=hospitals)
    found = list(due.select_related("hospital")[:20])
    for code_map in found:
        publish_map(code_map)
    return len(found)


def profile_due(hospitals: list[Hospital]) -> int:
    found = list(query_codes_to_profile().filter(hospital__in=hospitals)[:50])
    for code in found:
        profile_code(code)
    return len(found)
