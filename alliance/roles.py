"""TABLE role -> permissions. What a person or a system may do at all, before consent is asked
(GB/T 22239-2019 8.1.4.2).
"""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """`room:subject:action`."""

    RECORD_READ = "records:record:read"
    OWN_RECORD_READ = "records:record:read-own"
    RECORD_WRITE = "records:record:write"
    PERSON_FIND = "records:person:find"
    LINK_REVIEW = "records:link:review"
    CODE_MAP = "records:code-map:decide"
    RELATION_DECLARE = "consent:relation:declare"
    EMERGENCY_OPEN = "consent:emergency:open"
    CONSENT_RECORD = "consent:directive:record"
    CONFIRM = "consent:confirmation:give"
    CONSENT_READ = "consent:directive:read"
    EMERGENCY_REVIEW = "consent:emergency:review"
    EMERGENCY_SEE = "consent:emergency:see"
    RECORD_SEAL = "consent:record:seal"
    POLICY_SET = "consent:policy:set"
    AUDIT_READ = "consent:audit:read"
    AUDIT_EXPORT = "consent:audit:export"
    CASE_KEEP = "consent:case:keep"
    LOG_WITNESS = "consent:witness:be"
    OWN_AUDIT_READ = "consent:audit:read-own"
    HOSPITAL_MANAGE = "alliance:hospital:manage"
    STAFF_MANAGE = "alliance:staff:manage"
    CLIENT_MANAGE = "alliance:client:manage"
    STAFF_VOUCH = "alliance:staff:vouch"
    PROPOSAL_DECIDE = "alliance:proposal:decide"
    OPERATIONS_SEE = "alliance:operations:see"
    REFERRAL_SEE = "alliance:referral:see"
    REFERRAL_SEND = "alliance:referral:send"
    REFERRAL_ARRANGE = "alliance:referral:arrange"
    REFERRAL_CARE = "alliance:referral:care"
    REFERRAL_OVERSEE = "alliance:referral:oversee"
    REFERRAL_APPROVE = "alliance:referral:approve"
    DIRECTORY_KEEP = "alliance:directory:keep"
    SYNC_SEE = "records:sync:see"
    SYNC_MEND = "records:dead-letter:mend"
    RECOGNITION_MANAGE = "records:recognition:manage"


class Role(StrEnum):
    CLINICIAN = "clinician"
    CLERK = "clerk"
    AUDITOR = "auditor"
    PRIVACY = "privacy"
    ADMINISTRATOR = "administrator"
    PATIENT = "patient"
    MEMBER_SYSTEM = "member_system"


P = Permission
PERMISSIONS_BY_ROLE: dict[Role, frozenset[Permission]] = {
    Role.CLINICIAN: frozenset(
        {
            P.RECORD_READ,
            P.PERSON_FIND,
            P.RELATION_DECLARE,
            P.EMERGENCY_OPEN,
            P.CONSENT_RECORD,
            P.CONFIRM,
            P.REFERRAL_SEE,
            P.REFERRAL_SEND,
            P.REFERRAL_ARRANGE,
            P.REFERRAL_CARE,
            P.REFERRAL_APPROVE,
        }
    ),
    Role.CLERK: frozenset(
        {
            P.PERSON_FIND,
            P.LINK_REVIEW,
            P.CODE_MAP,
            P.CONSENT_RECORD,
            P.CONFIRM,
            P.REFERRAL_SEE,
            P.REFERRAL_ARRANGE,
            P.REFERRAL_APPROVE,
            P.DIRECTORY_KEEP,
            P.SYNC_SEE,
            P.SYNC_MEND,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            P.AUDIT_READ,
            P.AUDIT_EXPORT,
            P.LOG_WITNESS,
            P.EMERGENCY_SEE,
            P.CASE_KEEP,
            P.STAFF_VOUCH,
        }
    ),
    Role.PRIVACY: frozenset(
        {
            P.PERSON_FIND,
            P.EMERGENCY_REVIEW,
            P.EMERGENCY_SEE,
            P.RECORD_SEAL,
            P.CONSENT_READ,
            P.CONFIRM,
            P.STAFF_VOUCH,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            P.POLICY_SET,
            P.LOG_WITNESS,
            P.HOSPITAL_MANAGE,
            P.STAFF_MANAGE,
            P.CLIENT_MANAGE,
            P.STAFF_VOUCH,
            P.PROPOSAL_DECIDE,
            P.OPERATIONS_SEE,
            P.DIRECTORY_KEEP,
            P.SYNC_SEE,
            P.RECOGNITION_MANAGE,
            P.REFERRAL_OVERSEE,
        }
    ),
    Role.PATIENT: frozenset({P.OWN_RECORD_READ, P.CONSENT_RECORD}),
    Role.MEMBER_SYSTEM: frozenset(
        {P.RECORD_READ, P.RECORD_WRITE, P.PERSON_FIND, P.OWN_AUDIT_READ, P.REFERRAL_SEE}
    ),
}
# What an account or a system may do before somebody else has vouched for it: care in its own
# hospital goes on, an emergency leaves its trail (docs/adr/0030).
UNVOUCHED_PERMISSIONS = frozenset({P.RECORD_READ, P.RECORD_WRITE, P.PERSON_FIND, P.EMERGENCY_OPEN})
UNVOUCHED_SYSTEM_PERMISSIONS = UNVOUCHED_PERMISSIONS - {
    P.PERSON_FIND
}  # by which a system asks the index of all hospitals
# Work between hospitals: what a system may do in the name of a doctor who lets it (docs/adr/0090).
WORK_PERMISSIONS = frozenset({P.REFERRAL_SEE, P.REFERRAL_SEND, P.REFERRAL_ARRANGE, P.REFERRAL_CARE})
VOUCHING_ROLES = (
    Role.PRIVACY,
    Role.AUDITOR,
)  # who vouch for anybody of their hospital; administrators only for each other and for officers
UNVOUCHED_MESSAGE = _(
    "Nobody has vouched for your account yet. Go with your staff card to one of those who can: “My"
    " account” names them. Until then you see your own hospital's records alone."
)
STAFF_ROLES = [
    (Role.CLINICIAN.value, _("Clinician")),
    (Role.CLERK.value, _("Record clerk")),
    (Role.AUDITOR.value, _("Auditor")),
    (Role.PRIVACY.value, _("Privacy officer")),
    (Role.ADMINISTRATOR.value, _("Alliance administrator")),
]


def permissions_of(role: str, *, vouched: bool = True) -> frozenset[Permission]:
    """The permissions of a role, of an account that nobody else stands behind only those of
    UNVOUCHED; of an unknown role, none.
    """
    whole = (
        PERMISSIONS_BY_ROLE.get(Role(role), frozenset())
        if role in Role._value2member_map_
        else frozenset[Permission]()
    )
    return (
        whole
        if vouched
        else whole
        & (UNVOUCHED_SYSTEM_PERMISSIONS if role == Role.MEMBER_SYSTEM else UNVOUCHED_PERMISSIONS)
    )
