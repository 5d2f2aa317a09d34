"""The courier carries bulk jobs out in processes of their own, as soon as they are called out to
it.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.factories.bulk_jobs import ASYNC_HEADERS, strip_fhir_base
from tests.factories.fhir import Api, make_observation, make_patient
from tests.wait_until import wait_until

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def courier(server: str) -> Iterator[subprocess.Popen[bytes]]:
    """One that looks for work of its own accord once in ten minutes."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage.py"), "courier", "--every", "600"],
        cwd=ROOT,
        env=os.environ,
    )
    yield process
    process.terminate()
    process.wait(30)


def test_jobs_are_called_out(api: Api, courier: subprocess.Popen[bytes]) -> None:
    about = api.create(make_patient())
    api.create(make_observation(about))
    links = [
        strip_fhir_base(api, api("GET", "$export", **ASYNC_HEADERS).headers["content-location"])
        for _ in range(5)
    ]
    wait_until(
        lambda: all(api("GET", link).status == 200 for link in links), "five in a row are done", 60
    )
    assert all(f["count"] == 1 for link in links for f in api("GET", link).json["output"])
    later = strip_fhir_base(
        api, api("GET", "$export?_type=Patient", **ASYNC_HEADERS).headers["content-location"]
    )
    wait_until(
        lambda: api("GET", later).status == 200,
        "the courier has kept its session, and hears the next one, too",
        60,
    )
    assert courier.poll() is None
