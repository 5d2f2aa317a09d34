"""Authentication tags of a backup: who has the key makes them, nobody else does; nothing of a
folder is read by PostgreSQL before it was compared, nor takes effect as a setting.
"""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import x25519

from alliance.backup import backup_tags, key_envelope
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.copy_server import inert
from alliance.backup.errors import BackupRefused
from alliance.backup.folder import BackupFolder, write_json_file
from alliance.backup.restore import RestoreOrder, key_for
from tests.factories.backups import link
from tests.support.backup_folders import KEY, OTHER, folder

__all__ = ["folder"]


def brought(folder: BackupFolder, to: Path, only: BaseBackup) -> None:
    shutil.rmtree(to, ignore_errors=True)
    backup_tags.copy_checked_backup(
        folder, only, to, backup_tags.check_backup_tag(folder, only, KEY)
    )


def spoil(name: str, how: Callable[[Path], object]) -> Callable[[Path], None]:
    return lambda place: (how(place / name), None)[1]


@pytest.mark.parametrize(
    ("spoiled", "says"),
    [
        (
            spoil("data/base/5/1249", lambda p: p.write_text("of base/5/1250\n")),
            "data/base/5/1249: it is damaged",
        ),
        (
            spoil("data/base/5/1249", lambda p: p.unlink()),
            "data/base/5/1249: it is damaged: it is missing",
        ),
        (
            spoil("data/base/5/1250", lambda p: p.write_text("more")),
            "data/base/5/1250: it is damaged: it was not there",
        ),
        (
            spoil("data/standby.signal", lambda p: p.touch()),
            "data/standby.signal: it is damaged: it was not there",
        ),
        (
            spoil("data/pg_tblspc/16384", lambda p: p.mkdir()),
            "data/pg_tblspc/16384/: it is damaged: it was not there",
        ),
        (
            spoil("data/pg_tblspc/16384", lambda p: p.symlink_to("/tmp")),
            "neither a file nor a folder",
        ),
        (spoil("data/pg_tblspc/pipe", os.mkfifo), "neither a file nor a folder"),
        (
            spoil(
                "data/postgresql.auto.conf",
                lambda p: p.write_text("shared_preload_libraries = 'x'\n"),
            ),
            "data/postgresql.auto.conf: it is damaged",
        ),
        (
            spoil("keys.json", lambda p: write_json_file(p, {"of": "another"})),
            "keys.json: it is damaged",
        ),
        (spoil("settings.json", lambda p: p.unlink()), "settings.json: it is damaged"),
        (spoil("tag.json", lambda p: p.unlink()), "it has no authentication tag"),
        (
            spoil(
                "tag.json",
                lambda p: p.write_text(
                    p.read_text().replace('"data/PG_VERSION"', '"data/PG_VERSIOM"')
                ),
            ),
            "its authentication tag is not of this key",
        ),
    ],
)
def test_what_was_altered_is_named(
    folder: BackupFolder, tmp_path: Path, spoiled: Callable[[Path], None], says: str
) -> None:
    only = link(3)
    brought(folder, tmp_path / "copy", only)
    assert (tmp_path / "copy/base/5/1249").read_text() == "of base/5/1249\n" and (
        tmp_path / "copy/pg_tblspc"
    ).is_dir(), "the control"
    spoiled(only.place(folder))
    with pytest.raises(BackupRefused, match=says):
        brought(folder, tmp_path / "copy", only)


def test_only_the_key_makes_a_tag(folder: BackupFolder) -> None:
    only = link(3)
    backup_tags.check_backup_tag(folder, only, KEY)
    backup_tags.write_backup_tag(only.place(folder), only, OTHER)
    with pytest.raises(BackupRefused, match="not of this key"):
        backup_tags.check_backup_tag(folder, only, KEY)
    backup_tags.write_backup_tag(only.place(folder), only, KEY)
    only.user = "another"
    with pytest.raises(BackupRefused, match="says something else than the authentication tag"):
        backup_tags.check_backup_tag(folder, only, KEY)
    only.user, only.wrong, only.verified = "postgres", "what came of it", None
    backup_tags.check_backup_tag(folder, only, KEY)


def test_a_fingerprint_is_typed_as_it_was_written_down() -> None:
    said = backup_tags.tag_key_fingerprint(KEY)
    assert all(
        backup_tags.is_same_fingerprint(KEY, each)
        for each in (said, said.replace(" ", ""), said.upper(), said.replace(" ", "-"))
    ), "the control"
    assert not any(
        backup_tags.is_same_fingerprint(KEY, each)
        for each in ("", said[:-1], backup_tags.tag_key_fingerprint(OTHER), "é")
    )


def test_no_setting_of_a_folder_takes_effect(tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "pg_tblspc").mkdir(parents=True)
    for name in (
        "postgresql.conf",
        "postgresql.auto.conf",
        "pg_hba.conf",
        "pg_ident.conf",
        "more.conf",
        "standby.signal",
        "recovery.signal",
        "tablespace_map",
        "PG_VERSION",
        "backup_label",
    ):
        (data / name).write_text("planted\n")
    inert(data, tmp_path / "conf")
    assert {p.name for p in data.iterdir()} == {
        "pg_tblspc",
        "PG_VERSION",
        "backup_label",
        "postgresql.conf",
        "postgresql.auto.conf",
        "pg_hba.conf",
        "pg_ident.conf",
    }
    assert not any(
        "planted" in (data / name).read_text()
        for name in ("postgresql.conf", "postgresql.auto.conf", "pg_hba.conf", "pg_ident.conf")
    )
    assert {p.name for p in (tmp_path / "conf").iterdir()} == {
        "postgresql.conf",
        "postgresql.auto.conf",
        "pg_hba.conf",
        "pg_ident.conf",
        "more.conf",
    }, "they can be looked at"
    (data / "pg_tblspc" / "16384").symlink_to(tmp_path)
    with pytest.raises(BackupRefused, match="tablespaces"):
        inert(data, tmp_path / "conf2")


def order(
    by: key_envelope.RecoveryPrivateKey | bytes | None,
    fingerprint: str = "",
    without_tag: bool = False,
) -> RestoreOrder:
    return RestoreOrder(
        None, by, None, False, "a test", fingerprint=fingerprint, without_tag=without_tag
    )


def test_whose_key_it_is_is_known_from_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrapped for a certificate may have been wrapped by whoever knows it: it is public."""
    monkeypatch.setenv("XINGLIN_HOME", str(tmp_path))
    only, keys, certificate = (
        link(3),
        {"keys": {"index_key": "ab" * 32}},
        x25519.X25519PrivateKey.generate(),
    )
    with pytest.raises(BackupRefused, match=backup_tags.tag_key_fingerprint(KEY)):
        key_for(keys, only, order(certificate))
    assert key_for(keys, only, order(certificate, backup_tags.tag_key_fingerprint(KEY))) == KEY
    for by in (certificate, b"a passphrase that is long"):
        with pytest.raises(BackupRefused, match="another one was said"):
            key_for(keys, only, order(by, backup_tags.tag_key_fingerprint(OTHER)))
    assert key_for(keys, only, order(b"a passphrase that is long")) == KEY, (
        "who made it knows the passphrase"
    )
    assert key_for(keys, only, order(certificate, without_tag=True)) is None
    with pytest.raises(BackupRefused, match="put secrets/ there by hand first"):
        key_for(None, only, order(None))
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/index_key").write_text("cd" * 32)
    with pytest.raises(BackupRefused, match=backup_tags.tag_key_fingerprint(KEY)):
        key_for(keys, only, order(certificate))
    (tmp_path / "secrets/index_key").write_text("ab" * 32)
    assert key_for(keys, only, order(certificate)) == key_for(None, only, order(None)) == KEY, (
        "it is this installation's own"
    )
