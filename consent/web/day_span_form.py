"""Read from an address over which days an auditor's page counts; the last ninety where it says
nothing.
"""

from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consent.audit.day_span import DEFAULT_DAYS, MOST_DAYS, DaySpan, span_until
from consent.web.audit_filter_form import day_field


class DaySpanForm(forms.Form):
    start = day_field(gettext_lazy("From"))
    end = day_field(gettext_lazy("To"))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        start, end = data.get("start"), data.get("end")
        if start and end and end < start:
            raise forms.ValidationError(
                _(
                    "The last day is before the first one. Choose a range of days that has at least"
                    " one day."
                )
            )
        if start and ((end or timezone.localdate()) - start).days >= MOST_DAYS:
            raise forms.ValidationError(
                _("Choose at most %(most)s days: what is longer ago is counted in a second look.")
                % {"most": MOST_DAYS}
            )
        return data

    def span(self) -> DaySpan:
        """The days that were asked for. Only of a valid form."""
        end = self.cleaned_data.get("end") or timezone.localdate()
        start = self.cleaned_data.get("start")
        if not start:
            return span_until(end, DEFAULT_DAYS)
        return DaySpan(start, max(start, end))


def read_day_span(request: HttpRequest) -> tuple[DaySpanForm, DaySpan | None]:
    """The form with the days in its fields; no span where it does not understand them."""
    form = DaySpanForm({k: request.GET.get(k, "") for k in ("start", "end")})
    if not form.is_valid():
        return form, None
    span = form.span()
    return DaySpanForm({"start": span.first, "end": span.last}), span
