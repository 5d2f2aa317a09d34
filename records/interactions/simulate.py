"""Before a consent is signed: what each other hospital would see of the records of one's own, with it and as things stand."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from consent import facts, gate
from consent.audit.event import EventCode
from consent.decide import weigh
from consent.memberships import answered
from consent.provision import Provision, read, staff_named
from consent.strength import Strength
from consent.templates import GROUPS
from consent.terms import AccessRequest, Facts, Standing
from records.interactions.ask import ALLIANCE, base, own_request, person_request
from records.store import simulate as store


@dataclass(frozen=True, slots=True)
class Kind:
    """Of `every` record of the type, `then` would be seen."""

    type_name: str
    every: int
    then: int

    @property
    def not_then(self) -> int:
        return self.every - self.then


@dataclass(frozen=True, slots=True)
class Sight:
    """What the hospital's clinicians, or the one who is named, would see and do see, treating the patient and without an emergency."""

    hospital: Hospital
    doctor: Staff | None
    kinds: tuple[Kind, ...]
    now: int

    @property
    def then(self) -> int:
        return sum(k.then for k in self.kinds)

    @property
    def not_then(self) -> int:
        return sum(k.not_then for k in self.kinds)

    @property
    def hidden(self) -> list[tuple[str, int]]:
        """(kind of record, how many of it would not be seen)."""
        out: dict[str, int] = {}
        for k in self.kinds:
            group = next((g for g, types in GROUPS.items() if k.type_name in types), "other")
            out[group] = out.get(group, 0) + k.not_then
        return [(g, n) for g, n in out.items() if n]


def simulate(acting: Principal, person: UUID, consent: dict[str, Any], *, instead: bool) -> list[Sight]:
    """One line a hospital, and one for each clinician whom the consent names. For a clerk only records of his own hospital's store are counted: what
    others hold is not told by numbers either. For the patient all of his. As if others stood behind all of it already."""
    himself = acting.kind == "patient"
    ask = base(acting, ALLIANCE if himself else acting.hospital, "/fhir")
    about = replace(person_request(ask, EventCode.CONSENT_READ, "simulation", person), permission=Permission.CONSENT_RECORD)
    scope = gate.enter(about if himself else own_request(ask, EventCode.CONSENT_READ, "simulation", permission=Permission.CONSENT_RECORD))
    standing = facts.load(about)
    new = Standing(0, read(consent, acting.hospital), Strength.FULL)
    consents = tuple(replace(c, strength=Strength.FULL) for c in standing.consents)
    as_is = Facts(standing.now, related=True, tie=Strength.FULL, consents=consents, policy=standing.policy)
    to_be = replace(as_is, consents=(new,) if instead else (*consents, new))
    counted: dict[str, list[int]] = {}
    for s in about.sources:
        if himself or s.hospital_id == acting.hospital_id:
            counted.setdefault(s.hospital, []).append(s.id)
    seers = viewers(new.rule, None if himself else acting.hospital_id)
    asked = [replace(about, principal=Principal("staff", str(d.pk) if d else "", h.pk, h.code, Role.CLINICIAN)) for h, d in seers]
    views = [[(rows, weigh(r, as_known_to(r, f), code).seen) for code, rows in counted.items()] for f in (to_be, as_is) for r in asked]
    found = store.counts(scope, [i for rows in counted.values() for i in rows], views)
    return [Sight(h, d, tuple(Kind(name, every, fitting[i]) for name, every, fitting in found), sum(fitting[len(seers) + i] for _, _, fitting in found))
            for i, (h, d) in enumerate(seers)]


def as_known_to(request: AccessRequest, known: Facts) -> Facts:
    """The same for somebody else, who may be in other Groups that a decision names."""
    return replace(known, consents=answered(known.consents, request.principal.hospital, int(request.principal.id or 0)))


def viewers(rule: Provision, but: int | None) -> list[tuple[Hospital, Staff | None]]:
    """Of each hospital but one: any clinician of it, and those whom the rule names."""
    doctors = list(Staff.objects.filter(pk__in=staff_named(rule), role=Role.CLINICIAN).select_related("hospital").order_by("pk"))
    return [(h, d) for h in Hospital.objects.all() if h.active and h.pk != but for d in (None, *(d for d in doctors if d.hospital_id == h.pk))]
