"""An administrator makes a code for a machine, sees once what to type there, and withdraws one."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from alliance.models import EnrolmentCode, Hospital
from alliance.roles import Role
from alliance.services.enrolment_code import hash_code
from tests.browser.follow import follow
from tests.factories import alliance
from tests.support.enrolling import Machine

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("TEST_PICTURES", "")


@pytest.mark.parametrize(
    ("width", "language", "words"),
    [
        (390, "zh-CN", ("接入码", "只能用一次", "没有未用的接入码")),
        (1440, "en-GB", ("Enrolment code", "Good once", "No code is open")),
    ],
)
def test_a_code_is_made_shown_and_withdrawn(
    server: str, enter: Callable[..., Any], width: int, language: str, words: tuple[str, str, str]
) -> None:
    at = alliance.make_hospital("browser")
    page = enter(alliance.make_staff(at, Role.ADMINISTRATOR), width, language)

    def look(name: str) -> str:
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        if PICTURES:
            page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}-{language}.png"))
        return str(page.inner_text("main"))

    page.goto(server + "/alliance/clients/")
    follow(page, 'a[href="/alliance/enrolment-codes/"]')
    assert words[2] in look("empty")
    page.check("#id_sandbox")
    follow(page)
    said = look("code")
    assert words[0] in said and words[1] in said and f"{at.code}-sandbox" in said
    code = re.search(r"\b(?:[0-9A-Z]{4}-){5}[0-9A-Z]{4}\b", said)
    assert code and f"xinglin-agent enrol {code[0]} --url {server}" in said.replace("\n", " ")
    made = EnrolmentCode.objects.get(digest=hash_code(code[0]))
    assert made.hospital == Hospital.with_sandboxes.get(sandbox_of=at)
    page.goto(server + "/alliance/enrolment-codes/")
    assert at.name[:4] in look("open") or "sandbox" in look("open")
    follow(page, f'a[href="/alliance/enrolment-codes/{made.pk}/withdraw/"]')
    look("withdraw")
    follow(page)
    assert words[2] in look("withdrawn")
    reply = Machine(server).enrol(code[0])
    assert (reply.status, reply.json["error"]) == (410, "withdrawn-code")
    assert not page.errors
