"""A search that a page can be made again from, after Back or a reload: what was typed stays in
the session, sealed; the address holds a random key alone.
"""

import base64
import secrets

from cryptography.exceptions import InvalidTag
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alliance.auth.principal import Principal
from alliance.auth.throttle import format_wait
from alliance.roles import Permission
from alliance.services.sealed_text import open_text, seal_text
from records.mpi.index.patient_search import DisplayedPerson, find_persons
from records.mpi.index.stranger_quota import TooManySearches, may_search_strangers

SEARCHES_KEY, MAX_STORED_SEARCHES, MAX_SEARCH_LENGTH = "searches", 20, 200


def store_search(request: HttpRequest, address: str) -> HttpResponse:
    """To the address, with the key of what was typed as `q`."""
    key = secrets.token_urlsafe(6)
    sealed = base64.b64encode(
        seal_text(request.POST.get("q", "")[:MAX_SEARCH_LENGTH], f"search {key}")
    ).decode()
    request.session[SEARCHES_KEY] = dict(
        [*request.session.get(SEARCHES_KEY, {}).items(), (key, sealed)][-MAX_STORED_SEARCHES:]
    )
    return redirect(f"{address}?s={key}")


def recall_search(request: HttpRequest) -> str:
    """What was typed; "" where this session knows no such search."""
    key = request.GET.get("s", "")
    sealed = request.session.get(SEARCHES_KEY, {}).get(key)
    try:
        return open_text(base64.b64decode(sealed), f"search {key}") if sealed else ""
    except InvalidTag:  # kept under another secret key
        return ""


def search_patients(
    request: HttpRequest, text: str, acting: Principal, needs: Permission = Permission.PERSON_FIND
) -> list[DisplayedPerson]:
    """Who is called so, or has this number. Where strangers are not looked for at present, a
    message says so and until when.
    """
    urgent = request.GET.get("urgent") == "1" and acting.may(Permission.EMERGENCY_OPEN)
    try:
        found = find_persons(text, acting=acting, permission=needs, urgent=urgent)
        if found and not urgent and not may_search_strangers(acting):
            messages.warning(
                request,
                _(
                    "Only your own hospital's patients were looked for: you have looked for many"
                    " others in this hour."
                ),
            )
        return found
    except TooManySearches as error:
        request.stopped = error.seconds  # type: ignore[attr-defined]
        messages.error(
            request,
            _(
                "You have looked for many people whom your hospital does not know. Your own"
                " hospital's patients are found as always; others again in %(time)s."
            )
            % {"time": format_wait(error.seconds)},
        )
        return []


def with_retry_after(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """429 with Retry-After where `look` was stopped."""
    if seconds := getattr(request, "stopped", 0):
        response.status_code = 429
        response["Retry-After"] = str(seconds)
    return response
