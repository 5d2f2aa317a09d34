"""Emergency access at the rate of a machine waits, a mass casualty night passes; who reviews it,
also where the hospital has no officer of its own.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from alliance.auth.principal import Principal
from alliance.models import Staff
from alliance.roles import Role
from consent.audit.log_query import AuditFilter
from consent.audit.log_query import list_audit_lines as audit_page
from consent.models import Emergency
from consent.services.emergencies import do_break_glass
from consent.services.emergency_rates import (
    HOURLY_ALARM,
    MAX_PER_MINUTE,
    EmergencyRateExceeded,
    list_emergency_rates,
)
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.world import World, w

__all__ = ["w"]
ENGLISH = {"Accept-Language": "en"}
FORM = {"ground": "rescue", "reason": "unconscious, no papers", "hours": "1", "sure": "on"}


MADE: list[uuid.UUID] = []


@pytest.fixture(autouse=True)
def nobodys(world: None) -> Iterator[None]:
    """What was opened of persons who are none goes again: other tests walk from the officer's
    list to each patient.
    """
    yield
    Emergency.objects.filter(person__in=MADE).delete()


def opened(acting: Principal, times: int) -> list[Emergency]:
    persons = [uuid.uuid4() for _ in range(times)]
    MADE.extend(persons)
    return [
        do_break_glass(p, ground="rescue", reason="unconscious", hours=1, acting=acting)
        for p in persons
    ]


def earlier(found: list[Emergency], seconds: int) -> None:
    """As if they had been opened so much earlier."""
    for e in found:
        Emergency.objects.filter(pk=e.pk).update(
            opened_at=timezone.now() - dt.timedelta(seconds=seconds)
        )


def stepped_up(who: Staff) -> Client:
    """Signed in, and with the password given again."""
    browser = signed_in(who)
    browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    return browser


def alarms(who: Staff) -> list[str]:
    return [
        x["outcome"]
        for x in audit_page(AuditFilter(), None, 200)
        if x["code"] == "consent:emergency:alarm" and x["target"] == f"staff/{who.pk}"
    ]


def test_the_next_record_after_six_in_a_minute_waits_and_says_how_long(w: World) -> None:
    who = alliance.make_staff(w.a)
    doctor = alliance.get_staff_principal(who)
    six = opened(doctor, MAX_PER_MINUTE)
    page, address = stepped_up(who), f"/person/{w.person}/emergency/"
    earlier(six, 0)
    stopped = page.post(address, FORM, headers=ENGLISH)
    told = stopped.content.decode()
    assert stopped.status_code == 429 and 0 < int(stopped.headers["Retry-After"]) <= 60
    assert (
        f"Save again in {stopped.headers['Retry-After']} seconds" in told and FORM["reason"] in told
    ), "nothing is to be typed again"
    assert not Emergency.objects.filter(person=w.person).exists() and alarms(who) == ["refused"]
    assert opened(w.doctor, 1), "the control: another one is not held up"
    earlier(six[:1], 61)
    assert (
        page.post(address, FORM, headers=ENGLISH).status_code == 302
        and Emergency.objects.filter(person=w.person).count() == 1
    )
    longer = page.post(
        address, FORM | {"hours": "4", "reason": "still unconscious"}, headers=ENGLISH
    )
    assert longer.status_code == 302, "what is open goes on at any time"


def test_many_at_the_same_moment_are_no_way_around(w: World) -> None:
    who = alliance.make_staff(w.a)
    doctor = alliance.get_staff_principal(who)

    def one(_: int) -> bool:
        try:
            return bool(opened(doctor, 1))
        except EmergencyRateExceeded:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(3 * MAX_PER_MINUTE))) == MAX_PER_MINUTE


def test_accounts_for_whom_nobody_vouches_are_no_way_around(w: World) -> None:
    """An administrator makes as many as they like, and signs in with each."""
    made = [alliance.make_staff(w.a) for _ in range(3)]
    Staff.objects.filter(pk__in=[s.pk for s in made]).update(vouched_at=None)
    for s in made:
        s.refresh_from_db()
    first, second, third = (alliance.get_staff_principal(s) for s in made)
    opened(first, MAX_PER_MINUTE - 1)
    opened(second, 1)
    with pytest.raises(EmergencyRateExceeded):
        opened(third, 1)
    assert opened(w.doctor, 1), "the control: for whom somebody vouches is not held up"
    far = alliance.make_staff(w.b)
    Staff.objects.filter(pk=far.pk).update(vouched_at=None)
    far.refresh_from_db()
    assert opened(alliance.get_staff_principal(far), 1), "nor another hospital's"
    alliance.mark_vouched(made[2])
    made[2].refresh_from_db()
    assert opened(alliance.get_staff_principal(made[2]), 1), (
        "nor the same one once somebody has vouched"
    )


def test_a_mass_casualty_night_passes_and_is_looked_into(w: World) -> None:
    who = alliance.make_staff(w.a)
    doctor = alliance.get_staff_principal(who)
    for i in range(HOURLY_ALARM // MAX_PER_MINUTE + 1):
        earlier(opened(doctor, MAX_PER_MINUTE), 3500 - 600 * i)
    assert alarms(who) == ["success"], (
        "thirty within the hour are a line of their own, and refused nobody"
    )
    calm = alliance.get_staff_principal(alliance.make_staff(w.a))
    earlier(opened(calm, 1), 7200)
    page = signed_in(alliance.make_staff(w.a, Role.PRIVACY))
    shown = page.get("/privacy/", headers=ENGLISH).content.decode()
    assert (
        "1 clinician has opened records" in shown
        and shown.count("look into it") == 2
        and "up to 36 in an hour" in shown
    )
    assert "Emergency access to review (37)" in shown, "counted"
    of_one = page.get(f"/privacy/?staff={who.pk}", headers=ENGLISH).content.decode()
    assert "(36)" in of_one and f"?staff={who.pk}&amp;page=2" in of_one, (
        "paged, and still of this one alone"
    )
    found = list_emergency_rates(
        alliance.get_staff_principal(alliance.make_staff(w.a, Role.PRIVACY))
    )
    assert [(r.staff.pk, r.waits, r.alarm) for r in found] == [
        (who.pk, 36, True),
        (int(calm.id), 1, False),
    ]
    assert not list_emergency_rates(
        alliance.get_staff_principal(alliance.make_staff(w.b, Role.PRIVACY))
    ), "another hospital's officer"


def test_who_is_made_to_wait_is_nobody_else(w: World) -> None:
    """A stranger's guesses at the account open nothing and so count nothing."""
    who = alliance.make_staff(w.a)
    for _ in range(MAX_PER_MINUTE + 2):
        Client().post(
            "/account/login/", {"login": who.user.username, "password": "wrong-password-1"}
        )
    assert (
        stepped_up(who).post(f"/person/{w.person}/emergency/", FORM, headers=ENGLISH).status_code
        == 302
    )


def test_emergencies_of_a_hospital_without_an_officer_are_the_alliances(w: World) -> None:
    doctor = alliance.get_staff_principal(alliance.make_staff(w.a))
    opened(doctor, 1)
    wide = signed_in(alliance.make_staff(alliance.make_hospital("office"), Role.PRIVACY, wide=True))
    mark = "no privacy officer at this hospital: you review it"

    def of_doctor() -> str:
        return wide.get(f"/privacy/?staff={doctor.id}", headers=ENGLISH).content.decode()

    assert mark in of_doctor() and "without a privacy officer of" in of_doctor()
    own, far = (
        alliance.make_staff(w.a, Role.ADMINISTRATOR),
        alliance.make_staff(w.b, Role.ADMINISTRATOR),
    )
    said = "have no privacy officer of their own"
    assert said in signed_in(own).get(reverse("staff"), headers=ENGLISH).content.decode()
    officer = alliance.make_staff(w.a, Role.PRIVACY)
    assert mark not in of_doctor(), "the control: now there is one"
    assert said not in signed_in(own).get(reverse("staff"), headers=ENGLISH).content.decode()
    assert said in signed_in(far).get(reverse("staff"), headers=ENGLISH).content.decode(), (
        "another hospital's administrator reads about theirs"
    )
    Staff.objects.filter(pk=officer.pk).update(vouched_at=None)
    assert mark in of_doctor(), "one for whom nobody vouches is none"


def test_nothing_is_written_where_it_waits(w: World) -> None:
    doctor = alliance.get_staff_principal(alliance.make_staff(w.a))
    opened(doctor, MAX_PER_MINUTE)
    with transaction.atomic(), pytest.raises(EmergencyRateExceeded) as stopped:
        opened(doctor, 1)
    assert (
        0 < stopped.value.seconds <= 60
        and Emergency.objects.filter(staff_id=int(doctor.id)).count() == MAX_PER_MINUTE
    )
