"""Forms of one's own account, on allauth's."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import ResetPasswordKeyForm, UserTokenForm
from allauth.core import context
from allauth.mfa.totp.internal.auth import SECRET_SESSION_KEY, generate_totp_secret, validate_totp_code
from allauth.mfa.utils import decrypt, encrypt
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from alliance.auth import throttle
from alliance.auth.backend import StaffBackend
from alliance.auth.codes import Counted

SAME = _("This is the password that you have now: choose another.")
LENGTH = _("At least twelve characters: several words that do not belong together, nothing of your name or hospital.")


class ChangePasswordForm(AllauthChangePasswordForm):  # type: ignore[misc]
    """Another one than now: who made the first password knows it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = ""
        self.fields["password1"].help_text = LENGTH

    def clean_password1(self) -> str:
        return another(self.user, self.cleaned_data["password1"])


class ForgottenForm(forms.Form):
    """Where to send the link. Whether anybody has this address is looked up only after the answer (alliance.web.forgotten)."""

    email = forms.EmailField(label=_("E-mail"), max_length=254)


class ReplaceForm(ResetPasswordKeyForm):  # type: ignore[misc]
    """The new password, behind the link of a mail."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].help_text = LENGTH

    def clean_password1(self) -> str:
        return another(self.user, self.cleaned_data["password1"])


class LinkForm(UserTokenForm):  # type: ignore[misc]
    """The link of a mail opens only for somebody who may sign in now."""

    def clean(self) -> Any:
        data = super().clean()
        if not StaffBackend().user_can_authenticate(self.reset_user):
            raise ValidationError("")
        return data


def pending_secret(request: Any) -> str:
    """Of an authenticator that is being set up: in the session, encrypted, until it is."""
    if SECRET_SESSION_KEY not in request.session:
        request.session[SECRET_SESSION_KEY] = encrypt(generate_totp_secret())
    return str(decrypt(request.session[SECRET_SESSION_KEY]))


class CodeForm(forms.Form):
    """A code of an authenticator that is being set up. Its key stays the same while the page is loaded anew: what was scanned must fit."""

    code = forms.CharField(label=_("Verification code"), widget=forms.TextInput(
        attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "autofocus": True}))

    def __init__(self, *args: Any, user: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.secret = user, pending_secret(context.request)

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong code."""
        code: str = self.cleaned_data["code"]
        if not validate_totp_code(self.secret, code):
            raise ValidationError(_("Incorrect code."))
        return code


class AuthenticatorForm(Counted, CodeForm):
    """The first code of a new authenticator: guesses are counted by session, and the code opens nothing a second time."""

    def buckets(self) -> list[throttle.Bucket]:
        return throttle.for_step_up(context.request, self.user)


def another(user: Any, password: str) -> str:
    """Raises ValidationError where it is the password that the account has."""
    if user.check_password(password):
        raise ValidationError(SAME)
    return password

