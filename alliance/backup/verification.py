"""A backup is one when a server has been raised from it: files against tag and manifest, the log
to its end, records opened, the audit log re-derived.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alliance.backup import copy_server, examine, source_server
from alliance.backup.backup_chain import BaseBackup
from alliance.backup.copy_server import RestoredCopy, assemble_data, running_copy, scratch_folder
from alliance.backup.folder import BackupFolder, check_disk_room
from alliance.backup.postgres_programs import PostgresPrograms
from alliance.platform.state_files import state_folder

VERIFICATION_ROOM = (
    "It is where a backup is proved: make room, or name another place (--scratch DIR)."
)


def verify_backup(
    programs: PostgresPrograms,
    folder: BackupFolder,
    chain: list[BaseBackup],
    near: Path,
    facts: source_server.ServerFacts,
    then: Callable[[RestoredCopy, dict[str, Any]], None],
    key: bytes | None,
    *,
    sample: int = examine.BODY_SAMPLE,
) -> list[str]:
    """What does not hold; [] where all does. then: called with the copy while it serves, and
    with what was found in it; key: of the tags. Raises Refused where there is nothing to look at.
    """
    check_disk_room(
        near if near.exists() else near.parent, copy_server.needed(chain), VERIFICATION_ROOM
    )
    with scratch_folder(near) as place:
        data = assemble_data(programs, folder, chain, place, key)
        lent = place / "home"
        lent.mkdir(mode=0o700)
        examine.lend_keys(state_folder(), lent)
        with running_copy(programs, folder, chain[-1], data, key) as served:
            found = examine.examine_in_subprocess(served.line, lent, sample)
            faults = [*found["faults"], *find_differences(found, facts)]
            then(served, found)
        return faults


def find_differences(found: dict[str, Any], facts: source_server.ServerFacts) -> list[str]:
    """Between a copy and the database that it is a copy of."""
    says = []
    if found["prints"] != facts.prints:
        says.append("the fingerprints of its keys are not those of the database")
    if found["migrations"] != facts.migrations:
        says.append("its migrations are not those of the database")
    head = found.get("head")
    if head and source_server.audit_root_at_size(head["size"]) != head["root"]:
        says.append(f"its audit log of {head['size']} lines is not the one of the database")
    return says


def summarize_faults(faults: list[str]) -> str:
    """In one line."""
    return "; ".join(faults[:5]) + (f"; and {len(faults) - 5} more" if len(faults) > 5 else "")
