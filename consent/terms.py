"""Define the terms of a decision: what is asked, which facts count, what each rule says, what
comes out. Pure.
"""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.auth.scopes import ScopeNeed
from alliance.platform.dates import LATEST_INSTANT
from alliance.roles import Permission
from consent.audit.event import AuditEvent, EventCode
from consent.criteria import ALWAYS, NEVER, Criterion, ResourceItem
from consent.provision import Provision
from consent.strength import Strength


@dataclass(frozen=True, slots=True)
class Source:
    """A patient as one hospital knows them: the row of the patient index, its hospital, their id
    there, and the person that they are without links; since: from when on its own hospital's word
    has it at this person.
    """

    id: int
    hospital_id: int
    hospital: str
    fhir_id: str
    home: UUID
    since: dt.datetime = LATEST_INSTANT


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """principal wants permission, at `hospital_id` (a member's own base) or about `person` through
    `sources`; known: all registrations of the patient, those beyond `sources` too, by whose homes
    their consents are found.

    directory: the resource asked for is about no patient (Organization, Practitioner, …). need:
    what it takes of a system's token; one that is narrowed at all is refused where nobody has
    stated it.
    """

    principal: Principal
    permission: Permission
    code: EventCode
    target: str
    detail: str = ""
    hospital_id: int | None = None
    person: UUID | None = None
    sources: tuple[Source, ...] = ()
    all_sources: tuple[Source, ...] = ()
    writing: bool = False
    directory: bool = False
    need: ScopeNeed | None = None

    def crosses_hospitals(self, hospital: str) -> bool:
        """Whether records of the hospital would go to another one; not where they go to the
        patient.
        """
        return self.principal.kind != "patient" and hospital != self.principal.hospital

    @property
    def is_patients_own(self) -> bool:
        """Whether a patient asks for their own record. By any id that one of their registrations
        ever had.
        """
        return self.principal.kind == "patient" and self.principal.id in {
            str(s.home) for s in self.all_sources
        }


@dataclass(frozen=True, slots=True)
class ActiveConsent:
    """A consent that stands for the person. strength: how far its permits count for the viewer's
    hospital (docs/adr/0030), what it denies always does. whole: all registrations that it covers
    are the patient's still, and nobody has withdrawn it; else its permits do not count
    (docs/adr/0018). said_at: when somebody last stood fully behind it; groups: (Group that it
    names, whether the viewer is in it), of those of which that is sure (consent/memberships.py).
    speaker: the hospital whose word it is; own: how far its permits count for the records of that
    one.
    """

    id: int
    rule: Provision
    strength: Strength
    whole: bool = True
    confirmed_at: dt.datetime | None = None
    groups: frozenset[tuple[ResourceItem, bool]] = frozenset()
    speaker: str = ""
    own: Strength = Strength.NONE

    def strength_for(self, hospital: str) -> Strength:
        """How far its permits count for records of the hospital."""
        return max(self.strength, self.own) if hospital == self.speaker else self.strength


@dataclass(frozen=True, slots=True)
class ImplicitPolicy:
    """What holds for a patient who has decided nothing: one of IHE PCF's implicit policies, by
    this version of the alliance's rules.
    """

    code: str = "Policy-break-glass-only"
    version: int = 0
    basis: str = "PIPL 23, 29"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may know, loaded once in one query. suspended: codes of members that
    take no part; related: the viewer's hospital says that it treats the patient, or the viewer
    does; tie: how far others than these stand behind it; sealed: codes of those whose records of
    the person are sealed for this viewer; waiting: consents that a system sent and of which nobody
    has seen the signed paper yet; asked: codes of those that have asked the viewer's hospital to
    treat the patient, and open their own records by that.
    """

    now: dt.datetime
    suspended: frozenset[str] = frozenset()
    related: bool = False
    tie: Strength = Strength.NONE
    consents: tuple[ActiveConsent, ...] = ()
    emergency_until: dt.datetime | None = None
    policy: ImplicitPolicy = ImplicitPolicy()
    sealed: frozenset[str] = frozenset()
    unverified_consents: tuple[ActiveConsent, ...] = ()
    referring_hospitals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RuleVote:
    """What one rule says about the records of one hospital: of those that fit `which`. kind:
    "permit", "deny" or "override"; consent: the one that it follows from; urgent: it denies what an
    emergency would open, and nothing else.
    """

    kind: str
    code: str
    basis: str
    criterion: Criterion = ALWAYS
    overridable: bool = True
    consent: int | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class HospitalVerdict:
    """The outcome for the records of one hospital: which may be seen, and why."""

    hospital: str
    seen: Criterion
    reasons: tuple[RuleVote, ...]
    overridden: bool = False

    @property
    def permitted(self) -> bool:
        return self.seen != NEVER


@dataclass(frozen=True, slots=True)
class Scope:
    """The key of the house: what the holder may reach, as columns of a WHERE. Only
    consent.decide makes one.

    whole: this hospital's store, all of it. patients: {row of the patient index: which resources
    may be seen}. withheld: of a record that is opened, why records of other hospitals are not shown
    (consent/decide.withheld); urgent: an emergency access would open some of these; until: when the
    viewer's emergency access to the person ends, whether or not it opens anything. letters: rows of
    a type are found where the principal's token has all of these for it.
    """

    principal: Principal
    event: AuditEvent
    store_hospital_id: int | None = None
    patients: tuple[tuple[int, Criterion], ...] = ()
    directory: bool = False
    writable: bool = False
    withheld: tuple[str, ...] = ()
    urgent: bool = False
    emergency: bool = False
    until: dt.datetime | None = None
    letters: str = ""
    epoch: str = field(default="")


class Refused(Exception):
    """The gate's no. `overridable`: breaking the glass would help; `written`: the refusal stands
    in the audit log already.
    """

    written = False

    def __init__(self, code: str, basis: str = "", overridable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.basis = basis
        self.overridable = overridable
