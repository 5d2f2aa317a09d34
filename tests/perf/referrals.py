"""The part of `make bench` about referrals: an inbox of 100,000, verbs, and 10,000 timers due at
once (docs/adr/0086).
"""

import datetime as dt
import json
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from tests.perf.installation import Installation
from tests.perf.load import tell

if TYPE_CHECKING:
    from alliance.auth.principal import Principal
    from alliance.models import WorkItem

INBOX, VERBS, TIMERS = 100_000, 100, 10_000
HERE = "import tests.perf.referrals as bench; bench.measure_here()"


def measured(home: Installation) -> None:
    told = home.manage("shell", "--no-imports", "-c", HERE)
    tell("referrals", **json.loads(told.splitlines()[-1]))


def timed(times: int, act: Callable[[], object]) -> dict[str, float]:
    """Milliseconds: the middle one, and the slowest but five of a hundred."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        found.append(1000 * (time.perf_counter() - start))
    found.sort()
    return {"p50": round(found[times // 2], 1), "p95": round(found[int(times * 0.95)], 1)}


def copy_of(item: "WorkItem", number: int) -> dict[str, Any]:
    fields = {f.attname: getattr(item, f.attname) for f in type(item)._meta.concrete_fields}
    due = item.due_at + dt.timedelta(seconds=number)
    return fields | {"id": None, "rank": number % 3, "due_at": due}


def principal_of_system(hospital_id: int) -> "Principal":
    """A vouched system of the hospital, as its token says."""
    from alliance.auth.principal import Principal
    from alliance.models import Hospital

    code = Hospital.objects.get(pk=hospital_id).code
    return Principal("client", "bench", hospital_id, code, "member_system")


def measure_here() -> None:
    """In a process of the installation, on the demo's referrals."""
    from django.db import connection

    from alliance.models import WorkItem, WorkTimer
    from alliance.workflow.move_item import MoveWords, do_move
    from alliance.workflow.timers import fire_due_timers
    from records.demo.demo_referrals import principal_of
    from records.requests.fhir_request import FhirRequest
    from records.web.referral_list import PAGE, audit_list, build_rows, list_open, write_cursor
    from records.work_faces.read_work import read_face, search_faces

    first = WorkItem.objects.filter(state="sent").order_by("pk")[0]
    acting = principal_of("chen")
    items = WorkItem.objects.bulk_create(
        [WorkItem(**copy_of(first, n)) for n in range(INBOX)], batch_size=5000
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE alliance_workitem")

    def show_inbox(after: str = "") -> None:
        rows = list_open(acting, "turn", after)[:PAGE]
        build_rows(rows, acting)
        audit_list(rows, "turn", acting)

    moved = iter(items[:VERBS])

    def accept() -> None:
        words = MoveWords("Ward 5, bed 12")
        do_move(next(moved).pk, "accept", words, expected_version=1, acting=acting)

    deep = write_cursor(items[INBOX // 2])
    reader = FhirRequest(principal_of_system(acting.hospital_id), "alliance", None, "/fhir")
    turn = [("owner", f"Organization/{acting.hospital}"), ("_sort", "-_lastUpdated")]

    out: dict[str, Any] = {
        "inbox_ms": timed(30, show_inbox),
        "inbox_middle_ms": timed(30, lambda: show_inbox(deep)),
        "verb_ms": timed(VERBS, accept),
        "task_search_ms": timed(30, lambda: search_faces(reader, "Task", turn)),
        "task_read_ms": timed(30, lambda: read_face(reader, "Task", str(items[0].pk))),
    }
    WorkTimer.objects.bulk_create(
        [
            WorkTimer(item=item, action="duty", due_at=first.sent_at)
            for item in items[VERBS : VERBS + TIMERS]
        ],
        batch_size=5000,
    )
    start = time.perf_counter()
    out["timers_fired"] = fire_due_timers()
    out["timers_s"] = round(time.perf_counter() - start, 1)
    print(json.dumps(out))
