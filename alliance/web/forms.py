"""Forms of the administrator's pages, and how a service's refusal reaches the reader in the form
that asked.
"""

from collections.abc import Callable
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError
from django.forms.models import ModelChoiceIterator
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.auth.errors import Forbidden
from alliance.models import Department, Hospital, Staff
from alliance.models.staff import EmploymentState
from alliance.roles import STAFF_ROLES
from alliance.services.staffing import staff_version
from alliance.web.empty_choices import word_empty_choices

DAY_INPUT = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
UNMENDABLE_CODES = (
    "role",
    "unvouched",
    "object",
    "ended",
)  # refusals that no other value in the form would mend


def submit_to_service(
    form: forms.BaseForm, verb: Callable[..., Any], *things: Any, **values: Any
) -> Any:
    """What the verb returns; where it refuses, the form has the reason among its errors and is
    no longer valid. Raises Forbidden of DOORS.
    """
    try:
        return verb(*things, **values)
    except ValidationError as error:
        if not hasattr(error, "error_dict"):
            form.add_error(None, error)
            return None
        for field, faults in error.error_dict.items():
            form.add_error(
                field if field in form.fields else None,
                [m for fault in faults for m in fault.messages],
            )
    except Forbidden as refusal:
        if refusal.code in UNMENDABLE_CODES:
            raise
        form.add_error(None, gettext(str(refusal)))
    return None


class HospitalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Hospital
        fields = [
            "code",
            "name_zh",
            "name_en",
            "tier",
            "credit_code",
            "admitted_on",
            "leaves_on",
            "enforces_references",
            "requires_version",
        ]
        error_messages = {"code": {"unique": _("This code is taken: choose another.")}}
        widgets = {"admitted_on": DAY_INPUT, "leaves_on": DAY_INPUT}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_empty_choices(self)


class HospitalChangeForm(HospitalForm):
    """All but the code, which is the name of the hospital's FHIR base and never changes."""

    class Meta(HospitalForm.Meta):
        fields = HospitalForm.Meta.fields[1:]


class ReasonForm(forms.Form):
    """Asked before what cannot be taken back. The reason goes into the audit log."""

    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=200,
        help_text=_("It stands in the audit log: no patient's name or number."),
    )


class ResetForm(ReasonForm):
    lost = forms.ChoiceField(
        label=_("What was lost"),
        widget=forms.RadioSelect,
        choices=[
            ("password", _("The password: a new first password; the second factor stays")),
            (
                "second-factor",
                _(
                    "The phone: a new first password; second factor and recovery codes are set up"
                    " anew"
                ),
            ),
        ],
    )
    field_order = ["lost", "reason"]


class ReturnForm(ReasonForm):
    ends_on = forms.DateField(label=_("Employed until"), widget=DAY_INPUT)
    field_order = ["ends_on", "reason"]


class DepartmentIterator(ModelChoiceIterator):
    """Departments below the names of their hospitals, for every hospital has a department of
    internal medicine.
    """

    def __iter__(self) -> Any:
        yield "", self.field.empty_label
        groups: dict[str, list[Any]] = {}
        for department in self.queryset:
            groups.setdefault(department.hospital.name, []).append(self.choice(department))
        yield from groups.items()


class DepartmentField(forms.ModelChoiceField):  # type: ignore[type-arg]
    iterator = DepartmentIterator


class EmploymentForm(forms.ModelForm):  # type: ignore[type-arg]
    """What an administrator sets of an employment. hospitals: those that they administer; wide:
    whether for the whole alliance.
    """

    wide_reason = forms.CharField(
        label=_("Why for the whole alliance"),
        max_length=300,
        required=False,
        help_text=_("Another administrator of the alliance reads it, and agrees or refuses."),
    )
    department = DepartmentField(
        label=_("Department"), queryset=Department.objects.none(), required=False
    )
    email = forms.EmailField(label=_("E-mail (to reset a forgotten password)"), required=False)

    class Meta:
        model = Staff
        fields = [
            "name",
            "title",
            "hospital",
            "department",
            "role",
            "starts_on",
            "ends_on",
            "alliance_wide",
        ]
        widgets = {"starts_on": DAY_INPUT, "ends_on": DAY_INPUT}
        labels = {
            "hospital": _("Hospital"),
            "starts_on": _("Employed from"),
            "ends_on": _("Employed until"),
        }

    def __init__(self, *args: Any, hospitals: list[Hospital], wide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]
        self.fields["department"].queryset = Department.objects.filter(
            hospital__in=hospitals
        ).select_related("hospital")  # type: ignore[attr-defined]
        if not self.fields["department"].queryset.exists():  # type: ignore[attr-defined]
            del self.fields["department"]
        if not wide:
            del self.fields["alliance_wide"]
            del self.fields["wide_reason"]
        if not settings.MAIL:
            del self.fields["email"]
        word_empty_choices(self)


class StaffForm(EmploymentForm):
    """To enrol somebody."""

    username = forms.CharField(
        label=_("User name"), max_length=60, validators=[UnicodeUsernameValidator()]
    )
    field_order = [
        "username",
        "name",
        "title",
        "hospital",
        "department",
        "role",
        "starts_on",
        "ends_on",
        "email",
        "alliance_wide",
        "wide_reason",
    ]

    def clean_ends_on(self) -> Any:
        day = self.cleaned_data["ends_on"]
        if day < timezone.localdate():
            raise ValidationError(_("The last day lies in the past."))
        return day


class StaffChangeForm(EmploymentForm):
    """To change an employment. It carries the version that was read, so that nobody undoes
    unseen what another has changed meanwhile.
    """

    version = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, instance: Staff, own: bool, **kwargs: Any) -> None:
        super().__init__(
            *args,
            instance=instance,
            initial={"version": staff_version(instance), "email": instance.user.email},
            **kwargs,
        )
        if own:
            for field in (
                "hospital",
                "role",
                "starts_on",
                "ends_on",
                "alliance_wide",
                "wide_reason",
            ):
                self.fields.pop(field, None)


class StaffFilterForm(forms.Form):
    """Which staff the list shows; all where nothing is chosen."""

    q = forms.CharField(label=_("Name or user name"), required=False, max_length=60)
    hospital = forms.ModelChoiceField(
        label=_("Hospital"), queryset=Hospital.objects.none(), required=False, empty_label=_("all")
    )
    role = forms.ChoiceField(
        label=_("Role"), required=False, choices=[("", _("all")), *STAFF_ROLES]
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("all")),
            (EmploymentState.ACTIVE.value, _("employed")),
            (EmploymentState.COMING.value, _("not begun yet")),
            (EmploymentState.OVER.value, _("employment over")),
        ],
    )

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]
