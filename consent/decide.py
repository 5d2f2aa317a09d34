"""RULES x Facts -> Scope or Refused. Deny overrides; what nothing permits is refused. The only maker of a Scope. Pure."""

import hashlib
from dataclasses import replace
from functools import lru_cache

from alliance.auth.principal import Purpose
from consent.audit.event import Event, EventCode
from consent.compile import excepts_emergencies
from consent.criteria import ALWAYS, NEVER, Criterion, Within, both, covers, either, less, negated
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import walk
from consent.rules import RULES, patient_consent, treatment_relationship
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, Refused, Scope, Verdict, Vote

NO_CONSENT = Vote("deny", "no_consent", "PIPL 23, 29")


def weigh(request: AccessRequest, facts: Facts, hospital: str) -> Verdict:
    """All votes about the records of one hospital, combined."""
    votes = tuple(v for rule in RULES for v in rule.votes(request, facts, hospital))
    plain, seen = combined(votes)
    if not any(v.kind == "permit" or full(v) for v in votes):
        waiting = patient_consent.find_waiting(request, facts, hospital)
        votes = (*votes, NO_CONSENT if waiting is None else replace(NO_CONSENT, code=waiting[0], consent=waiting[1]))
    return Verdict(hospital, seen, votes, overridden=seen != plain)


def full(vote: Vote) -> bool:
    """Whether it denies all records of the hospital, and not only in an emergency."""
    return vote.kind == "deny" and vote.which == ALWAYS and not vote.urgent


@lru_cache(maxsize=2_000)
def combined(votes: tuple[Vote, ...]) -> tuple[Criterion, Criterion]:
    """(without, with the emergency) what of the hospital's records may be seen."""
    plain = less(either(*(v.which for v in votes if v.kind == "permit")), either(*(v.which for v in votes if v.kind == "deny" and not v.urgent)))
    return plain, either(plain, both(either(*(v.which for v in votes if v.kind == "override")), negated(kept_closed(votes))))


def kept_closed(votes: tuple[Vote, ...]) -> Criterion:
    """What an emergency does not open."""
    return either(*(v.which for v in votes if v.kind == "deny" and not v.overridable))


def would_open(verdict: Verdict) -> bool:
    """Whether breaking the glass would show the viewer more of the hospital's records."""
    return either(verdict.seen, both(Within(OVERRIDABLE_LABELS), negated(kept_closed(verdict.reasons)))) != verdict.seen


def epoch_of(facts: Facts) -> str:
    """Changes whenever a consent, the relationship, an emergency, a seal or a suspension does: page cursors are bound to it."""
    consents = [(c.id, c.whole, int(c.strength), int(c.own), *sorted((i.fhir_id, holds) for i, holds in c.groups)) for c in facts.consents]
    text = repr((sorted(facts.suspended), facts.related, int(facts.tie), consents, facts.emergency_until, facts.policy.version, sorted(facts.sealed), sorted(facts.asked)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_of(request: AccessRequest, purpose: str) -> Event:
    return Event.of(request.principal, request.code, person=request.person, target=request.target, detail=request.detail, purpose=purpose)


def decide(request: AccessRequest, facts: Facts) -> Scope:
    """Raises Refused with the first reason that is about all records where nothing at all may be reached."""
    principal = request.principal
    if not principal.may(request.permission):
        raise Refused("role" if principal.active else "viewer_inactive")
    purpose, letters = principal.purpose.value, request.need.letters if request.need else ""
    if request.hospital_id == principal.hospital_id:
        return Scope(principal, event_of(request, purpose), whole=request.hospital_id, writable=request.writing, letters=letters)
    if request.writing:
        raise Refused("foreign_store")
    if request.directory:
        return Scope(principal, event_of(request, purpose), directory=True, letters=letters)
    verdicts = {h: weigh(request, facts, h) for h in sorted({s.hospital for s in request.sources})}
    seen = tuple((s.id, verdicts[s.hospital].seen) for s in request.sources if verdicts[s.hospital].permitted)
    if not seen:
        denials = [v for x in verdicts.values() for v in x.reasons if v.kind == "deny"] or [NO_CONSENT]
        first = next(filter(full, denials), denials[0])
        raise Refused(first.code, first.basis, not verdicts or any(map(would_open, verdicts.values())))
    emergency = any(v.overridden for v in verdicts.values())
    told = withheld(request, facts) if request.code is EventCode.RECORD_OPEN else {}
    active = facts.emergency_until is not None and facts.now < facts.emergency_until
    return Scope(
        principal, event_of(request, Purpose.EMERGENCY.value if emergency else purpose), patients=seen,
        withheld=tuple(sorted(told)), urgent=any(told.values()), emergency=emergency, until=facts.emergency_until if active else None, letters=letters, epoch=epoch_of(facts),
    )


OTHER_HOSPITAL = ""  # no member has this code: it stands for one that nobody has named
MENDABLE = frozenset({  # the viewer can do something about it
    "unvouched", "no_relationship", "no_consent", "policy_closed", treatment_relationship.UNCONFIRMED, patient_consent.UNVERIFIED, patient_consent.UNCONFIRMED})


def withheld(request: AccessRequest, facts: Facts) -> dict[str, bool]:
    """{why records of other hospitals are not shown to the viewer: whether an emergency would open some of them}.

    Never asked about stored resources. A refusal follows from the consents alone, whoever knows the patient: it must not tell that somebody does. The
    other reasons stand only where another hospital has a registration of the patient; which one, and whether it holds anything, they do not tell.
    """
    elsewhere = {s.hospital for s in request.sources if request.crosses(s.hospital)}
    named = {a.hospital for c in facts.consents for p in walk(c.rule) for a in p.actors if a.role == "source"}
    told: dict[str, bool] = {}
    for hospital in sorted(elsewhere | named | {OTHER_HOSPITAL}):
        verdict = weigh(request, facts, hospital)
        if covers(verdict.seen, OVERRIDABLE_LABELS):
            continue
        denials = [v for v in verdict.reasons if v.kind == "deny" and not v.urgent]
        refused = [v for v in denials if v.code == patient_consent.DENIED]
        codes = {v.code for v in refused[:1]}
        if hospital in elsewhere and not any(map(full, refused)):
            codes |= {part_of(request, facts, hospital)} if verdict.seen != NEVER else {v.code for v in denials} & MENDABLE
        told |= {c: would_open(verdict) or told.get(c, False) for c in codes}
    return told


def may_break(request: AccessRequest, facts: Facts) -> bool | None:
    """Whether the patient's decisions let the viewer break the glass; None where none speaks of emergencies. Follows from the decisions alone, whoever knows the patient."""
    named = {a.hospital for c in facts.consents for p in walk(c.rule) for a in p.actors if a.role == "source"}
    verdicts = [weigh(request, facts, h) for h in {s.hospital for s in request.sources if request.crosses(s.hospital)} | named | {OTHER_HOSPITAL}]
    if any(map(would_open, verdicts)) or not any(v.urgent for x in verdicts for v in x.reasons):
        return True if any(excepts_emergencies(p) for c in facts.consents for p in walk(c.rule)) else None
    return False


def part_of(request: AccessRequest, facts: Facts, hospital: str) -> str:
    """Why only a part is open: what is behind it is provisional, or the records are specially protected."""
    sure = replace(facts, tie=Strength.FULL, consents=tuple(replace(c, strength=Strength.FULL) if c.counts(hospital) is Strength.PROVISIONAL else c for c in facts.consents))
    return "sensitive" if weigh(request, sure, hospital).seen == weigh(request, facts, hospital).seen else treatment_relationship.PROVISIONAL
