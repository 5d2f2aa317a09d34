"""The address that a hospital's system was given: a page that asks to be opened, and is opened by
a form, once. What only fetches addresses, as scanners of links do, opens nothing.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.csrf import csrf_exempt

from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import Forbidden
from alliance.auth.refusal_log import log_refused_request
from alliance.services.launches import do_open_launch, launched_path

SESSION_COOKIE = "xinglin_launched"


@csrf_exempt
def open_launch_page(request: HttpRequest, ticket: str) -> HttpResponse:
    if request.method in ("GET", "HEAD"):
        return render(request, "records/launch.html")
    if request.method != "POST":
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    try:
        launch, session = do_open_launch(
            ticket,
            address=resolve_client_address(request),
            request_id=getattr(request, "request_id", ""),
        )
    except Forbidden as error:
        log_refused_request(request, error, "page/launch-open")
        return render(
            request, "records/launch_over.html", {"says": gettext(str(error))}, status=410
        )
    base = launched_path(launch.client)
    answer = HttpResponseRedirect(base + reverse("person", args=(launch.person,)).lstrip("/"))
    answer.status_code = 303
    set_session_cookie(answer, session, base)
    return answer


def set_session_cookie(response: HttpResponse, session: str, path: str) -> None:
    """Sent in a frame of another site's page: by Chromium 109 because it says None, by browsers
    that keep other sites' cookies apart because it is partitioned.
    """
    response.set_cookie(
        SESSION_COOKIE, session, path=path, secure=True, httponly=True, samesite="None"
    )
    response.cookies[SESSION_COOKIE]["samesite"] = "None; Partitioned"
