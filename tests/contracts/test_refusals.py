"""Every address of the site, walked as each role and as systems: whatever answers 401 or 403,
and each page that is not there for whoever asks, has left a line in the audit log or is counted in
one.
"""

import json
import re
from collections import Counter
from uuid import uuid4

from django.utils import timezone

from alliance.models import Client
from alliance.roles import Role
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.addresses import addresses
from tests.support.audit_lines import Log, fresh
from tests.support.browser import signed_in
from tests.support.html import Browser

LEFT_OUT = {
    "account_logout",
    "my-sign-out",
    "set_language",
    "set-display",
}  # they end the session that walks, or set a cookie
MACHINES = ("fhir/", "sync/", "oauth/", "readyz")  # where no session counts, as at /launch


def test_every_refusal_of_a_page_or_interface_leaves_a_line(server: str) -> None:
    here, there = alliance.make_hospital("walk"), alliance.make_hospital("far")
    far = Api(server, there.code, credentials=alliance.make_credentials(there))
    from records.models import SourcePatient

    made = far.create(make_patient())
    source = SourcePatient.objects.get(hospital=there, fhir_id=made.split("/")[1])
    theirs = alliance.make_staff(there)
    values = {
        "person_id": source.person_id,
        "source_id": source.pk,
        "staff_id": theirs.pk,
        "code": there.code,
        "client_id": Client.objects.get(hospital=there).client_id,
        "slug": "results",
        "prompt_id": uuid4(),
        "tab": "results",
        "section": "results",
        "base": there.code,
        "base_code": there.code,
        "path": made,
    }
    seen: Counter[tuple[str, int]] = Counter()
    silent = []
    for n, role in enumerate(
        [None, Role.CLINICIAN, Role.CLERK, Role.AUDITOR, Role.PRIVACY, Role.ADMINISTRATOR]
    ):
        fresh()
        who = alliance.make_staff(here, role) if role else None
        browser = signed_in(who) if who else Browser()
        at = f"198.51.100.{n + 1}"
        log = Log(str(who.pk) if who else "", at)
        for pattern, name in addresses():
            if name in LEFT_OUT or pattern == "launch" or pattern.startswith(MACHINES):
                continue
            path = "/" + re.sub(
                r"<(?:\w+:)?(\w+)>", lambda m: str(values.get(m[1], 2**31 - 7)), pattern
            ).replace("\\Z", "")
            for method in (
                ("get", "post", "delete", "put") if pattern.startswith("api/") else ("get", "post")
            ):
                before = log()
                reply = getattr(browser, method)(
                    path,
                    {} if method in ("get", "post") else "{}",
                    REMOTE_ADDR=at,
                    **({"content_type": "application/json"} if method in ("delete", "put") else {}),
                )
                assert reply.status_code < 500, (role, method, path)
                refused = reply.status_code in (401, 403) or (
                    reply.status_code == 404 and who is not None and "<" in pattern
                )
                seen[role or "anybody", reply.status_code] += 1
                if refused and log() <= before:
                    silent.append((role, method, name or pattern, reply.status_code))
    assert not silent
    assert sum(n for (_, status), n in seen.items() if status == 403) > 150, seen


def test_what_is_opened_leaves_no_refusal(world: None) -> None:
    who = alliance.make_staff(alliance.make_hospital("open"))
    log = Log(str(who.pk), "198.51.100.20")
    assert signed_in(who).get("/patients/", REMOTE_ADDR="198.51.100.20").status_code == 200
    assert log() == 0


def test_every_refusal_of_a_system_leaves_a_line(server: str) -> None:
    fresh()
    here, there = alliance.make_hospital("sys"), alliance.make_hospital("far")
    api, far = (
        Api(server, h.code, credentials=alliance.make_credentials(h)) for h in (here, there)
    )
    made = far.create(make_patient())
    own = Client.objects.get(hospital=here)
    paths = [
        f"/fhir/{base}/{path}"
        for base in (here.code, there.code, "alliance")
        for path in (
            "Patient",
            made,
            f"{made}/_history",
            "Observation?code=x",
            "_history",
            "$export",
            f"{made}/$everything",
            "Patient/$match",
            "_bulk/1",
            "",
        )
    ]
    browser = Browser()

    def walk(token: str, actor: str, at: str) -> Counter[int]:
        log, statuses = Log(actor, at), Counter[int]()
        for path in paths:
            for method, body in (
                ("GET", None),
                ("POST", {"resourceType": "Patient"}),
                ("DELETE", None),
            ):
                before = log()
                reply = browser.generic(
                    method,
                    path,
                    json.dumps(body) if body else "",
                    content_type="application/fhir+json",
                    REMOTE_ADDR=at,
                    headers=(
                        {"Authorization": f"Bearer {token}", "Prefer": "respond-async"}
                        if token
                        else {}
                    ),
                )
                assert reply.status_code < 500, (method, path, reply.content)
                statuses[reply.status_code] += 1
                assert reply.status_code not in (401, 403) or log() > before, (
                    method,
                    path,
                    reply.status_code,
                )
        return statuses

    assert (
        walk("", "", "198.51.100.30")[401]
        == walk("no-such-token", "", "198.51.100.31")[401]
        == 3 * len(paths)
    )
    assert walk(api.token, own.client_id, "198.51.100.32")[403] > 10
    Client.objects.filter(pk=own.pk).update(revoked_at=timezone.now())
    assert walk(api.token, own.client_id, "198.51.100.33")[401] == 3 * len(paths), (
        "revoked, and named in the line"
    )


def test_every_reason_of_a_refusal_has_words() -> None:
    from consent.reason_words import REASONS_IN_AUDIT_LOG
    from tests.support.sources import SOURCES

    said = set()
    for source in SOURCES:
        text = source.read_text()
        said |= set(re.findall(r'Forbidden\("(\w+)"', text))
        if "refus" in text or "AuthenticationFailed" in text:
            said |= set(re.findall(r'(?:reason=|guessed\([^"\n]*|MANY = )"(\w+)"', text)) | set(
                re.findall(r'AuthenticationFailed\("[^"]*", "(\w+)"', text)
            )
    assert len(said) > 20
    assert not said - REASONS_IN_AUDIT_LOG.keys()
