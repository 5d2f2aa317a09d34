"""How long the certificates last on which the site and its backups depend."""

from pathlib import Path

from alliance.operations.backup_ages import read_backup_setting
from alliance.platform.certificate_expiry import seconds_until_expiry
from alliance.platform.environment import read_setting


def certificate_seconds_left() -> dict[str, float]:
    """{"site", "recovery"}: of each that is set; of a chain the first that ends. Negative: it
    has expired; what cannot be read counts as expired.
    """
    files = {
        "site": read_setting("XINGLIN_CERTIFICATE"),
        "recovery": read_backup_setting("RECOVERY_CERTIFICATE"),
    }
    found = {kind: seconds_until_expiry(Path(path)) for kind, path in files.items() if path}
    return {kind: seconds for kind, seconds in found.items() if seconds is not None}
