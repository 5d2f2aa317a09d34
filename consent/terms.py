"""The words of a decision: what is asked, which facts count, what each rule says, what comes out. Pure."""

import datetime as dt
from dataclasses import dataclass, field
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.roles import Permission
from consent.audit.event import Event, EventCode
from consent.criteria import ALWAYS, NEVER, Criterion
from consent.provision import Provision


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

    def crosses(self, hospital: str) -> bool:
        """Whether records of the hospital would go to another one; not where they go to the patient himself."""
        return self.principal.kind != "patient" and hospital != self.principal.hospital

    @property
    def own(self) -> bool:
        """Whether a patient asks for himself. By any id that one of his registrations ever had."""
        return self.principal.kind == "patient" and self.principal.id in {str(s.home) for s in self.known}


@dataclass(frozen=True, slots=True)
class Standing:
    """A consent that stands for the person. whole: also its permits count; else only what it denies (docs/adr/0018)."""

    id: int
    rule: Provision
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Policy:
    """What holds for a patient who has decided nothing: one of IHE PCF's implicit policies, by this version of the alliance's rules."""

    code: str = "Policy-break-glass-only"
    version: int = 0
    basis: str = "PIPL 23, 29"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the rules may know, loaded once in at most two queries. suspended: codes of members that take no part; sealed: codes of those whose
    records of the person are sealed for this viewer."""

    now: dt.datetime
    suspended: frozenset[str] = frozenset()
    related: bool = False
    consents: tuple[Standing, ...] = ()
    emergency_until: dt.datetime | None = None
    policy: Policy = Policy()
    sealed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Vote:
    """What one rule says about the records of one hospital: of those that fit `which`. kind: "permit", "deny" or "override"; consent: the one
    that it follows from."""

    kind: str
    code: str
    basis: str
    which: Criterion = ALWAYS
    overridable: bool = True
    consent: int | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome for the records of one hospital: which may be seen, and why."""

    hospital: str
    seen: Criterion
    reasons: tuple[Vote, ...]
    overridden: bool = False

    @property
    def permitted(self) -> bool:
        return self.seen != NEVER


@dataclass(frozen=True, slots=True)
class Scope:
    """The key of the house: what the holder may reach, as columns of a WHERE. Only consent.decide makes one.

    whole: this hospital's store, all of it. patients: {row of the patient index: which resources may be seen}. withheld: of a record that is opened, why
    something might not be shown, whether or not there is anything; empty means that all would be seen.
    """

    principal: Principal
    event: Event
    whole: int | None = None
    patients: tuple[tuple[int, Criterion], ...] = ()
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
