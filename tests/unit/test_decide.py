"""The truth table of the gate, without a database."""

import datetime as dt
from dataclasses import replace
from uuid import UUID

import pytest

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.criteria import ALWAYS, Within
from consent.decide import decide, may_break, weigh
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import read
from consent.strength import Strength
from consent.templates import Choice, Template, consent
from consent.terms import AccessRequest, Facts, Policy, Refused, Source, Standing

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OWN, OTHER, THIRD = 1, 2, 3
DOCTOR = Principal("staff", "9", OWN, "own", Role.CLINICIAN)
PERMIT = Standing(1, read(consent(Choice(Template.SHARE))), Strength.FULL)
EXPRESS = Standing(2, read(consent(Choice(Template.SHARE, kinds=["R"]))), Strength.FULL)
ALONE, SECOND = replace(EXPRESS, strength=Strength.NONE), replace(EXPRESS, strength=Strength.PROVISIONAL)
AT_OTHER = replace(ALONE, speaker="other", own=Strength.FULL)
DENY_OTHER = Standing(3, read(consent(Choice(Template.NOTHING, sources=["other"]))), Strength.FULL)
DENY_ME = Standing(4, read(consent(Choice(Template.REFUSE, ["own"]))), Strength.FULL)
LATER = NOW + dt.timedelta(hours=1)
ALL, OPEN = ALWAYS, Within(OVERRIDABLE_LABELS)

# description, facts, expected {hospital: which records} or the refusal's code
CASES = [
    ("own hospital needs no consent", {}, {OWN: ALL}),
    ("relationship without consent", {"related": True, "tie": Strength.FULL}, {OWN: ALL}),
    ("consent without relationship", {"consents": (PERMIT,)}, {OWN: ALL}),
    ("both: but not sensitive records", {"related": True, "tie": Strength.FULL, "consents": (PERMIT,)}, {OWN: ALL, OTHER: Within(0)}),
    ("express permit", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS,)}, {OWN: ALL, OTHER: OPEN}),
    ("deny overrides a permit", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS, DENY_OTHER)}, {OWN: ALL}),
    ("a deny does not bind the own hospital", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS, DENY_ME)}, {OWN: ALL}),
    ("emergency opens all but the very restricted", {"emergency_until": LATER}, {OWN: ALL, OTHER: OPEN}),
    ("emergency overrides a deny", {"consents": (DENY_ME,), "emergency_until": LATER}, {OWN: ALL, OTHER: OPEN}),
    ("on the word of the viewer's hospital alone", {"related": True, "consents": (EXPRESS,)}, {OWN: ALL}),
    ("a second person stands behind the treatment: nothing sensitive", {"related": True, "tie": Strength.PROVISIONAL, "consents": (EXPRESS,)}, {OWN: ALL, OTHER: Within(0)}),
    ("a consent behind which nobody else stands", {"related": True, "tie": Strength.FULL, "consents": (ALONE,)}, {OWN: ALL}),
    ("of those whose records they are the word is enough for these", {"related": True, "tie": Strength.FULL, "consents": (AT_OTHER,)}, {OWN: ALL, OTHER: OPEN}),
    ("for others' records it is not", {"related": True, "tie": Strength.FULL, "consents": (replace(AT_OTHER, speaker="third"),)}, {OWN: ALL}),
    ("nor where it is refused", {"related": True, "tie": Strength.FULL, "consents": (replace(AT_OTHER, own=Strength.NONE),)}, {OWN: ALL}),
    ("who asks for the treatment shows its own records", {"related": True, "asked": frozenset({"other"}), "consents": (EXPRESS,)}, {OWN: ALL, OTHER: OPEN}),
    ("and nobody else's", {"related": True, "asked": frozenset({"third"}), "consents": (EXPRESS,)}, {OWN: ALL}),
    ("asked, and not permitted", {"related": True, "asked": frozenset({"other"})}, {OWN: ALL}),
    ("one behind which a second person stands", {"related": True, "tie": Strength.FULL, "consents": (SECOND,)}, {OWN: ALL, OTHER: Within(0)}),
    ("a denial needs nobody behind it", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS, replace(DENY_OTHER, strength=Strength.NONE, whole=False))}, {OWN: ALL}),
    ("the alliance's open rule needs the tie too", {"related": True, "policy": Policy("Policy-all-normal")}, {OWN: ALL}),
    ("provisionally it opens what is plain", {"related": True, "tie": Strength.PROVISIONAL, "policy": Policy("Policy-all-normal")}, {OWN: ALL, OTHER: Within(0)}),
    ("an emergency that is over", {"emergency_until": NOW}, {OWN: ALL}),
    ("emergency does not wake a suspended member", {"suspended": frozenset({"other"}), "emergency_until": LATER}, {OWN: ALL}),
]


def request(**more):  # type: ignore[no-untyped-def]
    sources = (Source(11, OWN, "own", "a", UUID(int=11)), Source(12, OTHER, "other", "b", UUID(int=12)))
    values = {"principal": DOCTOR, "permission": Permission.RECORD_READ, "code": EventCode.RECORD_OPEN, "target": "t", "sources": sources} | more
    return AccessRequest(**values)


@pytest.mark.parametrize(("what", "facts", "expected"), CASES, ids=[c[0] for c in CASES])
def test_truth_table(what: str, facts: dict[str, object], expected: dict[int, object]) -> None:
    scope = decide(request(), Facts(NOW, **facts))  # type: ignore[arg-type]
    assert dict(scope.patients) == {h + 10: m for h, m in expected.items()}


def test_refusals() -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    for facts, code in ((Facts(NOW), "no_relationship"), (Facts(NOW, related=True, tie=Strength.FULL), "no_consent"),
                        (Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, DENY_OTHER)), "patient_denied")):
        with pytest.raises(Refused, match=code) as refusal:
            decide(request(sources=foreign), facts)
        assert refusal.value.overridable
    with pytest.raises(Refused, match="source_suspended") as refusal:
        decide(request(sources=foreign), Facts(NOW, suspended=frozenset({"other"}), emergency_until=LATER))
    assert not refusal.value.overridable
    with pytest.raises(Refused, match="role"):
        decide(request(principal=Principal("staff", "9", OWN, "own", Role.AUDITOR)), Facts(NOW))
    with pytest.raises(Refused, match="viewer_inactive"):
        decide(request(principal=Principal("staff", "9", OWN, "own", Role.CLINICIAN, active=False)), Facts(NOW))
    with pytest.raises(Refused, match="foreign_store"):
        decide(request(hospital_id=OTHER, writing=True), Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,)))


ONLY_HERE = (Source(11, OWN, "own", "a", UUID(int=11)),)
NAMES_ME, NAMES_A_COLLEAGUE = (Standing(10, read(consent(Choice(Template.ONLY, staff=[n]))), Strength.FULL) for n in ("9", "8"))
NO_MENTAL = Standing(5, read(consent(Choice(Template.WITHOUT, kinds=["PSY"]))), Strength.FULL)
FOR_ANOTHER = Standing(6, read(consent(Choice(Template.ONLY, ["third"]))), Strength.FULL)
REFUSES_ANOTHER = Standing(7, read(consent(Choice(Template.REFUSE, ["third"]))), Strength.FULL)


@pytest.mark.parametrize(("what", "facts", "elsewhere", "only_here"), [
    ("nothing is known of the patient elsewhere", {}, ("no_relationship",), ()),
    ("nobody has asked", {"related": True, "tie": Strength.FULL}, ("no_consent",), ()),
    ("what others were given or refused is told to nobody else", {"related": True, "tie": Strength.FULL, "consents": (FOR_ANOTHER, REFUSES_ANOTHER)}, ("no_consent",), ()),
    ("a consent waits for its paper", {"related": True, "tie": Strength.FULL, "waiting": (EXPRESS,)}, ("unverified",), ()),
    ("one that waits for another hospital's sake", {"related": True, "tie": Strength.FULL, "waiting": (FOR_ANOTHER,)}, ("no_consent",), ()),
    ("a refusal is a fact of its own", {"related": True, "tie": Strength.FULL, "consents": (DENY_ME,)}, ("patient_denied",), ("patient_denied",)),
    ("a refusal of a kind, and nobody treats", {"consents": (NO_MENTAL,)}, ("no_relationship", "patient_denied"), ("patient_denied",)),
    ("plain records are open", {"related": True, "tie": Strength.FULL, "consents": (PERMIT,)}, ("sensitive",), ()),
    ("nobody stands behind the treatment", {"related": True, "consents": (EXPRESS,)}, ("unconfirmed",), ()),
    ("nobody stands behind the consent", {"related": True, "tie": Strength.FULL, "consents": (ALONE,)}, ("unconfirmed_consent",), ()),
    ("it was recorded where the records are", {"related": True, "tie": Strength.FULL, "consents": (replace(AT_OTHER, rule=PERMIT.rule),)}, ("sensitive",), ()),
    ("it was recorded at a third hospital", {"related": True, "tie": Strength.FULL, "consents": (replace(AT_OTHER, speaker="third"),)}, ("unconfirmed_consent",), ()),
    ("a second person does, for the time being", {"related": True, "tie": Strength.PROVISIONAL, "consents": (EXPRESS,)}, ("provisional",), ()),
    ("a second person stands behind the consent", {"related": True, "tie": Strength.FULL, "consents": (SECOND,)}, ("provisional",), ()),
    ("what is provisional opens all that it would", {"related": True, "tie": Strength.PROVISIONAL, "consents": (PERMIT,)}, ("sensitive",), ()),
    ("all is open", {"related": True, "tie": Strength.FULL, "consents": (EXPRESS,)}, (), ()),
    ("nothing can be done about a member that does not take part", {"related": True, "tie": Strength.FULL, "suspended": frozenset({"other"})}, (), ()),
])
def test_why_records_are_withheld(what: str, facts: dict[str, object], elsewhere: tuple[str, ...], only_here: tuple[str, ...]) -> None:
    """Follows from consents and registrations, never from what is stored; of a refusal not even from registrations."""
    both, one = decide(request(), Facts(NOW, **facts)), decide(request(sources=ONLY_HERE), Facts(NOW, **facts))  # type: ignore[arg-type]
    assert (both.withheld, one.withheld) == (elsewhere, only_here) and both.urgent is bool(elsewhere)


def test_refused_unasked_and_unverified_are_three_things() -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    part = Standing(8, read({"resourceType": "Consent", "provision": {"type": "deny", "securityLabel": [{"code": "PSY"}]}}), Strength.FULL)
    for facts, code in (
        (Facts(NOW, related=True, tie=Strength.FULL, consents=(FOR_ANOTHER, REFUSES_ANOTHER)), "no_consent"), (Facts(NOW, related=True, tie=Strength.FULL, waiting=(PERMIT,)), "unverified"),
        (Facts(NOW, waiting=(PERMIT,)), "no_relationship"), (Facts(NOW, related=True, tie=Strength.FULL, waiting=(PERMIT,), consents=(DENY_ME,)), "patient_denied"),
        (Facts(NOW, related=True, tie=Strength.FULL, consents=(part,)), "no_consent"), (Facts(NOW, related=True, consents=(EXPRESS,)), "unconfirmed"),
        (Facts(NOW, related=True, tie=Strength.FULL, consents=(ALONE,), waiting=(PERMIT,)), "unconfirmed_consent"),
        (Facts(NOW, related=True, tie=Strength.FULL, consents=(replace(ALONE, whole=False),)), "no_consent"),
        (Facts(NOW, related=True, tie=Strength.FULL, waiting=(NAMES_ME,)), "unverified"), (Facts(NOW, related=True, tie=Strength.FULL, waiting=(NAMES_A_COLLEAGUE,)), "no_consent"),
    ):
        with pytest.raises(Refused) as refusal:
            decide(request(sources=foreign), facts)
        assert refusal.value.code == code


def test_an_emergency_says_how_long_it_lasts() -> None:
    assert decide(request(), Facts(NOW, emergency_until=LATER)).until == LATER and decide(request(), Facts(LATER, emergency_until=LATER)).until is None
    never = Standing(9, read({"resourceType": "Consent", "provision": {"type": "deny", "purpose": [{"code": "TREAT"}, {"code": "BTG"}]}}), Strength.FULL)
    shut = decide(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(never,)))
    assert shut.withheld == ("patient_denied",) and not shut.urgent, "an emergency is not offered where it opens nothing"


def test_the_epoch_changes_with_what_was_decided() -> None:
    assert decide(request(), Facts(NOW)).epoch != decide(request(), Facts(NOW, asked=frozenset({"other"}))).epoch
    assert decide(request(), Facts(NOW, consents=(ALONE,))).epoch != decide(request(), Facts(NOW, consents=(AT_OTHER,))).epoch
    assert decide(request(), Facts(NOW, related=True, tie=Strength.FULL)).epoch != decide(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))).epoch
    assert decide(request(), Facts(NOW)).epoch == decide(request(), Facts(LATER)).epoch


def test_what_a_scope_says_of_itself() -> None:
    plain, broken = decide(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))), decide(request(), Facts(NOW, emergency_until=LATER))
    assert not plain.emergency and plain.event.purpose == "TREAT" and broken.emergency and broken.event.purpose == "BTG"
    useless = decide(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,), emergency_until=LATER))
    assert not useless.emergency and useless.event.purpose == "TREAT", "the glass was broken for nothing"
    assert decide(request(sources=request().sources[:1]), Facts(NOW, emergency_until=LATER)).emergency is False
    whole, writer = decide(request(hospital_id=OWN), Facts(NOW)), decide(request(hospital_id=OWN, writing=True), Facts(NOW))
    assert whole.whole == OWN and not whole.writable and writer.writable and not whole.patients and not whole.directory
    listed = decide(request(directory=True), Facts(NOW))
    assert listed.directory and listed.whole is None and listed.patients == ()


def test_who_asks_of_nobody_is_told_what_one_without_consent_is() -> None:
    with pytest.raises(Refused, match="no_consent") as refusal:
        decide(request(sources=()), Facts(NOW))
    assert refusal.value.overridable and refusal.value.basis == "PIPL 23, 29"


def test_reasons_are_whole() -> None:
    """No consent is a reason only where no other one is; who is not active is not let in by any emergency."""
    def codes(facts: Facts, **more: object) -> list[tuple[str, str]]:
        return [(v.kind, v.code) for v in weigh(request(**more), facts, "other").reasons]

    assert codes(Facts(NOW, related=True, tie=Strength.FULL)) == [("deny", "no_consent")] and codes(Facts(NOW)) == [("deny", "no_relationship")]
    assert codes(Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT,))) == [("permit", "patient_consent")]
    ended = Principal("staff", "9", OWN, "own", Role.CLINICIAN, active=False)
    for hospital in ("own", "other"):
        verdict = weigh(request(principal=ended), Facts(NOW, emergency_until=LATER), hospital)
        assert not verdict.permitted and verdict.reasons[0].code == "viewer_inactive"
    assert decide(request(), Facts(NOW, related=True, tie=Strength.FULL, consents=(DENY_OTHER, EXPRESS))).withheld == ("patient_denied",), "the hospital that the denial names"


def test_a_patient_has_his_own_record_and_no_other() -> None:
    home = str(UUID(int=12))
    himself, stranger = (Principal("patient", i, OWN, "own", Role.PATIENT) for i in (home, str(UUID(int=99))))
    known = request().sources
    mine = decide(request(principal=himself, permission=Permission.CONSENT_RECORD, known=known), Facts(NOW, consents=(DENY_ME,)))
    assert dict(mine.patients) == {11: ALL, 12: ALL}
    for principal in (stranger, himself):
        with pytest.raises(Refused, match="role"):
            asked = request(principal=principal, permission=Permission.CONSENT_RECORD, known=known if principal is stranger else ())
            decide(asked, Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS,), emergency_until=LATER))
    with pytest.raises(Refused, match="sealed"):
        decide(request(principal=himself, permission=Permission.CONSENT_RECORD, known=known), Facts(NOW, sealed=frozenset({"own", "other"})))


BROKEN = [{"code": "BTG"}]


def test_what_a_patient_says_of_emergencies_takes_nothing_from_treatment() -> None:
    """A denial for emergencies alone closes the glass, and what is permitted stays so."""
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    never = Standing(9, read({"provision": {"type": "deny", "purpose": BROKEN}}), Strength.FULL)
    known = Facts(NOW, related=True, tie=Strength.FULL, consents=(PERMIT, never))
    assert dict(decide(request(sources=foreign), known).patients) == {12: Within(0)} and may_break(request(), known) is False
    assert dict(decide(request(sources=foreign), replace(known, emergency_until=LATER)).patients) == {12: Within(0)}, "not a record more"
    with pytest.raises(Refused, match="no_consent") as refusal:
        decide(request(sources=foreign), replace(known, consents=(never,)))
    assert not refusal.value.overridable
    inside = Standing(9, read({"provision": {"type": "permit", "purpose": [{"code": "TREAT"}], "provision": [{"type": "deny", "purpose": BROKEN}]}}), Strength.FULL)
    assert may_break(request(), replace(known, consents=(inside,))) is False, "inside a permit too"
    assert may_break(request(), replace(known, consents=(PERMIT,))) is None and may_break(request(), replace(known, consents=(DENY_ME,))) is None


@pytest.mark.parametrize(("number", "may"), [("9", True), ("8", False)])
def test_a_dissent_that_names_who_may_break_the_glass_leaves_out_all_others(number: str, may: bool) -> None:
    foreign = (Source(12, OTHER, "other", "b", UUID(int=12)),)
    who = [{"role": {"coding": [{"code": "IRCP"}]}, "reference": {"identifier": {"system": "urn:xinglin:staff", "value": number}}}]
    dissent = Standing(9, read({"provision": {"type": "deny", "provision": [{"type": "permit", "purpose": BROKEN, "actor": who}]}}), Strength.FULL)
    known = Facts(NOW, related=True, tie=Strength.FULL, consents=(EXPRESS, dissent))
    with pytest.raises(Refused, match="patient_denied") as refusal:
        decide(request(sources=foreign), known)
    assert refusal.value.overridable is may and may_break(request(), known) is may
    part = decide(request(), known)
    assert part.withheld == ("patient_denied",) and part.urgent is may
    seen = dict(decide(request(), replace(known, emergency_until=LATER)).patients)
    assert seen == ({11: ALL, 12: OPEN} if may else {11: ALL})
    wide = Standing(9, read({"provision": {"type": "permit", "securityLabel": [{"code": "N"}], "purpose": [{"code": "TREAT"}],
                                           "provision": [{"type": "permit", "purpose": BROKEN, "securityLabel": [{"code": "R"}], "actor": who}]}}), Strength.FULL)
    seen = dict(decide(request(sources=foreign), replace(known, consents=(wide,), emergency_until=LATER)).patients)
    assert seen == {12: OPEN if may else Within(0)}, "what it leaves out it leaves out in an emergency"
