"""A seal is made by one officer and lifted by two, of whom one gains nothing by it. Each refusal
beside what is allowed.
"""

import datetime as dt

import pytest
from django.utils import timezone

from alliance.auth.errors import AlreadyDone, Forbidden
from alliance.auth.principal import Principal
from alliance.models import Hospital
from alliance.roles import Role
from alliance.services.staffing import do_change_staff, do_end_staff
from consent.models import IncidentSeal
from consent.services.incident_seals import do_request_unseal, do_unseal_record, query_visible_seals
from records.mpi.index import source_patients
from records.operations.person_seal import do_seal_person
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.world import World, w

__all__ = ["w"]


def officer(at: Hospital, *, wide: bool = False) -> Principal:
    return alliance.get_staff_principal(alliance.make_staff(at, Role.PRIVACY, wide=wide))


def sealed(w: World, by: Principal) -> IncidentSeal:
    return do_seal_person(w.person, ground="dispute", reason="医疗纠纷", listed=[], acting=by)  # type: ignore[arg-type]


def lift(w: World, seal: IncidentSeal, by: Principal) -> str:
    """The refusal's code, or ""."""
    try:
        do_unseal_record(seal.pk, sources=source_patients.sources_of_person(seal.person), acting=by)
    except Forbidden as refusal:
        return refusal.code
    return ""


def open_now(seal: IncidentSeal) -> bool:
    return IncidentSeal.objects.get(pk=seal.pk).lifted_at is not None


def test_one_asks_and_another_who_gains_nothing_agrees(w: World) -> None:
    one, colleague, stranger = officer(w.b), officer(w.b), officer(w.a)
    seal = sealed(w, one)
    assert w.hold("GET", w.plain).status == 404, "sealed at once, by one"
    assert lift(w, seal, stranger) == "unasked"
    do_request_unseal(seal.pk, reason="调查结束", acting=one)
    with pytest.raises(AlreadyDone):
        do_request_unseal(seal.pk, reason="again", acting=colleague)
    assert (
        lift(w, seal, one) == "self"
        and lift(w, seal, colleague) == "inside"
        and lift(w, seal, w.doctor) == "role"
    )
    assert w.hold("GET", w.plain).status == 404, "asked is not opened"
    assert lift(w, seal, stranger) == "" and open_now(seal) and w.hold("GET", w.plain).status == 200
    with pytest.raises(AlreadyDone):
        do_unseal_record(
            seal.pk,
            sources=source_patients.sources_of_person(seal.person),
            acting=officer(w.a, wide=True),
        )


def test_the_alliances_officer_asks_or_agrees(w: World) -> None:
    for first, second in (
        (officer(w.b), officer(w.b, wide=True)),
        (officer(w.b, wide=True), officer(w.b)),
    ):
        seal = sealed(w, officer(w.b))
        do_request_unseal(seal.pk, reason="调查结束", acting=first)
        assert lift(w, seal, second) == "" and open_now(seal)


def test_an_officer_sees_the_seals_that_they_answer_for_and_all_of_which_it_is_asked(
    w: World,
) -> None:
    one, elsewhere, wide = officer(w.b), officer(w.a), officer(w.a, wide=True)
    seal = sealed(w, one)
    assert [seal in query_visible_seals(who) for who in (one, elsewhere, wide)] == [
        True,
        False,
        True,
    ], "the alliance's officer before anybody has asked, too"
    do_request_unseal(seal.pk, reason="调查结束", acting=wide)
    assert all(seal in query_visible_seals(who) for who in (one, elsewhere, wide))


def test_a_hospital_under_the_seal_gains_by_it_too(w: World) -> None:
    wide = officer(w.b, wide=True)
    seal = sealed(w, wide)
    assert len(seal.covers) == 2
    do_request_unseal(seal.pk, reason="调查结束", acting=officer(w.b))
    assert (
        lift(w, seal, officer(w.a)) == "inside"
        and lift(w, seal, officer(alliance.make_hospital("far"))) == ""
    )


def test_who_asked_must_be_an_officer_still_and_not_long_ago(w: World) -> None:
    staff = alliance.make_staff(w.b, Role.PRIVACY)
    seal = sealed(w, alliance.get_staff_principal(staff))
    do_request_unseal(seal.pk, reason="调查结束", acting=alliance.get_staff_principal(staff))
    IncidentSeal.objects.filter(pk=seal.pk).update(asked_at=timezone.now() - dt.timedelta(days=8))
    assert lift(w, seal, officer(w.a)) == "unasked"
    do_request_unseal(seal.pk, reason="调查结束", acting=alliance.get_staff_principal(staff))
    do_end_staff(staff, reason="test", acting=alliance.OPERATOR)
    assert lift(w, seal, officer(w.a)) == "asker" and not open_now(seal)
    IncidentSeal.objects.filter(pk=seal.pk).update(asked_at=None)
    do_request_unseal(seal.pk, reason="调查结束", acting=officer(w.b))
    assert lift(w, seal, officer(w.a)) == ""


def test_the_page_shows_who_asks_and_why(w: World) -> None:
    own, far = (
        alliance.make_staff(w.b, Role.PRIVACY),
        alliance.make_staff(alliance.make_hospital("far"), Role.PRIVACY),
    )
    seal = sealed(w, alliance.get_staff_principal(own))
    path, mine, theirs = f"/privacy/seals/{seal.pk}/lift/", signed_in(own), signed_in(far)
    assert theirs.get(path).status_code == 404 and seal not in query_visible_seals(
        alliance.get_staff_principal(far)
    ), "nothing is asked of other hospitals yet"
    assert mine.post(path, {"reason": "调查结束"}).status_code == 302 and not open_now(seal)
    assert 'name="agree"' not in mine.get(path).content.decode()
    page = theirs.get(path).content.decode()
    assert (
        'name="agree"' in page
        and "调查结束" in page
        and path in theirs.get("/privacy/").content.decode()
    )
    assert mine.post(path, {"agree": "1"}).status_code == 200 and not open_now(seal)
    assert signed_in(alliance.make_staff(w.b, Role.PRIVACY)).post(
        path, {"reason": "a form of before"}
    ).status_code == 302 and not open_now(seal), "who meant to ask has not agreed"
    assert theirs.post(path, {"agree": "1"}).status_code == 302 and open_now(seal)


def test_who_asked_as_an_officer_of_the_sealed_hospital_is_no_outsider_by_moving(w: World) -> None:
    admin = alliance.get_staff_principal(
        alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    )
    far, who = alliance.make_hospital("far"), alliance.make_staff(w.b, Role.PRIVACY)
    seal = sealed(w, officer(w.b))
    do_request_unseal(seal.pk, reason="调查结束", acting=alliance.get_staff_principal(who))
    do_change_staff(who, hospital=far, acting=admin)
    alliance.mark_vouched(who)
    assert lift(w, seal, officer(w.b)) == "inside" and not open_now(seal)
    assert lift(w, seal, officer(far)) == "" and open_now(seal), "the control"
