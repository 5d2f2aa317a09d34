"""The auditor's case files: those that go on and those that are closed; open another one."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode
from consent.services.cases import do_open_case, list_case_hospitals, query_cases
from consent.web.case_forms import CaseForm

PAGE = 30


@require_GET
@require_staff(Permission.CASE_KEEP)
def show_cases(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Their titles may name somebody: the look is itself in the log."""
    closed = request.GET.get("state") == "closed"
    every = query_cases(acting)
    found = Paginator(every.filter(closed_at__isnull=not closed), PAGE).get_page(
        request.GET.get("page")
    )
    append_event(AuditEvent.from_principal(acting, EventCode.CASE_READ, target="list"))
    return render(
        request,
        "consent/cases.html",
        {
            "cases": found,
            "found": found,
            "keep": "state=closed" if closed else "",
            "closed": closed,
            "others": every.filter(closed_at__isnull=closed).count(),
        },
    )


@require_http_methods(["GET", "POST"])
@require_staff(Permission.CASE_KEEP)
def open_case(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form = CaseForm(
        request.POST or None, hospitals=list_case_hospitals(acting), wide=acting.alliance_wide
    )
    if request.method == "POST" and form.is_valid():
        return redirect("case", do_open_case(acting=acting, **form.cleaned_data).pk)
    return render(request, "consent/case_open.html", {"form": form})
