"""A server that is raised from a backup: when it counts as there, and when it is given up; and
that nothing which lies in a folder takes effect in it but data.
"""

import datetime as dt
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from alliance.backup import backup_tags
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.copy_server import assemble_data, running_copy, wait_until_recovered
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, write_json_file
from alliance.backup.postgres_programs import PostgresPrograms, give_to_postgres
from alliance.backup.take import read_wal_range
from alliance.database.embedded_postgres import EmbeddedCluster
from tests.process.servers import Server

KEY = backup_tags.derive_tag_key("ab" * 32)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    made = Server().make()
    yield made
    made.remove()


@pytest.fixture(scope="module")
def folder(server: Server) -> Iterator[BackupFolder]:
    """One full backup of that server, with a tag. In the data: settings that load a library
    which is not there.
    """
    place = server.folder / "backups"
    folder = BackupFolder(place)
    name = "20260301T000000Z-full"
    data = folder.base / name / "data"
    data.parent.mkdir(parents=True)
    folder.wal.mkdir()
    server.cluster.allow_passage(data)
    give_to_postgres(place)
    server.sql("CREATE TABLE kept (n int); INSERT INTO kept VALUES (42)")
    server.run(
        "pg_basebackup",
        "-D",
        str(data),
        "-d",
        f"host=127.0.0.1 port={server.port} user=postgres",
        "-X",
        "stream",
        "-c",
        "fast",
        "--no-sync",
    )
    spent, now = read_wal_range(data), dt.datetime.now(dt.UTC)
    system = server.sql("SELECT system_identifier FROM pg_control_system()")
    link = BaseBackup(
        name,
        "full",
        "",
        system,
        18,
        spent["Timeline"],
        spent["Start-LSN"],
        spent["End-LSN"],
        2**24,
        now,
        now,
        2**25,
        "xinglin",
        "postgres",
    )
    write_json_file(place / "xinglin-backup.json", {"format": 1, "system": system})
    link.save(data.parent)
    backup_tags.write_backup_tag(data.parent, link, KEY)
    yield folder
    shutil.rmtree(place)


def only(folder: BackupFolder) -> BaseBackup:
    return BaseBackup.load(next(folder.base.iterdir()))


@pytest.fixture
def stage(server: Server) -> Iterator[Path]:
    place = server.folder / "stage"
    place.mkdir()
    EmbeddedCluster(server.folder).give_to_postgres(place)
    yield place
    shutil.rmtree(place)


def test_a_copy_is_raised_from_what_has_a_tag(folder: BackupFolder, stage: Path) -> None:
    programs, link = PostgresPrograms.find(18), only(folder)
    data = assemble_data(programs, folder, [link], stage, KEY)
    with (
        running_copy(programs, folder, link, data, KEY) as served,
        psycopg.connect(served.line) as there,
    ):
        assert there.execute("SELECT n FROM kept").fetchone() == (42,)
    planted = link.data(folder) / "postgresql.auto.conf"
    planted.write_text("shared_preload_libraries = 'planted'\n")
    shutil.rmtree(stage / "conf")
    shutil.rmtree(data)
    with pytest.raises(BackupRefused, match=r"postgresql\.auto\.conf: it is damaged"):
        assemble_data(programs, folder, [link], stage, KEY)
    assert not data.exists(), "no program of PostgreSQL has read any of it"


def test_planted_settings_do_nothing_even_where_no_tag_is_asked_for(
    folder: BackupFolder, stage: Path
) -> None:
    programs, link = PostgresPrograms.find(18), only(folder)
    for name, said in (
        ("postgresql.auto.conf", "session_preload_libraries = 'planted'\n"),
        ("standby.signal", ""),
    ):
        (link.data(folder) / name).write_text(said)
    data = assemble_data(programs, folder, [link], stage, None)
    with (
        running_copy(programs, folder, link, data, None) as served,
        psycopg.connect(served.line) as there,
    ):
        assert there.execute("SELECT n, pg_is_in_recovery() FROM kept").fetchone() == (42, False)
    assert (
        "planted" not in (data / "postgresql.auto.conf").read_text()
        and "planted" in (stage / "conf/postgresql.auto.conf").read_text()
    )


def waiting() -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("dbname=nothing user=postgres", "does not exist"),
        ("dbname=xinglin user=nobody", "does not exist"),
        ("dbname=xinglin user=barred", "pg_hba.conf rejects"),
    ],
)
def test_a_refusal_that_stays_ends_the_wait(
    server: Server, tmp_path: Path, way: str, says: str
) -> None:
    (tmp_path / "log").touch()
    process, at = waiting(), f"host=127.0.0.1 port={server.port} "
    try:
        wait_until_recovered(
            process, f"{at}dbname=xinglin user=postgres", tmp_path / "log"
        )  # the control
        if "barred" in way:
            (server.data / "pg_hba.conf").write_text(
                "host all barred 127.0.0.1/32 reject\nhost all all 127.0.0.1/32 trust\nhost"
                " replication all 127.0.0.1/32 trust\n"
            )
            server.sql("CREATE ROLE barred LOGIN; SELECT pg_reload_conf()")
        with pytest.raises(BackupRefused, match=f"takes no connection: .*{says}"):
            wait_until_recovered(process, at + way, tmp_path / "log")
    finally:
        process.communicate(b"\n")


def test_a_server_that_says_nothing_is_not_waited_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alliance.backup.copy_server.SILENT", 0.5)
    (tmp_path / "log").write_text("its last words\n")
    process = waiting()
    try:
        with pytest.raises(BackupRefused, match=r"has said nothing for 0 s.*its last words"):
            wait_until_recovered(process, f"host={tmp_path} dbname=xinglin", tmp_path / "log")
        process.communicate(b"\n")
        with pytest.raises(BackupRefused, match="did not come up"):
            wait_until_recovered(process, f"host={tmp_path} dbname=xinglin", tmp_path / "log")
    finally:
        if process.poll() is None:
            process.communicate(b"\n")
