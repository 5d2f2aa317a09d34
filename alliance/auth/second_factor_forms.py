"""The second factor's forms: guesses are counted, and a code opens once in its whole window (RFC
6238 5.2).
"""

import hashlib
from typing import Any

from allauth.core import context
from allauth.mfa import app_settings
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from alliance.auth import throttle
from alliance.auth.signals import log_failed_guess
from alliance.auth.throttle import TooManyGuesses


def used_code_key(user: Any, code: str) -> str:
    digits = "".join(c for c in code if c.isalnum())
    return "code-used:" + hashlib.sha256(f"{user.pk}|{digits}".encode()).hexdigest()


def used_code_error() -> ValidationError:
    return ValidationError(
        _("This code has been used already. Wait until your authenticator shows the next one.")
    )


def mark_code_used(user: Any, code: str) -> None:
    """Mark the code as used until no tolerance accepts it any more, for all processes. Raises
    ValidationError where it was used before.
    """
    if not cache.add(
        used_code_key(user, code),
        True,
        app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 2),
    ):
        raise used_code_error()


class CountedCodeForm:
    """A form with a code: counted before it is looked at, forgiven where it is right."""

    user: Any

    def buckets(self) -> list[throttle.GuessBucket]:
        return throttle.code_buckets(context.request, self.user)

    def clean_code(self) -> str:
        buckets = self.buckets()
        try:
            throttle.count_guess(buckets)
        except TooManyGuesses as error:
            log_failed_guess(context.request, self.user, "wait")
            raise ValidationError(throttle.describe_wait(error)) from error
        if cache.get(used_code_key(self.user, self.cleaned_data["code"])):
            throttle.forgive_last_guess(
                buckets
            )  # it was right once: whoever is quicker than their authenticator guesses nothing
            log_failed_guess(context.request, self.user, "used_code")
            raise used_code_error()
        try:
            code: str = super().clean_code()  # type: ignore[misc]
        except ValidationError:
            log_failed_guess(context.request, self.user, "code")
            raise
        throttle.forgive_last_guess(buckets)
        mark_code_used(self.user, code)
        return code


class SignInCodeForm(CountedCodeForm, AuthenticateForm):  # type: ignore[misc]
    pass


class StepUpCodeForm(CountedCodeForm, ReauthenticateForm):  # type: ignore[misc]
    def buckets(self) -> list[throttle.GuessBucket]:
        return throttle.step_up_buckets(context.request, self.user)
