"""A decision that names a Group: who is in it counts with the next look, what nobody knows opens
nothing, and no hospital lets itself in by its own Group.
"""

from typing import Any

import pytest

from alliance.auth.principal import Principal
from alliance.models import Staff
from consent.models import Emergency
from consent.services.confirmations import do_end_confirmation
from consent.services.directive_confirmations import do_refuse_directive
from consent.services.emergencies import do_break_glass
from records.mpi.index import source_patients
from tests.factories import alliance
from tests.factories.ties import confirm_directive, make_privacy_officer
from tests.factories.web_session import WebSession, extract_page_text, keep_as_server_does
from tests.support.filed import ACTOR
from tests.support.group_members import Members, group, m, numbered
from tests.support.world import World, related, w

__all__ = ["m", "w"]
BTG = [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": "BTG"}]


@pytest.fixture
def own(w: World) -> Members:
    related(w)
    return Members(w, w.ask, alliance.make_staff(w.a), alliance.make_staff(w.a), own=True)


def to_group(effect: str, **more: Any) -> dict[str, Any]:
    return {
        "type": effect,
        "actor": [
            {
                "role": {"coding": [{"system": ACTOR, "code": "IRCP"}]},
                "reference": {"reference": "Group/g"},
            }
        ],
    } | more


def test_membership_counts_with_the_next_look(m: Members) -> None:
    m.put(numbered("p1", m.one), numbered("p2", m.two), group("Practitioner/p1"))
    m.decide(to_group("permit"))
    assert (m.sees(m.one), m.sees(m.two)) == (True, False)
    m.put(
        numbered("r2", None, "PractitionerRole", practitioner={"reference": "Practitioner/p2"}),
        group("Practitioner/p1", "PractitionerRole/r2"),
    )
    assert (m.sees(m.one), m.sees(m.two)) == (True, True), "by the Practitioner of the role"
    m.put(numbered("p2", m.two, active=False))
    assert (m.sees(m.one), m.sees(m.two)) == (
        True,
        False,
    ), "the role's Practitioner is nobody's number any more"
    m.put(
        group(
            member=[
                {"entity": {"identifier": {"system": "urn:xinglin:staff", "value": str(m.two.pk)}}},
                {"entity": {"reference": "Practitioner/p1"}, "inactive": True},
            ]
        )
    )
    assert (m.sees(m.one), m.sees(m.two)) == (False, True), "named by number; and one who left"
    assert m.store("DELETE", "Group/g").status == 204
    assert (m.sees(m.one), m.sees(m.two)) == (False, False)


@pytest.mark.parametrize(
    ("what", "more"),
    [
        ("of no kind that looks", {"type": "person"}),
        ("of a kind, not of persons", {"actual": False}),
        ("not in use", {"active": False}),
        ("counted, not listed", {"member": None, "quantity": 3}),
        (
            "with a member without a number",
            {
                "member": [
                    {"entity": {"reference": "Practitioner/p1"}},
                    {"entity": {"reference": "Practitioner/nobody"}},
                ]
            },
        ),
        (
            "with a member for a time",
            {
                "member": [
                    {"entity": {"reference": "Practitioner/p1"}},
                    {"entity": {"reference": "Practitioner/p2"}, "period": {"start": "2999"}},
                ]
            },
        ),
        ("that nobody has written", None),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_who_is_in_it_is_not_known(m: Members, what: str, more: dict[str, Any] | None) -> None:
    """Such a Group refuses everybody, and lets in only those who surely are members."""
    m.put(numbered("p1", m.one), numbered("p2", m.two), numbered("nobody", None))
    m.w.permit()
    assert m.sees(m.one) and m.sees(m.two), "the control"
    m.put(group("Practitioner/p1"))
    m.decide(to_group("deny"))
    assert (m.sees(m.one), m.sees(m.two)) == (False, True), "the control: who is in it is refused"
    if more is None:
        m.store("DELETE", "Group/g")
    else:
        m.put({k: v for k, v in group("Practitioner/p1", **more).items() if v is not None})
    assert (m.sees(m.one), m.sees(m.two)) == (False, False), what


def test_an_unknown_member_keeps_nobody_else_from_a_permit(m: Members) -> None:
    m.put(numbered("p1", m.one), group("Practitioner/p1", "Practitioner/x"))
    m.decide(to_group("permit"))
    assert (m.sees(m.one), m.sees(m.two)) == (True, False)


def test_a_hospital_lets_nobody_of_its_own_in_by_its_own_group(own: Members) -> None:
    """Recorded, written and filled by the hospital that gains: it counts as it stood when
    somebody else stood behind it (docs/adr/0030).
    """
    own.put(numbered("p1", own.one), numbered("p2", own.two), group("Practitioner/p1"))
    made = own.decide(to_group("permit"))
    assert not own.sees(own.one), "nobody stands behind the decision"
    confirm_directive(made, own.w.person)  # type: ignore[arg-type]
    assert (own.sees(own.one), own.sees(own.two)) == (True, False)
    own.put(group("Practitioner/p1", "Practitioner/p2"))
    assert (own.sees(own.one), own.sees(own.two)) == (True, False), "added by the hospital since"
    own.put(numbered("p1", own.two))
    assert not own.sees(own.two), "nor by giving a member another's number"
    own.put(numbered("p1", own.one))
    last = made.confirmations.filter(ended_at=None).latest("pk")
    do_end_confirmation(last.pk, reason="the group has changed", acting=make_privacy_officer())
    confirm_directive(made, own.w.person)  # type: ignore[arg-type]
    assert own.sees(own.one) and own.sees(own.two), "confirmed anew, with whoever is in it now"
    do_refuse_directive(
        made.pk,
        own.w.person,
        evidence="asked the patient",
        sources=source_patients.sources_of_person(own.w.person),
        acting=make_privacy_officer(),
    )  # type: ignore[arg-type]
    assert not own.sees(own.one)


def test_a_hospital_takes_nobody_of_its_own_out_of_a_refused_group(own: Members) -> None:
    own.put(numbered("p1", own.one), numbered("p2", own.two), group("Practitioner/p1"))
    own.w.permit()
    own.decide(to_group("deny"))
    assert (own.sees(own.one), own.sees(own.two)) == (False, True), "the control"
    own.put(group("Practitioner/p2"))
    assert (own.sees(own.one), own.sees(own.two)) == (
        False,
        False,
    ), "who was refused is refused still, and so is who was added"


ONE_GROUP = {"type": "deny", "provision": [to_group("permit", purpose=BTG)]}


def broken_by(m: Members, who: Staff) -> bool:
    """Whether it opens the record to break the glass; it is closed again."""
    acting: Principal = alliance.get_staff_principal(who)
    do_break_glass(
        m.w.person,
        ground="rescue",
        reason="unconscious",
        hours=1,
        acting=acting,
        sources=source_patients.sources_of_person(m.w.person),
    )  # type: ignore[arg-type]
    return m.sees(who)


def test_who_may_break_the_glass_is_the_patients_to_say(m: Members, server: str) -> None:
    """A dissent that leaves emergencies to one group: others are refused, in the gate and at the
    form, and told whom to call.
    """
    m.put(numbered("p1", m.one), numbered("p2", m.two), group("Practitioner/p1"))
    m.decide(ONE_GROUP)
    page, form = f"/person/{m.w.person}/", f"/person/{m.w.person}/emergency/"
    entitled, other = (WebSession(server, who) for who in (m.one, m.two))
    told = entitled.get(page)
    assert (
        "that you may open the record in an emergency" in extract_page_text(told)
        and form in told.text
    )
    refused = other.get(page)
    assert (
        form not in refused.text
        and f"Call one of your colleagues who are: {m.one.name}" in extract_page_text(refused)
    )
    assert broken_by(m, m.one) and not broken_by(m, m.two)
    m.put({k: v for k, v in group().items() if k != "member"})
    assert "None of your colleagues is" in extract_page_text(other.get(page)) and not m.sees(m.one)
    m.put(group("Practitioner/p2"))
    assert m.sees(m.two) and not m.sees(m.one), "membership counts with the next look"


def test_the_form_of_an_emergency_is_closed_to_who_is_left_out(m: Members, server: str) -> None:
    m.put(numbered("p1", m.one), group("Practitioner/p1"))
    m.decide(ONE_GROUP)
    form = f"/person/{m.w.person}/emergency/"
    for who, words in ((m.two, "and you are not among them"), (m.one, "Confirm emergency access")):
        keep_as_server_does(who)
        page = WebSession(server, who)
        assert page.post(
            "/account/reauthenticate/", {"password": alliance.PASSWORD}
        ).status_code in (200, 404)
        answer = page.get(form)
        assert words in extract_page_text(answer) and answer.status_code == (
            403 if who is m.two else 200
        )
        sent = page.send(
            form,
            {"ground": "rescue", "reason": "unconscious", "hours": 1, "sure": "on"},
            page.token(form) if who is m.one else page.token("/account/reauthenticate/"),
            form,
        )
        assert Emergency.objects.filter(staff=who).exists() is (who is m.one), sent.text


def test_an_emergency_is_open_where_the_patient_says_nothing_of_one(m: Members) -> None:
    """The control: to refuse treatment is not to refuse rescue (PIPL 13(1)4)."""
    m.put(numbered("p1", m.one), group("Practitioner/p1"))
    m.decide({"type": "deny"})
    assert not m.sees(m.two)
    assert broken_by(m, m.two)
