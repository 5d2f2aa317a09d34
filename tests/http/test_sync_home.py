"""What the first page tells of sync: what is urgent, by statements that count no letter and no
batch that was done.
"""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from alliance.models import Hospital
from alliance.roles import Role
from records.sync.board import list_member_systems
from records.sync.system_state import assess_system
from records.web.home_sync_blocks import tell_sync
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.sync_batches import Sender, put
from tests.support.sync_pages import bad, beat, page, staff_browser


@pytest.fixture
def at(api: Api) -> Hospital:
    return Hospital.objects.get(code=api.base)


def test_what_is_urgent_is_told_without_counting(api: Api, at: Hospital) -> None:
    Sender(api).sent(put(make_patient(), "p1"), put(bad(), "o1"))
    now = timezone.now()
    for told, urgent in (({"full": True}, True), ({"clock": 900}, False), ({}, False)):
        beat(api, **told)
        [counted], [light] = (list_member_systems([at], counted=c) for c in (True, False))
        states = [assess_system(system, now) for system in (counted, light)]
        assert [state.urgent for state in states] == [urgent] * 2
        if urgent:
            assert states[0] == states[1]
        assert counted.open == 1 and counted.items == 2 and (light.open, light.items) == (0, 0)
        bare = replace(
            counted, causes=[], batches=0, day_items=0, items=0, refused=0, waiting=0,
            lag_p50=None, lag_p95=None, queue_age=0.0,
        )  # fmt: skip
        assert replace(light, queue_age=0.0) == bare, "nothing else differs"


def test_the_first_page_reads_no_letter_and_no_batch_that_was_done(api: Api, at: Hospital) -> None:
    Sender(api).sent(put(make_patient(), "p1"), put(bad(), "o1"))
    beat(api, full=True)
    office = alliance.make_staff(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    with CaptureQueriesContext(
        connection,
    ) as asked:
        [block] = tell_sync(alliance.get_staff_principal(office))
    assert block.urgent and block.count >= 1
    statements = [query["sql"] for query in asked.captured_queries]
    assert any("record_sync_heartbeat" in sql for sql in statements), "it was asked"
    assert not [sql for sql in statements if "dead_letter" in sql or "7 days" in sql]


def test_the_first_page_tells_clerks_and_administrators(api: Api, at: Hospital) -> None:
    sender = Sender(api)
    clerk = staff_browser(at, Role.CLERK)
    assert "No record waits to be mended." in page(clerk, "/")
    sender.sent(put(make_patient(), "p1"), put(bad(), "o1"), put(bad(), "o2"))
    text = page(clerk, "/")
    assert "Records that were refused" in text and f"/sync-board/{at.code}/" in text
    far = staff_browser(alliance.make_hospital("far"), Role.CLERK)
    assert "No record waits to be mended." in page(far, "/"), "another hospital's clerk"
    beat(api, full=True)
    wide = staff_browser(at, Role.ADMINISTRATOR, wide=True)
    assert "Members whose sync needs somebody" in page(wide, "/")
