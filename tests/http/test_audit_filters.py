"""The auditor's page: each filter finds its line and none of the others, an act is one row, and
names are shown to whom they may be, with a line that says so.
"""

import datetime as dt
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Hospital, Staff
from alliance.roles import Role
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.models import SavedAuditFilter
from tests import draws
from tests.factories import alliance
from tests.support.browser import signed_in
from tests.support.html import Browser

pytestmark = pytest.mark.usefixtures("world")
ENGLISH = {"Accept-Language": "en"}


def write(at: Hospital, **more: Any) -> str:
    """A line; returns its request's number."""
    given = {
        "code": EventCode.RECORD_SEARCH,
        "actor_kind": "client",
        "actor": "none-of-ours",
        "role": "",
        "purpose": "TREAT",
        "request_id": f"filter-{draws.token_hex(6)}",
        "target": f"target-{draws.token_hex(6)}",
    } | more
    append_event(AuditEvent(actor_hospital=at.code, **given))
    return str(given["target"])


def rows(browser: Browser, **query: Any) -> str:
    reply = browser.get("/audit/", query, headers=ENGLISH)
    assert reply.status_code == 200
    return " ".join(re.findall(r"<tr class=.*?</tr>", reply.content.decode(), re.S))


@pytest.fixture
def at(world: None) -> Hospital:
    return alliance.make_hospital("filters")


@pytest.fixture
def auditor(at: Hospital) -> Browser:
    return signed_in(alliance.make_staff(at, Role.AUDITOR))


def test_each_filter_finds_its_line_alone(at: Hospital, auditor: Browser) -> None:
    doctor = alliance.make_staff(at)
    client, _secret = alliance.make_credentials(at)
    other = write(at)
    wanted = {
        "actor": (str(doctor.pk), {"actor_kind": "staff", "actor": str(doctor.pk)}),
        "kind": ("emergency", {"code": EventCode.EMERGENCY_CLOSE}),
        "outcome": ("failed", {"outcome": AuditOutcome.FAILED}),
        "purpose": ("METAMGT", {"purpose": "METAMGT"}),
        "system": (client, {"actor": client}),
        "address": ("192.0.2.77", {"address": "192.0.2.77"}),
        "emergency": ("on", {"purpose": "BTG"}),
        "request": ("filter-one", {"request_id": "filter-one"}),
        "hospital": (at.code, {}),
    }
    for name, (value, line) in wanted.items():
        target = write(at, **line)
        found = rows(auditor, **{name: value})
        assert target in found, name
        assert (other in found) == (name == "hospital"), name
    assert other in rows(auditor), "the control"


def test_a_range_of_time_is_cut_to_the_minute(at: Hospital, auditor: Browser) -> None:
    today = timezone.localdate()
    target = write(at)
    before, after = today - dt.timedelta(days=1), today + dt.timedelta(days=1)
    assert target in rows(auditor, start=before, end=after, end_time="00:00")
    assert target not in rows(auditor, start=before, end=today, end_time="00:00")
    assert target not in rows(auditor, start=after, start_time="00:00", end=after)
    reply = auditor.get("/audit/", {"start_time": "10:00"}, headers=ENGLISH)
    assert reply.status_code == 400 and "needs its day" in reply.content.decode()


def test_what_others_did_keeps_address_and_request_to_itself(
    at: Hospital, auditor: Browser
) -> None:
    """An auditor who filters by what is cut from others' lines finds their own alone."""
    there = alliance.make_hospital("elsewhere")
    line = {"address": "192.0.2.78", "request_id": "filter-theirs"}
    theirs, own = write(there, **line), write(at, **line)
    for query in ({"address": "192.0.2.78"}, {"request": "filter-theirs"}):
        found = rows(auditor, **query)
        assert own in found and theirs not in found
    assert theirs not in rows(auditor, hospital=there.code)
    assert theirs in rows(
        signed_in(alliance.make_staff(there, Role.AUDITOR)), hospital=there.code
    ), "the control"


def test_one_request_is_one_row_with_all_its_lines(at: Hospital, auditor: Browser) -> None:
    request = f"filter-{draws.token_hex(6)}"
    targets = [
        write(at, request_id=request, code=code)
        for code in (EventCode.PERSON_READ, EventCode.CONSENT_READ, EventCode.RECORD_OPEN)
    ]
    [row] = re.findall(r"<tr class=.*?</tr>", rows(auditor, request=request), re.S)
    assert all(t in row for t in targets) and "3 lines of this request" in row
    assert row.index("opened the record") < row.index("looked at who the patient is"), (
        "what was done first, what goes with it below"
    )


def test_older_acts_are_a_page_further(at: Hospital, auditor: Browser) -> None:
    first = write(at)
    for _ in range(101):
        write(at)
    page = auditor.get("/audit/", {"hospital": at.code}, headers=ENGLISH).content.decode()
    [more] = re.findall(r'<a href="(\?[^"]*before=[^"]*)"', page)
    assert first not in page
    assert first in auditor.get(f"/audit/{more.replace('&amp;', '&')}").content.decode()


def test_whose_names_were_shown_stands_in_the_log(at: Hospital, auditor: Browser) -> None:
    person = uuid4()
    write(at, person=person)
    shown = rows(auditor, hospital=at.code)
    assert f"?person={person}" in shown
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT person, purpose FROM consent_audit_event WHERE code = %s AND actor_hospital ="
            " %s ORDER BY id DESC LIMIT 1",
            [EventCode.AUDIT_READ, at.code],
        )
        assert cursor.fetchone() == (person, "HCOMPL")


def test_a_saved_filter_is_ones_own_and_no_right(at: Hospital, auditor: Browser) -> None:
    name = f"late-{draws.token_hex(4)}"
    saved = auditor.post(
        "/audit/filters/",
        {"name": name, "outcome": "refused", "person": str(uuid4())},
        page="/audit/",
    )
    assert saved.status_code == 302 and saved["Location"] == "/audit/?outcome=refused"
    assert f'?outcome=refused">{name}' in auditor.get("/audit/").content.decode()
    other = signed_in(alliance.make_staff(at, Role.AUDITOR))
    assert name not in other.get("/audit/").content.decode()
    row = SavedAuditFilter.objects.get(name=name)
    other.post("/audit/filters/", {"remove": str(row.pk)}, page="/audit/")
    assert name in auditor.get("/audit/").content.decode(), "nobody else removes it"
    auditor.post("/audit/filters/", {"name": name}, page="/audit/")
    auditor.post("/audit/filters/", {"name": "", "outcome": "refused"}, page="/audit/")
    assert SavedAuditFilter.objects.filter(name__in=[name, ""]).count() == 1, "nothing to save"
    auditor.post("/audit/filters/", {"remove": str(row.pk)}, page="/audit/")
    assert name not in auditor.get("/audit/").content.decode()
    stranger: Staff = alliance.make_staff(alliance.make_hospital("filters"), Role.AUDITOR)
    SavedAuditFilter.objects.filter(pk=row.pk).update(query=f"actor={stranger.pk}", removed_at=None)
    assert auditor.get(f"/audit/?actor={stranger.pk}").status_code == 403, "asked at each use"
