"""What goes into the envelope, and comes back out of it: every key of this installation, the
public halves of those that signed its log before, and the settings that are secret.
"""

import hmac
import re
from pathlib import Path
from typing import Any

from alliance.backup.errors import BackupRefused
from alliance.backup.key_envelope import (
    RecoveryPublicKey,
    load_recovery_public_key,
    read_passphrase,
)
from alliance.backup.site_settings import read_site_settings
from alliance.database import connection_guard
from alliance.platform.environment import KEY_NAMES, read_setting
from alliance.platform.state_files import create_key_file, find_key, load_key, state_folder

ENVELOPE_KEY_NAMES = (*KEY_NAMES, *connection_guard.KEY_SUCCESSORS.values(), "audit_sm2_key")
EARLIER_AUDIT_KEYS = "audit_keys.pem"
HEX_KEY = re.compile(r"[0-9a-fA-F]{64}")


def find_recipient(phrase_file: Path | None) -> RecoveryPublicKey | bytes | None:
    """Whom to wrap for: the recovery certificate of the settings, or a passphrase. None where
    neither is said. Raises Refused.
    """
    if phrase_file:
        return read_passphrase(phrase_file)
    said = read_setting("XINGLIN_RECOVERY_CERTIFICATE")
    return load_recovery_public_key(Path(said)) if said else None


def collect_keys() -> tuple[dict[str, Any], dict[str, str]]:
    """(content of the envelope, fingerprints)."""
    keys = {name: value for name in ENVELOPE_KEY_NAMES if (value := find_key(name))}
    path = state_folder() / EARLIER_AUDIT_KEYS
    return {
        "keys": keys,
        "audit_keys": path.read_text() if path.exists() else "",
        "settings": read_site_settings(secret=True),
    }, {name: connection_guard.key_fingerprint(name, load_key(name)) for name in KEY_NAMES}


def has_same_keys(fingerprints: dict[str, str], recorded: dict[str, str]) -> bool:
    """Whether a backup holds the keys that its database was written with: all of them, and no
    others.
    """
    return set(recorded) == set(KEY_NAMES) and all(
        hmac.compare_digest(fingerprints.get(name, "").encode(), mark.encode())
        for name, mark in recorded.items()
    )


def index_key(content: dict[str, Any]) -> str:
    """From which the key of the tags is derived. Raises Refused."""
    found = content["keys"].get("index_key", "")
    if not HEX_KEY.fullmatch(found):
        raise BackupRefused(
            "The envelope holds no index_key: it is not one of a backup of this program. Take"
            " another copy of the folder, or an earlier backup."
        )
    return str(found)


def write_keys(content: dict[str, Any], fingerprints: dict[str, str], to: Path) -> None:
    """Write the keys below `to`, a home without any. Raises Refused where they are not those
    that the backup names.
    """
    keys = content["keys"]
    for name in KEY_NAMES:
        if (
            name not in keys
            or not HEX_KEY.fullmatch(keys[name])
            or connection_guard.key_fingerprint(name, keys[name]) != fingerprints.get(name)
        ):
            raise BackupRefused(
                f"The {name} in the envelope is not the one of this backup: keys.json belongs to"
                " another one. Take it from the folder of the same backup."
            )
    for name, value in keys.items():
        if name in ENVELOPE_KEY_NAMES and HEX_KEY.fullmatch(value):
            create_key_file(name, value, to)
    if content.get("audit_keys"):
        (to / EARLIER_AUDIT_KEYS).write_text(content["audit_keys"])
