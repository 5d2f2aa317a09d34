"""What goes along with a referral opens from its page as it was sent, through the gate; and before
sending the page counts what the receiver will see (docs/adr/0093).
"""

from typing import Any

import pytest
from django.db import connection

from alliance.models import WorkDocument, WorkItem
from alliance.roles import Role
from consent.audit.event import EventCode
from records.models import SourcePatient
from tests.factories import alliance
from tests.factories.fhir import make_observation
from tests.factories.referrals import make_recent_result, move_on, send_referral
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser, page_words
from tests.support.world import HIV, World, w

__all__ = ["w"]


def words(browser: Browser, path: str, status: int = 200) -> str:
    reply = browser.get(path, headers=ENGLISH)
    assert reply.status_code == status, (path, reply.status_code)
    return page_words(reply.content.decode())


def result(w: World, value: float, **more: Any) -> dict[str, Any]:
    quantity = {"value": value, "unit": "mmol/L"}
    return make_recent_result(w.at_b, valueQuantity=quantity) | more


def send_along(w: World, what: str) -> tuple[WorkItem, str, Browser]:
    """(the referral from B to A with this record, the address that opens it, the sender's)."""
    sender = signed_in(alliance.make_staff(w.b))
    form = {
        "kind": "referral-up",
        "urgency": "urgent",
        "reason": "x",
        "along": [f"{w.b.code}/{what}/1"],
    }
    sent = sender.post(f"/person/{w.person}/refer/?to={w.a.code}", form, headers=ENGLISH)
    assert sent.status_code == 302
    item = WorkItem.objects.get(sender=w.b, receiver=w.a)
    return item, f"/referrals/{item.pk}/record/{item.documents.get().pk}/", sender


def lines_about(w: World, what: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT detail FROM consent_audit_event WHERE target = %s AND code = %s ORDER BY id",
            [f"{w.b.code}/{what}", EventCode.RECORD_OPEN.value],
        )
        return [row[0] for row in cursor.fetchall()]


def test_the_version_that_was_sent_opens_with_a_notice_of_a_newer_one(w: World) -> None:
    w.permit()
    what = w.hold.create(result(w, 6.25))
    item, address, sender = send_along(w, what)
    receiver = signed_in(alliance.make_staff(w.a))
    assert address in receiver.get(f"/referrals/{item.pk}/").content.decode()
    page = words(receiver, address)
    assert "6.25" in page and "fits" in page and "has changed the record" not in page
    assert lines_about(w, what) == ["along"]
    w.hold("PUT", what, result(w, 9.75, id=what.split("/")[1]))
    for browser in (receiver, sender):
        page = words(browser, address)
        assert "6.25" in page and "9.75" not in page
        assert "version 1, as it was sent" in page and "version 2 stands in the record" in page
    w.hold("DELETE", what)
    page = words(receiver, address)
    assert "has deleted this record since" in page and "6.25" in page


def test_a_sum_that_does_not_fit_is_said(w: World) -> None:
    w.permit()
    _item, address, sender = send_along(w, w.hold.create(result(w, 6.25)))
    assert "does not fit" not in words(sender, address), "the control"
    WorkDocument.objects.filter(item__sender=w.b).update(digest="0" * 64)
    assert "does not fit" in words(sender, address)


def test_what_the_gate_closes_now_is_closed_here_too_and_says_so(w: World) -> None:
    w.permit()
    what = w.hold.create(result(w, 6.25))
    item, address, sender = send_along(w, what)
    receiver, clerk = (
        signed_in(alliance.make_staff(w.a, role)) for role in (Role.CLINICIAN, Role.CLERK)
    )
    assert "6.25" in words(receiver, address), "the control"
    words(clerk, address, 403)
    stranger = signed_in(alliance.make_staff(alliance.make_hospital("third")))
    words(stranger, address, 404)
    other = send_along_other(w)
    words(receiver, address.replace(f"/{item.pk}/", f"/{other.pk}/"), 404)
    w.hold("PUT", what, result(w, 6.25, id=what.split("/")[1], code=HIV))
    page = words(receiver, address, 404)
    assert "not open to you now" in page and "6.25" not in page, "the newest decides"
    assert "6.25" in words(sender, address)
    w.permit(sensitive=True)
    assert "6.25" in words(receiver, address), "the control"
    w.permit(effect="deny", recipient_id=None)
    page = words(receiver, address, 404)
    assert "not open to you now" in page and "6.25" not in page
    move_on(item, w.doctor, "decline")
    assert "not open to you now" not in words(receiver, address, 404), "no such page any more"
    assert "6.25" in words(sender, address)


def send_along_other(w: World) -> WorkItem:
    """A second referral between the same two."""
    return send_referral(w.person, w.a, alliance.get_staff_principal(alliance.make_staff(w.b)))


@pytest.mark.parametrize(("choice", "seen"), [({}, 2), ({"sensitive": True}, 3)])
def test_before_sending_the_page_counts_what_the_receiver_will_see(
    w: World, choice: dict[str, Any], seen: int
) -> None:
    w.hold.create(make_observation(w.at_b))
    sender = signed_in(alliance.make_staff(w.b))
    address = f"/person/{w.person}/refer/?to={w.a.code}"
    assert "0 of 3" in words(sender, address), "no consent"
    w.permit(**choice)
    page = words(sender, address)
    assert f"{seen} of 3" in page
    assert (f"{3 - seen} closed" in page) == (seen < 3)
    at_a = SourcePatient.objects.filter(hospital=w.a, person_id=w.person).latest("pk")
    w.ask.create(make_observation(f"Patient/{at_a.fhir_id}"))
    assert f"{seen} of 3" in words(sender, address), "of the own hospital's alone"
