"""Dead letters of one cause, for the record clerk of the hospital that sent them: place, value, why
and how to mend; try all again, drop, take them along as a file.
"""

import time
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import Hospital
from alliance.roles import Permission
from records.sync.dead_letters import LetterState
from records.sync.letter_causes import (
    Cause,
    count_letters,
    do_drop_cause,
    do_replay_cause,
    iterate_letters,
    read_letters,
)
from records.sync.letter_file import MEDIA, MOST, build_letter_file
from records.sync.replay import LONGEST_REASON, check_may_mend
from records.sync.shown_letter import describe_mend, describe_rule
from records.web.sync_access import find_board_hospital
from records.web.sync_pages import tell_language

PAGE = 50
LONGEST_FIELD = 200
LARGEST = 2**63 - 1
SECONDS = 8.0  # of one answer; the next step is asked for by a button
STATES = {LetterState.OPEN.value, LetterState.WAITING.value}


class DropForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=2,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("It stands in the audit log: no patient's name or number."),
    )
    sure = forms.BooleanField(
        label=gettext_lazy("They will not be stored, and need not be."),
    )


def read_cause(query: Any) -> Cause:
    """Raises Http404 for what is none."""
    rule, place, state = (query.get(name, "") for name in ("rule", "field", "state"))
    if state not in STATES or not rule or len(rule) > 80 or len(place) > LONGEST_FIELD:
        raise Http404
    if "\x00" in rule + place:
        raise Http404
    return Cause(rule, place, LetterState(state))


def read_id(text: str) -> int:
    """A letter's number; 0 for what is none."""
    return min(int(text), LARGEST) if text.isascii() and text.isdecimal() else 0


def find_own_hospital(code: str, acting: Principal) -> Hospital:
    """Raises Http404, Forbidden."""
    hospital = find_board_hospital(code, acting)
    check_may_mend(acting, hospital)
    return hospital


def build_query(cause: Cause, **more: Any) -> str:
    return urlencode({"rule": cause.rule, "field": cause.field, "state": cause.state.value, **more})


@require_GET
@never_cache
@require_staff(Permission.SYNC_MEND)
def letters_page(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    hospital = find_own_hospital(code, acting)
    if not request.GET.get("rule"):
        return redirect("sync-member", hospital.code)
    return show_letters(request, hospital, read_cause(request.GET), acting, DropForm())


def show_letters(
    request: HttpRequest, hospital: Hospital, cause: Cause, acting: Principal, form: DropForm
) -> HttpResponse:
    after = read_id(request.GET.get("after", ""))
    found = read_letters(hospital, cause, acting=acting, after=after, most=PAGE + 1)
    letters, language = found[:PAGE], tell_language()
    count, newest = count_letters(hospital, cause)
    return render(
        request,
        "records/sync_letters.html",
        {
            "hospital": hospital,
            "cause": cause,
            "why": describe_rule(cause.rule, cause.field)[language],
            "mend": describe_mend(cause.rule, cause.field)[language],
            "count": count,
            "letters": [
                (
                    letter,
                    [(f, f.why[language], f.mend[language]) for f in letter.faults],
                )
                for letter in letters
            ],
            "newest": newest,
            "next": build_query(cause, after=letters[-1].id) if len(found) > PAGE else "",
            "go_on": read_id(request.GET.get("go_on", "")),
            "form": form,
            "most": MOST,
        },
    )


@require_POST
@require_staff(Permission.SYNC_MEND)
def replay_letters(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """In steps of a thousand, as long as one answer may take; then a button goes on."""
    hospital, cause = find_own_hospital(code, acting), read_cause(request.POST)
    after, tried, mended = read_id(request.POST.get("after", "")), 0, 0
    until = time.monotonic() + SECONDS
    while True:
        step = do_replay_cause(hospital, cause, acting=acting, after=after)
        after, tried, mended = step.after, tried + step.tried, mended + step.mended
        if not after or time.monotonic() > until:
            break
    messages.info(
        request,
        _(
            "Tried again: %(tried)s. Stored or settled: %(mended)s. Still refused or waiting:"
            " %(left)s."
        )
        % {"tried": f"{tried:,}", "mended": f"{mended:,}", "left": f"{tried - mended:,}"},
    )
    return go_to(hospital, cause, after)


@require_POST
@require_staff(Permission.SYNC_MEND)
def drop_letters(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """Those that were there when the page was shown: what came since stays."""
    hospital, cause = find_own_hospital(code, acting), read_cause(request.POST)
    form = DropForm(request.POST)
    if not form.is_valid():
        return show_letters(request, hospital, cause, acting, form)
    seen, after, dropped = read_id(request.POST.get("until", "")), 0, 0
    reason, deadline = form.cleaned_data["reason"], time.monotonic() + SECONDS
    while True:
        step = do_drop_cause(hospital, cause, reason, acting=acting, until=seen, after=after)
        after, dropped = step.after, dropped + step.mended
        if not after or time.monotonic() > deadline:
            break
    messages.success(request, _("Dropped: %(n)s.") % {"n": f"{dropped:,}"})
    return go_to(hospital, cause)


def go_to(hospital: Hospital, cause: Cause, after: int = 0) -> HttpResponse:
    """Back to the letters; to the member's page where none of the cause is left."""
    if not count_letters(hospital, cause)[0]:
        return redirect("sync-member", hospital.code)
    query = build_query(cause, **({"go_on": after} if after else {}))
    return redirect(f"{reverse('sync-letters', args=[hospital.code])}?{query}")


@require_POST
@require_staff(Permission.SYNC_MEND)
def export_letters(request: HttpRequest, code: str, *, acting: Principal) -> HttpResponse:
    """A file for whoever mends them at the source."""
    hospital, cause = find_own_hospital(code, acting), read_cause(request.POST)
    kind = request.POST.get("format", "xlsx")
    if kind not in MEDIA:
        raise Http404
    data = build_letter_file(
        kind, iterate_letters(hospital, cause, acting=acting, most=MOST), tell_language()
    )
    name = f"xinglin-{hospital.code}-{timezone.localtime():%Y%m%d-%H%M%S}.{kind}"
    return HttpResponse(
        data,
        content_type=MEDIA[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
