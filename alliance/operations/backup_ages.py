"""What is known of backups and drills: nothing where this release keeps no list of them."""

from typing import Any

from alliance.platform.environment import SETTINGS_BY_NAME, read_setting

THERE = "SELECT to_regclass('alliance_backup') IS NOT NULL"
NEWEST = """
SELECT
  extract(epoch FROM clock_timestamp()
    - max(ended) FILTER (WHERE kind <> 'drill' AND verified))::float8,
  extract(epoch FROM clock_timestamp()
    - max(ended) FILTER (WHERE kind = 'drill' AND verified))::float8
FROM alliance_backup
"""


def fetch_backup_ages(cursor: Any) -> dict[str, float | None]:
    """Seconds since the newest verified backup and the newest drill that passed; None: there is
    none. Empty where there is no list.
    """
    cursor.execute(THERE)
    if not cursor.fetchone()[0]:
        return {}
    cursor.execute(NEWEST)
    backup, drill = cursor.fetchone()
    return {"backups_kept": 1.0, "backup_age_seconds": backup, "drill_age_seconds": drill}


def read_backup_setting(word: str) -> str:
    """What the setting of backups says that has this name; "" where there is none, or nothing is
    set.
    """
    name = f"XINGLIN_{word}"
    return str(read_setting(name)) if name in SETTINGS_BY_NAME else ""
