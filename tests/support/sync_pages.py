"""The sync board and the pages of dead letters as people see them, for tests over HTTP."""

import json
from typing import Any
from urllib.parse import urlencode

from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from tests.factories import alliance
from tests.factories.fhir import Api, make_observation
from tests.support.browser import ENGLISH, signed_in
from tests.support.html import Browser

STATUS = {"rule": "code.not-in-set", "field": "Observation.status", "state": "open"}


def staff_browser(at: Hospital, role: Role, *, wide: bool = False) -> Browser:
    return signed_in(alliance.make_staff(at, role, wide=wide))


def beat(api: Api, **told: Any) -> None:
    reply = api.raw(
        "POST",
        f"/sync/{api.base}/heartbeat",
        json.dumps(told).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )
    assert reply.status == 200, reply.body


def bad(status: str = "finished", **more: Any) -> dict[str, Any]:
    return make_observation("Patient/his-p1", **more) | {"status": status}


def letters_url(at: Hospital, cause: dict[str, str], part: str = "") -> str:
    query = "" if part else f"?{urlencode(cause)}"
    return f"/sync-board/{at.code}/letters/{part}{query}"


def page(browser: Browser, address: str, status: int = 200) -> str:
    reply = browser.get(address, headers=ENGLISH)
    assert reply.status_code == status, (address, reply.status_code)
    return str(reply.content.decode())


def newest_line(code: str) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT actor_kind, actor_hospital, target, detail FROM consent_audit_event"
            " WHERE code = %s ORDER BY id DESC LIMIT 1",
            [code],
        )
        return tuple(cursor.fetchone() or ())


def cause_of(letter: dict[str, Any]) -> dict[str, str]:
    return {"rule": letter["rule"], "field": letter["field"], "state": letter["state"]}
