"""Forms of the clinician's and the privacy officer's pages: confirm treatment, open an emergency
access, review it, seal a record and open the seal.
"""

from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from alliance.auth.principal import Principal
from alliance.models import Hospital
from consent.models import Emergency, IncidentSeal
from consent.services.emergencies import EMERGENCY_HOURS


class TreatmentForm(forms.Form):
    reason = forms.CharField(
        label=_("Occasion (visit number, ward, referral)"), min_length=2, max_length=200
    )


class EmergencyForm(forms.Form):
    ground = forms.ChoiceField(
        label=_("Ground"), choices=Emergency.Ground.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("What happened, and why the record is needed now"),
        min_length=5,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    hours = forms.TypedChoiceField(
        label=_("For how long"),
        coerce=int,
        choices=[(h, format_lazy(_("{n} h"), n=h)) for h in EMERGENCY_HOURS],
        initial=EMERGENCY_HOURS[0],
        widget=forms.RadioSelect,
    )
    sure = forms.BooleanField(
        label=_(
            "I know that each look is written down with this reason, that a privacy officer reviews"
            " it and that the patient is told."
        )
    )


class EmergencyReviewForm(forms.Form):
    finding = forms.ChoiceField(
        label=_("Finding"),
        choices=[
            ("", _("Choose a finding")),
            *(c for c in Emergency.Finding.choices if c[0] != Emergency.Finding.DOUBTFUL),
        ],
    )
    comment = forms.CharField(label=_("Comment"), min_length=2, max_length=500)


class PatientToldForm(forms.Form):
    how = forms.CharField(label=_("How the patient was told"), min_length=2, max_length=120)


class UnsealForm(forms.Form):
    reason = forms.CharField(label=_("Why the seal is opened"), min_length=2, max_length=300)


class IncidentSealForm(forms.Form):
    ground = forms.ChoiceField(
        label=_("Ground"), choices=IncidentSeal.Ground.choices, widget=forms.RadioSelect
    )
    reason = forms.CharField(
        label=_("Reason"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )
    listed = forms.CharField(
        label=_("Stays open to (account names, separated by spaces; empty: nobody)"), required=False
    )

    def __init__(self, *args: Any, officers: list[Principal], **kwargs: Any) -> None:
        """officers: the one who seals, as the officer of each hospital whose record they may."""
        super().__init__(*args, **kwargs)
        if len(officers) > 1:
            codes = [o.hospital for o in officers]
            names = {h.code: h.name for h in Hospital.objects.filter(code__in=codes)}
            self.fields["hospital"] = forms.ChoiceField(
                label=_("Whose record"), choices=[(c, names[c]) for c in codes]
            )

    def clean_listed(self) -> list[str]:
        return [
            n for n in self.cleaned_data["listed"].replace(",", " ").replace("、", " ").split() if n
        ]
