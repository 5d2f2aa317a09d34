"""What an auditor reads are acts: each on one page and on none twice, whatever lines of other
requests lie between, and however many lines come while one reads.
"""

import datetime as dt
import random
from typing import Any

import pytest
from django.db import connection

from consent.audit.act_cursor import ActCursor
from consent.audit.act_query import MOST_COUNTED, MOST_PARTS, Act, list_acts
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, AuditOutcome, EventCode
from consent.audit.log_query import AuditFilter
from tests import draws
from tests.factories import alliance

pytestmark = pytest.mark.usefixtures("world")


def write(actor: str, request: str, at: str = "acts", **more: Any) -> None:
    append_event(
        AuditEvent(
            **{"code": EventCode.RECORD_READ, "outcome": AuditOutcome.SUCCESS} | more,
            actor_kind="client",
            actor=actor,
            actor_hospital=at,
            role="",
            purpose="TREAT",
            request_id=request,
        )
    )


def read_all(chosen: AuditFilter, limit: int, between: Any = None, **more: Any) -> list[list[Act]]:
    pages, before = [], None
    for _ in range(1000):
        page = list_acts(chosen, before, limit, **more)
        pages.append(page.acts)
        before = page.before and ActCursor.parse(str(page.before))
        assert (before is None) == (page.before is None), "a cursor is read as it was written"
        if before is None:
            return pages
        if between:
            between()
    raise AssertionError("no end")


@pytest.mark.parametrize("seed", range(6))
def test_each_act_is_on_one_page(seed: int) -> None:
    chance = random.Random(seed)
    hospital = f"acts-{draws.token_hex(4)}"
    actors = [f"{hospital}-{n}" for n in "ab"]
    requests = ["", *(f"{hospital}-r{n}" for n in range(12))]

    def write_some(many: int) -> None:
        for _ in range(many):
            write(chance.choice(actors), chance.choice(requests), hospital)

    write_some(chance.randrange(60, 120))
    whole = AuditFilter(hospital=hospital)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, actor, request_id FROM consent_audit_event WHERE actor_hospital = %s"
            " ORDER BY recorded DESC, id DESC",
            [hospital],
        )
        lines = cursor.fetchall()
    wanted: dict[Any, list[int]] = {}
    for number, actor, request in lines:
        wanted.setdefault((actor, request) if request else number, []).append(number)
    pages = read_all(whole, chance.choice([1, 2, 3, 7, 50]), lambda: write_some(2))
    shown = [a for page in pages for a in page]
    assert [a.id for a in shown] == [numbers[0] for numbers in wanted.values()], "their order"
    assert [a.count for a in shown] == [len(numbers) for numbers in wanted.values()]
    assert [[x["id"] for x in a.lines] for a in shown] == [
        numbers[:MOST_PARTS] for numbers in wanted.values()
    ]


def test_without_time_reading_goes_on_where_it_stopped() -> None:
    hospital = f"acts-{draws.token_hex(4)}"
    write(hospital, "first", hospital)
    for n in range(5):
        write(hospital, f"r{n}", hospital)
    pages = read_all(AuditFilter(hospital=hospital), 50, seconds=0.0)
    assert sum(map(len, pages)) == 6
    page = list_acts(AuditFilter(hospital=f"{hospital}-none"), None, 50, seconds=0.0)
    assert not page.acts and (page.before is None) == (page.searched_until is None)


def test_an_act_of_thousands_of_lines_is_bounded() -> None:
    hospital = f"acts-{draws.token_hex(4)}"
    write(hospital, "before", hospital)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO consent_audit_event (code, actor_kind, actor, actor_hospital, role,"
            " purpose, outcome, reason, target, detail, refs, address, request_id)"
            " SELECT 'records:record:create', 'client', %s, %s, '', 'TREAT', 'success', '', '', '',"
            " '{}', '', %s FROM generate_series(1, 5000)",
            [hospital, hospital, f"{hospital}-push"],
        )
    pages = read_all(AuditFilter(hospital=hospital), 1)
    [push], [before] = (page for page in pages if page)
    assert push.count == MOST_COUNTED and push.is_uncounted and push.is_cut
    assert len(push.lines) == MOST_PARTS and before.count == 1


def test_an_auditor_of_some_hospitals_is_not_told_which_request_others_lines_are_of() -> None:
    hospital = alliance.make_hospital("acts")
    write("theirs", "one", hospital.code)
    write("theirs", "one", hospital.code)
    own = AuditFilter(hospitals=(hospital.code,), patients=True, hospital=hospital.code)
    [act] = list_acts(own, None, 9).acts
    assert act.count == 2, "the control: their own"
    others = AuditFilter(hospitals=(f"{hospital.code}-x",), patients=True, hospital=hospital.code)
    assert not list_acts(others, None, 9).acts, "nobody of theirs, and no patient of theirs"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "20260101000000000000-1-0:1:",
        "20260101000000000000-1-5:4:",
        "20260101000000000000-1-5:9:9",
        "20260101000000000000-1-5:9:6,5",
        "20261301000000000000-1-5:9:5",
        "20260101000000000000-1-5:9:5' OR true",
        "\u0662" * 20 + "-1-5:9:5",
    ],
)
def test_what_is_no_cursor_begins_anew(text: str) -> None:
    assert ActCursor.parse(text) is None
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    assert ActCursor.parse("20260101000000000000-1-5:9:5,6") == ActCursor(moment, 1, "5:9:5,6")
