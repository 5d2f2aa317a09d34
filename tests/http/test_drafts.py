"""The pages of the sending side: drafts, approval, an emergency before its papers, messages; who is
let in, and that another hospital finds nothing (docs/adr/0093).
"""

import datetime as dt
from typing import Any

from django.db import connection
from django.utils import timezone

from alliance.models import Hospital, WorkArrival, WorkDraft, WorkItem
from alliance.referrals.drafts import DraftTexts, do_begin_draft, do_move_draft
from alliance.referrals.home_plan import PlannedTask
from alliance.roles import Role
from alliance.workflow.approval import do_set_approval
from consent.audit.event import EventCode
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.referrals import make_draft, make_home_plan, make_recent_result, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser, page_words
from tests.support.world import World, w

__all__ = ["w"]
WHY = "progressive dyspnoea, suspected heart failure"
LIST = "/referrals/drafts/"


def words(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return page_words(reply.content.decode())


def post(browser: Browser, path: str, form: dict[str, Any], status: int = 200) -> str:
    reply = browser.post(path, form, headers=ENGLISH, follow=True)
    assert reply.status_code == status, (path, reply.status_code)
    return page_words(reply.content.decode())


def refer(w: World) -> str:
    return f"/person/{w.person}/refer/?to={w.a.code}"


def written(act: str, **more: Any) -> dict[str, Any]:
    return {"kind": "referral-up", "urgency": "urgent", "reason": WHY, "act": act} | more


def want_approval(at: Hospital, *kinds: str) -> None:
    officer = alliance.make_staff(at, Role.ADMINISTRATOR)
    do_set_approval(kinds, acting=alliance.get_staff_principal(officer))


def test_a_draft_is_kept_continued_and_sent_and_no_other_hospital_sees_it(w: World) -> None:
    w.permit()
    along = f"{w.b.code}/{w.hold.create(make_recent_result(w.at_b))}/1"
    author = signed_in(alliance.make_staff(w.b))
    page = post(author, refer(w), written("save", reason="", along=[along]))
    assert "Kept as a draft" in page and "Nothing was sent" in page
    draft = WorkDraft.objects.get(hospital=w.b)
    address = f"{LIST}{draft.pk}/"
    colleague, clerk = (
        signed_in(alliance.make_staff(w.b, role)) for role in (Role.CLINICIAN, Role.CLERK)
    )
    elsewhere = [signed_in(alliance.make_staff(w.a, role)) for role in (Role.CLINICIAN, Role.CLERK)]
    for browser in (author, colleague, clerk):
        words(browser, address)
        assert address in browser.get(LIST).content.decode()
    for browser in elsewhere:
        words(browser, address, 404)
        assert "Nothing here." in words(browser, LIST)
        assert "Nothing here." in words(browser, "/referrals/?show=received")
    words(signed_in(alliance.make_staff(w.b, Role.PRIVACY)), address, 403)
    assert "Go on writing" in words(author, address)
    assert "Go on writing" not in words(colleague, address)
    goes_on = f"{refer(w)}&draft={draft.pk}"
    words(colleague, goes_on, 404)
    assert along in author.get(goes_on, headers=ENGLISH).content.decode()
    late = written("send", along=[along], version=99)
    assert "Nothing was changed by you" in post(author, goes_on, late)
    assert not WorkItem.objects.filter(sender=w.b).exists()
    post(author, goes_on, late | {"version": draft.version})
    item = WorkItem.objects.get(sender=w.b)
    assert item.reason == WHY and item.documents.count() == 1
    assert WHY in words(elsewhere[0], f"/referrals/{item.pk}/"), "the control"
    words(author, goes_on, 404)
    assert address not in author.get(LIST).content.decode()


def test_where_the_hospital_approves_a_second_person_lets_it_go(w: World) -> None:
    administrator = signed_in(alliance.make_staff(w.b, Role.ADMINISTRATOR))
    form = {"kinds": ["referral-up"]}
    assert "Changed." in post(administrator, "/alliance/referral-approval/", form)
    assert "checked" in administrator.get("/alliance/referral-approval/").content.decode()
    author, clerk = alliance.make_staff(w.b), alliance.make_staff(w.b, Role.CLERK)
    writing, approving = signed_in(author), signed_in(clerk)
    assert "waits for approval" in post(writing, refer(w), written("send"))
    draft = WorkDraft.objects.get(hospital=w.b)
    address = f"{LIST}{draft.pk}/"
    assert not WorkItem.objects.filter(sender=w.b).exists()
    assert "Approve" not in words(writing, address)
    move = {"verb": "approve", "version": draft.version}
    assert "Nothing was changed by you" in post(writing, f"{address}move/", move)
    post(signed_in(alliance.make_staff(w.a)), f"{address}move/", move, 404)
    assert WHY in words(approving, address)
    missing = {"verb": "send-back", "version": draft.version, "note": ""}
    assert "This field is required" in post(approving, f"{address}move/", missing, 422)
    assert not WorkItem.objects.filter(sender=w.b).exists()
    assert "Approved and sent." in post(approving, f"{address}move/", move)
    item = WorkItem.objects.get(sender=w.b)
    page = words(signed_in(alliance.make_staff(w.a)), f"/referrals/{item.pk}/")
    assert WHY in page and clerk.name in page, "who approved it stands in its course"


def test_an_emergency_goes_with_one_line_and_its_papers_come_later(w: World) -> None:
    w.permit()
    what = w.hold.create(make_recent_result(w.at_b))
    want_approval(w.b, "referral-up", "referral-sideways", "referral-down")
    author = signed_in(alliance.make_staff(w.b))
    receiver = signed_in(alliance.make_staff(w.a))
    page = post(author, refer(w), {"act": "emergency", "line": "fell from a roof"})
    assert "papers owed" in page and "approval owed" in page
    item = WorkItem.objects.get(sender=w.b)
    assert (item.urgency, item.documents.count()) == ("emergency", 0)
    assert item.number in words(author, "/referrals/?show=owed")
    assert item.number not in words(receiver, "/referrals/?show=owed")
    page = words(receiver, f"/referrals/{item.pk}/")
    assert "papers owed" in page and "approval owed" not in page, "that is the sender's own matter"
    papers = f"/referrals/{item.pk}/papers/"
    words(receiver, papers, 404)
    words(author, papers)
    form = {"reason": "GCS 14, left femur", "along": [f"{w.b.code}/{what}/1"]}
    page = post(author, papers, form)
    assert "fell from a roof" in page and "GCS 14" in page and "papers owed" not in page
    assert item.documents.count() == 1
    words(author, papers, 404)
    approve = f"/referrals/{item.pk}/approve/"
    post(author, approve, {}, 403)
    page = post(signed_in(alliance.make_staff(w.b, Role.CLERK)), approve, {})
    assert "approval owed" not in page
    assert item.number not in words(author, "/referrals/?show=owed")
    assert "GCS 14" in words(receiver, f"/referrals/{item.pk}/")


def test_messages_are_seen_by_both_hospitals_and_by_nobody_else(w: World) -> None:
    home = alliance.make_staff(w.b)
    item = send_referral(w.person, w.a, alliance.get_staff_principal(home))
    address = f"/referrals/{item.pk}/"
    sender, receiver = signed_in(home), signed_in(alliance.make_staff(w.a, Role.CLERK))
    said = {"text": "Is he on warfarin?"}
    assert said["text"] in post(receiver, f"{address}message/", said)
    assert "1 new message" in words(sender, "/referrals/?show=sent")
    assert "new message" not in words(receiver, "/referrals/?show=received"), "their own"
    page = words(sender, address)
    assert said["text"] in page and "1 new message" in page
    assert "new message" not in words(sender, address)
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    post(third, f"{address}message/", said, 404)
    post(signed_in(alliance.make_staff(w.b, Role.PRIVACY)), f"{address}message/", said, 403)
    assert item.messages.count() == 1
    post(receiver, f"{address}move/", {"verb": "decline", "version": 1, "note": "no bed"})
    assert said["text"] not in words(receiver, address), "it has ended for them"
    assert said["text"] in words(sender, address)
    assert "It has ended" in post(sender, f"{address}message/", {"text": "why?"})
    assert item.messages.count() == 1


def test_who_came_without_a_referral_is_confirmed_by_where_they_came_from(w: World) -> None:
    w.permit()
    receiver, sender = signed_in(alliance.make_staff(w.a)), signed_in(alliance.make_staff(w.b))
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    form = {"sender": w.b.code, "note": "by ambulance, no papers"}
    assert "Registered." in post(receiver, f"/person/{w.person}/arrival/", form)
    arrival = WorkArrival.objects.get(receiver=w.a)
    address = f"/referrals/arrivals/{arrival.pk}/"
    assert not WorkItem.objects.filter(receiver=w.a).exists() and not w.seen()
    third = alliance.make_hospital("third")
    for role in (Role.CLINICIAN, Role.CLERK):
        stranger = signed_in(alliance.make_staff(third, role))
        words(stranger, address, 404)
        post(stranger, f"{address}answer/", {"act": "confirm", "note": "x"}, 404)
        words(stranger, f"/person/{w.person}/arrival/", 404)
    assert address in sender.get("/referrals/arrivals/").content.decode()
    name = SourcePatient.objects.filter(hospital=w.a, person_id=w.person).latest("pk").name
    for browser in (sender, clerk):
        assert name in words(browser, address)
    assert "Confirm: we sent" not in words(clerk, address)
    assert "Confirm: we sent" not in words(receiver, address)
    post(receiver, f"{address}answer/", {"act": "confirm", "note": "x"}, 403)
    assert not WorkItem.objects.filter(receiver=w.a).exists() and not w.seen()
    page = post(sender, f"{address}answer/", {"act": "confirm", "note": "we sent him at 3"})
    assert "papers owed" in page and w.seen()
    assert "Referral" in words(receiver, address)
    post(receiver, f"/person/{w.person}/arrival/", form)
    other = WorkArrival.objects.filter(receiver=w.a).latest("pk")
    address = f"/referrals/arrivals/{other.pk}/"
    assert "not ours" in post(clerk, f"{address}answer/", {"act": "end", "note": "not ours"})
    assert form["note"] not in words(clerk, address), "who refuses reads no more of it"
    assert "not ours" in words(receiver, address)


def test_each_step_of_a_draft_and_each_message_is_a_line_about_the_patient(w: World) -> None:
    author = alliance.make_staff(w.b)
    draft = make_draft(w.person, w.a, author)
    words(signed_in(author), f"{LIST}{draft.pk}/")
    assert lines_of(f"work-draft/{draft.pk}") == [
        (EventCode.WORK_DRAFT.value, "save", w.person),
        (EventCode.WORK_DRAFT.value, "draft", w.person),
    ]
    item = send_referral(w.person, w.a, alliance.get_staff_principal(author))
    post(signed_in(author), f"/referrals/{item.pk}/message/", {"text": "x"})
    codes = [code for code, _detail, _person in lines_of(f"work/{item.pk}")]
    assert EventCode.WORK_MESSAGE.value in codes


def lines_of(target: str) -> list[tuple[str, str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, detail, person FROM consent_audit_event WHERE target = %s ORDER BY id",
            [target],
        )
        return list(cursor.fetchall())


def test_who_approves_sees_the_home_plan_and_is_told_what_has_passed_meanwhile(w: World) -> None:
    author, other = alliance.make_staff(w.b), alliance.make_staff(w.b)
    acting = alliance.get_staff_principal(author)
    own = SourcePatient.objects.filter(person_id=w.person, hospital=w.b).latest("pk")
    over = PlannedTask("weigh yourself", timezone.localdate() - dt.timedelta(days=1), "patient")
    texts = DraftTexts(w.a, "referral-down", "routine", "goes home", plan=make_home_plan(over))
    draft = do_begin_draft(texts, own.home, own.pk, acting=acting)
    draft = do_move_draft(draft.pk, "submit", expected_version=draft.version, acting=acting)
    browser = signed_in(other)
    page = words(browser, f"/referrals/drafts/{draft.pk}/")
    assert "metoprolol" in page and "slow pulse" in page and "weigh yourself" in page
    form = {"verb": "approve", "version": draft.version}
    page = post(browser, f"/referrals/drafts/{draft.pk}/move/", form, 422)
    assert "This day is over" in page
    draft.refresh_from_db()
    assert draft.state == "to-approve" and not WorkItem.objects.filter(receiver=w.a).exists()


def test_what_was_typed_stays_though_somebody_else_has_moved_the_draft(w: World) -> None:
    w.permit()
    author = alliance.make_staff(w.b)
    draft = make_draft(w.person, w.a, author)
    browser, address = signed_in(author), f"{refer(w)}&draft={draft.pk}"
    words(browser, address)  # the control: it is open
    colleague = alliance.get_staff_principal(alliance.make_staff(w.b))
    do_move_draft(
        draft.pk, "discard", expected_version=draft.version, acting=colleague, note="twice"
    )
    page = browser.post(address, written("send", reason="an hour of typing"), headers=ENGLISH)
    told = page.content.decode()
    assert "an hour of typing" in told and "the draft has been moved on" in told
    assert not WorkItem.objects.filter(receiver=w.a).exists(), "and nothing was sent"
    words(browser, address, 404)
