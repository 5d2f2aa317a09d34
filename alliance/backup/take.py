"""Take one base backup of the running database, full or incremental, prove it, and say what came
of it.
"""

import datetime as dt
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from alliance.auth.operator_identity import server_operator
from alliance.backup import backup_tags, examine, key_envelope, site_settings, source_server
from alliance.backup.backup_chain import BaseBackup, build_chain, list_backups
from alliance.backup.backup_keys import collect_keys, has_same_keys
from alliance.backup.copy_server import (
    FIRST_INCREMENTAL_MAJOR,
    RestoredCopy,
    folder_size,
    verify_files,
)
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import (
    DRAFT_SUFFIX,
    BackupFolder,
    sync_folder,
    timestamp_name,
    write_json_file,
)
from alliance.backup.postgres_programs import PostgresPrograms, give_to_postgres, split_connection
from alliance.backup.verification import summarize_faults, verify_backup
from alliance.backup.wal_archive import list_wal_runs, parse_lsn
from alliance.platform.state_files import state_folder
from alliance.services import backups
from consent.audit.append import append_event
from consent.audit.event import AuditEvent, EventCode

MANIFEST = "backup_manifest"
MIN_INCREMENTAL_BYTES = 64 * 2**20  # bytes that an incremental one is taken to need at least


@dataclass(slots=True)
class BackupOptions:
    """full: though an incremental one would do; quick: not proved by raising a server;
    full_every: days; wrapped_for: a public key, a passphrase, or None: without keys.
    """

    wrapped_for: key_envelope.RecoveryPublicKey | bytes | None
    full: bool = False
    quick: bool = False
    full_every: int = 7
    sample: int = examine.BODY_SAMPLE
    scratch: Path = field(default_factory=lambda: state_folder() / "scratch")


def take_backup(
    folder: BackupFolder, wishes: BackupOptions, say: Callable[[str], None]
) -> BaseBackup:
    """Under the folder's lock. Raises Refused where nothing was made; a link whose `wrong` says
    something where what was made does not hold.
    """
    facts, programs = source_server.inspect_server()
    folder.claim_for_system(facts.system)
    for name in folder.clear_drafts():
        say(f"{name}: what a run that was broken off has left was cleared away")
    content, fingerprints = collect_keys()
    if not has_same_keys(fingerprints, facts.prints):
        raise BackupRefused(
            "The keys here are not those that this database was written with: `manage.py doctor`"
            " says which. No backup was made, for it would hold keys that open nothing."
        )
    found = list_backups(folder)
    why = find_full_reason(found, facts, wishes, folder, backup_tags.load_tag_key())
    kind = "full" if why else "incremental"
    upon = None if why else found[-1]
    say(f"a full backup: {why}" if why else f"an incremental backup upon {found[-1].name}")
    folder.check_room(
        facts.bytes
        if why
        else min(
            facts.bytes,
            max(MIN_INCREMENTAL_BYTES, 2 * (parse_lsn(facts.place) - parse_lsn(found[-1].start))),
        )
    )
    append_event(
        AuditEvent.from_principal(
            server_operator(), EventCode.COMMAND, target="command/backup", detail=kind
        )
    )
    began, name, draft = dt.datetime.now(dt.UTC), *new_backup_name(folder, kind)
    draft.mkdir(mode=0o700)
    (draft / "data").mkdir(mode=0o700)
    give_to_postgres(draft)
    try:
        run_pg_basebackup(programs, draft / "data", folder, upon)
    except BackupRefused as refusal:
        folder.clear_drafts()
        if upon is None or "summar" not in str(refusal):
            raise
        say("the server no longer knows what has changed since: a full one is made instead")
        return take_backup(
            folder,
            BackupOptions(
                wishes.wrapped_for,
                True,
                wishes.quick,
                wishes.full_every,
                wishes.sample,
                wishes.scratch,
            ),
            say,
        )
    spent = read_wal_range(draft / "data")
    link = BaseBackup(
        name,
        kind,
        upon.name if upon else "",
        facts.system,
        facts.major,
        spent["Timeline"],
        spent["Start-LSN"],
        spent["End-LSN"],
        facts.segment,
        began,
        dt.datetime.now(dt.UTC),
        folder_size(draft / "data"),
        facts.database,
        facts.user,
        fingerprints,
    )
    if wishes.wrapped_for is not None:
        write_json_file(
            draft / "keys.json",
            key_envelope.seal_envelope(content, fingerprints, wishes.wrapped_for),
        )
    write_json_file(draft / site_settings.NAME, site_settings.settings_document())
    backup_tags.write_backup_tag(draft, link, backup_tags.load_tag_key())
    link.save(draft)
    draft.rename(folder.base / name)
    sync_folder(folder.base)
    say(f"{name}: {link.bytes / 2**20:,.0f} MiB in {(link.ended - began).total_seconds():.0f} s")
    verify_new_backup(programs, folder, link, facts, wishes)
    link.save(link.place(folder))
    return link


def new_backup_name(folder: BackupFolder, kind: str) -> tuple[str, Path]:
    """(name, draft) of a new one: no two in a second."""
    while any(folder.base.glob(f"{(now := timestamp_name())}-*")):
        time.sleep(0.2)
    name = f"{now}-{kind}"
    return name, folder.base / (name + DRAFT_SUFFIX)


def find_full_reason(
    found: list[BaseBackup],
    facts: source_server.ServerFacts,
    wishes: BackupOptions,
    folder: BackupFolder,
    key: bytes,
) -> str:
    """Why no incremental one will do; "" where one will. key: of the tags."""
    if wishes.full or not found:
        return "as asked" if wishes.full else "it is the first"
    if facts.major < FIRST_INCREMENTAL_MAJOR or not facts.summarizes:
        return (
            f"PostgreSQL {facts.major} knows no others"
            if facts.major < FIRST_INCREMENTAL_MAJOR
            else "summarize_wal is off"
        )
    last = found[-1]
    try:
        group = build_chain(found, last)
    except BackupRefused:
        return "the last one cannot be built upon"
    if last.wrong:
        return "the last one does not hold"
    if not all(backup_tags.has_valid_tag(folder, each, key) for each in group):
        return (
            "the last one has no authentication tag of this installation: an earlier release made"
            " it, or somebody altered it"
        )
    if last.timeline != facts.timeline:
        return "the database was restored, or another server took over"
    if any(run.name > last.name[:16] for run in list_wal_runs(folder)[1:]):
        return "the write-ahead log in the folder has a gap since the last one"
    if dt.datetime.now(dt.UTC) - group[0].began >= dt.timedelta(days=wishes.full_every):
        return f"the last full one is {wishes.full_every} days old"
    return (
        "what has changed has grown larger than all"
        if sum(each.bytes for each in group[1:]) > group[0].bytes
        else ""
    )


def run_pg_basebackup(
    programs: PostgresPrograms, data: Path, folder: BackupFolder, upon: BaseBackup | None
) -> None:
    """Raises Refused."""
    way, secret = split_connection(source_server.replication_line())
    with tempfile.TemporaryDirectory(prefix="xinglin-backup-") as place:
        more = (
            [f"--incremental={manifest_of(folder, upon, Path(place) / MANIFEST)}"] if upon else []
        )
        programs.run(
            "pg_basebackup",
            "--pgdata",
            str(data),
            "--checkpoint=fast",
            "--wal-method=stream",
            "--no-password",
            "--label=xinglin",
            "--dbname",
            way,
            *more,
            environment=secret,
        )


def manifest_of(folder: BackupFolder, upon: BaseBackup, to: Path) -> Path:
    """A copy, which is the one that was tagged. Raises Refused."""
    if (
        backup_tags.copy_file_checked(upon.data(folder) / MANIFEST, to)
        != backup_tags.check_backup_tag(folder, upon, backup_tags.load_tag_key())[
            f"data/{MANIFEST}"
        ]
    ):
        raise BackupRefused(
            f"{upon.data(folder) / MANIFEST}: it is damaged: it is not what was backed up. Make a"
            " full backup: manage.py backup --full"
        )
    give_to_postgres(to.parent)
    return to


def read_wal_range(data: Path) -> dict[str, Any]:
    """{"Timeline", "Start-LSN", "End-LSN"} of the log that the backup itself needs."""
    found: dict[str, Any] = json.loads((data / MANIFEST).read_text())["WAL-Ranges"][-1]
    return found


def verify_new_backup(
    programs: PostgresPrograms,
    folder: BackupFolder,
    link: BaseBackup,
    facts: source_server.ServerFacts,
    wishes: BackupOptions,
) -> None:
    """Write into the link what came of it."""
    group = build_chain(list_backups(folder), link)
    try:
        if wishes.quick:
            verify_files(programs, folder, [link])
            return

        def note(served: RestoredCopy, found: dict[str, Any]) -> None:
            link.until = served.until

        faults = verify_backup(
            programs,
            folder,
            group,
            wishes.scratch,
            facts,
            note,
            backup_tags.load_tag_key(),
            sample=wishes.sample,
        )
        link.wrong = summarize_faults(faults)
        link.verified = None if faults else dt.datetime.now(dt.UTC)
    except BackupRefused as refusal:
        link.wrong = str(refusal)


def record_backup(link: BaseBackup) -> None:
    """For pages, doctor and metrics."""
    backups.record_backup_run(
        link.kind,
        link.name,
        link.began,
        dt.datetime.now(dt.UTC),
        bytes=link.bytes,
        verified=link.verified is not None,
        until=link.until,
        wrong=link.wrong,
    )
