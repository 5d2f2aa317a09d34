"""What a witness takes for an explanation that the log is another one than it saw, and what not."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.audit.restore_lines import RecordedRestore
from consent.audit.signing_keys import pem_from_key, raw_key_bytes
from records.agent.checkpoint import Head
from records.agent.receipt_check import PinnedKeys, encode_canonical
from records.agent.witness_memory import thin_heads
from records.agent.witness_restore import read_restore

KEY = Ed25519PrivateKey.generate()
AT = dt.datetime(2026, 5, 3, 8, tzinfo=dt.UTC)
SEEN = Head(120, b"\x01" * 32, "log", int(AT.timestamp()) - 60)
NOW = Head(105, b"\x02" * 32, "log")
STATEMENT = {
    "v": 1,
    "kind": "restored",
    "log": "log",
    "line": 4711,
    "at": "2026-05-03T08:00:00.000000Z",
    "left": {"size": 100, "root": "03" * 32},
    "known": 120,
    "since": None,
}


@pytest.fixture
def keys(tmp_path: Path) -> PinnedKeys:
    path = tmp_path / "keys.pem"
    path.write_text(pem_from_key(raw_key_bytes(KEY.public_key())))
    return PinnedKeys(path)


def signed(content: dict[str, Any], key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    return {"statement": content, "signature": key.sign(encode_canonical(content)).hex()}


def test_a_statement_explains_what_was_lost(keys: PinnedKeys) -> None:
    told = read_restore(signed(STATEMENT), SEEN, NOW, keys)
    assert told is not None and (told.line, told.lost_lines) == (4711, 20)
    empty = read_restore(signed(STATEMENT | {"left": {"size": 0, "root": ""}}), SEEN, NOW, keys)
    assert empty is not None and empty.left is None and empty.lost_lines == 120


@pytest.mark.parametrize(
    "said",
    [
        None,
        {},
        signed(STATEMENT, Ed25519PrivateKey.generate()),
        {**signed(STATEMENT), "statement": STATEMENT | {"line": 1}},
        signed(STATEMENT | {"log": "another"}),
        signed(STATEMENT | {"kind": "receipt"}),
        signed(STATEMENT | {"v": 2}),
        signed(STATEMENT | {"left": {"size": 120, "root": "03" * 32}}),
        signed(STATEMENT | {"left": {"size": 106, "root": "03" * 32}}),
        signed(STATEMENT | {"at": "2026-05-03T07:00:00.000000Z"}),
    ],
)
def test_nothing_else_does(keys: PinnedKeys, said: Any) -> None:
    """Unsigned, changed, of another log, nothing lost for us, longer than the log, or of before we
    saw what is missing: an older restore does not explain a later loss.
    """
    assert read_restore(said, SEEN, NOW, keys) is None


def test_the_platform_explains_the_same() -> None:
    restore = RecordedRestore(4711, AT, "operator", "drill", False, 100, 120, None)
    assert restore.explains(120, AT) and restore.explains(101, None)
    assert not restore.explains(100, None), "that was left"
    assert not restore.explains(121, None), "beyond what there was"
    assert not restore.explains(110, AT + dt.timedelta(minutes=1)), "seen since"


def test_earlier_heads_are_kept_apart_and_the_first_stays() -> None:
    heads: list[Head] = []
    for size in range(1, 5000, 7):
        heads = thin_heads([*heads, Head(size, bytes(32), "log")], size + 7)
    assert len(heads) <= 16 and heads[0].size == 1
    assert any(4000 < h.size < 4990 for h in heads)
