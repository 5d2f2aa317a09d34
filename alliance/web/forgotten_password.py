"""A forgotten password by mail, where the installation has a mail server.

The answer to a request is the same, and as quick, whether or not somebody has the address: it is
looked up after the answer, beside the request.
"""

import logging
from threading import Thread
from typing import Any

from allauth.account.internal.userkit import filter_users_by_email
from allauth.account.utils import user_pk_to_url_str
from allauth.account.views import PasswordResetFromKeyView, PasswordResetView
from allauth.core import ratelimit
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse, reverse_lazy
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from alliance.auth.backend import StaffBackend
from alliance.web.account_forms import ForgottenPasswordForm, ReplacePasswordForm

log = logging.getLogger("xinglin.mail")


class ForgottenPasswordView(PasswordResetView):  # type: ignore[misc]
    """Asks for the address and says that a mail is on its way if somebody has it."""

    form_class = ForgottenPasswordForm

    def form_valid(self, form: Any) -> HttpResponse:
        address = form.cleaned_data["email"]
        too_many: HttpResponse | None = ratelimit.consume_or_429(
            self.request, action="reset_password", key=address.lower()
        )
        if too_many is not None:
            return too_many
        base = settings.PUBLIC_URL or self.request.build_absolute_uri("/")
        Thread(
            target=mail_reset_links,
            args=(address, base.rstrip("/"), get_language() or settings.LANGUAGE_CODE),
            daemon=True,
        ).start()
        return redirect("account_reset_password_done")


class ReplacePasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """Behind the link. Password, its flag and its audit line are stored together; signing in
    still asks for the second factor.
    """

    form_class = ReplacePasswordForm
    success_url = reverse_lazy("account_login")

    def form_valid(self, form: Any) -> Any:
        with transaction.atomic():
            return super().form_valid(form)


def mail_reset_links(address: str, base: str, language: str) -> None:
    """Mail a link to each account with this address that may sign in; nothing to others."""
    try:
        with override(language):
            for user in filter_users_by_email(address, is_active=True, for_login=True):
                if StaffBackend().user_can_authenticate(user):
                    key = PasswordResetTokenGenerator().make_token(user)
                    link = base + reverse(
                        "account_reset_password_from_key",
                        kwargs={"uidb36": user_pk_to_url_str(user), "key": key},
                    )
                    text = render_to_string(
                        "account/email/forgotten.txt",
                        {
                            "user": user,
                            "link": link,
                            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
                        },
                    )
                    EmailMessage(_("Xinglin: choose a new password"), text, to=[user.email]).send()
    except Exception:
        log.exception("MAIL-RESET the mail was not sent")
    finally:
        connection.close()
