"""The database is set read-only, moves, stops and freezes under a running site: nothing that was
acknowledged is lost, no answer is wrong, and nobody restarts anything. The tests go on from each
other: the site is that of the first (docs/adr/0038).
"""

import http.client
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from alliance.demo.accounts import DEMO_PASSWORD
from tests.factories.fhir import Api, make_patient
from tests.perf.session import sign_in
from tests.process.installation import Installation
from tests.process.servers import Server
from tests.wait_until import wait_until

ALLOWED = {200, 201, 503}
METRICS = "a-token-of-the-tests-for-metrics-0123456789"


class Pair:
    """A site, and the two servers that its DATABASE_URL names: the copy first."""

    def __init__(self) -> None:
        self.primary = Server().make()
        self.standby = Server().follow(self.primary)
        self.site = Installation()
        self.site.environment |= {
            "DATABASE_URL": (
                f"postgresql://postgres@127.0.0.1:{self.standby.port},127.0.0.1:{self.primary.port}/xinglin"
            ),
            "XINGLIN_STATEMENT_SECONDS": "5",
            "XINGLIN_WORKERS": "2",
            "XINGLIN_THREADS": "4",
            "XINGLIN_METRICS_TOKEN": METRICS,
        }
        (
            self.site.home / "demo-records"
        ).touch()  # the demo's people sign in; its records are of no use here
        self.site.start()
        self.api = Api(self.site.url, "donghu", credentials=self.site.register("donghu"))
        self.cookies = sign_in(
            self.site.url, "zhou", DEMO_PASSWORD, self.site.manage("demo_code").split()[-1]
        )

    def get(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        link = http.client.HTTPConnection(urlsplit(self.site.url).netloc, timeout=60)
        try:
            link.request(method, path, body, {"Cookie": self.cookies, **headers})
            reply = link.getresponse()
            return reply.status, dict(reply.getheaders()), reply.read().decode()
        finally:
            link.close()

    def metric(self, series: str) -> float | None:
        """As /metrics tells it, which always answers; None: it does not know."""
        status, _, text = self.get("/metrics", Authorization=f"Bearer {METRICS}")
        assert status == 200
        return next(
            (
                float(line.rpartition(" ")[2])
                for line in text.splitlines()
                if line.startswith(series)
            ),
            None,
        )

    def parts(self) -> dict[str, int]:
        return {
            word: pid
            for pid, line in self.site.parts().items()
            for word in ("audit_seal", "job_worker", "manage.py courier")
            if line.rstrip().endswith(word)
        }

    def sealed(self, server: Server) -> bool:
        return (
            server.sql(
                "SELECT (SELECT count(*) FROM consent_audit_event) - (SELECT count(*) FROM"
                " consent_audit_leaf)"
            )
            == "0"
        )

    def left(self, server: Server) -> bool:
        return (
            server.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'xinglin_web'") == "0"
        )

    def alive(self, server: Server) -> bool:
        """The parts beside the site have told the database so within seconds."""
        return (
            server.sql(
                "SELECT (SELECT max(last_heartbeat) FROM procrastinate_workers) > now() - interval"
                " '12 s' AND (SELECT max(beat_at) FROM records_feedposition) > now() - interval '12"
                " s' AND (SELECT max(checked_at) FROM consent_audit_sealer) > now() - interval"
                " '12 s'"
            )
            == "t"
        )

    def remove(self) -> None:
        self.site.remove()
        self.primary.remove()
        self.standby.remove()


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    made = Pair()
    yield made
    made.remove()


class Load:
    """Writers, readers and a page, each over and over again; each request on a connection of its
    own.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair, self.going = pair, True
        self.stored: list[str] = []
        self.met: Counter[Any] = Counter()
        self.bad: list[tuple[int, dict[str, str], str]] = []
        self.threads = [
            threading.Thread(target=self.run, args=(one,), daemon=True)
            for one in (self.write, self.write, self.read, self.page)
        ]
        for thread in self.threads:
            thread.start()

    def run(self, one: Any) -> None:
        while self.going:
            try:
                status = one()
            except Exception as error:
                status = type(error).__name__
            self.met[one.__name__, status] += 1
            time.sleep(0.02)

    def write(self) -> int:
        reply = self.pair.api("POST", "Patient", make_patient("试验"))
        if reply.status == 201:
            self.stored.append(reply.json["id"])
        return reply.status

    def read(self) -> int:
        return self.pair.api("GET", f"Patient/{self.stored[-1]}").status if self.stored else 200

    def page(self) -> int:
        status, headers, text = self.pair.get("/patients/")
        if status != 200:
            self.bad.append((status, headers, text))
        return status

    def more(self, many: int = 20) -> None:
        """Until so many more writes were acknowledged."""
        before = len(self.stored)
        wait_until(lambda: len(self.stored) >= before + many, f"writes go through: {self.met}")

    def end(self) -> None:
        self.going = False
        for thread in self.threads:
            thread.join(120)


def test_the_copy_is_named_first_and_the_site_works_on_the_primary(pair: Pair) -> None:
    made = pair.api.create(make_patient())
    assert pair.api("GET", made).status == 200
    assert (
        pair.primary.sql("SELECT count(*) FROM pg_stat_activity WHERE usename = 'xinglin_web'")
        != "0"
    )
    wait_until(
        lambda: pair.metric("xinglin_replication_lag_seconds{") is not None, "the copy is seen"
    )
    assert (
        pair.metric("xinglin_database_up"),
        pair.metric("xinglin_database_in_recovery"),
        pair.metric("xinglin_standbys"),
    ) == (1, 0, 1)


def test_a_master_that_is_killed_costs_no_request(pair: Pair) -> None:
    load = Load(pair)
    load.more()
    lines = pair.site.parts()
    master = min(p for p, line in lines.items() if "gunicorn" in line)
    os.kill(master, signal.SIGKILL)
    load.more()
    wait_until(lambda: "web ended with -9" in pair.site.said(), "it is started again")
    wait_until(
        lambda: not any(pair.site.line(p) for p, line in lines.items() if "gunicorn" in line),
        "what it left behind ends",
    )
    load.more()
    load.end()
    assert {status for _, status in load.met} <= {200, 201}, load.met


def test_a_planned_switch_away_from_a_primary_that_stays_up(pair: Pair) -> None:
    before = pair.parts()
    assert len(before) == 3
    load = Load(pair)
    load.more()
    pair.primary.read_only()
    wait_until(lambda: load.met["write", 503] > 0 and pair.left(pair.primary), "the site leaves it")
    wait_until(
        lambda: (
            pair.primary.sql(
                "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication"
            )
            == "t"
        ),
        "the copy has all of it",
    )
    pair.standby.promote()
    load.more()
    wait_until(lambda: pair.alive(pair.standby), "the parts beside the site work there, too")
    load.end()
    assert {status for _, status in load.met} <= ALLOWED, load.met
    assert all(h.get("Retry-After") and "One moment" in text for _, h, text in load.bad)
    there = pair.standby.sql("SELECT fhir_id FROM record_resource").split()
    assert set(load.stored) <= set(there)
    wait_until(lambda: pair.sealed(pair.standby), "all lines are sealed")
    assert pair.parts() == before, "none was started again"
    assert pair.left(pair.primary)


def test_every_door_says_503_while_nothing_answers(pair: Pair) -> None:
    """Both are down: the old primary, and the one that was promoted."""
    token = pair.site.said()
    pair.primary.stop()
    pair.standby.stop()
    for path in ("/", "/patients/", "/account/login/", "/audit/", "/my/"):
        status, headers, text = pair.get(path)
        assert (status, headers["Retry-After"]) == (503, "5"), (path, status)
        assert (
            "请稍候" in text
            and "One moment, please" in text
            and 'http-equiv="refresh"' in text
            and "unsafe-inline" not in headers["Content-Security-Policy"]
        )
    status, headers, text = pair.get(
        "/patients/", "POST", "q=x", **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert status == 503 and "not certain" in text and "refresh" not in text
    status, _, text = pair.get(
        "/oauth/token",
        "POST",
        "grant_type=client_credentials&client_id=a&client_secret=b",
        **{"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert status == 503 and "temporarily_unavailable" in text
    status, _, text = pair.get("/api/hospitals/")
    assert status == 503 and '"transient"' in text
    reply = pair.api("GET", "Patient")
    assert reply.status == 503 and reply.json["issue"][0]["code"] == "transient"
    assert pair.get("/healthz")[0] == 200 and pair.get("/readyz")[0] == 503
    wait_until(lambda: pair.metric("xinglin_database_up") == 0, "it is told")
    assert (
        pair.metric("xinglin_audit_unsealed_lines") is None
        and (pair.metric('xinglin_disk_free_bytes{place="home"}') or 0) > 0
    ), "what is known without it"
    assert (pair.metric('xinglin_unavailable_total{cause="unreachable"}') or 0) >= 8
    assert "AWAY503 the database is away: unreachable" in pair.site.said()[len(token) :]
    pair.standby.start()
    wait_until(lambda: pair.get("/patients/")[0] == 200, "it comes back")
    assert pair.api("POST", "Patient", make_patient()).status == 201
    wait_until(lambda: pair.alive(pair.standby), "the parts come back")
    wait_until(
        lambda: (
            pair.metric("xinglin_database_up") == 1
            and pair.metric("xinglin_audit_unsealed_lines") is not None
        ),
        "so do the numbers",
    )


def test_a_frozen_server_holds_nobody_for_ever(pair: Pair) -> None:
    """Its kernel still answers, so no time-out of a line ends the wait: the site does, after
    XINGLIN_STATEMENT_SECONDS.
    """
    pair.api.create(make_patient())
    pair.standby.freeze()
    try:
        assert pair.api("GET", "Patient?_count=1").status == 503
        wait_until(
            lambda: pair.metric("xinglin_database_up") == 0, "and the metrics answer, and say so"
        )
    finally:
        pair.standby.thaw()
    wait_until(lambda: pair.api("POST", "Patient", make_patient()).status == 201, "it goes on")
    wait_until(lambda: pair.metric("xinglin_database_up") == 1, "they come back")
    assert (
        "HTTP500" not in pair.site.said()
        and "/person/" not in pair.site.said()
        and "Traceback" not in pair.site.said()
    )
    assert "intact" in pair.site.manage("audit_verify")
