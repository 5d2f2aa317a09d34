"""Pages of the way home: a plan proposed from the record, what lacks said where it lacks, tasks
marked, sheets and slips printed (docs/adr/0094).
"""

import datetime as dt
import io
import re

import pytest
from django.utils import timezone
from pypdf import PdfReader

from alliance.models import HomePlan, HomeTask, WorkItem
from alliance.roles import Role
from records.models import PrintedDocument
from records.web.referral_paper import denies_all
from tests.factories import alliance
from tests.factories.referrals import make_home_plan, move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import World, w

__all__ = ["w"]


def page(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def treated(w: World) -> WorkItem:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    return move_on(item, w.doctor, "accept", "arrive", "treat")


def returned(w: World) -> WorkItem:
    return move_on(treated(w), w.doctor, "return", brought=(make_home_plan(),))


def plan_form(**more: object) -> dict[str, object]:
    due = timezone.localdate() + dt.timedelta(days=5)
    return {
        "version": 4,
        "medicines": 2,
        "tasks": 1,
        "diagnosis": "infarction",
        "course": "stent",
        "advice": "walk each day",
        "warning_signs": "chest pain",
        "call_name": "ward 5",
        "call_phone": "0730-5550123",
        "medicine-1-change": "stopped",
        "medicine-1-name": "ibuprofen",
        "medicine-1-why": "bleeding",
        "task-0-what": "blood test",
        "task-0-due_on": due.isoformat(),
        "task-0-doer": "community",
    } | more


def order_medicine(name: str, about: str, dose: str, **more: object) -> dict[str, object]:
    return {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": about},
        "medicationCodeableConcept": {"text": name},
        "dosageInstruction": [{"text": dose}],
        "authoredOn": "2026-11-01",
    } | more


def proposed(text: str) -> dict[str, tuple[str, str, str]]:
    """{medicine: (change, dosage, before)} as the form begins."""
    out = {}
    for n in re.findall(r'name="medicine-(\d+)-name" value="', text):
        name, dosage, before = (
            m[1] if (m := re.search(rf'name="medicine-{n}-{c}" value="([^"]*)"', text)) else ""
            for c in ("name", "dosage", "before")
        )
        select = text[text.index(f'name="medicine-{n}-change"') :]
        chosen = re.search(r'<option value="(\w*)" selected', select[: select.index("</select>")])
        out[name] = (chosen[1] if chosen else "", dosage, before)
    return out


def test_medicines_are_proposed_by_what_changed_and_a_summary_of_the_own_store(w: World) -> None:
    at_a = own_patient(w)
    w.permit()
    w.hold.create(order_medicine("阿司匹林肠溶片", w.at_b, "100mg 每日一次"))
    w.hold.create(order_medicine("美托洛尔片", w.at_b, "50mg 每日两次"))
    w.hold.create(order_medicine("布洛芬片", w.at_b, "400mg 每日三次"))
    w.ask.create(order_medicine("阿司匹林肠溶片", at_a, "100mg 每日一次"))
    w.ask.create(order_medicine("美托洛尔片", at_a, "25mg 每日两次"))
    w.ask.create(order_medicine("呋塞米片", at_a, "20mg 每日一次"))
    summary = w.ask.create(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"coding": [{"code": "C0053"}], "text": "出院小结"},
            "subject": {"reference": at_a},
            "content": [{"attachment": {"contentType": "text/plain", "data": "eA=="}}],
        }
    )
    item = treated(w)
    doctor = signed_in(alliance.make_staff(w.a))
    text = page(doctor, f"/referrals/{item.pk}/plan/")
    found = proposed(text)
    assert found["阿司匹林肠溶片"][0] == "unchanged"
    assert found["美托洛尔片"] == ("changed", "25mg 每日两次", "50mg 每日两次")
    assert found["呋塞米片"][:2] == ("new", "20mg 每日一次")
    assert found["布洛芬片"] == ("", "400mg 每日三次", "400mg 每日三次"), "the doctor says it"
    value = f"{w.a.code}/{summary}/1"
    assert re.search(rf'value="{value}"[^>]*checked', text)
    form = plan_form(summary=value, course="")
    assert doctor.post(f"/referrals/{item.pk}/plan/", form, headers=ENGLISH).status_code == 302
    kept = HomePlan.objects.get(item=item).summary
    assert kept is not None and len(kept.digest) == 64
    assert (f"{kept.type_name}/{kept.fhir_id}", kept.version) == (summary, "1")


def own_patient(w: World) -> str:
    """The patient as A, which asks, has registered them."""
    reply = w.ask("GET", "Patient?_count=5")
    return f"Patient/{reply.json['entry'][0]['resource']['id']}"


def test_what_lacks_is_said_at_its_field_and_what_was_typed_stays(w: World) -> None:
    item = treated(w)
    doctor = signed_in(alliance.make_staff(w.a))
    path = f"/referrals/{item.pk}/plan/"
    bad = plan_form(**{"medicine-1-why": "", "task-0-due_on": "2020-01-01", "call_phone": ""})
    reply = doctor.post(path, bad, headers=ENGLISH)
    text = reply.content.decode()
    assert reply.status_code == 422 and text.count('class="fault"') == 3
    assert "This day is over." in text and "Say why." in text
    assert "walk each day" in text and "ibuprofen" in text
    assert WorkItem.objects.get(pk=item.pk).state == "treated"
    reply = doctor.post(path, plan_form(more="medicines"), headers=ENGLISH)
    assert reply.status_code == 200 and "medicine-3-name" in reply.content.decode()
    assert 'class="fault"' not in reply.content.decode()
    assert doctor.post(path, plan_form(version=3), headers=ENGLISH).status_code == 302
    assert WorkItem.objects.get(pk=item.pk).state == "treated", "an older page changes nothing"
    assert doctor.post(path, plan_form(), headers=ENGLISH).status_code == 302
    assert WorkItem.objects.get(pk=item.pk).state == "returned", "the control"


def test_a_referral_down_is_sent_with_its_plan_or_not_at_all(w: World) -> None:
    w.permit()
    sender = signed_in(alliance.make_staff(w.b))
    path = f"/person/{w.person}/refer/?to={w.a.code}"
    asked = {"kind": "referral-down", "urgency": "routine", "reason": "goes home"}
    text = sender.post(path, asked, headers=ENGLISH).content.decode()
    assert "warning_signs" in text and not WorkItem.objects.filter(sender=w.b).exists()
    reply = sender.post(path, asked | plan_form(warning_signs=""), headers=ENGLISH)
    assert reply.status_code == 200 and "goes home" in reply.content.decode()
    assert not WorkItem.objects.filter(sender=w.b).exists()
    reply = sender.post(path, asked | plan_form(more="tasks"), headers=ENGLISH)
    assert reply.status_code == 200 and not WorkItem.objects.filter(sender=w.b).exists()
    assert sender.post(path, asked | plan_form(), headers=ENGLISH).status_code == 302
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    assert item.home_plan.home_id == w.a.pk
    assert "chest pain" in page(signed_in(alliance.make_staff(w.a)), f"/referrals/{item.pk}/")


def test_tasks_are_marked_on_the_page_and_overdue_ones_stand_in_the_list(w: World) -> None:
    item = returned(w)
    task = HomeTask.objects.get(plan__item=item, doer="community")
    home, other = (signed_in(alliance.make_staff(h)) for h in (w.b, w.a))
    clerk = signed_in(alliance.make_staff(w.b, Role.CLERK))
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    path = f"/referrals/{item.pk}/tasks/{task.pk}/"
    assert path in page(home, f"/referrals/{item.pk}/")
    for browser in (other, clerk):
        assert path not in page(browser, f"/referrals/{item.pk}/")
    marked = {"state": "done", "entries": 0, "note": "by telephone"}
    for browser, status in ((other, 403), (clerk, 403), (third, 404)):
        assert browser.post(path, marked, headers=ENGLISH).status_code == status
    assert not task.course.exists()
    HomeTask.objects.filter(pk=task.pk).update(due_on=timezone.localdate() - dt.timedelta(days=1))
    assert "1 overdue task at home" in page(home, "/referrals/")
    assert "Tasks at home that are due" in page(home, "/")
    assert home.post(path, marked, headers=ENGLISH).status_code == 302
    assert "by telephone" in page(other, f"/referrals/{item.pk}/"), "the hospital sees it"
    assert "overdue task" not in page(home, "/referrals/")
    twice = home.post(path, marked, headers=ENGLISH, follow=True).content.decode()
    assert "Nothing was changed by you" in twice and task.course.count() == 1


def test_closing_asks_what_became_of_each_open_task(w: World) -> None:
    item = returned(w)
    home_staff = alliance.make_staff(w.b)
    move_on(item, alliance.get_staff_principal(home_staff), "confirm-home")
    home = signed_in(home_staff)
    move = f"/referrals/{item.pk}/move/"
    bad = {"verb": "follow-up", "version": 6, "note": "well", "pressure": "very high"}
    reply = home.post(move, bad, headers=ENGLISH)
    assert reply.status_code == 422 and "Write it like 135/85" in reply.content.decode()
    assert home.post(move, bad | {"pressure": "135/85"}, headers=ENGLISH).status_code == 302
    assert "135/85" in page(home, f"/referrals/{item.pk}/")
    end = {"verb": "close", "version": 7, "note": "recovered"}
    reply = home.post(move, end, headers=ENGLISH)
    assert reply.status_code == 422
    assert reply.content.decode().count("Say what became of it.") == 3
    said: dict[str, str] = {}
    for task in HomeTask.objects.filter(plan__item=item):
        said |= {f"task-{task.pk}-state": "dropped", f"task-{task.pk}-note": "moved away"}
    assert home.post(move, end | said, headers=ENGLISH).status_code == 302
    assert WorkItem.objects.get(pk=item.pk).state == "closed"


@pytest.mark.parametrize("slip", ["out", "home"])
def test_a_slip_is_for_whoever_has_the_page_and_leaves_its_line(w: World, slip: str) -> None:
    item = returned(w)
    path = f"/referrals/{item.pk}/slip/{slip}.pdf"
    for at in (w.a, w.b):
        for role in (Role.CLINICIAN, Role.CLERK):
            reply = signed_in(alliance.make_staff(at, role)).get(path, headers=ENGLISH)
            assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
        kept = PrintedDocument.objects.filter(hospital=at, part=f"slip-{slip}").latest("pk")
        assert str(kept.person) == str(w.person)
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    page(third, path, 404)
    page(signed_in(alliance.make_staff(w.a, Role.PRIVACY)), path, 403)


def test_a_slip_home_is_there_only_with_a_plan_and_none_after_declining(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    item = send_referral(w.person, w.a, home)
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    page(clerk, f"/referrals/{item.pk}/slip/home.pdf", 404)
    assert clerk.get(f"/referrals/{item.pk}/slip/out.pdf").status_code == 200, "the control"
    move_on(item, w.doctor, "decline")
    page(clerk, f"/referrals/{item.pk}/slip/out.pdf", 404)


OUT_ORDER = [
    "初步印象",
    "主要既往史",
    "过敏史",
    "治疗经过",
    "接收安排",
    "审批意见",
    "签字",
    "公章",
    "患者须知",
]
BACK_ORDER = [
    "诊断结果",
    "住院病案号",
    "主要检查结果",
    "既往史",
    "过敏史",
    "治疗经过、下一步治疗方案",
    "签字",
    "公章",
]


@pytest.mark.parametrize(("sheet", "order"), [("refer-out", OUT_ORDER), ("refer-back", BACK_ORDER)])
def test_sheets_keep_the_order_of_the_forms_and_what_is_empty_is_a_line(
    w: World, sheet: str, order: list[str]
) -> None:
    item = returned(w)
    doctor = signed_in(alliance.make_staff(w.a))
    reply = doctor.get(f"/referrals/{item.pk}/{sheet}.pdf", headers={"Accept-Language": "zh-CN"})
    said = "".join(p.extract_text() for p in PdfReader(io.BytesIO(reply.content)).pages)
    whole = "".join(said.split())
    after_stub = whole[whole.index("存根") :]
    places = [after_stub.find(label) for label in order]
    assert -1 not in places and places == sorted(places), places
    assert "■不详" in after_stub and "□有" in after_stub and "＿＿＿" in after_stub


@pytest.mark.parametrize(
    ("words", "of_all"),
    [
        ("否认药物、食物过敏史", True),
        ("无已知过敏", True),
        ("No known drug allergies", True),
        ("NKDA", True),
        ("否认青霉素过敏", False),
        ("no penicillin allergy", False),
        ("", False),
    ],
)
def test_one_substance_ruled_out_is_not_that_there_is_no_allergy(words: str, of_all: bool) -> None:
    assert denies_all(words) is of_all
