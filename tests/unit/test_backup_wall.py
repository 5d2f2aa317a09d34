"""What is noticed of backups before the night: a recovery certificate that wraps nothing, and a
demo that would take a site's folder.
"""

import datetime as dt
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from alliance.backup.backup_check import wrapping
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder


def certificate(file: Path, bits: int = 3072, years: int = 10) -> Path:
    key, name, now = (
        rsa.generate_private_key(65537, bits),
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "recovery")]),
        dt.datetime.now(dt.UTC),
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=7300))
    )
    file.write_bytes(
        made.not_valid_after(now + dt.timedelta(days=365 * years))
        .sign(key, SHA256())
        .public_bytes(Encoding.PEM)
    )
    return file


def test_a_recovery_certificate_is_looked_at_before_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XINGLIN_BACKUP_DIR", raising=False)
    monkeypatch.delenv("XINGLIN_RECOVERY_CERTIFICATE", raising=False)
    assert wrapping()[0] and not wrapping()[3], "nothing is set, and nothing is wanted"
    monkeypatch.setenv("XINGLIN_BACKUP_DIR", str(tmp_path))
    assert wrapping()[3] and "is not set" in wrapping()[1]
    monkeypatch.setenv("XINGLIN_RECOVERY_CERTIFICATE", str(certificate(tmp_path / "good.pem")))
    assert wrapping() == (
        True,
        f"{tmp_path / 'good.pem'}: an RSA key, keys can be wrapped for it",
        "",
        False,
    )
    monkeypatch.setenv(
        "XINGLIN_RECOVERY_CERTIFICATE", str(certificate(tmp_path / "old.pem", years=-1))
    )
    assert wrapping()[0] and wrapping()[3] and "dates of its certificate are over" in wrapping()[1]
    (tmp_path / "ed25519.pem").write_bytes(
        ed25519.Ed25519PrivateKey.generate()
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    (tmp_path / "private.pem").write_bytes(
        rsa.generate_private_key(65537, 3072).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
        )
    )
    (tmp_path / "text.pem").write_text(
        "-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n"
    )
    (tmp_path / "folder.pem").mkdir()
    certificate(tmp_path / "weak.pem", 2048)
    for name, says in (
        ("ed25519.pem", "this is another kind"),
        ("weak.pem", "RSA of 3072 bits or more"),
        ("private.pem", "belongs into a safe"),
        ("text.pem", "there is no certificate"),
        ("none.pem", "cannot be read (No such file"),
        ("folder.pem", "cannot be read (Is a directory"),
    ):
        monkeypatch.setenv("XINGLIN_RECOVERY_CERTIFICATE", str(tmp_path / name))
        stands, told, mend, _ = wrapping()
        assert not stands and says in told and mend and "Error)" not in told, told


def test_the_demo_takes_no_folder_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = BackupFolder(tmp_path)
    monkeypatch.setenv("XINGLIN_DEMO", "0")
    folder.claimable()
    monkeypatch.setenv("XINGLIN_DEMO", "1")
    with pytest.raises(BackupRefused, match="this is the demo"):
        folder.claimable()
    folder.claim_for_system("1")  # by hand: manage.py backup --to DIR
    folder.claimable()
