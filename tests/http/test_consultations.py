"""The pages of consultations: asked from the open record, answered by named experts, signed,
acknowledged, rated; who is let in, what was sent and is still the same (docs/adr/0088).
"""

import datetime as dt
import hashlib
import json
import re
from pathlib import Path

from django.db import connection
from django.utils import timezone

from alliance.models import SignedOpinion, Staff, WorkItem
from alliance.roles import Role
from consent.audit.package_verifier import load_verifier
from records.models import PrintedDocument
from tests.factories import alliance
from tests.factories.consultations import (
    ASKED,
    OPINION,
    ask_consultation,
    bring,
    name_team,
    sign,
)
from tests.factories.referrals import make_recent_result, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, w

__all__ = ["w"]
QUESTION = "Is an intervention needed, and when?"


def text(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def post(browser: Browser, path: str, status: int = 302, **form: object) -> str:
    reply = browser.post(path, form, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code, reply.content.decode()[-3000:])
    return reply.content.decode()  # type: ignore[no-any-return]


def move(browser: Browser, item: WorkItem, verb: str, status: int = 302, **form: object) -> str:
    version = WorkItem.objects.get(pk=item.pk).version
    path = f"/consultations/{item.pk}/move/"
    return post(browser, path, status, verb=verb, version=version, **form)


def principal(staff: Staff):  # type: ignore[no-untyped-def]
    return alliance.get_staff_principal(staff)


def check_offline(file: str, folder: Path) -> None:
    """By the program that needs nothing of ours, under the key that the file names."""
    verify, path = load_verifier(), folder / "opinion.json"
    pins = verify.parse_keys(json.loads(file)["signatures"][0]["pem"])
    path.write_text(file, encoding="utf-8")
    found = verify.verify_file(path, pins)
    assert found.verdict == "intact", [f.say("en") for f in found.findings]
    path.write_text(file.replace("echocardiography", "nothing at all"), encoding="utf-8")
    assert verify.verify_file(path, pins).verdict == "not_intact", "the control"


def asked_form(**more: object) -> dict[str, object]:
    agreed = timezone.localtime(timezone.now() - dt.timedelta(hours=2))
    return {
        **ASKED,
        "kind": "consultation",
        "urgency": "emergency",
        "department": "心血管内科",
        "question": QUESTION,
        "agreement": "signed",
        "agreed_by": "the patient",
        "agreed_at": f"{agreed:%Y-%m-%dT%H:%M}",
        **more,
    }


def test_from_the_question_to_the_signed_opinion_and_what_was_decided(
    w: World, tmp_path: Path
) -> None:
    w.permit()
    recent = w.hold.create(make_recent_result(w.at_b))
    asker, lead, second = (
        alliance.make_staff(w.b),
        alliance.make_staff(w.a),
        alliance.make_staff(w.a),
    )
    home, expert, other = map(signed_in, (asker, lead, second))
    clerk = signed_in(alliance.make_staff(w.a, Role.CLERK))
    assert f"/person/{w.person}/consult/" in text(home, f"/person/{w.person}/")
    path, along = f"/person/{w.person}/consult/?to={w.a.code}", f"{w.b.code}/{recent}/1"
    page = text(home, path)
    assert along in page and "but none that are specially protected" in page
    assert "This field is required" in post(home, path, 422, **asked_form(agreed_by=""))
    soon = f"{timezone.localtime() + dt.timedelta(days=1):%Y-%m-%dT%H:%M}"
    assert "before you ask" in post(home, path, 422, **asked_form(agreed_at=soon))
    assert "Name the examination" in post(home, path, 422, **asked_form(kind="reading-ecg"))
    assert not WorkItem.objects.filter(sender=w.b).exists()
    post(home, path, **asked_form(along=[along]))
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    document = item.documents.get()
    assert (document.version, len(document.digest)) == ("1", 64)
    assert item.asked.agreed_by == "the patient"

    for browser in (clerk, expert):
        assert item.number in text(browser, "/consultations/")
        listed = text(browser, "/referrals/?show=received")
        assert f"/referrals/{item.pk}/" not in listed, "not under words of referrals"
        page = text(browser, f"/consultations/{item.pk}/")
        assert QUESTION in page and ASKED["summary"] in page and "Open the record" not in page
    move(clerk, item, "accept", lead=lead.pk, others=[second.pk])
    assert item.number in text(expert, "/consultations/?show=mine")
    assert "Open the record" in text(expert, f"/consultations/{item.pk}/")
    assert "Open the record" not in text(clerk, f"/consultations/{item.pk}/")
    text(clerk, f"/consultations/{item.pk}/opinion/", 403)

    # two open the form; the second who saves is told, sees the other's text and keeps their own
    opinion = f"/consultations/{item.pk}/opinion/"
    post(expert, opinion, seen=0, opinion="first: angiography")
    page = post(other, opinion, 409, seen=0, opinion="second: echocardiography first")
    assert lead.name in page and "first: angiography" in page and "second: echo" in page
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen is not None
    post(other, opinion, seen=seen[1], opinion="echocardiography, then angiography")
    assert "echocardiography, then" in text(expert, opinion)

    signing = f"/consultations/{item.pk}/sign/"
    assert "/reauthenticate/" in expert.get(signing)["Location"]
    for browser in (expert, other):
        browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    text(other, signing, 403)
    page = text(expert, signing)
    assert "echocardiography, then angiography" in page
    shown = dict(re.findall(r'name="(version|number)" value="(\d+)"', page))
    post(expert, signing, **shown)
    signed = SignedOpinion.objects.get(item=item)
    assert "echocardiography, then" in text(home, f"/consultations/{item.pk}/")
    text(expert, opinion, 302)
    check_offline(text(home, f"/consultations/{item.pk}/opinion.json"), tmp_path)
    assert signed.number == 2 and signed.staff == lead
    for browser, at in ((home, w.b), (expert, w.a)):
        reply = browser.get(f"/consultations/{item.pk}/opinion.pdf", headers=ENGLISH)
        assert reply.status_code == 200 and reply.content.startswith(b"%PDF")
        kept = PrintedDocument.objects.filter(hospital=at, part="consultation").latest("pk")
        assert kept.digest == hashlib.sha256(reply.content).digest()

    move(home, item, "rate", score=5)  # not possible yet: told, and nothing is changed
    assert WorkItem.objects.get(pk=item.pk).state == "delivered"
    move(home, item, "acknowledge", note="angiography on Monday")
    move(home, item, "rate", score=5, comment="of great help")
    item.refresh_from_db()
    assert (item.state, item.outcome) == ("closed", "angiography on Monday")
    assert "angiography on Monday" in text(expert, f"/consultations/{item.pk}/")
    assert item.number in text(home, "/consultations/?show=closed")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT code FROM consent_audit_event WHERE target = %s ORDER BY id",
            [f"work/{item.pk}"],
        )
        codes = [c for (c,) in cursor.fetchall()]
    assert codes[0] == "alliance:work:send" and "alliance:work:read" in codes
    assert codes.count("alliance:work:move") == 6  # accept, write, a draft, sign, acknowledge, rate


def test_what_went_along_is_read_in_the_version_that_was_sent_and_compared(w: World) -> None:
    w.permit()
    recent = w.hold.create(make_recent_result(w.at_b))
    lead = alliance.make_staff(w.a)
    home, expert = signed_in(alliance.make_staff(w.b)), signed_in(lead)
    path = f"/person/{w.person}/consult/?to={w.a.code}"
    post(home, path, **asked_form(along=[f"{w.b.code}/{recent}/1"]))
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    sent = item.documents.get()
    address = f"/consultations/{item.pk}/record/{sent.pk}/"
    assert "not open to you now" in text(expert, address, 404), "not named yet"
    name_team(item, principal(lead), principal(lead))
    changed = make_recent_result(w.at_b, valueQuantity={"value": 77.7, "unit": "mmol/L"})
    assert w.hold("PUT", recent, changed | {"id": recent.split("/")[1]}).status == 200
    for browser in (home, expert):
        page = text(browser, address)
        assert "What you see is version 1" in page and "77.7" not in page
        assert sent.digest[:12] in page and "does not fit" not in page
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE alliance_workdocument SET digest = %s WHERE id = %s", ["0" * 64, sent.pk]
        )
    assert "does not fit" in text(expert, address)
    w.permit(effect="deny", recipient_id=None)
    assert "not open to you now" in text(expert, address, 404)
    assert "What you see is version 1" in text(home, address), "the control: its own record"


def test_strangers_find_nothing_and_a_referral_is_no_consultation(w: World) -> None:
    asker, lead = principal(alliance.make_staff(w.b)), principal(alliance.make_staff(w.a))
    w.permit()
    item = ask_consultation(w.person, w.a, asker, question=QUESTION)
    name_team(item, lead, lead)
    referral = send_referral(w.person, w.a, asker)
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    own = signed_in(alliance.make_staff(w.a))
    officer = signed_in(alliance.make_staff(w.a, Role.PRIVACY))
    sign(item, lead)
    for rest in ("", "opinion.json", "opinion.pdf", "opinion/"):
        text(third, f"/consultations/{item.pk}/{rest}", 404)
        text(officer, f"/consultations/{item.pk}/{rest}", 403)
    assert QUESTION in text(own, f"/consultations/{item.pk}/"), "the control"
    text(own, f"/consultations/{item.pk}/opinion/", 403)
    text(own, f"/consultations/{item.pk}/opinion.json")
    text(own, f"/referrals/{item.pk}/", 404)
    text(own, f"/consultations/{referral.pk}/", 404)
    text(own, f"/referrals/{referral.pk}/")
    post(third, f"/consultations/{item.pk}/move/", 404, verb="acknowledge", version=1)


def test_what_has_ended_is_read_no_more_by_whoever_did_not_write_it(w: World) -> None:
    w.permit()
    asker, lead = alliance.make_staff(w.b), alliance.make_staff(w.a)
    item = ask_consultation(w.person, w.a, principal(asker), question=QUESTION)
    name_team(item, principal(lead), principal(lead))
    sign(item, principal(lead))
    bring(item, "acknowledge", principal(asker))
    home, expert, own = map(signed_in, (asker, lead, alliance.make_staff(w.a)))
    assert OPINION["opinion"] in text(own, f"/consultations/{item.pk}/"), "the control"
    WorkItem.objects.filter(pk=item.pk).update(rights_end=timezone.now())
    for browser, reads in ((home, True), (expert, True), (own, False)):
        page = text(browser, f"/consultations/{item.pk}/")
        assert (OPINION["opinion"] in page) == reads
        text(browser, f"/consultations/{item.pk}/opinion.json", 200 if reads else 404)
        assert (QUESTION in page) == (browser is home)


def test_only_what_the_experts_would_see_can_go_along(w: World) -> None:
    sender = signed_in(alliance.make_staff(w.b))
    made = [w.hold.create(make_recent_result(w.at_b, **more)) for more in ({}, {"code": HIV})]
    plain, hidden = (f"{w.b.code}/{x}/1" for x in made)
    path = f"/person/{w.person}/consult/?to={w.a.code}"

    def offered() -> set[str]:
        return set(re.findall(r'name="along" value="([^"]+)"', text(sender, path)))

    assert not offered() and "will not see your hospital" in text(sender, path)
    w.permit()
    assert offered() == {plain}
    w.permit(sensitive=True)
    assert offered() == {plain, hidden}, "the control"
    w.permit(effect="deny", recipient_id=None)
    reply = sender.post(path, asked_form(along=[hidden]), headers=ENGLISH)
    assert reply.status_code == 302 and not WorkItem.objects.get(sender=w.b).documents.exists()
