"""A browser as witness, over HTTP: who may offer and accept its key, what then counts, and what is
kept and told when it contradicts.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from alliance.models import Hospital
from alliance.roles import Role
from consent.audit.witness_report import list_witnesses
from records.agent.checkpoint import Head, cosign, goes_on
from tests.factories import alliance
from tests.factories.fhir import Api, make_patient
from tests.support.browser import signed_in
from tests.support.browser_witness import (
    PAGE,
    ask,
    code_of,
    describe_seen,
    ensure_head,
    kept_cosignatures,
    offer,
    read_answer,
    taken_back,
)


@pytest.fixture
def at(server: str) -> Iterator[Hospital]:
    ensure_head()
    made = alliance.make_hospital("eye")
    with taken_back(made):
        yield made


def accept(at: Hospital, code: str, *, stepped_up: bool = True) -> Any:
    browser = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR))
    if stepped_up:
        browser.post("/account/reauthenticate/", {"password": alliance.PASSWORD})
    return browser.post(f"{PAGE}{code}/accept/")


def line_outcomes(at: Hospital, code: str) -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT outcome, reason FROM consent_audit_event WHERE actor_hospital = %s"
            " AND code = %s ORDER BY id",
            [at.code, code],
        )
        return cursor.fetchall()


def test_a_browser_is_offered_accepted_and_then_counts(at: Hospital) -> None:
    key = Ed25519PrivateKey.generate()
    auditor = signed_in(alliance.make_staff(at, Role.AUDITOR))
    assert offer(auditor, key).status_code == 302
    code = code_of(at, key)
    head, _ = read_answer(ask(auditor, at))
    line = cosign(head, key, code, 1_800_000_000)
    early = ask(auditor, at, witness=code, seen=describe_seen(head), cosignature=line)
    assert (early.status_code, early.json()["error"]) == (400, "cosignature"), "nobody accepted it"
    away = accept(at, code, stepped_up=False)
    assert "/reauthenticate/" in away["Location"] and list_witnesses([at.pk]) == []
    assert accept(at, code).status_code == 302
    answer = ask(auditor, at, witness=code, seen=describe_seen(head), cosignature=line)
    newer, path = read_answer(answer)
    assert goes_on(head, newer, path) and kept_cosignatures(at) == [(code, head.size, False)]
    (shown,) = list_witnesses([at.pk])
    assert (shown.name, shown.size, shown.browser) == ("auditor's desk", head.size, True)
    (listed,) = [w for w in ask(auditor, at).json()["witnesses"] if w["name"] == code]
    assert listed["browser"] is True and listed["size"] == head.size
    assert [o for o, _ in line_outcomes(at, "consent:witness:offer")] == ["success"]
    assert [o for o, _ in line_outcomes(at, "consent:witness:accept")] == ["success"]
    again = offer(auditor, key)
    assert again.status_code == 200 and "offered before" in again.content.decode()


def test_one_that_was_ended_counts_no_more(at: Hospital) -> None:
    key = Ed25519PrivateKey.generate()
    auditor = signed_in(alliance.make_staff(at, Role.AUDITOR))
    offer(auditor, key)
    code = code_of(at, key)
    accept(at, code)
    administrator = signed_in(alliance.make_staff(at, Role.ADMINISTRATOR))
    assert administrator.post(f"{PAGE}{code}/end/").status_code == 302
    head, _ = read_answer(ask(auditor, at))
    line = cosign(head, key, code, 1_800_000_000)
    late = ask(auditor, at, witness=code, seen=describe_seen(head), cosignature=line)
    assert late.json()["error"] == "cosignature" and kept_cosignatures(at) == []


def test_only_ones_own_hospital_and_role(at: Hospital) -> None:
    key, other = Ed25519PrivateKey.generate(), alliance.make_hospital("far")
    auditor = signed_in(alliance.make_staff(at, Role.AUDITOR))
    offer(auditor, key)
    code = code_of(at, key)
    stranger = signed_in(alliance.make_staff(other, Role.ADMINISTRATOR))
    assert ask(stranger, at).status_code == 404
    assert stranger.post(f"{PAGE}{code}/accept/").status_code in (302, 404)
    assert auditor.post(f"{PAGE}{code}/accept/").status_code == 403
    assert ask(signed_in(alliance.make_staff(at, Role.CLERK)), at).status_code == 403
    assert list_witnesses([at.pk]) == []
    assert accept(at, code).status_code == 302 and list_witnesses([at.pk]), "the control"


def test_what_it_saw_and_this_log_does_not_lead_to_is_kept(at: Hospital) -> None:
    key = Ed25519PrivateKey.generate()
    auditor = signed_in(alliance.make_staff(at, Role.AUDITOR))
    offer(auditor, key)
    code = code_of(at, key)
    accept(at, code)
    head, _ = read_answer(ask(auditor, at))
    forked = Head(head.size, b"\x07" * 32, head.origin)
    line = cosign(forked, key, code, 1_800_000_000)
    answer = ask(auditor, at, witness=code, seen=describe_seen(forked), cosignature=line)
    assert answer.json()["contradicts"] is True
    assert kept_cosignatures(at) == [(code, forked.size, True)]
    page = signed_in(alliance.make_staff(at, Role.AUDITOR)).get(PAGE).content.decode()
    assert 'id="log-alarm"' in page, "every page of an auditor says it"
    elsewhere = alliance.make_staff(alliance.make_hospital("far"), Role.ADMINISTRATOR)
    assert 'id="log-alarm"' in signed_in(elsewhere).get("/").content.decode()
    clerk = signed_in(alliance.make_staff(at, Role.CLERK)).get("/").content.decode()
    assert 'id="log-alarm"' not in clerk


def test_the_head_as_a_note_with_its_cosignatures(at: Hospital, server: str) -> None:
    """What a stranger with curl gets: one signed note, the witness's line below the log's."""
    key = Ed25519PrivateKey.generate()
    auditor = signed_in(alliance.make_staff(at, Role.AUDITOR))
    offer(auditor, key)
    code = code_of(at, key)
    accept(at, code)
    api = Api(server, at.code, credentials=alliance.make_credentials(at))
    api.create(make_patient())
    head, _ = read_answer(ask(auditor, at))
    line = cosign(head, key, code, 1_800_000_000)
    ask(auditor, at, witness=code, seen=describe_seen(head), cosignature=line)
    headers = {"Authorization": f"Bearer {api.token}"}
    for query in ("", "?cosigned=true"):
        reply = api.raw("GET", f"/sync/{at.code}/checkpoint{query}", None, headers)
        assert reply.status == 200 and reply.headers["content-type"].startswith("text/plain")
        body, _, lines = reply.body.decode().rpartition("\n\n")
        origin, size, _root = body.split("\n")
        assert lines.startswith(f"— {origin} "), "the log's own comes first"
        if int(size) == head.size:
            assert f"{line}\n" in lines
    assert int(size) >= head.size, "the newest that somebody has co-signed"
    assert api.raw("GET", f"/sync/{at.code}/checkpoint", None, {}).status == 401
