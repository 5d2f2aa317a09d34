"""GET /healthz: the process lives. GET /readyz: database, migrations, job worker, courier and audit sealer are well, or which is not."""

import datetime as dt

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone

STALE = dt.timedelta(seconds=60)


def alive(request: HttpRequest) -> JsonResponse:
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    checks = {"database": False, "migrations": False, "worker": False, "courier": False, "sealer": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            checks["database"] = True
            checks["migrations"] = migrated()
            cursor.execute("SELECT max(last_heartbeat) FROM procrastinate_workers")
            checks["worker"] = fresh(cursor.fetchone()[0])
            cursor.execute("SELECT CASE WHEN EXISTS (SELECT FROM alliance_hospital) THEN max(beat_at) ELSE now() END FROM records_feedposition")
            checks["courier"] = fresh(cursor.fetchone()[0])
            cursor.execute("SELECT max(checked_at) FROM consent_audit_sealer")
            checks["sealer"] = fresh(cursor.fetchone()[0])
    except DatabaseError:
        pass
    good = all(checks.values())
    return JsonResponse({"status": "ok" if good else "failing", "checks": {k: "ok" if v else "failing" for k, v in checks.items()}},
                        status=200 if good else 503)


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
