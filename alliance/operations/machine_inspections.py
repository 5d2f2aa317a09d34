"""Inspect what needs no database: settings, network, files, account, disk, recovery key."""

import os
import shutil

from alliance.operations.inspection import Inspection
from alliance.platform import environment
from alliance.platform.environment import StartRefused, read_setting
from alliance.platform.state_files import state_folder

LEAST_FREE = 2 * 2**30  # bytes on the disk of $XINGLIN_HOME
AS_ROOT = "the site runs as root: a fault in any of its parts would hold the whole machine"


def inspect_settings() -> Inspection:
    try:
        return Inspection(
            "settings", True, f"{environment.check_environment()} set, all understood"
        )
    except StartRefused as refusal:
        return Inspection("settings", False, str(refusal), "docs/how-to/configure.md")


def inspect_https() -> Inspection:
    at = read_setting("XINGLIN_BIND")
    if read_setting("XINGLIN_HTTPS") and not read_setting("XINGLIN_PROXIES"):
        return Inspection(
            "https",
            True,
            "XINGLIN_HTTPS=1 says that a proxy speaks TLS, and XINGLIN_PROXIES=0 that there is"
            " none: all callers have its address, in the audit log and where guesses are counted",
            "set XINGLIN_PROXIES=1 (how many proxies)",
            look=True,
        )
    if read_setting("XINGLIN_HTTPS"):
        return Inspection(
            "https",
            True,
            f"{at}, behind a proxy that speaks TLS: secure cookies, HSTS, the rest is sent to"
            " https://",
        )
    return Inspection("https", True, f"{at}: this machine alone")


def inspect_disk() -> Inspection:
    there = next(
        p for p in (state_folder(), *state_folder().parents) if p.exists()
    )  # before the first start it is not made yet
    free = shutil.disk_usage(there).free
    says = f"{free / 2**30:.1f} GiB free at {state_folder()}"
    return Inspection(
        "disk",
        free >= LEAST_FREE,
        says,
        (
            ""
            if free >= LEAST_FREE
            else (
                "make room: a full disk stops every read, for its line in the audit log cannot be"
                " written"
            )
        ),
    )


def inspect_files() -> Inspection:
    """Nobody but the account of the site reads its keys."""
    folder = state_folder() / "secrets"
    loose = [p.name for p in [folder, *folder.glob("*")] if p.exists() and p.stat().st_mode & 0o077]
    return (
        Inspection(
            "files",
            False,
            f"others may read: {', '.join(loose)} in {folder}",
            f"chmod -R go= {folder}",
        )
        if loose
        else Inspection("files", True, f"nobody else reads {folder}")
    )


def inspect_account() -> Inspection:
    """Whose processes the site's are: of the account that owns its keys, whoever asks; where
    they are given in the environment, of the one that asks.
    """
    folder = state_folder() / "secrets"
    owner = folder.stat().st_uid if folder.exists() else os.geteuid()
    if owner:
        return Inspection("account", True, f"the site runs as account no. {owner}, not as root")
    if read_setting("XINGLIN_DEMO"):
        return Inspection("account", True, "root: of no matter for invented people")
    return Inspection(
        "account", False, AS_ROOT, "give it an account of its own: docs/how-to/service.md"
    )


def inspect_recovery_key() -> Inspection:
    """Whether the keys can be wrapped tonight."""
    from alliance.backup.backup_check import wrapping

    return Inspection("recovery key", *wrapping())
