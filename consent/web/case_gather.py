"""Add to a case file from any page: one line, the lines of a request or a filter, or one thing of
another kind.
"""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from alliance.services.authority import hospitals_with_permission
from consent.audit.filter_words import describe_filter
from consent.audit.log_query import AuditFilter, load_audit_lines
from consent.models import Case
from consent.services.case_gathering import (
    ITEM_FINDERS,
    MOST_LINES,
    PACKAGE,
    do_gather_lines,
    do_gather_thing,
    list_gathered_lines,
)
from consent.services.cases import query_cases
from consent.web.audit_filter_form import AuditFilterForm, filter_from_form, has_reversed_range
from consent.web.case_forms import GatherForm


@require_http_methods(["GET", "POST"])
@require_staff(Permission.CASE_KEEP)
def gather(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """What is added stands in the address, and is looked up again when it is added."""
    kind = next((k for k in ITEM_FINDERS if k in request.GET and k != PACKAGE), "")
    page: dict[str, Any]
    if kind:
        ref = request.GET[kind]
        face = ITEM_FINDERS[kind](ref, acting)
        if face is None:
            raise Http404
        page = {"words": face.words, "count": 1, "kind": kind, "ref": ref}
    else:
        hospitals = hospitals_with_permission(acting, "audit_hospital")
        asked = AuditFilterForm(request.GET, hospitals=hospitals)
        if has_reversed_range(request, asked):
            return redirect("audit")
        wanted = filter_from_form(asked, acting, hospitals, patients=True)
        lines = list_lines(request.GET, wanted)
        page = {
            "words": describe_filter(wanted) if "line" not in request.GET else "",
            "line": request.GET.get("line", ""),
            "count": len(lines),
            "too_many": len(lines) > MOST_LINES,
            "lines": lines,
        }
    cases = query_cases(acting).filter(closed_at=None)
    form = GatherForm(request.POST or None, cases=cases)
    if request.method == "POST" and form.is_valid() and not page.get("too_many"):
        return add_to_case(request, form.cleaned_data["case"], page, acting, form)
    return render(
        request,
        "consent/case_gather.html",
        page | {"form": form, "most": MOST_LINES, "has_cases": cases.exists()},
    )


def list_lines(asked: QueryDict, wanted: AuditFilter) -> list[Any]:
    """(number, moment) of the one line that is named, or of all that fit."""
    if "line" not in asked:
        return list_gathered_lines(wanted)
    number = asked["line"]
    if not (number.isascii() and number.isdecimal() and len(number) < 19):
        raise Http404
    found = load_audit_lines(wanted, [int(number)])
    if not found:
        raise Http404
    return [(line["id"], line["written"]) for line in found]


def add_to_case(
    request: HttpRequest, case: Case, page: dict[str, Any], acting: Principal, form: GatherForm
) -> HttpResponse:
    why = form.cleaned_data["why"]
    try:
        if page.get("kind"):
            do_gather_thing(case.pk, kind=page["kind"], ref=page["ref"], why=why, acting=acting)
            added = 1
        else:
            added = do_gather_lines(case.pk, lines=page["lines"], why=why, acting=acting)
    except Case.DoesNotExist as error:
        raise Http404 from error
    messages.success(
        request,
        ngettext("%(n)s thing was added.", "%(n)s things were added.", added) % {"n": added},
    )
    return redirect("case", case.pk)
