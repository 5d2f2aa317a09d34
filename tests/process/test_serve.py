"""`make run` as a whole: what it prints, what a second run changes, Ctrl-C, and kill -9 of every
part in the middle of writes.
"""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from alliance.demo.accounts import DEMO_PASSWORD
from tests.factories.fhir import Api, make_patient
from tests.perf.session import sign_in
from tests.process.installation import Installation
from tests.wait_until import wait_until


class Writer(threading.Thread):
    """Creates Patients one after the other and remembers which were acknowledged; a broken
    answer is no acknowledgement.
    """

    def __init__(self, api: Api) -> None:
        super().__init__(daemon=True)
        self.api, self.acknowledged, self.stopping = api, [], False  # type: ignore[var-annotated]
        self.start()

    def run(self) -> None:
        while not self.stopping:
            try:
                reply = self.api("POST", "Patient", make_patient("试验"))
                if reply.status == 201:
                    self.acknowledged.append(reply.json["id"])
            except OSError:
                time.sleep(0.1)
            except Exception:  # an answer that broke off in the middle
                time.sleep(0.1)


def test_it_says_where_and_who(made: Installation, credentials: tuple[str, str]) -> None:
    assert made.url in made.said() and "chen" in made.said() and "make code" in made.said()
    assert "73 registrations" in made.said()
    assert "sessionid=" in sign_in(
        made.url, "lin", DEMO_PASSWORD, made.manage("demo_code").split()[-1]
    ), "the demo's accounts sign in while it is on"


@pytest.mark.parametrize(
    "victim", ["make run", "gunicorn master", "gunicorn worker", "postmaster", "sealer", "courier"]
)
def test_kill_9_loses_nothing_that_was_acknowledged(
    made: Installation, credentials: tuple[str, str], victim: str
) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    writer = Writer(api)
    wait_until(lambda: len(writer.acknowledged) > 20, "writes go through")
    parts = made.parts()
    web = sorted(
        p for p, line in parts.items() if "gunicorn" in line and "manage.py serve" not in line
    )
    supervisor = min(p for p, line in parts.items() if line.rstrip().endswith("manage.py serve"))
    target = {
        "make run": supervisor,
        "gunicorn master": web[0],
        "gunicorn worker": web[1],
        "postmaster": made.postmaster(),
        "sealer": next(p for p, line in parts.items() if "audit_seal" in line),
        "courier": next(p for p, line in parts.items() if "courier" in line),
    }[victim]
    os.kill(target, signal.SIGKILL)
    if victim == "make run":
        wait_until(
            lambda: (
                not [
                    line
                    for line in made.parts().values()
                    if "gunicorn" in line or "audit_seal" in line
                ]
            ),
            "its parts end with it",
        )
        made.start()
    before = len(writer.acknowledged)
    wait_until(
        lambda: len(writer.acknowledged) > before + 20,
        f"writes go through again after kill -9 of {victim}",
    )
    writer.stopping = True
    writer.join(30)
    missing = [i for i in writer.acknowledged if api("GET", f"Patient/{i}").status != 200]
    assert not missing, (
        f"{len(missing)} of {len(writer.acknowledged)} acknowledged resources are gone"
    )
    wait_until(
        lambda: bool([line for line in made.parts().values() if "audit_seal" in line]),
        "the sealer is back",
    )
    wait_until(
        lambda: any("manage.py courier" in line for line in made.parts().values()),
        "the courier is back",
    )
    assert "intact" in made.manage("audit_verify")


def test_a_second_run_is_fast_and_changes_nothing_and_ctrl_c_stops_all(
    made: Installation, credentials: tuple[str, str]
) -> None:
    before = made.counts()
    assert before["record_resource"] > 1000 and "Warning" not in made.said(), (
        "no library complains of how it is used"
    )
    made.interrupt()
    wait_until(lambda: not made.parts(), f"nothing is left running: {made.parts()}")
    assert not (made.home / "postgres/postmaster.pid").exists()
    made.start()
    wait_until(lambda: "serves" in made.said(), "it says so")
    assert made.counts() == before
    assert "building" not in made.said() and "writing the demo" not in made.said()


def test_connections_that_ended_meanwhile_cost_no_request(
    made: Installation, credentials: tuple[str, str]
) -> None:
    api = Api(made.url, "donghu", credentials=credentials)
    about = api.create(make_patient("试验"))
    for _ in range(3):
        with ThreadPoolExecutor(16) as pool:  # so that most threads hold a connection
            assert {r.status for r in pool.map(lambda _: api("GET", about), range(64))} == {200}
        query = (
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename ="
            " 'xinglin_web'"
        )
        ended = int(
            made.manage(
                "shell",
                "--no-imports",
                "-c",
                f"from django.db import connection as c; k = c.cursor(); k.execute({query!r});"
                " print(k.fetchone()[0])",
            ).splitlines()[-1]
        )
        assert ended > 3, "the control: there were connections to end"
        with ThreadPoolExecutor(16) as pool:
            assert {r.status for r in pool.map(lambda _: api("GET", about), range(64))} == {200}
