"""The state of this installation as numbers, for /metrics, /status, the operator's page and
doctor: what the database says, and what this machine says where that is away.
"""

import os
import socket
from dataclasses import dataclass, field
from typing import Any

import psycopg

from alliance.database import release
from alliance.database.connection_settings import web_connection_string
from alliance.database.connections import is_read_only
from alliance.operations import certificates, database_state, disk_space
from alliance.operations.background_reader import BackgroundReader
from alliance.operations.protection_inspections import (
    inspect_database_role,
    inspect_keys,
    inspect_log_grants,
    inspect_row_security,
)
from alliance.operations.second_signature_inspection import inspect_sm2
from alliance.platform import metric_slots
from alliance.platform.database_away import classify_database_error

LIMITS = (
    "SELECT set_config('statement_timeout', '2s', false), set_config('lock_timeout', '500ms',"
    " false)"
)
SITE_INSPECTIONS = {
    "keys": inspect_keys,
    "database_role": inspect_database_role,
    "log_grants": inspect_log_grants,
    "row_security": inspect_row_security,
    "sm2_signature": inspect_sm2,
}
open_links: list[Any] = []


@dataclass(frozen=True, slots=True)
class InstallationState:
    """values: by name of the metric, without "xinglin_"; pairs: [label, value] of each that has
    a label; up: whether the database has answered just now.
    """

    up: bool
    values: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, database_state.LabelledValues] = field(default_factory=dict)

    def by_label(self, name: str) -> dict[str, float]:
        return dict(self.pairs.get(name, []))


def read_database_state() -> dict[str, Any]:
    """As the site's role, by a connection of its own: the threads' are busy. {"up", "values",
    "pairs", "data", "host"}.
    """
    found: dict[str, Any] = {"up": False, "values": {}, "pairs": {}, "data": "", "host": ""}
    try:
        with (
            psycopg.connect(web_connection_string(), autocommit=True) as link,
            link.cursor() as cursor,
        ):
            open_links.append(link)
            cursor.execute(LIMITS)
            found |= {"up": True, "host": link.info.host}
            values, pairs, found["data"] = database_state.fetch_database_numbers(cursor)
            pairs["wall_standing"] = [
                [name, float(wall(cursor).ok)] for name, wall in SITE_INSPECTIONS.items()
            ]
            found |= {"values": values, "pairs": pairs}
            room = disk_space.measure_disks(found["data"], found["host"])
            if not is_read_only(link):
                disk_space.save_disk_samples(cursor, room)
            pairs["disk_full_days"] = [
                list(x) for x in disk_space.forecast_disks(cursor, room).items()
            ]
    except psycopg.Error as error:
        if not found["up"] or classify_database_error(error):
            return found | {"up": False}
        raise
    finally:
        open_links.clear()
    return found


def cut_hanging_reading() -> None:
    """End the line of a reading that hangs: of a server that is frozen, whose machine still
    answers.
    """
    for link in open_links[:]:
        if not link.closed:
            with socket.socket(fileno=os.dup(link.fileno())) as end:
                end.shutdown(socket.SHUT_RDWR)


def read_machine_state() -> dict[str, Any]:
    said = STATE_READER.found
    room = disk_space.measure_disks(said.get("data", ""), said.get("host", ""))
    return {
        "pairs": {
            "disk_free_bytes": [[p, f] for p, (f, _) in room.items()],
            "disk_total_bytes": [[p, t] for p, (_, t) in room.items()],
            "certificate_seconds_left": [
                list(x) for x in certificates.certificate_seconds_left().items()
            ],
        }
    }


STATE_READER = BackgroundReader(
    read_database_state,
    cut_hanging_reading,
    lambda: metric_slots.metrics_folder() / "database.json",
)
MACHINE_READER = BackgroundReader(read_machine_state)


def read_current_state() -> InstallationState:
    """Never raises, and never waits longer than a few seconds."""
    said, fresh = STATE_READER.read_latest()
    machine, _ = MACHINE_READER.read_latest()
    up = fresh and said["up"]
    values: dict[str, float] = {
        "database_up": float(up),
        "release_of_code": float(release.NUMBER),
    } | (said["values"] if up else {})
    return InstallationState(up, values, (said["pairs"] if up else {}) | machine.get("pairs", {}))
