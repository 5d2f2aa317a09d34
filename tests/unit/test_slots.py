"""Counts of several processes: those that end leave theirs behind and no file more, and a new
installation begins at nothing.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from alliance.platform.counters import SharedCounts
from tests.conftest import ROOT

COUNTS = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "alliance.config.settings"
from alliance.platform import counters
counters.count_request("fhir", "read", "m", 200, 0.01)
counters.show_admission(8, 3, 0, 0.0)
print("up", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "Site":
    monkeypatch.setenv("XINGLIN_HOME", str(tmp_path))
    return Site(tmp_path)


class Site:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            "XINGLIN_HOME": str(home),
            "PATH": "/usr/bin:/bin",
            "PYTHONPATH": str(ROOT),
            "XINGLIN_SECRET_KEY": "a" * 64,
        }

    def start(self) -> "subprocess.Popen[bytes]":
        made = subprocess.Popen(
            [sys.executable, "-c", COUNTS],
            cwd=ROOT,
            env=self.environment | {"XINGLIN_PROCESS": "web"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert made.stdout and made.stdout.readline() == b"up\n"
        return made

    def told(self) -> tuple[float, float]:
        """(requests of all, threads of those that live)."""
        found = {s.name: s.value for family in SharedCounts().collect() for s in family.samples}
        return found.get("xinglin_requests_total", 0), found.get("xinglin_threads", 0)

    def files(self) -> list[str]:
        return sorted(p.name for p in (self.home / "run/metrics").glob("*.db"))


def end(*processes: "subprocess.Popen[bytes]") -> None:
    for one in processes:
        one.kill()
        one.communicate()


def test_what_ended_counts_on_and_leaves_no_file(site: Site) -> None:
    first, second = site.start(), site.start()
    assert site.told() == (2, 16)
    before = site.files()
    end(second)
    assert site.told() == (2, 8), "its count stays, its threads do not"
    second = site.start()
    assert site.told() == (3, 16) and site.files() == before and len(before) == 8
    end(first, second)
    last = site.start()
    assert site.told() == (1, 8), "where nobody lived it begins anew"
    end(last)


def test_what_a_crash_left_is_made_anew(site: Site) -> None:
    """Also a file that somebody is just making, which has nothing in it yet."""
    first, second = site.start(), site.start()
    end(second)
    (site.home / "run/metrics/counter_1.db").write_bytes(b"\xff" * 100)
    (site.home / "run/metrics/counter_7.db").touch()
    assert site.told() == (1, 8), "what can be read is told"
    second = site.start()
    assert site.told() == (2, 16)
    end(first, second)
