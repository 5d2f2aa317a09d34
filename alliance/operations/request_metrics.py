"""Measure each request: count it by door, interaction, member and status, and leave a line for
what failed and for what took long; nothing in either tells about whom it was.
"""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse

from alliance.platform.counters import count_request

log = logging.getLogger("xinglin.request")
Handler = Callable[[HttpRequest], HttpResponse]
SLOW = 5.0  # seconds
LINES = 100  # a minute, of one process
DOORS = {
    "fhir": "fhir",
    "sync": "sync",
    "oauth": "oauth",
    "api": "api",
    "static": "static",
    "healthz": "probe",
    "readyz": "probe",
    "metrics": "probe",
    "status": "probe",
}
MACHINES = ("fhir", "sync")  # doors whose callers are systems of hospitals
# Kinds of page, by the first word of their address, or what follows "alliance/".
PAGES = frozenset(
    {
        "home",
        "patients",
        "person",
        "my",
        "privacy",
        "confirmations",
        "reviews",
        "decisions",
        "audit",
        "account",
        "language",
        "hospitals",
        "staff",
        "vouching",
        "proposals",
        "administrator-clients",
        "clients",
        "operations",
    }
)
minute: list[int] = [0, 0, 0]  # which, lines left in it, lines that were too many


def measure_requests(get_response: Handler) -> Handler:
    """Middleware, next to the outermost."""

    def handle(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        response = get_response(request)
        took = time.perf_counter() - begun
        door, interaction, member = classify_request(request)
        count_request(door, interaction, member, response.status_code, took)
        if response.status_code >= 500 or took >= SLOW:
            log_request(door, interaction, member, response.status_code, took)
        return response

    return handle


def classify_request(request: HttpRequest) -> tuple[str, str, str]:
    """(door, interaction, member), each from a fixed list: the interaction is told by the FHIR
    door (request.interaction), or is the kind of page.
    """
    first, _, rest = request.path_info.lstrip("/").partition("/")
    door = DOORS.get(first, "page")
    if door == "page":
        word = (rest.partition("/")[0] if first == "alliance" else first) or "home"
        return (
            door,
            word if word in PAGES and getattr(request, "resolver_match", None) else "other",
            "",
        )
    caller: Any = getattr(request, "caller", None)
    return (
        door,
        getattr(request, "interaction", "other" if door in MACHINES else first),
        caller.hospital if door in MACHINES and caller is not None else "",
    )


def log_request(door: str, interaction: str, member: str, status: int, took: float) -> None:
    """As many lines a minute as a full disk still has room for."""
    now = int(time.monotonic() // 60)
    if minute[0] != now:
        if minute[2]:
            log.warning(
                "REQUEST000 lines of failed or slow requests that were left out in an earlier"
                " minute: %d",
                minute[2],
            )
        minute[:] = [now, LINES, 0]
    if not minute[1]:
        minute[2] += 1
        return
    minute[1] -= 1
    about = {
        "door": door,
        "interaction": interaction,
        "member": member,
        "status": status,
        "milliseconds": round(took * 1000),
    }
    log.warning(
        "REQUEST%d %s %s%s in %d ms",
        status,
        door,
        interaction,
        f" of {member}" if member else "",
        about["milliseconds"],
        extra={"about": about},
    )
