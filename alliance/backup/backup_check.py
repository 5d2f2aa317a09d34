"""Whether a return would be possible, for `manage.py doctor`: asked of the database; of the
folder only whether it is there, and on another disk, and never longer than a few seconds.
"""

import datetime as dt
import subprocess
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa, x25519

from alliance.backup import backup_tags
from alliance.backup.errors import BackupRefused
from alliance.backup.key_envelope import load_recovery_public_key
from alliance.backup.wal_archiver import ARCHIVE_SLOT
from alliance.platform.certificate_expiry import seconds_until_expiry
from alliance.platform.environment import read_setting
from alliance.platform.state_files import find_key, state_folder

MAX_BACKUP_AGE = dt.timedelta(hours=50)  # two nights, and a little
MAX_WAL_LAG = 256 * 2**20  # bytes of the log that wait for the folder
FOLDER_TIMEOUT = 5  # seconds that a share of a network may take to answer
NEWEST_VERIFIED_SQL = (
    "SELECT ended, clock_timestamp() - ended FROM alliance_backup WHERE kind <> 'drill' AND"
    " verified ORDER BY ended DESC LIMIT 1"
)
LAST_RUN_SQL = (
    "SELECT name, wrong FROM alliance_backup WHERE kind <> 'drill' ORDER BY ended DESC LIMIT 1"
)
LAST_DRILL_SQL = (
    "SELECT ended, wrong FROM alliance_backup WHERE kind = 'drill' ORDER BY ended DESC LIMIT 1"
)
SLOT_LAG_SQL = (
    "SELECT coalesce(wal_status, ''), active, coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(),"
    " restart_lsn), 0)::bigint FROM pg_replication_slots WHERE slot_name = %s"
)
KINDS = {
    "an RSA key": rsa.RSAPublicKey,
    "a key on an elliptic curve": ec.EllipticCurvePublicKey,
    "an X25519 key": x25519.X25519PublicKey,
}
BACKUP_HOWTO = "docs/how-to/backup.md"


def check_backups(cursor: Any) -> tuple[bool, str, str]:
    """(it stands, what is said, the mend)."""
    faults = [*find_folder_faults(), *find_wal_faults(cursor), *find_run_faults(cursor)]
    if faults:
        return (
            False,
            "; ".join(f[0] for f in faults),
            "; ".join(dict.fromkeys(f[1] for f in faults)),
        )
    cursor.execute(NEWEST_VERIFIED_SQL)
    newest = cursor.fetchone()
    if newest is None:
        return True, "none: of no matter for invented people", ""
    cursor.execute(LAST_DRILL_SQL)
    drilled = cursor.fetchone()
    archived = ", the log is kept as it is written" if read_setting("XINGLIN_BACKUP_DIR") else ""
    return (
        True,
        f"verified {format_age(newest[1])} ago{archived}; "
        + (
            f"last drill {drilled[0].astimezone():%Y-%m-%d}"
            if drilled
            else "no drill yet (make drill)"
        )
        + written_down(),
        "",
    )


def written_down() -> str:
    """By what a restore elsewhere knows that a backup is this installation's."""
    key = find_key("index_key")
    return (
        "; fingerprint for the paper beside the recovery key:"
        f" {backup_tags.tag_key_fingerprint(backup_tags.derive_tag_key(key))}"
        if key
        else ""
    )


def wrapping() -> tuple[bool, str, str, bool]:
    """(whether the keys can be wrapped for the recovery certificate, what is said, the mend,
    whether it is only to be looked at). Asked at each start too, not at night for the first time.
    """
    said = read_setting("XINGLIN_RECOVERY_CERTIFICATE")
    if not said:
        if not read_setting("XINGLIN_BACKUP_DIR"):
            return True, "none is set, and no backup folder either", "", False
        return (
            True,
            (
                "XINGLIN_RECOVERY_CERTIFICATE is not set: backups are made only with"
                " --passphrase-file or --without-keys"
            ),
            f"name a recovery certificate: {BACKUP_HOWTO}",
            True,
        )
    try:
        key = load_recovery_public_key(Path(said))
    except BackupRefused as refusal:
        return (
            False,
            f"XINGLIN_RECOVERY_CERTIFICATE: {refusal} Until then no backup is made",
            BACKUP_HOWTO,
            False,
        )
    kind = next(name for name, of in KINDS.items() if isinstance(key, of))
    if (seconds := seconds_until_expiry(Path(said))) is not None and seconds < 0:
        return (
            True,
            (
                f"{said}: {kind}; the dates of its certificate are over, which is of no matter for"
                " wrapping keys"
            ),
            "see whether it is still the one whose private half lies in the safe",
            True,
        )
    return True, f"{said}: {kind}, keys can be wrapped for it", "", False


def find_run_faults(cursor: Any) -> list[tuple[str, str]]:
    cursor.execute(LAST_RUN_SQL)
    last = cursor.fetchone()
    if last is None:
        return (
            []
            if read_setting("XINGLIN_DEMO") and not read_setting("XINGLIN_BACKUP_DIR")
            else [("there is no backup", f"manage.py backup: {BACKUP_HOWTO}")]
        )
    faults = (
        [
            (
                (
                    f"the last one{f', {last[0]}, does not hold' if last[0] else ' was not made'}:"
                    f" {last[1]}"
                ),
                BACKUP_HOWTO,
            )
        ]
        if last[1]
        else []
    )
    cursor.execute(NEWEST_VERIFIED_SQL)
    newest = cursor.fetchone()
    if newest is None or newest[1] > MAX_BACKUP_AGE:
        faults.append(
            (
                (
                    "none was ever verified"
                    if newest is None
                    else f"the newest that was verified is {format_age(newest[1])} old"
                ),
                "manage.py backup; look at the timer",
            )
        )
    cursor.execute(LAST_DRILL_SQL)
    drilled = cursor.fetchone()
    return faults + (
        [(f"the last drill failed: {drilled[1]}", "make drill")] if drilled and drilled[1] else []
    )


def find_wal_faults(cursor: Any) -> list[tuple[str, str]]:
    cursor.execute(SLOT_LAG_SQL, [ARCHIVE_SLOT])
    slot = cursor.fetchone()
    if not read_setting("XINGLIN_BACKUP_DIR"):
        return (
            [
                (
                    (
                        "the server keeps its log for a folder that is no longer set (slot"
                        f" {ARCHIVE_SLOT})"
                    ),
                    f"set XINGLIN_BACKUP_DIR, or SELECT pg_drop_replication_slot('{ARCHIVE_SLOT}')",
                )
            ]
            if slot
            else []
        )
    if slot is None:
        return [
            (
                "the write-ahead log is not kept in the backup folder",
                "start the site: its archiver says what is in the way",
            )
        ]
    if slot[0] == "lost":
        return [
            ("the write-ahead log has a gap: the folder was away for too long", "manage.py backup")
        ]
    if not slot[1] or slot[2] > MAX_WAL_LAG:
        return [
            (
                (
                    "the write-ahead log is not kept in the backup folder just now"
                    f" ({slot[2] / 2**20:,.0f} MiB wait for it)"
                ),
                "is the folder there, and has it room? The site's archiver says what is in the way",
            )
        ]
    return []


def find_folder_faults() -> list[tuple[str, str]]:
    said = read_setting("XINGLIN_BACKUP_DIR")
    if not said:
        return []
    devices = [device_number(Path(p)) for p in (said, state_folder())]
    if not devices[0]:
        return [("the backup folder is not there, or does not answer", "mount it")]
    return (
        [
            (
                "the backup folder is on the same disk as the site: a disk that breaks takes both",
                "name a folder on another disk or machine (XINGLIN_BACKUP_DIR)",
            )
        ]
        if devices[0] == devices[1]
        else []
    )


def device_number(path: Path) -> str:
    """Of the file system; "" where it is not to be had. By another process, which a share that
    hangs may hold.
    """
    try:
        return subprocess.run(
            ["stat", "-c", "%d", str(path)],  # noqa: S607
            capture_output=True,
            text=True,
            timeout=FOLDER_TIMEOUT,
            check=False,
        ).stdout.strip()
    except (subprocess.TimeoutExpired, OSError):
        return ""


def format_age(age: dt.timedelta) -> str:
    number = age.total_seconds() / 3600
    return f"{number:.0f} hours" if number >= 1.5 else f"{number * 60:.0f} minutes"
