"""Browsers that witness the log, without a browser: their keys, their questions, and what they
leave behind, which is taken back.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.db import connection

from alliance.models import Hospital
from consent.audit.append import append_event
from consent.audit.browser_witnesses import list_browser_witnesses
from consent.audit.event import AuditEvent, EventCode
from consent.audit.signing_keys import own_public_key_bytes, raw_key_bytes
from consent.audit.tree_head import load_newest_head
from records.agent.checkpoint import Head, open_checkpoint
from tests.factories.alliance import OPERATOR
from tests.support.browser import ENGLISH
from tests.support.html import Browser
from tests.wait_until import wait_until

PAGE, HEAD = "/audit/witness/", "/audit/witness/head/"


def ensure_head() -> None:
    """A first test may find an empty log. The server's sealer seals it."""
    append_event(AuditEvent.from_principal(OPERATOR, EventCode.AUDIT_READ, target="a first line"))
    wait_until(lambda: load_newest_head() is not None, "something is sealed")


def read_answer(reply: Any) -> tuple[Head, list[bytes]]:
    """The newest head, which the log's key has signed, and its proof."""
    told = reply.json()
    keys = [Ed25519PublicKey.from_public_bytes(own_public_key_bytes())]
    return open_checkpoint(told["checkpoint"], keys), [
        bytes.fromhex(node) for node in told["consistency"]
    ]


def describe_seen(head: Head) -> dict[str, Any]:
    return {"size": head.size, "root": head.root.hex(), "origin": head.origin}


def public_hex(key: Ed25519PrivateKey) -> str:
    return raw_key_bytes(key.public_key()).hex()


def offer(browser: Browser, key: Ed25519PrivateKey, name: str = "auditor's desk") -> Any:
    return browser.post(PAGE, {"name": name, "key": public_hex(key)}, headers=ENGLISH)


def code_of(at: Hospital, key: Ed25519PrivateKey) -> str:
    return next(w.code for w in list_browser_witnesses([at.pk]) if w.key.hex() == public_hex(key))


def ask(browser: Browser, at: Hospital, **question: Any) -> Any:
    return browser.post(
        HEAD, json.dumps({"hospital": at.code, **question}), content_type="application/json"
    )


def kept_cosignatures(at: Hospital) -> list[tuple[str, int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT client, size, contradicts FROM consent_audit_cosignature WHERE hospital = %s"
            " ORDER BY id",
            [at.code],
        )
        return cursor.fetchall()


@contextmanager
def taken_back(at: Hospital) -> Iterator[None]:
    """The table is only added to: what is written for this hospital goes again."""
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE consent_audit_cosignature DISABLE TRIGGER USER")
            cursor.execute("DELETE FROM consent_audit_cosignature WHERE hospital = %s", [at.code])
            cursor.execute("ALTER TABLE consent_audit_cosignature ENABLE TRIGGER USER")
