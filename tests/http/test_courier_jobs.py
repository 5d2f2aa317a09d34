"""The courier carries bulk jobs out in processes of their own, as soon as they are called out to it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.bulk import ASYNC, at
from tests.factories.fhir import Api, observation, patient
from tests.until import until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def courier(server: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that looks for work of its own accord once in ten minutes."""
    process = subprocess.Popen([sys.executable, str(ROOT / "manage.py"), "courier", "--every", "600"], cwd=ROOT, env=os.environ)
    yield process
    process.terminate()
    process.wait(30)


def test_jobs_are_called_out(api: Api, courier: subprocess.Popen[bytes]) -> None:
    about = api.create(patient())
    api.create(observation(about))
    links = [at(api, api("GET", "$export", **ASYNC).headers["content-location"]) for _ in range(5)]
    until(lambda: all(api("GET", link).status == 200 for link in links), "five in a row are done", 60)
    assert all(f["count"] == 1 for link in links for f in api("GET", link).json["output"])
    later = at(api, api("GET", "$export?_type=Patient", **ASYNC).headers["content-location"])
    until(lambda: api("GET", later).status == 200, "the courier has kept its session, and hears the next one, too", 60)
    assert courier.poll() is None
