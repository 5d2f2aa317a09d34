"""The standards of growth that this installation has: the WHO's, which come with it, and WS/T 423,
which its operator imports.
"""

import os
from functools import lru_cache
from pathlib import Path

from alliance.platform.state_files import state_folder
from records.meaning.growth import BadTable, GrowthStandard, read_table, who_standard

IMPORTED = "ws-t-423"
LARGEST = 4 << 20  # bytes


def imported_file() -> Path:
    return state_folder() / "growth" / f"{IMPORTED}.csv"


def available_standards() -> dict[str, GrowthStandard]:
    """By name, the one that charts begin with first: the national one where there is one."""
    try:
        changed = imported_file().stat().st_mtime_ns
        return {IMPORTED: load_imported(str(imported_file()), changed), "who": who_standard()}
    except (OSError, BadTable):
        return {"who": who_standard()}


@lru_cache(maxsize=2)
def load_imported(path: str, _changed: int) -> GrowthStandard:
    with open(path, encoding="utf-8") as file:
        return read_table(file)


def import_standard(source: Path) -> GrowthStandard:
    """Check the file and keep it in the state folder in place of the one before. Raises BadTable,
    OSError.
    """
    data = source.read_bytes()
    if len(data) > LARGEST:
        raise BadTable(f"the file has more than {LARGEST} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadTable("the file is not in UTF-8") from error
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    found = read_table(lines)
    target = imported_file()
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_suffix(".new")
    half.write_text("\n".join(lines) + "\n", encoding="utf-8")
    os.replace(half, target)
    return found
