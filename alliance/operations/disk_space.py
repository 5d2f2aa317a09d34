"""Free room on the disks that an installation writes to, and a sample of it each hour."""

import datetime as dt
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

from alliance.operations.backup_ages import read_backup_setting
from alliance.operations.disk_forecast import FreeSpaceSample, forecast_days_until_full
from alliance.platform.environment import read_setting
from alliance.platform.state_files import state_folder

KEPT = 60  # days
LOCAL = re.compile(r"|/.*|localhost|127\.0\.0\.1|::1|\[::1\]")
# index: alliance_disksample_pkey
SAVE = """INSERT INTO alliance_disksample (node, place, hour, free, total)
  SELECT %s, place, date_trunc('hour', now()), free, total
  FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) s(place, free, total)
  ON CONFLICT DO NOTHING"""
# index: alliance_disksample_pkey
READ = "SELECT place, hour, free FROM alliance_disksample WHERE node = %s ORDER BY hour"
FORGET = "DELETE FROM alliance_disksample WHERE hour < now() - make_interval(days => %s)"


def node_name() -> str:
    return socket.gethostname()[:64]


def measure_disks(data: str, host: str) -> dict[str, tuple[int, int]]:
    """(free, total) bytes of each place that can be seen from here. data: the server's data
    directory where it is known; host: at which the server is asked.
    """
    where = {
        "home": state_folder(),
        "temporary": Path(tempfile.gettempdir()),
        "backup": read_backup_setting("BACKUP_DIR"),
    }
    if not read_setting("DATABASE_URL"):
        where["data"] = state_folder() / "postgres"
    elif data and LOCAL.fullmatch(host):
        where["data"] = data
    return {
        place: room
        for place, path in where.items()
        if str(path) and (room := measure_disk(Path(path)))
    }


def measure_disk(path: Path) -> tuple[int, int] | None:
    """Of its disk; None where it cannot be asked."""
    try:
        there = next(
            p for p in (path, *path.parents) if os.path.lexists(p)
        )  # before the first start it is not made yet
        found = shutil.disk_usage(there)
    except OSError:
        return None
    return found.free, found.total


def save_disk_samples(cursor: Any, found: dict[str, tuple[int, int]]) -> None:
    """This hour's sample, where there is none yet."""
    cursor.execute(
        SAVE,
        [node_name(), list(found), [f for f, _ in found.values()], [t for _, t in found.values()]],
    )


def delete_old_samples(cursor: Any) -> None:
    cursor.execute(FORGET, [KEPT])


def forecast_disks(cursor: Any, found: dict[str, tuple[int, int]]) -> dict[str, float]:
    """Days until each place is full, as far as its samples say."""
    samples: dict[str, list[FreeSpaceSample]] = {}
    cursor.execute(READ, [node_name()])
    for place, hour, free in cursor.fetchall():
        samples.setdefault(place, []).append(
            (dt.datetime.fromtimestamp(hour.timestamp(), dt.UTC), free)
        )
    said = {
        place: forecast_days_until_full(samples.get(place, ()), free)
        for place, (free, _) in found.items()
    }
    return {place: days for place, days in said.items() if days is not None}
