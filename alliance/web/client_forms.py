"""Forms of the members' systems: which scopes their tokens may have at most, and from where
their pages are shown.
"""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.auth import origins
from alliance.auth.scopes import FULL_GRANT, HOSTED_TYPES, READ_GRANT, BadScope, parse_scopes
from alliance.models import Client, Hospital
from alliance.web.empty_choices import word_empty_choices

ALL, READ, THESE = "all", "read", "these"
SCOPE_PRESETS = {ALL: FULL_GRANT, READ: READ_GRANT}


class ScopeChoiceForm(forms.Form):
    """What a system may be granted; everything where nothing is chosen."""

    may = forms.ChoiceField(
        label=_("Its tokens may have at most"),
        required=False,
        initial=ALL,
        widget=forms.RadioSelect,
        choices=[
            (ALL, _("everything: read, search and write")),
            (READ, _("read and search only")),
            (THESE, _("these scopes:")),
        ],
    )
    scopes = forms.CharField(
        label=_("Scopes"),
        required=False,
        max_length=4000,
        help_text=_(
            "Only with “these scopes”: a space between them, for example system/Observation.rs"
            " system/Patient.rs. Letters: c create, r read, u update, d delete, s search."
            " alliance/AuditEvent.rs: what its own hospital did, of the audit log."
        ),
    )
    origins = forms.CharField(
        label=_("Origins of its pages in browsers"),
        required=False,
        max_length=4000,
        help_text=_(
            "Only for a system whose pages ask the platform themselves, for example"
            " https://app.example.org."
        ),
    )

    may_launch = forms.BooleanField(
        label=_("It opens records as doctors of its hospital"),
        required=False,
        help_text=_(
            "For a hospital information system: one click there shows the doctor the patient's"
            " record here, to be read. Other hospitals' records only where the doctor has allowed"
            " it."
        ),
    )
    frame_origins = forms.CharField(
        label=_("Origins of its pages that show the record in a frame"),
        required=False,
        max_length=4000,
        help_text=_(
            "Only for a system that opens records inside its own pages. Without one they open in a"
            " window of their own."
        ),
    )

    def clean_origins(self) -> list[str]:
        return self.parse_origin_field("origins")

    def clean_frame_origins(self) -> list[str]:
        return self.parse_origin_field("frame_origins")

    def parse_origin_field(self, name: str) -> list[str]:
        try:
            found = origins.parse_origins(self.cleaned_data[name])
        except origins.BadOrigin as error:
            raise ValidationError(
                gettext(
                    "%(origin)s is no origin of a page: write https:// and the host, with a port"
                    " where it is not the usual one."
                )
                % {"origin": error}
            ) from error
        if len(found) > origins.MAX_ORIGINS:
            raise ValidationError(
                gettext("At most %(most)s origins are taken.") % {"most": origins.MAX_ORIGINS}
            )
        return found

    def clean(self) -> dict[str, Any]:
        """scopes: as they are kept."""
        data = super().clean() or {}
        if data.get("frame_origins") and not data.get("may_launch"):
            self.add_error(
                "frame_origins", _("Only a system that opens records shows them in a frame.")
            )
        preset = SCOPE_PRESETS.get(data.get("may") or ALL)
        if preset and data.get("scopes"):
            self.add_error("scopes", _("Choose “these scopes”, or leave this empty."))
            return data
        try:
            data["scopes"] = str(preset or parse_scopes(data.get("scopes", ""), HOSTED_TYPES))
        except BadScope as error:
            self.add_error("scopes", gettext(error.template) % error.values)
        return data


class ClientForm(ScopeChoiceForm, forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Client
        fields = ["hospital", "name"]
        labels = {"hospital": _("Hospital"), "name": _("System's name")}

    field_order = ["hospital", "name", "may", "scopes", "origins", "may_launch", "frame_origins"]

    def __init__(self, *args: Any, hospitals: list[Hospital], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        word_empty_choices(self)
        self.fields["hospital"].queryset = Hospital.objects.filter(pk__in=[h.pk for h in hospitals])  # type: ignore[attr-defined]


class ClientChangeForm(ScopeChoiceForm):
    reason = forms.CharField(
        label=_("Reason"),
        min_length=2,
        max_length=200,
        help_text=_("It stands in the audit log: no patient's name or number."),
    )


def client_form_values(client: Client) -> dict[str, str | bool]:
    """What the form of a system begins with."""
    may = next(
        (name for name, grant in SCOPE_PRESETS.items() if str(grant) == client.scopes), THESE
    )
    return {
        "may": may,
        "scopes": client.scopes if may == THESE else "",
        "origins": " ".join(client.origins),
        "may_launch": client.may_launch,
        "frame_origins": " ".join(client.frame_origins),
    }
