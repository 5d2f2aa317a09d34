"""kill -9 of the site, of the courier and of its workers while batches are sent: whatever answer
was lost, the same batch again gets one receipt, and every record is there once, in its newest
version.
"""

import os
import random
import signal
import uuid
from contextlib import suppress

from tests.factories.fhir import Api, make_observation, make_patient
from tests.process.installation import Installation
from tests.support.sync_batches import Sender, build_batch, put
from tests.wait_until import wait_until

BATCHES, RECORDS = 60, 12


def kill_somebody(made: Installation, draw: random.Random) -> None:
    """A web process, the courier, or a worker of it."""
    victims: list[int] = []

    def seen() -> bool:
        parts = [p for p, line in made.parts().items() if "courier" in line or "gunicorn" in line]
        victims[:] = [*parts, *(child for p in parts for child in made.children(p))]
        return bool(victims)

    wait_until(seen, "the parts work")
    with suppress(ProcessLookupError):
        os.kill(draw.choice(victims), signal.SIGKILL)


def test_each_batch_has_one_receipt_whoever_is_killed(
    made: Installation, credentials: tuple[str, str]
) -> None:
    draw = random.Random(20260503)
    sender = Sender(Api(made.url, "donghu", credentials=credentials))
    mark = uuid.uuid4().hex[:10]
    batches = [build_batch(sender.stream, 1, [put(make_patient(), mark)])]
    for number in range(2, BATCHES + 1):
        items = [
            put(
                make_observation(f"Patient/his-{mark}", value=number),
                f"{mark}-{draw.randrange(RECORDS)}",
                version=number,
            )
        ]
        batches.append(build_batch(sender.stream, number, items))
    kills = set(draw.sample(range(2, BATCHES), 6))
    receipts: dict[int, bytes] = {}
    for number, data in enumerate(batches, 1):
        headers = {"Prefer": "respond-async"} if draw.random() < 0.3 else {}

        def taken(data: bytes = data, headers: dict[str, str] = headers, n: int = number) -> bool:
            try:
                reply = sender.post(data, **headers)
            except OSError:
                return False
            if reply.status == 200:
                receipts.setdefault(n, reply.body)
                assert receipts[n] == reply.body
            assert reply.status in (200, 202, 429, 500, 502, 503), reply.body
            return reply.status in (200, 202)

        if number in kills:
            kill_somebody(made, draw)
        wait_until(taken, f"batch {number} is taken")
    for number, data in enumerate(batches, 1):

        def told(data: bytes = data, n: int = number) -> bool:
            try:
                reply = sender.post(data)
            except OSError:
                return False
            if reply.status == 200:
                assert receipts.setdefault(n, reply.body) == reply.body, "the same bytes"
            return reply.status == 200

        wait_until(told, f"batch {number} has its receipt")
    for record in range(RECORDS):
        reply = sender.api("GET", f"Observation/his-{mark}-{record}")
        sent = [n for n in range(2, BATCHES + 1) if f'"{mark}-{record}"'.encode() in batches[n - 1]]
        assert (reply.status == 200) is bool(sent)
        if sent:
            assert reply.json["valueQuantity"]["value"] == sent[-1]
            assert reply.json["meta"]["versionId"] == str(len(sent)), "each version once"
