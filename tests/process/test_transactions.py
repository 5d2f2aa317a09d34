"""kill -9 of the server and of PostgreSQL in the middle of transactions: what was acknowledged
is there, what was not is absent as a whole.
"""

import os
import signal
import threading
import time
import uuid

import pytest

from tests.factories.fhir import Api, make_bundle, make_observation, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

MEMBERS = 40


class Sender(threading.Thread):
    """Sends transactions of forty one after the other; `sent` knows the ids of each,
    `acknowledged` those that were answered with 200.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self.api, self.stopping = api, False
        self.sent: list[list[str]] = []
        self.acknowledged: list[list[str]] = []
        self.start()

    def run(self) -> None:
        while not self.stopping:
            mark = uuid.uuid4().hex[:12]
            about = f"Patient/{mark}"
            rows = [("PUT", about, make_patient("试验") | {"id": mark})] + [
                (
                    "PUT",
                    f"Observation/{mark}-{i}",
                    make_observation(about, value=i) | {"id": f"{mark}-{i}"},
                )
                for i in range(MEMBERS - 1)
            ]
            keys = [url for _, url, _ in rows]
            self.sent.append(keys)
            try:
                if self.api("POST", "", make_bundle(*rows)).status == 200:
                    self.acknowledged.append(keys)
            except Exception:  # an answer that broke off is no acknowledgement
                time.sleep(0.05)


@pytest.fixture(scope="module")
def systems(made: Installation, credentials: tuple[str, str]) -> list[tuple[str, str]]:
    """Of one hospital, once the demo is loaded."""
    return [made.register("beishan") for _ in range(3)]


@pytest.mark.parametrize("victim", ["gunicorn worker", "postmaster", "postgres backend"])
def test_all_or_nothing(made: Installation, systems: list[tuple[str, str]], victim: str) -> None:
    senders = [Sender(Api(made.url, "beishan", credentials=system)) for system in systems]
    wait_until(lambda: all(len(s.acknowledged) > 3 for s in senders), "transactions go through")
    for _ in range(2):
        parts = made.parts()
        web = sorted(
            p for p, line in parts.items() if "gunicorn" in line and "manage.py serve" not in line
        )
        backends = [p for p in made.children(made.postmaster()) if "xinglin_web" in made.line(p)]
        target = {
            "gunicorn worker": web[1],
            "postmaster": made.postmaster(),
            "postgres backend": backends[0] if backends else made.postmaster(),
        }[victim]
        os.kill(target, signal.SIGKILL)
        before = [len(s.acknowledged) for s in senders]
        wait_until(
            lambda: all(len(s.acknowledged) > b + 2 for s, b in zip(senders, before, strict=True)),
            f"again after kill -9 of {victim}",
        )
    for s in senders:
        s.stopping = True
    for s in senders:
        s.join(60)
    api = senders[0].api
    broken = 0
    for s in senders:
        for keys in s.sent:
            mark = keys[0].split("/")[1]
            there = api("GET", f"Observation?patient=Patient/{mark}&_count=100").json
            count = len(there.get("entry", [])) + (api("GET", keys[0]).status == 200)
            assert count in (0, MEMBERS), f"a part of a transaction is there: {count} of {MEMBERS}"
            assert count == MEMBERS or keys not in s.acknowledged, "acknowledged, and gone"
            broken += count == 0
    assert "intact" in made.manage("audit_verify")
