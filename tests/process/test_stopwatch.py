"""From an enrolment code and a folder of exports to the core's doctor, by the commands of the
clerk's guide: the small version of `make stopwatch`. The agent runs on the oldest Python here that
has what it needs.
"""

import re
import subprocess
import sys
from pathlib import Path

from tests.factories.clinic_alliance import make_clinic_alliance
from tests.perf.stopwatch import Clinic, choose_result, walk
from tests.process.installation import Installation
from tests.support.pythons import PROMISED, find_python

PATIENTS = 25


def oldest_python() -> str:
    for version in PROMISED:
        python = find_python(version)
        if (
            python
            and not subprocess.run(
                [python, "-c", "import cryptography"], capture_output=True, check=False
            ).returncode
        ):
            return python
    return sys.executable


def test_a_clinic_is_live_by_the_commands_of_the_guide(
    made: Installation, credentials: tuple[str, str], tmp_path: Path
) -> None:
    alliance = make_clinic_alliance(made)
    clinic = Clinic(tmp_path, made.url, alliance.code, oldest_python())
    watch, status, page = walk(clinic, made.url, alliance, PATIENTS, quick=True)
    assert len(watch.steps) == 7 and sum(watch.steps.values()) > 0
    outbox = status["outbox"]
    assert outbox["backlog"] == 0 and outbox["refused_by_source"] == {}
    assert "waiting" not in outbox["outcomes"], "what waited for the mended rows was stored"
    assert outbox["outcomes"]["stored"] > 10 * PATIENTS
    _, value, _ = choose_result(clinic.exports / "done")
    marked = re.search(rf'class="value high[^"]*">(?:<a [^>]*>)?{re.escape(value)}<', page)
    assert marked, "too high, and marked so"
    assert "↑ 偏高" in page
