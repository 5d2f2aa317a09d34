"""Forms of consultations: what is asked, with the elements of C0045 that its asker fills; who is
named; the opinion; what its asker thought of it.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alliance.models import ConsultationRequest, Staff, WorkItem
from alliance.workflow.state_table import Move
from records.consultations.opinion_fields import (
    ASKED_FIELDS,
    REPORT_FIELDS,
    WRITTEN_FIELDS,
    FieldKind,
    Filler,
    OpinionField,
)
from records.web.consultation_words import CONSULTATION_NEEDS
from records.web.referral_forms import make_text_field

READINGS = frozenset(
    {WorkItem.Kind.ECG_READING, WorkItem.Kind.IMAGE_READING, WorkItem.Kind.SLIDE_READING}
)
ALWAYS_ASKED = ("purpose", "reason", "summary", "auxiliary_results")
READ_FIELDS = tuple(f for f in REPORT_FIELDS if f.filler is Filler.ASKER)
REPORTED_FIELDS = tuple(f for f in REPORT_FIELDS if f.filler is Filler.EXPERT)
LONG = 60  # characters, above which a field has several lines
MOMENT = {"type": "datetime-local"}


def list_written_fields(kind: str) -> tuple[OpinionField, ...]:
    """What experts fill: of a reading its report."""
    return REPORTED_FIELDS if kind in READINGS else WRITTEN_FIELDS


def label_field(field: OpinionField) -> str:
    return field.zh if (get_language() or "").startswith("zh") else field.en


def make_form_field(field: OpinionField, *, required: bool) -> forms.Field:
    if field.kind is FieldKind.TIME:
        return forms.DateField(
            label=label_field(field),
            required=required,
            widget=forms.DateInput(attrs={"type": "date"}),
        )
    return forms.CharField(
        label=label_field(field),
        required=required,
        max_length=field.longest,
        widget=forms.Textarea(attrs={"rows": 2 if field.longest <= 300 else 5})
        if field.longest > LONG
        else forms.TextInput(),
    )


def make_moment_field(label: Any, *, required: bool) -> forms.DateTimeField:
    return forms.DateTimeField(
        label=label,
        required=required,
        widget=forms.DateTimeInput(attrs=MOMENT, format="%Y-%m-%dT%H:%M"),
    )


class FieldsForm(forms.Form):
    """Of elements of the data set, each under its name."""

    def add(self, fields: Sequence[OpinionField], *, lax: bool = False) -> None:
        for f in fields:
            self.fields[f.name] = make_form_field(f, required=f.required and not lax)

    def texts(self) -> dict[str, str]:
        """{name: text} of what was filled in."""
        found = {n: self.cleaned_data.get(n) for n in self.fields}
        return {
            n: f"{v:%Y%m%d}" if isinstance(v, dt.date) else v.strip()
            for n, v in found.items()
            if isinstance(v, (str, dt.date)) and v
        }


class ConsultForm(FieldsForm):
    """along: what can go along, as (value, words)."""

    def __init__(self, *args: Any, along: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        asked = {f.name: f for f in ASKED_FIELDS}
        self.fields["kind"] = forms.ChoiceField(
            label=_("What you ask for"),
            choices=[c for c in WorkItem.Kind.choices if c[0] in WorkItem.CONSULTATIONS],
            initial=WorkItem.Kind.CONSULTATION,
            widget=forms.RadioSelect,
        )
        self.fields["urgency"] = forms.ChoiceField(
            label=_("Urgency"),
            choices=WorkItem.Urgency.choices,
            initial=WorkItem.Urgency.ROUTINE,
            widget=forms.RadioSelect,
        )
        self.fields["department"] = forms.CharField(
            label=_("Department that is asked"), max_length=50
        )
        self.fields["asking_department"] = forms.CharField(
            label=_("Your department"), max_length=50
        )
        self.add([asked[name] for name in ALWAYS_ASKED])
        self.fields["question"] = make_text_field(_("What you ask of the experts"), required=True)
        self.fields["agreement"] = forms.ChoiceField(
            label=_("How the patient has agreed"),
            choices=ConsultationRequest.Agreement.choices,
            widget=forms.RadioSelect,
        )
        self.fields["agreed_by"] = forms.CharField(
            label=_(
                "Who agreed: the patient, or who speaks for them; or why nobody could be asked"
            ),
            max_length=200,
        )
        self.fields["agreed_at"] = make_moment_field(_("When they agreed"), required=True)
        if along:
            self.fields["along"] = forms.MultipleChoiceField(
                label=_("What goes along"),
                choices=along,
                initial=[value for value, _words in along],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        at = data.get("agreed_at")
        if at is not None and at > timezone.now():
            self.add_error("agreed_at", _("The patient has agreed before you ask."))
        return data


class FurtherForm(FieldsForm):
    """The elements that not every case has."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add([f for f in ASKED_FIELDS if f.name not in ALWAYS_ASKED])
        self.add(READ_FIELDS, lax=True)


class VersionForm(forms.Form):
    """version: of the item, which the page has shown."""

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, move: Move, **kwargs: Any) -> None:
        super().__init__(*args, auto_id=f"id_{move.verb}_%s", **kwargs)
        for need in move.needs:
            self.fields["note"] = make_text_field(CONSULTATION_NEEDS[need], required=True)


class TeamForm(VersionForm):
    """Who leads, who else writes, and whether it is talked over."""

    def __init__(self, *args: Any, able: list[Staff], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(s.pk), " · ".join(filter(None, (s.name, s.title)))) for s in able]
        self.fields["lead"] = forms.ChoiceField(
            label=_("Lead expert, who signs"), choices=[("", "—"), *choices]
        )
        self.fields["others"] = forms.MultipleChoiceField(
            label=_("Experts who write along"),
            choices=choices,
            required=False,
            widget=forms.SelectMultiple(attrs={"size": min(6, max(2, len(choices)))}),
        )
        self.fields["meets_at"] = make_moment_field(
            _("Meeting, where one is wanted"), required=False
        )
        self.fields["link"] = forms.URLField(
            label=_("Address of the meeting"),
            required=False,
            max_length=500,
            assume_scheme="https",
        )
        self.fields["participants"] = make_text_field(_("Who takes part"), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if (data.get("link") or data.get("participants")) and not data.get("meets_at"):
            self.add_error("meets_at", _("Say when the meeting begins."))
        return data


class RatingForm(VersionForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["score"] = forms.ChoiceField(
            label=_("Was it of help?"),
            choices=[(str(n), "★" * n) for n in range(5, 0, -1)],
            widget=forms.RadioSelect,
        )
        self.fields["comment"] = make_text_field(_("Comment"), required=False, rows=2)


class OpinionForm(FieldsForm):
    """seen: number of the draft that it began with."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.add(list_written_fields(kind), lax=True)
