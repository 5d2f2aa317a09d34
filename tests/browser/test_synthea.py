"""The whole way on real input: a member pushes a Synthea patient, the core hospital's doctor
opens the record with and without consent.
"""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from alliance.models import Hospital
from alliance.roles import Role
from tests.browser.follow import follow
from tests.factories import alliance
from tests.factories.fhir import Api
from tests.factories.ties import confirm_tie

DATA = Path(__file__).resolve().parents[3] / "shared" / "data" / "synthea" / "smart2019"
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not DATA.is_dir(),
        reason="the Synthea patients are not beside this checkout (../shared/data)",
    ),
]


def push(server: str, at: Hospital) -> tuple[str, set[str]]:
    """The full name of the patient, and the words of their problems."""
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    files = sorted(DATA.glob("*.gz"), key=lambda p: p.stat().st_size)
    one = [p for p in files if "Information" not in p.name][10]
    for path in [p for p in files if "Information" in p.name] + [one]:
        assert api("POST", "", gzip.decompress(path.read_bytes())).status == 200, path.name
    resources = [e["resource"] for e in json.loads(gzip.decompress(one.read_bytes()))["entry"]]
    name = next(r for r in resources if r["resourceType"] == "Patient")["name"][0]
    problems = {
        r["code"]["coding"][0]["display"] for r in resources if r["resourceType"] == "Condition"
    }
    assert problems
    return f"{' '.join(name['given'])} {name['family']}", problems


def test_a_synthea_patient_with_and_without_consent(enter: Callable[..., Any], server: str) -> None:
    core, member = alliance.make_hospital("core"), alliance.make_hospital("member")
    name, problems = push(server, member)

    def shown(page: Any) -> set[str]:
        """The problems whose words stand on the page that is open, all tabs that tell of
        them.
        """
        page.goto(f"{here}problems/")
        text = page.inner_text("main")
        return {p for p in problems if p in text}

    doctor = enter(alliance.make_staff(core))
    doctor.fill("input[name=q]", name)
    follow(doctor)
    follow(doctor, ".people a")
    here = doctor.url
    assert doctor.locator("a.button.danger").count() == 1 and name not in doctor.inner_text(
        "main"
    ), "masked and closed"
    follow(doctor, "main a.button >> nth=0")
    doctor.fill("#id_reason", "转诊单 2026-118")
    follow(doctor)
    confirm_tie(UUID(here.rstrip("/").rpartition("/")[2]), core)
    assert shown(doctor) == set(), "treating the patient is not enough without their consent"

    clerk = enter(alliance.make_staff(member, Role.CLERK))
    clerk.fill("input[name=q]", name)
    follow(clerk)
    follow(clerk, ".people a")
    clerk.check("input[name=template][value=share]")
    follow(clerk, "button[name=read]")
    clerk.fill("#id_evidence", "病案室 A-17")
    follow(clerk, "button[name=save]")
    assert clerk.is_visible(".note.success")
    assert shown(doctor) == problems, "with their consent all is there"
    assert member.name_zh in doctor.inner_text("main")

    follow(clerk, "ul.lines a.button")
    clerk.fill("#id_reason", "患者要求")
    clerk.fill("#id_evidence", "撤回申请书 A-18")
    follow(clerk)
    assert clerk.is_visible(".note.success")
    assert shown(doctor) == set(), "withdrawn: closed at the next request"
