"""A site whose database is promoted without all that was written, rolled back to a base backup,
and restored into a new server: no reader misses anything, whoever has read what is no more is told,
and nothing of it goes on record by itself but the promotion. The tests go on from each other
(docs/adr/0041).
"""

import json
import os
import signal
import urllib.request
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import pytest

from records.agent.context import AgentContext, open_context
from records.agent.notices import list_notices
from records.agent.platform_away import PlatformAway
from records.agent.witness import accept_log, exchange_heads, list_alarms
from records.agent.witness_memory import load_seen
from tests.factories.fhir import Api, make_observation, make_patient
from tests.factories.subscriptions import make_subscription
from tests.factories.webhook_endpoint import WebhookEndpoint, listening_endpoint
from tests.process.installation import Installation
from tests.process.servers import Server
from tests.wait_until import wait_until

BURN = "DO $$ BEGIN FOR i IN 1..30000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"


class Reader:
    """Follows the feed by its cursors."""

    def __init__(self, api: Api) -> None:
        self.api, self.at, self.got = api, "_history?_count=500", Counter[str]()

    def page(self, at: str = "") -> int:
        """The status of the next page, or of another address of the feed."""
        self.said = self.api("GET", at or self.at)
        if self.said.status == 200:
            self.at = next(
                x["url"] for x in self.said.json["link"] if x["relation"] == "next"
            ).partition(f"/{self.api.base}/")[2]
            entries = self.said.json.get("entry", [])
            self.got.update(
                f"{e['request']['url']}/{e['resource']['id']}/{e['resource']['meta']['versionId']}"
                for e in entries
            )
            self.more = len(entries)
        return self.said.status

    def follow(self) -> set[str]:
        """All ids until now."""
        assert self.page() == 200, self.said.body
        while self.more:
            assert self.page() == 200
        return {name.split("/")[-2] for name in self.got}

    def meets(self, ids: list[str]) -> bool:
        return set(ids) <= self.follow()


class Story:
    """A site that knows four servers, of which one at a time is up, and a member's system."""

    def __init__(self, hook: WebhookEndpoint) -> None:
        self.first = Server().make()
        self.first.sql(BURN)
        self.copy = Server().follow(self.first)
        self.back, self.new = Server(), Server()
        self.site = Installation()
        servers = ",".join(
            f"127.0.0.1:{s.port}" for s in (self.first, self.copy, self.back, self.new)
        )
        self.site.environment |= {
            "DATABASE_URL": f"postgresql://postgres@{servers}/xinglin",
            "XINGLIN_HOOKS": hook.url.removesuffix("/hook"),
            "XINGLIN_WORKERS": "1",
            "XINGLIN_THREADS": "4",
        }
        (self.site.home / "demo-records").touch()
        self.site.start()
        self.api = Api(self.site.url, "donghu", credentials=self.site.register("donghu"))
        self.subscription = self.api.create(
            make_subscription(hook, criteria="Observation?status=final")
        )
        wait_until(lambda: self.status() == "active", "the subscription is active")
        self.about = self.api.create(make_patient())
        self.witness = self.enrol_witness()

    def enrol_witness(self) -> AgentContext:
        """A member's machine that watches the log."""
        client_id, secret = self.site.register("donghu")
        home = Path(self.site.home) / "agent"
        home.mkdir()
        (home / "platform-keys.pem").write_text(self.site.manage("audit_key"))
        (home / "agent.ini").write_text(
            f"[platform]\nurl = {self.site.url}\nhospital = donghu\nclient_id = {client_id}\n"
            f"secret = {secret}\n"
        )
        return open_context(home)

    def watches(self) -> bool | None:
        """Whether the log goes on from what the witness saw; None while nobody answers."""
        try:
            return exchange_heads(self.witness)
        except PlatformAway:
            return None

    def has_seen_all(self) -> bool:
        seen = self.watches() and load_seen(self.witness.outbox)
        return bool(seen) and seen.size > self.seen_size  # type: ignore[union-attr]

    def let_witness_see(self) -> None:
        """A longer log than before."""
        seen = load_seen(self.witness.outbox)
        self.seen_size = seen.size if seen else 0
        wait_until(self.has_seen_all, "the witness has seen it")

    def witness_says(self) -> str:
        (notice,) = [n for n in list_notices(self.witness.outbox) if n.name == "witness"]
        return notice.en

    def status(self) -> str:
        return str(self.api("GET", self.subscription).json.get("status"))

    def write(self, many: int = 5) -> list[str]:
        return [
            self.api.create(make_observation(self.about, value=i)).split("/")[1]
            for i in range(many)
        ]

    def writes(self) -> list[str]:
        """As soon as the site has found its database."""
        wait_until(lambda: self.api("GET", self.about).status == 200, "the site answers")
        return self.write()

    def checks(self) -> dict[str, Any]:
        try:
            with urllib.request.urlopen(self.site.url + "/readyz", timeout=10) as response:
                return dict(json.load(response))
        except urllib.error.HTTPError as error:
            return dict(json.load(error))

    def refused(self, *command: str) -> tuple[int, str]:
        try:
            return 0, self.site.manage(*command)
        except CalledProcessError as error:
            return error.returncode, error.output

    def sealed(self, server: Server) -> bool:
        return (
            server.sql(
                "SELECT (SELECT count(*) FROM consent_audit_event) - (SELECT count(*) FROM"
                " consent_audit_leaf)"
            )
            == "0"
        )

    def sealer(self) -> int:
        return next(
            pid for pid, line in self.site.parts().items() if line.rstrip().endswith("audit_seal")
        )

    def epochs(self, server: Server) -> str:
        return server.sql("SELECT string_agg(kind, ' ' ORDER BY number) FROM alliance_epoch")

    def remove(self) -> None:
        self.witness.close()
        self.site.remove()
        for server in (self.first, self.copy, self.back, self.new):
            server.remove()


@pytest.fixture(scope="module")
def hook() -> Iterator[WebhookEndpoint]:
    with listening_endpoint() as made:
        yield made


@pytest.fixture(scope="module")
def story(hook: WebhookEndpoint) -> Iterator[Story]:
    made = Story(hook)
    yield made
    made.remove()


def test_a_promotion_without_all_that_was_written_needs_nobody(story: Story) -> None:
    """What the copy had not got yet is lost, its numbers are given again, and a reader who had
    read it misses none of what bears them now.
    """
    early, late = Reader(story.api), Reader(story.api)
    kept = story.write()
    wait_until(lambda: late.meets(kept), "it is read")
    early.follow()
    wait_until(lambda: story.sealed(story.first), "all is sealed")
    os.kill(story.sealer(), signal.SIGSTOP)
    wait_until(
        lambda: (
            story.first.sql(
                "SELECT bool_and(replay_lsn = pg_current_wal_lsn()) FROM pg_stat_replication"
            )
            == "t"
        ),
        "the copy has all of it",
    )
    story.copy.stop("fast")
    lost = story.write()
    wait_until(lambda: late.meets(lost), "the reader has what will be lost")
    number = int(story.first.sql("SELECT pg_current_xact_id()"))
    story.first.stop()
    story.copy.start()
    story.copy.promote()
    assert int(story.copy.sql("SELECT pg_snapshot_xmax(pg_current_snapshot())")) < number, (
        "the control: numbers are used twice"
    )
    new = story.writes()
    assert not late.meets(new[:1]), "the control: until it is recorded the cursor is too far"
    os.kill(story.sealer(), signal.SIGCONT)
    wait_until(lambda: story.epochs(story.copy) == "first promoted", "the sealer records it")
    wait_until(lambda: late.meets(new) and early.meets([*kept, *new]), "nobody misses anything")
    wait_until(lambda: story.checks()["status"] == "ok", "and nobody had to do anything")
    wait_until(lambda: story.sealed(story.copy), "all is sealed")
    story.let_witness_see()


def test_a_base_backup_that_is_started_again_is_no_promotion(story: Story) -> None:
    """The same server by its identifier, and a new timeline: the sealer's memory tells. Feeds
    say so, the rest goes on; readers of what is no more are told when it is on record.
    """
    before = Reader(story.api)
    kept = story.write()
    wait_until(lambda: before.meets(kept), "it is read")
    wait_until(
        lambda: (
            story.copy.sql(
                "SELECT passed > (SELECT max(xid::text::bigint) FROM record_resource WHERE fhir_id"
                f" = '{kept[-1]}') FROM alliance_epoch ORDER BY number DESC LIMIT 1"
            )
            == "t"
        ),
        "the sealer has announced it",
    )
    story.back.follow(story.copy)
    story.back.stop("fast")
    beyond = Reader(story.api)
    lost = story.write()
    wait_until(lambda: beyond.meets(lost), "it is read")
    wait_until(lambda: story.sealed(story.copy), "all is sealed")
    story.let_witness_see()
    had_seen = load_seen(story.witness.outbox)
    head = Path(story.site.home) / "kept.json"
    story.site.manage("audit_verify", f"--keep={head}")
    story.copy.stop("fast")
    story.back.start()
    story.back.promote()
    new = story.writes()
    wait_until(lambda: story.checks()["checks"]["audit log"] == "failing", "the sealer refuses")
    assert "record_restore" in story.site.said() and story.epochs(story.back) == "first promoted"
    assert (
        beyond.page() == 503
        and "may have been rolled back" in beyond.said.says
        and beyond.said.headers["retry-after"]
    )
    assert story.api("GET", story.about).status == 200, "the control: the rest goes on"
    wait_until(lambda: story.watches() is False, "nobody has recorded it: the witness alarms")
    (alarm,) = list_alarms(story.witness.home)
    assert json.loads(alarm.read_text())["fault"] == "smaller"
    assert story.witness_says().startswith("Alarm")
    assert "epoch 3 has begun" in story.site.manage(
        "record_restore", "--reason", "drill: base backup"
    )
    wait_until(lambda: story.checks()["status"] == "ok", "all goes on")
    wait_until(lambda: before.meets(new), "who had not read what is lost goes on")
    assert beyond.page() == 410 and "/fhir/donghu/_history?_since=" in beyond.said.says
    again = beyond.said.says.partition("/fhir/donghu/")[2].split()[0]
    assert again.startswith("_history?_since=") and beyond.page(again) == 200
    wait_until(lambda: beyond.meets(new), "it is told anew")
    wait_until(lambda: story.sealed(story.back), "all is sealed")
    wait_until(
        lambda: story.watches() is False and "was restored from" in story.witness_says(),
        "now the platform says why",
    )
    assert load_seen(story.witness.outbox) == had_seen, "until somebody accepts it"
    kept_files = accept_log(story.witness)
    assert {f.name.split("-")[2] for f in kept_files} == {"alarm", "restored"}
    wait_until(story.watches, "the log goes on, and is watched again")
    story.let_witness_see()
    code, said = story.refused("audit_verify", f"--against={head}")
    assert code == 2 and "ROLLED BACK" in said and "drill: base backup" in said, said
    wait_until(
        lambda: (
            story.status() == "error"
            and "read again" in story.api("GET", story.subscription).json["error"]
        ),
        "the subscriber is told",
    )


def test_a_dump_in_a_new_server_is_not_served_until_it_is_recorded(story: Story) -> None:
    """Its numbers begin anew, and the feed goes on."""
    resource = story.api("GET", story.subscription).json
    assert (
        story.api(
            "PUT",
            story.subscription,
            {k: v for k, v in resource.items() if k not in ("error", "meta")}
            | {"status": "requested"},
        ).status
        == 200
    )
    wait_until(lambda: story.status() == "active", "it is asked for again")
    old = Reader(story.api)
    kept = story.write()
    wait_until(lambda: old.meets(kept), "it is read")
    story.new.make()
    dump = story.new.data / "dump"  # where that account may write
    story.new.run(
        "pg_dump",
        "-h",
        "127.0.0.1",
        "-p",
        str(story.back.port),
        "-U",
        "postgres",
        "-Fc",
        "-f",
        str(dump),
        "xinglin",
    )
    lost = story.write()
    wait_until(lambda: old.meets(lost), "it is read")
    before = Reader(story.api)
    before.follow()
    wait_until(lambda: story.sealed(story.back), "what will be lost is sealed")
    story.let_witness_see()
    story.back.stop("fast")
    for role in ("xinglin_web LOGIN", "xinglin_shared"):
        story.new.sql(f"CREATE ROLE {role}")
    story.new.run(
        "pg_restore",
        "-h",
        "127.0.0.1",
        "-p",
        str(story.new.port),
        "-U",
        "postgres",
        "-d",
        "xinglin",
        str(dump),
    )
    assert (
        story.new.sql(
            "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint < (SELECT"
            " max(xid::text::bigint) FROM record_resource)"
        )
        == "t"
    ), "the control: they begin anew"
    wait_until(
        lambda: b"record_restore" in story.api("GET", story.about).body, "each door says why"
    )
    assert (
        story.api("GET", story.about).status == 503
        and "restored or copied" in story.checks()["says"]
    )
    page = story.api.raw("GET", "/", headers={"Cookie": "sessionid=" + "a" * 32})
    assert page.status == 503 and b"manage.py record_restore" in page.body
    assert (
        "comes from server" in story.site.manage("setup")
        and story.api("GET", story.about).status == 503
    ), "it brings the database up, and records nothing"
    code, said = story.refused("doctor")
    assert code == 1 and "WRONG  epoch" in said and "record_restore" in said
    assert "epoch 4 has begun" in story.site.manage(
        "record_restore", "--reason", "drill: new server"
    )
    new = story.writes()
    start = Reader(story.api)
    wait_until(lambda: start.meets([*kept, *new]), "the feed is whole")
    there = Counter(
        story.new.sql(
            "SELECT fhir_id || '/' || version FROM record_resource WHERE hospital = (SELECT id FROM"
            " alliance_hospital WHERE code = 'donghu') UNION ALL SELECT fhir_id || '/' || version"
            " FROM record_history WHERE hospital = (SELECT id FROM alliance_hospital WHERE code ="
            " 'donghu')"
        ).split()
    )
    whole = Reader(story.api)
    whole.follow()
    assert Counter("/".join(n.split("/")[-2:]) for n in whole.got.elements()) == there, (
        "each version once"
    )
    assert (
        old.page() == 410
        and before.page() == 410
        and not set(lost) & {n.split("/")[0] for n in there}
    )
    wait_until(
        lambda: (
            story.status() == "error"
            and "read again" in story.api("GET", story.subscription).json["error"]
        ),
        "the subscriber is told",
    )
    wait_until(lambda: story.sealed(story.new), "all is sealed")
    wait_until(lambda: story.watches() is False, "the witness asks again")
    assert not list_alarms(story.witness.home)
    assert "was restored from" in story.witness_says() and "--accept" in story.witness_says()
    wait_until(lambda: story.watches() is False, "it waits for a human")
    (evidence,) = accept_log(story.witness)
    said_then = json.loads(evidence.read_text())
    assert {"seen", "answer"} <= said_then.keys(), "both heads"
    wait_until(story.watches, "it is watched again")
    assert "intact" in story.site.manage("audit_verify")
    wait_until(lambda: story.checks()["status"] == "ok", "it is as before")
    assert story.epochs(story.new) == "first promoted restored restored"
    assert "HTTP500" not in story.site.said() and "Traceback" not in story.site.said()
