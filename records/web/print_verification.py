"""The page on which whoever holds a printed page has its code checked. It tells what the paper
tells, and less.
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from alliance.auth import throttle
from alliance.auth.guess_limits import PRINT_CODE_LIMIT
from alliance.auth.refusal_log import identify_caller
from alliance.resource_names import SEX_NAMES
from records.operations.printed_documents import verify_page
from records.printing.page_codes import parse_page_code
from records.web.print_content import PART_TITLES


@require_GET
def verify_print_page(request: HttpRequest) -> HttpResponse:
    """Codes that nobody has are counted as guesses, by address."""
    typed = request.GET.get("code", "").strip()[:60]
    if not typed:
        return render(request, "records/print_verify.html", {})
    code = parse_page_code(typed)
    if code is None:
        return render(request, "records/print_verify.html", {"typed": typed, "malformed": True})
    bucket = throttle.GuessBucket(
        PRINT_CODE_LIMIT, throttle.hash_parts("print", throttle.client_network(request))
    )
    try:
        throttle.count_guess([bucket])
    except throttle.TooManyGuesses as error:
        return render(
            request,
            "records/print_verify.html",
            {"typed": typed, "wait": throttle.format_wait(error.seconds)},
            status=429,
        )
    found = verify_page(code, acting=identify_caller(request)[0])
    if found is None:
        return render(request, "records/print_verify.html", {"typed": typed, "unknown": True})
    throttle.forgive_last_guess([bucket])
    name, *rest = found.patient.split(" · ")
    return render(
        request,
        "records/print_verify.html",
        {
            "typed": str(code),
            "found": found,
            "page": code.page,
            "part": PART_TITLES[found.part],
            "patient": " · ".join([name, *(str(SEX_NAMES.get(x, x)) for x in rest)]),
            "digest": bytes(found.digest).hex(),
        },
    )
