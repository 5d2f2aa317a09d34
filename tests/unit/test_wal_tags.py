"""Authentication tags of the write-ahead log, as it is written and as it is read."""

import shutil
import subprocess
from pathlib import Path

import pytest

from alliance.backup import backup_tags, wal_archive
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder
from alliance.backup.wal_archive import TAG, UNTAGGED, WalFile, copy_out, find_wal_reach, tagged
from alliance.backup.wal_follower import WalFollower
from tests.factories.backups import link
from tests.support.backup_folders import KEY, OTHER, folder

__all__ = ["folder"]

SIZE = 2**20
FIRST, SECOND, THIRD = (f"0000000100000000000000{n:02X}" for n in (2, 3, 4))


class Writer:
    """As pg_receivewal: a file under another name at its full size, filled from the beginning,
    then renamed.
    """

    def __init__(self, place: Path) -> None:
        self.place, self.at, self.name = place, 0, ""
        place.mkdir(parents=True, exist_ok=True)

    @property
    def partial(self) -> Path:
        return self.place / f"{self.name}.partial"

    def begin(self, name: str) -> None:
        self.name, self.at = name, 0
        with self.partial.open("ab") as file:
            file.truncate(SIZE)

    def write(self, count: int) -> None:
        with self.partial.open("r+b") as file:
            file.seek(self.at)
            file.write(record(self.at, count))
        self.at += count

    def end(self) -> None:
        self.write(SIZE - self.at)
        self.partial.rename(self.place / self.name)


def record(at: int, count: int) -> bytes:
    """No page of it is empty."""
    return bytes((n // 7) % 251 + 1 if n % 100 else 0 for n in range(at, at + count))


def test_a_timeline_that_ended_in_the_middle_of_a_file_holds_up_no_tag(run: Path) -> None:
    writer, watch = Writer(run), follower(run)
    writer.begin(FIRST)
    writer.write(100)
    watch.look()
    (run / "00000002.history").write_text("1\t0/200064\tno reason\n")
    writer.begin(FIRST.replace("00000001", "00000002", 1))
    writer.write(200)
    watch.look()
    assert (
        tagged(KEY, "1", run / "00000002.history")
        and piece(writer.partial).bytes == 200
        and piece(run / f"{FIRST}.partial").bytes == 100
    )


@pytest.fixture
def run(folder: BackupFolder) -> Path:
    place = folder.wal / "20260328T020000Z"
    Writer(place)
    return place


def follower(run: Path) -> WalFollower:
    made = WalFollower(run, KEY, "1", SIZE)
    assert made.resume()
    return made


def piece(path: Path) -> WalFile:
    says = tagged(KEY, "1", path)
    assert says
    return WalFile(path, 1, 2, path.name.endswith(".partial"), *says)


def test_the_log_is_tagged_as_it_is_written(run: Path, tmp_path: Path) -> None:
    writer, watch = Writer(run), follower(run)
    watch.look()
    writer.begin(FIRST)
    watch.look()
    assert not list(run.glob(f"*{TAG}")), "there is nothing yet"
    for count in (5, 8192, 300_000, 100):
        writer.write(count)
        watch.look()
        copy_out(piece(writer.partial), tmp_path / f"copy{count}")
        assert (tmp_path / f"copy{count}").read_bytes() == record(0, writer.at).ljust(SIZE, b"\0")
    writer.end()
    writer.begin(SECOND)
    writer.end()
    (run / "00000002.history").write_text("1\t0/B000500\tno reason\n")
    writer.begin(THIRD)
    writer.write(10)
    watch.look()
    assert {p.name for p in run.glob(f"*{TAG}")} == {
        f"{FIRST}{TAG}",
        f"{SECOND}{TAG}",
        f"00000002.history{TAG}",
        f"{THIRD}.partial{TAG}",
    }
    assert tagged(KEY, "1", run / SECOND) == backup_tags.digest_file(run / SECOND), (
        "the whole of it"
    )
    assert tagged(KEY, "2", run / SECOND) is None and tagged(OTHER, "1", run / SECOND) is None
    for name in (FIRST, f"{THIRD}.partial"):
        with (run / name).open("r+b") as file:
            file.seek(3)
            file.write(b"!")
        with pytest.raises(BackupRefused, match="it is not what was written"):
            copy_out(piece(run / name), tmp_path / "altered")
        (tmp_path / "altered").unlink()


def test_what_is_put_behind_what_was_written_does_not_count(run: Path, tmp_path: Path) -> None:
    """While the archiver is away: neither for a restore, nor when it comes back."""
    writer, watch = Writer(run), follower(run)
    writer.begin(FIRST)
    writer.write(1000)
    watch.look()
    with writer.partial.open("r+b") as file:
        file.seek(1000)
        file.write(b"planted")
    copy_out(piece(writer.partial), tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == record(0, 1000).ljust(SIZE, b"\0")
    watch = follower(run)
    assert b"planted" not in writer.partial.read_bytes() and writer.partial.stat().st_size == SIZE
    writer.write(50)
    watch.look()
    assert piece(writer.partial).bytes == 1050, "the control: it goes on"
    (run / f"{FIRST}.partial{TAG}").unlink()
    follower(run)
    assert not writer.partial.exists(), "nobody knows who wrote it: the server sends it again"


def test_who_takes_a_tag_away_gets_no_other(run: Path) -> None:
    writer, watch = Writer(run), follower(run)
    for name in (FIRST, SECOND):
        writer.begin(name)
        writer.end()
        watch.look()
    (run / f"{FIRST}{TAG}").unlink()
    writer.begin(THIRD)
    writer.end()
    watch.look()
    assert tagged(KEY, "1", run / THIRD) and not tagged(KEY, "1", run / FIRST)
    assert not WalFollower(run, KEY, "1", SIZE).resume(), "a hole: another run begins"
    (run / f"{FIRST}{TAG}").touch()


def test_what_was_completed_and_not_tagged_at_the_end_is_laid_aside(run: Path) -> None:
    writer, watch = Writer(run), follower(run)
    writer.begin(FIRST)
    writer.end()
    watch.look()
    writer.begin(SECOND)
    writer.end()
    follower(run)
    assert {p.name for p in run.iterdir()} == {FIRST, f"{FIRST}{TAG}", f"{SECOND}{UNTAGGED}"}


def test_how_far_the_log_leads_whose_files_have_tags(folder: BackupFolder, run: Path) -> None:
    only, writer, watch = link(3), Writer(run), follower(run)
    only.segment, only.stop = SIZE, "0/200100"
    for name in (FIRST, SECOND):
        writer.begin(name)
        writer.end()
    watch.look()
    shutil.copy(run / SECOND, run / THIRD)
    assert (found := find_wal_reach(folder, only)).last == 4 and not found.untagged, (
        "the control: without a key nothing is asked"
    )
    assert (found := find_wal_reach(folder, only, KEY)).last == 3 and found.untagged == run / THIRD
    (run / THIRD).rename(run / "aside")
    assert not find_wal_reach(folder, only, KEY).gap, "the control"
    (run / SECOND).rename(run / THIRD)
    assert (found := find_wal_reach(folder, only, KEY)).last == 2 and found.gap, (
        "its tag says that it was there"
    )
    (run / THIRD).rename(run / SECOND)
    (run / "aside").rename(run / THIRD)
    shutil.copy(run / f"{SECOND}{TAG}", run / f"{THIRD}{TAG}")
    assert find_wal_reach(folder, only, KEY).untagged == run / THIRD, "a tag is of one file"


def test_postgresql_is_given_what_was_written_and_nothing_else(
    folder: BackupFolder, run: Path, tmp_path: Path
) -> None:
    """The program of restore_command, as a server runs it."""
    only, writer, watch = link(3), Writer(run), follower(run)
    only.segment = SIZE
    writer.begin(FIRST)
    writer.end()
    writer.begin(SECOND)
    writer.write(700)
    (run / "00000002.history").write_text("1\t0/B000500\tno reason\n")
    watch.look()
    watch.look()
    shutil.copy(run / FIRST, run / THIRD)
    (tmp_path / "fetch").write_text(
        wal_archive.build_restore_command(folder, only, KEY, tmp_path / "list")
    )

    def fetched(name: str) -> tuple[int, bytes]:
        to = tmp_path / "to"
        to.unlink(missing_ok=True)
        code = subprocess.run(
            ["/bin/sh", tmp_path / "fetch", name, to], check=False, capture_output=True
        ).returncode
        return code, to.read_bytes() if code == 0 else b""

    assert fetched(FIRST) == (0, (run / FIRST).read_bytes())
    assert fetched(SECOND) == (0, record(0, 700).ljust(SIZE, b"\0"))
    assert fetched("00000002.history")[0] == 0 and fetched("00000003.history")[0] == 1
    assert fetched(THIRD)[0] == 1, "it has no tag"
    writer.end()
    assert fetched(SECOND) == (0, record(0, 700).ljust(SIZE, b"\0")), "completed meanwhile"
    with (run / FIRST).open("r+b") as file:
        file.write(b"planted")
    assert fetched(FIRST)[0] == 200, "which ends the recovery"
