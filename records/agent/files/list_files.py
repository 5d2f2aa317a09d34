"""List the tables in a folder: what an export may be, and not what programs leave beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Iterable

ENDINGS = (".csv", ".txt", ".tsv", ".xlsx", ".xlsm", ".xls", ".et", ".hl7", ".json", ".ndjson")
ASIDE = ("~$", ".", "#")  # locks of Excel and LibreOffice, hidden files
UNFINISHED = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".uploading", ".lock")


def is_table_name(name: str) -> bool:
    folded = name.casefold()
    if folded.startswith(ASIDE) or folded.endswith(UNFINISHED):
        return False
    return folded.endswith(ENDINGS)


def list_files(paths: Iterable[Path]) -> list[Path]:
    """Files as named, and the tables that lie in the folders that are named."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(p for p in path.iterdir() if p.is_file() and is_table_name(p.name))
        else:
            found.append(path)
    return list(dict.fromkeys(found))
