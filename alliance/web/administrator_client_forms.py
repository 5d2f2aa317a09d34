"""The form by which an administrator registers a client that acts for them: what it may do, until
when, and once more the authenticator's code.
"""

from typing import Any

from allauth.core import context
from allauth.mfa.models import Authenticator
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from alliance.auth import throttle
from alliance.auth.administration_scopes import AdministrationScope
from alliance.auth.assertion import BadKeySet, parse_public_keys
from alliance.auth.second_factor_forms import CountedCodeForm
from alliance.web.forms import DAY_INPUT, ReasonForm

SCOPE_LABELS = {
    AdministrationScope.HOSPITALS_READ: _("list hospitals"),
    AdministrationScope.HOSPITALS_WRITE: _("admit and suspend hospitals, propose their return"),
    AdministrationScope.CLIENTS_READ: _("list systems"),
    AdministrationScope.CLIENTS_WRITE: _("register, change and revoke systems"),
    AdministrationScope.PROPOSALS_READ: _("list proposals"),
    AdministrationScope.PROPOSALS_WRITE: _("refuse proposals"),
}


class TotpForm(forms.Form):
    """The code that the authenticator of the account shows now."""

    user: Any

    code = forms.CharField(
        label=_("Verification code"),
        max_length=20,
        help_text=_("From your authenticator, once more: a client needs none afterwards."),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code."""
        code: str = self.cleaned_data["code"]
        kept = Authenticator.objects.filter(
            user_id=self.user.pk, type=Authenticator.Type.TOTP
        ).first()
        if kept is None or not kept.wrap().validate_code(code):
            raise ValidationError(_("Incorrect code."))
        return code


class CountedTotpForm(CountedCodeForm, TotpForm):
    """Guesses are counted by session, and the code opens nothing a second time."""

    def buckets(self) -> list[throttle.GuessBucket]:
        return throttle.step_up_buckets(context.request, self.user)


class AdministratorClientForm(CountedTotpForm, ReasonForm):
    name = forms.CharField(
        label=_("Name of the script"), max_length=100, help_text=_("For example: nightly report.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        choices=[(str(scope), label) for scope, label in SCOPE_LABELS.items()],
        widget=forms.CheckboxSelectMultiple,
    )
    last_day = forms.DateField(
        label=_("Last day"), widget=DAY_INPUT, help_text=_("At most a year ahead.")
    )
    jwks = forms.CharField(
        label=_("Public keys (JWK set)"),
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_(
            "Only for a script that signs with a key of its own (private_key_jwt, RS384 or ES384):"
            " it gets no secret then."
        ),
    )
    field_order = ["name", "scopes", "last_day", "reason", "jwks", "code"]

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_scopes(self) -> str:
        return " ".join(self.cleaned_data["scopes"])

    def clean_jwks(self) -> dict[str, Any] | None:
        text: str = self.cleaned_data["jwks"].strip()
        try:
            return parse_public_keys(text.encode()) if text else None
        except BadKeySet as error:
            raise ValidationError(
                gettext("This is no set of public keys that is taken: %(why)s") % {"why": error}
            ) from error

    def clean_code(self) -> str:
        """Looked at once everything else is right, for it opens once."""
        if self.errors:
            raise ValidationError(_("Mend the rest first, then type the code that is shown then."))
        return super().clean_code()
