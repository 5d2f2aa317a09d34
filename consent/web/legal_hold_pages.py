"""The page of legal holds over the audit log: auditors of the whole alliance set them, and another
one lifts them; and from when on the log is online.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from alliance.auth.errors import AlreadyDone
from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.roles import Permission
from consent.audit.append import append_event
from consent.audit.archived_months import online_log_begins
from consent.audit.event import AuditEvent, EventCode
from consent.models import LegalHold
from consent.models.legal_hold import SCOPES
from consent.services.legal_holds import (
    MAX_REASON_LENGTH,
    do_lift_hold,
    do_set_hold,
    list_holds,
    require_holder,
)
from consent.web.audit_filter_form import day_field


class LegalHoldForm(forms.Form):
    scope = forms.ChoiceField(
        label=gettext_lazy("What is held"), choices=SCOPES, widget=forms.RadioSelect
    )
    person = forms.UUIDField(
        label=gettext_lazy("Patient (the number in the log's address)"), required=False
    )
    first_day = day_field(gettext_lazy("From"))
    last_day = day_field(gettext_lazy("To"))
    first_line = forms.IntegerField(
        label=gettext_lazy("First line"), required=False, min_value=1, max_value=10**15
    )
    last_line = forms.IntegerField(
        label=gettext_lazy("Last line"), required=False, min_value=1, max_value=10**15
    )
    reason = forms.CharField(
        label=gettext_lazy("Why is it held?"), min_length=4, max_length=MAX_REASON_LENGTH
    )

    def set_hold(self, acting: Principal) -> LegalHold:
        """Raises ValueError."""
        data: dict[str, Any] = self.cleaned_data
        days, lines = (
            (data[a], data[b]) if data[a] and data[b] else None
            for a, b in (("first_day", "last_day"), ("first_line", "last_line"))
        )
        return do_set_hold(
            data["scope"],
            reason=data["reason"],
            acting=acting,
            person=data["person"],
            days=days,
            lines=lines,
        )


@require_staff(Permission.AUDIT_EXPORT)
def show_legal_holds(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """All holds, for auditors of the whole alliance; a POST sets one. Whose they are is in the
    log.
    """
    require_holder(acting)
    form = LegalHoldForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            form.set_hold(acting)
        except ValueError as error:
            form.add_error("scope", str(error))
        else:
            messages.success(request, _("The hold is set: what it covers stays online."))
            return redirect("audit-holds")
    holds = list_holds()
    persons = {hold.person for hold in holds if hold.person}
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.AUDIT_READ, persons=tuple(sorted(persons)), target="holds"
        )
    )
    page = {
        "form": form,
        "holds": holds,
        "own": int(acting.id),
        "begins": online_log_begins(),
        "most": MAX_REASON_LENGTH,
    }
    status = 400 if form.is_bound else 200
    return render(request, "consent/legal_holds.html", page, status=status)


@require_POST
@require_staff(Permission.AUDIT_EXPORT)
def lift_legal_hold(request: HttpRequest, hold_id: int, *, acting: Principal) -> HttpResponse:
    require_holder(acting)
    try:
        do_lift_hold(hold_id, reason=request.POST.get("reason", ""), acting=acting)
    except LegalHold.DoesNotExist as error:
        raise Http404 from error
    except (AlreadyDone, ValueError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The hold is lifted."))
    return redirect("audit-holds")
