"""Pages of mutual recognition: the catalogue changes when two agree, a doctor adopts or repeats,
and the ledger's numbers are those of the audit log.
"""

import datetime as dt
import io
import uuid

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Proposal, Staff
from alliance.roles import Role
from consent.audit.event import EventCode
from records.models import (
    RecognitionDecision,
    RecognitionItem,
    RecognitionPrompt,
    RecognitionQualification,
)
from records.recognition.ledger import read_ledger
from records.recognition.ledger_of_log import LogLine, count_ledger
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.factories.recognition import item_code, make_item, qualify
from tests.support.browser import ENGLISH, signed_in
from tests.support.world import World, related, w

__all__ = ["w"]
HEAD = "code,name_zh,name_en,loinc,window_days,price\n"


@pytest.fixture
def two(world: None) -> tuple[Staff, Staff]:
    return tuple(
        alliance.make_staff(alliance.make_hospital("adm"), Role.ADMINISTRATOR, wide=True)
        for _ in range(2)
    )  # type: ignore[return-value]


def newest_proposal(who: Staff) -> Proposal:
    return Proposal.objects.filter(proposed_by=who).latest("pk")


def upload(browser, text: str):  # type: ignore[no-untyped-def]
    table = io.BytesIO(text.encode())
    table.name = "catalogue.csv"
    return browser.post("/recognition/upload/", {"table": table}, headers=ENGLISH, follow=True)


def test_the_catalogue_changes_when_two_agree(two: tuple[Staff, Staff]) -> None:
    one, other = (signed_in(s) for s in two)
    code = f"T-{uuid.uuid4().hex[:8].upper()}"
    loinc = f"{uuid.uuid4().int % 9_000_000 + 100_000}-1"
    wrong = upload(one, f"{HEAD}{code},试验,Test,{loinc},soon,\n").content.decode()
    assert "Row 2, column window_days" in wrong
    assert not Proposal.objects.filter(proposed_by=two[0]).exists()
    upload(one, f"{HEAD}{code},试验,Test,{loinc},7,12.50\n")
    proposal = newest_proposal(two[0])
    assert not RecognitionItem.objects.filter(code=code).exists(), "proposed is not done"
    shown = other.get(f"/alliance/proposals/{proposal.pk}/agree/", headers=ENGLISH)
    assert code in shown.content.decode() and loinc in shown.content.decode()
    one.post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    assert not RecognitionItem.objects.filter(code=code).exists(), "not one's own"
    other.post(f"/alliance/proposals/{proposal.pk}/agree/", {})
    item = RecognitionItem.objects.get(code=code)
    assert (item.window, str(item.price)) == (7, "12.50")
    assert code in one.get("/recognition/table/catalogue.csv").content.decode()
    form = {"name_zh": "试验", "name_en": "Test", "loincs": loinc, "window": 30}
    form |= {"scope": "city", "place": "", "price": "12.50", "active": "on"}
    faulty = one.post(f"/recognition/item/{code}/", form, headers=ENGLISH).content.decode()
    assert "Name the province or city" in faulty
    one.post(f"/recognition/item/{code}/", form | {"place": "武汉"})
    other.post(f"/alliance/proposals/{newest_proposal(two[0]).pk}/agree/", {})
    item.refresh_from_db()
    assert (item.window, item.scope, item.place) == (30, "city", "武汉")


def test_a_hospital_is_qualified_by_two_and_ended_by_one(two: tuple[Staff, Staff]) -> None:
    one, other = (signed_in(s) for s in two)
    at, item = alliance.make_hospital("lab"), make_item()
    form = {"hospital": at.code, "item": item.code, "starts": "2026-01-01", "quality": "passed"}
    one.post("/recognition/qualifications/", form)
    other.post(f"/alliance/proposals/{newest_proposal(two[0]).pk}/agree/", {})
    held = RecognitionQualification.objects.get(item=item, hospital=at)
    assert held.ends is None
    again = one.post("/recognition/qualifications/", form, headers=ENGLISH).content.decode()
    assert "qualified for days of these already" in again
    end = f"/recognition/qualifications/{held.pk}/end/"
    one.post(end, {"last": "2026-06-30", "reason": "failed"})
    held.refresh_from_db()
    assert held.ends == dt.date(2026, 6, 30)
    longer = one.post(end, {"last": "2026-07-30", "reason": "no"}, headers=ENGLISH)
    assert "ends on 2026-06-30 already" in longer.content.decode()


def test_a_doctor_adopts_and_the_ledger_is_that_of_the_log(w: World) -> None:
    related(w)
    w.permit()
    item = make_item(price="12.50")
    qualify(w.b, item)
    day = f"{timezone.localdate() - dt.timedelta(days=2)}T08:00:00+08:00"
    w.hold.create(
        make_observation(w.at_b, value=7391.25)
        | {"code": item_code(item), "effectiveDateTime": day}
    )
    doctor = alliance.make_staff(w.a)
    browser = signed_in(doctor)
    results = browser.get(f"/person/{w.person}/results/", headers=ENGLISH).content.decode()
    assert "Results elsewhere that count today" in results
    assert "days left" in results and f"?item={item.code}" in results
    path = f"/person/{w.person}/recognition/"
    page = browser.get(f"{path}?item={item.code}", headers=ENGLISH).content.decode()
    assert "7391.25" in page and w.b.name_en in page and "Adopt and quote" in page
    assert "does not mean that there is none elsewhere" in page
    prompt = RecognitionPrompt.objects.get(person=w.person, item=item)
    decide = f"{path}{prompt.pk}/"
    bare = browser.post(decide, {"decision": "repeated", "reason": "fast"}, headers=ENGLISH)
    assert "Tell the patient" in bare.content.decode()
    assert not RecognitionDecision.objects.filter(prompt=prompt).exists()
    browser.post(decide, {"decision": "repeated", "reason": "fast", "told": "on"})
    reply = browser.post(
        decide, {"decision": "adopted", "result": prompt.hits[0]}, headers=ENGLISH, follow=True
    )
    assert "adopted" in reply.content.decode()
    second = make_item()
    qualify(w.b, second)
    w.hold.create(make_observation(w.at_b) | {"code": item_code(second), "effectiveDateTime": day})
    browser.get(f"{path}?item={second.code}")
    today = timezone.localdate()
    ledger = read_ledger(today, today, [w.a.code])
    assert [(r.item, r.prompted, r.adopted, r.quoted, r.unanswered) for r in ledger] == sorted(
        [(item.code, 1, 1, 1, 0), (second.code, 1, 0, 0, 1)]
    )
    assert [str(r.money) for r in ledger if r.adopted] == ["12.50"]
    assert counted(ledger) == counted(count_ledger(lines_of_hospital(w.a.code)))
    administrator = signed_in(alliance.make_staff(w.a, Role.ADMINISTRATOR))
    shown = administrator.get("/recognition/ledger/?", headers=ENGLISH).content.decode()
    assert "12.50" in shown
    query = f"?starts={today}&ends={today}"
    table = administrator.get(f"/recognition/ledger/table.csv{query}").content.decode("utf-8-sig")
    assert f"{w.a.code},,{item.code}," in table and w.b.code not in table
    assert administrator.get(f"/recognition/ledger/table.xlsx{query}").content[:2] == b"PK"


def counted(rows):  # type: ignore[no-untyped-def]
    return sorted(
        (r.hospital, r.department, r.item, r.month, r.prompted, r.adopted, r.quoted, r.unanswered)
        + (r.money, tuple((r.repeated or {}).values()))
        for r in rows
    )


def lines_of_hospital(code: str) -> list[LogLine]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code, actor_hospital, target, detail, recorded FROM consent_audit_event"
            " WHERE actor_hospital = %s AND code = ANY(%s) ORDER BY id",
            [code, [str(EventCode.RECOGNITION_PROMPT), str(EventCode.RECOGNITION_DECIDE)]],
        )
        found = cursor.fetchall()
    return [LogLine(*row[:4], timezone.localdate(row[4])) for row in found]
