"""A page that shows a first password, a system's secret or a patient's code to whoever has just
made it.
"""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def render_secret(
    request: HttpRequest, template: str, shown: object | None, *, absent: int = 410, **context: Any
) -> HttpResponse:
    """The template with `shown`; `absent` is the status where nothing is shown any more. Marked,
    so that its length is not told by compression.
    """
    response = render(
        request, template, {"shown": shown, **context}, status=200 if shown else absent
    )
    response.secret = shown is not None  # type: ignore[attr-defined]
    return response
