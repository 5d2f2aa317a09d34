"""The envelope of keys: opened by who was meant, for each kind of recovery key, and by nobody
else; altered in any field it does not open.
"""

import datetime as dt
import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa, x25519
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alliance.backup.errors import BackupRefused
from alliance.backup.key_envelope import (
    RecoveryPrivateKey,
    decode_base64,
    encode_base64,
    load_recovery_private_key,
    load_recovery_public_key,
    open_envelope,
    read_passphrase,
    seal_envelope,
)

CONTENT = {
    "keys": {"body_key": "ab" * 32},
    "audit_keys": "",
    "settings": {"XINGLIN_MAIL": "smtp://u:p@mail"},
}
PRINTS = {"body_key": "00" * 16}


def made(kind: str) -> RecoveryPrivateKey:
    return {
        "rsa": lambda: rsa.generate_private_key(65537, 3072),
        "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "x25519": x25519.X25519PrivateKey.generate,
    }[kind]()


def written(key: RecoveryPrivateKey, folder: Path) -> tuple[Path, Path]:
    private, public = folder / "recovery.key", folder / "recovery.pem"
    private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    public.write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return private, public


@pytest.mark.parametrize("kind", ["rsa", "p256", "p384", "x25519"])
def test_each_kind_of_recovery_key_opens_its_own_and_no_other(kind: str, tmp_path: Path) -> None:
    private, public = written(made(kind), tmp_path)
    sealed = seal_envelope(CONTENT, PRINTS, load_recovery_public_key(public))
    assert open_envelope(sealed, load_recovery_private_key(private, None)) == CONTENT
    assert "ab" * 8 not in str(sealed)
    with pytest.raises(BackupRefused, match="not the recovery key of the backup"):
        open_envelope(sealed, made(kind))
    with pytest.raises(BackupRefused, match="say --recovery-key FILE"):
        open_envelope(sealed, b"a passphrase that is long")
    for name in ("fingerprints", "made"):
        with pytest.raises(BackupRefused, match="do not open"):
            open_envelope(
                sealed | {name: {} if name == "fingerprints" else "1970-01-01"},
                load_recovery_private_key(private, None),
            )
    altered = bytearray(decode_base64(sealed["content"]))
    altered[0] ^= 1
    with pytest.raises(BackupRefused, match="do not open"):
        open_envelope(
            sealed | {"content": encode_base64(bytes(altered))},
            load_recovery_private_key(private, None),
        )
    with pytest.raises(BackupRefused, match="version 2"):
        open_envelope(sealed | {"version": 2}, load_recovery_private_key(private, None))


def test_a_certificate_and_a_locked_recovery_key(tmp_path: Path) -> None:
    key = rsa.generate_private_key(65537, 3072)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "recovery")])
    now = dt.datetime(2020, 1, 1)  # long over: a certificate here is the holder of a public key
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now)
        .sign(key, SHA256())
    )
    (tmp_path / "c.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    (tmp_path / "k.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"lock"))
    )
    sealed = seal_envelope(CONTENT, PRINTS, load_recovery_public_key(tmp_path / "c.pem"))
    assert open_envelope(sealed, load_recovery_private_key(tmp_path / "k.pem", b"lock")) == CONTENT
    for password, why in (
        (None, "locked by a password"),
        (b"other", "its password is another one"),
    ):
        with pytest.raises(BackupRefused, match=why):
            load_recovery_private_key(tmp_path / "k.pem", password)
    with pytest.raises(BackupRefused, match="belongs into a safe"):
        load_recovery_public_key(tmp_path / "k.pem")


def test_keys_that_wrap_nothing_are_refused(tmp_path: Path) -> None:
    for weak in (rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()):
        with pytest.raises(BackupRefused, match="another kind"):
            load_recovery_public_key(written(weak, tmp_path)[1])  # type: ignore[arg-type]
    (tmp_path / "recovery.pem").write_text("no PEM")
    with pytest.raises(BackupRefused, match="no certificate or public key"):
        load_recovery_public_key(tmp_path / "recovery.pem")


def test_a_passphrase(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("six words drawn by dice are good\n")
    sealed = seal_envelope(CONTENT, PRINTS, read_passphrase(tmp_path / "p"))
    assert open_envelope(sealed, read_passphrase(tmp_path / "p")) == CONTENT
    with pytest.raises(BackupRefused, match="Another passphrase"):
        open_envelope(sealed, b"six words drawn by dice are goof")
    with pytest.raises(BackupRefused, match="say --passphrase-file"):
        open_envelope(sealed, made("x25519"))
    with pytest.raises(BackupRefused, match="fill the memory"):
        open_envelope(
            sealed | {"recipient": sealed["recipient"] | {"n": 2**30}},
            b"six words drawn by dice are good",
        )
    (tmp_path / "p").write_text("short\n")
    with pytest.raises(BackupRefused, match="is guessed"):
        read_passphrase(tmp_path / "p")


def test_it_is_opened_without_this_program(tmp_path: Path) -> None:
    """With openssl alone as far as the random key, as docs/how-to/backup.md says."""
    private, public = written(made("rsa"), tmp_path)
    sealed = seal_envelope(CONTENT, PRINTS, load_recovery_public_key(public))
    (tmp_path / "wrapped").write_bytes(decode_base64(sealed["recipient"]["wrapped"]))
    secret = subprocess.run(
        [
            "openssl",
            "pkeyutl",
            "-decrypt",
            "-inkey",
            private,
            "-in",
            tmp_path / "wrapped",
            "-pkeyopt",
            "rsa_padding_mode:oaep",
            "-pkeyopt",
            "rsa_oaep_md:sha256",
        ],
        check=True,
        capture_output=True,
    ).stdout
    assert len(secret) == 32
