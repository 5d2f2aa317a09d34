"""No page without a second factor, nor with a password that somebody else knows (GB/T 22239-2019
8.1.4.1 d).
"""

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

OPEN_PATHS = (
    "/account/login/",
    "/account/logout/",
    "/display/",
    "/language/",
    "/static/",
    "/healthz",
    "/readyz",
    "/fhir/",
    "/sync/",
    "/oauth/",
)
PASSWORD_PATHS = ("/account/password/",)
SET_UP_PATHS = (*PASSWORD_PATHS, "/account/2fa/totp/activate/", "/account/reauthenticate/")


def require_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    def handle(request: HttpRequest) -> HttpResponse:
        user = request.user
        if user.is_authenticated and not request.path_info.startswith(OPEN_PATHS):
            if user.must_change_password:
                if not request.path_info.startswith(PASSWORD_PATHS):
                    return redirect("account_change_password")
            elif not request.path_info.startswith(SET_UP_PATHS) and not is_mfa_enabled(user):
                return redirect("mfa_activate_totp")
        return get_response(request)

    return handle
