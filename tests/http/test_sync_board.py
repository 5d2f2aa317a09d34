"""The sync board: counts, and whose turn it is, for who looks after members (docs/adr/0069)."""

import datetime as dt
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.utils import timezone

from alliance.models import Client, Hospital, Staff
from alliance.roles import Role
from records.sync.board import CAUSES, MemberSystem, list_member_systems
from records.sync.dead_letters import LetterState
from records.sync.letter_causes import LETTERS
from records.sync.system_state import Side, Trouble, assess_system
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.sync_batches import Sender, put
from tests.support.sync_pages import STATUS, bad, beat, page, staff_browser
from tests.support.vacuumed import vacuum


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


@pytest.fixture
def at(api: Api) -> Hospital:
    return Hospital.objects.get(code=api.base)


def test_the_board_counts_and_says_whose_turn_it_is(api: Api, sender: Sender, at: Hospital) -> None:
    beat(
        api,
        version="0.6.0",
        backlog=3,
        oldest=5,
        free=2**30,
        compared={"ago": 60, "records": 9, "days": 0},
    )
    sender.sent(
        put(make_patient(), "p1"),
        put(bad(), "o1", at="检验.csv 第18行"),
        put(make_observation("Patient/his-p9"), "o2"),
    )
    [system] = list_member_systems([at])
    assert (system.items, system.refused, system.waiting, system.batches) == (3, 1, 1, 1)
    assert (system.open, system.held, system.streams, system.queued) == (1, 1, 1, 0)
    assert system.quality == pytest.approx(200 / 3)
    assert system.heartbeat is not None and system.heartbeat.backlog == 3
    assert system.comparison is not None and system.comparison.days == 0
    text = page(staff_browser(at, Role.CLERK), f"/sync-board/{at.code}/")
    for said in (
        "Records that were refused and wait to be mended: 1.",
        "66.6%",
        sender.stream,
        "all equal",
        "0.6.0",
    ):
        assert said in text, said
    assert "finished" not in text and "第18行" not in text, "counts alone"
    wide = staff_browser(alliance.make_hospital("office"), Role.ADMINISTRATOR, wide=True)
    assert at.name_en in page(wide, "/sync-board/")


def test_a_heartbeat_without_a_comparison_leaves_the_last_one(api: Api, at: Hospital) -> None:
    beat(api, compared={"ago": 0, "records": 9, "days": 2})
    beat(api)
    [system] = list_member_systems([at])
    assert system.comparison is not None
    assert (system.comparison.records, system.comparison.days) == (9, 2)


NOW = timezone.now()
WELL: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("trouble", "side", "told", "more"),
    [
        (Trouble.WELL, Side.NOBODY, {}, {}),
        (Trouble.DISK, Side.THEM, {"disk_full": True, "clock": 900}, {}),
        (Trouble.CLOCK, Side.THEM, {"clock": -61}, {}),
        (Trouble.SILENT, Side.THEM, {"at": NOW - dt.timedelta(minutes=11)}, {}),
        (Trouble.BACKLOG, Side.THEM, {"oldest": 3601, "backlog": 9}, {}),
        (Trouble.QUEUE, Side.US, {"disk_full": True}, {"queue_age": 601.0}),
        (Trouble.REVOKED, Side.THEM, {"disk_full": True}, {"revoked_at": NOW}),
        (Trouble.REFUSED, Side.THEM, {}, {"token_refused_at": NOW + dt.timedelta(seconds=1)}),
        (Trouble.WELL, Side.NOBODY, {}, {"token_refused_at": NOW - dt.timedelta(hours=1)}),
    ],
)
def test_the_most_urgent_is_said_first(
    api: Api, at: Hospital, trouble: Trouble, side: Side, told: dict[str, Any], more: dict[str, Any]
) -> None:
    beat(api)
    [system] = list_member_systems([at])
    assert system.heartbeat is not None
    changed: MemberSystem = replace(
        system, heartbeat=replace(system.heartbeat, **({"at": NOW} | told)), **more
    )
    found = assess_system(changed, NOW)
    assert (found.trouble, found.side) == (trouble, side)


def test_a_hospital_that_is_suspended_is_not_told_to_enrol_again(api: Api, at: Hospital) -> None:
    beat(api)
    Hospital.objects.filter(pk=at.pk).update(suspended_at=timezone.now())
    [system] = list_member_systems([Hospital.objects.get(pk=at.pk)])
    state = assess_system(system, timezone.now())
    assert (state.trouble, state.side) == (Trouble.SUSPENDED, Side.US)


def test_refused_credentials_show_and_go_once_they_are_right(api: Api, at: Hospital) -> None:
    beat(api)
    client = Client.objects.get(hospital=at).client_id
    wrong = api.raw(
        "POST",
        "/oauth/token",
        urlencode(
            {"grant_type": "client_credentials", "client_id": client, "client_secret": "x" * 43}
        ).encode(),
        {"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert wrong.status == 401
    [system] = list_member_systems([at])
    assert assess_system(system, timezone.now()).trouble is Trouble.REFUSED
    beat(api)
    [system] = list_member_systems([at])
    assert assess_system(system, timezone.now()).trouble is Trouble.WELL


def test_the_board_reads_indexes_alone(api: Api, sender: Sender, at: Hospital) -> None:
    """Of letters, whatever their number: no row of the table, with its sealed content, is read to
    count.
    """
    sender.sent(put(make_patient(), "p1"), put(bad(), "o1"))
    with transaction.atomic(), connection.cursor() as cursor:
        # The server of the tests confirms before it writes, and no page is all-visible till then.
        cursor.execute("SET LOCAL synchronous_commit = on")
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_name = 'record_sync_dead_letter'"
            " AND column_name NOT IN ('id', 'item', 'content')"
        )
        (columns,) = cursor.fetchone() or ("",)
        cursor.execute(
            f"INSERT INTO record_sync_dead_letter (item, content, {columns})"
            f" SELECT item + n, decode(repeat('ab', 1500), 'hex'), {columns}"
            " FROM record_sync_dead_letter, generate_series(1, 3000) n WHERE hospital = %s",
            [at.pk],
        )
    vacuum("record_sync_dead_letter")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {CAUSES}", {"hospitals": [at.pk]})
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "Index Only Scan using record_sync_dead_letter_counted" in plan, plan
        cursor.execute(
            f"EXPLAIN {LETTERS}",
            {"hospital": at.pk, "after": 0, "most": 9, **STATUS, "rule": "rare"},
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "record_sync_dead_letter_counted" in plan, plan


def test_a_member_without_sync_is_told_how_to_begin() -> None:
    at = alliance.make_hospital("none")
    for role in (Role.CLERK, Role.ADMINISTRATOR):
        text = page(staff_browser(at, role), f"/sync-board/{at.code}/")
        assert "Nothing has been sent by sync yet." in text
    assert not list_member_systems([]) and not list_member_systems([at])


def test_a_revoked_system_is_told(api: Api, sender: Sender, at: Hospital) -> None:
    beat(api)
    Client.objects.filter(hospital=at).update(revoked_at=timezone.now())
    [system] = list_member_systems([at])
    assert assess_system(system, timezone.now()).trouble is Trouble.REVOKED
    assert system.count_letters(LetterState.OPEN) == 0
    assert Staff.objects.filter(hospital=at).count() == 0
