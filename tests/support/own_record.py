"""Patients at their own record, signed in with full proof."""

import re

from tests.factories.portal_access import open_access
from tests.support.browser import enter
from tests.support.html import Browser
from tests.support.world import World

VERY_RESTRICTED = {
    "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
    "code": "V",
}


def sign_in(w: World) -> Browser:
    return enter(open_access(w.person, w.clerk)[0])  # type: ignore[arg-type]


def page(browser: Browser, path: str = "/my/record/") -> str:
    reply = browser.get(path)
    assert reply.status_code == 200, reply.content.decode()
    return re.sub(r"\s+", " ", reply.content.decode())
