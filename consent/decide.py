"""RULES x Facts -> Scope or Refused. Deny overrides; what nothing permits is refused. The only maker of a Scope. Pure."""

import hashlib
from functools import lru_cache

from alliance.auth.principal import Purpose
from consent.audit.event import Event, EventCode
from consent.criteria import NEVER, Criterion, both, covers, either, less, negated
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import walk
from consent.rules import RULES
from consent.terms import AccessRequest, Facts, Refused, Scope, Verdict, Vote

NO_CONSENT = Vote("deny", "no_consent", "PIPL 23, 29")


def weigh(request: AccessRequest, facts: Facts, hospital: str) -> Verdict:
    """All votes about the records of one hospital, combined."""
    votes = tuple(v for rule in RULES for v in rule.votes(request, facts, hospital))
    plain, seen = combined(votes)
    if not any(v.kind in ("permit", "deny") for v in votes):
        votes = (*votes, NO_CONSENT)
    return Verdict(hospital, seen, votes, overridden=seen != plain)


@lru_cache(maxsize=2_000)
def combined(votes: tuple[Vote, ...]) -> tuple[Criterion, Criterion]:
    """(without, with the emergency) what of the hospital's records may be seen."""
    denials = [v for v in votes if v.kind == "deny"]
    closed = either(*(v.which for v in denials if not v.overridable))
    plain = less(either(*(v.which for v in votes if v.kind == "permit")), either(*(v.which for v in denials)))
    return plain, either(plain, both(either(*(v.which for v in votes if v.kind == "override")), negated(closed)))


def epoch_of(facts: Facts) -> str:
    """Changes whenever a consent, the relationship, an emergency, a seal or a suspension does: page cursors are bound to it."""
    consents = [(c.id, c.whole) for c in facts.consents]
    text = repr((sorted(facts.suspended), facts.related, consents, facts.emergency_until, facts.policy.version, sorted(facts.sealed)))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_of(request: AccessRequest, purpose: str) -> Event:
    return Event.of(request.principal, request.code, person=request.person, target=request.target, detail=request.detail, purpose=purpose)


def decide(request: AccessRequest, facts: Facts) -> Scope:
    """Raises Refused with the first reason where nothing at all may be reached."""
    principal = request.principal
    if not principal.may(request.permission):
        raise Refused("role" if principal.active else "viewer_inactive")
    purpose = principal.purpose.value
    if request.hospital_id == principal.hospital_id:
        return Scope(principal, event_of(request, purpose), whole=request.hospital_id, writable=request.writing)
    if request.writing:
        raise Refused("foreign_store")
    if request.directory:
        return Scope(principal, event_of(request, purpose), directory=True)
    verdicts = {h: weigh(request, facts, h) for h in sorted({s.hospital for s in request.sources})}
    seen = tuple((s.id, verdicts[s.hospital].seen) for s in request.sources if verdicts[s.hospital].permitted)
    if not seen:
        denials = [v for x in verdicts.values() for v in x.reasons if v.kind == "deny"] or [NO_CONSENT]
        raise Refused(denials[0].code, denials[0].basis, all(v.overridable for v in denials))
    emergency = any(v.overridden for v in verdicts.values())
    return Scope(
        principal, event_of(request, Purpose.EMERGENCY.value if emergency else purpose), patients=seen,
        withheld=withheld(request, facts) if request.code is EventCode.RECORD_OPEN else (), emergency=emergency, epoch=epoch_of(facts),
    )


OTHER_HOSPITAL = ""  # no member has this code: it stands for one that nobody has named


def withheld(request: AccessRequest, facts: Facts) -> tuple[str, ...]:
    """Why the viewer would not see everything that any member may hold. Asked about the consents alone, never about the
    data: the answer must not tell whether something hidden exists."""
    named = {a.hospital for c in facts.consents for p in walk(c.rule) for a in p.actors if a.role == "source"}
    codes = set()
    for verdict in (weigh(request, facts, h) for h in sorted(named | {OTHER_HOSPITAL})):
        if not covers(verdict.seen, OVERRIDABLE_LABELS):
            denials = {v.code for v in verdict.reasons if v.kind == "deny"}
            codes |= denials if verdict.seen == NEVER else denials | {"sensitive"}
    return tuple(sorted(codes))
