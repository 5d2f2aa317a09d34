"""Forms of the clinician's and the privacy officer's pages: confirm treatment, open an emergency access, review it, seal a record and open the seal."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from consent.models import Emergency, IncidentSeal
from consent.services.emergencies import HOURS


class TreatForm(forms.Form):
    reason = forms.CharField(label=_("Occasion (visit number, ward, referral)"), min_length=2, max_length=200)


class EmergencyForm(forms.Form):
    ground = forms.ChoiceField(label=_("Ground"), choices=Emergency.Ground.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("What happened, and why the record is needed now"), min_length=5, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    hours = forms.TypedChoiceField(label=_("For how long"), coerce=int, choices=[(h, format_lazy(_("{n} h"), n=h)) for h in HOURS], initial=HOURS[0], widget=forms.RadioSelect)
    sure = forms.BooleanField(label=_("I know that each look is written down with this reason, that a privacy officer reviews it and that the patient is told."))


class ReviewForm(forms.Form):
    finding = forms.ChoiceField(label=_("Finding"), choices=[("", _("Choose a finding")), *Emergency.Finding.choices])
    comment = forms.CharField(label=_("Comment"), min_length=2, max_length=500)


class TellForm(forms.Form):
    how = forms.CharField(label=_("How the patient was told"), min_length=2, max_length=120)


class LiftForm(forms.Form):
    reason = forms.CharField(label=_("Why the seal is opened"), min_length=2, max_length=300)


class SealForm(forms.Form):
    ground = forms.ChoiceField(label=_("Ground"), choices=IncidentSeal.Ground.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("Reason"), min_length=5, max_length=300, widget=forms.Textarea(attrs={"rows": 2}))
    listed = forms.CharField(label=_("Stays open to (account names, separated by spaces; empty: nobody)"), required=False)

    def clean_listed(self) -> list[str]:
        return [n for n in self.cleaned_data["listed"].replace(",", " ").replace("、", " ").split() if n]
