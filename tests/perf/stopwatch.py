"""make stopwatch: how long a township clinic takes from an enrolment code and a folder of exports
to the moment when a doctor of the core hospital sees one of its results. The agent's part and the
platform's: reading, mending and typing of people comes on top. PATIENTS and AGENT_PYTHON change it.
"""

import csv
import io
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.factories.clinic_alliance import ClinicAlliance, make_clinic_alliance
from tests.factories.clinic_exports import write_exports
from tests.process.installation import Installation
from tests.support.core_doctor import CoreDoctor
from tests.support.refused_rows import mend_workbook
from tests.wait_until import wait_until

# Each as it stands in the clerk's guide, docs/zh/agent.md.
VERSION = "xinglin-agent --version"
ENROL = "xinglin-agent enrol 您的接入码 --url https://平台网址"
TEMPLATES = r"xinglin-agent templates C:\模板"
CHECK = r"xinglin-agent check D:\导出 --xlsx D:\检查结果.xlsx"
PUSH = r"xinglin-agent push D:\导出"
SEND = "xinglin-agent send"
RUN = "xinglin-agent run"
STATUS = "xinglin-agent status"
RECONCILE = "xinglin-agent reconcile"
COMMANDS = (VERSION, ENROL, TEMPLATES, CHECK, PUSH, SEND, RUN, STATUS, RECONCILE)
WATCHED = r"""
[folder]
path = D:\导出
"""
TABLES = ("*.csv", "*.xlsx", "*.txt")
QUICK = "settle = 0.5\nevery = 0.2\n\n[status]\nport = 0\n"  # for the small run, in tests


@dataclass
class Stopwatch:
    """step -> seconds, in their order."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.steps[name] = time.monotonic() - began

    def tell(self) -> str:
        lines = [f"{seconds / 60:6.2f} min  {name}" for name, seconds in self.steps.items()]
        return "\n".join([*lines, f"{sum(self.steps.values()) / 60:6.2f} min  in all"])


class Clinic:
    """The clerk's machine: a folder of exports, an agent, what it said."""

    def __init__(self, folder: Path, url: str, code: str, python: str = sys.executable) -> None:
        self.folder, self.python = folder, python
        self.agent, self.exports = folder / "xinglin-agent.pyz", folder / "导出"
        self.exports.mkdir()
        made = [sys.executable, "distribution/agent/make_agent.py", str(self.agent)]
        subprocess.run(made, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        self.environment = os.environ | {
            "XINGLIN_AGENT_HOME": str(folder / "home"), "XINGLIN_AGENT_LANGUAGE": "zh",
        }  # fmt: skip
        self.words = {
            "您的接入码": code,
            "https://平台网址": url,
            r"C:\模板": str(folder / "模板"),
            r"D:\导出": str(self.exports),
            r"D:\检查结果.xlsx": str(folder / "检查结果.xlsx"),
        }

    def command(self, line: str) -> list[str]:
        program, *words = line.split()
        assert program == "xinglin-agent" and line in COMMANDS, line
        return [self.python, str(self.agent), *(self.words.get(word, word) for word in words)]

    def do(self, line: str, *more: str, exits: tuple[int, ...] = (0,)) -> str:
        done = subprocess.run(
            [*self.command(line), *more], env=self.environment, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert done.returncode in exits, f"{line}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def watch(self, more: str = "") -> None:
        """Write the folder into agent.ini, as the guide says."""
        with (self.folder / "home" / "agent.ini").open("a", encoding="utf-8") as settings:
            settings.write(WATCHED.replace(r"D:\导出", str(self.exports)) + more)

    @contextmanager
    def running(self) -> Iterator[None]:
        with (self.folder / "run.log").open("w") as log:
            process = subprocess.Popen(
                self.command(RUN), env=self.environment, stdout=log, stderr=log
            )
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)

    def list_tables(self) -> list[Path]:
        return [path for pattern in TABLES for path in self.exports.glob(pattern)]

    def settled(self) -> bool:
        """All tables are taken, and each record has its answer."""
        if self.list_tables():
            return False
        return self.backlog() == 0

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.do(STATUS, "--json", exits=(0, 1)))
        return found

    def backlog(self) -> int:
        return int(self.status()["outbox"]["backlog"])

    def mend_refused(self) -> int:
        """Rows that were refused go back into the folder, mended."""
        found = sorted((self.exports / "refused").glob("*.xlsx"))
        aside = self.folder / "mended"
        aside.mkdir()
        count = sum(mend_workbook(path, aside / path.name, self.exports) for path in found)
        for path in aside.iterdir():
            path.rename(self.exports / path.name)
        return count


def choose_result(exports: Path) -> tuple[str, str, str]:
    """(identity number, value, name of the test): of a patient whom one can find by the number, a
    result with a mark of being too high that its range bears out.
    """
    numbers = {}
    for row in read_rows(exports / "患者信息.csv", 3):
        number = row["身份证号"].strip()
        adult = number[6:10] < "2000"  # for a child a guardian decides
        if len(number) == 18 and number.isascii() and adult and row["病人ID"].isdigit():
            numbers[row["病人ID"]] = number
    twice = Counter(numbers.values())
    for row in read_rows(exports / "检验结果.csv", 2):
        patient = row["病人ID"].strip('="')
        if row["项目代码"] != "ALT" or not re.fullmatch(r"[4-9]\d\.\d\d↑", row["结果"]):
            continue
        if twice[numbers.get(patient, "")] == 1:
            return numbers[patient], row["结果"][:-1], row["项目名称"]
    raise AssertionError("no such result: another seed")


def read_rows(path: Path, header: int) -> Iterator[dict[str, str]]:
    text = path.read_bytes().decode("gb18030", "replace")
    lines = io.StringIO("".join(text.splitlines(keepends=True)[header - 1 :]))
    yield from csv.DictReader(lines, restval="")


def walk(
    clinic: Clinic, url: str, alliance: ClinicAlliance, patients: int, *, quick: bool = False
) -> tuple[Stopwatch, dict[str, Any], str]:
    """(the minutes, the agent's last status, the page that the doctor sees)."""
    watch = Stopwatch()
    write_exports(clinic.exports, patients=patients, seed=7)
    number, value, _ = choose_result(clinic.exports)
    with watch.step("enrol the machine"):
        clinic.do(VERSION)
        clinic.do(ENROL)
    with watch.step("templates, check"):
        clinic.do(TEMPLATES)
        clinic.do(CHECK, exits=(1,))
    with watch.step("push and send"):
        clinic.do(PUSH, exits=(1,))
        clinic.do(SEND, exits=(0, 1))
    clinic.watch(QUICK if quick else "")
    with clinic.running():
        with watch.step("the folder is watched, refused rows come back as workbooks"):
            wait_until(clinic.settled, "the folder was taken")
        with watch.step("mended rows are dropped and taken"):
            mended = clinic.mend_refused()
            wait_until(clinic.settled, "the mended rows were taken")
    with watch.step("status, reconcile"):
        clinic.do(STATUS, exits=(0, 1))
        said = clinic.do(RECONCILE)
    assert mended and "全部一致" in said, said
    with watch.step("the core's doctor sees the result"):
        page = CoreDoctor(url, alliance).read_results(number)
        assert value in page, "the result does not stand on the page"
    return watch, clinic.status(), page


def main() -> None:
    patients = int(os.environ.get("PATIENTS", "1000"))
    python = os.environ.get("AGENT_PYTHON", sys.executable)
    site = Installation(demo=False)
    try:
        site.start()
        alliance = make_clinic_alliance(site)
        with tempfile.TemporaryDirectory() as folder:
            clinic = Clinic(Path(folder), site.url, alliance.code, python)
            watch, status, _ = walk(clinic, site.url, alliance, patients)
        print(f"{patients} patients, agent on {python}")
        print(watch.tell())
        print(json.dumps(status, ensure_ascii=False, indent=1))
    finally:
        site.remove()


if __name__ == "__main__":
    main()
