"""Pages that a hospital's system opens as a doctor: the one record that was opened, to be read, and
nothing else; in frames of the system's registered pages alone (docs/adr/0059).

They stand below /launched/<system>/, where a session of their own is known by a cookie of its own.
The session of whoever is signed in in this browser is not looked at there, and the other way round.
"""

import re
from collections.abc import Callable, Sequence

from django.conf import settings
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, get_script_prefix, resolve, set_script_prefix
from django.utils import translation
from django.utils.translation import gettext

from alliance.auth.bearer import resolve_client_address
from alliance.auth.errors import Forbidden
from alliance.auth.refusal_log import log_refused_request, page_target
from alliance.auth.session import LAUNCHED_PAGE_MESSAGE
from alliance.models import Client
from alliance.server.middleware import MachineHandler
from alliance.services.launches import (
    LAUNCH_ENDED_MESSAGE,
    LaunchedSession,
    do_end_launch,
    find_launch_client,
    find_launched_session,
    is_client_launching,
    launched_path,
)
from alliance.web.errors import show_forbidden, show_not_found
from consent.audit.event import AuditOutcome
from consent.terms import Refused
from records.web.launch_pages import SESSION_COOKIE

Handler = Callable[[HttpRequest], HttpResponse]
OPENING = re.compile(r"/launch/([A-Za-z0-9_-]{1,100})/")
LAUNCHED = re.compile(r"/launched/([A-Za-z0-9._-]{1,64})(/.*)")
PREFIXES = ("/launch/", "/launched/")
END = "/end/"
# the pages that there are there; each is about the person of its address
LAUNCHED_PAGES = frozenset(
    {
        "person",
        "person-tab",
        "results",
        "trend",
        "recognise",
        "timeline",
        "encounter",
        "history",
        "growth",
        "documents",
        "document",
        "document-file",
        "document-save",
        "why",
    }
)


def serve_launched_pages(get_response: Handler) -> Handler:
    handler = MachineHandler()

    def handle(request: HttpRequest) -> HttpResponse:
        # a page that belongs to nobody's session, and leads to no page of one
        request.bare = request.path_info.startswith(PREFIXES)  # type: ignore[attr-defined]
        if opening := OPENING.fullmatch(request.path_info):
            with translation.override(translation.get_language_from_request(request)):
                request.resolver_match = resolve(request.path_info)
                client = find_launch_client(opening[1])
                return set_frame(handler.run_view(request), client)
        if launched := LAUNCHED.fullmatch(request.path_info):
            with translation.override(translation.get_language_from_request(request)):
                return serve_launched(handler, request, launched[1], launched[2])
        return get_response(request)

    return handle


def serve_launched(
    handler: MachineHandler, request: HttpRequest, client_id: str, path: str
) -> HttpResponse:
    client = Client.objects.select_related("hospital").filter(client_id=client_id).first()
    if client is None or not is_client_launching(client):
        return set_frame(show_launch_over(request, ended_error()), None)
    try:
        session = find_launched_session(
            request.COOKIES.get(SESSION_COOKIE, ""),
            client_id,
            address=resolve_client_address(request),
            request_id=getattr(request, "request_id", ""),
        )
    except Forbidden as error:
        log_refused_request(request, error, "page/launched")
        return set_frame(show_launch_over(request, error), client)
    request.launched, request.caller = session, session.principal  # type: ignore[attr-defined]
    if path == END and request.method == "POST":
        do_end_launch(session)
        del request.launched  # type: ignore[attr-defined]
        response = show_launch_over(request, None)
        response.delete_cookie(SESSION_COOKIE, path=launched_path(client), samesite="None")
        return set_frame(response, client)
    return set_frame(run_launched_view(handler, request, session, path), client)


def run_launched_view(
    handler: MachineHandler, request: HttpRequest, session: LaunchedSession, path: str
) -> HttpResponse:
    """The view of the page, whose links lead to pages of this session."""
    asked, prefix = request.path_info, get_script_prefix()
    set_script_prefix(launched_path(session.client))
    request.path_info = path
    try:
        request.resolver_match = resolve(path)
        check_launched_page(request, session)
        return handler.run_view(request)
    except (Forbidden, Refused) as error:
        log_refused_request(request, error, page_target(request))
        return show_forbidden(request, error)
    except (Http404, ObjectDoesNotExist) as error:
        if not isinstance(error, Resolver404):
            log_refused_request(request, error, page_target(request), AuditOutcome.NOT_FOUND)
        return show_not_found(request)
    finally:
        request.path_info = asked
        set_script_prefix(prefix)


def check_launched_page(request: HttpRequest, session: LaunchedSession) -> None:
    """Raises Forbidden for every address but the reading pages of this one person."""
    match = request.resolver_match
    if (
        request.method not in ("GET", "HEAD")
        or match is None
        or match.url_name not in LAUNCHED_PAGES
        or match.kwargs.get("person_id") != session.person
    ):
        raise Forbidden("launch_page", LAUNCHED_PAGE_MESSAGE)


def ended_error() -> Forbidden:
    return Forbidden("launch_ended", LAUNCH_ENDED_MESSAGE)


def show_launch_over(request: HttpRequest, error: Forbidden | None) -> HttpResponse:
    says = gettext(str(error)) if error else gettext("The record is closed.")
    return render(
        request,
        "records/launch_over.html",
        {"says": says, "third_party": error is not None and SESSION_COOKIE not in request.COOKIES},
        status=410 if error else 200,
    )


def set_frame(response: HttpResponse, client: Client | None) -> HttpResponse:
    """Which pages may show it in a frame: those of the system's registered origins, no other."""
    origins: Sequence[str] = client.frame_origins if client is not None else ()
    if "X-Frame-Options" in response:
        del response["X-Frame-Options"]
    policy = response.get("Content-Security-Policy", "")
    if policy:  # of a file, which stands in a frame of our own page
        response["Content-Security-Policy"] = policy.replace(
            "frame-ancestors 'self'", " ".join(("frame-ancestors 'self'", *origins))
        )
        return response
    response._csp_replace = {  # type: ignore[attr-defined]
        **(getattr(response, "_csp_replace", None) or {}),
        "frame-ancestors": list(origins) or ["'none'"],
    }
    if not origins:
        response["X-Frame-Options"] = settings.X_FRAME_OPTIONS
    return response
