"""Letters whose wait is over: nobody's crowd out another's."""

import pytest
from django.db import connection
from django.utils import timezone

from alliance.models import Client
from records.sync.waiting_letters import MOST, find_ready_letters
from tests import draws
from tests.factories import alliance
from tests.support.sync_clients import make_client

LETTERS = """
INSERT INTO record_sync_dead_letter (hospital, client, scopes, stream, number, item, source, type,
  record, state, rule, field, waits, tries, content)
SELECT %s, %s, '', %s, 1, i, 'his', 'Observation', 'r' || i, 'waiting', 'reference.missing', '',
  '{}', %s, '' FROM generate_series(1, %s) i
"""


def leave_letters(client: Client, count: int, tries: int = 0) -> None:
    """That wait for nothing more."""
    with connection.cursor() as cursor:
        stream = draws.randbelow(2**40)
        cursor.execute(LETTERS, [client.hospital_id, client.client_id, stream, tries, count])


@pytest.mark.django_db
def test_letters_of_one_crowd_out_nobody_elses(world: None) -> None:
    many, few = (make_client(alliance.make_hospital("letters")) for _ in range(2))
    beside = make_client(many.hospital)
    stopped = make_client(few.hospital)
    leave_letters(many, 2 * MOST)
    leave_letters(beside, 1)
    leave_letters(few, 1)
    leave_letters(stopped, 2 * MOST)
    Client.objects.filter(pk=stopped.pk).update(revoked_at=timezone.now())
    seen = [row[1] for row in find_ready_letters()]
    assert len(seen) <= MOST and {many.client_id, beside.client_id, few.client_id} <= set(seen)
    assert stopped.client_id not in seen
    Client.objects.filter(pk=stopped.pk).update(revoked_at=None)
    assert stopped.client_id in [row[1] for row in find_ready_letters()], "the control"


@pytest.mark.django_db
def test_of_a_system_those_that_were_tried_least_often_come_first(world: None) -> None:
    client = make_client(alliance.make_hospital("letters"))
    leave_letters(client, 2 * MOST, tries=3)
    leave_letters(client, 1)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM record_sync_dead_letter WHERE client = %s AND tries = 0",
            [client.client_id],
        )
        assert cursor.fetchone()[0] in [row[5] for row in find_ready_letters()]
