"""Backup and return of a site that is written to: a full and an incremental backup and the log,
restored to a moment between two writes; and each way in which a backup is bad.
"""

import datetime as dt
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from alliance.backup import backup_tags, key_envelope
from alliance.backup.backup_chain import BaseBackup, build_chain, list_backups
from alliance.backup.copy_server import verify_files
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, read_json_file
from alliance.backup.postgres_programs import PostgresPrograms
from alliance.backup.restore_point import choose_restore_point, format_moment
from alliance.backup.source_server import ServerFacts
from alliance.backup.take import BackupOptions, find_full_reason
from alliance.backup.wal_archive import find_wal_reach, list_wal_files, list_wal_runs
from tests.conftest import ROOT, free_port
from tests.factories.fhir import Api, make_patient
from tests.process.installation import Installation
from tests.wait_until import wait_until

MEMORY = Path("/dev/shm")  # where writes to disk need not be waited for


class Backups:
    """A backup folder, a recovery key, and what was written when."""

    def __init__(self, made: Installation, api: Api) -> None:
        roomy = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 2 * 2**30
        self.made, self.api, self.place = (
            made,
            api,
            Path(tempfile.mkdtemp(prefix="xinglin-backup-", dir=MEMORY if roomy else None)),
        )
        self.place.chmod(0o711)
        self.path, self.key, self.certificate = (
            self.place / "backups",
            self.place / "recovery.key",
            self.place / "recovery.pem",
        )
        self.path.mkdir(mode=0o700)
        subprocess.run(
            [
                "openssl",
                "req",
                "-x509",
                "-newkey",
                "rsa:3072",
                "-nodes",
                "-keyout",
                self.key,
                "-out",
                self.certificate,
                "-days",
                "36500",
                "-subj",
                "/CN=recovery",
            ],
            check=True,
            capture_output=True,
        )
        self.environment = (
            {"XINGLIN_DEMO": "1"}
            | made.environment
            | {"XINGLIN_RECOVERY_CERTIFICATE": str(self.certificate)}
        )
        self.written: dict[str, list[str]] = {}
        self.at = dt.datetime.now(dt.UTC)  # the moment to come back to
        self.archiver: subprocess.Popen[bytes] | None = None

    @property
    def folder(self) -> BackupFolder:
        return BackupFolder(self.path).open()

    def manage(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def back_up(self, *more: str) -> str:
        done = self.manage(
            "backup", "--to", str(self.path), "--scratch", str(self.place / "scratch"), *more
        )
        assert done.returncode == 0 and "verified:" in done.stdout, done.stdout + done.stderr
        return done.stdout

    def write(self, when: str) -> None:
        self.written[when] = [
            self.api("POST", "Patient", make_patient("试验")).json["id"] for _ in range(8)
        ]

    def start_archiver(self) -> None:
        self.archiver = subprocess.Popen(
            [sys.executable, "manage.py", "archive_wal"],
            cwd=ROOT,
            env=self.environment
            | {
                "XINGLIN_BACKUP_DIR": str(self.path),
                "XINGLIN_PROCESS": "archiver",
            },
        )

    def stop_archiver(self) -> None:
        if self.archiver:
            self.archiver.terminate()
            self.archiver.wait(60)

    def archive(self) -> None:
        self.start_archiver()
        wait_until(
            lambda: any(
                p.partial for run in list_wal_runs(self.folder) for p in list_wal_files(run, 2**24)
            ),
            "the log is kept",
        )

    def archived(self) -> bool:
        """Whether all that was written by now lies in the folder."""
        return (
            self.sql(
                "SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= pg_current_wal_lsn()"
                " AND application_name = 'pg_receivewal'"
            )
            == "1"
        )

    def tag_key(self) -> bytes:
        return backup_tags.derive_tag_key(
            (self.made.home / "secrets/index_key").read_text().strip()
        )

    def key_of(self, link: BaseBackup) -> bytes:
        return self.tag_key()

    def sql(self, query: str) -> str:
        from alliance.database.embedded_postgres import EmbeddedCluster

        cluster = EmbeddedCluster(self.made.home)
        return (
            (
                cluster.run_program(
                    "psql",
                    "-h",
                    str(cluster.sockets),
                    "-U",
                    "postgres",
                    "-d",
                    "xinglin",
                    "-AtXqc",
                    query,
                ).stdout
                or b""
            )
            .decode()
            .strip()
        )


@pytest.fixture(scope="module")
def site(made: Installation, credentials: tuple[str, str]) -> Iterator[Backups]:
    """With one full and one incremental backup, and the log; writes before, between and after."""
    there = Backups(made, Api(made.url, "donghu", credentials=credentials))
    try:
        there.write("before")
        assert "a full backup: it is the first" in there.back_up()
        there.archive()
        there.write("between")
        assert "an incremental backup upon" in there.back_up("--keep-days", "1")
        there.write("after")
        there.at = dt.datetime.now(dt.UTC)
        time.sleep(0.5)
        there.write("too late")
        wait_until(there.archived, "the log is in the folder")
        assert (
            there.sql("SELECT standbys::text || slots::text FROM alliance_server_state()") == "[][]"
        ), "the archiver is no copy that lies behind"
        yield there
    finally:
        there.stop_archiver()
        there.sql("SELECT pg_drop_replication_slot('xinglin_archive')")
        shutil.rmtree(there.place, ignore_errors=True)


def test_a_moment_between_two_writes_comes_back_and_serves(site: Backups) -> None:
    home = site.place / "returned"
    home.mkdir(mode=0o711)
    said = site.manage(
        "restore",
        "--from",
        str(site.path),
        "--at",
        site.at.isoformat(),
        "--recovery-key",
        str(site.key),
        XINGLIN_HOME=str(home),
    )
    assert said.returncode == 1 and not list(home.iterdir()), (
        "whoever knows the recovery certificate could have made it"
    )
    mark = re.search(r'say --fingerprint "([0-9a-f ]{39})"', said.stderr)[1]  # type: ignore[index]
    assert mark == backup_tags.tag_key_fingerprint(site.tag_key())
    said = site.manage(
        "restore",
        "--from",
        str(site.path),
        "--at",
        site.at.isoformat(),
        "--recovery-key",
        str(site.key),
        "--fingerprint",
        mark,
        XINGLIN_HOME=str(home),
    )
    assert said.returncode == 0 and "lines of the audit log derived anew" in said.stdout, (
        said.stdout + said.stderr
    )
    for name in ("secret_key", "index_key", "audit_key", "body_key"):
        assert (home / "secrets" / name).read_text() == (
            site.made.home / "secrets" / name
        ).read_text() and (home / "secrets" / name).stat().st_mode & 0o077 == 0
    kept = next(home.glob("restored-*"))
    assert (
        "XINGLIN_RECOVERY_CERTIFICATE=" in (kept / "settings.env").read_text()
        and (kept / "pg_hba.conf").exists()
        and str(kept) in said.stdout
    )
    back = Installation()
    shutil.rmtree(back.home)
    back.home = home
    port = free_port()
    (site.place / "other").mkdir(mode=0o700)
    back.url, back.environment = (
        f"http://127.0.0.1:{port}",
        back.environment
        | {
            "XINGLIN_HOME": str(home),
            "PORT": str(port),
            "XINGLIN_BACKUP_DIR": str(site.place / "other"),
            "XINGLIN_DEMO": "0",
            "XINGLIN_RECOVERY_CERTIFICATE": str(site.certificate),
        },
    )
    try:
        back.start()
        api = Api(back.url, "donghu", credentials=back.register("donghu"))
        for when, status in (("before", 200), ("between", 200), ("after", 200), ("too late", 404)):
            assert {api("GET", f"Patient/{each}").status for each in site.written[when]} == {
                status
            }, when
        wait_until(
            lambda: any("pg_receivewal" in line for line in back.parts().values()),
            "the site itself keeps its log",
        )
        again = site.manage(
            "restore",
            "--from",
            str(site.path),
            "--recovery-key",
            str(site.key),
            "--replace",
            XINGLIN_HOME=str(home),
        )
        assert again.returncode and "stop it first" in again.stderr
        assert "intact" in back.manage("audit_verify")
    finally:
        back.remove()


def test_the_drill_passes_and_finds_what_is_missing(site: Backups) -> None:
    drill = ["drill", "--from", str(site.path), "--scratch", str(site.place / "scratch")]
    passed = site.manage(*drill)
    assert passed.returncode == 0 and "the drill passed" in passed.stdout, (
        passed.stdout + passed.stderr
    )
    lost = float(re.search(r"would have lost ([\d.]+) s", passed.stdout)[1])  # type: ignore[index]
    assert lost < 60
    # As if the backup had lost it: a resource that its transaction has committed long ago. What
    # puts it there must not reach the backup.
    site.stop_archiver()
    columns = site.sql(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns WHERE table_name ="
        " 'record_resource' AND column_name NOT IN ('rid', 'fhir_id', 'named')"
    )
    site.sql(
        f"INSERT INTO record_resource (fhir_id, named, {columns}) SELECT 'lost', 1, {columns} FROM"
        f" record_resource WHERE fhir_id = '{site.written['before'][0]}'"
    )
    try:
        failed = site.manage(*drill)
        assert failed.returncode == 1 and re.search(
            r"DOES NOT MATCH: versions of hospital/type \d+/\d+: 2 in the database, 1 in the copy",
            failed.stderr,
        ), failed.stdout + failed.stderr
    finally:
        site.sql("DELETE FROM record_resource WHERE fhir_id = 'lost'")
        site.start_archiver()
        wait_until(site.archived, "the log is in the folder")
    assert (
        site.sql(
            "SELECT string_agg(verified::text, ' ' ORDER BY ended) FROM alliance_backup WHERE kind"
            " = 'drill'"
        )
        == "true false"
    )


def test_killed_in_the_middle_it_leaves_nothing(site: Backups) -> None:
    before = {each.name for each in list_backups(site.folder)}
    victim = subprocess.Popen(
        [sys.executable, "manage.py", "backup", "--to", str(site.path), "--full", "--quick"],
        cwd=ROOT,
        env=site.environment,
        stdout=subprocess.PIPE,
    )
    wait_until(lambda: any((site.path / "base").glob("*.partial/data/*")), "it is in the middle")
    os.kill(victim.pid, signal.SIGKILL)
    victim.wait()
    assert {each.name for each in list_backups(site.folder)} == before, "the control"
    done = site.manage(
        "backup",
        "--to",
        str(site.path),
        "--full",
        "--quick",
        "--passphrase-file",
        str(phrase(site, "correct horse battery")),
    )
    assert done.returncode == 0 and "was cleared away" in done.stdout, done.stdout + done.stderr
    assert not list((site.path / "base").glob("*.partial"))
    sealed = read_json_file(list_backups(site.folder)[-1].place(site.folder) / "keys.json")
    assert (
        key_envelope.open_envelope(sealed, key_envelope.read_passphrase(site.place / "phrase"))[
            "keys"
        ]["body_key"]
        == (site.made.home / "secrets/body_key").read_text()
    ), "the control"
    with pytest.raises(BackupRefused, match="Another passphrase"):
        key_envelope.open_envelope(
            sealed, key_envelope.read_passphrase(phrase(site, "wrong horse battery"))
        )
    shutil.rmtree(list_backups(site.folder)[-1].place(site.folder))


def phrase(site: Backups, words: str) -> Path:
    (site.place / "phrase").write_text(words + "\n")
    return site.place / "phrase"


def newest(site: Backups) -> tuple[BackupFolder, BaseBackup, PostgresPrograms]:
    link = list_backups(site.folder)[-1]
    return site.folder, link, PostgresPrograms.find(link.major)


def test_no_recipient_is_no_backup(site: Backups) -> None:
    refused = site.manage("backup", "--to", str(site.path), XINGLIN_RECOVERY_CERTIFICATE="")
    assert refused.returncode == 1 and "Whom are the keys to be wrapped for?" in refused.stderr


def test_another_key_opens_nothing(site: Backups) -> None:
    folder, link, _ = newest(site)
    sealed = read_json_file(link.place(folder) / "keys.json")
    assert set(
        key_envelope.open_envelope(sealed, key_envelope.load_recovery_private_key(site.key, None))[
            "keys"
        ]
    ) >= {"body_key", "index_key", "audit_key", "secret_key"}, "the control"
    other = site.place / "other.key"
    subprocess.run(["openssl", "genrsa", "-out", other, "3072"], check=True, capture_output=True)
    with pytest.raises(BackupRefused, match="not the recovery key of the backup"):
        key_envelope.open_envelope(sealed, key_envelope.load_recovery_private_key(other, None))
    secrets = {
        (site.made.home / "secrets" / n).read_bytes()
        for n in ("body_key", "index_key", "audit_key", "secret_key")
    }
    for path in site.path.rglob("*.json"):
        assert not any(value in path.read_bytes() for value in secrets), "wrapped, everywhere"


def test_a_flipped_byte_is_found(site: Backups) -> None:
    folder, link, programs = newest(site)
    verify_files(programs, folder, build_chain(list_backups(folder), link))
    largest = max(
        (p for p in link.data(folder).rglob("base/*/*") if p.is_file()),
        key=lambda p: p.stat().st_size,
    )
    whole = largest.read_bytes()
    largest.write_bytes(whole[:5000] + bytes([whole[5000] ^ 1]) + whole[5001:])
    try:
        with pytest.raises(BackupRefused, match=f"{link.name}: it is damaged"):
            verify_files(programs, folder, build_chain(list_backups(folder), link))
        with pytest.raises(
            BackupRefused,
            match=(
                f"{re.escape(str(largest.relative_to(folder.base)))}: it is damaged: it is not what"
                " was backed up"
            ),
        ):
            backup_tags.copy_checked_backup(
                folder,
                link,
                site.place / "flipped",
                backup_tags.check_backup_tag(folder, link, site.tag_key()),
            )
    finally:
        largest.write_bytes(whole)


def test_moments_that_cannot_be_reached_are_refused_with_those_that_can(site: Backups) -> None:
    folder = site.folder
    choice, _ = choose_restore_point(folder, site.at, site.key_of)
    assert [each.kind for each in choice.chain] == [
        "full",
        "incremental",
    ] and choice.newest > site.at, "the control"
    first = list_backups(folder)[0].ended
    for at, why in (
        (first - dt.timedelta(hours=1), "no backup as old as that"),
        (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), "ends before that"),
    ):
        with pytest.raises(
            BackupRefused, match=f"{why}.*from {re.escape(format_moment(first))} to "
        ):
            choose_restore_point(folder, at, site.key_of)


def test_a_gap_in_the_log_is_no_end_of_it(site: Backups) -> None:
    folder, link, _ = newest(site)
    for _ in range(3):
        site.sql(
            "SELECT pg_switch_wal(); CREATE TABLE IF NOT EXISTS backup_probe (n int); DROP TABLE"
            " backup_probe"
        )
    wait_until(site.archived, "three more files")
    led = find_wal_reach(folder, link)
    hole = next(p for p in led.files if p.number == led.last - 1 and folder.wal in p.path.parents)
    choose_restore_point(folder, None, site.key_of)
    aside = site.place / hole.path.name
    shutil.move(hole.path, aside)
    try:
        with pytest.raises(
            BackupRefused,
            match=(
                r"The write-ahead log is whole until .* Files of the write-ahead log are missing"
                r" after it"
            ),
        ):
            choose_restore_point(folder, None, site.key_of)
    finally:
        shutil.move(aside, hole.path)


def test_a_folder_that_is_away_and_a_slot_that_was_lost(site: Backups) -> None:
    """The archiver goes on when the folder is back; what the server no longer holds is a gap: a
    new run, and a full backup next.
    """
    away = site.path.with_name("away")
    site.path.rename(away)
    site.stop_archiver()
    site.start_archiver()
    time.sleep(3)
    assert site.archiver and site.archiver.poll() is None, "it waits"
    away.rename(site.path)
    site.write("away")
    wait_until(site.archived, "and goes on")
    assert len(list_wal_runs(site.folder)) == 1, "without a gap"
    site.stop_archiver()
    site.sql("SELECT pg_drop_replication_slot('xinglin_archive')")
    site.start_archiver()
    wait_until(lambda: len(list_wal_runs(site.folder)) == 2 and site.archived(), "a run of its own")
    last = list_backups(site.folder)[-1]
    facts = ServerFacts(
        last.system, last.major, last.timeline, last.segment, 0, "0/0", True, "", "", {}, []
    )
    assert "has a gap" in find_full_reason(
        list_backups(site.folder), facts, BackupOptions(None), site.folder, site.tag_key()
    )
    assert "has no authentication tag of this installation" in find_full_reason(
        list_backups(site.folder), facts, BackupOptions(None), site.folder, b"of somebody else"
    )
