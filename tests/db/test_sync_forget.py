"""What of sync goes after a good year, and what stays."""

from typing import Any

import pytest
from django.db import connection

from records.sync.forget import DAYS, forget_old_sync
from tests import draws
from tests.factories import alliance
from tests.support.sync_clients import make_client


def run(sql: str, *parameters: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []


def leave_letter(state: str, days: int) -> str:
    record = draws.token_hex(6)
    run(
        "INSERT INTO record_sync_dead_letter (hospital, client, scopes, stream, number, item,"
        " source, type, record, state, rule, field, waits, settled_at, content) VALUES (1, 'c', '',"
        " %s, 1, 0, 'his', 'Basic', %s, %s, 'server.error', '', '{}',"
        " clock_timestamp() - make_interval(days => %s), '')",
        draws.randbelow(2**40),
        record,
        state,
        days,
    )
    return record


def is_there(record: str) -> bool:
    return run("SELECT count(*) FROM record_sync_dead_letter WHERE record = %s", record) == [(1,)]


@pytest.mark.django_db
def test_letters_that_were_settled_long_ago_go(world: None) -> None:
    old = [leave_letter(state, DAYS + 1) for state in ("mended", "replayed", "dropped")]
    kept = [leave_letter("mended", DAYS - 1), leave_letter("open", DAYS + 1)]
    kept.append(leave_letter("waiting", DAYS + 1))
    forget_old_sync()
    assert not any(map(is_there, old)) and all(map(is_there, kept))


@pytest.mark.django_db
def test_receipts_stay_as_long_as_their_system_may_ask(world: None) -> None:
    hospital = alliance.make_hospital("forget")
    revoked, lately, active = (make_client(hospital) for _ in range(3))
    for client in (revoked, lately, active):
        [(stream,)] = run(
            "INSERT INTO record_sync_stream (hospital, client, name, next, done) VALUES"
            " (%s, %s, 's', 2, 1) RETURNING id",
            hospital.pk,
            client.client_id,
        )
        run(
            "INSERT INTO record_sync_batch (stream, number, hospital, client, scopes, items, root,"
            " size, taken_at, done_at, content) VALUES (%s, 1, %s, %s, '', 1,"
            " decode(repeat('00', 32), 'hex'), 1, '2020-01-01', '2020-01-01', '')",
            stream,
            hospital.pk,
            client.client_id,
        )
    for client, days in ((revoked, DAYS + 1), (lately, DAYS - 1)):
        run(
            "UPDATE alliance_client SET revoked_at = clock_timestamp() - make_interval(days => %s)"
            " WHERE id = %s",
            days,
            client.pk,
        )
    forget_old_sync()
    for table in ("record_sync_batch", "record_sync_stream"):
        left = {
            row[0] for row in run(f"SELECT client FROM {table} WHERE hospital = %s", hospital.pk)
        }
        assert left == {lately.client_id, active.client_id}
