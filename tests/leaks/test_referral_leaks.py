"""Referrals tell nobody what consent hides: of two worlds that differ in hidden records alone, the
pages are the same; each with its positive control.
"""

import re

from alliance.models import Hospital, WorkItem
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.referrals import make_recent_result, move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser
from tests.support.world import HIV, World, w

__all__ = ["w"]


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


def test_a_hidden_record_changes_no_page_of_the_receiver(w: World) -> None:
    w.permit()
    item = send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))
    receiver = signed_in(alliance.make_staff(w.a))
    paths = (f"/referrals/{item.pk}/", "/referrals/", "/referrals/?show=received")
    before = [page(receiver, p) for p in paths]
    w.hold.create(make_recent_result(w.at_b, code=HIV))
    assert [strip_left(page(receiver, p)) for p in paths] == [strip_left(b) for b in before]


def strip_left(text: str) -> str:
    """What the page says, without how long is left, which a minute changes, and forms' secrets."""
    main = re.sub(r"<input[^>]*hidden[^>]*>", "", text[text.index("<main") : text.index("</main>")])
    return re.sub(r"\d+ (?:min|h|s|d)\w* left|\s+", " ", main)


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
