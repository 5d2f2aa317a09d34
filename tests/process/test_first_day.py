"""The first day of an installation without the demo, in a real Chromium: from the server's one
command to an export that is verified elsewhere.
"""

import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.browser.person import Person
from tests.conftest import ROOT
from tests.factories.fhir import (
    Api,
    make_bundle,
    make_citizen_number,
    make_observation,
    make_patient,
)
from tests.process.installation import Installation
from tests.support.commands import commands

pytestmark = pytest.mark.browser
CORE, TOWNSHIP = "第一人民医院", "青山乡卫生院"
NAME, RESULT, HIV = "欧阳建国", "糖化血红蛋白", "HIV抗体"
ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
PEOPLE = {  # user name -> name, hospital, role
    "fang": ("方敏", CORE, "privacy"),
    "shen": ("沈明", CORE, "auditor"),
    "he": ("何静", CORE, "clerk"),
    "lin": ("林远", TOWNSHIP, "clinician"),
    "tang": ("唐芳", TOWNSHIP, "clerk"),
}


@pytest.fixture
def empty() -> Iterator[Installation]:
    installation = Installation(demo=False)
    installation.start()
    yield installation
    installation.remove()


class Walker(Person):
    """Reaches each page by what stands on the one before."""

    def visit(self, path: str) -> str:
        return self.press(f"nav a[href='{path}']")

    def find(self, name: str) -> str:
        """By the whole name; opens the one hit."""
        self.visit("/patients/")
        self.page.fill("[name=q]", name)
        self.press()
        return self.press(".people a")

    def fill(self, **values: str) -> None:
        for name, value in values.items():
            self.page.fill(f"main [name={name}] >> nth=-1", value)

    def choose(self, **values: str) -> None:
        for name, value in values.items():
            self.page.select_option(f"main [name={name}] >> nth=-1", value)


def enrol(admin: Walker, username: str) -> str:
    """The first password of one of PEOPLE, as the page shows it."""
    name, hospital, role = PEOPLE[username]
    admin.visit("/alliance/staff/")
    admin.fill(username=username, name=name, ends_on="2099-12-31")
    admin.page.select_option("#enrol [name=hospital]", label=hospital)
    admin.choose(role=role)
    admin.press("#enrol button.main")
    return str(admin.page.inner_text(".code code"))


def register(admin: Walker, hospital: str) -> tuple[str, str]:
    """A system of the hospital: id and secret, as the page shows them."""
    admin.visit("/alliance/clients/")
    admin.page.select_option("main [name=hospital]", label=hospital)
    admin.fill(name="HIS")
    said = re.search(r"client_id = (\S+)\s+client_secret = (\S+)", admin.press())
    assert said
    return said[1], said[2]


def push(system: Api, card: str, *more: dict[str, Any]) -> None:
    """The patient, a visit of today, and what else is about them, in one transaction."""
    about = "urn:uuid:8c5b7d0e-6f2a-4f5f-9d83-2d1a51f0a001"
    visit = {
        "resourceType": "Encounter",
        "status": "in-progress",
        "class": {"system": ACT, "code": "AMB"},
        "period": {"start": datetime.now(UTC).isoformat()},
    }
    rows = [
        make_patient(NAME, resident=card) | {"fullUrl": about},
        *(m | {"subject": {"reference": about}} for m in (visit, *more)),
    ]
    reply = system("POST", "", make_bundle(*(("POST", r["resourceType"], r) for r in rows)))
    assert reply.status == 200, reply.body


def test_the_first_day(empty: Installation, chromium: Any, tmp_path: Path) -> None:
    def comes(username: str, first: str) -> Walker:
        person = Walker(chromium, empty.url, username, 390, "zh-CN")
        person.settle_in(first, f"{username}-zoulu-mima-2026")
        return person

    (enrolment,) = {
        commands(page, "export XINGLIN_HOME")[-1] for page in ("README.md", "README.zh-CN.md")
    }
    said = subprocess.check_output(
        ["bash", "-ec", enrolment], cwd=ROOT, env=empty.environment, text=True
    )
    admin = comes("luo", re.search(r"First password: (\S+)", said)[1])  # type: ignore[index]
    assert ("the site runs as root" in empty.said()) is (os.geteuid() == 0), (
        "the start says so, too"
    )
    admin.visit("/alliance/hospitals/")
    admin.fill(code="qingshan", name_zh=TOWNSHIP, name_en="Qingshan Township Hospital")
    admin.choose(tier="township")
    assert "/fhir/qingshan/" in admin.press()
    assert f"或新增一位全联盟的隐私专员：{CORE}、{TOWNSHIP}" in re.sub(
        r"\s", "", admin.visit("/alliance/staff/")
    )
    officer = comes("fang", enrol(admin, "fang"))
    auditor, clerk, doctor, colleague = (
        comes(u, enrol(admin, u)) for u in ("shen", "he", "lin", "tang")
    )
    secrets = [register(admin, hospital) for hospital in (CORE, TOWNSHIP)]

    officer.visit("/alliance/vouching/")
    for username in ("shen", "he", "lin", "tang"):
        officer.vouch(username)
    for _ in range(2):
        officer.press("form[action*='/vouching/systems/'] button")
    assert (
        officer.page.locator("main form.vouch, main form[action*='/vouching/systems/']").count()
        == 0
    )

    for person in (auditor, clerk, doctor, colleague):
        assert "尚未核验" in person.page.inner_text("main") and "尚未核验" not in person.press(
            "header a.brand-mark"
        ), "it counts with the next step"

    core, township = (
        Api(empty.url, base, credentials=known)
        for base, known in zip(("first", "qingshan"), secrets, strict=True)
    )
    card = make_citizen_number()
    labelled = make_observation("", "75622-1") | {
        "code": {"text": HIV},
        "meta": {"security": [{"system": ACT, "code": "HIV"}]},
    }
    push(core, card, make_observation(""), labelled)
    push(township, card)

    clerk.find(NAME)
    clerk.page.check("input[name=template][value=share]")
    clerk.press("button[name=read]")
    assert clerk.page.inner_text("#sight summary") == "1", "the labelled one stays shut"
    clerk.fill(evidence="病案室 3 柜 12 号")
    clerk.choose(method="paper")
    clerk.press("button[name=save]")
    assert clerk.page.locator("ul.lines > li").count() == 1

    def results() -> str:
        doctor.find(NAME)
        tab = doctor.page.locator("a[href$='/results/']")
        return (
            doctor.press("a[href$='/results/']")
            if tab.count()
            else str(doctor.page.inner_text("main"))
        )

    assert RESULT not in results()
    doctor.page.click("main details.note summary")
    doctor.press("main a[href$='/treat/']")
    doctor.fill(reason="门诊")
    doctor.press()
    assert RESULT not in results()

    colleague.visit("/confirmations/")
    colleague.press("main a[href*='/tie/']")
    colleague.fill(number=card)
    colleague.press()
    seen = results()
    assert RESULT in seen and HIV not in seen

    officer.visit("/privacy/")
    told = officer.press("main a[href='/privacy/standing/']")
    assert TOWNSHIP in told and NAME in told, (
        "the officer of the hospital whose records are open now sees it"
    )
    assert re.search(r"佐证人：\s*唐芳 病案管理员 · .*", told)
    assert "已核对证件上的公民身份号码" in told

    auditor.visit("/audit/")
    auditor.page.click("summary:has(~ button[value=csv])")
    with auditor.page.expect_download() as download:
        auditor.page.click("button[value=csv]")
    packed = tmp_path / "export.zip"
    download.value.save_as(packed)
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(tmp_path)
    key = re.search(r"fingerprint: (SHA256:\S+)", empty.manage("audit_key"))[1]  # type: ignore[index]
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [
                sys.executable,
                "manage.py",
                "audit_verify",
                "--package",
                str(next(tmp_path.glob("*.csv"))),
                "--key",
                key,
            ],
            cwd=ROOT,
            env={k: v for k, v in empty.environment.items() if k != "PORT"}
            | {"XINGLIN_HOME": elsewhere},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0 and done.stdout.startswith("intact: "), (
            done.stdout + done.stderr
        )
        assert not os.listdir(elsewhere), (
            "an auditor's machine needs no database, and nothing is left on it"
        )
    for person in (admin, officer, auditor, clerk, doctor, colleague):
        person.context.close()
