"""The second factor's forms: guesses are counted, and a code opens once in its whole window (RFC 6238 5.2)."""

import hashlib
from typing import Any

from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth import throttle
from alliance.auth.signals import guessed
from alliance.auth.throttle import TooManyGuesses


def use_key(user: Any, code: str) -> str:
    digits = "".join(c for c in code if c.isalnum())
    return "code-used:" + hashlib.sha256(f"{user.pk}|{digits}".encode()).hexdigest()


def used() -> ValidationError:
    return ValidationError(_("This code has been used already. Wait until your authenticator shows the next one."))


def use(user: Any, code: str) -> None:
    """Mark the code as used until no tolerance accepts it any more, for all processes. Raises ValidationError where it was used before."""
    if not cache.add(use_key(user, code), True, app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 2)):
        raise used()


class Counted:
    """A form with a code: counted before it is looked at, forgiven where it is right."""

    user: Any

    def buckets(self) -> list[throttle.Bucket]:
        return throttle.for_code(context.request, self.user)

    def clean_code(self) -> str:
        buckets = self.buckets()
        try:
            throttle.count(buckets)
        except TooManyGuesses as error:
            guessed(context.request, self.user, "wait")
            raise ValidationError(throttle.told(error)) from error
        if cache.get(use_key(self.user, self.cleaned_data["code"])):
            throttle.forgive(buckets)  # it was right once: whoever is quicker than their authenticator guesses nothing
            guessed(context.request, self.user, "used_code")
            raise used()
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            guessed(context.request, self.user, "code")
            raise
        throttle.forgive(buckets)
        use(self.user, code)
        return code


class SignInCode(Counted, AuthenticateForm):  # type: ignore[misc]
    pass


class StepUpCode(Counted, ReauthenticateForm):  # type: ignore[misc]
    def buckets(self) -> list[throttle.Bucket]:
        return throttle.for_step_up(context.request, self.user)
