"""What an account is entered with: a first password by an administrator, and the second factor
and recovery codes of one's own.
"""

import secrets

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import KnownPlace, Staff, User
from alliance.models.staff import EmploymentState
from alliance.services.administrator_client_ends import end_administrator_clients
from alliance.services.authority import (
    administrative_transaction,
    check_may_manage_staff,
    is_oneself,
)
from alliance.services.handover import keep_secret
from alliance.services.vouching import mark_account_issued
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

PASSWORD_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another on paper  # noqa: S105
GROUPS, LENGTH = 4, 4  # 79 bits


def make_first_password() -> str:
    """A password that can be read out and typed: "k7mq-…" in four groups."""
    return "-".join(
        "".join(secrets.choice(PASSWORD_LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS)
    )


def forget_factors(user: User, *kinds: str) -> None:
    """Second factors of an account, all of them or those of a kind. The transaction must also
    leave a line in the audit log: the database asks for it at the end
    (alliance/migrations/0009_factor_trace.py), and the web role can delete no factor otherwise.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT alliance_forget_factors(%s::bigint, %s::text[])",
            [user.pk, list(map(str, kinds or Authenticator.Type.values))],
        )


def give_first_password(
    staff: Staff, how: Staff.Issue, *, second_factor: bool, acting: Principal
) -> str:
    """A new first password in place of the old one, which ends all sessions of the account (its
    session keys hang on the password) and forgets from where it has signed in; without the second
    factor and the recovery codes where told. The acting one may see it for ten minutes, so that
    somebody else has to vouch for the account anew. Call it in the transaction of a verb.
    """
    first, user = make_first_password(), User.objects.select_for_update().get(pk=staff.user_id)
    user.set_password(first)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    KnownPlace.objects.filter(user=user).delete()
    if second_factor:
        forget_factors(user)
    end_administrator_clients(staff, reason="credentials", acting=acting)
    keep_secret(f"staff/{staff.pk}", first, acting=acting)
    mark_account_issued(staff, how, acting=acting)
    return first


@administrative_transaction(EventCode.STAFF_RESET)
def do_reset_credentials(
    staff: Staff, *, second_factor: bool, reason: str, acting: Principal
) -> str:
    """The new first password. All sessions of the account end; with the second factor its
    recovery codes go too. Raises Forbidden for oneself, whose page for it is the own account, and
    for an employment that is over.
    """
    staff = Staff.objects.select_related("user", "hospital").get(pk=staff.pk)
    check_may_manage_staff(acting, staff)
    if is_oneself(acting, staff):
        raise Forbidden("self", "Change your own password and second factor under My account.")
    if staff.state is EmploymentState.OVER:
        raise Forbidden("over", "This employment is over: take the person back first.")
    first = give_first_password(
        staff, Staff.Issue.RESET, second_factor=second_factor, acting=acting
    )
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.STAFF_RESET,
            target=f"staff/{staff.pk}",
            detail=f"{'second-factor' if second_factor else 'password'}: {reason}",
        )
    )
    return first


@transaction.atomic
def do_set_second_factor(
    user: User, secret: str, *, acting: Principal, replace: bool = False
) -> bool:
    """Set up the authenticator with this secret (base32) and new recovery codes; False where one
    is set up already and is not to be replaced.
    """
    User.objects.select_for_update().get(pk=user.pk)
    if (
        not replace
        and Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists()
    ):
        return False
    forget_factors(user)
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    append_event(
        AuditEvent.from_principal(
            acting, EventCode.SECOND_FACTOR_SET, detail="replaced" if replace else ""
        )
    )
    return True


@transaction.atomic
def do_renew_recovery_codes(user: User, *, acting: Principal) -> None:
    """New recovery codes; the earlier ones open nothing any more."""
    User.objects.select_for_update().get(pk=user.pk)
    forget_factors(user, Authenticator.Type.RECOVERY_CODES)
    RecoveryCodes.activate(user)
    append_event(AuditEvent.from_principal(acting, EventCode.RECOVERY_CODES_RENEW))
