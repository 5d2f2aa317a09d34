"""Receipts: signed by the key of the log, checked offline by a program of one's own and by
audit_verify; whatever is changed in one is found.
"""

import copy
import hashlib
import io
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)
from django.core.management import CommandError, call_command

from consent.audit.signing_keys import own_public_key_bytes, pem_from_key
from tests.factories.fhir import Api, make_patient
from tests.support.sync_batches import Sender, put


@pytest.fixture
def answer(api: Api) -> dict[str, Any]:
    bad = make_patient() | {"gender": "男"}
    return Sender(api).sent(put(make_patient(), "p1"), put(bad, "p2"))  # type: ignore[no-any-return]


@pytest.fixture
def pem(tmp_path: Path) -> Path:
    path = tmp_path / "log.pem"
    path.write_text(pem_from_key(own_public_key_bytes()))
    return path


def verify(answer: Any, key: Path | str | None, tmp_path: Path) -> tuple[int, str]:
    path, out = tmp_path / "receipt.json", io.StringIO()
    path.write_text(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False))
    more = {"key": str(key)} if key else {}
    try:
        call_command("audit_verify", receipt=path, stdout=out, **more)
    except SystemExit as end:
        return int(end.code or 0), out.getvalue()
    return 0, out.getvalue()


def test_a_vendor_verifies_a_receipt_with_the_key_alone(answer: dict[str, Any], pem: Path) -> None:
    """As docs/sync.md says it, in the words of any language."""
    key = load_pem_public_key(pem.read_bytes())
    assert isinstance(key, Ed25519PublicKey)
    der = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert answer["key"] == f"SHA256:{hashlib.sha256(der).hexdigest()}"
    canonical = json.dumps(
        answer["receipt"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    key.verify(bytes.fromhex(answer["signature"]), canonical)
    with pytest.raises(InvalidSignature):
        key.verify(
            bytes.fromhex(answer["signature"]), canonical.replace(b'"items":2', b'"items":3')
        )
    assert answer["receipt"]["head"] is None or len(answer["receipt"]["head"]["root"]) == 64


def test_the_command_says_intact(answer: dict[str, Any], pem: Path, tmp_path: Path) -> None:
    for key in (pem, None):
        code, said = verify(answer, key, tmp_path)
        assert code == 0 and said.startswith("intact:") and "2 items" in said


def test_whatever_is_changed_is_found(answer: dict[str, Any], pem: Path, tmp_path: Path) -> None:
    changes: list[tuple[str, Any]] = [
        ("number", 2),
        ("items", 2.0),
        ("root", "0" * 64),
        ("outcomes", {"stored": 2}),
        ("refused", []),
        ("hospital", "other"),
        ("at", "2020-01-01T00:00:00.000000Z"),
        ("head", {"size": 1, "root": "00"}),
        ("more", 1),
        ("platform", "\ud800"),
    ]
    for name, value in changes:
        changed = copy.deepcopy(answer)
        changed["receipt"][name] = value
        path = tmp_path / "changed.json"
        path.write_text(json.dumps(changed))
        out = io.StringIO()
        with pytest.raises(SystemExit):
            call_command("audit_verify", receipt=path, key=str(pem), stdout=out)
        assert "NOT INTACT" in out.getvalue(), name
    flipped = {**answer, "signature": "00" + answer["signature"][2:]}
    assert verify(flipped, pem, tmp_path)[0] == 1


def test_another_key_proves_nothing(answer: dict[str, Any], pem: Path, tmp_path: Path) -> None:
    forger = Ed25519PrivateKey.generate()
    der = forger.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    canonical = json.dumps(
        answer["receipt"], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    forged = {
        "receipt": answer["receipt"],
        "signature": forger.sign(canonical).hex(),
        "key": f"SHA256:{hashlib.sha256(der).hexdigest()}",
    }
    code, said = verify(forged, pem, tmp_path)
    assert code == 1 and "not pinned" in said
    code, said = verify({**forged, "key": answer["key"]}, pem, tmp_path)
    assert code == 1 and "signature" in said
    fingerprint = answer["key"].removeprefix("SHA256:")
    code, said = verify(answer, fingerprint, tmp_path)
    assert code == 1 and "PEM" in said, "a fingerprint alone verifies no receipt, and says so"


def test_what_is_no_receipt_is_told(pem: Path, tmp_path: Path) -> None:
    for text in ("", "[]", "{}", '{"receipt": 1, "signature": "", "key": "SHA256:"}', "\x00"):
        with pytest.raises(CommandError):
            verify(text, pem, tmp_path)
