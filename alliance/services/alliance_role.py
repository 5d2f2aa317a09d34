"""A role for the whole alliance: one administrator proposes it, another agrees; taking it away
is one's alone (docs/adr/0030).
"""

from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from alliance.auth.errors import Forbidden
from alliance.auth.principal import Principal
from alliance.models import Proposal, Staff
from alliance.models.staff import EmploymentState
from alliance.roles import STAFF_ROLES, Permission
from alliance.services.administrator_client_ends import end_administrator_clients
from alliance.services.authority import administrative_transaction, check_two_administrators
from alliance.services.proposals import ProposalAct, make_proposal
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

EFFECT_BY_ROLE = {  # role -> what it opens when it is given for the whole alliance
    "clinician": gettext_lazy("A clinician reads no more by it."),
    "clerk": gettext_lazy(
        "It decides about all registrations that may be one patient's, of all hospitals."
    ),
    "auditor": gettext_lazy(
        "It reads and exports the audit log of all hospitals, and vouches for the accounts of all."
    ),
    "privacy": gettext_lazy(
        "It reviews all emergency accesses, seals records, agrees that seals are lifted, confirms"
        " what opens records, and vouches for accounts, at all hospitals."
    ),
    "administrator": gettext_lazy(
        "It administers hospitals, staff and systems of the whole alliance, and decides about"
        " proposals like this one."
    ),
}


def propose_alliance_role(staff: Staff, *, reason: str, acting: Principal) -> Proposal:
    """Let it wait that this person has their present role for the whole alliance. Call it in the
    transaction of a verb. Raises ValidationError without a reason, by which the other administrator
    decides.
    """
    if len(reason.strip()) < 2:
        raise ValidationError({"wide_reason": _("Say why the role is for the whole alliance.")})
    return make_proposal(
        "alliance-role",
        f"staff/{staff.pk}",
        {"staff": staff.pk, "role": staff.role},
        reason=reason.strip(),
        acting=acting,
    )


@administrative_transaction(EventCode.STAFF_CHANGE)
def do_give_alliance_role(
    staff: Staff, *, role: str, acting: Principal, proposer: Principal | None = None
) -> None:
    """The role counts for the whole alliance from now on. Raises Forbidden unless two
    administrators stand behind it, neither of whom is this person, and where the role has become
    another one, or the employment is over.
    """
    check_two_administrators(acting, proposer, Permission.STAFF_MANAGE)
    staff = Staff.objects.get(pk=staff.pk)
    if str(staff.pk) in (acting.id, proposer.id if proposer else ""):
        raise Forbidden("self", "Nobody gives themselves a role for the whole alliance.")
    if staff.role != role or staff.state is EmploymentState.OVER:
        raise Forbidden("changed", "The employment has been changed meanwhile: propose it anew.")
    staff.alliance_wide = True
    staff.save(update_fields=["alliance_wide"])
    end_administrator_clients(staff, reason="changed", acting=acting)
    append_event(
        AuditEvent.from_principal(
            acting,
            EventCode.STAFF_CHANGE,
            target=f"staff/{staff.pk}",
            detail="alliance_wide no>yes",
        )
    )


def describe_alliance_role(values: dict[str, Any]) -> list[str]:
    staff = Staff.objects.select_related("hospital", "user").get(pk=values["staff"])
    who = {
        "name": staff.name,
        "user": staff.user.username,
        "hospital": staff.hospital.name,
        "role": dict(STAFF_ROLES)[values["role"]],
    }
    return [
        _("%(name)s (%(user)s, %(hospital)s) is %(role)s for the whole alliance.") % who,
        str(EFFECT_BY_ROLE[values["role"]]),
    ]


ALLIANCE_ROLE_ACT = ProposalAct(
    gettext_lazy("A role for the whole alliance"),
    describe_alliance_role,
    lambda values, acting, proposer: do_give_alliance_role(
        Staff.objects.get(pk=values["staff"]), role=values["role"], acting=acting, proposer=proposer
    ),
)
