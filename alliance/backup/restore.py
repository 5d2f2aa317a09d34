"""Return on a machine that has nothing but the release, the backup folder and the recovery key:
checked before anything is moved, and moved only when a server has come up from it.
"""

import datetime as dt
import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alliance.backup import backup_tags, copy_server, examine, key_envelope, site_settings
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.backup_keys import index_key, write_keys
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, check_disk_room, read_json_file, timestamp_name
from alliance.backup.postgres_programs import PostgresPrograms, give_to_postgres
from alliance.backup.restore_point import choose_restore_point, format_moment
from alliance.backup.verification import summarize_faults
from alliance.database import release
from alliance.database.embedded_postgres import EmbeddedCluster
from alliance.platform.environment import read_setting
from alliance.platform.state_files import find_key, state_folder

RESTORED_NAMES = (
    "postgres",
    "secrets",
    "audit_keys.pem",
)  # what comes back; the rest of a home is made again, or (audit/) is this machine's own memory
LOCAL_MEMORY = "audit"  # what this machine remembers of the log: the event goes on from it
RESTORE_ROOM = "Make room, or restore on a larger disk."


@dataclass(slots=True)
class RestoreOrder:
    """by: the private recovery key or the passphrase, None: keys are not in the backup and lie
    here; data_directory: of a server that is not the embedded one; replace: what is in the way is
    moved aside; sample: bodies of each hospital that are opened, 0: all; accept: go on although
    something does not hold; fingerprint: of the key of the tags, as it was written down;
    without_tag: go on although nothing proves who made the backup.
    """

    at: dt.datetime | None
    unlock_with: key_envelope.RecoveryPrivateKey | bytes | None
    data_directory: Path | None
    replace: bool
    reason: str
    sample: int = examine.BODY_SAMPLE
    accept: bool = False
    fingerprint: str = ""
    without_tag: bool = False


@dataclass(frozen=True, slots=True)
class RestoreResult:
    """until: moment of the last transaction; aside: where what was in the way lies now; words: a
    folder with the settings of the backup, to look at.
    """

    link: str
    until: dt.datetime
    data: Path
    aside: Path | None
    bodies: int
    lines: int
    faults: list[str]
    programs: PostgresPrograms
    words: Path


def restore_backup(
    folder: BackupFolder, order: RestoreOrder, say: Callable[[str], None]
) -> RestoreResult:
    """Raises Refused; then everything is as it was."""
    folder.read_system_id()
    in_the_way = check_restore_target(order)
    opened: dict[str, dict[str, Any] | None] = {}

    def key_of(link: BaseBackup) -> bytes | None:
        opened[link.name] = open_backup_keys(folder, link, order)
        if not order.without_tag and not (link.place(folder) / backup_tags.NAME).exists():
            return b""  # which no tag fits: it is refused for that
        return key_for(opened[link.name], link, order)

    choice, programs = choose_restore_point(folder, order.at, key_of)
    last = choice.chain[-1]
    keys = opened[last.name]
    say(
        f"from {', '.join(each.name for each in choice.chain)}"
        + (
            "; authenticated by the key with the fingerprint"
            f" {backup_tags.tag_key_fingerprint(choice.key)}"
            if choice.key
            else "; NOTHING proves who made it (--without-tag)"
        )
    )
    target = order.data_directory or state_folder() / "postgres"
    near = target.parent
    check_disk_room(near, copy_server.needed(choice.chain), RESTORE_ROOM)
    with copy_server.scratch_folder(near) as stage:
        (stage / "home").mkdir(mode=0o700)
        if keys:
            write_keys(keys, last.fingerprints, stage / "home")
        else:
            examine.lend_keys(state_folder(), stage / "home")
        say("every file is compared, and the data directory is put together")
        data = copy_server.assemble_data(programs, folder, choice.chain, stage, choice.key)
        site_settings.lay_out_settings(
            last.place(folder), keys["settings"] if keys else {}, stage / "conf"
        )
        say("the write-ahead log is applied")
        with copy_server.running_copy(
            programs, folder, last, data, choice.key, choice.at
        ) as served:
            say(
                f"it has come back to {format_moment(served.until)}; records are opened and the"
                " audit log is derived anew"
            )
            found = examine_restored(served.line, stage / "home", order, served.until)
        copy_server.settle(
            data, "peer" if order.data_directory else "trust"
        )  # as initdb has it for the embedded server, whose sockets are the account's alone
        copy_server.sync_data(programs, data)
        aside = put_in_place(stage, target, in_the_way, bool(keys))
        words = Path(shutil.move(stage / "conf", state_folder() / f"restored-{timestamp_name()}"))
    return RestoreResult(
        last.name,
        served.until,
        target,
        aside,
        found["bodies"],
        found["lines"],
        found["faults"],
        programs,
        words,
    )


def check_restore_target(order: RestoreOrder) -> list[Path]:
    """What is in the way. Raises Refused where this is no place to restore to."""
    if read_setting("DATABASE_URL") and not order.data_directory:
        raise BackupRefused(
            "DATABASE_URL names a server that is not the embedded one: say where its data directory"
            " is to be put together (--data-directory PATH), or unset DATABASE_URL."
        )
    if not order.data_directory and is_cluster_in_use(state_folder() / "postgres.users"):
        raise BackupRefused(
            f"The site, or a command, uses the database in {state_folder()}: stop it first."
        )
    names = (
        [
            state_folder() / name
            for name in RESTORED_NAMES
            if name != "postgres" or not order.data_directory
        ]
        if order.unlock_with is not None
        else [state_folder() / "postgres"] * (not order.data_directory)
    )
    names += [order.data_directory] if order.data_directory else []
    there = [p for p in names if p.exists() and (not p.is_dir() or any(p.iterdir()))]
    if there and not order.replace:
        raise BackupRefused(
            f"There is something already: {', '.join(map(str, there))}. With --replace it is moved"
            " aside (not deleted); or name an empty folder (XINGLIN_HOME)."
        )
    if any(
        (p / "postmaster.pid").exists() and is_server_alive(p / "postmaster.pid")
        for p in there
        if p.is_dir()
    ):
        raise BackupRefused(f"A server runs on {there[0]}: stop it first.")
    return there


def is_cluster_in_use(users: Path) -> bool:
    """Whether some process counts itself among the users of the embedded server."""
    if not users.exists():
        return False
    with users.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def is_server_alive(pid_file: Path) -> bool:
    try:
        os.kill(int(pid_file.read_text().split()[0]), 0)
        return True
    except (ValueError, IndexError, ProcessLookupError):
        return False
    except PermissionError:
        return True


def key_for(keys: dict[str, Any] | None, link: BaseBackup, order: RestoreOrder) -> bytes | None:
    """The key of the tags. One that comes out of an envelope for a certificate may have been put
    there by whoever knows that certificate, which is public: it counts when it is this
    installation's own, or the one whose fingerprint was written down. A passphrase proves that who
    made the envelope knows it. Raises Refused.
    """
    if order.without_tag:
        return None
    mine = find_key("index_key")
    if keys is None:
        if not mine:
            raise BackupRefused(
                f"{link.name} holds no keys, and there is no index_key in {state_folder()}: put"
                " secrets/ there by hand first, for by it is known who made the backup."
                f" {backup_tags.WITHOUT_TAG_ADVICE}"
            )
        return backup_tags.derive_tag_key(mine)
    key = backup_tags.derive_tag_key(index_key(keys))
    if order.fingerprint:
        if not backup_tags.is_same_fingerprint(key, order.fingerprint):
            raise BackupRefused(
                "The key of this backup has the fingerprint"
                f" {backup_tags.tag_key_fingerprint(key)}, and another one was said"
                " (--fingerprint): somebody else made the backup, or it is one of another site."
                " Take another copy of the folder."
            )
    elif not isinstance(order.unlock_with, bytes) and (
        not mine or backup_tags.derive_tag_key(mine) != key
    ):
        raise BackupRefused(
            "The recovery certificate is public, so whoever knows it and may write into the folder"
            " could have made this backup. Its key has the fingerprint"
            f" {backup_tags.tag_key_fingerprint(key)}: "
            f"compare it with what was written down beside the recovery key (`manage.py backup` and"
            f" `manage.py doctor` say it), and where it is the same say --fingerprint "
            f'"{backup_tags.tag_key_fingerprint(key)}". {backup_tags.WITHOUT_TAG_ADVICE}'
        )
    return key


def open_backup_keys(
    folder: BackupFolder, link: BaseBackup, order: RestoreOrder
) -> dict[str, Any] | None:
    """The content of the envelope, before anything is copied. Raises Refused."""
    path = link.place(folder) / "keys.json"
    if order.unlock_with is None:
        if (
            path.exists()
            and not (state_folder() / "secrets" / "body_key").exists()
            and not read_setting("XINGLIN_BODY_KEY")
        ):
            raise BackupRefused(
                "The keys lie in the backup, wrapped: say how they are opened, --recovery-key FILE"
                " or --passphrase-file FILE."
            )
        return None
    if not path.exists():
        raise BackupRefused(
            f"{link.name} holds no keys: it was made --without-keys. Put secrets/ into"
            f" {state_folder()} by hand, and restore without --recovery-key."
        )
    return key_envelope.open_envelope(read_json_file(path), order.unlock_with, path)


def examine_restored(
    line: str, keys: Path, order: RestoreOrder, until: dt.datetime
) -> dict[str, Any]:
    """Raises Refused where something does not hold that the operator has not accepted."""
    found = examine.examine_in_subprocess(line, keys, order.sample)
    known = found["release"]
    if known and known[1] > release.NUMBER:
        raise BackupRefused(
            f"The backup is of a newer release (number {known[0]}, this is {release.NUMBER}):"
            " restore with that one."
        )
    if found["faults"] and not order.accept:
        raise BackupRefused(
            f"What was restored does not hold: {summarize_faults(found['faults'])}. Nothing was put"
            " in place. Take an earlier moment (--at), or say --accept-faults to go on"
            " nevertheless."
        )
    if (state_folder() / LOCAL_MEMORY).exists():
        shutil.copytree(state_folder() / LOCAL_MEMORY, keys / LOCAL_MEMORY)
    examine.examine_in_subprocess(
        line, keys, 0, "--restored", order.reason, "--until", until.isoformat()
    )
    return found


def put_in_place(stage: Path, target: Path, in_the_way: list[Path], keys: bool) -> Path | None:
    """Put it in place; where what was there lies now. The data directory is renamed; keys may go
    to another disk.
    """
    state_folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    aside = state_folder() / f"replaced-{timestamp_name()}"
    for path in in_the_way:
        if path.parent == state_folder():
            aside.mkdir(mode=0o700, exist_ok=True)
            path.rename(aside / path.name)
        else:
            path.rename(path.with_name(f"{path.name}.{aside.name}"))
    for name in ("secrets", "audit_keys.pem") if keys else ():
        if (stage / "home" / name).exists():
            if (state_folder() / name).is_dir():
                (state_folder() / name).rmdir()
            shutil.move(stage / "home" / name, state_folder() / name)
    if (stage / "home" / LOCAL_MEMORY).exists():
        shutil.copytree(
            stage / "home" / LOCAL_MEMORY, state_folder() / LOCAL_MEMORY, dirs_exist_ok=True
        )
    if target.exists():
        target.rmdir()
    (stage / "data").rename(target)
    give_to_postgres(target)
    if os.geteuid() == 0:
        EmbeddedCluster(state_folder()).allow_passage(target)
    os.sync()
    others = [
        path.with_name(f"{path.name}.{aside.name}")
        for path in in_the_way
        if path.parent != state_folder()
    ]
    return aside if aside.exists() else others[0] if others else None
