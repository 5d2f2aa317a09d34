"""Witnesses: the log's head as a checkpoint with its proof, co-signatures that are kept, and what
is noticed when there are two logs.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connection

from alliance.models import Client, Hospital
from consent.audit.signing_keys import own_public_key_bytes, pem_from_key, raw_key_bytes
from consent.audit.tree_head import load_newest_head
from records.agent.checkpoint import Head, cosign, goes_on, open_checkpoint
from records.agent.item import Item, encode_resource
from records.agent.notices import list_notices
from records.agent.witness import accept_log, exchange_heads, list_alarms
from records.agent.witness_memory import SEEN, encode_head, load_receipt_head, load_seen
from tests.factories.fhir import Api, Reply, make_patient
from tests.support.agent_homes import agent_at, send_all
from tests.support.browser_witness import taken_back
from tests.wait_until import wait_until


@pytest.fixture(autouse=True)
def clean(api: Api) -> Iterator[None]:
    """A contradiction that stayed would be an alarm on every page."""
    with taken_back(Hospital.objects.get(code=api.base)):
        yield


def ask_heads(api: Api, **question: Any) -> Reply:
    return api.raw(
        "POST",
        f"/sync/{api.base}/heads",
        json.dumps(question).encode(),
        {"Authorization": f"Bearer {api.token}", "Content-Type": "application/json"},
    )


def platform_keys() -> list[Any]:
    return [Ed25519PublicKey.from_public_bytes(own_public_key_bytes())]


def read_head(reply: Reply) -> tuple[Head, list[bytes]]:
    assert reply.status == 200, reply.body
    return open_checkpoint(reply.json["checkpoint"], platform_keys()), [
        bytes.fromhex(n) for n in reply.json["consistency"]
    ]


def seen(head: Head, **other: Any) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex(), "origin": head.origin} | other


def wait_for_longer(api: Api, size: int) -> None:
    api.create(make_patient())
    wait_until(lambda: (h := load_newest_head()) is not None and h.size > size, "it is sealed")


def enrol_witness(api: Api) -> Ed25519PrivateKey:
    key = Ed25519PrivateKey.generate()
    Client.objects.filter(hospital__code=api.base).update(
        witness_key=raw_key_bytes(key.public_key())
    )
    return key


def kept(api: Api) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, root, contradicts FROM consent_audit_cosignature WHERE hospital = %s"
            " ORDER BY id",
            [api.base],
        )
        return [(size, bytes(root), contradicts) for size, root, contradicts in cursor.fetchall()]


def test_each_head_goes_on_from_the_one_that_was_seen(api: Api) -> None:
    wait_for_longer(api, 0)
    first, path = read_head(ask_heads(api))
    assert path == []
    heads = [first]
    for _ in range(3):
        wait_for_longer(api, heads[-1].size)
        for earlier in heads:
            later, path = read_head(ask_heads(api, seen=seen(earlier)))
            assert goes_on(earlier, later, path) and later.size >= heads[-1].size
        heads.append(later)


def test_a_cosignature_is_kept_and_a_contradiction_as_well(api: Api) -> None:
    key, client = enrol_witness(api), Client.objects.get(hospital__code=api.base).client_id
    wait_for_longer(api, 0)
    head, _ = read_head(ask_heads(api))
    line = cosign(head, key, client, 1_800_000_000)
    read_head(ask_heads(api, seen=seen(head), cosignature=line))
    assert kept(api) == [(head.size, head.root, False)]
    forked = Head(head.size, b"\x07" * 32, head.origin)
    for _ in "ab":
        reply = ask_heads(
            api, seen=seen(forked), cosignature=cosign(forked, key, client, 1_800_000_001)
        )
        assert reply.status == 200 and reply.json["contradicts"] is True
    longer = Head(head.size + 10**9, b"\x08" * 32, head.origin)
    reply = ask_heads(
        api, seen=seen(longer), cosignature=cosign(longer, key, client, 1_800_000_002)
    )
    assert reply.json["contradicts"] is True
    assert kept(api)[1:] == [(forked.size, forked.root, True), (longer.size, longer.root, True)]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM consent_audit_event WHERE actor_hospital = %s AND code ="
            " 'consent:audit:witness' AND reason = 'contradicts'",
            [api.base],
        )
        assert cursor.fetchone()[0] == 3


def test_a_cosignature_that_proves_nothing_is_refused(api: Api) -> None:
    client = Client.objects.get(hospital__code=api.base).client_id
    wait_for_longer(api, 0)
    head, _ = read_head(ask_heads(api))
    stranger = Ed25519PrivateKey.generate()
    line = cosign(head, stranger, client, 1_800_000_000)
    unknown = ask_heads(api, seen=seen(head), cosignature=line)
    assert (unknown.status, unknown.json["error"]) == (400, "cosignature"), "no key enrolled"
    key = enrol_witness(api)
    other = Head(head.size, b"\x09" * 32, head.origin)
    for wrong in (line, cosign(other, key, client, 1), "x", f"— {client} AAAA"):
        reply = ask_heads(api, seen=seen(head), cosignature=wrong)
        assert (reply.status, reply.json["error"]) == (400, "cosignature"), wrong
    assert kept(api) == []
    good = ask_heads(api, seen=seen(head), cosignature=cosign(head, key, client, 1))
    assert good.status == 200 and len(kept(api)) == 1, "the control"


@pytest.mark.parametrize(
    "said", [{}, {"size": 0, "root": "ab" * 32}, {"size": 1, "root": "x"}, {"size": True}, 7]
)
def test_what_is_no_head_is_refused(api: Api, said: Any) -> None:
    reply = ask_heads(api, seen=said)
    assert (reply.status, reply.json["error"]) == (400, "malformed")


def test_another_hospitals_address_is_refused(api: Api, stranger: Api) -> None:
    stranger.base = api.base
    assert ask_heads(stranger).status == 403


def test_the_web_role_can_add_cosignatures_and_change_none(world: None) -> None:
    with connection.cursor() as cursor:
        for table, verb, may in (
            ("consent_audit_cosignature", "INSERT", True),
            ("consent_audit_cosignature", "UPDATE", False),
            ("consent_audit_cosignature", "DELETE", False),
            ("consent_audit_subtree", "INSERT", False),
            ("consent_change", "UPDATE", False),
            ("consent_change", "DELETE", False),
        ):
            cursor.execute("SELECT has_table_privilege('xinglin_web', %s, %s)", [table, verb])
            assert cursor.fetchone()[0] is may, (table, verb)


def test_the_agent_checks_cosigns_and_raises_the_alarm(
    server: str, api: Api, tmp_path: Path
) -> None:
    at = Hospital.objects.get(code=api.base)
    wait_for_longer(api, 0)
    with agent_at(server, at, tmp_path) as context:
        assert exchange_heads(context)
        first = load_seen(context.outbox)
        assert first is not None
        wait_for_longer(api, first.size)
        assert exchange_heads(context) and kept(api)[0][0] == first.size
        (notice,) = [n for n in list_notices(context.outbox) if n.name == "witness"]
        assert notice.ok and "核对无误" in notice.zh
        context.outbox.add_items([Item("his", "Patient", "p1", encode_resource(make_patient()))])
        send_all(context)
        assert exchange_heads(context), "the head in the receipt leads to the log as well"
        told = load_receipt_head(context.outbox, first.origin)
        assert told is not None and told.size >= first.size
        good = load_seen(context.outbox)
        for fault, forged in (
            ("fork", Head(good.size, b"\x07" * 32, good.origin)),  # type: ignore[union-attr]
            ("smaller", Head(10**12, b"\x08" * 32, good.origin)),  # type: ignore[union-attr]
        ):
            context.outbox.keep(SEEN, encode_head(forged))
            assert not exchange_heads(context)
            assert load_seen(context.outbox) == forged, "what we saw stays what we saw"
            (path,) = list_alarms(context.home)
            assert json.loads(path.read_text())["fault"] == fault
            (notice,) = [n for n in list_notices(context.outbox) if n.name == "witness"]
            assert not notice.ok and path.name in notice.zh
            path.unlink()
        context.outbox.keep(SEEN, encode_head(good))  # type: ignore[arg-type]
        own = Ed25519PrivateKey.generate().public_key()
        (tmp_path / "platform-keys.pem").write_text(pem_from_key(raw_key_bytes(own)))
        assert not exchange_heads(context), "another key signs"
        (path,) = list_alarms(context.home)
        assert json.loads(path.read_text())["fault"] == "key"
        (tmp_path / "platform-keys.pem").write_text(pem_from_key(own_public_key_bytes()))
        assert not exchange_heads(context), "the alarm stays until somebody accepts it"
        (kept_file,) = accept_log(context)
        assert json.loads(kept_file.read_text())["fault"] == "key" and not path.exists()
        assert exchange_heads(context), "the control"
