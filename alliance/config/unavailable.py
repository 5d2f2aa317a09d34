"""What every door says while the database is away: 503, when to ask again, and what became of what was sent. Asks no database, no session and no catalogue of words."""

import json
import logging
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.template import loader

from alliance.config.away import AGAIN, away, give_up, not_served

log = logging.getLogger("xinglin.away")
SAYS = "The database of this server is restarting or moving. It is not certain whether a change was stored: send the same request again."
OTHER = "This server may not serve its database now: it was brought to another release, or has other keys. Nothing was stored; send the same request again. For its operator: manage.py doctor."


def unavailable(request: HttpRequest, error: BaseException) -> HttpResponse:
    """The broken connection is closed; the cause is in the log by its SQLSTATE; alliance.config.once_more learns of it."""
    log.error("AWAY503 the database is away: %s", away(error))
    give_up()
    if (spent := getattr(request, "spent", None)) is not None:
        spent.meet(error)
    content, media = said(request.path_info, asks=request.method in ("GET", "HEAD"), other=not_served(error))
    response = HttpResponse(content, media, 503)
    response["Retry-After"] = str(AGAIN)
    response["Cache-Control"] = "no-store"
    response.away = True  # type: ignore[attr-defined]
    response._has_been_logged = True  # type: ignore[attr-defined]  # by its cause, instead of Django's line without one
    return response


def said(path: str, *, asks: bool, other: bool) -> tuple[str, str]:
    """Content and media type. other: the database is there, and another server's."""
    says = OTHER if other else SAYS
    if path.startswith("/fhir/"):
        return json.dumps({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "transient", "diagnostics": says}]}), "application/fhir+json; charset=utf-8"
    if path.startswith("/oauth/"):
        return json.dumps({"error": "temporarily_unavailable", "error_description": says}), "application/json"
    if path.startswith("/api/"):
        return json.dumps({"code": "transient", "detail": says}), "application/json"
    return page("other" if other else "away", asks=asks), "text/html; charset=utf-8"


@cache
def page(name: str, *, asks: bool) -> str:
    """One of the pages that need nothing; the same for everybody."""
    return loader.get_template(f"errors/{name}.html").render({"asks": asks, "seconds": AGAIN})
