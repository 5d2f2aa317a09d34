"""Make this machine's keys, and keep them where nobody else reads them: P-384 for tokens, Ed25519
as a witness of the platform's log.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from .client_assertion import load_key
from .platform_away import PlatformAway, Trouble

KEY, NEXT_KEY, WITNESS_KEY, PLATFORM_KEYS = (
    "key.pem",
    "key-next.pem",
    "witness.pem",
    "platform-keys.pem",
)
SYSTEM, ADMINISTRATORS = "*S-1-5-18", "*S-1-5-32-544"  # as Windows names them in every language


def ensure_token_key(path: Path) -> Any:
    """The key in this file, made where there is none: one of a request whose answer was lost is
    taken again. Raises PlatformAway(SETTINGS).
    """
    if not path.exists():
        import_cryptography()
        from cryptography.hazmat.primitives.asymmetric import ec

        write_private_key(path, ec.generate_private_key(ec.SECP384R1()))
    return load_key(path)


def ensure_witness_key(path: Path) -> str:
    """The public half in hex."""
    if not path.exists():
        import_cryptography()
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        write_private_key(path, Ed25519PrivateKey.generate())
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = load_key(path).public_key()
    return str(public.public_bytes(Encoding.Raw, PublicFormat.Raw).hex())


def import_cryptography() -> None:
    try:
        import cryptography  # noqa: F401
    except ImportError as error:
        raise PlatformAway(
            Trouble.SETTINGS, f"the package `cryptography` is not installed ({error})"
        ) from error


def write_private_key(path: Path, key: Any) -> None:
    """On the disk when it returns, for this account alone."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    write_private(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def write_private(path: Path, data: bytes) -> None:
    """All of it or nothing, in place of what was there."""
    beside = path.with_name(path.name + ".part")
    if beside.exists():
        beside.unlink()
    handle = os.open(str(beside), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        restrict_on_windows(beside)
        os.replace(str(beside), str(path))
    except OSError:
        if beside.exists():
            beside.unlink()
        raise


def restrict_on_windows(path: Path) -> None:
    """There a file's mode says nothing, and every user reads what lies in ProgramData."""
    if sys.platform != "win32":
        return
    user = f"{os.environ.get('USERDOMAIN', '')}\\{os.environ.get('USERNAME', '')}".strip("\\")
    subprocess.run(
        ["icacls", str(path), "/inheritance:r", "/grant:r"]
        + [f"{who}:F" for who in (SYSTEM, ADMINISTRATORS, user) if who],
        check=True,
        capture_output=True,
    )
