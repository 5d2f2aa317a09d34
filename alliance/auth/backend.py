"""Password check for staff, who must be employed at an active member; and allauth's adapter:
nobody signs up by themselves, wrong guesses slow the guesser down, and a session is one person's.
"""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY as METHODS_USER,
)
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY as METHODS
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from alliance.auth import throttle
from alliance.auth.bearer import resolve_client_address
from alliance.auth.identity import (
    LAST_IDENTITY_COOKIE,
    PATIENT_SESSION_KEY,
    hash_identity,
    mark_session_start,
    session_identity,
)
from alliance.auth.signals import log_failed_guess
from alliance.auth.throttle import TooManyGuesses
from alliance.encryption.columns import SECOND_FACTOR_COLUMN, decrypt_text, encrypt_text
from alliance.models import User

DEMO_OFF = gettext_noop(
    "This account belongs to the demo, which is off here: its password and second factor are"
    " published. Ask the administrator of your hospital for an account of your own."
)
NOT_NOW = gettext_noop(
    "This account is not in use today: its employment has not begun or has ended, or the hospital"
    " is suspended. Ask the administrator of your hospital."
)
SUSPICIOUS_GUESSES = (
    3  # wrong codes after the right password, from where the account has never signed in
)


def is_leftover_demo_account(user: Any) -> bool:
    return bool(user.demo and not settings.DEMO)


class StaffBackend(AuthenticationBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        staff = user.staff_or_none if user is not None else None
        return bool(
            super().user_can_authenticate(user)
            and staff
            and staff.active
            and staff.hospital.active
            and not is_leftover_demo_account(user)
        )

    def get_user(self, user_id: Any) -> Any:
        """Asked on each request of a session: an ended employment or a suspended member ends the
        session at once.
        """
        user = super().get_user(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """The same address that the audit log names."""
        return resolve_client_address(request)

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Counted by account and place. Raises ValidationError that says how long to wait."""
        name = credentials.get("username") or ""
        user = User.objects.filter(username__iexact=name).first() if "\x00" not in name else None
        return self.authenticate_counted(
            request, throttle.password_buckets(request, name, user), credentials
        )

    def reauthenticate(self, user: Any, password: str) -> bool:
        """Counted by session: nobody else's guesses keep a person who is signed in from an
        emergency.
        """
        request = context.request
        found = self.authenticate_counted(
            request,
            throttle.step_up_buckets(request, user),
            {"username": user.get_username(), "password": password},
        )
        return found is not None and found.pk == user.pk

    def authenticate_counted(
        self, request: HttpRequest, buckets: list[throttle.GuessBucket], credentials: dict[str, Any]
    ) -> Any:
        try:
            throttle.count_guess(buckets)
        except TooManyGuesses as error:
            log_failed_guess(
                request,
                User.objects.filter(username__iexact=credentials.get("username") or "").first(),
                "wait",
            )
            raise ValidationError(throttle.describe_wait(error)) from error
        AuthenticationBackend.unstash_authenticated_user()
        user = authenticate(request, **credentials)
        outside = AuthenticationBackend.unstash_authenticated_user()
        if user is None and outside is not None:
            raise ValidationError(_(DEMO_OFF if is_leftover_demo_account(outside) else NOT_NOW))
        if user is not None:
            throttle.forgive_last_guess(buckets)
        return user

    def pre_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse | None:
        """With the right password a patient's session in this browser ends, before the second
        factor is asked for.
        """
        request.session.pop(PATIENT_SESSION_KEY, None)
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def login(self, request: HttpRequest, user: Any) -> None:
        """Nothing of the session before is inherited but how this person has just shown who they
        are. The employment may have ended between the two factors.
        """
        if not StaffBackend().user_can_authenticate(user):
            log_failed_guess(request, user, "viewer_inactive")
            messages.error(request, _(NOT_NOW))
            raise ImmediateHttpResponse(redirect("account_login"))
        kept = {k: request.session[k] for k in (METHODS, METHODS_USER) if k in request.session}
        request.session.flush()
        request.session.update(kept)
        mark_session_start(request)
        super().login(request, user)
        if is_mfa_enabled(user):
            throttle.remember_place(request, user)
        if throttle.count_guesses_elsewhere(user) >= SUSPICIOUS_GUESSES:
            messages.warning(
                request,
                _(
                    "Somebody who knows your password has typed wrong codes elsewhere. If it was"
                    " not you, change your password now and tell the administrator of your"
                    " hospital."
                ),
            )

    def post_login(
        self, request: HttpRequest, user: Any, *, redirect_url: str | None, **kwargs: Any
    ) -> HttpResponse:
        """The page that somebody else had open here is not opened in this person's name."""
        last = request.COOKIES.get(LAST_IDENTITY_COOKIE, "")
        if last and last != hash_identity(session_identity(request)):
            redirect_url = reverse("home")
        return super().post_login(request, user, redirect_url=redirect_url, **kwargs)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The password: who is signed in has shown the second factor."""
        return [
            m for m in super().get_reauthentication_methods(user) if m["id"] == "reauthenticate"
        ]


class SecondFactorAdapter(DefaultMFAAdapter):
    """What a second factor is made of lies encrypted: who reads the database, or a dump of it,
    signs in as nobody.
    """

    def encrypt(self, text: str) -> str:
        return encrypt_text(text, SECOND_FACTOR_COLUMN)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt_text(encrypted_text, SECOND_FACTOR_COLUMN)
