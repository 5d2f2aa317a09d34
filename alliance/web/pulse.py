"""The pulse of work for pages that are open: no session is read, none lasts longer by it, no line
is written; who asks shows what their page was given.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, HttpResponseNotModified
from django.views.decorators.http import require_GET

from alliance.workflow.pulse import read_pulse

PAGE_HEADER = "X-Xinglin-Pulse"


@require_GET
def answer_pulse(request: HttpRequest) -> HttpResponse:
    """304 where nothing has changed; 404 for whoever has no page."""
    pulse = read_pulse(request.headers.get(PAGE_HEADER, ""))
    if pulse is None:
        return HttpResponseNotFound(headers={"Content-Length": "0"})
    tag = f'"{pulse.mark}"'
    if request.headers.get("If-None-Match") == tag:
        return HttpResponseNotModified(headers={"ETag": tag})
    headers = {"ETag": tag, "Content-Length": str(len(pulse.body))}
    return HttpResponse(pulse.body, content_type="application/json", headers=headers)
