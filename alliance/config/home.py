"""Where one installation keeps its state: $XINGLIN_HOME, and the secrets that are born with it."""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def home() -> Path:
    """The state directory, made on first use. Never inside the package of a release."""
    path = Path(os.environ.get("XINGLIN_HOME") or ROOT / "var").resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def secret(name: str) -> str:
    """The named secret: $XINGLIN_<NAME>, else the file secrets/<name>, made with 256 random bits on first use."""
    value = os.environ.get(f"XINGLIN_{name.upper()}")
    if value:
        return value
    folder = home() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(fd, "w") as file:
        file.write(secrets.token_hex(32))
    return path.read_text().strip()


def secret_if_there(name: str) -> str:
    """The named secret, or "" where nobody has made it."""
    if value := os.environ.get(f"XINGLIN_{name.upper()}"):
        return value
    path = home() / "secrets" / name
    return path.read_text().strip() if path.exists() else ""
