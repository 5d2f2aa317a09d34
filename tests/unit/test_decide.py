"""The truth table of the gate, without a database."""

import datetime as dt
from uuid import UUID

import pytest

from alliance.auth.principal import Principal
from alliance.roles import Permission, Role
from consent.audit.event import EventCode
from consent.criteria import ALWAYS, Within
from consent.decide import decide, weigh
from consent.labels import OVERRIDABLE_LABELS
from consent.provision import read
from consent.templates import Choice, Template, consent
from consent.terms import AccessRequest, Facts, Refused, Source, Standing

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
OWN, OTHER, THIRD = 1, 2, 3
DOCTOR = Principal("staff", "9", OWN, "own", Role.CLINICIAN)
PERMIT = Standing(1, read(consent(Choice(Template.SHARE))))
EXPRESS = Standing(2, read(consent(Choice(Template.SHARE, kinds=["R"]))))
DENY_OTHER = Standing(3, read(consent(Choice(Template.NOTHING, sources=["other"]))))
DENY_ME = Standing(4, read(consent(Choice(Template.NOTHING, ["own"]))))
LATER = NOW + dt.timedelta(hours=1)
ALL, OPEN = ALWAYS, Within(OVERRIDABLE_LABELS)

# description, facts, expected {hospital: which records} or the refusal's code
CASES = [
    ("own hospital needs no consent", {}, {OWN: ALL}),
    ("relationship without consent", {"related": True}, {OWN: ALL}),
    ("consent without relationship", {"consents": (PERMIT,)}, {OWN: ALL}),
    ("both: but not sensitive records", {"related": True, "consents": (PERMIT,)}, {OWN: ALL, OTHER: Within(0)}),
    ("express permit", {"related": True, "consents": (EXPRESS,)}, {OWN: ALL, OTHER: OPEN}),
    ("deny overrides a permit", {"related": True, "consents": (EXPRESS, DENY_OTHER)}, {OWN: ALL}),
    ("a deny does not bind the own hospital", {"related": True, "consents": (EXPRESS, DENY_ME)}, {OWN: ALL}),
    ("emergency opens all but the very restricted", {"emergency_until": LATER}, {OWN: ALL, OTHER: OPEN}),
    ("emergency overrides a deny", {"consents": (DENY_ME,), "emergency_until": LATER}, {OWN: ALL, OTHER: OPEN}),
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
    for facts, code in ((Facts(NOW), "no_relationship"), (Facts(NOW, related=True), "no_consent"), (Facts(NOW, related=True, consents=(PERMIT, DENY_OTHER)), "patient_denied")):
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
        decide(request(hospital_id=OTHER, writing=True), Facts(NOW, related=True, consents=(EXPRESS,)))


def test_what_is_withheld_does_not_depend_on_the_data() -> None:
    facts = Facts(NOW, related=True, consents=(PERMIT,))
    one, two = decide(request(), facts), decide(request(sources=(Source(11, OWN, "own", "a", UUID(int=11)),)), facts)
    assert one.withheld == two.withheld == ("sensitive",)
    assert decide(request(), Facts(NOW, related=True, consents=(EXPRESS,))).withheld == ()


def test_the_epoch_changes_with_what_was_decided() -> None:
    assert decide(request(), Facts(NOW, related=True)).epoch != decide(request(), Facts(NOW, related=True, consents=(PERMIT,))).epoch
    assert decide(request(), Facts(NOW)).epoch == decide(request(), Facts(LATER)).epoch


def test_what_a_scope_says_of_itself() -> None:
    plain, broken = decide(request(), Facts(NOW, related=True, consents=(PERMIT,))), decide(request(), Facts(NOW, emergency_until=LATER))
    assert not plain.emergency and plain.event.purpose == "TREAT" and broken.emergency and broken.event.purpose == "BTG"
    useless = decide(request(), Facts(NOW, related=True, consents=(EXPRESS,), emergency_until=LATER))
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

    assert codes(Facts(NOW, related=True)) == [("deny", "no_consent")] and codes(Facts(NOW)) == [("deny", "no_relationship")]
    assert codes(Facts(NOW, related=True, consents=(PERMIT,))) == [("permit", "patient_consent")]
    ended = Principal("staff", "9", OWN, "own", Role.CLINICIAN, active=False)
    for hospital in ("own", "other"):
        verdict = weigh(request(principal=ended), Facts(NOW, emergency_until=LATER), hospital)
        assert not verdict.permitted and verdict.reasons[0].code == "viewer_inactive"
    assert decide(request(), Facts(NOW, related=True, consents=(DENY_OTHER, EXPRESS))).withheld == ("patient_denied",), "the hospital that the denial names"


def test_a_patient_has_his_own_record_and_no_other() -> None:
    home = str(UUID(int=12))
    himself, stranger = (Principal("patient", i, OWN, "own", Role.PATIENT) for i in (home, str(UUID(int=99))))
    known = request().sources
    mine = decide(request(principal=himself, permission=Permission.CONSENT_RECORD, known=known), Facts(NOW, consents=(DENY_ME,)))
    assert dict(mine.patients) == {11: ALL, 12: ALL}
    for principal in (stranger, himself):
        with pytest.raises(Refused, match="role"):
            asked = request(principal=principal, permission=Permission.CONSENT_RECORD, known=known if principal is stranger else ())
            decide(asked, Facts(NOW, related=True, consents=(EXPRESS,), emergency_until=LATER))
    with pytest.raises(Refused, match="sealed"):
        decide(request(principal=himself, permission=Permission.CONSENT_RECORD, known=known), Facts(NOW, sealed=frozenset({"own", "other"})))
