"""GET /healthz: the process lives. GET /readyz: this process can do its work, or what is in its
way: the database is there and takes a write, it is of this release, was not restored without a
word, has these keys, its role and the log's grants are right; worker and sealer have not been
silent for long. Told beside, and no reason to take the site from anybody: the courier, an upgrade
that is being prepared, and row security, without which the gate's own tests stand alone
(docs/adr/0022-two-walls.md).
"""

import datetime as dt
import time
from typing import Any

from django.db import Error, connection, transaction
from django.http import HttpRequest, JsonResponse

from alliance.database import release
from alliance.operations.protection_inspections import (
    inspect_database_role,
    inspect_keys,
    inspect_log_grants,
    inspect_row_security,
)
from alliance.platform.database_away import (
    DatabaseNotServed,
    classify_unserved,
    close_connections,
    find_away_cause,
)
from consent.sql.log import SEALER_LOOKED, SEALER_REFUSED
from records.sql.parts import COURIER_BEAT, FILLING

STALE = dt.timedelta(seconds=180)  # a part that hangs has been started again by then
SEEN = 60.0  # seconds for which a process believes what it has seen of the walls
TRIED = 1.0  # the same of a write, so that those who ask cost no disk
PATIENCE = (
    "SELECT set_config('lock_timeout', '1s', true), set_config('statement_timeout', '3s', true)"
)
WRITE = """INSERT INTO alliance_writeprobe ("only", written_at) VALUES (true, now())
  ON CONFLICT ("only") DO UPDATE SET written_at = excluded.written_at"""
# By the clock that wrote them: a server's own may be wrong. A hospital's change is told by the
# courier; where there is none it has nothing to do.
BEATS = f"""SELECT now(), (SELECT max(last_heartbeat) FROM procrastinate_workers),
  {SEALER_LOOKED}, {SEALER_REFUSED},
  CASE WHEN EXISTS (SELECT FROM alliance_hospital) THEN {COURIER_BEAT} ELSE now() END"""
MUST_STAND = {
    "keys": inspect_keys,
    "database role": inspect_database_role,
    "log grants": inspect_log_grants,
}
MUST_BE = ("database", "writes", "migrations", "worker", "sealer", "audit log", *MUST_STAND)
last_inspections: tuple[float, dict[str, bool]] = (0.0, {})
last_write: tuple[float, bool] = (0.0, False)
last_beat: dt.datetime | None = (
    None  # the worker's newest that this process has seen: one that ends takes its own away
)


def report_liveness(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def report_readiness(request: HttpRequest) -> JsonResponse:
    checks = dict.fromkeys((*MUST_BE, "courier", "row security"), False)
    says: dict[str, Any] = {}
    try:
        with connection.cursor() as cursor:
            checks["database"] = True
            checks["migrations"] = not release.find_release_fault(
                release.fetch_recorded_release(cursor)
            )
            checks |= probe_parts(cursor) | probe_protection(cursor)
            says |= fetch_index_progress(cursor)
        checks["writes"] = can_write_database()
    except DatabaseNotServed as error:
        checks["database"] = True
        why = (
            "it was restored or copied, and nobody has recorded that (`manage.py record_restore`)"
            if classify_unserved(error) == "restored"
            else "it is of another release, or has other keys"
        )
        says |= {
            "says": (
                f"This server does not answer from this database: {why}. `manage.py doctor` says"
                " more."
            )
        }
    except Error as error:
        if find_away_cause(error):
            close_connections()
    good = all(checks[name] for name in MUST_BE)
    told = {name: "ok" if well else "failing" for name, well in checks.items()}
    return JsonResponse(
        {"status": "ok" if good else "failing", "checks": told} | says, status=200 if good else 503
    )


def fetch_index_progress(cursor: Any) -> dict[str, Any]:
    """While the next release's entries of the index are made beside the site: how many rows had
    none of them when that was last told.
    """
    cursor.execute(FILLING)
    found = cursor.fetchone()
    return (
        {"index": dict(zip(("version", "filling", "remaining"), found, strict=True))}
        if found
        else {}
    )


def can_write_database() -> bool:
    """Whether the database takes one, and says so soon. Tried once a second, however many ask;
    who asks meanwhile hears what was true before. Raises what the database says.
    """
    global last_write
    if last_write[0] < time.monotonic():
        last_write, taken = (time.monotonic() + TRIED, last_write[1]), False
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(PATIENCE)
                cursor.execute(WRITE)
            taken = True
        finally:
            last_write = (time.monotonic() + TRIED, taken)
    return last_write[1]


def probe_parts(cursor: Any) -> dict[str, bool]:
    """Whether each was heard of lately; and whether the sealer goes on: it seals nothing over a
    log that was cut (consent.audit.sealer.LogCut).
    """
    global last_beat
    cursor.execute(BEATS)
    now, worker, sealer, refused, courier = cursor.fetchone()
    last_beat = max(filter(None, (worker, last_beat)), default=None)
    return {
        "worker": is_recent(last_beat, now),
        "courier": is_recent(courier, now),
        "sealer": is_recent(sealer, now),
        "audit log": not refused,
    }


def probe_protection(cursor: Any) -> dict[str, bool]:
    """Whether each stands."""
    global last_inspections
    if last_inspections[0] < time.monotonic():
        last_inspections = (
            time.monotonic() + SEEN,
            {
                name: wall(cursor).ok
                for name, wall in (MUST_STAND | {"row security": inspect_row_security}).items()
            },
        )
    return last_inspections[1]


def is_recent(beat: dt.datetime | None, now: dt.datetime) -> bool:
    return beat is not None and now - beat < STALE
