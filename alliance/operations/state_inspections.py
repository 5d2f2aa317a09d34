"""The verdicts of the state as walls of `manage.py doctor`, asked as the owner of the tables."""

from typing import Any

from django.utils import translation

from alliance.operations import certificates, database_state, disk_space, supervisor_watch
from alliance.operations.inspection import Inspection
from alliance.operations.installation_state import InstallationState
from alliance.operations.state_verdict import StateVerdict, Urgency
from alliance.operations.verdicts import assess_state
from alliance.platform.environment import read_setting

# Verdict -> name of the wall: each its own. The others (certificate_recovery: recovery key) have
# walls of their own, or are told by /readyz.
INSPECTION_NAMES = {
    "connections": "connections",
    "seal": "seal",
    "feed": "feed",
    "notifications": "notifications",
    "bulk": "bulk jobs",
    "transaction_ids": "transactions",
    "replication": "replication",
    "copies": "copies",
    "slots": "slots",
    "backup": "backup age",
    "drill": "restore drill",
    "certificate_site": "certificate",
    "index": "search index",
    "disk_home": "disk of the site",
    "disk_data": "disk of the database",
    "disk_backup": "disk of the backups",
    "disk_temporary": "disk for receiving",
}


def fetch_full_state(cursor: Any) -> InstallationState:
    """cursor: of psycopg, as the owner."""
    values, pairs, data = database_state.fetch_database_numbers(cursor)
    room = disk_space.measure_disks(data, cursor.connection.info.host)
    pairs |= {
        "disk_free_bytes": [[p, float(f)] for p, (f, _) in room.items()],
        "disk_total_bytes": [[p, float(t)] for p, (_, t) in room.items()],
        "disk_full_days": [list(x) for x in disk_space.forecast_disks(cursor, room).items()],
        "certificate_seconds_left": [
            list(x) for x in certificates.certificate_seconds_left().items()
        ],
    }
    return InstallationState(True, values, pairs)


def inspect_state(cursor: Any) -> list[Inspection]:
    """In English, as all of doctor."""
    with translation.override("en"):
        return [
            inspection_from_verdict(v)
            for v in assess_state(fetch_full_state(cursor))
            if v.key in INSPECTION_NAMES
        ]


def inspection_from_verdict(found: StateVerdict) -> Inspection:
    return Inspection(
        INSPECTION_NAMES[found.key],
        found.level != Urgency.ACT,
        found.says,
        "" if found.level == Urgency.OK else found.do,
        look=found.level == Urgency.LOOK,
    )


def inspect_supervisor() -> Inspection:
    why = "" if read_setting("XINGLIN_DEMO") else supervisor_watch.find_supervisor_fault()
    return Inspection(
        "supervisor",
        True,
        why or "watched, or not running on this machine",
        "run it as a service: docs/how-to/service.md" if why else "",
        look=bool(why),
    )
