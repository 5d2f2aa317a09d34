"""Forms of referrals: why and what goes along; and what a verb takes."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from alliance.models import WorkItem
from alliance.models.work_item import LONGEST_TEXT, REFERRAL_CHOICES
from alliance.workflow.state_table import Move, Need
from records.web.referral_words import NEED_WORDS


def make_text_field(label: Any, *, required: bool, rows: int = 3) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def add_along(form: forms.Form, along: list[tuple[str, str]]) -> None:
    """along: what can go along, as (value, words); nothing is asked where there is nothing."""
    if along:
        form.fields["along"] = forms.MultipleChoiceField(
            label=_("What goes along"),
            choices=along,
            initial=[value for value, _words in along],
            required=False,
            widget=forms.CheckboxSelectMultiple,
        )


class ReferralForm(forms.Form):
    """The second step and the third. along: what can go along, as (value, words)."""

    kind = forms.ChoiceField(
        label=_("Direction"), choices=REFERRAL_CHOICES, widget=forms.RadioSelect
    )
    urgency = forms.ChoiceField(
        label=_("Urgency"),
        choices=WorkItem.Urgency.choices,
        initial=WorkItem.Urgency.ROUTINE,
        widget=forms.RadioSelect,
    )
    department = forms.CharField(label=_("Department or clinic"), required=False, max_length=80)
    reason = make_text_field(_("Impression, and why the patient is referred"), required=True)
    question = make_text_field(_("What you ask of the receiver"), required=False, rows=2)
    transport = make_text_field(_("How the patient travels"), required=False, rows=1)
    wish = make_text_field(_("What the patient wishes"), required=False, rows=1)

    def __init__(self, *args: Any, along: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_along(self, along)


class EmergencyForm(forms.Form):
    """An emergency goes first, its papers later: one line."""

    line = make_text_field(_("Why, in one line"), required=True, rows=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, auto_id="id_emergency_%s", **kwargs)


class PapersForm(forms.Form):
    """What an emergency that went first still lacks."""

    reason = make_text_field(_("Impression, and why the patient is referred"), required=True)
    question = make_text_field(_("What you ask of the receiver"), required=False, rows=2)

    def __init__(self, *args: Any, along: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        add_along(self, along)


class MessageForm(forms.Form):
    text = make_text_field(_("Message to the other hospital"), required=True, rows=2)


class MoveForm(forms.Form):
    """What one verb takes of whoever does it. version: which the page has shown; places: free ones
    of the schedule, as (slot, words), any of which stands for time and text.
    """

    version = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, move: Move, places: Sequence[tuple[str, str]] = (), **kwargs: Any
    ) -> None:
        super().__init__(*args, auto_id=f"id_{move.verb}_%s", **kwargs)
        if Need.ARRANGEMENT in move.needs:
            self.fields["arranged_for"] = forms.DateTimeField(
                label=_("When the patient is to come"),
                required=False,
                widget=forms.DateTimeInput(
                    attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"
                ),
            )
        if places:
            self.fields["slot"] = forms.ChoiceField(
                label=_("Place from the schedule"), choices=[("", "—"), *places], required=False
            )
        for need in move.needs:
            self.fields["note"] = make_text_field(NEED_WORDS[need], required=not places)
