"""Sign-in, sign-out, failed sign-in and a new password leave a line in the audit log (GB/T
22239-2019 8.1.4.3 a).
"""

from typing import Any

from allauth.account.signals import password_changed, password_reset
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_removed, authenticator_used
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from alliance.auth.bearer import resolve_client_address
from alliance.auth.principal import Principal
from alliance.auth.refusal_log import log_caller_refusal
from alliance.auth.session import principal_from_session
from alliance.models import Staff, User
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode


def append_account_event(
    code: EventCode, outcome: AuditOutcome, request: HttpRequest | None, user: Any
) -> None:
    append_event(
        AuditEvent.from_principal(principal_of_account(request, user), code, outcome=outcome)
    )


def principal_of_account(request: HttpRequest | None, user: Any) -> Principal:
    """The account that somebody names or holds; nobody for one that there is not."""
    staff = getattr(user, "staff_or_none", None)
    if staff is not None and request is not None:
        return principal_from_session(staff, request)
    return Principal(
        "staff",
        "",
        0,
        "",
        "",
        address=resolve_client_address(request) if request else "",
        request_id=getattr(request, "request_id", ""),
    )


def log_failed_guess(request: HttpRequest | None, user: Any, reason: str) -> None:
    """A try that failed, or was not looked at. Whoever is signed in was asked to show once more
    that it is they.
    """
    stepping_up = request is not None and request.user.is_authenticated
    log_caller_refusal(
        principal_of_account(request, user),
        code=EventCode.STEP_UP if stepping_up else EventCode.SIGN_IN,
        reason=reason,
        target="",
        account=stepping_up,
    )


@receiver(user_logged_in)
def log_sign_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent by whatever opens a session, asked of nobody: a session of whom StaffBackend throws
    out with the next request is no success.
    """
    staff = Staff.objects.select_related("hospital").filter(user_id=user.pk).first()
    if staff is None or not (staff.active and staff.hospital.active):
        log_caller_refusal(
            principal_of_account(request, user),
            code=EventCode.SIGN_IN,
            reason="viewer_inactive",
            target="",
            account=False,
        )
    else:
        append_account_event(EventCode.SIGN_IN, AuditOutcome.SUCCESS, request, user)


@receiver(user_logged_out)
def log_sign_out(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        append_account_event(EventCode.SIGN_OUT, AuditOutcome.SUCCESS, request, user)


@receiver(user_login_failed)
def log_failed_sign_in(
    sender: Any, credentials: Any, request: HttpRequest | None = None, **kwargs: Any
) -> None:
    name = credentials.get("username") or ""
    user = User.objects.filter(username__iexact=name).first() if "\x00" not in name else None
    staff = user.staff_or_none if user is not None else None
    log_failed_guess(
        request,
        user,
        (
            "password"
            if staff is None or (staff.active and staff.hospital.active)
            else "viewer_inactive"
        ),
    )


@receiver(authenticator_used)
def log_recovery_code_use(
    sender: Any, request: HttpRequest, user: Any, authenticator: Authenticator, **kwargs: Any
) -> None:
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        append_account_event(EventCode.RECOVERY_CODE_USE, AuditOutcome.SUCCESS, request, user)


@receiver(authenticator_removed)
def log_second_factor_removal(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    append_account_event(EventCode.SECOND_FACTOR_REMOVE, AuditOutcome.SUCCESS, request, user)


def clear_password_flag(user: Any) -> None:
    """The password is the person's own now. `user` may be request.user, which is a stand-in for
    the User: its type has no `objects`.
    """
    user.must_change_password = False
    user.save(update_fields=["must_change_password"])


@receiver(password_changed)
def log_password_change(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent within the transaction that stores the password (alliance.web.account)."""
    clear_password_flag(user)
    append_account_event(EventCode.PASSWORD_CHANGE, AuditOutcome.SUCCESS, request, user)


@receiver(password_reset)
def log_password_reset(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    """Sent within the transaction that stores the password (alliance.web.forgotten_password)."""
    clear_password_flag(user)
    append_account_event(EventCode.PASSWORD_RESET, AuditOutcome.SUCCESS, request, user)
