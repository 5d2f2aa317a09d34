"""The alliance's page of deadlines and working days: what counts, since when, by whom; a change is
proposed by one administrator and agreed to by another.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.models import WorkDeadline
from alliance.roles import Permission
from alliance.services.authority import check_may_administer
from alliance.services.proposals import query_open_proposals
from alliance.web.deadline_form import DeadlineForm
from alliance.web.forms import submit_to_service
from alliance.workflow.calendar_changes import do_set_calendar, list_calendar
from alliance.workflow.deadline_changes import do_propose_deadlines
from alliance.workflow.deadline_words import say_deadline, say_span, say_urgency
from alliance.workflow.deadlines import Span

HISTORY = 20


class CalendarForm(forms.Form):
    days = forms.CharField(
        label=gettext_lazy("Days that differ from the week"),
        max_length=8000,
        widget=forms.Textarea(
            attrs={"rows": 6, "placeholder": "2027-02-05 ~ 2027-02-11 休 春节\n2027-02-14 班"}
        ),
        help_text=gettext_lazy(
            "A line for each: a day, or a first and a last day, then 休 or 班, as the State Council"
            " has announced them."
        ),
    )


@require_staff(Permission.REFERRAL_OVERSEE)
def deadlines_page(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    form = DeadlineForm(request.POST or None)
    if request.method == "POST":
        check_may_administer(acting, Permission.REFERRAL_OVERSEE)
        if form.is_valid():
            try:
                submit_to_service(
                    form,
                    do_propose_deadlines,
                    form.read_changes(),
                    reason=form.cleaned_data["reason"],
                    acting=acting,
                )
            except AlreadyDone as error:
                messages.info(request, _(str(error)))
                return redirect("deadlines")
        if form.is_valid():
            messages.success(
                request, _("Proposed. It waits for another administrator of the alliance.")
            )
            return redirect("proposals")
    return render_deadlines(request, form, CalendarForm(), acting)


def render_deadlines(
    request: HttpRequest, form: DeadlineForm, calendar: CalendarForm, acting: Principal
) -> HttpResponse:
    this_year = timezone.localdate().year
    history = WorkDeadline.objects.select_related("proposed_by", "agreed_by").order_by("-pk")
    rows = Paginator(history, HISTORY).get_page(request.GET.get("page"))
    years: list[tuple[int, Any]] = [(y, list_calendar(y)) for y in (this_year, this_year + 1)]
    return render(
        request,
        "alliance/deadlines.html",
        {
            "form": form,
            "calendar": calendar,
            "years": years,
            "wide": acting.alliance_wide,
            "waits": query_open_proposals().filter(act="deadlines").count(),
            "rows": rows,
            "history": [
                (r, say_deadline(r.name), say_urgency(r.urgency), say_span(Span(r.amount, r.unit)))
                for r in rows
            ],
        },
    )


@require_POST
@require_staff(Permission.REFERRAL_OVERSEE)
def set_calendar(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    check_may_administer(acting, Permission.REFERRAL_OVERSEE)
    form = CalendarForm(request.POST)
    if form.is_valid():
        try:
            count = do_set_calendar(form.cleaned_data["days"], acting=acting)
        except ValidationError as error:
            form.add_error("days", error)
        else:
            messages.success(
                request, ngettext("%(n)s day is set.", "%(n)s days are set.", count) % {"n": count}
            )
            return redirect("deadlines")
    return render_deadlines(request, DeadlineForm(), form, acting)
