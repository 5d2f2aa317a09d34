"""What an account is entered with: a first password by an administrator, and the second factor and recovery codes of one's own."""

import secrets

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.db import connection, transaction

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import KnownPlace, Staff, User
from alliance.models.staff import State
from alliance.services.authority import administrative, must_manage
from alliance.services.handover import keep_secret
from alliance.services.vouching import issue
from consent.audit.append import append
from consent.audit.event import Event, EventCode

LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that is taken for another on paper
GROUPS, LENGTH = 4, 4  # 79 bits


def first_password() -> str:
    """A password that can be read out and typed: "k7mq-…" in four groups."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(LENGTH)) for _ in range(GROUPS))


def forget_factors(user: User, *kinds: str) -> None:
    """Second factors of an account, all of them or those of a kind. The transaction must also leave a line in the audit log: the database asks for it at the end
    (alliance/migrations/0009_factor_trace.py), and the web role can delete no factor otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT alliance_forget_factors(%s::bigint, %s::text[])", [user.pk, list(map(str, kinds or Authenticator.Type.values))])


def give_first_password(staff: Staff, how: Staff.Issue, *, second_factor: bool, acting: Principal) -> str:
    """A new first password in place of the old one, which ends all sessions of the account (its session keys hang on the password) and forgets from where it has
    signed in; without the second factor and the recovery codes where told. The acting one may see it for ten minutes, so that somebody else has to vouch for the
    account anew. Call it in the transaction of a verb."""
    first, user = first_password(), User.objects.select_for_update().get(pk=staff.user_id)
    user.set_password(first)
    user.must_change_password = True
    user.save(update_fields=["password", "must_change_password"])
    KnownPlace.objects.filter(user=user).delete()
    if second_factor:
        forget_factors(user)
    keep_secret(f"staff/{staff.pk}", first, acting=acting)
    issue(staff, how, acting=acting)
    return first


@administrative(EventCode.STAFF_RESET)
def do_reset_credentials(staff: Staff, *, second_factor: bool, reason: str, acting: Principal) -> str:
    """The new first password. All sessions of the account end; with the second factor its recovery codes go too. Raises Forbidden for oneself, whose page
    for it is the own account, and for an employment that is over."""
    staff = Staff.objects.select_related("user", "hospital").get(pk=staff.pk)
    must_manage(acting, staff)
    if acting.kind == "staff" and acting.id == str(staff.pk):
        raise Forbidden("self", "Change your own password and second factor under My account.")
    if staff.state is State.OVER:
        raise Forbidden("over", "This employment is over: take the person back first.")
    first = give_first_password(staff, Staff.Issue.RESET, second_factor=second_factor, acting=acting)
    append(Event.of(acting, EventCode.STAFF_RESET, target=f"staff/{staff.pk}", detail=f"{'second-factor' if second_factor else 'password'}: {reason}"))
    return first


@transaction.atomic
def do_set_second_factor(user: User, secret: str, *, acting: Principal, replace: bool = False) -> bool:
    """Set up the authenticator with this secret (base32) and new recovery codes; False where one is set up already and is not to be replaced."""
    User.objects.select_for_update().get(pk=user.pk)
    if not replace and Authenticator.objects.filter(user_id=user.pk, type=Authenticator.Type.TOTP).exists():
        return False
    forget_factors(user)
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    append(Event.of(acting, EventCode.SECOND_FACTOR_SET, detail="replaced" if replace else ""))
    return True


@transaction.atomic
def do_renew_recovery_codes(user: User, *, acting: Principal) -> None:
    """New recovery codes; the earlier ones open nothing any more."""
    User.objects.select_for_update().get(pk=user.pk)
    forget_factors(user, Authenticator.Type.RECOVERY_CODES)
    RecoveryCodes.activate(user)
    append(Event.of(acting, EventCode.RECOVERY_CODES_RENEW))
