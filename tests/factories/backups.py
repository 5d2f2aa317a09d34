"""Backups as the folder lists them."""

import datetime as dt

from alliance.backup.backup_chain import BaseBackup

NOW = dt.datetime(2026, 3, 31, 2, tzinfo=dt.UTC)
SIZE = 2**24


def link(
    day: int, kind: str = "full", upon: str = "", verified: bool = True, segment: int = 2
) -> BaseBackup:
    at = NOW - dt.timedelta(days=day)
    return BaseBackup(
        f"{at:%Y%m%dT%H%M%SZ}-{kind}",
        kind,
        upon,
        "1",
        18,
        1,
        f"0/{segment:X}000028",
        f"0/{segment:X}000100",
        SIZE,
        at,
        at,
        1,
        "xinglin",
        "postgres",
        verified=at if verified else None,
    )
