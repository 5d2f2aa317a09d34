"""A folder of backups in short."""

from pathlib import Path

import pytest

from alliance.backup import backup_tags
from alliance.backup.folder import BackupFolder, write_json_file
from tests.factories.backups import link

KEY, OTHER = backup_tags.derive_tag_key("ab" * 32), backup_tags.derive_tag_key("cd" * 32)


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    folder = BackupFolder(tmp_path / "backups")
    only = link(3)
    for name in ("data/base/5", "data/pg_wal", "data/pg_tblspc"):
        (only.place(folder) / name).mkdir(parents=True)
    for name in ("PG_VERSION", "base/5/1249", "postgresql.auto.conf", "backup_manifest"):
        (only.data(folder) / name).write_text(f"of {name}\n")
    for name in backup_tags.BESIDE:
        write_json_file(only.place(folder) / name, {"of": name})
    only.save(only.place(folder))
    backup_tags.write_backup_tag(only.place(folder), only, KEY)
    return folder
