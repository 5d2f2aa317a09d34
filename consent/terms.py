"""The words of a decision: what is asked, which facts count, what each rule says, what comes out. Pure."""

import datetime as dt
from dataclasses import dataclass, field
from enum import IntFlag, StrEnum
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.event import Event, EventCode


class Label(IntFlag):
    """Sensitivity of a resource (v3-ActCode, v3-Confidentiality), as bits of one column."""

    NONE = 0
    HIV = 1
    PSY = 2
    ETH = 4
    SDV = 8
    STD = 16
    GDIS = 32
    RESTRICTED = 64
    VERY_RESTRICTED = 128


ALL_LABELS = 255
OVERRIDABLE_LABELS = ALL_LABELS & ~int(Label.VERY_RESTRICTED)


class Effect(StrEnum):
    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True)
class Source:
    """A patient as one hospital knows him: the row of the patient index, its hospital, his id there, and the person that he is by himself."""

    id: int
    hospital_id: int
    hospital: str
    fhir_id: str
    home: UUID


@dataclass(frozen=True, slots=True)
class AccessRequest:
    """principal wants permission, at `hospital_id` (a member's own base) or about `person` through `sources`; known: all his registrations,
    those beyond `sources` too, by whose homes his consents are found.

    directory: the resource asked for is about no patient (Organization, Practitioner, …).
    """

    principal: Principal
    permission: Permission
    code: EventCode
    target: str
    detail: str = ""
    hospital_id: int | None = None
    person: UUID | None = None
    sources: tuple[Source, ...] = ()
    known: tuple[Source, ...] = ()
    writing: bool = False
    directory: bool = False


@dataclass(frozen=True, slots=True)
class Directive:
    """One active consent of the person. None for a hospital means all of them."""

    id: int
    effect: Effect
    recipient_id: int | None
    source_id: int | None
    sensitive: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may know, loaded once in at most two queries."""

    now: dt.datetime
    suspended: frozenset[int] = frozenset()
    related: bool = False
    directives: tuple[Directive, ...] = ()
    emergency_until: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rule says about one source hospital. `mask`: the labels that a permit covers, or that a limit leaves."""

    kind: str  # "permit", "deny", "limit", "override"
    code: str
    basis: str
    mask: int = ALL_LABELS
    overridable: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for one source hospital: which labels may be seen (-1: nothing), and why."""

    hospital_id: int
    mask: int
    reasons: tuple[Vote, ...]
    overridden: bool = False

    @property
    def permitted(self) -> bool:
        return self.mask >= 0


@dataclass(frozen=True, slots=True)
class Scope:
    """The key of the house: what the holder may reach, as columns of a WHERE. Only consent.decide makes one.

    whole: this hospital's store, all of it. patients: {row of the patient index: labels that may be seen}. withheld: why
    something might not be shown, whether or not there is anything; empty means that all would be seen.
    """

    principal: Principal
    event: Event
    whole: int | None = None
    patients: tuple[tuple[int, int], ...] = ()
    directory: bool = False
    writable: bool = False
    withheld: tuple[str, ...] = ()
    emergency: bool = False
    epoch: str = field(default="")


class Refused(Exception):
    """The gate's no. `overridable`: breaking the glass would help."""

    def __init__(self, code: str, basis: str = "", overridable: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.basis = basis
        self.overridable = overridable
