"""SM2 and SM3 against what others have published, against the `openssl` command both ways, and our
two implementations against each other.
"""

import ctypes.util
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alliance.backup.backup_keys import ENVELOPE_KEY_NAMES, write_keys
from alliance.database.connection_guard import key_fingerprint
from alliance.platform.environment import KEY_NAMES
from consent.audit import libcrypto_sm2
from consent.audit.libcrypto_sm2 import Sm2Unavailable
from consent.audit.signing_keys import parse_pinned_keys
from consent.audit.sm2_suite import SM2
from consent.audit.standalone_verifier import load_verifier
from tests import draws
from tests.factories.evidence_packages import sm2_key_from
from tests.support.sources import ROOT

VECTORS: Any = json.loads((ROOT / "tests/fixtures/sm2.json").read_text())
plain = load_verifier()
NO_CRYPTO = ctypes.util.find_library("m") or ""  # a library that has none of its functions
CHECKS = {"libcrypto": libcrypto_sm2.is_signed, "plain": plain.is_sm2_signed}


@pytest.mark.parametrize("name", CHECKS)
def test_signatures_of_others(name: str) -> None:
    check = CHECKS[name]
    for vector in VECTORS["signatures"]:
        key, message, signature = (bytes.fromhex(vector[k]) for k in ("key", "message", "der"))
        assert check(key, signature, message), vector["of"]
        assert not check(key, signature, message + b"x")
        assert not check(key, signature + b"\0", message)
        assert not check(b"\4" + key[33:] + key[1:33], signature, message), "no point of the curve"
    for vector in VECTORS["of_digests"]:
        key, digest, signature = (bytes.fromhex(vector[k]) for k in ("key", "digest", "der"))
        assert plain.fits_sm2_digest(key, signature, digest), vector["of"]
        assert not plain.fits_sm2_digest(key, signature, hashlib.sha256(digest).digest())
    for text, digest in VECTORS["digests"]:
        assert plain.hash_sm3_plainly(bytes.fromhex(text)).hex() == digest
        assert SM2.hash_bytes(bytes.fromhex(text)).hex() == digest


def test_the_public_key_follows_from_the_private_one() -> None:
    first = VECTORS["signatures"][0]
    found = libcrypto_sm2.find_public_key(bytes.fromhex(first["private"]))
    assert found.hex() == first["key"]
    with pytest.raises(ValueError):
        libcrypto_sm2.find_public_key(bytes(32))


def test_the_two_implementations_say_the_same() -> None:
    """Also of signatures that are none: r or s 0, n or beyond, forms that DER does not have."""
    n = plain.SM2_N
    for number in range(12):
        key, message = sm2_key_from(f"key {number}"), draws.token_bytes(13 * number)
        good = key.sign(message)
        r, s = plain.parse_sm2_signature(good)
        strange = [good, b"", good[:-1], good[:1] + bytes([good[1] + 1]) + good[2:] + b"\0"]
        pairs = ((0, s), (r, 0), (n, s), (r, n), (r + n, s), (r, n - r), (s, r), (n - r, n - s))
        strange += [der(*pair) for pair in pairs]
        strange.append(b"\x30" + bytes([good[1] + 1]) + b"\2\x22\0" + good[4:])
        strange.append(b"\x30\x81" + good[1:])
        for made in strange:
            said = {name: check(key.public, made, message) for name, check in CHECKS.items()}
            assert len(set(said.values())) == 1 and said["plain"] == (made == good), (made, said)
        for other in (b"", key.public[1:], b"\2" + key.public[1:33], bytes(65), b"\4" * 65):
            assert not any(check(other, good, message) for check in CHECKS.values())


def der(r: int, s: int) -> bytes:
    numbers = [x.to_bytes(x.bit_length() // 8 + 1, "big") for x in (r, s)]
    body = b"".join(b"\2" + bytes([len(x)]) + x for x in numbers)
    return b"\x30" + bytes([len(body)]) + body


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl command")
def test_the_openssl_command_reads_ours_and_we_read_its(tmp_path: Path) -> None:
    message = tmp_path / "message"
    message.write_bytes("核对树头".encode())

    def openssl(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        command = ["openssl", *map(str, arguments)]
        return subprocess.run(command, capture_output=True, check=False, cwd=tmp_path)

    options = ("-rawin", "-digest", "sm3", "-in", "message", "-pkeyopt", "distid:1234567812345678")
    ours = sm2_key_from("read by others")
    (tmp_path / "ours.pem").write_text(SM2.pem(ours.public))
    (tmp_path / "ours.sig").write_bytes(ours.sign(message.read_bytes()))
    verify = ("pkeyutl", "-verify", *options, "-pubin")
    done = openssl(*verify, "-inkey", "ours.pem", "-sigfile", "ours.sig")
    assert done.returncode == 0 and b"Success" in done.stdout, done.stderr
    marked = openssl("pkey", "-pubin", "-in", "ours.pem", "-outform", "DER").stdout
    assert SM2.mark(hashlib.new("sm3", marked).hexdigest()) == ours.mark
    (tmp_path / "ours.sig").write_bytes(ours.sign(b"another"))
    assert openssl(*verify, "-inkey", "ours.pem", "-sigfile", "ours.sig").returncode == 1

    assert openssl("genpkey", "-algorithm", "SM2", "-out", "its.key").returncode == 0
    assert openssl("pkey", "-in", "its.key", "-pubout", "-out", "its.pem").returncode == 0
    done = openssl("pkeyutl", "-sign", *options, "-inkey", "its.key", "-out", "its.sig")
    assert done.returncode == 0, done.stderr
    pin = parse_pinned_keys((tmp_path / "its.pem").read_text(), "its")[0]
    signature = (tmp_path / "its.sig").read_bytes()
    assert pin.suite == "SM2"
    for name, check in CHECKS.items():
        assert check(pin.key, signature, message.read_bytes()), name
        assert not check(pin.key, signature, b"another"), name


@pytest.mark.parametrize(
    ("place", "cause"),
    [([], "no libcrypto"), (["/lib/none.so"], "no libcrypto"), ([NO_CRYPTO], "hidden inside")],
)
def test_a_machine_without_the_library_says_so_and_verifies(
    monkeypatch: pytest.MonkeyPatch, place: list[str], cause: str
) -> None:
    key = sm2_key_from("verified anyhow")
    good = key.sign(b"message")
    monkeypatch.setattr(libcrypto_sm2, "find_libraries", lambda: iter(place))
    libcrypto_sm2.load_library.cache_clear()
    try:
        with pytest.raises(Sm2Unavailable, match=cause):
            key.sign(b"message")
        assert SM2.verify(key.public, good, b"message")
        assert not SM2.verify(key.public, good, b"another")
    finally:
        libcrypto_sm2.load_library.cache_clear()


def test_a_library_that_computes_something_else_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As one that was built without SM2: the standard's own example does not verify."""
    monkeypatch.setattr(libcrypto_sm2, "KNOWN_TEXT", b"another digest")
    libcrypto_sm2.load_library.cache_clear()
    try:
        with pytest.raises(Sm2Unavailable, match="built without SM2"):
            libcrypto_sm2.load_library()
    finally:
        libcrypto_sm2.load_library.cache_clear()


def test_a_backup_of_the_keys_has_the_one_of_sm2(tmp_path: Path) -> None:
    keys = {name: draws.token_hex(32) for name in (*KEY_NAMES, "audit_sm2_key")}
    marks = {name: key_fingerprint(name, keys[name]) for name in KEY_NAMES}
    assert set(keys) <= set(ENVELOPE_KEY_NAMES)
    write_keys({"keys": keys}, marks, tmp_path)
    assert (tmp_path / "secrets/audit_sm2_key").read_text() == keys["audit_sm2_key"]
