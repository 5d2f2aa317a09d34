"""GET /healthz: the process lives. GET /readyz: database, migrations, job worker, courier, audit sealer, audit log, keys, database role and log grants are well, or which is not;
and whether row security stands, without which the gate's own tests stand alone (docs/adr/0022-two-walls.md)."""

import datetime as dt
import time
from typing import Any

from django.core.cache import cache
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from alliance.config.away import away, give_up
from alliance.config.walls import keys_wall, log_wall, role_wall, rows_wall

STALE = dt.timedelta(seconds=60)
SEEN = 60.0  # seconds for which a process believes what it has seen of the walls
MUST_STAND = {"keys": keys_wall, "database role": role_wall, "log grants": log_wall}
seen: tuple[float, dict[str, bool]] = (0.0, {})


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    checks = {"database": False, "migrations": False, "worker": False, "courier": False, "sealer": False, "audit log": False, **dict.fromkeys(MUST_STAND, False)}
    rows = False
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            checks["database"] = True
            checks["migrations"] = migrated()
            cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
            checks["worker"] = fresh(cursor.fetchone()[0])
            cursor.execute("SELECT CASE WHEN EXISTS (SELECT FROM alliance_hospital) THEN max(beat_at) ELSE now() END FROM records_feedposition")
            checks["courier"] = fresh(cursor.fetchone()[0])
            cursor.execute("SELECT max(checked_at), max(refused) FROM consent_audit_sealer")
            beat, refused = cursor.fetchone()
            checks["sealer"], checks["audit log"] = fresh(beat), not refused  # it seals nothing over a log that was cut (consent.audit.seal.Cut)
            stand = walls(cursor)
            checks |= {name: stand[name] for name in MUST_STAND}
            rows = stand["row security"]
    except Error as error:
        if away(error):
            give_up()
    good = all(checks.values())
    told = {k: "ok" if v else "failing" for k, v in (checks | {"row security": rows}).items()}
    return JsonResponse({"status": "ok" if good else "failing", "checks": told}, status=200 if good else 503)


def walls(cursor: Any) -> dict[str, bool]:
    """Whether each stands."""
    global seen
    if seen[0] < time.monotonic():
        seen = (time.monotonic() + SEEN, {name: wall(cursor).ok for name, wall in (MUST_STAND | {"row security": rows_wall}).items()})
    return seen[1]


def fresh(beat: dt.datetime | None) -> bool:
    return beat is not None and timezone.now() - beat < STALE


def migrated() -> bool:
    """Asked of the database once in a while only: a release does not change while it runs."""
    if cache.get("migrated"):
        return True
    executor = MigrationExecutor(connection)
    good = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    if good:
        cache.set("migrated", True, 300)
    return good
