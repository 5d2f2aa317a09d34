"""The backup folder: what may lie in it, which backups build upon which, how far the log leads,
and what is let go.
"""

import json
from pathlib import Path

import pytest

from alliance.backup.backup_chain import BaseBackup, build_chain, group_chains, list_backups
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, write_json_file
from alliance.backup.retention import delete_expired_backups, delete_wal_before, find_expired_chains
from alliance.backup.wal_archive import find_wal_reach, is_on_lineage, read_timeline_lineage
from tests.factories.backups import NOW, SIZE, link


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    path = tmp_path / "backups"
    (path / "base").mkdir(parents=True)
    (path / "wal").mkdir()
    write_json_file(path / "xinglin-backup.json", {"format": 1, "system": "1"})
    return BackupFolder(path)


def week(folder: BackupFolder, *days: int, verified: bool = True) -> list[BaseBackup]:
    """A full one and incremental ones upon each other, kept in the folder."""
    made: list[BaseBackup] = []
    for day in days:
        made.append(
            link(
                day,
                "incremental" if made else "full",
                made[-1].name if made else "",
                verified,
                100 - day,
            )
        )
        (made[-1].place(folder) / "data" / "pg_wal").mkdir(parents=True)
        made[-1].save(made[-1].place(folder))
    return made


def test_foreign_files_and_symbolic_links_are_refused(folder: BackupFolder, tmp_path: Path) -> None:
    folder.open()  # the control
    (folder.path / ".snapshot").mkdir()
    (folder.path / "lost+found").mkdir()
    folder.open()
    (folder.path / "photos").mkdir()
    with pytest.raises(BackupRefused, match="photos"):
        folder.open()
    (folder.path / "photos").rmdir()
    (folder.base / "20260301T020000Z-full").symlink_to(tmp_path)
    with pytest.raises(BackupRefused, match="symbolic link"):
        folder.open()
    (folder.base / "20260301T020000Z-full").unlink()
    (folder.path / "wal").rmdir()
    (folder.path / "wal").symlink_to(tmp_path)
    with pytest.raises(BackupRefused, match="symbolic link"):
        folder.open()
    with pytest.raises(BackupRefused, match="no such folder"):
        BackupFolder(tmp_path / "away").open()
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "lock").touch()  # of a first run that was refused
    BackupFolder(tmp_path / "new").open()
    with pytest.raises(BackupRefused, match=r"xinglin-backup\.json is missing"):
        (tmp_path / "other" / "base").mkdir(parents=True)
        BackupFolder(tmp_path / "other").open()


def test_of_another_database_and_of_a_newer_release(folder: BackupFolder) -> None:
    folder.claim_for_system("1")
    with pytest.raises(BackupRefused, match="another database"):
        folder.claim_for_system("2")
    assert folder.read_system_id() == "1"
    write_json_file(folder.path / "xinglin-backup.json", {"format": 2, "system": "1"})
    with pytest.raises(BackupRefused, match="newer release"):
        folder.read_system_id()


def test_one_at_a_time(folder: BackupFolder) -> None:
    with folder.lock_folder(shared=True), folder.lock_folder(shared=True):
        with pytest.raises(BackupRefused, match="at work"), folder.lock_folder():
            pass
    with folder.lock_folder():
        with pytest.raises(BackupRefused, match="at work"), folder.lock_folder(shared=True):
            pass


def test_chains(folder: BackupFolder) -> None:
    first, second = week(folder, 20, 19, 18), week(folder, 13, 12)
    there = list_backups(folder)
    assert [[each.name for each in group] for group in group_chains(there)] == [
        [each.name for each in group] for group in (first, second)
    ]
    assert [each.name for each in build_chain(there, there[2])] == [each.name for each in first]
    with pytest.raises(BackupRefused, match="is gone"):
        build_chain([each for each in there if each.name != first[1].name], there[2])


def test_what_is_let_go(folder: BackupFolder) -> None:
    old, middle, new = week(folder, 50, 48), week(folder, 40, 38), week(folder, 10, 9)
    assert find_expired_chains([old, middle, new], 35, NOW) == [old], (
        "the middle one leads to the first moment that is kept"
    )
    assert find_expired_chains([old, middle, new], 5, NOW) == [old, middle]
    assert find_expired_chains([old, middle, new], 100, NOW) == []
    bad = [link(10, verified=False)]
    assert find_expired_chains([old, middle, bad], 5, NOW) == [old], (
        "never the only one that was verified"
    )


def test_the_log_before_the_oldest_is_let_go_with_it(folder: BackupFolder) -> None:
    week(folder, 90, 89)
    kept = week(folder, 80)[0]
    run = folder.wal / "20250101T000000Z"
    run.mkdir()
    names = [f"00000001000000000000{n:04X}" for n in (0, 50, 60, 99, 150)]
    for name in (*names, "00000002.history", f"{names[1]}.tag", f"{names[3]}.tag"):
        (run / name).touch()
    delete_wal_before(folder, 99, SIZE)
    left = {p.name for p in run.iterdir()}
    assert left == {
        "00000002.history",
        f"00000001000000000000{99:04X}",
        f"00000001000000000000{99:04X}.tag",
        f"00000001000000000000{150:04X}",
    }
    assert len(delete_expired_backups(folder, 35)) == 2 and [
        each.name for each in list_backups(folder)
    ] == [kept.name]


def test_how_far_the_log_leads(folder: BackupFolder) -> None:
    only = week(folder, 90)[0]  # ends in file no. 10
    run = folder.wal / "20260101T000000Z"
    run.mkdir()

    def led(*names: str) -> tuple[int, int, bool]:
        for path in run.iterdir():
            path.unlink()
        for name in names:
            (run / f"0000000100000000000000{name}").touch()
        found = find_wal_reach(folder, only)
        return found.last, found.whole, found.gap

    assert led() == (10, 10, False)
    assert led("0A", "0B", "0C.partial") == (12, 11, False)
    assert led("0A", "0C.partial") == (10, 10, True)
    assert led("0A", "0B.partial", "0C") == (11, 10, True)
    # A restore to a moment in file 0B began timeline 2; what timeline 1 went on to is nobody's past
    # any more.
    for name in ("00000001000000000000000D", "00000002000000000000000B.partial"):
        (run / name).touch()
    assert find_wal_reach(folder, only).gap, "the control"
    (run / "00000002.history").write_text("1\t0/B000500\tbefore 2026-01-01\n")
    found = find_wal_reach(folder, only)
    assert (found.last, found.gap, {p.timeline for p in found.files if p.number == 11}) == (
        11,
        False,
        {1, 2},
    )
    assert (
        is_on_lineage(read_timeline_lineage(folder), 1, 0xB000400)
        and not is_on_lineage(read_timeline_lineage(folder), 1, 0xB000600)
        and is_on_lineage(read_timeline_lineage(folder), 2, 0xC000000)
    )


@pytest.mark.parametrize(
    "said",
    [
        {"name": "/tmp/elsewhere"},
        {"name": "../elsewhere"},
        {"upon": "../elsewhere"},
        {"upon": "20260401T020000Z-full"},
        {"upon": 5},
    ],
)
def test_a_backup_names_no_place_but_its_own_and_none_that_is_younger(
    folder: BackupFolder, said: dict[str, object]
) -> None:
    """Whoever holds the folder could have paths deleted by it, or a way without an end walked."""
    made = week(folder, 3, 2)[-1]
    assert len(build_chain(list_backups(folder), made)) == 2, "the control"
    place = made.place(folder)
    write_json_file(place / "backup.json", json.loads((place / "backup.json").read_text()) | said)
    with pytest.raises(
        BackupRefused,
        match=r"backup\.json: it is damaged: (it names another backup|'(name|upon)' is missing)",
    ):
        list_backups(folder)
