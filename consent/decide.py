"""Decide from all rules and the facts: a Scope or Refused. Deny overrides; what nothing permits is
refused. The only maker of a Scope. Pure.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import lru_cache

from alliance.auth.principal import Purpose
from consent.audit.event import AuditEvent, EventCode
from consent.compile import has_emergency_exception
from consent.criteria import (
    ALWAYS,
    NEVER,
    Criterion,
    LabelsWithin,
    and_,
    and_not,
    covers_labels,
    not_,
    or_,
)
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import find_named_sources, walk_provisions
from consent.rules import RULES, launched, own_record, patient_consent, treatment_relationship
from consent.strength import Strength
from consent.terms import AccessRequest, Facts, HospitalVerdict, Refused, RuleVote, Scope

# records opened for somebody to read, who is told what is withheld and why
SHOWN_TO_PEOPLE = frozenset({EventCode.RECORD_OPEN, EventCode.RECORD_PRINT})
NO_CONSENT = RuleVote("deny", "no_consent", "PIPL 23, 29")


def evaluate_hospital(request: AccessRequest, facts: Facts, hospital: str) -> HospitalVerdict:
    """All votes about the records of one hospital, combined. Where a system speaks for a doctor who
    has not allowed it, nothing else is told of another hospital: neither decision nor seal.
    """
    if barred := launched.votes(request, facts, hospital):
        return HospitalVerdict(hospital, NEVER, barred)
    votes = tuple(v for rule in RULES for v in rule.votes(request, facts, hospital))
    seen_without_emergency, seen = combine_votes(votes)
    if not any(v.kind == "permit" or is_full_denial(v) for v in votes):
        waiting_consent = patient_consent.find_waiting_consent(request, facts, hospital)
        votes = (
            *votes,
            (
                NO_CONSENT
                if waiting_consent is None
                else replace(NO_CONSENT, code=waiting_consent[0], consent=waiting_consent[1])
            ),
        )
    return HospitalVerdict(hospital, seen, votes, overridden=seen != seen_without_emergency)


def is_full_denial(vote: RuleVote) -> bool:
    """Whether it denies all records of the hospital, and not only in an emergency."""
    return vote.kind == "deny" and vote.criterion == ALWAYS and not vote.urgent


@lru_cache(maxsize=2_000)
def combine_votes(votes: tuple[RuleVote, ...]) -> tuple[Criterion, Criterion]:
    """(without, with the emergency) what of the hospital's records may be seen."""
    plain = and_not(
        or_(*(v.criterion for v in votes if v.kind == "permit")),
        or_(*(v.criterion for v in votes if v.kind == "deny" and not v.urgent)),
    )
    return plain, or_(
        plain,
        and_(
            or_(*(v.criterion for v in votes if v.kind == "override")),
            not_(find_non_overridable(votes)),
        ),
    )


def find_non_overridable(votes: tuple[RuleVote, ...]) -> Criterion:
    """What an emergency does not open."""
    return or_(*(v.criterion for v in votes if v.kind == "deny" and not v.overridable))


def would_emergency_open(verdict: HospitalVerdict) -> bool:
    """Whether breaking the glass would show the viewer more of the hospital's records."""
    return (
        or_(
            verdict.seen,
            and_(LabelsWithin(OVERRIDABLE_LABELS), not_(find_non_overridable(verdict.reasons))),
        )
        != verdict.seen
    )


def compute_facts_epoch(facts: Facts) -> str:
    """Changes whenever a consent, the relationship, an emergency, a seal or a suspension does:
    page cursors are bound to it.
    """
    consents = [
        (
            c.id,
            c.whole,
            int(c.strength),
            int(c.own),
            *sorted((i.fhir_id, holds) for i, holds in c.groups),
        )
        for c in facts.consents
    ]
    text = repr(
        (
            sorted(facts.suspended),
            facts.related,
            int(facts.tie),
            consents,
            facts.emergency_until,
            facts.policy.version,
            sorted(facts.sealed),
            sorted(facts.referring_hospitals),
        )
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def event_from_request(request: AccessRequest, purpose: str) -> AuditEvent:
    return AuditEvent.from_principal(
        request.principal,
        request.code,
        person=request.person,
        target=request.target,
        detail=request.detail,
        purpose=purpose,
    )


def decide_access(request: AccessRequest, facts: Facts) -> Scope:
    """Raises Refused with the first reason that is about all records where nothing at all may be
    reached.
    """
    principal = request.principal
    if not principal.may(request.permission):
        raise Refused("role" if principal.active else "viewer_inactive")
    if principal.kind == "patient" and request.hospital_id is not None:
        raise Refused("role")
    purpose, letters = principal.purpose.value, request.need.letters if request.need else ""
    if request.hospital_id == principal.hospital_id:
        return Scope(
            principal,
            event_from_request(request, purpose),
            store_hospital_id=request.hospital_id,
            writable=request.writing,
            letters=letters,
        )
    if request.writing:
        raise Refused("foreign_store")
    if principal.sandbox:
        raise Refused("sandbox")
    if request.directory:
        return Scope(
            principal, event_from_request(request, purpose), directory=True, letters=letters
        )
    sources = [s for s in request.sources if own_record.is_proven_own(request, s)]
    hospitals = sorted({source.hospital for source in sources})
    verdicts = {hospital: evaluate_hospital(request, facts, hospital) for hospital in hospitals}
    patients = tuple(
        (source.id, verdicts[source.hospital].seen)
        for source in sources
        if verdicts[source.hospital].permitted
    )
    if not patients:
        raise build_refusal(verdicts.values())
    emergency = any(verdict.overridden for verdict in verdicts.values())
    withheld = explain_withheld(request, facts) if request.code in SHOWN_TO_PEOPLE else {}
    if len(sources) < len(request.sources):
        withheld[own_record.JOINED_LATER] = False
    in_emergency = (
        facts.emergency_until is not None
        and facts.now < facts.emergency_until
        and not principal.is_launched
    )
    return Scope(
        principal,
        event_from_request(request, Purpose.EMERGENCY.value if emergency else purpose),
        patients=patients,
        withheld=tuple(sorted(withheld)),
        urgent=any(withheld.values()),
        emergency=emergency,
        until=facts.emergency_until if in_emergency else None,
        letters=letters,
        epoch=compute_facts_epoch(facts),
    )


def decide_feed(
    request: AccessRequest, about: Sequence[tuple[AccessRequest, Facts]]
) -> Scope | None:
    """What of these persons' records may go out together to the system of `request`, whose event
    names the page and no person; None where nothing may. A person whom the gate refuses is left
    out.
    """
    scopes = []
    for one, facts in about:
        try:
            scopes.append(decide_access(one, facts))
        except Refused:
            continue
    patients = tuple(patient for scope in scopes for patient in scope.patients)
    if not patients:
        return None
    return Scope(
        request.principal,
        event_from_request(request, request.principal.purpose.value),
        patients=patients,
        letters=request.need.letters if request.need else "",
    )


def build_refusal(verdicts: Collection[HospitalVerdict]) -> Refused:
    """Refuse with the first reason that is about all records of a hospital, else the first."""
    denials = [vote for verdict in verdicts for vote in verdict.reasons if vote.kind == "deny"]
    denials = denials or [NO_CONSENT]
    reason = next(filter(is_full_denial, denials), denials[0])
    overridable = not verdicts or any(map(would_emergency_open, verdicts))
    return Refused(reason.code, reason.basis, overridable)


OTHER_HOSPITAL = ""  # no member has this code: it stands for one that nobody has named
ACTIONABLE_CODES = frozenset(
    {  # the viewer can do something about it
        "unvouched",
        "launched",
        "no_relationship",
        "no_consent",
        "policy_closed",
        treatment_relationship.UNCONFIRMED_TIE,
        patient_consent.UNVERIFIED_CONSENT,
        patient_consent.UNCONFIRMED_CONSENT,
    }
)


def explain_withheld(request: AccessRequest, facts: Facts) -> dict[str, bool]:
    """{why records of other hospitals are not shown to the viewer: whether an emergency would
    open some of them}.

    Never asked about stored resources. A refusal follows from the consents alone, whoever knows the
    patient: it must not tell that somebody does. The other reasons stand only where another
    hospital has a registration of the patient; which one, and whether it holds anything, they do
    not tell.
    """
    elsewhere = find_other_hospitals(request)
    named = {source for c in facts.consents for source in find_named_sources(c.rule)}
    withheld: dict[str, bool] = {}
    for hospital in sorted(elsewhere | named | {OTHER_HOSPITAL}):
        verdict = evaluate_hospital(request, facts, hospital)
        if covers_labels(verdict.seen, OVERRIDABLE_LABELS):
            continue
        denials = [vote for vote in verdict.reasons if vote.kind == "deny" and not vote.urgent]
        by_patient = [vote for vote in denials if vote.code == patient_consent.PATIENT_DENIED]
        codes = {vote.code for vote in by_patient[:1]}
        if hospital in elsewhere and not any(map(is_full_denial, by_patient)):
            if verdict.seen != NEVER:
                codes.add(explain_partial_access(request, facts, hospital))
            else:
                codes |= {vote.code for vote in denials} & ACTIONABLE_CODES
        opens = would_emergency_open(verdict)
        withheld |= {code: opens or withheld.get(code, False) for code in codes}
    return withheld


def find_other_hospitals(request: AccessRequest) -> set[str]:
    """The hospitals that have a registration of the patient, and whose records would go to
    another.
    """
    return {s.hospital for s in request.sources if request.crosses_hospitals(s.hospital)}


def can_break_glass(request: AccessRequest, facts: Facts) -> bool | None:
    """Whether the patient's decisions let the viewer break the glass; None where none speaks of
    emergencies. Follows from the decisions alone, whoever knows the patient.
    """
    named = {source for c in facts.consents for source in find_named_sources(c.rule)}
    verdicts = [
        evaluate_hospital(request, facts, hospital)
        for hospital in find_other_hospitals(request) | named | {OTHER_HOSPITAL}
    ]
    denies_emergency = any(vote.urgent for verdict in verdicts for vote in verdict.reasons)
    if denies_emergency and not any(map(would_emergency_open, verdicts)):
        return False
    provisions = (p for c in facts.consents for p in walk_provisions(c.rule))
    return True if any(map(has_emergency_exception, provisions)) else None


def explain_partial_access(request: AccessRequest, facts: Facts, hospital: str) -> str:
    """Why only a part is open: what is behind it is provisional, or the records are specially
    protected.
    """
    sure = replace(
        facts,
        tie=Strength.FULL,
        consents=tuple(
            (
                replace(c, strength=Strength.FULL)
                if c.strength_for(hospital) is Strength.PROVISIONAL
                else c
            )
            for c in facts.consents
        ),
    )
    seen_if_sure = evaluate_hospital(request, sure, hospital).seen
    if seen_if_sure == evaluate_hospital(request, facts, hospital).seen:
        return "sensitive"
    return treatment_relationship.PROVISIONAL_TIE
