"""Define what an audit line says: who, when, from where, what, about whose record, with which
outcome. Ids only (IHE BALP, GB/T 22239 8.1.4.3).
"""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

from consent.audit.event_purposes import purpose_of_event


class EventCode(StrEnum):
    """`room:subject:action`."""

    RECORD_READ = "records:record:read"
    RECORD_SEARCH = "records:record:search"
    RECORD_HISTORY = "records:record:history"
    RECORD_FEED = "records:record:feed"
    RECORD_OPEN = "records:record:open"
    RECORD_CREATE = "records:record:create"
    RECORD_VALIDATE = "records:record:validate"
    RECORD_PATCH = "records:record:patch"
    RECORD_UPDATE = "records:record:update"
    RECORD_DELETE = "records:record:delete"
    RECORD_EXPORT = "records:record:export"
    RECORD_PRINT = "records:record:print"
    RECORD_IMPORT = "records:record:import"
    BATCH_PUSH = "records:batch:push"
    BATCH_READ = "records:batch:read"
    LETTER_READ = "records:dead-letter:read"
    LETTER_REPLAY = "records:dead-letter:replay"
    LETTER_DROP = "records:dead-letter:drop"
    SYNC_NOTICE_SET = "records:sync-notice:set"
    PRINT_VERIFY = "records:print:verify"
    RECORD_COMPARE = "records:record:compare"
    RECORD_NOTIFY = "records:record:notify"
    BUNDLE = "records:bundle:process"
    PERSON_FIND = "records:person:find"
    PERSON_READ = "records:person:read"
    PERSON_LINK = "records:person:link"
    PERSON_MERGE = "records:person:merge"
    PERSON_SPLIT = "records:person:split"
    PERSON_DIFFER = "records:person:differ"
    PERSON_IDENTIFY = "records:person:identify"
    PERSON_CONFIRM = "records:person:confirm"
    PERSON_CORRECT = "records:person:correct"
    INDEX_RULES = "records:index:rules"
    DECISION_UNDO = "records:decision:undo"
    CODE_MAP_READ = "records:code-map:read"
    CODE_MAP_PROPOSE = "records:code-map:propose"
    CODE_MAP_AGREE = "records:code-map:agree"
    CODE_MAP_REFUSE = "records:code-map:refuse"
    CODE_MAP_WITHDRAW = "records:code-map:withdraw"
    CODE_MAP_APPLY = "records:code-map:apply"
    CODE_LIST_IMPORT = "records:code-list:import"
    RECOGNITION_CHECK = "records:recognition:check"
    RECOGNITION_PROMPT = "records:recognition:prompt"
    RECOGNITION_DECIDE = "records:recognition:decide"
    RECOGNITION_SET = "records:recognition:set"
    RECOGNITION_READ = "records:recognition:read"
    OPINION_SIGN = "records:opinion:sign"
    SIGNING_KEY_BEGIN = "records:signing-key:begin"
    LINK_REVIEW = "records:link:review"
    EPISODE_JUDGE = "records:episode:judge"
    ACCESS_RULE_PROPOSE = "records:access-rule:propose"
    ACCESS_RULE_AGREE = "records:access-rule:agree"
    ACCESS_RULE_REFUSE = "records:access-rule:refuse"
    ACCESS_RULE_END = "records:access-rule:end"
    CONSENT_READ = "consent:directive:read"
    CONSENT_RECORD = "consent:directive:record"
    CONSENT_VERIFY = "consent:directive:verify"
    CONSENT_WITHDRAW = "consent:directive:withdraw"
    CONSENT_SHIFT = "consent:directive:shift"
    ACCESS_GIVE = "consent:access:give"
    ACCESS_ACTIVATE = "consent:access:activate"
    ACCESS_OPEN = "consent:access:open"
    ACCESS_STOP = "consent:access:stop"
    ACCESS_USE = "consent:access:use"
    TIE_CONFIRM = "consent:tie:confirm"
    TIE_REFUSE = "consent:tie:refuse"
    CONSENT_CONFIRM = "consent:directive:confirm"
    CONSENT_REFUSE = "consent:directive:refuse"
    WITHDRAWAL_CONFIRM = "consent:withdrawal:confirm"
    WITHDRAWAL_REFUSE = "consent:withdrawal:refuse"
    INTAKE_CONFIRM = "consent:intake:confirm"
    CONFIRMATION_READ = "consent:confirmation:read"
    CONFIRMATION_END = "consent:confirmation:end"
    RELATION_DECLARE = "consent:relation:declare"
    EMERGENCY_OPEN = "consent:emergency:open"
    EMERGENCY_CLOSE = "consent:emergency:close"
    EMERGENCY_REVIEW = "consent:emergency:review"
    EMERGENCY_ALARM = "consent:emergency:alarm"
    EMERGENCY_TELL = "consent:emergency:tell"
    EMERGENCY_READ = "consent:emergency:read"
    EMERGENCY_LETTER = "consent:emergency:letter"
    CASE_OPEN = "consent:case:open"
    CASE_READ = "consent:case:read"
    CASE_ADD = "consent:case:add"
    CASE_NOTE = "consent:case:note"
    CASE_SHARE = "consent:case:share"
    CASE_UNSHARE = "consent:case:unshare"
    CASE_CLOSE_ASK = "consent:case:close-ask"
    CASE_CLOSE_REFUSE = "consent:case:close-refuse"
    CASE_CLOSE = "consent:case:close"
    CASE_REOPEN = "consent:case:reopen"
    HOLD_SET = "consent:hold:set"
    HOLD_LIFT_ASK = "consent:hold:lift-ask"
    HOLD_LIFT = "consent:hold:lift"
    RECORD_SEAL = "consent:record:seal"
    UNSEAL_ASK = "consent:record:unseal-ask"
    RECORD_UNSEAL = "consent:record:unseal"
    POLICY_SET = "consent:policy:set"
    AUDIT_READ = "consent:audit:read"
    AUDIT_EXPORT = "consent:audit:export"
    AUDIT_REPORT = "consent:audit:report"
    AUDIT_RESTORE = "consent:audit:restore"  # of earlier releases
    AUDIT_WITNESS = "consent:audit:witness"
    AUDIT_KEY = "consent:audit:key"
    AUDIT_ARCHIVE = "consent:audit:archive"
    AUDIT_DETACH = "consent:audit:detach"
    AUDIT_ATTACH = "consent:audit:attach"
    WITNESS_OFFER = "consent:witness:offer"
    WITNESS_ACCEPT = "consent:witness:accept"
    WITNESS_END = "consent:witness:end"
    SIGN_IN = "alliance:session:sign-in"
    SIGN_OUT = "alliance:session:sign-out"
    PASSWORD_CHANGE = "alliance:session:password"
    PASSWORD_RESET = "alliance:session:password-reset"
    SECOND_FACTOR_SET = "alliance:session:second-factor"
    RECOVERY_CODES_RENEW = "alliance:session:recovery-codes"
    RECOVERY_CODE_USE = "alliance:session:recovery-code"
    SECOND_FACTOR_REMOVE = "alliance:session:second-factor-removed"
    STEP_UP = "alliance:session:step-up"
    DOOR = "alliance:door:open"
    COMMAND = "alliance:server:command"
    RESTORE_RECORD = "alliance:restore:record"
    TOKEN_ISSUE = "alliance:token:issue"
    LAUNCH_ASK = "alliance:launch:ask"
    LAUNCH_PERMIT = "alliance:launch:permit"
    LAUNCH_OPEN = "alliance:session:launch"
    LAUNCH_END = "alliance:session:launch-end"
    HOSPITAL_ADMIT = "alliance:hospital:admit"
    HOSPITAL_CHANGE = "alliance:hospital:change"
    HOSPITAL_SUSPEND = "alliance:hospital:suspend"
    HOSPITAL_RESUME = "alliance:hospital:resume"
    STAFF_ENROL = "alliance:staff:enrol"
    STAFF_CHANGE = "alliance:staff:change"
    STAFF_END = "alliance:staff:end"
    STAFF_RETURN = "alliance:staff:return"
    STAFF_RESET = "alliance:staff:reset"
    STAFF_VOUCH = "alliance:staff:vouch"
    APPOINTMENT_GIVE = "alliance:appointment:give"
    APPOINTMENT_END = "alliance:appointment:end"
    PROPOSAL_MAKE = "alliance:proposal:make"
    PROPOSAL_AGREE = "alliance:proposal:agree"
    PROPOSAL_REFUSE = "alliance:proposal:refuse"
    WORK_SEND = "alliance:work:send"
    WORK_READ = "alliance:work:read"
    WORK_LIST = "alliance:work:list"
    WORK_MOVE = "alliance:work:move"
    WORK_REMIND = "alliance:work:remind"
    WORK_SET = "alliance:work:set"
    WORK_MESSAGE = "alliance:work:message"
    WORK_DRAFT = "alliance:work:draft"
    WORK_ARRIVAL = "alliance:work:arrival"
    WORK_RULE = "alliance:work:rule"
    DIRECTORY_CHANGE = "alliance:directory:change"
    DIRECTORY_READ = "alliance:directory:read"
    CLIENT_REGISTER = "alliance:client:register"
    STORE_KEY = "records:store:key"
    CLIENT_VOUCH = "alliance:client:vouch"
    CLIENT_CHANGE = "alliance:client:change"
    CLIENT_REVOKE = "alliance:client:revoke"
    CLIENT_ENROL = "alliance:client:enrol"
    CLIENT_KEY = "alliance:client:key"
    ENROLMENT_CODE_MAKE = "alliance:enrolment-code:make"
    ENROLMENT_CODE_WITHDRAW = "alliance:enrolment-code:withdraw"
    SANDBOX_OPEN = "alliance:sandbox:open"
    SANDBOX_EMPTY = "alliance:sandbox:empty"
    ADMINISTRATOR_CLIENT_REGISTER = "alliance:administrator-client:register"
    ADMINISTRATOR_CLIENT_AGREE = "alliance:administrator-client:agree"
    ADMINISTRATOR_CLIENT_REVOKE = "alliance:administrator-client:revoke"


class AuditOutcome(StrEnum):
    SUCCESS = "success"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True)
class Proviso:
    """What must hold when the line is written: a test in SQL with its parameters. The statement
    that writes the line asks it too, gives no row and writes nothing where it does not hold, and is
    the proof that it did.
    """

    test: str
    parameters: dict[str, Any]
    met: bool = False


class ProvisoFailed(Exception):
    """The line was not written, and nothing that it would have proven may leave."""


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """One line, before it is written. `person` is the patient's person id as it is now
    (docs/adr/0018), `persons` are all of them where a line is about several; `subjects` are ids of
    Patients of the actor's own store that a question names, whatever is found; `refs` are
    `hospital/Type/id/version`.
    """

    code: EventCode
    actor_kind: str
    actor: str
    actor_hospital: str
    role: str
    purpose: str
    outcome: AuditOutcome = AuditOutcome.SUCCESS
    reason: str = ""
    person: UUID | None = None
    persons: tuple[UUID, ...] = ()
    subjects: tuple[str, ...] = ()
    target: str = ""
    detail: str = ""
    refs: tuple[str, ...] = ()
    address: str = ""
    request_id: str = ""
    proviso: Proviso | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_principal(cls, acting: Any, code: EventCode, **more: Any) -> Self:
        """The event of a Principal (any object with its fields). The line of who acts by an
        appointment is the served hospital's, and its detail says whose officer it was. Of an
        administrator's client, and where a system opened a record as a doctor, the actor is the
        account, and the client stands at the end. Its purpose is the event's own
        (consent/audit/event_purposes.py), unless another one is stated.
        """
        more.setdefault("purpose", purpose_of_event(code, str(acting.purpose)))
        served = f"appointed, of {acting.employer}" if acting.employer else ""
        client = f"by client/{acting.client}" if acting.client else ""
        if served or client:
            more["detail"] = " · ".join(filter(None, (more.get("detail", ""), served, client)))
        return cls(
            code=code,
            actor_kind=acting.kind,
            actor=acting.id,
            actor_hospital=acting.hospital,
            role=acting.role,
            address=acting.address,
            request_id=acting.request_id,
            proviso=acting.proviso,
            **more,
        )

    def with_changes(self, **changes: Any) -> Self:
        return replace(self, **changes)
