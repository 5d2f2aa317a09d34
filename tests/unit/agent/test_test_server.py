"""The agent's own commands work against its test server: enrol, push, send, run, reconcile, accept,
witness, rotate; over a line that loses answers, and with a clock that is off.
"""

import itertools
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from records.agent.acceptance_checks import CHECKS
from records.agent.context import open_context
from records.agent.test_server.site import HOSPITALS, LineFaults, Site
from records.agent.test_server.systems import make_code, make_secret_system
from tests.factories.fhir import Api
from tests.support.agent_machine import Agent
from tests.support.sources import ROOT
from tests.support.sync_batches import Sender, put
from tests.support.sync_test_server import serve_test_site
from tests.wait_until import wait_until

PATIENTS = "病案号,姓名,性别,出生日期\n{}"
LINES = "".join(f"{n:08d},测试{n},女,1958-03-12\n" for n in range(1, 41))


@pytest.fixture
def agent(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Agent:
    return Agent(tmp_path, capsys)


def enrol(agent: Agent, url: str, site: Site) -> None:
    status, said = agent.run("enrol", make_code(site, "test"), "--url", url)
    assert status == 0 and "试连一次，通了" in said, said


def count_stored(site: Site) -> int:
    return int(site.database.row("SELECT count(*) FROM ledger WHERE state = 'stored'")[0])


def count_sent(site: Site) -> int:
    return sum(
        json.loads(row[0])["receipt"]["items"]
        for row in site.database.rows("SELECT answer FROM batches")
    )


def write_patients(folder: Path, lines: str = LINES) -> Path:
    path = folder / "病人.csv"
    path.write_text(PATIENTS.format(lines), encoding="utf-8")
    return path


def test_the_agents_commands_work_with_it(agent: Agent, tmp_path: Path) -> None:
    with serve_test_site() as (url, site):
        enrol(agent, url, site)
        status, said = agent.run("push", str(write_patients(tmp_path)))
        assert status == 0 and "40 条" in said, said
        status, said = agent.run("send")
        assert status == 0 and "发完了" in said, said
        assert count_stored(site) == 40
        status, said = agent.run("reconcile")
        assert status == 0 and "一致" in said, said
        site.database.write("DELETE FROM ledger WHERE record = '00000007'")
        status, said = agent.run("reconcile")
        assert status == 1 and "00000007" in said, said
        assert agent.run("send")[0] == 0 and count_stored(site) == 40, "it came again"
        assert agent.run("witness")[0] == 0
        assert agent.run("push", "--again", str(write_patients(tmp_path)))[0] == 0
        assert agent.run("send")[0] == 0
        status, said = agent.run("witness")
        assert status == 0 and "无误" in said, said
        assert site.database.row("SELECT count(*) FROM cosignatures")[0]
        status, said = agent.run("rotate")
        assert status == 0 and "密钥已换" in said, said
        status, said = agent.run("accept")
        assert status == 0 and said.count("[通过]") == len(CHECKS), said
        status, said = agent.run("accept", "--watch", "--once")
        assert status == 0 and "验收通过" in said, said


def test_run_sends_by_itself(agent: Agent, tmp_path: Path) -> None:
    with serve_test_site() as (url, site):
        enrol(agent, url, site)
        settings = agent.home / "agent.ini"
        settings.write_text(settings.read_text() + "\n[status]\nport = 0\n")
        assert agent.run("push", str(write_patients(tmp_path)))[0] == 0
        process = subprocess.Popen(
            [sys.executable, "-m", "records.agent", "--home", str(agent.home), "run"],
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_until(lambda: count_stored(site) == 40, "the patients", 60)
        finally:
            process.terminate()
            process.wait(60)


def test_lost_answers_and_a_wrong_clock_do_no_harm(agent: Agent, tmp_path: Path) -> None:
    draws = itertools.cycle((0.9, 0.9, 0.9, 0.1))  # busy, lose: every second answer is lost
    with serve_test_site(clock=7200) as (url, site):
        enrol(agent, url, site)
        site.faults = LineFaults(lose=0.5, draw=lambda: next(draws))
        assert agent.run("push", str(write_patients(tmp_path)))[0] == 0
        tries = [agent.run("send")[0] for _ in range(20) if count_sent(site) < 40]
        site.faults = LineFaults()
        assert agent.run("send")[0] == 0 and 2 in tries, "a new connection is not tried again"
        assert count_stored(site) == 40
        answers = [json.loads(row[0]) for row in site.database.rows("SELECT answer FROM batches")]
        assert sum(a["receipt"]["outcomes"]["stored"] for a in answers) == 40, "none came twice"
        marks = {row[0] for row in site.database.rows("SELECT behaviour FROM marks")}
        assert "again" in marks


def test_busy_and_later_are_answered_as_ordered() -> None:
    with serve_test_site() as (url, site):
        sender = Sender(Api(url, "test", credentials=make_secret_system(site, "test")))
        patient = put({"resourceType": "Patient"}, "p1")
        site.faults = LineFaults(busy=1.0)
        busy = sender.send(patient)
        assert (busy.status, busy.headers["retry-after"]) == (503, "1") and not count_stored(site)
        sender.number, site.faults = 0, LineFaults(later=True)
        later = sender.send(patient)
        assert later.status == 202 and not count_stored(site)
        site.clock += 60
        found = sender.get(f"batches/{sender.stream}/1")
        assert found.json["receipt"]["outcomes"] == {"stored": 1} and count_stored(site) == 1


def test_the_other_hospitals_changes_come_by_the_feed() -> None:
    with serve_test_site() as (url, site):
        own, other = (
            Sender(Api(url, hospital, credentials=make_secret_system(site, hospital)))
            for hospital in HOSPITALS
        )
        known = {"identifier": [{"system": "urn:id", "value": "7"}]}
        cursor = own.get("feed").json["cursor"]
        other.sent(
            put({"resourceType": "Patient"}, "x9"), put({"resourceType": "Patient", **known}, "x1")
        )
        assert own.get(f"feed?cursor={cursor}").json["entries"] == [], "the control: not ours"
        own.sent(put({"resourceType": "Patient", **known}, "p1"))
        result = {"resourceType": "Observation", "status": "final", "code": {"text": "ALT"}}
        subject = {"subject": {"reference": "Patient/his-x1"}, "valueQuantity": {"value": 1.5}}
        other.sent(put({**result, **subject}, "r1"))
        told = own.get(f"feed?cursor={cursor}&bodies=1").json["entries"]
        kinds = [(e["kind"], e.get("hospital"), e.get("type"), e["patients"]) for e in told]
        assert kinds == [
            ("record", "neighbour", "Patient", ["his-p1"]),
            ("link", None, None, ["his-p1"]),
            ("record", "test", "Patient", ["his-p1"]),
            ("record", "neighbour", "Observation", ["his-p1"]),
        ]
        assert told[-1]["resource"]["valueQuantity"] == {"value": 1.5}
        assert own.get("../neighbour/feed").status in (403, 404)


def test_a_folder_keeps_all_of_it(tmp_path: Path) -> None:
    with serve_test_site(tmp_path / "kept") as (url, site):
        credentials, key = make_secret_system(site, "test"), site.fingerprint
        first = Sender(Api(url, "test", credentials=credentials), "s")
        answer = first.sent(put({"resourceType": "Patient"}, "p1"))
    with serve_test_site(tmp_path / "kept") as (url, site):
        again = Sender(Api(url, "test", credentials=credentials), "s")
        assert site.fingerprint == key
        assert again.sent(put({"resourceType": "Patient"}, "p1")) == answer
        assert again.get("batches/s").json["next"] == 2


def test_a_code_is_good_once(agent: Agent, tmp_path: Path) -> None:
    with serve_test_site() as (url, site):
        code = make_code(site, "test")
        assert agent.run("enrol", code.lower().replace("-", " "), "--url", url)[0] == 0
        other = Agent(tmp_path / "other", agent.capsys)
        status, said = other.run("enrol", code, "--url", url)
        assert status == 2 and "已经用过" in said
        status, said = other.run("enrol", code[:-1], "--url", url)
        assert status == 2 and "23" in said
        status, said = other.run("enrol", "0" * 24, "--url", url)
        assert status == 2 and "没有这个接入码" in said
        context = open_context(agent.home)
        assert context.platform.send("GET", "/sync/test/batches/x").status == 200
        context.close()


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl on PATH")
def test_the_page_says_how_to_begin() -> None:
    """The commands of docs/sync.md, as they stand there."""
    page = (ROOT / "docs/sync.md").read_text()
    commands = page.partition("In another window")[2].partition("```sh\n")[2].partition("```")[0]
    with serve_test_site() as (url, site):
        client, secret = make_secret_system(site, "test")
        commands = commands.replace("http://127.0.0.1:8899", url)
        commands = commands.replace("client_id=…", f"client_id={client}")
        commands = commands.replace("client_secret=…", f"client_secret={secret}")
        done = subprocess.run(["bash", "-c", commands], capture_output=True, text=True, timeout=60)
    assert '"outcomes":{"stored":1}' in done.stdout, done.stdout + done.stderr
    assert '"accepted":false' in done.stdout


def test_the_command_says_how_to_begin(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "records.agent", "--language", "en", "test-server", "--port", "0"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(9)]
    finally:
        process.terminate()
        process.communicate()
    assert "http://127.0.0.1:" in said[0] and any("enrolment code" in line for line in said), said
