"""Forms of the directory: a department, a clinic, weekly hours, a day that is called off."""

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.directory.department_codes import CHOICES
from alliance.directory.keep_directory import MOST_WEEKS
from alliance.models import OfferedClinic, OfferedDepartment

CODE = r"[A-Za-z0-9.\-]{1,64}"  # of an id of FHIR
WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]


def make_day_field(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def make_time_field(label: Any, initial: str) -> forms.TimeField:
    return forms.TimeField(
        label=label,
        initial=initial,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )


class DepartmentForm(forms.ModelForm):  # type: ignore[type-arg]
    code = forms.RegexField(
        CODE, label=_("Code"), help_text=_("As your system calls it: letters, digits, - and .")
    )
    standard = forms.ChoiceField(
        label=_("National code of the department"), choices=CHOICES, required=False
    )

    class Meta:
        model = OfferedDepartment
        fields = [
            "code",
            "name_zh",
            "name_en",
            "standard",
            "takes",
            "for_referral",
            "for_consultation",
            "most_urgent",
            "phone",
        ]
        widgets = {"takes": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "takes": _("Diseases and words by which others find it, with blanks between them.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]  # it is the name of the department in the interface


class ClinicForm(forms.ModelForm):  # type: ignore[type-arg]
    code = forms.RegexField(
        CODE, label=_("Code"), help_text=_("As your system calls it: letters, digits, - and .")
    )

    class Meta:
        model = OfferedClinic
        fields = ["code", "kind", "name", "doctor", "title", "takes", "hours"]
        widgets = {"takes": forms.Textarea(attrs={"rows": 2}), "kind": forms.RadioSelect}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["code"]


class WeeklyHoursForm(forms.Form):
    weekdays = forms.TypedMultipleChoiceField(
        label=_("On which days"),
        choices=WEEKDAYS,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    begins = make_time_field(_("From (time)"), "08:00")
    ends = make_time_field(_("To (time)"), "12:00")
    minutes = forms.IntegerField(
        label=_("Minutes of one slot"),
        initial=0,
        min_value=0,
        max_value=720,
        help_text=_("0: one slot from beginning to end."),
    )
    places = forms.IntegerField(
        label=_("Places of each slot"), initial=2, min_value=1, max_value=500
    )
    first = make_day_field(_("From which day"))
    weeks = forms.IntegerField(
        label=_("For how many weeks"), initial=4, min_value=1, max_value=MOST_WEEKS
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["first"].initial = timezone.localdate


class StopDayForm(forms.Form):
    day = make_day_field(_("Which day"))
    reason = forms.CharField(label=_("Reason"), max_length=200)


class EmptyForm(forms.Form):
    """Asks whether it is meant."""
