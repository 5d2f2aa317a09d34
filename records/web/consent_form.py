"""The forms by which a patient's decision is recorded: what is decided, one question a step;
then, read back, how it was given.
"""

import base64
import binascii
import datetime as dt
import re
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from alliance.models import Hospital, Staff
from alliance.platform.dates import format_last_day
from alliance.roles import Role
from consent.models import Directive
from consent.templates import (
    ALL_KINDS,
    SENSITIVE_KINDS,
    TYPES_BY_RECORD_GROUP,
    ChoiceFault,
    ConsentChoice,
    ConsentTemplate,
    find_choice_faults,
)

TEMPLATES = [
    (ConsentTemplate.SHARE.value, _("All hospitals of the alliance may see the records")),
    (ConsentTemplate.ONLY.value, _("Only these hospitals or doctors may see the records")),
    (ConsentTemplate.WITHOUT.value, _("The records may be seen, but not these kinds")),
    (ConsentTemplate.REFUSE.value, _("These hospitals or doctors may not see the records")),
    (ConsentTemplate.NOTHING.value, _("No other hospital may see the records")),
]
KIND_TEXT = {
    "HIV": _("HIV"),
    "PSY": _("mental health"),
    "ETH": _("substance use"),
    "SEX": _("reproduction"),
    "STD": _("sexually transmitted diseases"),
    "GDIS": _("genetic information"),
    "SDV": _("domestic violence and abuse"),
    ALL_KINDS: _("all specially protected records"),
}
SHARED_KIND_TEXT = {  # where a rule permits the kind
    ALL_KINDS: _("all specially protected records but the very restricted ones"),
    "V": _("all specially protected records, the very restricted ones too"),
}
ACTION_TEXT = {"collect": _("to collect"), "correct": _("to correct")}
CODE_TEXT = KIND_TEXT | {  # what the form does not offer, and systems send
    "U": _("records that are not specially protected"),
    "L": _("records that are not specially protected"),
    "M": _("records that are not specially protected"),
    "N": _("records that are not specially protected"),
    "V": _("the very restricted records"),
    "PSYTHPN": _("mental health"),
    "MH": _("mental health"),
    "SUD": _("substance use"),
    "ETHUD": _("alcohol use"),
    "OPIOIDUD": _("opioid use"),
    "DVD": _("developmental disability"),
    "ADOL": _("confidential records of minors"),
}
GROUP_TEXT = {
    "results": _("results and images"),
    "medicines": _("medicines"),
    "problems": _("diagnoses, allergies and operations"),
    "encounters": _("visits"),
    "documents": _("letters and notes"),
}
PURPOSE_TEXT = {
    "ETREAT": _("emergency treatment"),
    "BTG": _("emergency access"),
    "HPAYMT": _("payment"),
    "HOPERAT": _("running the hospital"),
    "HQUALIMP": _("quality of care"),
    "CLINTRCH": _("clinical trials"),
    "PATADMIN": _("administration"),
    "PATRQT": _("the patient's own wish"),
    "HRESCH": _("research"),
    "PUBHLTH": _("public health"),
}
METHODS = [
    m
    for m in Directive.Method.choices
    if m[0] not in (Directive.Method.SYSTEM, Directive.Method.ONLINE)
]  # staff say how; a system and the patient have ways of their own
PNG_PREFIX = "data:image/png;base64,"
MAX_SIGNATURE_BYTES, MAX_SCAN_BYTES = 200_000, 2_000_000
SCAN_TYPES = {
    b"\x89PNG\r\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"%PDF-": "application/pdf",
}  # by what a file begins with
MEMBER_FIELD: dict[str, Any] = {
    "required": False,
    "to_field_name": "code",
    "widget": forms.CheckboxSelectMultiple,
}
FORM_FIELD = {"staff": "doctors"}  # field of a Choice -> field of the form, where they differ
FAULT_ADVICE = {  # (field of the form, why it has no meaning) -> what to do
    ("recipients", ChoiceFault.UNASKED): _(
        "What is chosen above names no hospitals: unmark these, or choose above that only these, or"
        " not these, may see the records."
    ),
    ("doctors", ChoiceFault.UNASKED): _(
        "What is chosen above names no doctors: empty this, or choose above that only these, or not"
        " these, may see the records."
    ),
    ("kinds", ChoiceFault.UNASKED): _(
        "What is chosen above closes all kinds of record: unmark these, or choose above that the"
        " records may be seen."
    ),
    ("groups", ChoiceFault.UNASKED): _(
        "What is chosen above holds back no kinds of record: unmark these, or choose above “but not"
        " these kinds”."
    ),
    ("recipients", ChoiceFault.MISSING): _("Name at least one hospital or doctor."),
    ("groups", ChoiceFault.MISSING): _("Name at least one kind of record that is not shared."),
    ("sources", ChoiceFault.OWN): _(
        "A hospital always sees its own records: for one that is named above as the one who looks,"
        " mark another hospital here, or none."
    ),
}


class ConsentDecisionForm(forms.Form):
    """What the patient decides; which of the questions are asked follows from the first answer
    (consent/templates.ASKS).
    """

    template = forms.ChoiceField(
        label=_("What does the patient decide?"), choices=TEMPLATES, widget=forms.RadioSelect
    )
    recipients = forms.ModelMultipleChoiceField(
        Hospital.objects.none(), label=_("Hospitals"), **MEMBER_FIELD
    )
    doctors = forms.CharField(
        label=_("Doctors (user names, with commas between them)"), max_length=200, required=False
    )
    sources = forms.ModelMultipleChoiceField(
        Hospital.objects.none(), label=_("Records of these hospitals"), **MEMBER_FIELD
    )
    kinds = forms.MultipleChoiceField(
        label=_("Specially protected records"),
        required=False,
        choices=[(k, KIND_TEXT[k]) for k in (*SENSITIVE_KINDS, ALL_KINDS)],
        widget=forms.CheckboxSelectMultiple,
    )
    groups = forms.MultipleChoiceField(
        label=_("Kinds of record"),
        required=False,
        choices=[(g, GROUP_TEXT[g]) for g in TYPES_BY_RECORD_GROUP],
        widget=forms.CheckboxSelectMultiple,
    )
    until = forms.DateField(
        label=_("Last day (empty: until it is withdrawn)"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    instead = forms.BooleanField(
        label=_("This takes the place of all earlier decisions of the patient"),
        required=False,
        initial=True,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.doctor_hospitals: set[str] = set()  # hospitals of the doctors who are named
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
        found = {
            s.user.username: s
            for s in Staff.objects.filter(
                user__username__in=names, role=Role.CLINICIAN
            ).select_related("user", "hospital")
        }
        if unknown := [n for n in names if n not in found]:
            raise forms.ValidationError(_("No clinician has the user name %s.") % unknown[0])
        self.doctor_hospitals = {found[n].hospital.code for n in names}
        return [str(found[n].pk) for n in dict.fromkeys(names)]

    def clean(self) -> dict[str, Any]:
        """Refuses what the choice does not ask about, instead of leaving it out or reading it
        otherwise.
        """
        data = super().clean() or {}
        if "template" in data and not self.errors:
            to_choice = self.choice()
            for name, fault in find_choice_faults(to_choice):
                field = FORM_FIELD.get(name, name)
                self.add_error(field, FAULT_ADVICE[field, fault])
            if not self.errors and any(
                set(to_choice.sources) == {home} for home in self.doctor_hospitals
            ):
                self.add_error("sources", FAULT_ADVICE["sources", ChoiceFault.OWN])
        return data

    @property
    def last_day(self) -> str:
        """The last day on which the decision holds, of a valid form; "": until it is withdrawn."""
        return format_last_day(self.cleaned_data["until"])

    def choice(self) -> ConsentChoice:
        """What was picked, as it stands in the form."""
        data = self.cleaned_data
        codes = {name: [h.code for h in data.get(name, [])] for name in ("recipients", "sources")}
        return ConsentChoice(
            ConsentTemplate(data["template"]),
            codes["recipients"],
            codes["sources"],
            data["kinds"],
            data["groups"],
            data.get("doctors", []),
        )


class ConsentGivingForm(forms.Form):
    """How the patient gave the decision that was read back to them."""

    method = forms.ChoiceField(label=_("How it was given"), choices=METHODS)
    evidence = forms.CharField(label=_("Where the signed paper is kept"), max_length=120)
    guardian = forms.CharField(
        label=_("Guardian who signs (for patients under 14)"), max_length=60, required=False
    )
    scan = forms.FileField(
        label=_("Scan or photo of the signed paper (PNG, JPEG or PDF, up to 2 MB)"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,application/pdf"}),
    )
    signature = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, minor: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.minor = minor

    def clean_scan(self) -> tuple[bytes, str] | None:
        file = self.cleaned_data["scan"]
        if file is None:
            return None
        content = file.read(MAX_SCAN_BYTES + 1)
        kind = next((t for start, t in SCAN_TYPES.items() if content.startswith(start)), None)
        if kind is None or len(content) > MAX_SCAN_BYTES:
            raise forms.ValidationError(_("The scan is no PNG, JPEG or PDF of at most 2 MB."))
        return content, kind

    def clean_signature(self) -> bytes | None:
        text = self.cleaned_data["signature"]
        if not text:
            return None
        try:
            signed_image = base64.b64decode(text.removeprefix(PNG_PREFIX), validate=True)
        except binascii.Error:
            signed_image = b""
        if (
            not text.startswith(PNG_PREFIX)
            or not signed_image.startswith(b"\x89PNG")
            or len(signed_image) > MAX_SIGNATURE_BYTES
        ):
            raise forms.ValidationError(
                _("The signature is no PNG image of at most 200 KB: sign again.")
            )
        return signed_image

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.minor and not data.get("guardian"):
            self.add_error("guardian", _("The patient is under 14: a guardian signs (PIPL 31)."))
        if data.get("signature") and data.get("scan"):
            self.add_error(
                "scan",
                _(
                    "Only one is kept: the signature on the screen or the scan. Erase the one, or"
                    " leave the other out."
                ),
            )
        if data.get("method") == Directive.Method.SCREEN and not data.get("signature"):
            self.add_error("method", _("Nobody has signed on the screen yet."))
        return data

    def image(self) -> tuple[bytes, str] | None:
        """Of the signature on the screen, or of the signed paper."""
        drawn = self.cleaned_data["signature"]
        return (drawn, "image/png") if drawn else self.cleaned_data["scan"]


class ConsentGuardianForm(forms.Form):
    """On the patient's own page: only who signs for a child."""

    guardian = forms.CharField(label=_("Guardian who decides for the child"), max_length=60)
