"""Password check for staff, who must be employed at an active member; and allauth's adapter: nobody signs up by himself."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest


class StaffBackend(AuthenticationBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        staff = user.staff_or_none if user is not None else None
        return bool(super().user_can_authenticate(user) and staff and staff.active and staff.hospital.active)

    def get_user(self, user_id: Any) -> Any:
        """Asked on each request of a session: an ended employment or a suspended member ends the session at once."""
        user = super().get_user(user_id)
        return user if user is not None and self.user_can_authenticate(user) else None


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
