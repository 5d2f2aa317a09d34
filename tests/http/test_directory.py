"""The directory by page: who may keep it, what is found first, and the place that an arrangement
takes and gives back (docs/adr/0091).
"""

import datetime as dt
import re

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from alliance.auth.errors import Forbidden
from alliance.directory.find_clinics import DirectoryQuestion, find_clinics
from alliance.directory.keep_directory import (
    WeeklyHours,
    do_end,
    do_make_slots,
    do_save_clinic,
    do_save_department,
    do_stop_day,
)
from alliance.models import (
    Hospital,
    OfferedClinic,
    OfferedDepartment,
    OfferedSlot,
    PlaceTaken,
    WorkItem,
)
from alliance.roles import Role
from tests import draws
from tests.factories import alliance
from tests.factories.directory import make_clinic, make_department, make_slot
from tests.factories.referrals import move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]
MORNINGS = WeeklyHours(frozenset({0, 2}), dt.time(8), dt.time(12), 60, 3)


def text(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def post(browser: Browser, path: str, form: dict[str, object]) -> str:
    reply = browser.post(path, form, headers=ENGLISH, follow=True)
    return reply.content.decode()  # type: ignore[no-any-return]


def count_taken(slot: OfferedSlot) -> int:
    slot.refresh_from_db()
    return slot.taken


def accept(browser: Browser, item: WorkItem, slot: OfferedSlot, verb: str = "accept") -> str:
    item.refresh_from_db()
    form = {"verb": verb, "version": item.version, "slot": slot.pk, "note": ""}
    return post(browser, f"/referrals/{item.pk}/move/", form)


def test_a_clerk_builds_the_directory_and_another_hospital_finds_it(w: World) -> None:
    w.permit()
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    code, disease = f"xn-{draws.token_hex(4)}", f"disease-{draws.token_hex(6)}"
    page = post(
        clerk,
        "/directory/department/",
        {
            "code": code,
            "name_zh": "心血管内科",
            "name_en": "Cardiology",
            "standard": "03.04",
            "takes": f"胸痛 {disease}",
            "for_referral": "on",
            "most_urgent": "emergency",
            "phone": "010-1",
        },
    )
    assert "Cardiology" in page and disease in page
    department = OfferedDepartment.objects.get(hospital=w.a, code=code)
    post(
        clerk,
        f"/directory/department/{department.pk}/clinic/",
        {"code": f"{code}-1", "kind": "clinic", "name": "专家门诊", "doctor": "陈一"},
    )
    clinic = OfferedClinic.objects.get(hospital=w.a, code=f"{code}-1")
    hours = {
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "begins": "08:00",
        "ends": "12:00",
        "minutes": 0,
        "places": 2,
        "first": (timezone.localdate() + dt.timedelta(days=1)).isoformat(),
        "weeks": 2,
    }
    assert "14 slots are new" in post(clerk, f"/directory/clinic/{clinic.pk}/", hours)
    assert "0 slots are new" in post(clerk, f"/directory/clinic/{clinic.pk}/", hours), "twice"
    sender = signed_in(alliance.make_staff(w.b))
    page = text(sender, f"/person/{w.person}/refer/?q={disease}")
    link = f"?to={w.a.code}&amp;clinic={clinic.pk}"
    assert link in page and "陈一" in page
    assert re.search(r"1[24] places free", page), "of the next seven days"
    assert link not in text(sender, f"/person/{w.person}/refer/?q={draws.token_hex(8)}")
    page = text(sender, f"/person/{w.person}/refer/?to={w.a.code}&clinic={clinic.pk}")
    assert "心血管内科 · 专家门诊 · 陈一" in page, "the wish goes on to the second step"
    assert "专家门诊" not in text(
        sender,
        f"/person/{w.person}/refer/?to={w.a.code}&clinic={make_clinic(make_department(w.b)).pk}",
    )


def test_a_hospital_keeps_its_own_part_alone(w: World) -> None:
    department = make_department(w.a)
    clinic, day = make_clinic(department), timezone.localdate() + dt.timedelta(days=3)
    own = alliance.get_staff_principal(alliance.make_staff(w.a, Role.CLERK))
    doctor = alliance.get_staff_principal(alliance.make_staff(w.a))
    others = [
        alliance.get_staff_principal(alliance.make_staff(w.b, Role.CLERK)),
        alliance.get_staff_principal(alliance.make_staff(w.b, Role.ADMINISTRATOR)),
        alliance.get_staff_principal(alliance.make_staff(w.b, Role.ADMINISTRATOR, wide=True)),
    ]
    verbs = (
        lambda who: do_save_department(department, acting=who),
        lambda who: do_save_clinic(clinic, acting=who),
        lambda who: do_make_slots(clinic, MORNINGS, day, 1, acting=who),
        lambda who: do_stop_day(clinic, day, "congress", acting=who),
        lambda who: do_end(clinic, acting=who),
    )
    for verb in verbs:
        for who in (*others, doctor):
            with pytest.raises(Forbidden):
                verb(who)
        verb(own)
    stranger = make_department(w.b)
    moved = OfferedDepartment.objects.get(pk=stranger.pk)
    moved.hospital = w.a
    with pytest.raises(Forbidden):
        do_save_department(moved, acting=own)
    browser = signed_in(alliance.make_staff(w.b, Role.CLERK))
    for path in (f"department/{department.pk}/", f"clinic/{clinic.pk}/stop/"):
        assert browser.get(f"/directory/{path}").status_code == 404
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT detail FROM consent_audit_event WHERE target = %s ORDER BY id",
            [f"directory/clinic/{clinic.pk}"],
        )
        details = [row[0] for row in cursor.fetchall()]
    assert details == ["change", "slots 8", f"stop {day.isoformat()}", "end"]


def test_the_nearest_match_comes_first(w: World) -> None:
    word, here = draws.token_hex(8), f"91{draws.choice(['11', '51'])}0101"
    Hospital.objects.filter(pk=w.a.pk).update(credit_code=here + "MA00000000", tier="tertiary")
    far = alliance.make_hospital("far")
    Hospital.objects.filter(pk=far.pk).update(credit_code="91990101MA00000000", tier="tertiary")
    by_name = make_department(far, f"科{word}")
    full = make_department(w.a, takes=word)
    soon, later = (make_clinic(make_department(h, takes=f"{word}、胸痛")) for h in (far, w.a))
    same_day = make_clinic(make_department(w.a, takes=word))
    for clinic, days in ((soon, 1), (same_day, 1), (later, 5)):
        make_slot(clinic, days=days)
    OfferedSlot.objects.filter(clinic=same_day).update(
        starts_at=OfferedSlot.objects.get(clinic=soon).starts_at,
        ends_at=OfferedSlot.objects.get(clinic=soon).ends_at,
    )
    Hospital.objects.filter(pk=w.b.pk).update(credit_code=here + "MA11111111", tier="township")
    sender = Hospital.objects.get(pk=w.b.pk)
    ids = [w.a.pk, far.pk]
    rows = find_clinics(DirectoryQuestion(word), ids, sender, timezone.now())
    assert [(r.department_id, r.clinic_id) for r in rows] == [
        (by_name.pk, None),
        (same_day.department_id, same_day.pk),
        (soon.department_id, soon.pk),
        (later.department_id, later.pk),
        (full.pk, None),
    ]
    whole = find_clinics(DirectoryQuestion(f"chronic-{word}-x"), ids, sender, timezone.now())
    assert by_name.pk not in {r.department_id for r in whole}, "a name is found by its words"
    assert full.pk in {r.department_id for r in whole}, "a disease by the words it contains"
    free = find_clinics(DirectoryQuestion(word, free=True), ids, sender, timezone.now())
    assert {r.clinic_id for r in free} == {soon.pk, same_day.pk, later.pk}
    OfferedDepartment.objects.filter(pk=later.department_id).update(most_urgent="routine")
    urgent = find_clinics(DirectoryQuestion(word, urgency="urgent"), ids, sender, timezone.now())
    assert {r.clinic_id for r in urgent} == {None, soon.pk, same_day.pk}


def offered(browser: Browser, item: WorkItem) -> list[int]:
    """The places that the page of a referral offers, in its order."""
    page = text(browser, f"/referrals/{item.pk}/")
    chosen = page.partition('name="slot"')[2].partition("</select>")[0]
    return [int(pk) for pk in re.findall(r'value="(\d+)"', chosen)]


def test_a_place_is_taken_with_the_arrangement_and_given_back(w: World) -> None:
    w.permit()
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    clinic = make_clinic(make_department(w.a))
    first, second = make_slot(clinic, days=2), make_slot(clinic, days=3)
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    item, other = (send_referral(w.person, w.a, home) for _ in range(2))
    assert offered(clerk, item) == [first.pk, second.pk], "nearest first"
    assert "Noted" in accept(clerk, item, first)
    item.refresh_from_db()
    assert (item.state, item.arranged_for, count_taken(first)) == ("accepted", first.starts_at, 1)
    assert "专家门诊" in item.arrangement

    assert offered(clerk, other) == [second.pk]
    form = {"verb": "accept", "version": 1, "slot": second.pk, "note": ""}
    OfferedSlot.objects.filter(pk=second.pk).update(places=0)
    refused = clerk.post(f"/referrals/{other.pk}/move/", form, headers=ENGLISH)
    assert refused.status_code == 422, "gone since the page was made"
    other.refresh_from_db()
    assert (other.state, other.version) == ("sent", 1)
    OfferedSlot.objects.filter(pk=second.pk).update(places=1)

    assert "Noted" in accept(clerk, item, second, "arrange")
    assert (count_taken(first), count_taken(second)) == (0, 1)
    assert "Noted" in accept(clerk, other, first)
    move_on(other, w.doctor, "miss")
    assert count_taken(first) == 1, "who does not come keeps it"
    move_on(other, home, "close")
    assert count_taken(first) == 0
    move_on(item, home, "cancel")
    assert count_taken(second) == 1, "not before it is confirmed"
    move_on(item, w.doctor, "confirm-cancel")
    assert count_taken(second) == 0
    freed = PlaceTaken.objects.filter(item=item).order_by("pk").values_list("freed_by", flat=True)
    assert list(freed) == ["arrange", "confirm-cancel"]

    kept = send_referral(w.person, w.a, home)
    accept(clerk, kept, first)
    move_on(kept, w.doctor, "arrive", "treat", "close")
    assert count_taken(first) == 1, "who has come has used it"
    with pytest.raises(IntegrityError), transaction.atomic():
        OfferedSlot.objects.filter(pk=first.pk).update(taken=2)


def test_free_text_stays_possible(w: World) -> None:
    w.permit()
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    make_slot(make_clinic(make_department(w.a)))
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    item = send_referral(w.person, w.a, home)
    form: dict[str, object] = {"verb": "accept", "version": 1, "slot": "", "note": ""}
    post(clerk, f"/referrals/{item.pk}/move/", form)
    item.refresh_from_db()
    assert item.state == "sent", "neither place nor text"
    post(clerk, f"/referrals/{item.pk}/move/", form | {"note": "Ward 5, bed 12"})
    item.refresh_from_db()
    assert (item.state, item.arrangement) == ("accepted", "Ward 5, bed 12")


def test_a_day_that_is_called_off_names_who_was_expected(w: World) -> None:
    w.permit()
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    clinic = make_clinic(make_department(w.a))
    slot, spare = make_slot(clinic, days=2), make_slot(clinic, days=4)
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    item = send_referral(w.person, w.a, home)
    accept(clerk, item, slot)
    day = timezone.localtime(slot.starts_at).date().isoformat()
    assert item.number not in text(clerk, "/directory/")
    page = post(clerk, f"/directory/clinic/{clinic.pk}/end/", {})
    assert "1 patient is expected there" in page
    page = post(clerk, f"/directory/clinic/{clinic.pk}/stop/", {"day": day, "reason": "congress"})
    assert "1 patient was expected then" in page and item.number in page
    assert "was called off: congress" in text(clerk, f"/referrals/{item.pk}/")
    stranger = signed_in(alliance.make_staff(w.b, Role.CLERK))
    assert item.number not in text(stranger, "/directory/")
    accept(clerk, item, spare, "arrange")
    assert item.number not in text(clerk, "/directory/")
    assert "was called off" not in text(clerk, f"/referrals/{item.pk}/")
