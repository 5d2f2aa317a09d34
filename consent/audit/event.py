"""What an audit line says: who, when, from where, what, to whose record, with which outcome. Ids only (IHE BALP, GB/T 22239 8.1.4.3)."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self
from uuid import UUID


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
    RECORD_IMPORT = "records:record:import"
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
    LINK_REVIEW = "records:link:review"
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
    RECORD_SEAL = "consent:record:seal"
    UNSEAL_ASK = "consent:record:unseal-ask"
    RECORD_UNSEAL = "consent:record:unseal"
    POLICY_SET = "consent:policy:set"
    AUDIT_READ = "consent:audit:read"
    AUDIT_EXPORT = "consent:audit:export"
    AUDIT_RESTORE = "consent:audit:restore"
    AUDIT_KEY = "consent:audit:key"
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
    TOKEN_ISSUE = "alliance:token:issue"
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
    PROPOSAL_MAKE = "alliance:proposal:make"
    PROPOSAL_AGREE = "alliance:proposal:agree"
    PROPOSAL_REFUSE = "alliance:proposal:refuse"
    CLIENT_REGISTER = "alliance:client:register"
    STORE_KEY = "records:store:key"
    CLIENT_VOUCH = "alliance:client:vouch"
    CLIENT_CHANGE = "alliance:client:change"
    CLIENT_REVOKE = "alliance:client:revoke"


class Outcome(StrEnum):
    SUCCESS = "success"
    NOT_FOUND = "not-found"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True)
class Proviso:
    """What must hold when the line is written: a test in SQL with its parameters. The statement that writes the line asks it too, gives
    no row and writes nothing where it does not hold, and is the proof that it did."""

    test: str
    parameters: dict[str, Any]
    met: bool = False


class ProvisoFailed(Exception):
    """The line was not written, and nothing that it would have proven may leave."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line, before it is written. `person` is the patient's person id as it is now (docs/adr/0018), `persons` are all of them where a line is about
    several; `subjects` are ids of Patients of the actor's own store that a question names, whatever is found; `refs` are `hospital/Type/id/version`."""

    code: EventCode
    actor_kind: str
    actor: str
    actor_hospital: str
    role: str
    purpose: str
    outcome: Outcome = Outcome.SUCCESS
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
    def of(cls, acting: Any, code: EventCode, **more: Any) -> Self:
        """The event of a Principal (any object with its fields)."""
        more.setdefault("purpose", str(acting.purpose))
        return cls(
            code=code, actor_kind=acting.kind, actor=acting.id, actor_hospital=acting.hospital, role=acting.role,
            address=acting.address, request_id=acting.request_id, proviso=acting.proviso, **more,
        )

    def but(self, **changes: Any) -> Self:
        return replace(self, **changes)
