"""Addresses of signing in and of one's own account. Of allauth's pages only these are here:
nobody signs up, has several addresses or signs in by mail.
"""

from allauth.account import views as entrance
from allauth.mfa.base import views as factor
from django.conf import settings
from django.urls import path, re_path
from django.views.generic import RedirectView

from alliance.web import account, forgotten_password, launch_permissions

urlpatterns = [
    path("", account.show_account, name="account"),
    path("systems/<slug:client_id>/allow/", launch_permissions.allow_launch, name="launch-allow"),
    path(
        "systems/<slug:client_id>/forbid/", launch_permissions.forbid_launch, name="launch-forbid"
    ),
    path("login/", entrance.login, name="account_login"),
    path("logout/", entrance.logout, name="account_logout"),
    path("reauthenticate/", entrance.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.ChangePasswordView.as_view(), name="account_change_password"),
    path("2fa/", RedirectView.as_view(pattern_name="account"), name="mfa_index"),
    path("2fa/authenticate/", factor.authenticate, name="mfa_authenticate"),
    path(
        "2fa/reauthenticate/",
        RedirectView.as_view(pattern_name="account_reauthenticate", query_string=True),
        name="mfa_reauthenticate",
    ),
    path("2fa/totp/activate/", account.set_up_authenticator, name="mfa_activate_totp"),
    path(
        "2fa/totp/change/",
        account.set_up_authenticator,
        {"replace": True},
        name="change-authenticator",
    ),
    path("2fa/recovery-codes/", account.show_recovery_codes, name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/generate/",
        account.renew_recovery_codes,
        name="mfa_generate_recovery_codes",
    ),
    path(
        "2fa/recovery-codes/download/",
        account.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
]
if settings.MAIL:
    urlpatterns += [
        path(
            "password/reset/",
            forgotten_password.ForgottenPasswordView.as_view(),
            name="account_reset_password",
        ),
        path(
            "password/reset/done/", entrance.password_reset_done, name="account_reset_password_done"
        ),
        re_path(
            r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
            forgotten_password.ReplacePasswordView.as_view(),
            name="account_reset_password_from_key",
        ),
    ]
