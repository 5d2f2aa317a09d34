"""Sign-in, sign-out, failed sign-in and a new password leave a line in the audit log (GB/T 22239-2019 8.1.4.3 a)."""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_used
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from alliance.auth.bearer import address_of
from alliance.auth.principal import Principal
from alliance.auth.refusals import say
from alliance.auth.session import principal_for
from alliance.models import Staff, User
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome


def write(code: EventCode, outcome: Outcome, request: HttpRequest | None, user: Any) -> None:
    append(Event.of(named(request, user), code, outcome=outcome))


def named(request: HttpRequest | None, user: Any) -> Principal:
    """The account that somebody names or holds; nobody for one that there is not."""
    staff = getattr(user, "staff_or_none", None)
    if staff is not None and request is not None:
        return principal_for(staff, request)
    return Principal("staff", "", 0, "", "", address=address_of(request) if request else "", request_id=getattr(request, "request_id", ""))


def guessed(request: HttpRequest | None, user: Any, reason: str) -> None:
    """A try that failed, or was not looked at. Whoever is signed in was asked to show once more that it is they."""
    stepping_up = request is not None and request.user.is_authenticated
    say(named(request, user), code=EventCode.STEP_UP if stepping_up else EventCode.SIGN_IN, reason=reason, target="", account=stepping_up)


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent by whatever opens a session, asked of nobody: a session of whom StaffBackend throws out with the next request is no success."""
    staff = Staff.objects.select_related("hospital").filter(user_id=user.pk).first()
    if staff is None or not (staff.active and staff.hospital.active):
        say(named(request, user), code=EventCode.SIGN_IN, reason="viewer_inactive", target="", account=False)
    else:
        write(EventCode.SIGN_IN, Outcome.SUCCESS, request, user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        write(EventCode.SIGN_OUT, Outcome.SUCCESS, request, user)


@receiver(user_login_failed)
def sign_in_failed(sender: Any, credentials: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    name = credentials.get("username") or ""
    user = User.objects.filter(username__iexact=name).first() if "\x00" not in name else None
    staff = user.staff_or_none if user is not None else None
    guessed(request, user, "password" if staff is None or (staff.active and staff.hospital.active) else "viewer_inactive")


@receiver(authenticator_used)
def code_used(sender: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        write(EventCode.RECOVERY_CODE_USE, Outcome.SUCCESS, request, user)


@receiver(authenticator_removed)
def factor_removed(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    write(EventCode.SECOND_FACTOR_REMOVE, Outcome.SUCCESS, request, user)


def replaced(user: Any) -> None:
    """The password is the person's own now. `user` may be request.user, which is a stand-in for the User: its type has no `objects`."""
    user.must_change_password = False
    user.save(update_fields=["must_change_password"])


@receiver(password_changed)
def own_password_chosen(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent within the transaction that stores the password (alliance.web.account)."""
    replaced(user)
    write(EventCode.PASSWORD_CHANGE, Outcome.SUCCESS, request, user)


@receiver(password_reset)
def forgotten_password_replaced(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent within the transaction that stores the password (alliance.web.forgotten)."""
    replaced(user)
    write(EventCode.PASSWORD_RESET, Outcome.SUCCESS, request, user)
