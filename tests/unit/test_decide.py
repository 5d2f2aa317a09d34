"""The truth table of the gate, without a database."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from alliance.auth.principal import Principal
from alliance.roles import Role
from consent.criteria import ALWAYS, LabelsWithin
from consent.decide import decide_access
from consent.labels import OVERRIDABLE_LABELS
from consent.strength import Strength
from consent.terms import Facts, ImplicitPolicy, Refused, Source
from tests.support.deciding import DENY_ME, NOW, OTHER, OWN, PERMIT, request
from tests.support.gate_facts import ALONE, AT_OTHER, DENY_OTHER, EXPRESS, SECOND

LATER = NOW + dt.timedelta(hours=1)
ALL, OPEN = ALWAYS, LabelsWithin(OVERRIDABLE_LABELS)

# description, facts, expected {hospital: which records} or the refusal's code
CASES = [
    ("own hospital needs no consent", {}, {OWN: ALL}),
    ("relationship without consent", {"related": True, "tie": Strength.FULL}, {OWN: ALL}),
    ("consent without relationship", {"consents": (PERMIT,)}, {OWN: ALL}),
    (
        "both: but not sensitive records",
        {"related": True, "tie": Strength.FULL, "consents": (PERMIT,)},
        {OWN: ALL, OTHER: LabelsWithin(0)},
    ),
    (
        "express permit",
        {"related": True, "tie": Strength.FULL, "consents": (EXPRESS,)},
        {OWN: ALL, OTHER: OPEN},
    ),
    (
        "deny overrides a permit",
        {"related": True, "tie": Strength.FULL, "consents": (EXPRESS, DENY_OTHER)},
        {OWN: ALL},
    ),
    (
        "a deny does not bind the own hospital",
        {"related": True, "tie": Strength.FULL, "consents": (EXPRESS, DENY_ME)},
        {OWN: ALL},
    ),
    (
        "emergency opens all but the very restricted",
        {"emergency_until": LATER},
        {OWN: ALL, OTHER: OPEN},
    ),
    (
        "emergency overrides a deny",
        {"consents": (DENY_ME,), "emergency_until": LATER},
        {OWN: ALL, OTHER: OPEN},
    ),
    (
        "on the word of the viewer's hospital alone",
        {"related": True, "consents": (EXPRESS,)},
        {OWN: ALL},
    ),
    (
        "a second person stands behind the treatment: nothing sensitive",
        {"related": True, "tie": Strength.PROVISIONAL, "consents": (EXPRESS,)},
        {OWN: ALL, OTHER: LabelsWithin(0)},
    ),
    (
        "a consent behind which nobody else stands",
        {"related": True, "tie": Strength.FULL, "consents": (ALONE,)},
        {OWN: ALL},
    ),
    (
        "of those whose records they are the word is enough for these",
        {"related": True, "tie": Strength.FULL, "consents": (AT_OTHER,)},
        {OWN: ALL, OTHER: OPEN},
    ),
    (
        "for others' records it is not",
        {"related": True, "tie": Strength.FULL, "consents": (replace(AT_OTHER, speaker="third"),)},
        {OWN: ALL},
    ),
    (
        "nor where it is refused",
        {
            "related": True,
            "tie": Strength.FULL,
            "consents": (replace(AT_OTHER, own=Strength.NONE),),
        },
        {OWN: ALL},
    ),
    (
        "who asks for the treatment shows its own records",
        {"related": True, "referring_hospitals": frozenset({"other"}), "consents": (EXPRESS,)},
        {OWN: ALL, OTHER: OPEN},
    ),
    (
        "and nobody else's",
        {"related": True, "referring_hospitals": frozenset({"third"}), "consents": (EXPRESS,)},
        {OWN: ALL},
    ),
    (
        "asked, and not permitted",
        {"related": True, "referring_hospitals": frozenset({"other"})},
        {OWN: ALL},
    ),
    (
        "one behind which a second person stands",
        {"related": True, "tie": Strength.FULL, "consents": (SECOND,)},
        {OWN: ALL, OTHER: LabelsWithin(0)},
    ),
    (
        "a denial needs nobody behind it",
        {
            "related": True,
            "tie": Strength.FULL,
            "consents": (EXPRESS, replace(DENY_OTHER, strength=Strength.NONE, whole=False)),
        },
        {OWN: ALL},
    ),
    (
        "the alliance's open rule needs the tie too",
        {"related": True, "policy": ImplicitPolicy("Policy-all-normal")},
        {OWN: ALL},
    ),
    (
        "provisionally it opens what is plain",
        {
            "related": True,
            "tie": Strength.PROVISIONAL,
            "policy": ImplicitPolicy("Policy-all-normal"),
        },
        {OWN: ALL, OTHER: LabelsWithin(0)},
    ),
    ("an emergency that is over", {"emergency_until": NOW}, {OWN: ALL}),
    (
        "emergency does not wake a suspended member",
        {"suspended": frozenset({"other"}), "emergency_until": LATER},
        {OWN: ALL},
    ),
]


@pytest.mark.parametrize(("what", "facts", "expected"), CASES, ids=[c[0] for c in CASES])
def test_truth_table(what: str, facts: dict[str, object], expected: dict[int, object]) -> None:
    scope = decide_access(request(), Facts(NOW, **facts))  # type: ignore[arg-type]
    assert dict(scope.patients) == {h + 10: m for h, m in expected.items()}


def test_refusals() -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    for facts, code in (
        (Facts(NOW), "no_relationship"),
        (Facts(NOW, related=True, tie=Strength.FULL), "no_consent"),
        (
            Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, DENY_OTHER)),
            "patient_denied",
        ),
    ):
        with pytest.raises(Refused, match=code) as refusal:
            decide_access(request(sources=foreign), facts)
        assert refusal.value.overridable
    with pytest.raises(Refused, match="source_suspended") as refusal:
        decide_access(
            request(sources=foreign),
            Facts(NOW, suspended=frozenset({"other"}), emergency_until=LATER),
        )
    assert not refusal.value.overridable
    with pytest.raises(Refused, match="role"):
        decide_access(
            request(principal=Principal("staff", "9", OWN, "own", Role.AUDITOR)), Facts(NOW)
        )
    with pytest.raises(Refused, match="viewer_inactive"):
        decide_access(
            request(principal=Principal("staff", "9", OWN, "own", Role.CLINICIAN, active=False)),
            Facts(NOW),
        )
    with pytest.raises(Refused, match="foreign_store"):
        decide_access(
            request(hospital_id=OTHER, writing=True),
            Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,)),
        )
