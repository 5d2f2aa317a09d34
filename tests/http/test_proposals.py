"""What opens, two administrators of the alliance decide; what closes, one does at once. Over
pages and the JSON door; each refusal beside what is allowed.
"""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.models import Hospital, Proposal, Staff
from alliance.roles import Role
from alliance.services.credentials import do_reset_credentials
from alliance.services.membership import (
    do_change_hospital,
    do_propose_resume,
    do_resume_hospital,
    do_suspend_hospital,
)
from alliance.services.proposals import (
    do_agree_to_proposal,
    do_refuse_proposal,
    query_open_proposals,
)
from alliance.services.staffing import (
    do_change_staff,
    do_end_staff,
    do_enrol_staff,
    do_return_staff,
)
from consent.models import AlliancePolicy
from consent.services.policies import do_propose_policy, do_set_policy
from tests.factories import alliance
from tests.support.accounts import LATER, enrol, set_up
from tests.support.audit_lines import told
from tests.support.browser import signed_in

JSON = {"content_type": "application/json"}


@pytest.fixture
def two(world: None) -> tuple[Staff, Staff]:
    return tuple(
        alliance.make_staff(alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=True)
        for _ in range(2)
    )  # type: ignore[return-value]


def of(target: str) -> Proposal:
    return query_open_proposals().get(target=target)


def test_one_suspends_at_once_and_two_let_a_hospital_take_part_again(
    two: tuple[Staff, Staff],
) -> None:
    at, (one, other) = alliance.make_hospital("susp"), (signed_in(s) for s in two)
    one.post(f"/alliance/hospitals/{at.code}/suspend/", {"reason": "leak"})
    assert Hospital.objects.get(pk=at.pk).suspended_at
    assert one.get(f"/alliance/hospitals/{at.code}/resume/").status_code == 200
    one.post(f"/alliance/hospitals/{at.code}/resume/", {"reason": "mended"})
    proposal = of(f"hospital/{at.code}")
    assert Hospital.objects.get(pk=at.pk).suspended_at, "proposed is not done"
    page = one.get("/alliance/proposals/", headers={"Accept-Language": "en"}).content.decode()
    assert (
        at.name_en in page and "mended" in page and f"/proposals/{proposal.pk}/agree/" not in page
    ), "one's own"
    refused = one.post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    assert b"note error" in refused.content and Hospital.objects.get(pk=at.pk).suspended_at
    local = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR))
    Hospital.objects.filter(pk=at.pk).update(suspended_reason="leak of 11-29")
    assert local.get("/alliance/proposals/").status_code in (302, 403) and local.post(
        f"/alliance/proposals/{proposal.pk}/agree/", {}
    ).status_code in (302, 403)
    shown = other.get(
        f"/alliance/proposals/{proposal.pk}/agree/", headers={"Accept-Language": "en"}
    ).content.decode()
    assert "leak of 11-29" in shown and "mended" in shown, "says exactly what will happen"
    assert other.post(f"/alliance/proposals/{proposal.pk}/agree/", {}).status_code == 302
    assert (
        not Hospital.objects.get(pk=at.pk).suspended_at
        and not query_open_proposals().filter(pk=proposal.pk).exists()
    )
    assert other.post(f"/alliance/proposals/{proposal.pk}/agree/", {}).status_code == 302, (
        "again: it says that it is decided"
    )
    lines = [
        x["code"]
        for x in reversed(
            told(f"proposal/{proposal.pk}", "alliance:proposal:make")
            + told(f"proposal/{proposal.pk}", "alliance:proposal:agree")
        )
    ]
    assert (
        lines.count("alliance:proposal:make") == 1
        and "alliance:proposal:agree" in lines
        and told(f"hospital/{at.code}", "alliance:hospital:resume")
    )
    with pytest.raises(Forbidden):
        do_resume_hospital(
            at,
            acting=alliance.get_staff_principal(two[0]),
            proposer=alliance.get_staff_principal(two[0]),
        )


def test_the_json_door_follows_the_same_rule(two: tuple[Staff, Staff]) -> None:
    at, (one, other) = alliance.make_hospital("json"), (signed_in(s) for s in two)
    path = f"/api/hospitals/{at.code}/suspension/"
    assert one.put(path, {"suspended": True, "reason": "leak"}, **JSON).status_code == 200
    made = one.put(path, {"suspended": False, "reason": "mended"}, **JSON)
    assert made.status_code == 202 and Hospital.objects.get(pk=at.pk).suspended_at
    assert one.put(path, {"suspended": False, "reason": "mended"}, **JSON).status_code == 409, (
        "the same waits already"
    )
    own = f"/api/proposals/{made.json()['id']}/"
    assert one.put(own, {"agreed": True}, **JSON).json()["code"] == "self"
    assert made.json()["id"] in {p["id"] for p in other.get("/api/proposals/").json()["results"]}
    assert other.put(own, {"agreed": False}, **JSON).status_code == 400
    assert (
        signed_in(alliance.make_staff(at, Role.ADMINISTRATOR)).get("/api/proposals/").status_code
        == 401
    ), "of a suspended hospital nobody is signed in"
    assert (
        other.put(own, {"agreed": True}, **JSON).json()["outcome"] == "agreed"
        and not Hospital.objects.get(pk=at.pk).suspended_at
    )


def test_a_former_member_comes_back_by_two(two: tuple[Staff, Staff]) -> None:
    at, empty, (one, other) = (
        alliance.make_hospital("left"),
        alliance.make_hospital("new"),
        (alliance.get_staff_principal(s) for s in two),
    )
    alliance.make_staff(at)
    past, today = timezone.localdate() - dt.timedelta(days=2), timezone.localdate()
    for hospital in (at, empty):
        assert do_change_hospital(hospital, leaves_on=past, acting=one) is None, "closes at once"
    proposal = do_change_hospital(at, leaves_on=None, name_en="Changed", acting=one)
    left = Hospital.objects.get(pk=at.pk)
    assert proposal is not None and left.leaves_on == past and left.name_en == "Changed"
    assert (
        do_change_hospital(empty, leaves_on=None, acting=one) is None
        and Hospital.objects.get(pk=empty.pk).active
    ), "one without staff and systems opens nothing"
    do_agree_to_proposal(proposal, acting=other)
    assert Hospital.objects.get(pk=at.pk).active
    assert do_change_hospital(at, leaves_on=today + dt.timedelta(days=400), acting=one) is None, (
        "a member that takes part goes on"
    )


def test_a_role_for_the_whole_alliance_is_given_by_two_and_taken_by_one(
    two: tuple[Staff, Staff],
) -> None:
    at, (one, other) = (
        alliance.make_hospital("wide"),
        (alliance.get_staff_principal(s) for s in two),
    )
    who = enrol(at, one, Role.CLERK, alliance_wide=True, wide_reason="index of all")
    assert not Staff.objects.get(pk=who.pk).alliance_wide
    proposal = of(f"staff/{who.pk}")
    assert proposal.reason == "index of all"
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=one)
    do_agree_to_proposal(proposal, acting=other)
    wide = Staff.objects.get(pk=who.pk)
    assert wide.alliance_wide and not wide.vouched, "somebody has to see the person all the same"
    changed = do_change_staff(who, role=Role.PRIVACY.value, wide_reason="new office", acting=one)
    assert changed is not None and not Staff.objects.get(pk=who.pk).alliance_wide, (
        "another role, another decision"
    )
    do_change_staff(who, role=Role.CLERK.value, acting=one)
    with pytest.raises(Forbidden) as refused:
        do_agree_to_proposal(changed, acting=other)
    assert refused.value.code == "changed", "asked again as things stand"
    again = do_change_staff(who, alliance_wide=True, wide_reason="as before", acting=one)
    assert again is not None
    do_agree_to_proposal(again, acting=other)
    assert (
        do_change_staff(who, alliance_wide=False, acting=one) is None
        and not Staff.objects.get(pk=who.pk).alliance_wide
    ), "one alone takes it away"
    gone = alliance.make_staff(at, Role.CLERK, wide=True)
    do_end_staff(gone, reason="test", acting=one)
    do_return_staff(gone, ends_on=LATER, reason="back", acting=one)
    assert (
        not Staff.objects.get(pk=gone.pk).alliance_wide and of(f"staff/{gone.pk}").reason == "back"
    )


def test_a_role_for_the_whole_alliance_needs_a_reason(two: tuple[Staff, Staff]) -> None:
    """The other administrator decides by it, and it stands in the log; on the page the form
    keeps what was typed.
    """
    at, one = alliance.make_hospital("why"), alliance.get_staff_principal(two[0])
    with pytest.raises(ValidationError) as refused:
        enrol(at, one, Role.CLERK, alliance_wide=True, wide_reason=" ")
    assert (
        "wide_reason" in refused.value.error_dict and not Staff.objects.filter(hospital=at).exists()
    )
    typed = {
        "username": f"why{at.pk}",
        "name": "王敏",
        "hospital": at.pk,
        "role": "clerk",
        "starts_on": str(timezone.localdate()),
        "ends_on": str(LATER),
        "alliance_wide": "on",
    }
    page = signed_in(two[0])
    again = page.post("/alliance/staff/", typed, headers={"Accept-Language": "en"})
    assert (
        again.status_code == 200
        and b"Say why the role is for the whole alliance." in again.content
        and not Staff.objects.filter(hospital=at).exists()
    )
    assert (
        page.post("/alliance/staff/", typed | {"wide_reason": "index of all"}).status_code == 302
    ), "the control"
    made = Staff.objects.get(hospital=at)
    assert [x["detail"] for x in told(f"staff/{made.pk}", "alliance:staff:enrol")] == [
        f"clerk@{at.code} · index of all"
    ]
    with pytest.raises(ValidationError):
        do_change_staff(made, alliance_wide=True, acting=one)


def test_nobody_agrees_for_themselves_through_an_account_that_they_have_made(
    two: tuple[Staff, Staff],
) -> None:
    at, (one, _) = alliance.make_hospital("sock"), (alliance.get_staff_principal(s) for s in two)
    alliance.make_staff(at, Role.AUDITOR, wide=True)
    at2 = alliance.make_hospital("other")
    do_suspend_hospital(at2, reason="leak", acting=one)
    proposal = do_propose_resume(at2, reason="mended", acting=one)
    sock = set_up(
        enrol(at, one, Role.ADMINISTRATOR, alliance_wide=True, wide_reason="second administrator")
    )
    for puppet in (sock, two[1]):
        if puppet is two[1]:
            do_reset_credentials(puppet, second_factor=True, reason="lost", acting=one)
        with pytest.raises(Forbidden) as refused:
            do_agree_to_proposal(
                proposal,
                acting=alliance.get_staff_principal(
                    Staff.objects.select_related("hospital").get(pk=puppet.pk)
                ),
            )
        assert refused.value.code == "unvouched"
    third = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("third"), Role.ADMINISTRATOR, wide=True)
    )
    do_agree_to_proposal(proposal, acting=third)
    assert not Hospital.objects.get(pk=at2.pk).suspended_at, "the control"


def test_a_proposal_ends_by_time_by_refusal_and_with_who_made_it(two: tuple[Staff, Staff]) -> None:
    (one, other), extra = (
        (alliance.get_staff_principal(s) for s in two),
        alliance.make_staff(alliance.make_hospital("third"), Role.ADMINISTRATOR, wide=True),
    )

    def proposal(acting: Any) -> tuple[Hospital, Proposal]:
        at = alliance.make_hospital("end")
        do_suspend_hospital(at, reason="leak", acting=one)
        return at, do_propose_resume(at, reason="mended", acting=acting)

    at, late = proposal(one)
    Proposal.objects.filter(pk=late.pk).update(expires_at=timezone.now())
    with pytest.raises(AlreadyDone):
        do_agree_to_proposal(late, acting=other)
    do_agree_to_proposal(do_propose_resume(at, reason="anew", acting=one), acting=other)
    at, taken_back = proposal(one)
    do_refuse_proposal(taken_back, reason="a slip", acting=one)
    with pytest.raises(AlreadyDone):
        do_agree_to_proposal(taken_back, acting=other)
    at, orphan = proposal(alliance.get_staff_principal(extra))
    do_end_staff(extra, reason="left", acting=one)
    with pytest.raises(Forbidden) as refused:
        do_agree_to_proposal(orphan, acting=other)
    assert refused.value.code == "proposer" and Hospital.objects.get(pk=at.pk).suspended_at
    with pytest.raises(AlreadyDone):
        do_propose_resume(alliance.make_hospital("fine"), reason="not suspended", acting=one)


def test_the_alliances_rule_is_proposed_and_agreed_to(two: tuple[Staff, Staff]) -> None:
    one, other = (signed_in(s) for s in two)
    before = AlliancePolicy.objects.count()
    form = {
        "code": "Policy-break-glass-only",
        "basis": "PIPL 23, 29",
        "reason": f"resolution of {timezone.now():%H:%M:%S.%f}",
        "sure": "on",
    }
    assert (
        one.post("/audit/policy/", form).headers["Location"] == "/alliance/proposals/"
        and AlliancePolicy.objects.count() == before
    )
    proposal = Proposal.objects.filter(act="policy").latest("pk")
    assert form["reason"] in other.get("/alliance/proposals/").content.decode()
    assert other.post(f"/alliance/proposals/{proposal.pk}/agree/", {}).status_code == 302
    newest = AlliancePolicy.objects.order_by("-pk")[0]
    assert (
        AlliancePolicy.objects.count() == before + 1
        and newest.reason == form["reason"]
        and newest.decided_by_id == two[1].pk
    )
    with pytest.raises(AlreadyDone):
        do_propose_policy(
            form["code"],
            basis=form["basis"],
            reason=form["reason"],
            acting=alliance.get_staff_principal(two[0]),
        )
    with pytest.raises(Forbidden):
        do_set_policy(
            "Policy-all-normal",
            basis="none",
            reason="alone",
            acting=alliance.get_staff_principal(two[0]),
        )
    with pytest.raises(Forbidden):
        do_propose_policy(
            "Policy-all-normal",
            basis="none",
            reason="local",
            acting=alliance.get_staff_principal(
                alliance.make_staff(alliance.make_hospital("loc"), Role.ADMINISTRATOR)
            ),
        )


def test_the_only_administrator_is_told_how_to_get_a_second(two: tuple[Staff, Staff]) -> None:
    from tests.support.accounts import alone

    with alone(two[0]):
        assert b"enrol_administrator" in signed_in(two[0]).get("/alliance/proposals/").content
    assert b"enrol_administrator" not in signed_in(two[0]).get("/alliance/proposals/").content


def test_an_operator_restores_without_a_second(two: tuple[Staff, Staff]) -> None:
    made, _ = do_enrol_staff(
        username=f"o{timezone.now():%H%M%S%f}",
        name="运维",
        hospital=alliance.make_hospital("op"),
        role="administrator",
        ends_on=LATER,
        alliance_wide=True,
        acting=alliance.OPERATOR,
    )
    assert made.alliance_wide and Staff.objects.get(pk=made.pk).vouched


def test_which_hospital_a_credit_code_names_two_decide(two: tuple[Staff, Staff]) -> None:
    """Referrals and consents name hospitals by it: whoever changes it alone turns those of
    another hospital to their own.
    """
    at, (one, other) = (
        alliance.make_hospital("credit"),
        (alliance.get_staff_principal(s) for s in two),
    )
    code = "91310000MA1FL4YA2E"
    for wrong in ("91310000MA1FL4YA2T", "91310000MA1FL4YA2", "91310000ma1fl4ya2e", "123"):
        with pytest.raises(ValidationError, match="证书"):
            do_change_hospital(at, credit_code=wrong, acting=one)
    proposal = do_change_hospital(at, credit_code=code, name_en="Changed", acting=one)
    now = Hospital.objects.get(pk=at.pk)
    assert proposal is not None and now.credit_code == "" and now.name_en == "Changed"
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=one)
    do_agree_to_proposal(proposal, acting=other)
    assert Hospital.objects.get(pk=at.pk).credit_code == code
    with pytest.raises(ValidationError):
        do_change_hospital(alliance.make_hospital("second"), credit_code=code, acting=one)
    assert (
        do_change_hospital(at, credit_code="", acting=one) is None
        and Hospital.objects.get(pk=at.pk).credit_code == ""
    ), "one alone takes it away"
