"""The main menu: which pages somebody's permissions lead to."""

from collections.abc import Set
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy

from alliance.roles import Permission


class MenuEntry(NamedTuple):
    """url_name: of the page; permission: who sees it; wide: only who acts for the whole alliance;
    without: not who has this permission, for whom another page holds the same.
    """

    url_name: str
    label: object
    permission: Permission
    wide: bool = False
    without: Permission | None = None


MENU = (
    MenuEntry("patients", gettext_lazy("Patients"), Permission.PERSON_FIND),
    MenuEntry("referrals", gettext_lazy("Referrals"), Permission.REFERRAL_SEE),
    MenuEntry("consultations", gettext_lazy("Consultations"), Permission.REFERRAL_SEE),
    MenuEntry("directory", gettext_lazy("Clinics and places"), Permission.DIRECTORY_KEEP),
    MenuEntry("reviews", gettext_lazy("Same patient?"), Permission.LINK_REVIEW),
    MenuEntry("mapping", gettext_lazy("Local codes"), Permission.CODE_MAP),
    MenuEntry("sync-board", gettext_lazy("Sync"), Permission.SYNC_SEE),
    MenuEntry(
        "confirmations",
        gettext_lazy("Confirmations"),
        Permission.CONFIRM,
        without=Permission.EMERGENCY_REVIEW,
    ),
    MenuEntry("privacy", gettext_lazy("Privacy"), Permission.EMERGENCY_REVIEW),
    MenuEntry("emergencies", gettext_lazy("Emergency accesses"), Permission.EMERGENCY_SEE),
    MenuEntry("policy", gettext_lazy("Alliance's rule"), Permission.POLICY_SET, wide=True),
    MenuEntry("audit", gettext_lazy("Audit log"), Permission.AUDIT_READ),
    MenuEntry("recognition", gettext_lazy("Mutual recognition"), Permission.RECOGNITION_MANAGE),
    MenuEntry("late-work", gettext_lazy("Late work"), Permission.REFERRAL_OVERSEE, wide=True),
    MenuEntry("cases", gettext_lazy("Case files"), Permission.CASE_KEEP),
    MenuEntry("hospitals", gettext_lazy("Hospitals"), Permission.HOSPITAL_MANAGE),
    MenuEntry("staff", gettext_lazy("Staff"), Permission.STAFF_MANAGE),
    MenuEntry("clients", gettext_lazy("Systems"), Permission.CLIENT_MANAGE),
    MenuEntry("vouching", gettext_lazy("Vouch"), Permission.STAFF_VOUCH),
    MenuEntry("operations", gettext_lazy("Operation"), Permission.OPERATIONS_SEE, wide=True),
    MenuEntry("proposals", gettext_lazy("To be agreed"), Permission.PROPOSAL_DECIDE, wide=True),
)


@dataclass(frozen=True, slots=True)
class MenuLink:
    """is_current: the page that is shown is this one."""

    url_name: str
    url: str
    label: object
    is_current: bool


def build_menu(
    request: HttpRequest, allowed: Set[Permission], *, alliance_wide: bool
) -> list[MenuLink]:
    """The links of somebody with these permissions."""
    current = request.resolver_match.url_name if request.resolver_match else ""
    return [
        MenuLink(entry.url_name, reverse(entry.url_name), entry.label, entry.url_name == current)
        for entry in MENU
        if entry.permission in allowed
        and (alliance_wide or not entry.wide)
        and entry.without not in allowed
    ]
