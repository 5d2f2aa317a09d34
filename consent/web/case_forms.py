"""Forms of the auditor's case files."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital, Staff
from consent.audit.day_span import DaySpan
from consent.models import Case
from consent.web.audit_filter_form import day_field

MOST_MANIFEST = 2_000_000  # bytes


def text_area(label: Any, most: int, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label, min_length=2, max_length=most, widget=forms.Textarea(attrs={"rows": rows})
    )


class CaseForm(forms.Form):
    """hospitals: for which cases may be opened; wide: also for the alliance."""

    title = forms.CharField(label=_("Title of the case"), min_length=2, max_length=120)
    origin = forms.ChoiceField(label=_("Who asked"), choices=Case.Origin.choices)
    origin_number = forms.CharField(
        label=_("Number of the order, inquiry or complaint"), max_length=80, required=False
    )
    about = text_area(_("What it is about"), 2000)
    hospital = forms.ModelChoiceField(
        label=_("Whose case it is"), queryset=Hospital.objects.none(), to_field_name="code"
    )

    def __init__(self, *args: Any, hospitals: list[Hospital], wide: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["hospital"]
        field.queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])
        field.required = not wide
        field.empty_label = _("the alliance's auditors alone") if wide else None
        if not wide and len(hospitals) == 1:
            field.initial = hospitals[0].code

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("origin") == Case.Origin.COURT and not data.get("origin_number"):
            self.add_error("origin_number", _("An order of a court has a number: type it in."))
        return data


class NoteForm(forms.Form):
    text = text_area(_("Note"), 2000)


class ClosingForm(forms.Form):
    outcome = forms.ChoiceField(label=_("Outcome"), choices=Case.Outcome.choices)
    text = text_area(_("Why"), 2000)


class HoldForm(forms.Form):
    """persons: (id, name) of those whom the case is about, whose every line may be held."""

    scope = forms.ChoiceField(label=_("What is held"))
    start = day_field(_("From"))
    end = day_field(_("To"))
    reason = forms.CharField(label=_("Why it is held"), min_length=2, max_length=300)

    def __init__(self, *args: Any, persons: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["scope"]
        field.choices = [
            ("case", _("all lines of this case, and those to come")),
            *((p, _("all lines about %s") % name) for p, name in persons),
            ("time", _("all lines of these days")),
        ]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("scope") == "time" and not (
            data.get("start") and data.get("end") and data["start"] <= data["end"]
        ):
            self.add_error("start", _("Choose the first and the last day."))
        return data

    def what(self) -> dict[str, Any]:
        """As do_set_hold takes it."""
        data = self.cleaned_data
        if data["scope"] == "case":
            return {}
        if data["scope"] != "time":
            return {"person": UUID(data["scope"])}
        span = DaySpan(data["start"], data["end"])
        return {"starts_at": span.start, "ends_at": span.end}


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Why"), min_length=2, max_length=300)


class GuestForm(forms.Form):
    staff = forms.ModelChoiceField(label=_("Auditor"), queryset=Staff.objects.none())

    def __init__(self, *args: Any, guests: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["staff"]
        field.queryset, field.empty_label = guests, "—"


class ManifestForm(forms.Form):
    manifest = forms.FileField(label=_("manifest.json of the package"))
    why = forms.CharField(label=_("Why it belongs to the case"), max_length=300, required=False)

    def clean_manifest(self) -> bytes:
        file = self.cleaned_data["manifest"]
        if file.size > MOST_MANIFEST:
            raise forms.ValidationError(_("This file is too large for a manifest."))
        data: bytes = file.read()
        return data


class GatherForm(forms.Form):
    case = forms.ModelChoiceField(label=_("Case file"), queryset=Case.objects.none())
    why = forms.CharField(label=_("Why it belongs to the case"), max_length=300, required=False)

    def __init__(self, *args: Any, cases: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["case"]
        field.queryset = cases
        field.label_from_instance = lambda case: f"{case.pk} · {case.title}"
        field.empty_label = "—"
