"""My account: the pages on which every signed-in person keeps their own password, authenticator
and recovery codes.
"""

import base64
from typing import Any

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.views import PasswordChangeView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import clear_totp_secret
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from alliance.auth.principal import Principal
from alliance.auth.session import require_staff
from alliance.auth.step_up import require_step_up
from alliance.models import Staff
from alliance.services.credentials import do_renew_recovery_codes, do_set_second_factor
from alliance.services.handover import forget_secret
from alliance.services.launches import list_launching_clients
from alliance.services.vouching import find_staff_vouchers, list_vouching_staff
from alliance.web.account_forms import AuthenticatorForm, ChangePasswordForm


@require_GET
@require_staff()
def show_account(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    return render(
        request,
        "account/account.html",
        {
            "codes": list_unused_codes(request.user),
            "mail": bool(settings.MAIL),
            "vouchers": [] if acting.vouched else list_own_vouchers(acting),
            "launching": list_launching_clients(acting),
        },
    )


def list_own_vouchers(acting: Principal) -> list[Staff]:
    return find_staff_vouchers(Staff.objects.get(pk=int(acting.id)), list_vouching_staff())


class ChangePasswordView(PasswordChangeView):  # type: ignore[misc]
    """Password, its flag and its audit line are stored together. This session goes on, all
    others of the account end.
    """

    form_class = ChangePasswordForm

    def form_valid(self, form: Any) -> Any:
        with transaction.atomic():
            answer = super().form_valid(form)
            forget_secret(f"staff/{Staff.objects.only('pk').get(user_id=self.request.user.pk).pk}")
        reauthenticate_by_password(self.request)
        return answer

    def get_default_success_url(self) -> str:
        return reverse("account" if is_mfa_enabled(self.request.user) else "mfa_activate_totp")


@never_cache
@require_step_up
@require_staff()
def set_up_authenticator(
    request: HttpRequest, *, acting: Principal, replace: bool = False
) -> HttpResponse:
    """QR code and first code; then the recovery codes. replace: in place of the authenticator
    that the person has.
    """
    user: Any = request.user
    done = not replace and is_mfa_enabled(user, [Authenticator.Type.TOTP])
    if done:
        return redirect("mfa_view_recovery_codes" if request.method == "POST" else "account")
    form = AuthenticatorForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        if do_set_second_factor(user, form.secret, acting=acting, replace=replace):
            clear_totp_secret(request)
            messages.success(request, _("The authenticator is set up."))
        return redirect("mfa_view_recovery_codes")
    adapter = get_adapter()
    picture = adapter.build_totp_svg(adapter.build_totp_url(user, form.secret))
    return render(
        request,
        "mfa/totp/activate_form.html",
        {
            "form": form,
            "replace": replace,
            "picture": "data:image/svg+xml;base64," + base64.b64encode(picture.encode()).decode(),
        },
    )


@never_cache
@require_GET
@require_step_up
@require_staff()
def show_recovery_codes(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    return render(
        request, "mfa/recovery_codes/index.html", {"codes": list_unused_codes(request.user)}
    )


@require_step_up
@require_staff()
def renew_recovery_codes(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    """Asks first: the earlier codes open nothing any more."""
    if request.method == "POST":
        do_renew_recovery_codes(request.user, acting=acting)  # type: ignore[arg-type]
        messages.success(
            request, _("These are your new recovery codes. The earlier ones no longer work.")
        )
        return redirect("mfa_view_recovery_codes")
    return render(
        request, "mfa/recovery_codes/generate.html", {"codes": list_unused_codes(request.user)}
    )


@never_cache
@require_GET
@require_step_up
@require_staff()
def download_recovery_codes(request: HttpRequest, *, acting: Principal) -> HttpResponse:
    codes = list_unused_codes(request.user)
    if not codes:
        raise Http404
    head = _(
        "Xinglin recovery codes of %(user)s. Each opens once, in place of the authenticator's code."
    ) % {"user": request.user.get_username()}
    answer = HttpResponse(
        "\n".join([head, "", *codes, ""]), content_type="text/plain; charset=utf-8"
    )
    answer["Content-Disposition"] = 'attachment; filename="xinglin-recovery-codes.txt"'
    return answer


def list_unused_codes(user: Any) -> list[str]:
    """The recovery codes that still open; none where there are none."""
    kept = Authenticator.objects.filter(
        user_id=user.pk, type=Authenticator.Type.RECOVERY_CODES
    ).first()
    return list(kept.wrap().get_unused_codes()) if kept else []
