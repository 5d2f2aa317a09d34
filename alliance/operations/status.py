"""GET /status: the state of the installation as JSON, each number's verdict beside it. For the
same monitoring systems as /metrics, and for administrators of the alliance who are signed in; 404
for everybody else.
"""

from django.http import Http404, HttpRequest, JsonResponse
from django.utils import translation

from alliance.auth.errors import Forbidden
from alliance.auth.session import principal_from_session
from alliance.operations.disk_space import node_name
from alliance.operations.installation_state import read_current_state
from alliance.operations.monitoring_access import can_read_metrics
from alliance.operations.verdicts import assess_state, worst_urgency
from alliance.roles import Permission
from alliance.services.authority import check_may_administer


def report_status(request: HttpRequest) -> JsonResponse:
    """{"status", "node", "verdicts": [{"about", "level", "says", "do"}], "numbers": {metric:
    number, or {label: number}}}; its words in English. Raises Http404.
    """
    if request.method != "GET" or not (can_read_metrics(request) or can_see_operations(request)):
        raise Http404
    now = read_current_state()
    with translation.override("en"):
        found = assess_state(now)
    return JsonResponse(
        {
            "status": worst_urgency(found),
            "node": node_name(),
            "verdicts": [
                {"about": v.key, "level": v.level, "says": v.says}
                | ({"do": v.do} if v.level != "ok" else {})
                for v in found
            ],
            "numbers": now.values | {name: dict(pairs) for name, pairs in now.pairs.items()},
        }
    )


def can_see_operations(request: HttpRequest) -> bool:
    """Whether an administrator of the whole alliance is signed in."""
    staff = getattr(getattr(request, "user", None), "staff_or_none", None)
    if staff is None:
        return False
    try:
        check_may_administer(principal_from_session(staff, request), Permission.OPERATIONS_SEE)
    except Forbidden:
        return False
    return True
