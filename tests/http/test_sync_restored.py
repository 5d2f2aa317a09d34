"""After a restore from a backup a sender that is further than the platform learns it, and from
which batch to send again (docs/sync.md, 410 epoch).
"""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.factories.fhir import Api, make_patient
from tests.support.sync_batches import Sender, build_batch, put

RESTORED = """
INSERT INTO alliance_epoch SELECT number + 1, 'restored', system_identifier, database, timeline,
  now(), 0, added, passed, passed_at, now() - interval '1 hour', now(), 'test', 'test', true
FROM alliance_epoch ORDER BY number DESC LIMIT 1
"""


def run(sql: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)


@pytest.fixture
def restored() -> Iterator[None]:
    run(RESTORED)
    yield
    run("DELETE FROM alliance_epoch WHERE reason = 'test'")


def test_batches_that_a_restore_took_back_are_asked_for(api: Api, restored: None) -> None:
    sender = Sender(api)
    never = sender.post(build_batch(sender.stream, 8, [put(make_patient(), "p8")]))
    assert never.status == 410 and never.json["next"] == 1, "its stream may be gone as a whole"
    sender.sent(put(make_patient(), "p1"))
    gap = sender.post(build_batch(sender.stream, 9, [put(make_patient(), "p9")]))
    assert gap.status == 409 and gap.json["error"] == "gap", "what came since then is no restore's"
    run(
        "UPDATE record_sync_stream SET taken_at = taken_at - interval '2 hours' WHERE name = %s",
        sender.stream,
    )
    told = sender.post(build_batch(sender.stream, 9, [put(make_patient(), "p9")]))
    assert told.status == 410 and told.json["error"] == "epoch" and told.json["next"] == 2
    assert sender.get(f"batches/{sender.stream}/8").status == 410
    assert sender.sent(put(make_patient(), "p2"))["receipt"]["number"] == 2, "and go on"


def test_without_a_restore_it_is_a_gap(api: Api) -> None:
    sender = Sender(api)
    reply = sender.post(build_batch(sender.stream, 8, [put(make_patient(), "p8")]))
    assert reply.status == 409 and reply.json["error"] == "gap"
