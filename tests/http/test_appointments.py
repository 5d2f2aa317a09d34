"""A privacy officer serves for a further hospital: two administrators appoint, one ends, and each
thing that ends it ends it. Each refusal beside what is allowed.
"""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import hospitals_served
from alliance.models import Appointment, Hospital, HospitalUserObjectPermission, Proposal, Staff
from alliance.roles import Role
from alliance.services.appointments import (
    do_appoint_officer,
    do_end_appointment,
    do_propose_appointment,
)
from alliance.services.membership import do_suspend_hospital
from alliance.services.office import hospitals_of_officer, list_privacy_officers
from alliance.services.proposals import do_agree_to_proposal, query_open_proposals
from alliance.services.staffing import do_change_staff, do_end_staff, do_return_staff
from tests.factories import alliance
from tests.support.accounts import enrol
from tests.support.audit_lines import told
from tests.support.browser import ENGLISH, signed_in

TODAY, DAY = timezone.localdate, dt.timedelta(days=1)
LAST = dt.date(2098, 1, 1)


@pytest.fixture
def two(world: None) -> tuple[Staff, Staff]:
    return tuple(
        alliance.make_staff(alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=True)
        for _ in range(2)
    )  # type: ignore[return-value]


def officer_at(name: str = "core") -> Staff:
    return alliance.make_staff(alliance.make_hospital(name), Role.PRIVACY)


def served(who: Staff) -> set[int]:
    """Beside their own hospital, as their next request would have it."""
    return set(hospitals_served(alliance.get_officer_principal(who))) - {
        Staff.objects.get(pk=who.pk).hospital_id
    }


def form(at: Hospital, **more: Any) -> dict[str, Any]:
    return {
        "hospital": at.pk,
        "starts_on": TODAY().isoformat(),
        "ends_on": LAST.isoformat(),
        "reason": "a clinic of three people",
    } | more


def propose(who: Staff, at: Hospital, by: Staff, **more: Any) -> Proposal:
    days = {"starts_on": TODAY(), "ends_on": LAST, "reason": "a clinic"} | more
    return do_propose_appointment(who, hospital=at, acting=alliance.get_staff_principal(by), **days)


def test_one_proposes_another_agrees_and_it_counts(two: tuple[Staff, Staff]) -> None:
    who, clinic, (one, other) = officer_at(), alliance.make_hospital("clinic"), two
    first, second = signed_in(one), signed_in(other)
    path = f"/alliance/staff/{who.pk}/appoint/"
    assert path in first.get(f"/alliance/staff/{who.pk}/", headers=ENGLISH).content.decode()
    assert first.post(path, form(clinic)).status_code == 302
    proposal = query_open_proposals().get(target=f"staff/{who.pk}")
    assert not served(who), "proposed is not done"
    refused = first.post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    assert b"note error" in refused.content and not served(who), "nobody agrees to their own"
    shown = second.get(f"/alliance/proposals/{proposal.pk}/agree/", headers=ENGLISH)
    page = shown.content.decode()
    assert clinic.name_en in page and who.hospital.name_en in page and "clinic of three" in page
    assert second.post(f"/alliance/proposals/{proposal.pk}/agree/", {}).status_code == 302
    assert served(who) == {clinic.pk}
    assert HospitalUserObjectPermission.objects.filter(
        user=who.user, content_object=clinic, permission__codename="protect_privacy"
    ).exists(), "the object permission of django-guardian"
    line = told(f"staff/{who.pk}", "alliance:appointment:give")[0]
    assert line["actor"] == str(other.pk) and f"privacy@{clinic.code}" in line["detail"]
    assert told(f"proposal/{proposal.pk}", "alliance:proposal:make")
    assert told(f"proposal/{proposal.pk}", "alliance:proposal:agree")
    listed = second.get("/alliance/appointments/", headers=ENGLISH).content.decode()
    assert who.user.username in listed and "serves today" in listed and one.name in listed
    of_person = second.get(f"/alliance/staff/{who.pk}/", headers=ENGLISH).content.decode()
    assert "Appointed for" in of_person and clinic.name_en in of_person
    own = signed_in(who).get("/privacy/", headers=ENGLISH).content.decode()
    assert "You also serve for" in own and clinic.name_en in own


def test_who_administers_one_hospital_neither_proposes_nor_agrees(two: tuple[Staff, Staff]) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    for at in (who.hospital, clinic):
        local = alliance.make_staff(at, Role.ADMINISTRATOR)
        assert signed_in(local).post(
            f"/alliance/staff/{who.pk}/appoint/", form(clinic)
        ).status_code in (403, 404)
        with pytest.raises(Forbidden):
            propose(who, clinic, local)
    proposal = propose(who, clinic, two[0])
    with pytest.raises(Forbidden):
        do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(local))
    with pytest.raises(Forbidden):
        do_appoint_officer(
            who,
            hospital=clinic,
            employer=who.hospital.code,
            starts_on=TODAY(),
            ends_on=LAST,
            reason="alone",
            acting=alliance.get_staff_principal(two[0]),
        )
    assert not served(who)
    do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(two[1]))
    assert served(who) == {clinic.pk}


def test_only_a_privacy_officer_who_counts_is_appointed(two: tuple[Staff, Staff]) -> None:
    core, clinic, one = alliance.make_hospital("core"), alliance.make_hospital("clinic"), two[0]
    for role in set(Role) - {Role.PRIVACY, Role.PATIENT, Role.MEMBER_SYSTEM}:
        with pytest.raises(Forbidden) as refusal:
            propose(alliance.make_staff(core, role), clinic, one)
        assert refusal.value.code == "appointee", role
    unseen = enrol(core, alliance.get_staff_principal(one), Role.PRIVACY)
    wide, over, moved_out = (alliance.make_staff(core, Role.PRIVACY, wide=w) for w in (True, 0, 0))
    do_end_staff(over, reason="left", acting=alliance.OPERATOR)
    Staff.objects.filter(pk=moved_out.pk).update(starts_on=TODAY() + DAY)
    for nobody in (unseen, wide, over, moved_out):
        with pytest.raises(Forbidden):
            propose(nobody, clinic, one)
    alliance.mark_vouched(unseen)
    assert propose(unseen, clinic, one).waits, "the control: somebody has vouched"


def test_hospital_and_days_must_fit(two: tuple[Staff, Staff]) -> None:
    who, clinic, one = officer_at(), alliance.make_hospital("clinic"), two[0]
    Staff.objects.filter(pk=who.pk).update(ends_on=TODAY() + 30 * DAY)
    fits = {"ends_on": TODAY() + 30 * DAY}
    for wrong, field in (
        ({"ends_on": TODAY() + 31 * DAY}, "ends_on"),
        ({"starts_on": TODAY() - DAY, **fits}, "starts_on"),
        ({"starts_on": TODAY() + 2 * DAY, "ends_on": TODAY() + DAY}, "ends_on"),
        ({"reason": " ", **fits}, "reason"),
    ):
        with pytest.raises(ValidationError) as refusal:
            propose(who, clinic, one, **wrong)
        assert field in refusal.value.message_dict
    stopped, left = alliance.make_hospital("stopped"), alliance.make_hospital("left")
    do_suspend_hospital(stopped, reason="leak", acting=alliance.OPERATOR)
    Hospital.objects.filter(pk=left.pk).update(leaves_on=TODAY() - DAY)
    for at in (who.hospital, stopped, Hospital.objects.get(pk=left.pk)):
        with pytest.raises(ValidationError) as refusal:
            propose(who, Hospital.objects.get(pk=at.pk), one, **fits)
        assert "hospital" in refusal.value.message_dict
    page = signed_in(one).post(
        f"/alliance/staff/{who.pk}/appoint/", form(clinic, ends_on="2099-01-01"), headers=ENGLISH
    )
    assert "not longer than that" in page.content.decode()
    proposal = propose(who, clinic, one, **fits)
    with pytest.raises(AlreadyDone):
        propose(who, clinic, one, **fits)
    do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(two[1]))
    with pytest.raises(AlreadyDone) as twice:
        propose(who, clinic, one, starts_on=TODAY() + DAY, **fits)
    assert twice.value.code == "appointed"


@pytest.mark.parametrize("change", ["role", "hospital", "ended", "unvouched", "wide", "suspended"])
def test_what_changed_since_the_proposal_counts(two: tuple[Staff, Staff], change: str) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    proposal = propose(who, clinic, two[0])
    if change == "role":
        do_change_staff(who, role=Role.CLERK.value, acting=alliance.OPERATOR)
    elif change == "hospital":
        do_change_staff(who, hospital=alliance.make_hospital("new"), acting=alliance.OPERATOR)
    elif change == "ended":
        do_end_staff(who, reason="left", acting=alliance.OPERATOR)
    elif change == "unvouched":
        Staff.objects.filter(pk=who.pk).update(vouched_at=None)
    elif change == "wide":
        Staff.objects.filter(pk=who.pk).update(alliance_wide=True)
    else:
        do_suspend_hospital(clinic, reason="leak", acting=alliance.OPERATOR)
    with pytest.raises((Forbidden, ValidationError)):
        do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(two[1]))
    assert not Appointment.objects.filter(staff=who).exists()


def test_nobody_appoints_themselves(two: tuple[Staff, Staff]) -> None:
    """Who has become a privacy officer since they proposed it."""
    one, other = two
    clinic, third = alliance.make_hospital("clinic"), officer_at()
    proposal = propose(third, clinic, one)
    Proposal.objects.filter(pk=proposal.pk).update(
        values=proposal.values | {"staff": other.pk, "employer": other.hospital.code}
    )
    with pytest.raises(Forbidden) as refusal:
        do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(other))
    assert refusal.value.code == "self"
    Proposal.objects.filter(pk=proposal.pk).update(values=proposal.values)
    do_agree_to_proposal(proposal, acting=alliance.get_staff_principal(other))
    assert served(third) == {clinic.pk}


def test_one_administrator_ends_it_at_once(two: tuple[Staff, Staff]) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    made = alliance.appoint_officer(who, clinic)
    path = f"/alliance/appointments/{made.pk}/end/"
    own, far = (
        signed_in(alliance.make_staff(at, Role.ADMINISTRATOR))
        for at in (clinic, alliance.make_hospital("far"))
    )
    employer = signed_in(alliance.make_staff(who.hospital, Role.ADMINISTRATOR))
    for stranger in (far, employer):
        assert stranger.post(path, {"reason": "envy"}).status_code == 404
        listed = stranger.get("/alliance/appointments/", headers=ENGLISH).content.decode()
        assert who.user.username not in listed
    for role in (Role.PRIVACY, Role.CLERK):
        assert signed_in(alliance.make_staff(clinic, role)).post(path, {}).status_code == 403
    assert served(who) == {clinic.pk}
    assert who.user.username in own.get("/alliance/appointments/").content.decode()
    assert own.get(path, headers=ENGLISH).status_code == 200
    assert own.post(path, {"reason": "we have one now"}).status_code == 302
    assert not served(who)
    assert not HospitalUserObjectPermission.objects.filter(user=who.user).exists()
    line = told(f"staff/{who.pk}", "alliance:appointment:end")[0]
    assert line["actor_hospital"] == clinic.code and "we have one now" in line["detail"]
    listed = own.get("/alliance/appointments/", headers=ENGLISH).content.decode()
    assert "we have one now" in listed and path not in listed
    with pytest.raises(AlreadyDone):
        do_end_appointment(made, reason="again", acting=alliance.get_staff_principal(two[0]))
    again = alliance.appoint_officer(who, clinic)
    do_end_appointment(again, reason="done", acting=alliance.get_staff_principal(two[0]))
    assert not served(who), "an administrator of the alliance too"


def test_it_counts_between_its_days_alone(world: None) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    made = Appointment.objects.filter(pk=alliance.appoint_officer(who, clinic).pk)
    for first, last, counts in (
        (TODAY(), TODAY(), True),
        (TODAY() + DAY, LAST, False),
        (TODAY() - 9 * DAY, TODAY() - DAY, False),
        (TODAY() - DAY, TODAY() + DAY, True),
    ):
        made.update(starts_on=first, ends_on=last)
        assert (served(who) == {clinic.pk}) is counts, (first, last)


@pytest.mark.parametrize("change", ["end", "role", "hospital", "name", "return", "lapse"])
def test_it_ends_with_the_post_and_does_not_come_back(world: None, change: str) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    made = alliance.appoint_officer(who, clinic)
    do_change_staff(who, title="主任", acting=alliance.OPERATOR)
    assert served(who) == {clinic.pk}, "the control: another title is the same post"
    if change == "end":
        do_end_staff(who, reason="left", acting=alliance.OPERATOR)
    elif change == "return":
        do_end_staff(who, reason="left", acting=alliance.OPERATOR)
        do_return_staff(who, ends_on=LAST, reason="back", acting=alliance.OPERATOR)
    elif change == "lapse":
        Staff.objects.filter(pk=who.pk).update(ends_on=TODAY() - DAY)
        do_change_staff(who, ends_on=LAST, acting=alliance.OPERATOR)
    elif change == "name":
        do_change_staff(who, name="别人", acting=alliance.OPERATOR)
    elif change == "role":
        do_change_staff(who, role=Role.CLERK.value, acting=alliance.OPERATOR)
        do_change_staff(who, role=Role.PRIVACY.value, acting=alliance.OPERATOR)
    else:
        home = who.hospital
        do_change_staff(who, hospital=alliance.make_hospital("new"), acting=alliance.OPERATOR)
        do_change_staff(who, hospital=home, acting=alliance.OPERATOR)
    alliance.mark_vouched(who)
    made.refresh_from_db()
    assert not served(who) and made.ended_at is not None
    assert told(f"staff/{who.pk}", "alliance:appointment:end")
    assert not HospitalUserObjectPermission.objects.filter(user=who.user).exists()


def test_it_rests_while_the_hospital_or_the_permission_is_gone(world: None) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    alliance.appoint_officer(who, clinic)
    do_suspend_hospital(clinic, reason="leak", acting=alliance.OPERATOR)
    assert not served(who)
    Hospital.objects.filter(pk=clinic.pk).update(suspended_at=None, leaves_on=TODAY() - DAY)
    assert not served(who)
    Hospital.objects.filter(pk=clinic.pk).update(leaves_on=None)
    assert served(who) == {clinic.pk}
    HospitalUserObjectPermission.objects.filter(user=who.user).delete()
    assert not served(who), "the days alone open nothing"


def test_the_hospital_has_an_officer_now(world: None) -> None:
    who, clinic = officer_at(), alliance.make_hospital("clinic")
    administrator = signed_in(alliance.make_staff(clinic, Role.ADMINISTRATOR))
    alliance.make_staff(alliance.make_hospital("office"), Role.PRIVACY, wide=True)

    def without() -> bool:
        page = administrator.get("/alliance/staff/", headers=ENGLISH).content.decode()
        return "no privacy officer of their own" in page

    assert without()
    made = alliance.appoint_officer(who, clinic)
    assert not without()
    assert who in [o for o in list_privacy_officers() if clinic.pk in hospitals_of_officer(o)]
    do_end_appointment(made, reason="done", acting=alliance.OPERATOR)
    assert without()


def test_who_has_none_costs_nothing_more(world: None) -> None:
    """The appointments come with the row of whoever is signed in."""
    who, clinic = officer_at(), alliance.make_hospital("clinic")

    def statements() -> int:
        browser = signed_in(who)
        browser.get("/privacy/standing/")
        with CaptureQueriesContext(connection) as seen:
            browser.get("/privacy/standing/")
        return len(seen)

    def of_the_row() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert Staff.objects.get(pk=who.pk).user.staff_or_none is not None
        return len(seen)

    none, row = statements(), of_the_row()
    alliance.appoint_officer(who, clinic)
    assert row == of_the_row() == 3, "staff, user, and their staff with what they serve"
    assert statements() == none + 1, "of the hospital that is served, its line in the log"
