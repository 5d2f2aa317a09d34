"""Sign-in, sign-out and failed sign-in leave a line in the audit log (GB/T 22239-2019 8.1.4.3 a)."""

from typing import Any

from allauth.account.signals import password_changed
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from alliance.auth.bearer import address_of
from alliance.auth.principal import Principal
from alliance.auth.session import principal_for
from consent.audit.append import append
from consent.audit.event import Event, EventCode, Outcome


def write(code: EventCode, outcome: Outcome, request: HttpRequest | None, user: Any) -> None:
    staff = getattr(user, "staff_or_none", None)
    if staff is not None and request is not None:
        acting = principal_for(staff, request)
    else:
        acting = Principal("staff", "", 0, "", "", address=address_of(request) if request else "",
                           request_id=getattr(request, "request_id", ""))
    append(Event.of(acting, code, outcome=outcome))


@receiver(user_logged_in)
def signed_in(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    write(EventCode.SIGN_IN, Outcome.SUCCESS, request, user)


@receiver(user_logged_out)
def signed_out(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        write(EventCode.SIGN_OUT, Outcome.SUCCESS, request, user)


@receiver(user_login_failed)
def sign_in_failed(sender: Any, credentials: Any, request: HttpRequest | None = None, **kwargs: Any) -> None:
    from alliance.models import User

    user = User.objects.filter(username=credentials.get("username") or "").first()
    write(EventCode.SIGN_IN, Outcome.REFUSED, request, user)


@receiver(password_changed)
def first_password_replaced(sender: Any, request: HttpRequest, user: Any, **kwargs: Any) -> None:
    type(user).objects.filter(pk=user.pk).update(must_change_password=False)
    write(EventCode.PASSWORD_CHANGE, Outcome.SUCCESS, request, user)
