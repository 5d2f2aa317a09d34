"""Forms of the members' systems: which scopes their tokens may have at most, and from where their pages are shown."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.auth import origins
from alliance.auth.scopes import HOSTED, READING, WHOLE, BadScope, parse
from alliance.models import Client, Hospital

ALL, READ, THESE = "all", "read", "these"
PRESETS = {ALL: WHOLE, READ: READING}


class MayForm(forms.Form):
    """What a system may be granted; everything where nothing is chosen."""

    may = forms.ChoiceField(label=_("Its tokens may have at most"), required=False, initial=ALL, widget=forms.RadioSelect, choices=[
        (ALL, _("everything: read, search and write")), (READ, _("read and search only")), (THESE, _("these scopes:"))])
    scopes = forms.CharField(label=_("Scopes"), required=False, max_length=4000, help_text=_(
        "Only with “these scopes”: a space between them, for example system/Observation.rs system/Patient.rs. Letters: c create, r read, u update, d delete, s search."))
    origins = forms.CharField(label=_("Origins of its pages in browsers"), required=False, max_length=4000, help_text=_(
        "Only for a system whose pages ask the platform themselves, for example https://app.example.org."))

    def clean_origins(self) -> list[str]:
        try:
            found = origins.parse(self.cleaned_data["origins"])
        except origins.BadOrigin as error:
            raise ValidationError(gettext("%(origin)s is no origin of a page: write https:// and the host, with a port where it is not the usual one.") % {"origin": error}) from error
        if len(found) > origins.MOST:
            raise ValidationError(gettext("At most %(most)s origins are taken.") % {"most": origins.MOST})
        return found

    def clean(self) -> dict[str, Any]:
        """scopes: as they are kept."""
        data = super().clean() or {}
        preset = PRESETS.get(data.get("may") or ALL)
        if preset and data.get("scopes"):
            self.add_error("scopes", _("Choose “these scopes”, or leave this empty."))
            return data
        try:
            data["scopes"] = str(preset or parse(data.get("scopes", ""), HOSTED))
        except BadScope as error:
            self.add_error("scopes", gettext(error.template) % error.values)
        return data


class ClientForm(MayForm, forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Client
        fields = ["hospital", "name"]
        labels = {"hospital": _("Hospital"), "name": _("System's name")}

    field_order = ["hospital", "name", "may", "scopes", "origins"]

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]


class ClientChangeForm(MayForm):
    reason = forms.CharField(label=_("Reason"), min_length=2, max_length=200, help_text=_("It stands in the audit log: no patient's name or number."))


def shown(client: Client) -> dict[str, str]:
    """What the form of a system begins with."""
    may = next((name for name, grant in PRESETS.items() if str(grant) == client.scopes), THESE)
    return {"may": may, "scopes": client.scopes if may == THESE else "", "origins": " ".join(client.origins)}
