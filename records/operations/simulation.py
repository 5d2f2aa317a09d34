"""Simulate a consent before it is signed: what each other hospital would see of one's own records,
with it and without it.
"""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from alliance.auth.principal import Principal
from alliance.models import Hospital, Staff
from alliance.roles import Permission, Role
from consent import facts, gate
from consent.audit.event import EventCode
from consent.decide import evaluate_hospital
from consent.memberships import with_memberships
from consent.provision import Provision, find_named_staff, parse_consent
from consent.strength import Strength
from consent.templates import TYPES_BY_RECORD_GROUP
from consent.terms import AccessRequest, ActiveConsent, Facts
from records.requests.fhir_request import (
    ALLIANCE_BASE,
    build_fhir_request,
    request_own_access,
    request_person_access,
)
from records.store import simulation_counts


@dataclass(frozen=True, slots=True)
class TypeCounts:
    """Of `every` record of the type, `then` would be seen."""

    type_name: str
    every: int
    then: int

    @property
    def not_then(self) -> int:
        return self.every - self.then


@dataclass(frozen=True, slots=True)
class SimulatedView:
    """What the hospital's clinicians, or the one who is named, would see and do see, treating
    the patient and without an emergency.
    """

    hospital: Hospital
    doctor: Staff | None
    kinds: tuple[TypeCounts, ...]
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
        hidden_counts: dict[str, int] = {}
        for k in self.kinds:
            group = next(
                (g for g, types in TYPES_BY_RECORD_GROUP.items() if k.type_name in types), "other"
            )
            hidden_counts[group] = hidden_counts.get(group, 0) + k.not_then
        return [(g, n) for g, n in hidden_counts.items() if n]


def simulate_consent(
    acting: Principal, person: UUID, consent: dict[str, Any], *, instead: bool
) -> list[SimulatedView]:
    """One line a hospital, and one for each clinician whom the consent names. For a clerk only
    records of their own hospital's store are counted: what others hold is not told by numbers
    either. For the patient all of theirs. As if others stood behind all of it already.
    """
    is_patient = acting.kind == "patient"
    fhir_request = build_fhir_request(
        acting, ALLIANCE_BASE if is_patient else acting.hospital, "/fhir"
    )
    access_request = replace(
        request_person_access(fhir_request, EventCode.CONSENT_READ, "simulation", person),
        permission=Permission.CONSENT_RECORD,
    )
    scope = gate.authorize_access(
        access_request
        if is_patient
        else request_own_access(
            fhir_request, EventCode.CONSENT_READ, "simulation", permission=Permission.CONSENT_RECORD
        )
    )
    facts_now = facts.load_facts(access_request)
    proposed = ActiveConsent(0, parse_consent(consent, acting.hospital), Strength.FULL)
    consents = tuple(replace(c, strength=Strength.FULL) for c in facts_now.consents)
    as_is = Facts(
        facts_now.now, related=True, tie=Strength.FULL, consents=consents, policy=facts_now.policy
    )
    to_be = replace(as_is, consents=(proposed,) if instead else (*consents, proposed))
    counted: dict[str, list[int]] = {}
    for s in access_request.sources:
        if is_patient or s.hospital_id == acting.hospital_id:
            counted.setdefault(s.hospital, []).append(s.id)
    seers = list_viewers(proposed.rule, None if is_patient else acting.hospital_id)
    view_requests = [
        replace(
            access_request,
            principal=Principal("staff", str(d.pk) if d else "", h.pk, h.code, Role.CLINICIAN),
        )
        for h, d in seers
    ]
    views = [
        [
            (rows, evaluate_hospital(r, adapt_facts_to_viewer(r, f), code).seen)
            for code, rows in counted.items()
        ]
        for f in (to_be, as_is)
        for r in view_requests
    ]
    counts = simulation_counts.count_per_view(
        scope, [i for rows in counted.values() for i in rows], views
    )
    return [
        SimulatedView(
            h,
            d,
            tuple(TypeCounts(name, every, fitting[i]) for name, every, fitting in counts),
            sum(fitting[len(seers) + i] for _, _, fitting in counts),
        )
        for i, (h, d) in enumerate(seers)
    ]


def adapt_facts_to_viewer(request: AccessRequest, facts: Facts) -> Facts:
    """The same for somebody else, who may be in other Groups that a decision names."""
    return replace(
        facts,
        consents=with_memberships(
            facts.consents, request.principal.hospital, int(request.principal.id or 0)
        ),
    )


def list_viewers(
    rule: Provision, besides_hospital_id: int | None
) -> list[tuple[Hospital, Staff | None]]:
    """Of each hospital but one: any clinician of it, and those whom the rule names."""
    doctors = list(
        Staff.objects.filter(pk__in=find_named_staff(rule), role=Role.CLINICIAN)
        .select_related("hospital")
        .order_by("pk")
    )
    return [
        (h, d)
        for h in Hospital.objects.all()
        if h.active and h.pk != besides_hospital_id
        for d in (None, *(d for d in doctors if d.hospital_id == h.pk))
    ]
