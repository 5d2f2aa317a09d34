"""GET /healthz: the process lives. GET /readyz: this process can do its work, or what is in its way: the database is there and takes a write, it is of this release and
has these keys, its role and the log's grants are right; worker and sealer have not been silent for long. Told beside, and no reason to take the site from anybody: the
courier, and row security, without which the gate's own tests stand alone (docs/adr/0022-two-walls.md)."""

import datetime as dt
import time
from typing import Any

from django.db import Error, connection, transaction
from django.http import HttpRequest, JsonResponse

from alliance.config import release
from alliance.config.away import NotServed, away, give_up
from alliance.config.walls import keys_wall, log_wall, role_wall, rows_wall

STALE = dt.timedelta(seconds=180)  # a part that hangs has been started again by then
SEEN = 60.0  # seconds for which a process believes what it has seen of the walls
TRIED = 1.0  # the same of a write, so that those who ask cost no disk
PATIENCE = "SELECT set_config('lock_timeout', '1s', true), set_config('statement_timeout', '3s', true)"
WRITE = """INSERT INTO alliance_writeprobe ("only", written_at) VALUES (true, now()) ON CONFLICT ("only") DO UPDATE SET written_at = excluded.written_at"""
# By the clock that wrote them: a server's own may be wrong. A hospital's change is told by the courier; where there is none it has nothing to do.
BEATS = """SELECT now(), (SELECT max(last_heartbeat) FROM procrastinate_workers), (SELECT max(checked_at) FROM consent_audit_sealer), (SELECT max(refused) FROM consent_audit_sealer),
  CASE WHEN EXISTS (SELECT FROM alliance_hospital) THEN (SELECT max(beat_at) FROM records_feedposition) ELSE now() END"""
MUST_STAND = {"keys": keys_wall, "database role": role_wall, "log grants": log_wall}
MUST_BE = ("database", "writes", "migrations", "worker", "sealer", "audit log", *MUST_STAND)
seen: tuple[float, dict[str, bool]] = (0.0, {})
written: tuple[float, bool] = (0.0, False)
last_beat: dt.datetime | None = None  # the worker's newest that this process has seen: one that ends takes its own away


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    checks = dict.fromkeys((*MUST_BE, "courier", "row security"), False)
    says = {}
    try:
        with connection.cursor() as cursor:
            checks["database"] = True
            checks["migrations"] = not release.unfit(release.recorded(cursor))
            checks |= parts(cursor) | walls(cursor)
        checks["writes"] = writes()
    except NotServed:
        checks["database"] = True
        says = {"says": "This server does not answer from this database: it is of another release, or has other keys. `manage.py doctor` says which."}
    except Error as error:
        if away(error):
            give_up()
    good = all(checks[name] for name in MUST_BE)
    told = {name: "ok" if well else "failing" for name, well in checks.items()}
    return JsonResponse({"status": "ok" if good else "failing", "checks": told} | says, status=200 if good else 503)


def writes() -> bool:
    """Whether the database takes one, and says so soon. Tried once a second, however many ask; who asks meanwhile hears what was true before. Raises what the database says."""
    global written
    if written[0] < time.monotonic():
        written, taken = (time.monotonic() + TRIED, written[1]), False
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(PATIENCE)
                cursor.execute(WRITE)
            taken = True
        finally:
            written = (time.monotonic() + TRIED, taken)
    return written[1]


def parts(cursor: Any) -> dict[str, bool]:
    """Whether each was heard of lately; and whether the sealer goes on: it seals nothing over a log that was cut (consent.audit.seal.Cut)."""
    global last_beat
    cursor.execute(BEATS)
    now, worker, sealer, refused, courier = cursor.fetchone()
    last_beat = max(filter(None, (worker, last_beat)), default=None)
    return {"worker": fresh(last_beat, now), "courier": fresh(courier, now), "sealer": fresh(sealer, now), "audit log": not refused}


def walls(cursor: Any) -> dict[str, bool]:
    """Whether each stands."""
    global seen
    if seen[0] < time.monotonic():
        seen = (time.monotonic() + SEEN, {name: wall(cursor).ok for name, wall in (MUST_STAND | {"row security": rows_wall}).items()})
    return seen[1]


def fresh(beat: dt.datetime | None, now: dt.datetime) -> bool:
    return beat is not None and now - beat < STALE
