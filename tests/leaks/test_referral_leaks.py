"""Referrals tell nobody what consent hides: of two worlds that differ in hidden records alone, the
pages are the same; each with its positive control.
"""

import re

from alliance.models import Hospital, WorkItem
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.referrals import (
    make_draft,
    make_home_plan,
    make_recent_result,
    move_on,
    report_arrival,
    send_referral,
)
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, w

__all__ = ["w"]
RESTRICTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "code": "R",
}


def page(browser: Browser, path: str) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == 200, (path, reply.status_code)
    return reply.content.decode()  # type: ignore[no-any-return]


def choices(browser: Browser, w: World, to: Hospital) -> set[str]:
    return set(re.findall(r'name="along" value="([^"]+)"', page(browser, refer(w, to))))


def refer(w: World, to: Hospital) -> str:
    return f"/person/{w.person}/refer/?to={to.code}"


def test_only_what_sender_and_receiver_both_see_can_go_along(w: World) -> None:
    sender = signed_in(alliance.make_staff(w.b))
    made = [w.hold.create(make_recent_result(w.at_b, **more)) for more in ({}, {"code": HIV})]
    plain, hidden = (f"{w.b.code}/{x}/1" for x in made)
    assert not choices(sender, w, w.a), "no consent: the receiver would see nothing"
    assert "will not see your hospital" in page(sender, refer(w, w.a))
    w.permit()
    assert choices(sender, w, w.a) == {plain}
    w.permit(sensitive=True)
    assert choices(sender, w, w.a) == {plain, hidden}, "the control"
    form = {"kind": "referral-up", "urgency": "urgent", "reason": "x", "along": [hidden]}
    w.permit(effect="deny", recipient_id=None)
    reply = sender.post(refer(w, w.a), form, headers=ENGLISH)
    assert reply.status_code == 302 and not WorkItem.objects.get(sender=w.b).documents.exists()


def test_looking_before_sending_leaves_no_access_and_no_line_of_the_receivers(w: World) -> None:
    w.permit()
    before = w.seen()
    page(signed_in(alliance.make_staff(w.b)), refer(w, w.a))
    assert w.seen() == before == set()
    send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    assert w.seen(), "the control"


def test_what_the_sender_does_not_see_changes_no_count_before_sending(w: World) -> None:
    w.permit()
    sender = signed_in(alliance.make_staff(w.b))
    before = strip_left(page(sender, refer(w, w.a)))
    at_a = SourcePatient.objects.filter(hospital=w.a, person_id=w.person).latest("pk")
    w.ask.create(make_recent_result(f"Patient/{at_a.fhir_id}"))
    assert strip_left(page(sender, refer(w, w.a))) == before
    w.hold.create(make_recent_result(w.at_b))
    assert strip_left(page(sender, refer(w, w.a))) != before, "the control"


def test_a_draft_and_an_arrival_change_no_page_of_another_hospital(w: World) -> None:
    receiver = signed_in(alliance.make_staff(w.a))
    third = alliance.make_hospital("third")
    stranger = signed_in(alliance.make_staff(third))
    paths = ("/referrals/", "/referrals/?show=received", "/referrals/drafts/", "/")
    lists = (*paths, "/referrals/arrivals/")
    before = [[strip_left(page(b, p)) for p in paths] for b in (receiver, stranger)]
    author = alliance.make_staff(w.b)
    make_draft(w.person, w.a, author)
    make_draft(w.person, w.a, author, submitted=True)
    assert [[strip_left(page(b, p)) for p in paths] for b in (receiver, stranger)] == before
    empty = [strip_left(page(stranger, p)) for p in lists]
    report_arrival(w.person, w.a, author)
    assert [strip_left(page(stranger, p)) for p in lists] == empty
    assert "/referrals/arrivals/" in page(receiver, "/"), "the control"


def test_a_hidden_record_changes_no_page_of_the_receiver(w: World) -> None:
    w.permit()
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    receiver = signed_in(alliance.make_staff(w.a))
    paths = (f"/referrals/{item.pk}/", "/referrals/", "/referrals/?show=received")
    before = [page(receiver, p) for p in paths]
    w.hold.create(make_recent_result(w.at_b, code=HIV))
    assert [strip_left(page(receiver, p)) for p in paths] == [strip_left(b) for b in before]


def strip_left(text: str) -> str:
    """What the page says, without how long is left, which a minute changes, and secrets of forms
    and of the pulse, which are made anew each time.
    """
    main = re.sub(
        r'<input[^>]*hidden[^>]*>|data-token="[^"]*"',
        "",
        text[text.index("<main") : text.index("</main>")],
    )
    return re.sub(r"\d+ (?:min|h|s|d)\w* left|\s+", " ", main)


def test_a_hidden_medicine_changes_no_proposal_of_a_home_plan(w: World) -> None:
    """Nor the sheets and slips that are made of it; what may be seen does, as the control."""
    w.permit()
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    move_on(item, w.doctor, "accept", "arrive", "treat")
    doctor = signed_in(alliance.make_staff(w.a))
    path = f"/referrals/{item.pk}/plan/"
    order = {
        "resourceType": "MedicationRequest",
        "status": "active",
        "intent": "order",
        "subject": {"reference": w.at_b},
        "medicationCodeableConcept": {"text": "aspirin"},
    }
    before = strip_left(page(doctor, path))
    hidden = {
        "meta": {"security": [RESTRICTED]},
        "medicationCodeableConcept": {"text": "zidovudine"},
    }
    w.hold.create(order | hidden)
    assert strip_left(page(doctor, path)) == before
    w.hold.create(order)
    shown = page(doctor, path)
    assert "aspirin" in shown and "zidovudine" not in shown, "the control"


def test_a_plan_is_read_by_its_two_hospitals_alone_and_ends_with_the_access(w: World) -> None:
    home = alliance.get_staff_principal(alliance.make_staff(w.b))
    plan = make_home_plan()
    item = send_referral(w.person, w.a, home, kind=WorkItem.Kind.DOWN, brought=(make_home_plan(),))
    inside = [signed_in(alliance.make_staff(h)) for h in (w.a, w.b)]
    for browser in inside:
        assert plan.warning_signs in page(browser, f"/referrals/{item.pk}/"), "the control"
    third = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    for path in ("", "plan/", "slip/home.pdf", "refer-back.pdf"):
        assert third.get(f"/referrals/{item.pk}/{path}").status_code == 404, path
    move_on(item, w.doctor, "decline")
    assert plan.warning_signs not in page(inside[0], f"/referrals/{item.pk}/")
    for path in ("slip/home.pdf", "refer-back.pdf"):
        assert inside[0].get(f"/referrals/{item.pk}/{path}").status_code == 404, path


def faces(w: World, item: WorkItem) -> list[bytes]:
    """All that the receiver's system reads of it."""
    paths = (
        f"Task/{item.pk}",
        f"ServiceRequest/{item.pk}",
        f"Task?owner=Organization/{w.a.code}",
        f"Task?patient={w.person}",
        f"Provenance?target=Task/{item.pk}",
        f"Communication?based-on=Task/{item.pk}",
    )
    replies = [w.ask("GET", path, base="alliance") for path in paths]
    assert {r.status for r in replies} == {200}
    return [r.body for r in replies]


def test_a_hidden_record_changes_no_task_of_the_receiver(w: World) -> None:
    w.permit()
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    before = faces(w, item)
    w.hold.create(make_recent_result(w.at_b, code=HIV))
    assert faces(w, item) == before
    move_on(item, w.doctor, "ask")
    assert faces(w, item) != before, "the control"


def test_a_third_hospitals_system_cannot_tell_work_from_none(w: World, server: str) -> None:
    """Asked by number, patient, hospital or version, work between two others is as none."""
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    third = alliance.make_hospital("third")
    api = Api(server, third.code, credentials=alliance.make_credentials(third))
    asked = (
        "Task/{n}",
        "ServiceRequest/{n}",
        "Provenance/{n}-1",
        "Communication/{n}-1",
        "Task?_id={n}",
        "Provenance?target=Task/{n}",
        "Communication?based-on=Task/{n}",
    )
    for path in asked:
        hidden, absent = (
            api("GET", path.format(n=n), base="alliance") for n in (item.pk, item.pk + 10**9)
        )
        assert hidden.status == absent.status, path
        if "?" in path:
            assert "entry" not in hidden.json and "entry" not in absent.json, path
        else:
            assert hidden.body == absent.body, path
        own = w.ask("GET", path.format(n=item.pk), base="alliance")
        assert own.body != hidden.body or path.startswith("Communication"), "the control"
    for query in (f"patient={w.person}", f"owner=Organization/{w.a.code}"):
        assert "entry" not in api("GET", f"Task?{query}", base="alliance").json
        assert "entry" in w.ask("GET", f"Task?{query}", base="alliance").json, "the control"
