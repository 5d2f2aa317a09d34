"""The form by which an administrator proposes an appointment."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital, Staff
from alliance.web.empty_choices import word_empty_choices
from alliance.web.forms import DAY_INPUT


class AppointmentForm(forms.Form):
    """officer: who is to be appointed; not for their own hospital, nor for longer than they are
    employed.
    """

    hospital = forms.ModelChoiceField(label=_("Hospital"), queryset=Hospital.objects.none())
    starts_on = forms.DateField(label=_("From"), widget=DAY_INPUT, initial=timezone.localdate)
    ends_on = forms.DateField(label=_("Until"), widget=DAY_INPUT)
    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=300,
        help_text=_("Another administrator of the alliance reads it, and agrees or refuses."),
    )

    def __init__(self, *args: Any, officer: Staff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        others = Hospital.objects.filter(suspended_at=None).exclude(pk=officer.hospital_id)
        self.fields["hospital"].queryset = others  # type: ignore[attr-defined]
        word_empty_choices(self)
        self.fields["ends_on"].help_text = _(
            "At most until %(day)s, the end of the employment."
        ) % {"day": officer.ends_on.isoformat()}
