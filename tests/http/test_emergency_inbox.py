"""The inbox of emergency accesses: who sees which, with the hours that are left; who writes down
the finding and the notice; nobody else's is shown.
"""

import datetime as dt
import re

import pytest
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from consent.models import Relationship
from tests.factories import alliance
from tests.factories.emergencies import opened_emergency
from tests.support.browser import signed_in
from tests.support.html import Browser

pytestmark = pytest.mark.usefixtures("world")
ENGLISH = {"Accept-Language": "en"}
INBOX = "/audit/emergencies/"


@pytest.fixture
def at(world: None) -> Hospital:
    return alliance.make_hospital("inbox")


def text(browser: Browser, address: str = INBOX) -> str:
    reply = browser.get(address, headers=ENGLISH)
    assert reply.status_code == 200, address
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", reply.content.decode()))


def test_the_hours_left_and_what_is_overdue_stand_in_words(at: Hospital) -> None:
    doctor = alliance.make_staff(at)
    officer = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY)))
    with opened_emergency(doctor, hours_ago=20, reason="crushed by a wall") as fresh:
        said = text(officer)
        assert "crushed by a wall" in said and "left" in said and "overdue for" not in said
        with opened_emergency(doctor, hours_ago=100, reason="fell from a roof") as late:
            said = text(officer)
            assert "overdue for" in said and "1 emergency access is overdue" in said
            assert said.index("fell from a roof") < said.index("crushed by a wall")
            shown = text(officer, f"{INBOX}?state=overdue")
            assert "fell from a roof" in shown and "crushed by a wall" not in shown
            assert f"no. {late.pk}" in text(officer, f"{INBOX}{late.pk}/")
        assert f"no. {fresh.pk}" in text(officer, f"{INBOX}{fresh.pk}/")


def test_each_sees_their_own_hospitals_alone(at: Hospital) -> None:
    elsewhere = alliance.make_hospital("inbox-far")
    seers = {
        role: (
            signed_in(alliance.mark_vouched(alliance.make_staff(at, role))),
            signed_in(alliance.mark_vouched(alliance.make_staff(elsewhere, role))),
        )
        for role in (Role.PRIVACY, Role.AUDITOR)
    }
    with opened_emergency(alliance.make_staff(at), reason="bitten by a dog") as e:
        for role, (own, far) in seers.items():
            assert "bitten by a dog" in text(own), role
            assert "bitten by a dog" not in text(far), role
            assert own.get(f"{INBOX}{e.pk}/").status_code == 200
            assert far.get(f"{INBOX}{e.pk}/").status_code == 404
        for role in (Role.CLINICIAN, Role.CLERK, Role.ADMINISTRATOR):
            assert signed_in(alliance.make_staff(at, role)).get(INBOX).status_code == 403, role


def test_the_officer_writes_finding_and_notice_and_the_auditor_reads_them(at: Hospital) -> None:
    doctor = alliance.make_staff(at)
    officer = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY)))
    auditor = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.AUDITOR)))
    finding = {"finding": "unrecorded", "comment": "the chart came two days later"}
    with opened_emergency(doctor, hours_ago=30) as e:
        page = f"{INBOX}{e.pk}/"
        told = {"way": "letter", "day": timezone.localdate().isoformat(), "more": "registered"}
        for form in (finding, told):
            assert auditor.post(page, form, headers=ENGLISH).status_code == 403
        early = {**told, "day": (e.opened_at.date() - dt.timedelta(days=3)).isoformat()}
        assert "Choose a day from" in officer.post(page, early, headers=ENGLISH).content.decode()
        e.refresh_from_db()
        assert e.reviewed_at is None and e.told_at is None
        for form in (finding, told):
            assert officer.post(page, form, headers=ENGLISH).status_code == 302
        said = text(auditor, page)
        assert "Justified, but not documented" in said and "by letter" in said
        assert text(officer, f"{INBOX}?state=done").count("Justified, but not documented") == 1
        assert "unconscious, no papers" not in text(officer), "nothing waits any more"


def test_whether_treatment_followed_is_told(at: Hospital) -> None:
    officer = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY)))
    with opened_emergency(alliance.make_staff(at), hours_ago=10) as e:
        assert "no treatment there is known" in text(officer)
        late, now = e.opened_at + dt.timedelta(hours=80), e.opened_at + dt.timedelta(hours=2)
        for begins, follows in ((late, False), (now, True)):
            made = Relationship.objects.create(
                person=e.person,
                hospital=at,
                basis="encounter",
                starts_at=begins,
                ends_at=begins + dt.timedelta(days=1),
            )
            assert ("treatment there followed" in text(officer)) is follows
            made.delete()


def test_the_notice_is_printed_by_the_officer_alone(at: Hospital) -> None:
    officer = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY)))
    auditor = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.AUDITOR)))
    with opened_emergency(alliance.make_staff(at)) as e:
        address = f"{INBOX}{e.pk}/notice.pdf"
        reply = officer.get(address, headers=ENGLISH)
        assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
        assert auditor.get(address).status_code == 403


def test_rates_are_of_a_hospital_that_one_sees(at: Hospital) -> None:
    officer = signed_in(alliance.mark_vouched(alliance.make_staff(at, Role.PRIVACY)))
    other = alliance.make_hospital("inbox-other")
    with opened_emergency(alliance.make_staff(at)):
        assert "without a department" in text(officer, f"{INBOX}rates/?hospital={at.code}")
        assert officer.get(f"{INBOX}rates/", {"hospital": other.code}).status_code == 404
