"""Who stands behind an account. Whoever enrols, resets or changes one could be whoever uses it:
another, who reads no records, vouches for the person (docs/adr/0030).
"""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.auth.role_check import check_permission
from alliance.models import AccessToken, Client, Staff
from alliance.models.staff import EmploymentState
from alliance.roles import VOUCHING_ROLES, Permission, Role
from alliance.services.authority import administrative_transaction, check_in_person
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

POWERFUL_ROLES = (
    *VOUCHING_ROLES,
    Role.ADMINISTRATOR,
)  # for these accounts another administrator may vouch too
IDENTIFYING_FIELDS = (
    "name",
    "role",
    "hospital",
    "email",
)  # of an account; whose change by somebody else makes it another one
VOUCHING_GROUNDS = {
    "card": gettext_lazy("I have seen this person and their staff or identity card"),
    "known": gettext_lazy("I have seen this person, and know them from work"),
}


def mark_account_issued(staff: Staff, how: Staff.Issue, *, acting: Principal) -> None:
    """Note that the acting one has made the account anew: nobody stands behind it until another
    vouches. What the server's operator makes counts at once, and so does the first officer that an
    installation enrols, for whom nobody could vouch. Call it in the transaction of a verb.
    """
    free = acting.kind == "operator"
    first = how is Staff.Issue.ENROL and is_first_officer(staff)
    staff.issuers = [] if free else [*([] if staff.vouched else staff.issuers), int(acting.id)]
    staff.issued_as, staff.issued_at, staff.vouched_by = how.value, timezone.now(), None
    staff.vouched_at, staff.vouched_as = (
        (timezone.now(), staff.role) if free or first else (None, staff.vouched_as)
    )
    staff.save(
        update_fields=[
            "issuers",
            "issued_as",
            "issued_at",
            "vouched_by",
            "vouched_at",
            "vouched_as",
        ]
    )
    if first and not free:
        append_event(
            AuditEvent.from_principal(
                acting, EventCode.STAFF_VOUCH, target=f"staff/{staff.pk}", detail="first officer"
            )
        )


def is_first_officer(staff: Staff) -> bool:
    """Whether no other account was ever vouched for as an officer, whatever became of it."""
    return (
        staff.role in VOUCHING_ROLES
        and not Staff.objects.exclude(pk=staff.pk).filter(vouched_as__in=VOUCHING_ROLES).exists()
    )


@administrative_transaction(EventCode.STAFF_VOUCH)
def do_vouch_staff(staff: Staff, *, ground: str, seen: str, acting: Principal) -> None:
    """The acting one has seen this person, who has set up their own password and second factor.
    seen: what `issue_of` said when the account was shown.

    Raises Forbidden for the own account, for one that the acting one has made or reset, and for one
    of somebody else's hospital; AlreadyDone.
    """
    check_in_person(acting)
    check_permission(acting, Permission.STAFF_VOUCH, "This role does not vouch for anybody.")
    if ground not in VOUCHING_GROUNDS:
        raise ValueError(f"ground must be one of {sorted(VOUCHING_GROUNDS)}")
    staff = query_accounts().get(pk=staff.pk)
    if acting.id == str(staff.pk) or int(acting.id) in staff.issuers:
        raise Forbidden(
            "self", "You have made or reset this account: somebody else vouches for it."
        )
    if int(acting.id) not in {v.pk for v in find_staff_vouchers(staff, list_vouching_staff())}:
        raise Forbidden(
            "object",
            "This account is vouched for by an officer of its own hospital or of the whole"
            " alliance.",
        )
    if staff.vouched:
        raise AlreadyDone(
            "vouched", "Somebody has vouched for this account already. Nothing was changed."
        )
    if staff.state is EmploymentState.OVER:
        raise Forbidden("over", "This employment is over: take the person back first.")
    if not staff.set_up:  # type: ignore[attr-defined]  # an annotation of accounts()
        raise Forbidden(
            "not-set-up",
            "This person has not signed in yet: whoever made the account still knows its password.",
        )
    if seen != account_issue_mark(staff):
        raise Forbidden(
            "changed", "The account has been changed meanwhile. Look at what stands there now."
        )
    staff.vouched_at, staff.vouched_by_id, staff.vouched_as = (
        timezone.now(),
        int(acting.id),
        staff.role,
    )
    staff.save(update_fields=["vouched_at", "vouched_by", "vouched_as"])
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.STAFF_VOUCH, target=f"staff/{staff.pk}", detail=ground
        )
    )


def find_staff_vouchers(staff: Staff, officers: Iterable[Staff]) -> list[Staff]:
    """Those of the officers who may vouch for this account: of its hospital or the whole
    alliance; where there is none, another hospital's. Pure.
    """
    others = [
        o
        for o in officers
        if o.pk != staff.pk
        and o.pk not in staff.issuers
        and (o.role in VOUCHING_ROLES or staff.role in POWERFUL_ROLES)
    ]
    return [o for o in others if o.alliance_wide or o.hospital_id == staff.hospital_id] or [
        o for o in others if o.role in VOUCHING_ROLES
    ]


def list_vouching_staff() -> list[Staff]:
    """All who vouch today: officers and administrators who are employed, at a hospital that
    takes part, and vouched for themselves.
    """
    rows = Staff.objects.select_related("hospital").filter(
        role__in=POWERFUL_ROLES, ended_at=None, vouched_at__isnull=False, user__is_active=True
    )
    return [s for s in rows if s.active and s.hospital.active]


@administrative_transaction(EventCode.CLIENT_VOUCH)
def do_vouch_client(client: Client, *, acting: Principal) -> None:
    """The acting one has made sure that the hospital runs this system: with its next token it
    reaches shared records too. Raises Forbidden, AlreadyDone.
    """
    check_in_person(acting)
    check_permission(acting, Permission.STAFF_VOUCH, "This role does not vouch for anybody.")
    client = (
        Client.objects.select_for_update(of=("self",)).select_related("hospital").get(pk=client.pk)
    )
    if client.hospital.is_sandbox or int(acting.id) not in {
        v.pk for v in find_client_vouchers(client, list_vouching_staff())
    }:
        raise Forbidden(
            "object",
            "This system is vouched for by an officer of its own hospital or of the whole"
            " alliance.",
        )
    if client.vouched_at is not None or client.revoked_at is not None:
        raise AlreadyDone(
            "vouched",
            "Somebody has vouched for this system already, or it is revoked. Nothing was changed.",
        )
    client.vouched_at, client.vouched_by_id = timezone.now(), int(acting.id)
    client.save(update_fields=["vouched_at", "vouched_by"])
    AccessToken.objects.filter(
        client=client
    ).delete()  # a token that is remembered as nobody's would stay so
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.CLIENT_VOUCH, target=f"client/{client.client_id}"
        )
    )


def find_client_vouchers(client: Client, officers: Iterable[Staff]) -> list[Staff]:
    """The officers who may vouch for this system: of its hospital or the whole alliance; where
    there is none, another hospital's. Pure.
    """
    others = [o for o in officers if o.role in VOUCHING_ROLES and o.pk != client.registered_by_id]
    return [o for o in others if o.alliance_wide or o.hospital_id == client.hospital_id] or others


def list_clients_to_vouch(acting: Principal) -> list[Client]:
    """The systems for which the acting one may vouch, the oldest first."""
    officers = list_vouching_staff()
    rows = (
        Client.objects.filter(vouched_at=None, revoked_at=None, hospital__sandbox_of=None)
        .select_related("hospital", "registered_by")
        .order_by("created_at")
    )
    return [c for c in rows if int(acting.id) in {v.pk for v in find_client_vouchers(c, officers)}]


def query_accounts() -> QuerySet[Staff]:
    """With `set_up`: whether the person has a password and an authenticator of their own."""
    factor = Authenticator.objects.filter(user=OuterRef("user"), type=Authenticator.Type.TOTP)
    return Staff.objects.select_related("hospital", "department", "user").annotate(
        set_up=Exists(factor) & Q(user__must_change_password=False)
    )


def list_accounts_to_vouch(acting: Principal) -> list[Staff]:
    """The accounts for which the acting one may vouch, who have signed in first, then the oldest
    first.
    """
    officers = list_vouching_staff()
    rows = [
        s
        for s in (
            query_accounts()
            .filter(vouched_at=None, ended_at=None, ends_on__gte=timezone.localdate())
            .order_by("-set_up", "issued_at", "pk")
        )
    ]
    return [s for s in rows if int(acting.id) in {v.pk for v in find_staff_vouchers(s, officers)}]


def account_issue_mark(staff: Staff) -> str:
    """Which account was shown: another one as soon as somebody enrols, resets or changes it
    anew.
    """
    return staff.issued_at.isoformat() if staff.issued_at else ""
