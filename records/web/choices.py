"""The form by which a patient's consent is recorded: a template in plain words, to whom, of whom, which kinds, how it was given."""

import base64
import binascii
import datetime as dt
import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.models import Directive
from consent.templates import ALL_KINDS, GROUPS, KINDS, Choice, Template

TEMPLATES = [
    (Template.SHARE.value, _("Share with all hospitals of the alliance")), (Template.ONLY.value, _("Share only with these hospitals")),
    (Template.WITHOUT.value, _("Share, but not these kinds of record")), (Template.NOTHING.value, _("Share nothing")),
]
KIND_WORDS = {
    "HIV": _("HIV"), "PSY": _("mental health"), "ETH": _("addiction"), "SEX": _("reproduction"), "STD": _("sexually transmitted diseases"), "GDIS": _("genetics"),
    "SDV": _("violence and abuse"), ALL_KINDS: _("all specially protected records"),
}
GROUP_WORDS = {"results": _("results and images"), "medicines": _("medicines"), "problems": _("diagnoses, allergies and operations"), "encounters": _("visits"), "documents": _("letters and notes")}
METHODS = [m for m in Directive.Method.choices if m[0] != Directive.Method.SYSTEM]
PNG = "data:image/png;base64,"
LARGEST, LARGEST_SCAN = 200_000, 2_000_000
SCANS = {b"\x89PNG\r\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"%PDF-": "application/pdf"}  # by what a file begins with
MEMBERS: dict[str, Any] = {"required": False, "to_field_name": "code", "widget": forms.CheckboxSelectMultiple}


class ConsentForm(forms.Form):
    template = forms.ChoiceField(label=_("The patient chooses"), choices=TEMPLATES, widget=forms.RadioSelect)
    recipients = forms.ModelMultipleChoiceField(Hospital.objects.none(), label=_("May be seen by (none marked: all)"), **MEMBERS)
    doctors = forms.CharField(label=_("Doctors beside these hospitals, or alone (user names, with commas)"), max_length=200, required=False)
    sources = forms.ModelMultipleChoiceField(Hospital.objects.none(), label=_("Records of (none marked: all)"), **MEMBERS)
    kinds = forms.MultipleChoiceField(label=_("Specially protected records: shared only where marked; with “not these kinds” held back where marked"), required=False,
                                      choices=[(k, KIND_WORDS[k]) for k in (*KINDS, ALL_KINDS)], widget=forms.CheckboxSelectMultiple)
    groups = forms.MultipleChoiceField(label=_("Held back by “not these kinds”"), required=False, choices=[(g, GROUP_WORDS[g]) for g in GROUPS], widget=forms.CheckboxSelectMultiple)
    until = forms.DateField(label=_("Until (empty: until withdrawn)"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    method = forms.ChoiceField(label=_("How it was given"), choices=METHODS)
    evidence = forms.CharField(label=_("Where the signed paper is kept"), max_length=120)
    guardian = forms.CharField(label=_("Guardian who signs (for patients under 14)"), max_length=60, required=False)
    scan = forms.FileField(label=_("Scan or photo of the signed paper (PNG, JPEG or PDF, up to 2 MB)"), required=False,
                           widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,application/pdf"}))
    signature = forms.CharField(required=False, widget=forms.HiddenInput)
    instead = forms.BooleanField(label=_("This takes the place of all that he decided before"), required=False, initial=True)

    def __init__(self, *args: Any, minor: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minor = minor
        for name in ("sources", "recipients"):
            self.fields[name].queryset = Hospital.objects.all()  # type: ignore[attr-defined]

    def clean_until(self) -> dt.datetime | None:
        day = self.cleaned_data["until"]
        if day is None:
            return None
        if day < timezone.localdate():
            raise forms.ValidationError(_("This day is over: choose a later one."))
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))

    def clean_doctors(self) -> list[str]:
        """Their numbers."""
        names = [n.strip() for n in re.split("[,，、]", self.cleaned_data["doctors"]) if n.strip()]
        found = dict(Staff.objects.filter(user__username__in=names, role=Role.CLINICIAN).values_list("user__username", "pk"))
        if unknown := [n for n in names if n not in found]:
            raise forms.ValidationError(_("No clinician has the user name %s.") % unknown[0])
        return [str(found[n]) for n in dict.fromkeys(names)]

    def clean_scan(self) -> tuple[bytes, str] | None:
        file = self.cleaned_data["scan"]
        if file is None:
            return None
        content = file.read(LARGEST_SCAN + 1)
        kind = next((t for start, t in SCANS.items() if content.startswith(start)), None)
        if kind is None or len(content) > LARGEST_SCAN:
            raise forms.ValidationError(_("The scan is no PNG, JPEG or PDF of at most 2 MB."))
        return content, kind

    def clean_signature(self) -> bytes | None:
        text = self.cleaned_data["signature"]
        if not text:
            return None
        try:
            image = base64.b64decode(text.removeprefix(PNG), validate=True)
        except binascii.Error:
            image = b""
        if not text.startswith(PNG) or not image.startswith(b"\x89PNG") or len(image) > LARGEST:
            raise forms.ValidationError(_("The signature is no PNG image of at most 200 KB: sign again."))
        return image

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.minor and not data.get("guardian"):
            self.add_error("guardian", _("The patient is under 14: a guardian signs (PIPL 31)."))
        if data.get("template") == Template.ONLY and not data.get("recipients") and not data.get("doctors") and "doctors" not in self.errors:
            self.add_error("recipients", _("Name at least one hospital or doctor who may see the records."))
        if data.get("template") == Template.WITHOUT and not data.get("kinds") and not data.get("groups"):
            self.add_error("groups", _("Name at least one kind of record that is not shared."))
        if data.get("signature") and data.get("scan"):
            self.add_error("scan", _("Only one is kept: the signature on the screen or the scan. Wipe the one, or leave the other out."))
        if data.get("method") == Directive.Method.SCREEN and not data.get("signature"):
            self.add_error("method", _("Nobody has signed on the screen yet."))
        return data

    def choice(self) -> Choice:
        """What was picked, of a valid form; what the template does not ask for counts for nothing, whatever was marked before."""
        data, template = self.cleaned_data, Template(self.cleaned_data["template"])
        recipients = [] if template is Template.SHARE else [h.code for h in data["recipients"]]
        kinds, groups = [] if template is Template.NOTHING else data["kinds"], data["groups"] if template is Template.WITHOUT else []
        staff = data["doctors"] if template is Template.ONLY else []
        return Choice(template, recipients, [h.code for h in data["sources"]], kinds, groups, staff)

    def image(self) -> tuple[bytes, str] | None:
        """Of the signature on the screen, or of the signed paper."""
        drawn = self.cleaned_data["signature"]
        return (drawn, "image/png") if drawn else self.cleaned_data["scan"]
