"""The agent against a real site: both are killed with -9 at drawn points while it sends; nothing is
lost, nothing is stored twice, and both sides' ledgers agree.
"""

import json
import os
import random
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from alliance.database.embedded_postgres import EmbeddedCluster
from records.agent.client_assertion import public_jwk
from records.agent.context import AgentContext, open_context
from records.agent.item import Item, encode_resource
from records.agent.outbox_status import list_refused_groups
from tests.conftest import ROOT
from tests.factories.fhir import make_observation, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

PATIENTS, EACH = 100, 19  # patients, and observations of each: 2,000 records
CHUNK = 40
KILLS = ("agent", "web", "agent", "web", "agent", "agent")
SEED = int(os.environ.get("SEED", "23"))


@pytest.fixture
def home(made: Installation, tmp_path: Path) -> Path:
    """Of an agent with a key of its own, of a system of Donghu that was registered with it."""
    key = ec.generate_private_key(ec.SECP384R1())
    home = tmp_path / "agent"
    home.mkdir()
    (home / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [public_jwk(key)]}))
    told = made.manage(
        "register_client", "--hospital", "donghu", "--name", "agent", "--jwks",
        str(tmp_path / "jwks.json"),
    )  # fmt: skip
    client = json.loads(told.splitlines()[-1])["client_id"]
    (home / "agent.ini").write_text(
        f"[platform]\nurl = {made.url}\nhospital = donghu\nclient_id = {client}\n"
        "[status]\nport = 0\n"
    )
    (home / "platform-keys.pem").write_text(made.manage("audit_key"))
    return home


class RunningAgent:
    """`xinglin-agent run`, killed and started as one likes."""

    def __init__(self, home: Path) -> None:
        self.home, self.process = home, None

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "records.agent", "--home", str(self.home), "run"],
            cwd=ROOT,
            stderr=(self.home / "stderr").open("a"),
        )

    def kill(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(60)


@pytest.fixture
def agent(home: Path) -> Iterator[RunningAgent]:
    agent = RunningAgent(home)
    yield agent
    agent.kill()


def make_items(mark: str, value: float) -> Iterator[Item]:
    """A first content of each record; another value is another version of each observation."""
    for number in range(PATIENTS):
        patient = f"{mark}-{number:05d}"
        resource = make_patient(mrn=patient, name=f"试{number:05d}")
        yield Item(
            "his", "Patient", patient, encode_resource(resource), at=f"病人.csv 第{number}行"
        )
        for test in range(EACH):
            day = f"2026-05-{1 + test:02d}"
            result = make_observation(f"Patient/his-{patient}", value=value, date=day)
            yield Item(
                "his", "Observation", f"{patient}-{test}", encode_resource(result), day=day,
                patient=patient,
            )  # fmt: skip


def kill_web(made: Installation) -> None:
    """The process that answers, with -9; its supervisor starts another."""
    parts = made.parts()
    web = [p for p, line in parts.items() if "gunicorn" in line]
    victims = [child for p in web for child in made.children(p)] or web
    with suppress(ProcessLookupError):
        os.kill(random.Random(SEED).choice(sorted(victims)), signal.SIGKILL)


def connect(made: Installation) -> psycopg.Connection[Any]:
    return psycopg.connect(EmbeddedCluster(made.home).uri("postgres"), autocommit=True)


def assert_both_agree(made: Installation, context: AgentContext, versions: int) -> None:
    """Each record once, at the version and with the hash that the agent sent last."""
    ours = {
        (kind, record): (version, digest)
        for kind, record, version, digest, _, state, _ in context.outbox.list_digests("his")
        if state in ("stored", "unchanged")
    }
    assert len(ours) == PATIENTS * (EACH + 1), list_refused_groups(context.outbox)
    with connect(made) as database:
        theirs = {
            (kind, record): (version, digest)
            for kind, record, version, digest in database.execute(
                "SELECT type, record, version, encode(hash, 'hex') FROM record_sync_ledger"
                " WHERE client = %s AND state = 'stored'",
                [context.platform.client_id],
            )
        }
        assert theirs == ours
        doubled = database.execute(
            "SELECT r.fhir_id, r.version FROM record_resource r JOIN record_sync_ledger l ON"
            " l.hospital = r.hospital AND l.fhir_id = r.fhir_id AND l.type = 'Observation'"
            " WHERE l.client = %s AND r.version <> %s",
            [context.platform.client_id, versions],
        ).fetchall()
    assert not doubled, "a version in the store for each that was sent"


def test_nothing_is_lost_or_doubled_whoever_is_killed(
    made: Installation, agent: RunningAgent, credentials: tuple[str, str]
) -> None:
    mark, draw = uuid.uuid4().hex[:8], random.Random(SEED)
    context = open_context(agent.home)
    items, waiting = list(make_items(mark, 7.1)), []
    chunks = [items[place : place + CHUNK] for place in range(0, len(items), CHUNK)]
    points = dict(zip(draw.sample(range(2, len(chunks) - 2), len(KILLS)), KILLS, strict=True))
    agent.start()
    for turn, chunk in enumerate(chunks):
        context.outbox.add_items(chunk)
        if turn % 4 == 0:
            wait_until(lambda n=turn: answered(context) >= n * CHUNK // 4, "a part is answered")
        if turn in points:
            waiting.append(context.outbox.state().backlog)
        if points.get(turn) == "agent":
            agent.kill()
            agent.start()
        elif points.get(turn) == "web":
            kill_web(made)
    assert any(waiting), "the control: something was under way"
    wait_until(lambda: context.outbox.state().backlog == 0, "all are answered")
    assert_both_agree(made, context, 1)

    changed = [item for item in make_items(mark, 8.2) if item.type == "Observation"]
    assert context.outbox.add_items(changed).added == PATIENTS * EACH
    wait_until(lambda: context.outbox.state().backlog == 0, "all are answered again")
    assert_both_agree(made, context, 2)
    receipts = context.outbox.read("SELECT receipt FROM batches WHERE state = 'done'").fetchall()
    assert sum(json.loads(receipt)["items"] for (receipt,) in receipts) == PATIENTS * (2 * EACH + 1)
    context.close()


def answered(context: AgentContext) -> int:
    return int(
        context.outbox.read(
            "SELECT coalesce(sum(items), 0) FROM batches WHERE state = 'done'"
        ).fetchone()[0]
    )
