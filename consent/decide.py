"""RULES x Facts -> Scope or Refused. Deny overrides; what nothing permits is refused. The only maker of a Scope. Pure."""

import hashlib

from alliance.auth.principal import Purpose
from consent.audit.event import Event
from consent.rules import RULES
from consent.terms import OVERRIDABLE_LABELS, AccessRequest, Facts, Refused, Scope, Verdict, Vote

NO_CONSENT = Vote("deny", "no_consent", "PIPL 23, 29")


def weigh(request: AccessRequest, facts: Facts, hospital_id: int) -> Verdict:
    """All votes about one source hospital, combined."""
    votes = tuple(v for rule in RULES if (v := rule.vote(request, facts, hospital_id)) is not None)
    denials = [v for v in votes if v.kind == "deny"]
    permits = [v for v in votes if v.kind == "permit"]
    override = next((v for v in votes if v.kind == "override"), None)
    if any(not v.overridable for v in denials):
        return Verdict(hospital_id, -1, votes)
    mask = -1
    if permits and not denials:
        mask = 0
        for v in permits:
            mask |= v.mask
        for v in votes:
            if v.kind == "limit":
                mask &= v.mask
    if override is not None:
        widened = override.mask | max(mask, 0)
        return Verdict(hospital_id, widened, votes, overridden=widened != mask)
    return Verdict(hospital_id, mask, votes if mask >= 0 or denials else (*votes, NO_CONSENT))


def epoch_of(facts: Facts) -> str:
    """Changes whenever a directive, the relationship, an emergency or a suspension does: page cursors are bound to it."""
    text = repr((sorted(facts.suspended), facts.related, facts.directives, facts.emergency_until))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_of(request: AccessRequest, purpose: str) -> Event:
    return Event.of(request.principal, request.code, person=request.person, target=request.target, detail=request.detail, purpose=purpose)


def decide(request: AccessRequest, facts: Facts) -> Scope:
    """Raises Refused with the first reason where nothing at all may be reached."""
    principal = request.principal
    if not principal.may(request.permission):
        raise Refused("role" if principal.active else "viewer_inactive")
    purpose = principal.purpose.value
    if request.hospital_id is not None and request.hospital_id == principal.hospital_id:
        return Scope(principal, event_of(request, purpose), whole=request.hospital_id, writable=request.writing)
    if request.writing:
        raise Refused("foreign_store")
    if request.directory:
        return Scope(principal, event_of(request, purpose), directory=True)
    verdicts = {h: weigh(request, facts, h) for h in {s.hospital_id for s in request.sources}}
    seen = tuple((s.id, verdicts[s.hospital_id].mask) for s in request.sources if verdicts[s.hospital_id].permitted)
    if not seen:
        denials = [v for x in verdicts.values() for v in x.reasons if v.kind == "deny"] or [NO_CONSENT]
        raise Refused(denials[0].code, denials[0].basis, all(v.overridable for v in denials))
    emergency = any(v.overridden for v in verdicts.values())
    return Scope(
        principal, event_of(request, Purpose.EMERGENCY.value if emergency else purpose), patients=seen,
        withheld=withheld(request, facts), emergency=emergency, epoch=epoch_of(facts),
    )


OTHER_HOSPITAL = 0  # no member has this id: it stands for one that nobody has named
VISIBLE = OVERRIDABLE_LABELS


def withheld(request: AccessRequest, facts: Facts) -> tuple[str, ...]:
    """Why the viewer would not see everything that any member may hold. Asked about the consents alone, never about the
    data: the answer must not tell whether something hidden exists."""
    asked = {d.source_id for d in facts.directives if d.source_id is not None} | {OTHER_HOSPITAL}
    codes = set()
    for verdict in (weigh(request, facts, h) for h in asked):
        if not verdict.permitted or verdict.mask & VISIBLE != VISIBLE:
            codes |= {v.code for v in verdict.reasons if v.kind in ("deny", "limit")}
    return tuple(sorted(codes))
