"""Where one installation keeps its state: $XINGLIN_HOME, and the keys that are born with it."""

import os
import secrets
from pathlib import Path

from alliance.platform.environment import (
    KEY_FORMAT,
    KEY_NAMES,
    SETTINGS_BY_NAME,
    StartRefused,
    parse_key,
    read_setting,
)

ROOT = Path(__file__).resolve().parents[2]
drawn_keys: dict[
    str,
    str,
    # keys that this process made up, because it found none; only `setup` keeps them, beside an
    # empty database
] = {}


def state_folder() -> Path:
    """The state directory; whoever writes there makes it: a command that only reads leaves
    nothing. Never inside the package of a release.
    """
    return Path(read_setting("XINGLIN_HOME") or ROOT / "var").resolve()


def key_file(name: str) -> Path:
    return state_folder() / "secrets" / name


def find_key(name: str) -> str:
    """The named key, $XINGLIN_<NAME> or the file secrets/<name>; "" where there is neither.
    Raises StartRefused for one that is malformed.
    """
    variable = f"XINGLIN_{name.upper()}"
    if variable in SETTINGS_BY_NAME and (value := read_setting(variable)):
        return str(value)
    path = key_file(name)
    if not path.exists():
        return ""
    value = path.read_text().strip()
    try:
        return parse_key(value) or refuse_malformed_key(path)
    except ValueError:
        return refuse_malformed_key(path)


def refuse_malformed_key(path: Path) -> str:
    raise StartRefused(
        f"{path}: this is no key ({KEY_FORMAT} are). Restore the file from the backup of the"
        " secrets."
    ) from None


def load_key(name: str) -> str:
    """The same; where there is none, 256 random bits for as long as this process lives. Beside a
    database that is not empty alliance.database.connection_guard refuses them.
    """
    found = find_key(name)
    if not found:
        found = drawn_keys.setdefault(name, secrets.token_hex(32))
    return found


def list_missing_keys() -> list[str]:
    return [name for name in KEY_NAMES if not find_key(name)]


def create_key_file(name: str, value: str, place: Path | None = None) -> None:
    """A file that nobody else reads, on the disk when this returns. place: another home than
    this installation's. Raises FileExistsError.
    """
    path = (place or state_folder()) / "secrets" / name
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(value)
        file.flush()
        os.fsync(file.fileno())


def save_drawn_keys() -> list[str]:
    """Write what this process has drawn to secrets/, for good; the names. Raises StartRefused
    where another process has done so at the same moment.
    """
    kept = list_missing_keys()
    for name in kept:
        try:
            create_key_file(name, load_key(name))
        except FileExistsError:
            raise StartRefused(
                f"{key_file(name)}: another process has made this key at the same moment. Run the"
                " same command again."
            ) from None
        drawn_keys.pop(name, None)
    return kept
