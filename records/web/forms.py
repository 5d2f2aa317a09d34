"""Forms of the clinician's pages: declare treatment, break the glass, record a directive."""

import datetime as dt

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital
from consent.models import Directive, Emergency
from consent.services.emergencies import HOURS


class TreatForm(forms.Form):
    reason = forms.CharField(label=_("Occasion (visit number, ward, referral)"), min_length=2, max_length=200)


class EmergencyForm(forms.Form):
    ground = forms.ChoiceField(label=_("Ground"), choices=Emergency.Ground.choices, widget=forms.RadioSelect)
    reason = forms.CharField(label=_("What happened, and why the record is needed now"), min_length=5, max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    hours = forms.TypedChoiceField(label=_("For how long"), coerce=int, choices=[(h, _("%(n)s h") % {"n": h}) for h in HOURS], initial=HOURS[0], widget=forms.RadioSelect)
    sure = forms.BooleanField(label=_("I know that each look is written down with this reason, and stands out for the auditor."))


class DirectiveForm(forms.Form):
    effect = forms.ChoiceField(label=_("Decision"), choices=Directive.Effect.choices, widget=forms.RadioSelect)
    source = forms.ModelChoiceField(label=_("Records of"), queryset=Hospital.objects.none(), required=False, empty_label=_("all member hospitals"))
    recipient = forms.ModelChoiceField(label=_("may be seen by"), queryset=Hospital.objects.none(), required=False, empty_label=_("all member hospitals"))
    sensitive = forms.BooleanField(label=_("Includes specially protected records (HIV, mental health, addiction, sexual health, genetics, violence)"), required=False)
    until = forms.DateField(label=_("Until (empty: until withdrawn)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    method = forms.ChoiceField(label=_("How it was given"), choices=Directive.Method.choices)
    evidence = forms.CharField(label=_("Where the signed paper is kept"), max_length=120)

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        for name in ("source", "recipient"):
            self.fields[name].queryset = Hospital.objects.all()  # type: ignore[attr-defined]

    def clean_until(self) -> dt.datetime | None:
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is over: choose a later one."))
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))
