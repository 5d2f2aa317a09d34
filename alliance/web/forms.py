"""Forms of the administrator's pages."""

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import Client, Department, Hospital, Staff, User

DAY = forms.DateInput(attrs={"type": "date"})


class HospitalForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Hospital
        fields = ["code", "name_zh", "name_en", "tier", "credit_code", "admitted_on", "leaves_on"]
        widgets = {"admitted_on": DAY, "leaves_on": DAY}


class SuspendForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), min_length=2, max_length=200)


class StaffForm(forms.ModelForm):  # type: ignore[type-arg]
    username = forms.CharField(label=_("User name"), max_length=60, validators=[UnicodeUsernameValidator()])

    class Meta:
        model = Staff
        fields = ["name", "title", "hospital", "department", "role", "starts_on", "ends_on", "alliance_wide"]
        widgets = {"starts_on": DAY, "ends_on": DAY}

    def __init__(self, *args: Any, hospitals: list[Hospital], wide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]
        self.fields["department"].queryset = Department.objects.filter(hospital__in=hospitals).select_related("hospital")  # type: ignore[attr-defined]
        self.order_fields(["username", *self.Meta.fields])
        if not wide:
            del self.fields["alliance_wide"]

    def clean_username(self) -> str:
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username=name).exists():
            raise forms.ValidationError(_("This user name is taken: choose another."))
        return name

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("ends_on") and data["ends_on"] < max(data.get("starts_on") or timezone.localdate(), timezone.localdate()):
            self.add_error("ends_on", _("The last day lies before the first day or in the past."))
        department = data.get("department")
        if department and data.get("hospital") and department.hospital_id != data["hospital"].pk:
            self.add_error("department", _("This department belongs to another hospital."))
        return data


class ClientForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Client
        fields = ["hospital", "name"]

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]
