"""The part of `make bench` that reads: catching up with a feed, its lag, and comparing 200,000
records of which seven differ (docs/sync.md).
"""

import datetime as dt
import hashlib
import json
import tempfile
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from records.agent.context import AgentContext, open_context
from records.agent.reconcile import Reconciliation, reconcile_source
from tests.perf.installation import MEMBER, Installation
from tests.perf.load import Measured, call, report, tell

RECORDS, DIFFERING = 200_000, 7
TYPES = ("Observation", "DiagnosticReport", "Encounter", "Condition", "MedicationRequest")
FIRST_DAY = dt.date(2023, 1, 1)
DAYS = 1095
POLLS = 40
# on the platform: the ledger's rows and their sums, but for the seven
FILL = """
import tests.perf.sync_reading as bench
bench.fill_ledger({hospital!r})
"""


def describe_record(n: int) -> tuple[str, str, int, str, str]:
    """(type, record, version, hash, day) of the nth."""
    day = FIRST_DAY + dt.timedelta(days=n % DAYS)
    return (
        TYPES[n % len(TYPES)],
        f"R{day:%Y%m%d}-{n}",
        1,
        hashlib.sha256(str(n).encode()).hexdigest(),
        day.isoformat(),
    )


def is_lost(n: int) -> bool:
    return n % (RECORDS // DIFFERING) == 99 and n < RECORDS - RECORDS % DIFFERING


def fill_ledger(hospital: str) -> None:
    """In a process of the installation."""
    from django.db import connection

    from alliance.models import Hospital
    from records.sync.fingerprint import MODULUS, compute_fingerprint

    at = Hospital.objects.get(code=hospital).pk
    rows, sums = [], {}
    for n in range(RECORDS):
        if is_lost(n):
            continue
        type_name, record, version, mark, day = describe_record(n)
        number = compute_fingerprint("bench", type_name, record, version, mark)
        rows.append((at, type_name, record, bytes.fromhex(mark), number.to_bytes(16, "big"), day))
        count, total = sums.get((type_name, day), (0, 0))
        sums[type_name, day] = (count + 1, (total + number) % MODULUS)
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO record_sync_ledger (hospital, source, type, record, version, hash,"
            " fingerprint, fhir_id, day, state, stream, number, client) VALUES (%s, 'bench', %s,"
            " %s, 1, %s, %s, 'x', %s, 'stored', 0, 1, 'bench')",
            rows,
        )
        cursor.executemany(
            "INSERT INTO record_sync_digest VALUES (%s, 'bench', %s, %s, 0, %s, %s)",
            [(at, *key, count, total) for key, (count, total) in sums.items()],
        )


def fill_outbox(context: AgentContext) -> None:
    """As if all had been sent and stored."""
    rows = [(n, "bench", *describe_record(n)) for n in range(RECORDS)]
    context.outbox.write(
        lambda connection: (
            connection.executemany(
                "INSERT INTO records (id, source, type, record, newest_version, newest_mark,"
                " newest_seq, sent_version, sent_hash, sent_day, sent_state, sent_seq, at)"
                " VALUES (?, ?, ?, ?, ?, x'', 1, 1, ?, ?, 'stored', 1, '')",
                rows,
            )
            and None
        )
    )


def compare(home: Installation) -> tuple[Reconciliation, float]:
    home.manage("shell", "--no-imports", "-c", FILL.format(hospital=MEMBER))
    told = json.loads(
        home.manage(
            "register_client", "--hospital", MEMBER, "--name", "bench agent", "--secret"
        ).splitlines()[-1]
    )
    with tempfile.TemporaryDirectory(prefix="xinglin-bench-agent-") as folder:
        Path(folder, "agent.ini").write_text(
            f"[platform]\nurl = http://127.0.0.1:{home.port}\nhospital = {MEMBER}\n"
            f"client_id = {told['client_id']}\nsecret = {told['client_secret']}\n"
        )
        context = open_context(Path(folder))
        try:
            fill_outbox(context)
            begun = time.perf_counter()
            return reconcile_source(context, "bench", mend=False), time.perf_counter() - begun
        finally:
            context.close()


def ask(home: Installation, **query: Any) -> Any:
    status, body, _ = call(
        home.port, ("GET", f"/sync/{MEMBER}/feed?{urlencode(query)}", None), home.headers
    )
    assert status == 200, body
    return json.loads(body)


def catch_up(home: Installation, bodies: int) -> str:
    """From the beginning to the end; the last cursor."""
    cursor, changes, times, begun = "0", 0, [], time.perf_counter()
    while True:
        before = time.perf_counter()
        page = ask(home, cursor=cursor, limit=1000, bodies=bodies)
        times.append(1000 * (time.perf_counter() - before))
        changes, cursor = changes + len(page["entries"]), page["cursor"]
        if not page["more"]:
            break
    work = "feed caught up" + (", with resources" if bodies else "")
    report(work, 1, Measured(times, 0, time.perf_counter() - begun), changes)
    return cursor


def lag(home: Installation, cursor: str) -> None:
    """From the answer of a write to that of a poll that waited for it."""
    lags = []
    made = {"resourceType": "Organization", "name": "bench"}
    for _ in range(POLLS):
        answered: list[tuple[float, Any]] = []

        def poll(at: str = cursor, into: Any = answered) -> None:
            page = ask(home, cursor=at, wait=30)
            into.append((time.perf_counter(), page))

        waiting = threading.Thread(target=poll)
        waiting.start()
        home.ask("Organization", json.dumps(made).encode())
        written = time.perf_counter()
        waiting.join()
        lags.append(1000 * max(0.0, answered[0][0] - written))
        cursor = answered[0][1]["cursor"]
    report("feed lag, long poll", 1, Measured(lags, 0, sum(lags) / 1000))


def measured(home: Installation) -> None:
    catch_up(home, bodies=1)
    lag(home, catch_up(home, bodies=0))
    found, seconds = compare(home)
    tell(
        f"{RECORDS} records compared, {DIFFERING} differ",
        requests=found.requests,
        bytes=found.sent + found.received,
        seconds=round(seconds, 2),
        found=sum(len(day.missing) for day in found.days),
    )
