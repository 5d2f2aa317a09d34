"""What every door says while the database is away: 503, when to ask again, and what became of
what was sent. Asks no database, no session and no catalogue of words.
"""

import json
import logging
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template import loader

from alliance.platform.counters import count_unavailable
from alliance.platform.database_away import (
    RETRY_AFTER_SECONDS,
    classify_unserved,
    close_connections,
    find_away_cause,
)

log = logging.getLogger("xinglin.away")
SAYS = {
    "away": (
        "The database of this server is restarting or moving. It is not certain whether a change"
        " was stored: send the same request again."
    ),
    "other": (
        "This server may not serve its database now: it was brought to another release, or has"
        " other keys. Nothing was stored; send the same request again. For its operator: manage.py"
        " doctor."
    ),
    "restored": (
        "The database of this server was restored or copied, and nobody has recorded that yet:"
        " nothing is answered from it. Nothing was stored; send the same request again. For its"
        " operator: manage.py doctor, then manage.py record_restore."
    ),
}

SYNC_SAYS = (
    "平台的数据库正在重启、迁移或恢复，不能确定此次是否已保存：过 Retry-After 的秒数再原样发送，"
    "已收下的会得到同一回执。"
)


def answer_unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The broken connection is closed; the cause is in the log by its SQLSTATE;
    alliance.server.database_retry learns of it.
    """
    log.error("AWAY503 the database is away: %s", find_away_cause(error))
    count_unavailable(find_away_cause(error))
    close_connections()
    if (spent := getattr(request, "spent", None)) is not None:
        spent.meet(error)
    content, media = unavailable_content(
        request.path_info,
        asks=request.method in ("GET", "HEAD"),
        why=classify_unserved(error) or "away",
    )
    response = HttpResponse(content, media, 503)
    response["Retry-After"] = str(RETRY_AFTER_SECONDS)
    response["Cache-Control"] = "no-store"
    response.away = True  # type: ignore[attr-defined]
    response._has_been_logged = True  # type: ignore[attr-defined]  # by its cause, instead of Django's line without one
    return response


def unavailable_content(path: str, *, asks: bool, why: str) -> tuple[str, str]:
    """Content and media type. why: a key of SAYS, and a page."""
    says = SAYS[why]
    if path.startswith("/fhir/"):
        return (
            json.dumps(
                {
                    "resourceType": "OperationOutcome",
                    "issue": [{"severity": "error", "code": "transient", "diagnostics": says}],
                }
            ),
            "application/fhir+json; charset=utf-8",
        )
    if path.startswith("/sync/"):
        return (
            json.dumps({"error": "away", "zh": SYNC_SAYS, "en": says}, ensure_ascii=False),
            "application/json; charset=utf-8",
        )
    if path.startswith("/oauth/"):
        return (
            json.dumps({"error": "temporarily_unavailable", "error_description": says}),
            "application/json",
        )
    if path.startswith("/api/"):
        return json.dumps({"code": "transient", "detail": says}), "application/json"
    return render_bare_page(why, asks=asks), "text/html; charset=utf-8"


@cache
def render_bare_page(name: str, *, asks: bool) -> str:
    """One of the pages that need nothing; the same for everybody."""
    return loader.get_template(f"errors/{name}.html").render(
        {"asks": asks, "seconds": RETRY_AFTER_SECONDS}
    )
