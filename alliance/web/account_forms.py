"""Forms of one's own account, on allauth's."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import ResetPasswordKeyForm, UserTokenForm
from allauth.core import context
from allauth.mfa.totp.internal.auth import (
    SECRET_SESSION_KEY,
    generate_totp_secret,
    validate_totp_code,
)
from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alliance.auth import throttle
from alliance.auth.backend import StaffBackend
from alliance.auth.second_factor_forms import CountedCodeForm

SAME_PASSWORD = _("This is the password that you have now: choose another.")
PASSWORD_HELP = _(
    "At least twelve characters: several words that do not belong together, nothing of your name or"
    " hospital."
)


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]
    """Another one than now: who made the first password knows it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].help_text = PASSWORD_HELP

    def clean_password1(self) -> str:
        return check_other_password(self.user, self.cleaned_data["password1"])


class ForgottenPasswordForm(forms.Form):
    """Where to send the link. Whether anybody has this address is looked up only after the
    answer (alliance.web.forgotten_password).
    """

    email = forms.EmailField(label=_("E-mail"), max_length=254)


class ReplacePasswordForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password, behind the link of a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = PASSWORD_HELP

    def clean_password1(self) -> str:
        return check_other_password(self.user, self.cleaned_data["password1"])


class ResetLinkForm(UserTokenForm):  # type: ignore[misc]
    """The link of a mail opens only for somebody who may sign in now."""

    def clean(self) -> Any:
        data = super().clean()
        if not StaffBackend().user_can_authenticate(self.reset_user):
            raise ValidationError("")
        return data


def pending_totp_secret(request: Any) -> str:
    """Of an authenticator that is being set up: in the session, encrypted, until it is."""
    if SECRET_SESSION_KEY not in request.session:
        request.session[SECRET_SESSION_KEY] = encrypt(generate_totp_secret())
    return str(decrypt(request.session[SECRET_SESSION_KEY]))


class TotpCodeForm(forms.Form):
    """A code of an authenticator that is being set up. Its key stays the same while the page is
    loaded anew: what was scanned must fit.
    """

    code = forms.CharField(
        label=_("Verification code"),
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}
        ),
    )

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.secret = user, pending_totp_secret(context.request)

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code."""
        code: str = self.cleaned_data["code"]
        if not validate_totp_code(self.secret, code):
            raise ValidationError(_("Incorrect code."))
        return code


class AuthenticatorForm(CountedCodeForm, TotpCodeForm):
    """The first code of a new authenticator: guesses are counted by session, and the code opens
    nothing a second time.
    """

    def buckets(self) -> list[throttle.GuessBucket]:
        return throttle.step_up_buckets(context.request, self.user)


def check_other_password(user: Any, password: str) -> str:
    """Raises ValidationError where it is the password that the account has."""
    if user.check_password(password):
        raise ValidationError(SAME_PASSWORD)
    return password
