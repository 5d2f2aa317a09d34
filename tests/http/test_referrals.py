"""The pages of referrals: sent from the open record, answered from the inbox; who is let in, what a
second one is told, and what the log holds (docs/adr/0086).
"""

import hashlib
import re

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from alliance.models import Hospital, Staff, WorkItem
from alliance.referrals.hand_on import ProposedHospital
from alliance.roles import Role
from alliance.workflow.move_item import MoveWords, do_move
from records.models import PrintedDocument, SourcePatient
from records.web.referral_list import PAGE, list_open, write_cursor
from tests.factories import alliance
from tests.factories.referrals import make_recent_result, move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]
WHY = "progressive dyspnoea, suspected heart failure"


def text(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def people(at: Hospital) -> tuple[Staff, Staff]:
    return alliance.make_staff(at), alliance.make_staff(at, Role.CLERK)


def post_move(browser: Browser, item: WorkItem, verb: str, version: int, note: str = "") -> str:
    reply = browser.post(
        f"/referrals/{item.pk}/move/",
        {"verb": verb, "version": version, "note": note},
        headers=ENGLISH,
        follow=True,
    )
    return reply.content.decode()  # type: ignore[no-any-return]


def plan_form(**more: object) -> dict[str, object]:
    return {
        "diagnosis": "infarction",
        "course": "stent",
        "advice": "aspirin",
        "warning_signs": "chest pain",
        "call_name": "ward 5",
        "call_phone": "0730-5550123",
        "takes_none": "on",
        "medicines": 0,
        "tasks": 0,
    } | more


def lines_of(item: WorkItem) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, detail FROM consent_audit_event WHERE target = %s ORDER BY id",
            [f"work/{item.pk}"],
        )
        return list(cursor.fetchall())


def test_from_the_open_record_to_the_other_hospitals_inbox_and_back(w: World) -> None:
    w.permit()
    recent = w.hold.create(make_recent_result(w.at_b))
    sender, receiver = signed_in(alliance.make_staff(w.b)), signed_in(alliance.make_staff(w.a))
    page = text(sender, f"/person/{w.person}/")
    assert f"/person/{w.person}/refer/" in page
    assert w.a.code in text(sender, f"/person/{w.person}/refer/")
    page = text(sender, f"/person/{w.person}/refer/?to={w.a.code}")
    kinds = set(re.findall(r'name="kind" value="([^"]+)"', page))
    assert kinds == set(WorkItem.REFERRALS), "a consultation is asked for elsewhere"
    assert "but none that are specially protected" in page, "what the receiver will see"
    along = f"{w.b.code}/{recent}/1"
    assert along in page
    form = {"kind": "referral-up", "urgency": "urgent", "reason": WHY, "along": [along]}
    sent = sender.post(f"/person/{w.person}/refer/?to={w.a.code}", form, headers=ENGLISH)
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    assert sent.status_code == 302 and sent["Location"] == f"/referrals/{item.pk}/"
    document = item.documents.get()
    assert (f"{document.type_name}/{document.fhir_id}", document.version) == (recent, "1")
    assert len(document.digest) == 64

    assert item.number in text(receiver, "/referrals/")
    assert item.number not in text(sender, "/referrals/"), "not their turn"
    assert item.number in text(sender, "/referrals/?show=sent")
    page = text(receiver, f"/referrals/{item.pk}/")
    assert WHY in page and "It is your hospital" in page
    name = SourcePatient.objects.filter(hospital=w.b, person_id=w.person).latest("pk").name
    assert name in page
    assert "Noted" in post_move(receiver, item, "accept", 1, "Ward 5, Dr Chen")
    for version, verb, note in (
        (2, "arrive", ""),
        (3, "admit", ""),
        (4, "treat", "stent in the LAD"),
    ):
        post_move(receiver, item, verb, version, note)
    post_move(receiver, item, "return", 5, "no plan")
    item.refresh_from_db()
    assert item.state == "treated", "it takes a plan"
    plan = plan_form(version=5, advice="aspirin; call us if chest pain returns")
    assert receiver.post(f"/referrals/{item.pk}/plan/", plan).status_code == 302
    page = text(sender, f"/referrals/{item.pk}/")
    assert "aspirin; call us" in page and "stent in the LAD" in page
    for version, verb, note in (
        (6, "confirm-home", ""),
        (7, "follow-up", "well, walks 2 km"),
        (8, "close", "recovered"),
    ):
        post_move(sender, item, verb, version, note)
    item.refresh_from_db()
    assert (item.state, item.outcome, item.version) == ("closed", "recovered", 9)
    assert item.number in text(receiver, "/referrals/?show=closed")
    assert item.number not in text(receiver, "/referrals/?show=received")
    codes = [c for c, _detail in lines_of(item)]
    assert codes[0] == "alliance:work:send" and codes.count("alliance:work:move") == 8
    assert "alliance:work:read" in codes


def test_the_sheets_are_printed_for_who_reads_the_record_and_can_be_checked(w: World) -> None:
    w.permit()
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home, reason=WHY)
    move_on(item, w.doctor, "accept", "arrive", "treat", "return")
    for at in (w.a, w.b):
        doctor, clerk = map(signed_in, people(at))
        for sheet in ("refer-out", "refer-back"):
            reply = doctor.get(f"/referrals/{item.pk}/{sheet}.pdf", headers=ENGLISH)
            assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
            kept = PrintedDocument.objects.filter(hospital=at, part=sheet).latest("pk")
            assert kept.digest == hashlib.sha256(reply.content).digest()
        text(doctor, f"/referrals/{item.pk}/else.pdf", 404)
        text(clerk, f"/referrals/{item.pk}/refer-out.pdf", 403)
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    text(third, f"/referrals/{item.pk}/refer-out.pdf", 404)


def test_strangers_find_nothing_and_what_was_declined_is_read_no_more(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home, reason=WHY)
    doctor, clerk = map(signed_in, people(w.a))
    third, third_clerk = map(signed_in, people(alliance.make_hospital("third")))
    officer = signed_in(alliance.make_staff(w.a, Role.PRIVACY))
    for browser in (third, third_clerk):
        text(browser, f"/referrals/{item.pk}/", 404)
        assert post_move(browser, item, "accept", 1, "x") and item.number not in text(
            browser, "/referrals/?show=received"
        )
    text(officer, f"/referrals/{item.pk}/", 403)
    text(officer, "/referrals/", 403)
    assert WorkItem.objects.get(pk=item.pk).version == 1
    for browser in (doctor, clerk):
        assert WHY in text(browser, f"/referrals/{item.pk}/"), "the control"
    assert "Open the record" in text(doctor, f"/referrals/{item.pk}/")
    assert "Open the record" not in text(clerk, f"/referrals/{item.pk}/"), "reads no records"
    post_move(clerk, item, "decline", 1, "no bed; ask the county hospital")
    for browser in (doctor, clerk):
        page = text(browser, f"/referrals/{item.pk}/")
        assert WHY not in page and "not shown any more" in page
    assert WHY in text(signed_in(alliance.make_staff(w.b)), f"/referrals/{item.pk}/")


def test_who_comes_second_is_told_who_was_first_and_what_is_missing_is_said(w: World) -> None:
    item = send_referral(
        w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)), reason=WHY
    )
    first, second = (alliance.make_staff(w.a, Role.CLERK) for _ in range(2))
    late = signed_in(second)
    page = post_move(late, item, "accept", 1, "")
    assert "This field is required" in page and WHY in page
    move_on(item, alliance.get_staff_principal(first), "accept")
    page = post_move(late, item, "accept", 1, "Ward 6")
    assert f"meanwhile {first.name}, {w.a.name_en}" in page or first.name in page
    assert "Nothing was changed by you" in page
    assert WorkItem.objects.get(pk=item.pk).version == 2


def test_a_patient_of_whom_the_hospital_has_no_registration_is_not_referred(w: World) -> None:
    SourcePatient.objects.filter(hospital=w.a, person_id=w.person).update(
        hospital=alliance.make_hospital("elsewhere")
    )
    doctor = signed_in(alliance.make_staff(w.a))
    form = {"kind": "referral-up", "urgency": "urgent", "reason": WHY}
    reply = doctor.post(f"/person/{w.person}/refer/?to={w.b.code}", form, headers=ENGLISH)
    assert reply.status_code == 403
    assert not WorkItem.objects.filter(sender=w.a).exists()


def test_the_inbox_goes_on_where_the_page_before_ended(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    one = send_referral(w.person, w.a, home, urgency="routine")
    WorkItem.objects.bulk_create(
        WorkItem(
            **{
                f.attname: getattr(one, f.attname)
                for f in WorkItem._meta.concrete_fields
                if f.attname not in ("id", "rank")
            },
            rank=n % 3,
        )
        for n in range(PAGE + 10)
    )
    receiver = signed_in(alliance.make_staff(w.a))
    page = text(receiver, "/referrals/")
    assert page.count("<li>") >= PAGE and "Next page" in page
    principal = alliance.get_staff_principal(alliance.make_staff(w.a))
    seen = list_open(principal, "turn", "")[:PAGE]
    rest = list_open(principal, "turn", write_cursor(seen[-1]))
    found = [i.pk for i in (*seen, *rest)]
    assert len(found) == len(set(found)) == PAGE + 11
    assert [i.rank for i in (*seen, *rest)] == sorted(i.rank for i in (*seen, *rest))
    assert list_open(principal, "turn", "no~cursor")[0].pk == seen[0].pk


@pytest.mark.parametrize("show", ["turn", "sent", "received", "closed", "nonsense"])
def test_an_empty_list_says_so(world: None, show: str) -> None:
    doctor = signed_in(alliance.make_staff(alliance.make_hospital("empty")))
    assert "Nothing here." in text(doctor, f"/referrals/?show={show}")


def test_who_declines_proposes_another_hospital_and_the_sender_refers_there_anew(w: World) -> None:
    w.permit()
    third = alliance.make_hospital("third")
    sender, receiver = signed_in(alliance.make_staff(w.b)), signed_in(alliance.make_staff(w.a))
    beyond = signed_in(alliance.make_staff(third))
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    first = send_referral(w.person, w.a, home, reason=WHY)
    page = text(receiver, f"/referrals/{first.pk}/")
    offered = page[page.index('name="proposed"') :].partition("</select>")[0]
    assert f'value="{third.pk}"' in offered and f'value="{w.b.pk}"' not in offered
    declined = {"verb": "decline", "version": 1, "note": "no bed", "proposed": str(third.pk)}
    receiver.post(f"/referrals/{first.pk}/move/", declined, headers=ENGLISH)
    path = f"/person/{w.person}/refer/?to={third.code}&amp;follows={first.pk}"
    assert path in text(sender, f"/referrals/{first.pk}/")
    assert "follows=" not in text(receiver, f"/referrals/{first.pk}/")
    assert not WorkItem.objects.filter(receiver=third).exists(), "a proposal opens nothing"

    path = path.replace("&amp;", "&")
    page = text(sender, path)
    assert WHY in page and f"It follows {first.number}" in page
    form = {"kind": "referral-up", "urgency": "urgent", "reason": WHY}
    assert sender.post(path, form, headers=ENGLISH).status_code == 302
    item = WorkItem.objects.get(receiver=third)
    assert item.follows_id == first.pk
    assert first.number in text(beyond, f"/referrals/{item.pk}/")
    assert f"/referrals/{item.pk}/" in text(sender, f"/referrals/{first.pk}/")
    assert item.number not in text(receiver, f"/referrals/{first.pk}/")
    for number in (item.pk, item.pk + 10**6, "x"):  # not declined, not there, no number
        wrong = path.replace(f"follows={first.pk}", f"follows={number}")
        assert sender.get(wrong).status_code == 404, number


def test_nobody_proposes_the_sender_or_a_hospital_that_does_not_take_part(w: World) -> None:
    gone = alliance.make_hospital("gone")
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    for hospital in (w.b.pk, w.a.pk, 10**9):
        words = MoveWords("no bed", brought=(ProposedHospital(hospital),))
        with pytest.raises(ValidationError):
            do_move(item.pk, "decline", words, expected_version=1, acting=w.doctor)
    words = MoveWords("no bed", brought=(ProposedHospital(gone.pk),))
    do_move(item.pk, "decline", words, expected_version=1, acting=w.doctor)
    item.refresh_from_db()
    assert (item.state, item.proposed_id) == ("declined", gone.pk), "the control"
