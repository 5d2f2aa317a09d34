"""make pictures: walk through the demo alliance as each role and take the pictures of the role
pages, in English and Chinese.

It serves a demo of its own, in a folder that it removes, on a free port, and ends it. With --url it
walks through a running demo instead, which must be fresh: what the walk does (treatment declared,
an emergency opened, a code printed) can be done once. Every step that the pages docs/roles tell is
done here, so that a step that is no longer possible stops the walk.
"""

import argparse
import base64
import hmac
import os
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
OUT = Path(__file__).resolve().parent / "pages"
PASSWORD = "xinglin-demo-2026"
LANGUAGES = {"en": "en", "zh": "zh-hans"}
WIDE, PHONE = {"width": 1080, "height": 760}, {"width": 390, "height": 760}
PATIENT, REFUSER = "张静怡", "张子轩"
STARTS_WITHIN = (
    600  # seconds, on a machine that is busy with other things; so is PATIENCE, in milliseconds
)
PATIENCE = 180_000


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


@contextmanager
def demo() -> Iterator[tuple[str, dict[str, str]]]:
    """A fresh demo with all its records: its address, and the environment of commands beside it."""
    home, port = Path(tempfile.mkdtemp(prefix="xinglin-pictures-")), free_port()
    environment = os.environ | {"XINGLIN_HOME": str(home), "XINGLIN_DEMO": "1", "PORT": str(port)}
    said = home / "said"
    with said.open("w") as log:
        site = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env=environment,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        began = time.monotonic()
        while "the demo's records are there" not in said.read_text():
            if site.poll() is not None or time.monotonic() - began > STARTS_WITHIN:
                sys.exit(f"the demo did not start:\n{said.read_text()}")
            time.sleep(1)
        yield f"http://127.0.0.1:{port}", environment
    finally:
        site.terminate()
        site.wait(STARTS_WITHIN)
        shutil.rmtree(home, ignore_errors=True)


class Reader:
    """Somebody at a browser of their own."""

    def __init__(self, browser: Any, url: str, size: dict[str, int] = WIDE) -> None:
        self.url = url
        self.context = browser.new_context(viewport=size, locale="en-US")
        self.context.set_default_timeout(PATIENCE)
        self.page = self.context.new_page()

    def sign_in(self, username: str, code: str) -> "Reader":
        self.go("/")
        self.page.fill("#id_login", username)
        self.page.fill("#id_password", PASSWORD)
        self.press()
        self.page.fill("#id_code", code)
        self.press()
        assert "/account/" not in self.page.url, (
            f"{username} could not sign in: {self.page.inner_text('main')[:300]}"
        )
        return self

    def go(self, path: str) -> str:
        self.page.goto(path if path.startswith("http") else self.url + path)
        return str(self.page.inner_text("main"))

    def press(self, selector: str = "main button.main") -> str:
        with self.page.expect_navigation():
            self.page.click(selector)
        return str(self.page.inner_text("main"))

    def find(self, name: str, nth: int = 0) -> str:
        """Type it under Patients, open a hit; returns the address of the patient."""
        self.go("/patients/")
        self.page.fill("main [name=q]", name)
        self.press()
        self.press(f".people a >> nth={nth}")
        return str(re.match(r".*/person/[0-9a-f-]+/", self.page.url)[0])  # type: ignore[index]

    def speak(self, language: str) -> None:
        """As the button at the head of each page does."""
        self.context.add_cookies(
            [{"name": "django_language", "value": LANGUAGES[language], "url": self.url}]
        )

    def take(self, name: str, path: str = "", at: str = "", do: Any = None) -> None:
        """The picture in both languages: of a page, or of what `do` brings forth on it; from the
        element `at` on.
        """
        where = path or self.page.url
        for language in LANGUAGES:
            self.speak(language)
            self.go(where)
            if do:
                do()
            if at:
                self.page.evaluate(
                    "s => scrollTo(0, document.querySelector(s).getBoundingClientRect().top +"
                    " scrollY - 12 - (document.querySelector('.banner')?.offsetHeight ?? 0))",
                    at,
                )
            self.page.screenshot(path=OUT / f"{name}.{language}.png")
        self.speak("en")


class Alliance:
    """The demo's people as they come, each signed in once."""

    def __init__(self, browser: Any, url: str, environment: dict[str, str]) -> None:
        self.browser, self.url, self.environment = browser, url, environment
        self.here: dict[str, Reader] = {}

    def __getattr__(self, username: str) -> Reader:
        if username not in self.here:
            said = subprocess.check_output(
                [sys.executable, "manage.py", "demo_code"],
                cwd=ROOT,
                env=self.environment,
                text=True,
            )
            self.here[username] = Reader(self.browser, self.url).sign_in(
                username, re.search(r"\b\d{6}\b", said)[0]
            )  # type: ignore[index]
        return self.here[username]

    def new(self, size: dict[str, int] = WIDE) -> Reader:
        return Reader(self.browser, self.url, size)


def six_digits(secret: str) -> str:
    """What an authenticator app shows for it now (RFC 6238)."""
    known = hmac.digest(base64.b32decode(secret), struct.pack(">Q", int(time.time()) // 30), "sha1")
    return f"{(struct.unpack_from('>I', known, known[-1] & 15)[0] & 0x7FFFFFFF) % 10**6:06d}"


def clinicians(a: Alliance) -> None:
    a.new().take("sign-in", "/account/login/")
    person = a.chen.find(PATIENT)
    a.chen.take("clinician-record", person)
    a.chen.take("clinician-results", person + "results/", at="main .result-grid, main .tabs")
    a.chen.take("clinician-why", person + "why/")
    a.chen.go("/patients/")
    a.chen.page.fill("main [name=q]", "zhang")
    a.chen.press()
    a.chen.take("clinician-find")
    refuser = a.chen.find(REFUSER)
    a.chen.go(refuser + "emergency/")
    a.chen.page.fill("input[name=password]", PASSWORD)
    a.chen.press()
    a.chen.take("clinician-emergency", refuser + "emergency/")
    a.chen.page.check("input[name=ground][value=rescue]")
    a.chen.page.fill("[name=reason]", "Unconscious on arrival; medicines unknown")
    a.chen.page.check("input[name=sure]")
    a.chen.press()
    a.chen.take("clinician-emergency-open", refuser)
    a.lin.find(PATIENT)
    a.lin.take("clinician-closed", person)
    a.lin.press("main a[href$='/treat/']")
    a.lin.page.fill("[name=reason]", "门诊")
    a.lin.press()
    assert a.lin.page.locator("nav.tabs a[href$='/results/']").count() == 0, (
        "nobody else stands behind it yet"
    )


def clerks(a: Alliance) -> None:
    person = a.chen.find(PATIENT)
    a.tang.take("clerk-confirmations", "/confirmations/")
    a.tang.press("main a[href*='/tie/']")
    a.tang.take("clerk-card")
    a.tang.page.check("input[name=compared][value=paper]")
    a.tang.page.fill("[name=evidence]", "居住证与面容")
    a.tang.press()
    a.lin.go(person)
    assert a.lin.page.locator("nav.tabs a[href$='/results/']").count() == 1, "opened for 72 hours"

    def read_back() -> None:
        a.he.page.check("input[name=template][value=only]")
        a.he.page.check("input[name=recipients][value=donghu]")
        a.he.press("button[name=read]")

    a.he.take("clerk-consent", person + "consent/", do=read_back)
    a.he.go(person + "consent/access/")
    a.he.press()
    a.he.take("clerk-code")


def the_patient(a: Alliance) -> None:
    person = a.chen.find(PATIENT)
    a.he.go(person + "consent/access/")
    code = a.he.page.inner_text("b.code")
    a.fang.go(person + "privacy/")
    a.fang.press("main a[href$='/activate/']")
    a.fang.page.fill("input[name=compared]", "身份证，姓名、照片相符")
    a.fang.press()
    number = a.fang.page.inner_text("b.code")
    phone = a.new(PHONE)
    phone.take("patient-sign-in", "/my/")
    phone.page.fill("input[name=code]", code)
    phone.page.fill("input[name=birth_date]", "1957-10-26")
    phone.page.fill("input[name=secret]", number)
    phone.press()
    for field in ("passphrase", "again"):
        phone.page.fill(f"input[name={field}]", "杏林湖边早春散步")
    phone.press()
    phone.take("patient-page", "/my/")
    phone.take("patient-who-looked", "/my/", at="table.log")


def curators(a: Alliance) -> None:
    a.gao.take("curator-list", "/reviews/")
    a.gao.take("curator-pair", "/reviews/5/")
    a.he.go("/reviews/3/")
    a.he.press("button[data-key='2']")
    for one in (a.he, a.gao):
        one.go("/reviews/4/")
        one.page.fill("input[name=note]", "两院纸质病历一致")
        one.press("button[data-key='1']")
    a.gao.take("curator-decided", "/reviews/4/")
    a.gao.go("/reviews/")
    a.gao.press("main a.button:has-text('Undo') >> nth=0")
    a.gao.page.fill("[name=note]", "误判")
    a.gao.press()


def privacy_officers(a: Alliance) -> None:
    refuser = a.chen.find(REFUSER)
    a.fang.take("privacy-home", "/privacy/")
    a.fang.take("privacy-standing", "/privacy/standing/")
    a.fang.go("/privacy/")
    a.fang.page.select_option("form[action*='/review/'] select", index=1)
    a.fang.page.fill("form[action*='/review/'] [name=comment]", "病情紧急，记录相符")
    a.fang.press("form[action*='/review/'] button")
    a.fang.go(refuser + "privacy/")
    a.fang.page.fill("form[action*='/tell/'] [name=how]", "电话告知")
    a.fang.press("form[action*='/tell/'] button")
    a.fang.take("privacy-patient", refuser + "privacy/")
    sealed = a.chen.find("zhang", nth=1)
    a.fang.go(sealed + "seal/")
    if a.fang.page.locator("input[name=password]").count():
        a.fang.page.fill("input[name=password]", PASSWORD)
        a.fang.press()
    a.fang.take("privacy-seal", sealed + "seal/")
    (
        a.fang.page.check("main input[type=radio] >> nth=0")
        if a.fang.page.locator("main input[type=radio]").count()
        else a.fang.page.select_option("main select[name=ground]", index=1)
    )
    a.fang.page.fill("[name=reason]", "投诉受理，暂停查阅")
    a.fang.press("main button.bad")
    a.chen.go(sealed)
    assert a.chen.page.locator("nav.tabs a[href$='/results/']").count() == 0, "sealed"
    a.fang.go("/privacy/")
    a.fang.press("main a[href*='/lift/'] >> nth=0")
    a.fang.page.fill("[name=reason]", "投诉已处理")
    a.fang.press()
    a.xu.go("/privacy/")
    a.xu.press("main a[href*='/lift/'] >> nth=0")
    a.xu.take("privacy-lift")
    a.xu.page.fill("[name=reason]", "同意") if a.xu.page.locator("[name=reason]").count() else None
    if a.xu.page.locator("input[name=sure]").count():
        a.xu.page.check("input[name=sure]")
    a.xu.press("button[name=agree]")
    a.chen.go(sealed)
    assert a.chen.page.locator("nav.tabs a[href$='/results/']").count() == 1, "open again"


def auditors(a: Alliance) -> None:
    refuser = a.chen.find(REFUSER)
    a.shen.take("auditor-log", "/audit/")
    a.shen.take(
        "auditor-filter", f"/audit/?emergency=on&person={refuser.rstrip('/').rsplit('/', 1)[1]}"
    )

    def check() -> None:
        a.shen.press("form[action$='/verify/'] button")

    a.shen.take("auditor-intact", "/audit/", do=check)
    a.shen.page.click("summary:has(~ button[value=csv])")
    with a.shen.page.expect_download() as download:
        a.shen.page.click("button[value=csv]")
    assert download.value.suggested_filename.endswith(".zip"), download.value.suggested_filename


def administrators(a: Alliance) -> None:
    a.admin.take("administrator-hospitals", "/alliance/hospitals/")
    a.admin.take("administrator-staff", "/alliance/staff/")
    a.admin.take("administrator-enrol", "/alliance/staff/", at="#enrol")
    newcomers = {}
    for username, name, role in (("guan", "管云", "administrator"), ("sun", "孙梅", "clinician")):
        a.admin.go("/alliance/staff/")
        for field, value in (("username", username), ("name", name), ("ends_on", "2030-12-31")):
            a.admin.page.fill(f"#enrol [name={field}]", value)
        a.admin.page.select_option("#enrol [name=hospital]", index=2)
        a.admin.page.select_option("#enrol [name=role]", role)
        a.admin.press("#enrol button.main")
        newcomers[username] = settled(a, username, a.admin.page.inner_text(".code code"))
    a.fang.take("privacy-vouch", "/alliance/vouching/")
    for username in newcomers:
        a.fang.go("/alliance/vouching/")
        a.fang.press(f"li:has-text('{username}') form.vouch button")
    guan = newcomers["guan"]
    guan.take("hospital-administrator-staff", "/alliance/staff/")
    guan.go("/alliance/clients/")
    guan.page.fill("[name=name]", "HIS")
    guan.page.select_option("main [name=hospital]", index=1)
    guan.press()
    guan.take("hospital-administrator-system")
    a.fang.go("/alliance/vouching/")
    a.fang.press("form[action*='/vouching/systems/'] button")
    a.admin.go("/alliance/hospitals/nanqiao/suspend/")
    a.admin.page.fill("[name=reason]", "演练")
    a.admin.press("main form button.main, main form button.bad")
    a.admin.go("/alliance/hospitals/nanqiao/resume/")
    a.admin.page.fill("[name=reason]", "演练结束")
    a.admin.press("main form button.main, main form button.bad")
    a.qian.take("administrator-proposals", "/alliance/proposals/")
    a.qian.press("main a[href$='/agree/'], main form[action$='/agree/'] button")
    if a.qian.page.url.endswith("/agree/"):
        a.qian.press("main form button.main, main form button.bad")
    assert (
        a.admin.go("/alliance/hospitals/")
        and a.admin.page.locator("a[href$='/nanqiao/suspend/']").count() == 1
    ), "it takes part again"
    a.admin.take("administrator-rule", "/audit/policy/")
    a.admin.take("administrator-operation", "/alliance/operations/")


def settled(a: Alliance, username: str, first: str) -> Reader:
    """The first sign-in of somebody who was handed a first password: a password of their own, an
    authenticator, recovery codes.
    """
    person, own = a.new(), f"{username}-qingchen-hupan-2026"
    person.go("/account/login/")
    person.page.fill("#id_login", username)
    person.page.fill("#id_password", first)
    person.press()
    for field, value in (("oldpassword", first), ("password1", own), ("password2", own)):
        person.page.fill(f"#id_{field}", value)
    person.press()
    person.page.fill("#id_code", six_digits(person.page.inner_text("main code")))
    person.press()
    assert person.page.locator(".codes li").count() == 10
    person.press("main a.main")
    return person


WALKS = (clinicians, clerks, the_patient, curators, privacy_officers, auditors, administrators)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument(
        "--url", help="a fresh demo that runs already; XINGLIN_HOME names its folder"
    )
    asked = arguments.parse_args()
    OUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        began = time.monotonic()
        if asked.url:
            a = Alliance(browser, asked.url, dict(os.environ))
            for walk in WALKS:
                walk(a)
        else:
            with demo() as (url, environment):
                a = Alliance(browser, url, environment)
                for walk in WALKS:
                    walk(a)
        browser.close()
    taken = sorted(OUT.glob("*.png"))
    print(
        f"{len(taken)} pictures, {sum(p.stat().st_size for p in taken) // 1024} KB, in"
        f" {time.monotonic() - began:.0f} s"
    )


if __name__ == "__main__":
    main()
