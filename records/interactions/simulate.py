"""Before a consent is signed: what each other hospital would see of the records of one's own, with it and as things stand."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Permission, Role
from consent import facts, gate
from consent.audit.event import EventCode
from consent.decide import weigh
from consent.provision import read
from consent.terms import Facts, Standing
from records.interactions.ask import ALLIANCE, base, own_request, person_request
from records.store import simulate as store


@dataclass(frozen=True, slots=True)
class Sight:
    """Of `every` record that is counted, `then` would be seen by the hospital, and `now` are; treating him, and without an emergency."""

    hospital: Hospital
    every: int
    then: int
    now: int

    @property
    def not_then(self) -> int:
        return self.every - self.then


def simulate(acting: Principal, person: UUID, consent: dict[str, Any], *, instead: bool) -> list[Sight]:
    """One line a hospital. For a clerk only records of his own hospital's store are counted: what others hold is not told by numbers either. For the
    patient all of his."""
    himself = acting.kind == "patient"
    ask = base(acting, ALLIANCE if himself else acting.hospital, "/fhir")
    about = replace(person_request(ask, EventCode.CONSENT_READ, "simulation", person), permission=Permission.CONSENT_RECORD)
    scope = gate.enter(about if himself else own_request(ask, EventCode.CONSENT_READ, "simulation", permission=Permission.CONSENT_RECORD))
    standing = facts.load(about)
    new = Standing(0, read(consent, acting.hospital))
    as_is = Facts(standing.now, related=True, consents=standing.consents, policy=standing.policy)
    to_be = replace(as_is, consents=(new,) if instead else (*standing.consents, new))
    counted: dict[str, list[int]] = {}
    for s in about.sources:
        if himself or s.hospital_id == acting.hospital_id:
            counted.setdefault(s.hospital, []).append(s.id)
    others = [h for h in Hospital.objects.all() if h.active and (himself or h.pk != acting.hospital_id)]
    asked = [replace(about, principal=Principal("staff", "", h.pk, h.code, Role.CLINICIAN)) for h in others]
    views = [[(rows, weigh(r, f, code).seen) for code, rows in counted.items()] for f in (to_be, as_is) for r in asked]
    every, fitting = store.counts(scope, [i for rows in counted.values() for i in rows], views)
    return [Sight(h, every, then, now) for h, then, now in zip(others, fitting[:len(others)], fitting[len(others):], strict=True)]
