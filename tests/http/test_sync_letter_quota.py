"""A member cannot fill the platform's disk with refused items: beyond its quota they are told and
not kept, and nothing is lost in silence (docs/adr/0071).
"""

import json
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from alliance.models import Client, Hospital
from alliance.roles import Role
from records.sync.board import list_member_systems
from records.sync.letter_quota import KEPT, LetterRoom, measure_room
from records.sync.replay import do_drop_dead_letters, do_replay_dead_letters
from records.sync.state_words import say_state
from records.sync.system_state import Trouble, list_troubles
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation, make_patient
from tests.support.browser import ENGLISH, signed_in
from tests.support.sync_batches import Sender, build_batch, put
from tests.support.vacuumed import vacuum

STATUS = "?rule=code.not-in-set&field=Observation.status&state=open"


@pytest.fixture
def sender(api: Api) -> Sender:
    return Sender(api)


@pytest.fixture
def at(api: Api) -> Hospital:
    return Hospital.objects.get(code=api.base)


def bad(status: str = "finished") -> dict[str, Any]:
    return make_observation("Patient/his-p1") | {"status": status}


def fill_quota(at: Hospital, size: int = 0) -> int:
    """As if letters of so many bytes were kept, the whole quota where none is said."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO record_sync_dead_letter (hospital, client, scopes, stream, number, item,"
            " source, type, record, state, rule, field, content, size)"
            " VALUES (%s, %s, '', 0, %s, 0, 'his', 'Basic', 'full', 'open', 'server.error', '',"
            " '\\x00', %s) RETURNING id",
            [
                at.pk,
                Client.objects.get(hospital=at).client_id,
                at.pk,
                size or settings.SYNC_LETTER_BYTES,
            ],
        )
        return int((cursor.fetchone() or (0,))[0])


def drop(at: Hospital, letter: int) -> None:
    clerk = alliance.get_staff_principal(alliance.make_staff(at, Role.CLERK))
    do_drop_dead_letters(at, [letter], "made room", acting=clerk)


def read_contents(at: Hospital) -> dict[str, tuple[int, int | None, bytes | None]]:
    """{record: (bytes of its content, size, hash)} of open and waiting letters."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT record, length(content), size, hash FROM record_sync_dead_letter"
            " WHERE hospital = %s AND state IN ('open', 'waiting')",
            [at.pk],
        )
        return {row[0]: row[1:] for row in cursor.fetchall()}


def test_over_the_quota_all_is_told_and_no_content_kept(sender: Sender, at: Hospital) -> None:
    sender.sent(put(make_patient(), "p1"), put(bad(), "o1", at="检验.csv 第18行"))
    assert all(size > 0 and size == kept for size, kept, _ in read_contents(at).values())
    full = fill_quota(at)
    twice = bad() | {"code": {}, "valueString": 7}
    items = [put(twice, "o2", at="检验.csv 第19行"), put(make_observation("Patient/his-p1"), "o3")]
    answer = sender.sent(*items)
    assert answer["receipt"]["outcomes"] == {"refused": 1, "stored": 1}, "valid ones are stored"
    [letter] = answer["dead_letters"]
    assert letter["kept"] is False and letter["at"] == "检验.csv 第19行"
    assert letter["why"]["zh"] and letter["mend"]["en"] and letter["more"], "all of its faults"
    again = sender.post(build_batch(sender.stream, sender.number, items))
    assert again.json == answer, "the same bytes, the same receipt"
    contents = read_contents(at)
    assert contents["o2"][:2] == (0, 0) and contents["o2"][2], "its hash stands"
    assert contents["o1"][0] > 0, "what was kept stays"
    told = {letter["record"]: letter for letter in sender.letters("state=open&type=Observation")}
    assert told["o1"]["kept"] and told["o1"]["value"] == "finished"
    assert not told["o2"]["kept"] and told["o2"]["why"]["zh"] and told["o2"]["rule"]
    drop(at, full)
    assert sender.outcomes(put(bad(), "o2")) == {"refused": 1}
    assert read_contents(at)["o2"][0] > 0, "with room it is kept, and stands for the earlier one"


def test_what_would_wait_is_refused_and_says_how_to_mend(sender: Sender, at: Hospital) -> None:
    full = fill_quota(at)
    item = put(make_observation("Patient/his-later"), "o1", version=1)
    answer = sender.sent(item)
    assert answer["receipt"]["outcomes"] == {"refused": 1}
    assert answer["receipt"]["refused"] == [
        {
            "item": 0,
            "outcome": "refused",
            "rule": "reference.no-room",
            "field": "Observation.subject.reference",
        }
    ]
    [letter] = answer["dead_letters"]
    assert letter["state"] == "open" and letter["more"][0]["rule"] == "reference.missing"
    assert "Patient/his-later" in letter["mend"]["zh"] and "256 MB" in letter["why"]["en"]
    assert sender.outcomes(put(make_patient(), "later"), item) == {"stored": 2}, "as it says"
    assert not sender.letters("state=open&type=Observation"), "which mends the letter"
    drop(at, full)
    assert sender.outcomes(put(make_observation("Patient/his-never"), "o2")) == {"waiting": 1}


def test_comparing_names_what_was_not_kept(api: Api, sender: Sender, at: Hospital) -> None:
    fill_quota(at)
    sender.sent(put(bad(), "o1", version=1, day="2026-05-03"))
    asked = {
        "source": "his",
        "level": "day",
        "sums": {"Observation": {"2026-05-03": [1, "0" * 32]}},
    }
    reply = api.raw(
        "POST",
        f"/sync/{api.base}/digests",
        json.dumps(asked).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )
    records = reply.json["records"]["Observation"]["2026-05-03"]
    assert records == [["o1", 1, "", "refused", ""]]


def test_board_page_file_and_replay_say_it(sender: Sender, at: Hospital) -> None:
    sender.sent(put(bad(), "kept"))
    full = fill_quota(at)
    sender.sent(put(bad(), "unkept"), put(bad("done"), "unkept2"))
    [system] = list_member_systems([at])
    assert (system.open, system.unkept) == (4, 2)
    [state] = [s for s in list_troubles(system, timezone.now()) if s.trouble is Trouble.UNKEPT]
    clerk = alliance.make_staff(at, Role.CLERK)
    browser = signed_in(clerk)
    board = browser.get(f"/sync-board/{at.code}/", headers=ENGLISH).content.decode()
    assert ": 2 stand without their content" in board and ": 2 " in say_state(state)
    address = f"/sync-board/{at.code}/letters/"
    page = browser.get(address + STATUS, headers=ENGLISH).content.decode()
    assert page.count("content not kept: quota") == 2 and "unkept2" in page
    form = {"rule": "code.not-in-set", "field": "Observation.status", "state": "open"}
    file = browser.post(f"{address}export/", {**form, "format": "csv"}, headers=ENGLISH)
    assert file.content.decode("utf-8-sig").count("unkept") == 2, "a row for each"
    ids = {
        letter["record"]: letter["id"] for letter in sender.letters("state=open&type=Observation")
    }
    tried = do_replay_dead_letters(
        at, list(ids.values()), acting=alliance.get_staff_principal(clerk)
    )
    assert ids["kept"] in tried and ids["unkept"] not in tried, "there is nothing to try again"
    left = {letter["record"] for letter in sender.letters("state=open&type=Observation")}
    assert left == ids.keys()
    drop(at, full)
    sender.sent(put(bad(), "unkept"), put(bad("done"), "unkept2"))
    [system] = list_member_systems([at])
    assert not [s for s in list_troubles(system, timezone.now()) if s.trouble is Trouble.UNKEPT]


def test_one_system_does_not_take_another_ones_room(server: str, api: Api, at: Hospital) -> None:
    fill_quota(at)
    other = Sender(Api(server, at.code, credentials=alliance.make_credentials(at)))
    [letter] = other.sent(put(bad(), "o1"))["dead_letters"]
    assert letter["kept"]


def test_it_is_counted_from_an_index_and_no_further_than_the_quota(at: Hospital) -> None:
    client = Client.objects.get(hospital=at).client_id
    fill_quota(at, 1000)
    room = measure_room(client)
    assert room.letters == settings.SYNC_LETTERS - 1
    assert room.bytes == settings.SYNC_LETTER_BYTES - 1000
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on")  # or no page is all-visible
        cursor.execute(
            "INSERT INTO record_sync_dead_letter (hospital, client, scopes, stream, number, item,"
            " source, type, record, state, rule, field, content, size) SELECT %s, %s || n %% 50,"
            " '', -%s, n, 0, 'his', 'Basic', n, 'open', 'server.error', '', '\\x00', 1"
            " FROM generate_series(1, 5000) n",
            [at.pk, client, at.pk],
        )
    vacuum("record_sync_dead_letter")
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {KEPT}", [client, 9])
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Only Scan using record_sync_dead_letter_kept" in plan and "Limit" in plan, plan


def test_room_ends_by_letters_and_by_bytes() -> None:
    room = LetterRoom(2, 100)
    assert room.take(60) and not room.take(41) and room.take(40)
    assert room.is_full and not room.take(0)
    assert LetterRoom(-1, 5).is_full and LetterRoom(5, -1).is_full, "the quota was made smaller"
