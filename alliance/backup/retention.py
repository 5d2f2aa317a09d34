"""What is let go: whole chains that no moment within the days to be kept needs, and the
write-ahead log before the oldest that stays. Never the only one that was verified.
"""

import datetime as dt
import shutil

from alliance.backup.backup_chain import BaseBackup, group_chains, list_backups
from alliance.backup.folder import DRAFT_SUFFIX, BackupFolder, sync_folder
from alliance.backup.wal_archive import TAG, UNTAGGED, list_wal_files, list_wal_runs, parse_lsn


def find_expired_chains(
    groups: list[list[BaseBackup]], days: int, now: dt.datetime
) -> list[list[BaseBackup]]:
    """groups: oldest first. To come to the first moment that is kept, a chain is needed that was
    whole before it.
    """
    cut = now - dt.timedelta(days=days)
    first = max((i for i, group in enumerate(groups) if group[0].ended <= cut), default=0)
    while first and not any(
        each.verified and not each.wrong for group in groups[first:] for each in group
    ):
        first -= 1
    return groups[:first]


def delete_expired_backups(folder: BackupFolder, days: int) -> list[str]:
    """Under the folder's lock; the names. Killed at any point it leaves whole chains, and drafts
    that the next run clears away.
    """
    groups = group_chains(list_backups(folder))
    gone = []
    for group in find_expired_chains(groups, days, dt.datetime.now(dt.UTC)):
        for link in reversed(group):  # nothing stays whose ground is gone
            draft = folder.base / (link.name + DRAFT_SUFFIX)
            link.place(folder).rename(draft)
            sync_folder(folder.base)
            shutil.rmtree(draft)
            gone.append(link.name)
    left = list_backups(folder)
    if left:
        delete_wal_before(
            folder, min(parse_lsn(each.start) // each.segment for each in left), left[-1].segment
        )
    return gone


def delete_wal_before(folder: BackupFolder, first: int, size: int) -> None:
    """Files of the write-ahead log before this number."""
    for run in list_wal_runs(folder):
        for piece in list_wal_files(run, size):
            if piece.number < first:
                for path in (
                    piece.path,
                    *(piece.path.with_name(piece.path.name + end) for end in (TAG, UNTAGGED)),
                ):
                    path.unlink(missing_ok=True)
        if run != list_wal_runs(folder)[-1] and all(
            path.name.endswith((TAG, UNTAGGED)) for path in run.iterdir()
        ):
            shutil.rmtree(run)
