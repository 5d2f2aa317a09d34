"""The forms by which a second person confirms or refuses, and says what they compared."""

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

COMPARED_CHOICES = [
    ("card", gettext_lazy("The citizen number on the identity card")),
    ("document", gettext_lazy("The number on another document")),
    ("paper", gettext_lazy("Something else")),
]


class CardForm(forms.Form):
    """What was compared with what the index knows: a number that is read from a card, or
    something else in words.
    """

    compared = forms.ChoiceField(
        label=gettext_lazy("What did you compare?"),
        choices=COMPARED_CHOICES,
        widget=forms.RadioSelect,
        initial="card",
    )
    number = forms.CharField(
        label=gettext_lazy("The number, as it stands there"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    evidence = forms.CharField(
        label=gettext_lazy("Otherwise: what you compared"),
        max_length=150,
        required=False,
        help_text=gettext_lazy("No name or number of the patient."),
    )

    def clean(self) -> dict[str, str]:
        data = super().clean() or {}
        needed = "evidence" if data.get("compared") == "paper" else "number"
        if data.get("compared") and len(data.get(needed, "").strip()) < 2:
            self.add_error(
                needed,
                (
                    _("Type the number from the card.")
                    if needed == "number"
                    else _("Say what you compared.")
                ),
            )
        return data


class PaperForm(forms.Form):
    """What was compared with a decision that somebody has recorded."""

    evidence = forms.CharField(
        label=gettext_lazy(
            "What you compared (the signed paper, the scan, a call with the patient)"
        ),
        min_length=2,
        max_length=150,
        help_text=gettext_lazy("No name or number of the patient."),
    )


class RefusalForm(PaperForm):
    """Why a hospital does not treat the patient."""

    evidence = forms.CharField(
        label=gettext_lazy("Why, and what you compared"),
        min_length=2,
        max_length=150,
        help_text=gettext_lazy("No name or number of the patient."),
    )


class IntakeForm(PaperForm):
    """How the list of a new member was compared."""

    evidence = forms.CharField(
        label=gettext_lazy("Which list you compared, and with what"),
        min_length=2,
        max_length=150,
        help_text=gettext_lazy("No name or number of the patient."),
    )
