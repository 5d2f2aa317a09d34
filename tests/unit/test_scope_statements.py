"""What a scope says of itself and of who asks: its epoch, the patient's own record, who may
break the glass.
"""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.criteria import ALWAYS, LabelsWithin
from consent.decide import can_break_glass, decide_access, evaluate_hospital
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import parse_consent
from consent.strength import Strength
from consent.terms import ActiveConsent, Facts, Refused, Source
from tests.support.deciding import DENY_ME, NOW, OTHER, OWN, PERMIT, request
from tests.support.gate_facts import ALONE, AT_OTHER, DENY_OTHER, EXPRESS

LATER = NOW + dt.timedelta(hours=1)
ALL, OPEN = ALWAYS, LabelsWithin(OVERRIDABLE_LABELS)


def test_the_epoch_changes_with_what_was_decided() -> None:
    assert (
        decide_access(request(), Facts(NOW)).epoch
        != decide_access(request(), Facts(NOW, referring_hospitals=frozenset({"other"}))).epoch
    )
    assert (
        decide_access(request(), Facts(NOW, consents=(ALONE,))).epoch
        != decide_access(request(), Facts(NOW, consents=(AT_OTHER,))).epoch
    )
    assert (
        decide_access(request(), Facts(NOW, related=True, tie=Strength.FULL)).epoch
        != decide_access(
            request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))
        ).epoch
    )
    assert (
        decide_access(request(), Facts(NOW)).epoch == decide_access(request(), Facts(LATER)).epoch
    )


def test_what_a_scope_says_of_itself() -> None:
    plain, broken = (
        decide_access(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))),
        decide_access(request(), Facts(NOW, emergency_until=LATER)),
    )
    assert (
        not plain.emergency
        and plain.event.purpose == "TREAT"
        and broken.emergency
        and broken.event.purpose == "BTG"
    )
    useless = decide_access(
        request(),
        Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,), emergency_until=LATER),
    )
    assert not useless.emergency and useless.event.purpose == "TREAT", (
        "the glass was broken for nothing"
    )
    assert (
        decide_access(
            request(sources=request().sources[:1]), Facts(NOW, emergency_until=LATER)
        ).emergency
        is False
    )
    whole, writer = (
        decide_access(request(hospital_id=OWN), Facts(NOW)),
        decide_access(request(hospital_id=OWN, writing=True), Facts(NOW)),
    )
    assert (
        whole.store_hospital_id == OWN
        and not whole.writable
        and writer.writable
        and not whole.patients
        and not whole.directory
    )
    listed = decide_access(request(directory=True), Facts(NOW))
    assert listed.directory and listed.store_hospital_id is None and listed.patients == ()


def test_who_asks_of_nobody_is_told_what_one_without_consent_is() -> None:
    with pytest.raises(Refused, match="no_consent") as refusal:
        decide_access(request(sources=()), Facts(NOW))
    assert refusal.value.overridable and refusal.value.basis == "PIPL 23, 29"


def test_reasons_are_whole() -> None:
    """No consent is a reason only where no other one is; who is not active is not let in by any
    emergency.
    """

    def codes(facts: Facts, **more: object) -> list[tuple[str, str]]:
        return [
            (v.kind, v.code) for v in evaluate_hospital(request(**more), facts, "other").reasons
        ]

    assert codes(Facts(NOW, related=True, tie=Strength.FULL)) == [("deny", "no_consent")] and codes(
        Facts(NOW)
    ) == [("deny", "no_relationship")]
    assert codes(Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))) == [
        ("permit", "patient_consent")
    ]
    ended = Principal("staff", "9", OWN, "own", Role.CLINICIAN, active=False)
    for hospital in ("own", "other"):
        verdict = evaluate_hospital(
            request(principal=ended), Facts(NOW, emergency_until=LATER), hospital
        )
        assert not verdict.permitted and verdict.reasons[0].code == "viewer_inactive"
    assert decide_access(
        request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(DENY_OTHER, EXPRESS))
    ).withheld == ("patient_denied",), "the hospital that the denial names"


def test_a_patient_has_his_own_record_and_no_other() -> None:
    home = str(UUID(int=12))
    the_patient, stranger = (
        Principal("patient", i, OWN, "own", Role.PATIENT) for i in (home, str(UUID(int=99)))
    )
    known = request().sources
    mine = decide_access(
        request(principal=the_patient, permission=Permission.CONSENT_RECORD, all_sources=known),
        Facts(NOW, consents=(DENY_ME,)),
    )
    assert dict(mine.patients) == {11: ALL, 12: ALL}
    for principal in (stranger, the_patient):
        with pytest.raises(Refused, match="role"):
            asked = request(
                principal=principal,
                permission=Permission.CONSENT_RECORD,
                all_sources=known if principal is stranger else (),
            )
            decide_access(
                asked,
                Facts(
                    NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,), emergency_until=LATER
                ),
            )
    with pytest.raises(Refused, match="sealed"):
        decide_access(
            request(principal=the_patient, permission=Permission.CONSENT_RECORD, all_sources=known),
            Facts(NOW, sealed=frozenset({"own", "other"})),
        )


BROKEN = [{"code": "BTG"}]


def test_what_a_patient_says_of_emergencies_takes_nothing_from_treatment() -> None:
    """A denial for emergencies alone closes the glass, and what is permitted stays so."""
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    never = ActiveConsent(
        9, parse_consent({"provision": {"type": "deny", "purpose": BROKEN}}), Strength.FULL
    )
    known = Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, never))
    assert (
        dict(decide_access(request(sources=foreign), known).patients) == {12: LabelsWithin(0)}
        and can_break_glass(request(), known) is False
    )
    assert dict(
        decide_access(request(sources=foreign), replace(known, emergency_until=LATER)).patients
    ) == {12: LabelsWithin(0)}, "not a record more"
    with pytest.raises(Refused, match="no_consent") as refusal:
        decide_access(request(sources=foreign), replace(known, consents=(never,)))
    assert not refusal.value.overridable
    inside = ActiveConsent(
        9,
        parse_consent(
            {
                "provision": {
                    "type": "permit",
                    "purpose": [{"code": "TREAT"}],
                    "provision": [{"type": "deny", "purpose": BROKEN}],
                }
            }
        ),
        Strength.FULL,
    )
    assert can_break_glass(request(), replace(known, consents=(inside,))) is False, (
        "inside a permit too"
    )
    assert (
        can_break_glass(request(), replace(known, consents=(PERMIT,))) is None
        and can_break_glass(request(), replace(known, consents=(DENY_ME,))) is None
    )


@pytest.mark.parametrize(("number", "may"), [("9", True), ("8", False)])
def test_a_dissent_that_names_who_may_break_the_glass_leaves_out_all_others(
    number: str, may: bool
) -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    who = [
        {
            "role": {"coding": [{"code": "IRCP"}]},
            "reference": {"identifier": {"system": "urn:xinglin:staff", "value": number}},
        }
    ]
    dissent = ActiveConsent(
        9,
        parse_consent(
            {
                "provision": {
                    "type": "deny",
                    "provision": [{"type": "permit", "purpose": BROKEN, "actor": who}],
                }
            }
        ),
        Strength.FULL,
    )
    known = Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS, dissent))
    with pytest.raises(Refused, match="patient_denied") as refusal:
        decide_access(request(sources=foreign), known)
    assert refusal.value.overridable is may and can_break_glass(request(), known) is may
    part = decide_access(request(), known)
    assert part.withheld == ("patient_denied",) and part.urgent is may
    seen = dict(decide_access(request(), replace(known, emergency_until=LATER)).patients)
    assert seen == ({11: ALL, 12: OPEN} if may else {11: ALL})
    wide = ActiveConsent(
        9,
        parse_consent(
            {
                "provision": {
                    "type": "permit",
                    "securityLabel": [{"code": "N"}],
                    "purpose": [{"code": "TREAT"}],
                    "provision": [
                        {
                            "type": "permit",
                            "purpose": BROKEN,
                            "securityLabel": [{"code": "R"}],
                            "actor": who,
                        }
                    ],
                }
            }
        ),
        Strength.FULL,
    )
    seen = dict(
        decide_access(
            request(sources=foreign), replace(known, consents=(wide,), emergency_until=LATER)
        ).patients
    )
    assert seen == {12: OPEN if may else LabelsWithin(0)}, (
        "what it leaves out it leaves out in an emergency"
    )
