"""Check what the log says of months that stand in archives: each statement under the installation's
key, and, where their folder is named, each file against its statement and its leaves.
"""

from collections.abc import Sequence
from pathlib import Path

from consent.audit.archive_manifest import ArchiveManifest
from consent.audit.archived_months import ArchiveStatement, list_detached_months
from consent.audit.detach_month import read_online_leaves
from consent.audit.log_report import LogReport
from consent.audit.read_archive import UnreadableArchive, check_archive, load_archive_manifest
from consent.audit.signing_keys import PinnedKey


def check_archives(
    report: LogReport, pinned_keys: Sequence[PinnedKey], folder: Path | None
) -> list[ArchiveManifest]:
    """Returns the manifests of the months that are out of the online log, as far as a statement
    tells so that holds: lines of any other are missing. In a transaction.
    """
    found = []
    for statement in list_detached_months():
        about = f"the statement that {statement.month:%Y-%m} was archived ({statement.done_at})"
        if fault := statement.find_fault(pinned_keys):
            report.faults.append(f"{about}: {fault}")
            continue
        manifest = statement.parse_manifest()
        found.append(manifest)
        if folder is not None:
            report.faults += find_file_faults(statement, manifest, pinned_keys, folder)
            report.archives_checked += 1
    if found and folder is None:
        report.notices.append(
            f"{sum(m.lines for m in found)} lines of"
            f" {', '.join(f'{m.month:%Y-%m}' for m in found)} stand in archives: here only their"
            " leaves were checked; --archive DIR checks the files"
        )
    return found


def find_file_faults(
    statement: ArchiveStatement,
    manifest: ArchiveManifest,
    pinned_keys: Sequence[PinnedKey],
    folder: Path,
) -> list[str]:
    path = folder / manifest.file_name
    if not path.exists():
        return [f"the archive of {statement.month:%Y-%m} is missing: {path} is not there"]
    try:
        if load_archive_manifest(path) != manifest:
            return [
                f"{path.name} is another archive of {statement.month:%Y-%m} than the one that was"
                f" read back when the month was taken out (SHA-256 {manifest.sha256})"
            ]
        return check_archive(path, pinned_keys, read_online_leaves)
    except UnreadableArchive as error:
        return [str(error)]
