"""Places of batches that are done at once, and streams: no more than there are."""

import pytest
from django.db import connection

from records.sync.streams import MOST_STREAMS, SLOTS, create_stream, find_stream, take_slot
from tests import draws


@pytest.mark.django_db
def test_a_place_that_another_has_is_not_given(world: None) -> None:
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s + 1)", [SLOTS])
            assert not take_slot(1) and not take_slot(0), "the only one is taken"
            assert take_slot(2), "the control: the second one is free"
            cursor.execute("SELECT pg_try_advisory_lock(%s + 2)", [SLOTS])
            assert cursor.fetchone() == (False,), "it is held until the transaction ends"
    finally:
        other.close()


@pytest.mark.django_db
def test_a_system_has_so_many_streams_and_no_more(world: None) -> None:
    client = f"c-{draws.token_hex(4)}"
    for n in range(MOST_STREAMS):
        assert create_stream(1, client, f"s{n}") is not None
    assert create_stream(1, client, "one-more") is None
    first = find_stream(client, "s0")
    assert first and first.next == 1 and not first.waits
    assert create_stream(1, f"{client}-other", "one-more") is not None
