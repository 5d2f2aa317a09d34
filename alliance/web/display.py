"""How pages look in this browser: light or dark, roomy or dense. Kept in a cookie, for it is the
browser's and not the person's: a ward's screen stays dark at night whoever signs in.
"""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

COOKIE_NAME = "display"
COOKIE_SECONDS = 400 * 86400  # the longest that browsers keep one
# colour mode -> media for which dark.css holds; "" for none
DARK_MEDIA = {"system": "screen and (prefers-color-scheme: dark)", "light": "", "dark": "screen"}
MODE_WORDS = {
    "system": gettext_lazy("as the system"),
    "light": gettext_lazy("light"),
    "dark": gettext_lazy("dark"),
}
DENSITY_WORDS = {"roomy": gettext_lazy("roomy"), "dense": gettext_lazy("dense")}


@dataclass(frozen=True, slots=True)
class Display:
    """mode: a key of MODE_WORDS; density: a key of DENSITY_WORDS."""

    mode: str
    density: str

    @property
    def dark_media(self) -> str:
        return DARK_MEDIA[self.mode]

    @property
    def modes(self) -> dict[str, object]:
        return dict(MODE_WORDS)

    @property
    def densities(self) -> dict[str, object]:
        return dict(DENSITY_WORDS)


def read_display(request: HttpRequest) -> Display:
    """What this browser has chosen; the usual where it has chosen nothing or nonsense."""
    mode, _, density = request.COOKIES.get(COOKIE_NAME, "").partition(".")
    return Display(
        mode if mode in MODE_WORDS else "system",
        density if density in DENSITY_WORDS else "roomy",
    )


@require_POST
def set_display(request: HttpRequest) -> HttpResponse:
    """Keep the choice and go back to the page on which it was made."""
    now = read_display(request)
    mode = request.POST.get("mode", now.mode)
    density = request.POST.get("density", now.density)
    if mode not in MODE_WORDS or density not in DENSITY_WORDS:
        return HttpResponseBadRequest()
    back = request.headers.get("Referer", "")
    is_ours = url_has_allowed_host_and_scheme(
        back, {request.get_host()}, require_https=request.is_secure()
    )
    response = redirect(back if is_ours else resolve_url("home"))
    response.set_cookie(
        COOKIE_NAME,
        f"{mode}.{density}",
        max_age=COOKIE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return response
