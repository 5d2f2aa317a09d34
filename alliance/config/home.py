"""Where one installation keeps its state: $XINGLIN_HOME, and the keys that are born with it."""

import os
import secrets
from pathlib import Path

from alliance.config.environment import HEX, KEYS, TABLE, StartRefused, key, setting

ROOT = Path(__file__).resolve().parents[2]
drawn: dict[str, str] = {}  # keys that this process made up, because it found none; only `setup` keeps them, beside an empty database


def home() -> Path:
    """The state directory; whoever writes there makes it: a command that only reads leaves nothing. Never inside the package of a release."""
    return Path(setting("XINGLIN_HOME") or ROOT / "var").resolve()


def key_file(name: str) -> Path:
    return home() / "secrets" / name


def secret_if_there(name: str) -> str:
    """The named key, $XINGLIN_<NAME> or the file secrets/<name>; "" where there is neither. Raises StartRefused for one that is malformed."""
    variable = f"XINGLIN_{name.upper()}"
    if variable in TABLE and (value := setting(variable)):
        return str(value)
    path = key_file(name)
    if not path.exists():
        return ""
    value = path.read_text().strip()
    try:
        return key(value) or malformed(path)
    except ValueError:
        return malformed(path)


def malformed(path: Path) -> str:
    raise StartRefused(f"{path}: this is no key ({HEX} are). Restore the file from the backup of the secrets.") from None


def secret(name: str) -> str:
    """The same; where there is none, 256 random bits for as long as this process lives. Beside a database that is not empty alliance.config.guard refuses them."""
    found = secret_if_there(name)
    if not found:
        found = drawn.setdefault(name, secrets.token_hex(32))
    return found


def missing_keys() -> list[str]:
    return [name for name in KEYS if not secret_if_there(name)]


def write_key(name: str, value: str) -> None:
    """A file that nobody else reads, on the disk when this returns. Raises FileExistsError."""
    path = key_file(name)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def keep_keys() -> list[str]:
    """Write what this process has drawn to secrets/, for good; the names. Raises StartRefused where another process has done so at the same moment."""
    kept = missing_keys()
    for name in kept:
        try:
            write_key(name, secret(name))
        except FileExistsError:
            raise StartRefused(f"{key_file(name)}: another process has made this key at the same moment. Run the same command again.") from None
        drawn.pop(name, None)
    return kept
