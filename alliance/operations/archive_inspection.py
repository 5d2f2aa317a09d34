"""Inspect what of the audit log is due to be archived, archived, or held. Nothing is archived by
itself: the operator decides (docs/how-to/audit-archive.md).
"""

import datetime as dt
from pathlib import Path
from typing import Any

from alliance.operations.inspection import Inspection, query_value
from alliance.platform.environment import read_setting
from consent.audit.archive_manifest import archive_file_name
from consent.audit.partitions import PARENTS, list_partition_spans
from consent.sql import log


def inspect_archives(cursor: Any) -> Inspection:
    detached: list[dt.date] = query_value(cursor, log.DETACHED_MONTHS)
    holds = query_value(cursor, log.STANDING_HOLDS)
    months = read_setting("XINGLIN_AUDIT_ONLINE_MONTHS")
    limit = query_value(cursor, "SELECT now() - make_interval(months => %s)", months)
    due = [
        f"{low:%Y-%m}"
        for low, high in list_partition_spans(cursor, next(iter(PARENTS)))
        if high <= limit
    ]
    folder = read_setting("XINGLIN_AUDIT_ARCHIVES")
    missing = [
        archive_file_name(month)
        for month in detached
        if folder and not (Path(folder) / archive_file_name(month)).exists()
    ]
    says = [
        f"{len(detached)} months are in archives alone"
        + (f", the last of them {detached[-1]:%Y-%m}" if detached else ""),
        *([f"due: {', '.join(due)}"] if due else [f"none is older than {months} months"]),
        f"{holds} holds",
    ]
    if schemas := query_value(cursor, log.DETACHED_SCHEMAS):
        says.append(f"still there: {', '.join(schemas)}")
    if missing:
        return Inspection(
            "archives",
            False,
            f"of the audit log: {folder} lacks {', '.join(missing)}",
            "bring the files back from the second place where they are kept",
        )
    return Inspection(
        "archives",
        True,
        f"of the audit log: {'; '.join(says)}",
        "manage.py audit_archive: docs/how-to/audit-archive.md" if due else "",
        look=bool(due),
    )
